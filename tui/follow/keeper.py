"""The archive as a follower uses it: one log of it, and never a reason to stop."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence

from tui.archive import FOREVER, Archive, Kept, Range, Span, Way
from tui.model.jobs import TrainingJob
from tui.model.logs import LogEvent

SCREENFUL = 500
"""How many kept lines are given before all others."""


class Keeper:
    """Keeps one job's log, or nothing where there is no archive; a failure switches it off for good.

    What is to be kept is written by `flush`, so that a round of answers costs one transaction.

    Attributes:
        notice: What is not as it should be, why nothing is kept above all; empty while all is well.
    """

    def __init__(self, archive: Archive | None, job: TrainingJob | None) -> None:
        self.notice = ""
        self._archive = archive if job is not None else None
        self._job = job
        self._log = 0
        self._writes: list[Callable[[Archive], object]] = []

    def replay(self, give: Callable[[Sequence[LogEvent]], None], *, history: bool) -> tuple[Kept, tuple[str, ...]]:
        """Gives what is kept, the last screenful first; all of one moment, whoever else writes meanwhile.

        Args:
            give: Takes lists of events, each in order.
            history: Whether to give the events at all.

        Returns:
            What is known of the log, and the streams that were met.
        """
        found: tuple[Kept, tuple[str, ...]] = (Kept(), ())
        if self._archive is None or self._job is None:
            return found
        try:
            self._log = self._archive.keep_job(self._job)
            with self._archive.snapshot(self._log) as snapshot:
                found = (snapshot.kept(), snapshot.streams())
                if history:
                    tail = snapshot.tail_start(SCREENFUL)
                    for start_ms, end_ms in ((tail, FOREVER), (0, tail)):
                        for events in snapshot.read(start_ms, end_ms):
                            give(events)
        except sqlite3.Error as error:
            self._off(error)
        return found

    def plan(self, before: Sequence[Span], after: Sequence[Span]) -> None:
        """Keeps how the log's time is divided, unless another program has divided it meanwhile."""
        self._writes.append(lambda archive: archive.plan(self._log, before, after))

    def add_piece(self, stream: str, covers: Range, events: Sequence[LogEvent]) -> None:
        """Keeps a range of a stream."""
        self._writes.append(lambda archive: archive.add_piece(self._log, stream, covers, events))

    def add_recent(self, events: Sequence[LogEvent]) -> None:
        """Keeps events by their eventId."""
        self._writes.append(lambda archive: archive.add_recent(self._log, events))

    def checked(self, swept: Range, way: Way) -> None:
        """Keeps that nothing new can come in a range of time, which was read in that way."""
        self._writes.append(lambda archive: archive.checked(self._log, swept, way))

    def describe(self, job: TrainingJob) -> None:
        """Keeps the job's newest description."""
        self._writes.append(lambda archive: archive.keep_job(job))

    def seal(self, streams: Iterable[str]) -> None:
        """The whole log is kept, if the archive misses nothing that another program was to add."""
        self._writes.append(lambda archive: archive.seal(self._log, streams))

    def flush(self) -> None:
        """Writes what was to be kept since the last time, in one transaction."""
        writes, self._writes = self._writes, []
        if self._archive is None or not writes:
            return
        try:
            with self._archive.together():
                for write in writes:
                    write(self._archive)
            if self._archive.is_overgrown:
                self.notice = "the log alone is larger than archive_size_mb: it is kept until another is read"
        except sqlite3.Error as error:
            self._off(error)

    def _off(self, error: Exception) -> None:
        self._archive = None
        self.notice = f"the log is read but not kept: {error}"

"""A log on stdout: all of it in order, or in order up to now and then as its lines come."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from tui.cli.exits import Exit
from tui.cli.log_output import LogWriter
from tui.cli.log_reading import Log, run_follower
from tui.cli.output import flush
from tui.model.jobs import TrainingJob
from tui.model.logs import LogEvent, host_number, host_of
from tui.sources.base import SourceError

if TYPE_CHECKING:
    from tui.archive import Archive, Snapshot
    from tui.follow import LogBatch

Test = Callable[[LogEvent], bool]
"""Whether an event is wanted."""

_PRINT_EVERY_S = 0.5


def print_whole(log: Log, writer: LogWriter, test: Test | None) -> list[str]:
    """Prints all that there is now, in order, each line as soon as none can come before it any more.

    Returns:
        The hosts.

    Raises:
        SourceError: It cannot go on; what could be read is printed.
    """
    if log.archive is not None and log.job is not None:
        import sqlite3

        kept = _Kept(log, log.archive, log.job, writer, test)
        # Where the archive fails, what is left is read as if there were none.
        with suppress(sqlite3.Error):
            if kept.is_whole() or (log.is_settled and kept.read_whole()):
                kept.print_to()
                return kept.hosts
        log = replace(log, archive=None if kept.done else log.archive, since_ms=max(log.since_ms, kept.done))
    return _print_read(log, writer, test)


class _Kept:
    """A log that goes into the archive, and comes in order out of it.

    Attributes:
        hosts: All that are known.
        done: Everything before this time (ms) is printed.
    """

    def __init__(self, log: Log, archive: Archive, job: TrainingJob, writer: LogWriter, test: Test | None) -> None:
        self.hosts: list[str] = []
        self.done = 0
        self._log, self._archive, self._job = log, archive, job
        self._writer, self._test = writer, test
        self._due = 0.0

    def is_whole(self) -> bool:
        """Whether nothing of it is missing."""
        with self._archive.snapshot(self._archive.keep_job(self._job)) as snapshot:
            return snapshot.kept().sealed

    def read_whole(self) -> bool:
        """Has it read, printing what is certain; whether nothing of it is missing now."""
        run_follower(self._log, self._log.follower(follow=False, history=False), self._take, follow=False)
        return self.is_whole()

    def _take(self, batch: LogBatch) -> None:
        if batch.certain_to_ms > self.done and not batch.notice and time.monotonic() >= self._due:
            self.print_to(batch.certain_to_ms)
            flush()
            self._due = time.monotonic() + _PRINT_EVERY_S

    def print_to(self, end_ms: int | None = None) -> None:
        """Prints what is kept and not yet printed, before a time or to the end."""
        from tui.archive import FOREVER

        with self._archive.snapshot(self._archive.keep_job(self._job)) as snapshot:
            self.hosts = hosts_of(snapshot)
            self._writer.several = _are_several(self.hosts, self._job)
            for events in snapshot.read(max(self.done, self._log.since_ms), end_ms or FOREVER):
                self._writer.write(_wanted(events, self._test))
                self.done = events[-1].timestamp + 1  # all of one time come together


def _print_read(log: Log, writer: LogWriter, test: Test | None) -> list[str]:
    from tui.cli.spool import Spool

    spool, hosts, due = Spool(), list[str](), 0.0

    def take(batch: LogBatch) -> None:
        nonlocal hosts, due
        hosts = list(batch.hosts)
        spool.add([event for event in _wanted(batch.events, test) if event.timestamp >= log.since_ms])
        if batch.certain_to_ms and time.monotonic() >= due:
            put(batch.certain_to_ms)
            flush()
            due = time.monotonic() + _PRINT_EVERY_S

    def put(before_ms: int | None) -> None:
        writer.several = _are_several(hosts, log.job)
        for events in spool.in_order(before_ms):
            writer.write(events)

    try:
        run_follower(log, log.follower(follow=False), take, follow=False)
    except SourceError:
        put(None)
        raise
    put(None)
    return hosts


def hosts_of(snapshot: Snapshot) -> list[str]:
    """The hosts that something is kept of."""
    return sorted({host_of(stream) for stream in snapshot.streams()}, key=host_number)


def write_kept(snapshot: Snapshot, job: TrainingJob, writer: LogWriter) -> None:
    """Writes what the archive has of a log, in order."""
    writer.several = _are_several(hosts_of(snapshot), job)
    for events in snapshot.read():
        writer.write(events)


def follow_log(log: Log, writer: LogWriter, test: Test | None) -> int:
    """Prints what there is in order, then what comes as it comes, until the job has ended; the exit code."""
    from tui.cli.spool import Spool

    spool = Spool()

    def take(batch: LogBatch) -> None:
        nonlocal spool
        writer.several = _are_several(batch.hosts, log.job)
        late = [batch.events[index] for index in sorted(batch.late)] if writer.written else []
        if late:
            writer.write(_wanted(late, test), late=True)
            batch = replace(batch, events=tuple(e for at, e in enumerate(batch.events) if at not in batch.late))
        spool.add(_wanted(batch.events, test))
        # While it reads, also again after the machine has slept, older events may come behind newer ones.
        for events in spool.in_order(batch.certain_to_ms if batch.state == "reading" else None):
            writer.write(events)
        if batch.state != "reading":
            spool = Spool()
        flush()

    last = run_follower(log, log.follower(follow=True), take, follow=True)
    return Exit.JOB_FAILED if last is not None and last.status in ("Failed", "Stopped") else Exit.DONE


def _are_several(known: Sequence[str], job: TrainingJob | None) -> bool:
    """Whether a log has several hosts, as far as one can tell yet."""
    return max(len(known), (job.instance_count or 0) if job else 0) > 1


def _wanted(events: Sequence[LogEvent], test: Test | None) -> Sequence[LogEvent]:
    return events if test is None else [event for event in events if test(event)]

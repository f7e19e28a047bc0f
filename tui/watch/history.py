"""What was seen of a job's metrics, in each period in which it was seen, in memory and in the archive."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from tui.model.jobs import TrainingJob
from tui.model.logs import host_number
from tui.model.merge_series import finest, thinned, union
from tui.model.series import Kind, Series

if TYPE_CHECKING:
    from tui.archive import Archive
    from tui.archive.series import SeriesArchive

POINTS = 200_000
"""Datapoints that are kept of a series at most: a day of a profiler that measures twice a second."""

Key = tuple[Kind, str, str, str]
"""What a series is of: its kind, source, name and part."""


class History:
    """The series of one job at the finest resolution seen. Not thread-safe.

    Attributes:
        profiled_to: Up to which of the profiler's files all is in it; None where none is.

    Args:
        archive: Opens the archive on first use; None where nothing is kept on disk.
    """

    def __init__(self, archive: Callable[[], Archive | None]) -> None:
        self.profiled_to: str | None = None
        self._open = archive
        self._archive: SeriesArchive | None = None
        self._pieces: dict[Key, dict[int, Series]] = {}
        self._new: set[tuple[Key, int]] = set()
        self._is_open = False

    def begin(self, job: TrainingJob) -> None:
        """Reads what is kept of the job, the first time that it is called. What cannot be read is not there."""
        if self._is_open:
            return
        self._is_open = True
        import sqlite3

        from tui.archive.series import SeriesArchive

        try:
            archive = self._open()
            if archive is not None:
                self._archive = SeriesArchive.beside(archive)
                for kept in self._archive.kept(job):
                    self._pieces.setdefault(_key(kept.kind, kept.series), {})[kept.period_ms] = kept.series
                self.profiled_to = self._archive.profiled(job) or None
        except (sqlite3.Error, OSError):
            self._archive = None

    def take(self, kind: Kind, period_ms: int, series: Series) -> None:
        """Puts a series to what is there of it."""
        key = _key(kind, series)
        pieces = self._pieces.setdefault(key, {})
        before = pieces.get(period_ms)
        after = series if before is None else union(before, series)
        while len(after) > POINTS:
            after = thinned(after)
        if after is not before:
            pieces[period_ms] = after
            self._new.add((key, period_ms))

    def of(self, kind: Kind, series: Series) -> Series:
        """All that is there of what a series is of: at each time the shortest period."""
        pieces = self._pieces.get(_key(kind, series), {})
        return finest(pieces.items()) if pieces else series

    def all_of(self, kind: Kind, source: str) -> list[Series]:
        """All series of a kind that one source gave."""
        return [finest(pieces.items()) for key, pieces in self._pieces.items() if key[:2] == (kind, source)]

    def logged(self) -> list[Series]:
        """What an earlier look at the log has told, the first host first; recognised only where nothing is defined."""
        defined = self.all_of("job", "log")
        names = {series.name for series in defined}
        recognised = [series for series in self.all_of("job", "recognised") if series.name not in names]
        return sorted([*defined, *recognised], key=lambda series: host_number(series.part))

    def save(self, job: TrainingJob, logged: Sequence[Series] = ()) -> None:
        """Keeps what is new, and the whole of what a log told; a full disk keeps nothing, and that harms nobody."""
        if self._archive is None:
            self._new.clear()
            return
        import sqlite3

        from tui.archive.series import KeptSeries

        news = [KeptSeries(key[0], period, self._pieces[key][period]) for key, period in sorted(self._new)]
        try:
            if news:
                self._archive.keep(job, news, profiled=self.profiled_to or "")
                self._new.clear()
            if logged:
                self._archive.keep(job, [KeptSeries("job", 0, series) for series in logged], whole=True)
        except sqlite3.Error:
            self._archive = None


def _key(kind: Kind, series: Series) -> Key:
    return kind, series.source, series.name, series.part

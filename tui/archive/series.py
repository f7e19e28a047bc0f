"""The history of a job's metrics, kept so that it outlives CloudWatch's three hours of seconds, and the job.

A file of its own beside the logs': `metrics.sqlite`. A series is kept in each period in which it was seen, its numbers
as they came, NaN and infinities too; what is asked for again is put to what is there. Two programs may write at once:
what is there is read and written back in one transaction.
"""

from __future__ import annotations

import sqlite3
import time
import zlib
from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tui.archive.archive import Archive
from tui.archive.file import File
from tui.model.jobs import TrainingJob
from tui.model.merge_series import same, union
from tui.model.series import Kind, Series

NAME = "metrics.sqlite"
_VERSION = 2
_PART = 10
"""Of what the archive may take, metrics get one in so many."""
_SCHEMA = """
CREATE TABLE jobs (
    id INTEGER PRIMARY KEY AUTOINCREMENT, place TEXT NOT NULL, arn TEXT NOT NULL, created INTEGER NOT NULL,
    used REAL NOT NULL, profiled TEXT NOT NULL DEFAULT '', UNIQUE (place, arn, created));
CREATE TABLE series (
    job INTEGER NOT NULL, kind TEXT NOT NULL, source TEXT NOT NULL, name TEXT NOT NULL, part TEXT NOT NULL,
    period INTEGER NOT NULL, unit TEXT NOT NULL, stat TEXT NOT NULL, times BLOB NOT NULL, numbers BLOB NOT NULL,
    steps BLOB NOT NULL, epochs BLOB NOT NULL, PRIMARY KEY (job, kind, source, name, part, period));
"""
_FROM_1 = "ALTER TABLE jobs ADD COLUMN profiled TEXT NOT NULL DEFAULT ''"


@dataclass(frozen=True, slots=True)
class KeptSeries:
    """A series as it was seen in one period.

    Attributes:
        kind: `job` for the job's own metrics, `host` for the use of a host.
        period_ms: What a datapoint covers; 0 where each stands for itself, as in a log.
        series: The datapoints.
    """

    kind: Kind
    period_ms: int
    series: Series


class SeriesArchive:
    """The metrics' file, open. Methods may be called from any thread.

    Args:
        path: The file; made with 0600, its folder with 0700.
        place: Where the jobs live, as in the archive of logs.
        limit_bytes: How large the file may grow before the jobs longest not looked at are forgotten.

    Raises:
        sqlite3.Error: From every method: a full disk, no permission, a file that is none of these.
        OSError: When the folder or the file cannot be made.
    """

    def __init__(self, path: Path, place: str = "", *, limit_bytes: int = 200_000_000) -> None:
        self._file = _SeriesFile(path)
        self._place = place
        self._limit = limit_bytes

    @classmethod
    def beside(cls, archive: Archive) -> SeriesArchive:
        """The one that belongs to an archive of logs."""
        return cls(archive.path.with_name(NAME), archive.place, limit_bytes=archive.limit_bytes // _PART)

    def close(self) -> None:
        """Closes the file; no method may be called any more."""
        self._file.close()

    def kept(self, job: TrainingJob) -> list[KeptSeries]:
        """All that is kept of a job: its ARN and creation time tell it from another of its name."""
        rows = self._file.rows(
            "SELECT kind, period, source, name, part, unit, stat, times, numbers, steps, epochs FROM series"
            " WHERE job = (SELECT id FROM jobs WHERE (place, arn, created) = (?, ?, ?)) ORDER BY rowid",
            *self._key(job),
        )
        return [KeptSeries(row[0], row[1], _unpacked(row[2:])) for row in rows]

    def profiled(self, job: TrainingJob) -> str:
        """The last of the profiler's files that is in what is kept of a job; empty where none is."""
        row = self._file.row("SELECT profiled FROM jobs WHERE (place, arn, created) = (?, ?, ?)", *self._key(job))
        return str(row[0]) if row else ""

    def keep(self, job: TrainingJob, seen: Iterable[KeptSeries], *, whole: bool = False, profiled: str = "") -> None:
        """Puts what was seen to what is there.

        Args:
            job: Whose it is.
            seen: Series with the periods in which they were asked for; empty ones are left out.
            whole: These are all datapoints that there are, as when a log was read from its start: what was there of
                them is forgotten.
            profiled: The last of the profiler's files that is in it, by name, in whose order they are read.
        """
        grown = 0
        with self._file.write() as db:
            number = self._job(db, job)
            # Of two programs at once each has put in all that came before its own last file.
            db.execute("UPDATE jobs SET profiled = max(profiled, ?) WHERE id = ?", (profiled, number))
            for one in seen:
                series = one.series
                if not len(series):
                    continue
                key = (number, one.kind, series.source, series.name, series.part, one.period_ms)
                row = db.execute(
                    "SELECT source, name, part, unit, stat, times, numbers, steps, epochs FROM series"
                    " WHERE (job, kind, source, name, part, period) = (?, ?, ?, ?, ?, ?)",
                    key,
                ).fetchone()
                before = _unpacked(row) if row else None
                after = series if whole or before is None else union(before, series)
                if before is None or not same(before, after):
                    columns = _packed(after)
                    grown += sum(map(len, columns))
                    db.execute(
                        "INSERT OR REPLACE INTO series"
                        " (job, kind, source, name, part, period, unit, stat, times, numbers, steps, epochs)"
                        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                        (*key, after.unit, after.stat, *columns),
                    )
        if grown and self._file.size() > self._limit:
            self.prune(self._limit * 9 // 10, spare=number)

    def size(self) -> int:
        """Bytes in use in the file."""
        return self._file.size()

    def prune(self, limit_bytes: int, spare: int | None = None) -> int:
        """Forgets jobs, the one longest not looked at first, until the file holds no more; returns how many."""
        removed = 0
        for (number,) in self._file.rows("SELECT id FROM jobs ORDER BY used"):
            if self.size() <= limit_bytes:
                break
            if number != spare:
                with self._file.write() as db:
                    db.execute("DELETE FROM jobs WHERE id = ?", (number,))
                    db.execute("DELETE FROM series WHERE job NOT IN (SELECT id FROM jobs)")
                self._file.shrink()
                removed += 1
        return removed

    def _key(self, job: TrainingJob) -> tuple[str, str, int]:
        return self._place, job.arn or job.name, int(job.created.timestamp() * 1000)

    def _job(self, db: sqlite3.Connection, job: TrainingJob) -> int:
        key = self._key(job)
        db.execute("INSERT OR IGNORE INTO jobs (place, arn, created, used) VALUES (?, ?, ?, 0)", key)
        (number,) = db.execute("SELECT id FROM jobs WHERE (place, arn, created) = (?, ?, ?)", key).fetchone()
        db.execute("UPDATE jobs SET used = ? WHERE id = ?", (time.time(), number))
        return int(number)


class _SeriesFile(File):
    def _prepare(self) -> None:
        self._db.execute("PRAGMA auto_vacuum = INCREMENTAL")
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        with self.write() as db:
            (version,) = db.execute("PRAGMA user_version").fetchone()
            if version < _VERSION:
                for statement in (_FROM_1 if version == 1 else _SCHEMA).split(";"):
                    db.execute(statement)
                db.execute(f"PRAGMA user_version = {_VERSION}")
            elif version > _VERSION:
                raise sqlite3.DatabaseError(f"{self.path} was written by a newer version of sagetop")


def _packed(series: Series) -> tuple[bytes, bytes, bytes, bytes]:
    times, values, steps, epochs = (
        zlib.compress(column.tobytes(), 1) for column in (series.times, series.values, series.steps, series.epochs)
    )
    return times, values, steps, epochs


def _unpacked(row: tuple[Any, ...]) -> Series:
    source, name, part, unit, stat, *columns = row
    times, values, steps, epochs = map(zlib.decompress, columns)
    return Series(
        name, array("q", times), array("d", values), source, part, unit, stat, array("d", steps), array("d", epochs)
    )

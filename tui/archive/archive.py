"""What is kept of which log, and who may write it.

Every promise rests on two rules: what is covered is written in the transaction of the events that it covers, and
nothing is taken that the file does not expect: of a time that is read in the other way, or that is covered already. So
two programs may share the file and need not agree on anything, and either may die at any moment.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tui.archive.codec import PIECE_EVENTS, pack_job, pieces, unpack_job
from tui.archive.coverage import FOREVER, OWN_NAME, Range, Span, Way, minus, union
from tui.archive.file import File
from tui.archive.reading import Snapshot, event_of, spans_of
from tui.model.jobs import TrainingJob
from tui.model.logs import LogEvent

DEFAULT_LIMIT = 2_000_000_000
_CHECK_EVERY = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class LogSummary:
    """One kept log. `bytes` counts its events as they lie in the file; `used` is in seconds since the epoch."""

    log: int
    place: str
    job: TrainingJob
    sealed: bool
    used: float
    events: int
    bytes: int


class Archive:
    """An archive file, open. Methods may be called from any thread.

    Args:
        path: The file; made with 0600, its folder with 0700.
        place: Where the jobs live: the endpoint URL, or whatever tells one AWS from another.
        limit_bytes: How large the file may grow before the logs longest not looked at are removed. The one that is
            being read never is: it may outgrow the limit, and goes once another is read.

    Raises:
        sqlite3.Error: From every method: a full disk, no permission, a file that is no archive.
        OSError: When the folder or the file cannot be made.
    """

    def __init__(self, path: Path, place: str = "", *, limit_bytes: int = DEFAULT_LIMIT) -> None:
        self._file = File(path)
        self._place = place
        self._limit = limit_bytes
        self._since_check = 0
        self._current: int | None = None
        self._overgrown = False

    @property
    def path(self) -> Path:
        """Where the file is."""
        return self._file.path

    @property
    def place(self) -> str:
        """Where the jobs live."""
        return self._place

    @property
    def limit_bytes(self) -> int:
        """How large the file may grow."""
        return self._limit

    @property
    def is_overgrown(self) -> bool:
        """Whether the log that is being read is larger than the limit by itself."""
        return self._overgrown

    def close(self) -> None:
        """Closes the file; no method may be called any more."""
        self._file.close()

    # Jobs

    def keep_job(self, job: TrainingJob, asker: str = "") -> int:
        """Keeps a job's description, the newest replacing what was kept, and names its log.

        Args:
            job: The job; its ARN and creation time keep it apart from another of its name.
            asker: As whom AWS was asked for it just now; left out where it was not.

        Returns:
            The number by which the other methods know the log.
        """
        key = (self._place, job.arn, int(job.created.timestamp() * 1000))
        with self._file.write() as db:
            now = time.time()
            row = db.execute("SELECT id, job FROM logs WHERE (place, arn, created) = (?, ?, ?)", key).fetchone()
            if row is None:
                added = db.execute(
                    "INSERT INTO logs (place, arn, created, name, job, used) VALUES (?, ?, ?, ?, ?, ?)",
                    (*key, job.name, pack_job(job), now),
                )
                log = int(added.lastrowid or 0)
            else:
                log = int(row[0])
                # A summary must not overwrite the details that an earlier look had brought.
                text = pack_job(job) if job.detailed or not unpack_job(row[1]).detailed else row[1]
                db.execute("UPDATE logs SET job = ?, used = ? WHERE id = ?", (text, now, log))
            if asker:
                db.execute("UPDATE logs SET asked = ?, asker = ? WHERE id = ?", (now, asker, log))
            return log

    def job(self, name: str) -> TrainingJob | None:
        """The newest kept job of that name."""
        row = self._file.row(
            "SELECT job FROM logs WHERE name = ? AND place = ? ORDER BY created DESC LIMIT 1", name, self._place
        )
        return unpack_job(row[0]) if row else None

    def complete_job(self, name: str, asker: str, within_s: float) -> TrainingJob | None:
        """The job that AWS has told that asker of within so many seconds, if its log is sealed; else None."""
        now = time.time()
        row = self._file.row(
            "SELECT job, sealed FROM logs WHERE name = ? AND place = ? AND asker = ? AND asked BETWEEN ? AND ?"
            " ORDER BY asked DESC LIMIT 1",
            *(name, self._place, asker, now - within_s, now),
        )
        return unpack_job(row[0]) if row and row[1] else None

    # Writing a log

    def plan(self, log: int, before: Sequence[Span], after: Sequence[Span]) -> bool:
        """Sets how a log's time is divided; False if it is no longer divided as `before`, and nothing was changed."""
        with self._file.write() as db:
            if spans_of(db, log) != list(before):
                return False
            # What another program has seen there by eventId will come again, by stream and without one.
            db.executemany(
                "DELETE FROM recent WHERE log = ? AND time >= ? AND time < ?",
                [(log, span.lo, span.hi) for span in after if span.way == "streams"],
            )
            db.execute("DELETE FROM spans WHERE log = ?", (log,))
            db.executemany(
                "INSERT INTO spans VALUES (?, ?, ?, ?, ?)", [(log, s.lo, s.hi, s.way, s.checked) for s in after]
            )
            return True

    @contextmanager
    def together(self) -> Iterator[None]:
        """Everything that is written inside is one transaction, which costs as much as a single one."""
        with self._file.write():
            yield
        self._check_size()

    def add_piece(self, log: int, stream: str, covers: Range, events: Sequence[LogEvent]) -> None:
        """Keeps the events of one stream in a range of time that is read by stream; what is covered stays as it was.

        Args:
            log: Whose.
            stream: The stream's name.
            covers: lo ≤ event time < hi, of which `events` are all there are.
            events: In the order of their times.
        """
        with self._file.write() as db:
            number = _stream(db, log, stream)
            rows = db.execute("SELECT lo, hi FROM covered WHERE log = ? AND stream = ?", (log, number)).fetchall()
            foreign = [(span.lo, span.hi) for span in spans_of(db, log) if span.way != "streams"]
            gaps = minus(covers, [*rows, *foreign])
            if gaps != [covers]:
                events = [event for event in events if any(lo <= event.timestamp < hi for lo, hi in gaps)]
            grown = _add_chunks(db, log, number, events)
            if gaps:
                db.execute("DELETE FROM covered WHERE log = ? AND stream = ?", (log, number))
                db.executemany(
                    "INSERT INTO covered VALUES (?, ?, ?, ?)",
                    [(log, number, lo, hi) for lo, hi in union([*rows, *gaps])],
                )
        self._grown(log, grown)

    def add_recent(self, log: int, events: Sequence[LogEvent]) -> None:
        """Keeps events that have an `event_id`, each once, but for those of a time that is read in another way."""
        if not events:
            return
        with self._file.write() as db:
            ranges = [span for span in spans_of(db, log) if span.way != "streams"]
            numbers = {name: _stream(db, log, name) for name in {event.stream for event in events}}
            db.executemany(
                "INSERT OR IGNORE INTO recent (log, event, time, taken, stream, message) VALUES (?, ?, ?, ?, ?, ?)",
                [
                    (
                        log,
                        event.event_id,
                        event.timestamp,
                        event.ingestion_time,
                        numbers[event.stream],
                        event.message.encode("utf-8", "surrogatepass"),
                    )
                    for event in events
                    if any(span.lo <= event.timestamp < span.hi and span.way == _way_of(event) for span in ranges)
                ],
            )
        self._grown(log, sum(len(event.message) for event in events))

    def checked(self, log: int, swept: Range, way: Way = "recent") -> None:
        """Nothing new can come in a range of time that was read in that way; takes nothing back."""
        with self._file.write() as db:
            db.execute(
                "UPDATE spans SET checked = min(hi, ?2) WHERE log = ?3 AND way = ?4 AND checked >= ?1"
                " AND checked < min(hi, ?2)",
                (*swept, log, way),
            )

    def seal(self, log: int, streams: Iterable[str]) -> bool:
        """If nothing is missing, nothing is ever to be asked again: recent events become pieces like all others.

        Args:
            log: Whose.
            streams: The streams that the log has.

        Returns:
            Whether the log is sealed.
        """
        with self._file.write() as db:
            names = {name: number for number, name in db.execute("SELECT id, name FROM streams WHERE log = ?", (log,))}
            for span in spans_of(db, log):
                if not span.is_final:
                    return False
                for name in streams if span.way == "streams" else ():
                    of_it = (log, names.get(name, 0))
                    rows = db.execute("SELECT lo, hi FROM covered WHERE log = ? AND stream = ?", of_it).fetchall()
                    if minus((span.lo, span.hi), rows):
                        return False
            for name, number in names.items():
                recent = db.execute(
                    "SELECT time, taken, message FROM recent WHERE log = ? AND stream = ? ORDER BY time, id",
                    (log, number),
                )
                while some := recent.fetchmany(PIECE_EVENTS):
                    _add_chunks(db, log, number, [event_of(at, taken, name, said) for at, taken, said in some])
            db.execute("DELETE FROM recent WHERE log = ?", (log,))
            db.execute("UPDATE logs SET sealed = 1 WHERE id = ?", (log,))
            return True

    # Reading a log

    @contextmanager
    def snapshot(self, log: int) -> Iterator[Snapshot]:
        """The log as it is kept now: what is known of it and its events belong together."""
        with self._file.snapshot() as db:
            yield Snapshot(db, log)

    def read(self, log: int, start_ms: int = 0, end_ms: int = FOREVER) -> Iterator[list[LogEvent]]:
        """The events with start ≤ time < end in order, in lists of some thousands."""
        with self.snapshot(log) as snapshot:
            yield from snapshot.read(start_ms, end_ms)

    def count(self, log: int) -> int:
        """How many events are kept of a log."""
        return sum(
            int(self._file.rows(sql, log)[0][0])
            for sql in (
                "SELECT ifnull(sum(count), 0) FROM chunks WHERE log = ?",
                "SELECT count(*) FROM recent WHERE log = ?",
            )
        )

    # Housekeeping

    def logs(self) -> list[LogSummary]:
        """Everything that is kept, the most recently used first."""
        rows = self._file.rows(
            "SELECT id, place, job, sealed, used,"
            " (SELECT ifnull(sum(count), 0) FROM chunks WHERE log = logs.id)"
            " + (SELECT count(*) FROM recent WHERE log = logs.id),"
            " (SELECT ifnull(sum(length(events)), 0) FROM chunks WHERE log = logs.id)"
            " + (SELECT ifnull(sum(length(message)), 0) FROM recent WHERE log = logs.id)"
            " FROM logs ORDER BY used DESC"
        )
        return [LogSummary(row[0], row[1], unpack_job(row[2]), bool(row[3]), *row[4:]) for row in rows]

    def remove(self, log: int) -> None:
        """Forgets a log, and gives its room back to the disk."""
        with self._file.write() as db:
            db.execute("DELETE FROM logs WHERE id = ?", (log,))
            # A program that was reading a removed log may have written more of it.
            for table in ("streams", "spans", "covered", "chunks", "recent"):
                db.execute(f"DELETE FROM {table} WHERE log NOT IN (SELECT id FROM logs)")
        self._file.shrink()

    def size(self) -> int:
        """Bytes in use in the file."""
        return self._file.size()

    def prune(self, limit_bytes: int, spare: int | None = None) -> int:
        """Removes logs, the one longest not looked at first, until the file holds no more than so many bytes.

        Args:
            limit_bytes: The limit.
            spare: A log that stays whatever the limit says: the one that is being read.

        Returns:
            How many logs were removed.
        """
        removed = 0
        for (log,) in self._file.rows("SELECT id FROM logs ORDER BY used"):
            if self.size() <= limit_bytes:
                break
            if log != spare:
                self.remove(log)
                removed += 1
        return removed

    def _grown(self, log: int, amount: int) -> None:
        self._since_check += amount
        self._current = log
        if not self._file.in_transaction:
            self._check_size()

    def _check_size(self) -> None:
        if self._since_check >= min(_CHECK_EVERY, self._limit // 4):
            self._since_check = 0
            if self.size() > self._limit:
                self.prune(self._limit * 9 // 10, spare=self._current)
                self._overgrown = self.size() > self._limit


def _way_of(event: LogEvent) -> Way:
    return "polled" if event.event_id.startswith(OWN_NAME) else "recent"


def _stream(db: sqlite3.Connection, log: int, name: str) -> int:
    db.execute("INSERT OR IGNORE INTO streams (log, name) VALUES (?, ?)", (log, name))
    return int(db.execute("SELECT id FROM streams WHERE log = ? AND name = ?", (log, name)).fetchone()[0])


def _add_chunks(db: sqlite3.Connection, log: int, stream: int, events: Sequence[LogEvent]) -> int:
    """Adds events, in the order of their times, and returns how many bytes they are."""
    rows = [(log, stream, run[0].timestamp, run[-1].timestamp, len(run), data) for run, data in pieces(events)]
    db.executemany("INSERT INTO chunks (log, stream, lo, hi, count, events) VALUES (?, ?, ?, ?, ?, ?)", rows)
    return sum(len(row[-1]) for row in rows)

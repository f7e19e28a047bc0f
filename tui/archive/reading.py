"""A kept log read back in order, a few pieces of it in memory at a time."""

from __future__ import annotations

import heapq
import sqlite3
from collections.abc import Iterator
from functools import partial
from operator import itemgetter

from tui.archive.codec import PIECE_EVENTS, unpack
from tui.archive.coverage import FOREVER, Kept, Range, Span
from tui.archive.merge import Run, in_order
from tui.model.logs import LogEvent, host_of


class Snapshot:
    """One log as it is kept at one moment, whatever others write meanwhile."""

    def __init__(self, db: sqlite3.Connection, log: int) -> None:
        self._db = db
        self._log = log

    def kept(self) -> Kept:
        """What is known of the log."""
        db, log = self._db, self._log
        spans = spans_of(db, log)
        covered: dict[str, list[Range]] = {}
        for name, lo, hi in db.execute(
            "SELECT name, lo, hi FROM covered JOIN streams ON streams.id = covered.stream"
            " WHERE covered.log = ? ORDER BY lo",
            (log,),
        ):
            covered.setdefault(name, []).append((lo, hi))
        since = min((span.checked for span in spans if not span.is_final), default=FOREVER)
        ids = dict(db.execute("SELECT event, time FROM recent WHERE log = ? AND time >= ?", (log, since)))
        newest = db.execute("SELECT max(time) FROM recent WHERE log = ?", (log,)).fetchone()[0]
        sealed = db.execute("SELECT sealed FROM logs WHERE id = ?", (log,)).fetchone()
        ranges = {name: tuple(found) for name, found in covered.items()}
        return Kept(tuple(spans), ranges, ids, newest, bool(sealed and sealed[0]))

    def read(self, start_ms: int = 0, end_ms: int = FOREVER) -> Iterator[list[LogEvent]]:
        """The events with start ≤ time < end in order, in lists of some thousands."""
        names = self._names()
        runs = (self._chunks(names, start_ms, end_ms), self._recent(names, start_ms, end_ms))
        return in_order(heapq.merge(*runs, key=itemgetter(0)))

    def streams(self) -> tuple[str, ...]:
        """The names of the streams that something is kept of."""
        return tuple(self._names().values())

    def tail_start(self, count: int) -> int:
        """A time (ms) from which on at least `count` events are kept; 0 if there are fewer."""
        row = self._db.execute(
            "SELECT time FROM recent WHERE log = ? ORDER BY time DESC LIMIT 1 OFFSET ?", (self._log, count - 1)
        ).fetchone()
        if row:
            return int(row[0])
        total = 0
        for lo, some in self._db.execute("SELECT lo, count FROM chunks WHERE log = ? ORDER BY lo DESC", (self._log,)):
            total += some
            if total >= count:
                return int(lo)
        return 0

    def _recent(self, names: dict[int, str], start_ms: int, end_ms: int) -> Iterator[Run]:
        after = (start_ms, 0)
        while True:
            rows = self._db.execute(
                "SELECT time, id, taken, stream, message FROM recent"
                " WHERE log = ? AND (time, id) > (?, ?) AND time < ? ORDER BY time, id LIMIT ?",
                (self._log, *after, end_ms, PIECE_EVENTS),
            ).fetchall()
            if not rows:
                return
            after = rows[-1][:2]
            by_stream: dict[str, list[LogEvent]] = {}
            for at, _, taken, stream, said in rows:
                name = names[stream]
                by_stream.setdefault(name, []).append(event_of(at, taken, name, said))
            for name, events in by_stream.items():
                yield rows[0][0], name, partial(list, events)

    def _chunks(self, names: dict[int, str], start_ms: int, end_ms: int) -> Iterator[Run]:
        rows = self._db.execute(
            "SELECT id, lo, hi, stream FROM chunks WHERE log = ? AND lo < ? AND hi >= ? ORDER BY lo, id",
            (self._log, end_ms, start_ms),
        ).fetchall()
        for chunk, lo, hi, stream in rows:
            whole = lo >= start_ms and hi < end_ms
            within = None if whole else (start_ms, end_ms)
            yield lo, names[stream], partial(_load, self._db, chunk, names[stream], within)

    def _names(self) -> dict[int, str]:
        return dict(self._db.execute("SELECT id, name FROM streams WHERE log = ?", (self._log,)))


def spans_of(db: sqlite3.Connection, log: int) -> list[Span]:
    """How the log's time is divided."""
    rows = db.execute("SELECT lo, hi, way, checked FROM spans WHERE log = ? ORDER BY lo", (log,))
    return [Span(*row) for row in rows]


def event_of(time: int, taken: int, stream: str, said: bytes) -> LogEvent:
    """A row of the table of recent events."""
    return LogEvent(time, taken, host_of(stream), stream, said.decode("utf-8", "surrogatepass"))


def _load(db: sqlite3.Connection, chunk: int, stream: str, within: Range | None) -> list[LogEvent]:
    (data,) = db.execute("SELECT events FROM chunks WHERE id = ?", (chunk,)).fetchone()
    events = unpack(data, host_of(stream), stream)
    if within is None:
        return events
    return [event for event in events if within[0] <= event.timestamp < within[1]]

"""A kept log read back in order, a few pieces of it in memory at a time."""

from __future__ import annotations

import heapq
import sqlite3
from collections.abc import Iterator
from functools import partial
from operator import itemgetter

from tui.archive.codec import PIECE_EVENTS, unpack
from tui.archive.coverage import Range
from tui.archive.merge import Run, in_order
from tui.model.logs import LogEvent, host_of


def read(db: sqlite3.Connection, log: int, start_ms: int, end_ms: int) -> Iterator[list[LogEvent]]:
    """The events with start ≤ time < end in order, in lists of some thousands."""
    names: dict[int, str] = dict(db.execute("SELECT id, name FROM streams WHERE log = ?", (log,)))
    runs = (_chunks(db, log, names, start_ms, end_ms), _recent(db, log, names, start_ms, end_ms))
    return in_order(heapq.merge(*runs, key=itemgetter(0)))


def tail_start(db: sqlite3.Connection, log: int, count: int) -> int:
    """A time (ms) from which on at least `count` events are kept; 0 if there are fewer."""
    row = db.execute("SELECT time FROM recent WHERE log = ? ORDER BY time DESC LIMIT 1 OFFSET ?", (log, count - 1))
    if found := row.fetchone():
        return int(found[0])
    total = 0
    for lo, some in db.execute("SELECT lo, count FROM chunks WHERE log = ? ORDER BY lo DESC", (log,)):
        total += some
        if total >= count:
            return int(lo)
    return 0


def event_of(time: int, taken: int, stream: str, said: bytes) -> LogEvent:
    """A row of the table of recent events."""
    return LogEvent(time, taken, host_of(stream), stream, said.decode("utf-8", "surrogatepass"))


def _chunks(db: sqlite3.Connection, log: int, names: dict[int, str], start_ms: int, end_ms: int) -> Iterator[Run]:
    rows = db.execute(
        "SELECT id, lo, hi, stream FROM chunks WHERE log = ? AND lo < ? AND hi >= ? ORDER BY lo, id",
        (log, end_ms, start_ms),
    ).fetchall()
    for chunk, lo, hi, stream in rows:
        if stream in names:
            whole = lo >= start_ms and hi < end_ms
            yield lo, partial(_load, db, chunk, names[stream], None if whole else (start_ms, end_ms))


def _load(db: sqlite3.Connection, chunk: int, stream: str, within: Range | None) -> list[LogEvent]:
    (data,) = db.execute("SELECT events FROM chunks WHERE id = ?", (chunk,)).fetchone()
    events = unpack(data, host_of(stream), stream)
    if within is None:
        return events
    return [event for event in events if within[0] <= event.timestamp < within[1]]


def _recent(db: sqlite3.Connection, log: int, names: dict[int, str], start_ms: int, end_ms: int) -> Iterator[Run]:
    after = (start_ms, 0)
    while True:
        rows = db.execute(
            "SELECT time, id, taken, stream, message FROM recent"
            " WHERE log = ? AND (time, id) > (?, ?) AND time < ? ORDER BY time, id LIMIT ?",
            (log, *after, end_ms, PIECE_EVENTS),
        ).fetchall()
        if not rows:
            return
        after = rows[-1][:2]
        events = [event_of(at, taken, names[stream], said) for at, _, taken, stream, said in rows if stream in names]
        yield rows[0][0], partial(list, events)

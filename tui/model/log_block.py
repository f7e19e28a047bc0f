"""A stretch of a log in memory: its rows as one run of bytes, and next to it what is known of each row.

A row is a line of text; a log event is one row or, when its message holds newlines, several. Blocks are never altered,
only replaced, but for the marks of folding: a search can read them in a thread while the log grows.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections.abc import Collection, Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

from tui.model.logs import LogEvent, host_number

BLOCK_SIZE = 256 * 1024
"""Bytes of text a block is filled to: what a search may take at a time without holding up a key."""

# What a row's byte of flags says. The two lowest bits are its level.
INFO, WARNING, ERROR = 0, 1, 2
LEVEL = 3
CONTINUES = 4
"""The row goes on with the event of the row before it."""
LATE = 8
HEAD = 16
"""`Traceback (most recent call last):` stands in it."""
PART = 32
"""Part of a traceback whose last line is known: hidden unless `OPEN`."""
LAST = 64
"""The last line of a traceback, the one that says what was raised."""
OPEN = 128


class Stream(NamedTuple):
    """A log stream in the order of streams: hosts by their number, then by name."""

    number: tuple[int, str]
    name: str
    host: str


Key = tuple[int, Stream]
"""What rows are ordered by: event time in ms, then the stream. Equal ones stay as they arrived."""


class Rows(NamedTuple):
    """Rows on their way into a block, a list for each thing known of them."""

    texts: list[bytes]
    times: list[int]
    streams: list[int]
    flags: bytearray

    def keys(self, streams: Sequence[Stream]) -> list[Key]:
        """The order of each row."""
        return [(time, streams[stream]) for time, stream in zip(self.times, self.streams, strict=True)]

    def picked(self, order: Sequence[int]) -> Rows:
        """The rows of these numbers, in this order."""
        texts, times, streams, flags = self
        return Rows(
            [texts[i] for i in order],
            [times[i] for i in order],
            [streams[i] for i in order],
            bytearray(flags[i] for i in order),
        )

    def __add__(self, other: Rows) -> Rows:  # type: ignore[override]
        return Rows(
            self.texts + other.texts,
            self.times + other.times,
            self.streams + other.streams,
            self.flags + other.flags,
        )


class Block:
    r"""Rows in order.

    Attributes:
        text: The rows in UTF-8 (lone surrogates as they are), each ended by `\n`.
        starts: Where each row begins in `text`, and at the end its length.
        times: Event time of each row, ms since the epoch.
        streams: Of each row, its number in the table of streams.
        flags: Of each row, see above. Folding changes these, and counts it in `changes`.
        events: How many events the rows are.
        widest: Bytes of the longest row.
    """

    __slots__ = ("changes", "events", "first", "flags", "last", "starts", "streams", "text", "times", "widest")

    def __init__(self, rows: Rows, table: Sequence[Stream]) -> None:
        self.text = b"\n".join(rows.texts) + b"\n"
        self.starts = array("I", [0])
        self.starts.extend(accumulate(len(text) + 1 for text in rows.texts))
        self.times = array("q", rows.times)
        self.streams = array("I", rows.streams)
        self.flags = rows.flags
        self.first: Key = (rows.times[0], table[rows.streams[0]])
        self.last: Key = (rows.times[-1], table[rows.streams[-1]])
        self.events = len(rows.texts) - sum(map(_CONTINUING.__getitem__, rows.flags))
        self.widest = max(map(len, rows.texts))
        self.changes = 0

    def __len__(self) -> int:
        return len(self.times)

    def row(self, index: int) -> bytes:
        """The text of one row, without its newline."""
        return self.text[self.starts[index] : self.starts[index + 1] - 1]

    def prefix(self, index: int, length: int) -> bytes:
        """At most the first `length` bytes of a row."""
        start = self.starts[index]
        return self.text[start : min(start + length, self.starts[index + 1] - 1)]

    def rows(self) -> Rows:
        """All rows, taken apart again."""
        texts = self.text.split(b"\n")
        texts.pop()
        return Rows(texts, self.times.tolist(), self.streams.tolist(), self.flags)


_CONTINUING = [bool(flag & CONTINUES) for flag in range(256)]


def blocks_of(rows: Rows, table: Sequence[Stream]) -> Iterator[Block]:
    """Rows in order as blocks of about `BLOCK_SIZE`; events are never torn, longer ones have their own."""
    ends = list(accumulate(len(text) + 1 for text in rows.texts))
    start = done = 0
    while start < len(ends):
        stop = max(bisect_right(ends, done + BLOCK_SIZE, start), start + 1)
        texts, times, streams, flags = rows
        while stop < len(ends) and flags[stop] & CONTINUES:
            stop += 1
        yield Block(Rows(texts[start:stop], times[start:stop], streams[start:stop], flags[start:stop]), table)
        done = ends[stop - 1]
        start = stop


def rows_of(events: Sequence[LogEvent], streams: Sequence[int], late: Collection[int] = ()) -> Rows:
    """Events as rows, with what can be told of each row by itself: its level, and whether a traceback begins.

    Args:
        events: Any events, in any order; the newline at a message's end is not kept.
        streams: The number of each event's stream.
        late: The indices of those to mark as late.
    """
    data = "\n".join([event.message.removesuffix("\n") for event in events]).encode("utf-8", "surrogatepass")
    texts = data.split(b"\n")
    marks = bytearray(len(events))
    for index in late:
        marks[index] = LATE
    if len(texts) == len(events):
        rows = Rows(texts, [event.timestamp for event in events], list(streams), marks)
    else:
        rows = Rows(texts, [], [], bytearray())
        for event, stream, mark in zip(events, streams, marks, strict=True):
            count = event.message.removesuffix("\n").count("\n") + 1
            rows.times.extend([event.timestamp] * count)
            rows.streams.extend([stream] * count)
            rows.flags.extend([mark] + [mark | CONTINUES] * (count - 1))
    _mark_levels(data, rows)
    return rows


def stream_of(event: LogEvent) -> Stream:
    """The place of an event's stream among the others."""
    return Stream(host_number(event.host), event.stream, event.host)


# A row is looked at only if one of these, in small letters, stands in it: finding them costs next to nothing.
_ERROR_HINTS = (
    b"error",
    b"exception",
    b"fatal",
    b"critical",
    b"traceback",
    b"panic",
    b"killed",
    b"fault",
    b"of memory",
)
_WARNING_HINTS = (b"warn", b"[w]")
# A number behind `error:` makes it a measured error, not one that happened.
_ERROR = re.compile(
    rb"\b(?:ERROR|FATAL|CRITICAL)\b(?!\s*[=:]\s*[-+.\d])|\b(?:[A-Z]\w*)?(?:Error|Exception)\b(?!\s*[=:]?\s*[-+.\d])"
    rb"|(?<![\w-])(?:error|fatal|panic)[:\]](?!\s*[-+.\d])|Traceback \(most recent call last\)"
    rb"|^Killed|[Ss]egmentation fault|[Oo]ut of memory\b"
)
_WARNING = re.compile(rb"\b(?:WARN|WARNING)\b|\b(?:[A-Z]\w*)?Warning\b|(?<![\w-])warn(?:ing)?[:\]]|\[W\]")
_COLOURS = re.compile(rb"\x1b\[[0-9;:]*m")
TRACEBACK = b"Traceback (most recent call last)"


def _mark_levels(data: bytes, rows: Rows) -> None:
    lowered = data.lower()
    texts, flags = rows.texts, rows.flags
    for hints, pattern, level in ((_WARNING_HINTS, _WARNING, WARNING), (_ERROR_HINTS, _ERROR, ERROR)):
        for hint in hints:
            for row in _rows_with(hint, lowered):
                if flags[row] & LEVEL < level and pattern.search(_COLOURS.sub(b"", texts[row][:4096])):
                    flags[row] = flags[row] & ~LEVEL | level
    for row in _rows_with(TRACEBACK, data):
        flags[row] |= HEAD


def _rows_with(needle: bytes, data: bytes) -> Iterator[int]:
    row = at = 0
    while (hit := data.find(needle, at)) >= 0:
        row += data.count(b"\n", at, hit)
        yield row
        at = data.find(b"\n", hit) + 1
        if not at:
            return
        row += 1

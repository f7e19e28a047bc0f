"""A log in memory: millions of events in their order, at little more than the bytes of their text.

Events mostly come at the end, sometimes late, and while older ones are still being fetched in front. Each batch goes
to the few blocks between which it belongs, and only those are made anew.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

from tui.model.log_block import (
    BLOCK_SIZE,
    CONTINUES,
    HEAD,
    LAST,
    OPEN,
    PART,
    TRACEBACK,
    Block,
    Key,
    Rows,
    Stream,
    blocks_of,
    rows_of,
    stream_of,
)
from tui.model.logs import LogEvent

_LONGEST_TRACEBACK = 1_000
_FARTHEST = 20_000


class Anchor(NamedTuple):
    """Names a row for good, whatever is put in around it: its order, and its number among rows of the same order."""

    key: Key
    nth: int


class LogRows:
    """The rows of a log at one moment, by number. Later events leave it as it is."""

    __slots__ = ("blocks", "ends", "table")

    def __init__(self, blocks: Sequence[Block], table: Sequence[Stream]) -> None:
        self.blocks = tuple(blocks)
        self.table = table
        self.ends = list(accumulate(map(len, self.blocks)))

    def __len__(self) -> int:
        return self.ends[-1] if self.ends else 0

    def place(self, row: int) -> tuple[int, int]:
        """The number of a row's block, and its number in there."""
        block = bisect_right(self.ends, row)
        return block, row - (self.ends[block - 1] if block else 0)

    def key(self, row: int) -> Key:
        """What a row is ordered by."""
        number, index = self.place(row)
        block = self.blocks[number]
        return block.times[index], self.table[block.streams[index]]

    def first_at(self, key: Key) -> int:
        """The first row of this order or a later one; the number of rows when there is none."""
        number = bisect_left(self.blocks, key, key=lambda block: block.last)
        if number == len(self.blocks):
            return len(self)
        block = self.blocks[number]
        inside = bisect_left(
            range(len(block)), key, key=lambda index: (block.times[index], self.table[block.streams[index]])
        )
        return self.ends[number] - len(block) + inside

    def first_since(self, time_ms: int) -> int:
        """The first row with this event time or a later one; the number of rows when there is none."""
        return self.first_at((time_ms, Stream((-1, ""), "", "")))

    def anchor(self, row: int) -> Anchor:
        """What names this row for good."""
        key = self.key(row)
        return Anchor(key, row - self.first_at(key))

    def locate(self, anchor: Anchor) -> int:
        """Where the row of an anchor is now."""
        return self.first_at(anchor.key) + anchor.nth

    def event(self, row: int) -> LogEvent:
        """The event that a row belongs to, its message whole."""
        number, index = self.place(row)
        block = self.blocks[number]
        start = index
        while start and block.flags[start] & CONTINUES:
            start -= 1
        stop = index + 1
        while stop < len(block) and block.flags[stop] & CONTINUES:
            stop += 1
        return self._event(block, start, stop)

    def events(self) -> Iterator[LogEvent]:
        """All events in order."""
        for block in self.blocks:
            start = 0
            for index in range(1, len(block) + 1):
                if index == len(block) or not block.flags[index] & CONTINUES:
                    yield self._event(block, start, index)
                    start = index

    def _event(self, block: Block, start: int, stop: int) -> LogEvent:
        text = block.text[block.starts[start] : block.starts[stop] - 1].decode("utf-8", "surrogatepass")
        stream = self.table[block.streams[start]]
        return LogEvent(block.times[start], 0, stream.host, stream.name, text)


class LogBuffer:
    """The events of one log.

    `len()` of it is the number of events; `rows` is what is there now, row by row.
    """

    def __init__(self) -> None:
        self._blocks: list[Block] = []
        self._table: list[Stream] = []
        self._numbers: dict[tuple[str, str], int] = {}
        self._rows: LogRows | None = None
        self._open: Key | None = None  # the first traceback whose last line has not come yet

    def __len__(self) -> int:
        return sum(block.events for block in self._blocks)

    @property
    def rows(self) -> LogRows:
        """The rows as they are now."""
        if self._rows is None:
            self._rows = LogRows(self._blocks, self._table)
        return self._rows

    @property
    def hosts(self) -> list[str]:
        """The hosts that have logged, in the order of their numbers."""
        return list(dict.fromkeys(stream.host for stream in sorted(self._table)))

    @property
    def size(self) -> int:
        """Bytes of text held."""
        return sum(len(block.text) for block in self._blocks)

    def extend(self, events: Sequence[LogEvent], *, late: Collection[int] = ()) -> None:
        """Put events where they belong: by time, host number, stream, then as they came.

        Args:
            events: In any order; sorted ones cost least.
            late: The indices of those to mark as late.
        """
        if not events:
            return
        rows = rows_of(events, [self._number(event) for event in events], late)
        keys = rows.keys(self._table)
        if any(map(tuple.__gt__, keys, keys[1:])):
            order = sorted(range(len(keys)), key=keys.__getitem__)
            rows, keys = rows.picked(order), [keys[index] for index in order]
        if not self._blocks or (keys[0] >= self._blocks[-1].last):
            touched = self._append(rows)
        else:
            touched = self._insert(rows, keys)
        self._rows = None
        self._fold(touched)

    def toggle(self, row: int) -> bool:
        """Open the traceback that a row is part of, or fold it. False when it is part of none."""
        rows = self.rows
        number, index = rows.place(row)
        flags = rows.blocks[number].flags[index]
        if not flags & (PART | LAST):
            return False
        stream = rows.blocks[number].streams[index]
        if not flags & LAST:
            number, index = next(
                (place for place in _along(self._blocks, number, index, stream) if self._flag(place) & LAST),
                (number, index),
            )
        opens = not self._flag((number, index)) & OPEN
        self._set(number, index, OPEN, opens)
        for place in _along(self._blocks, number, index, stream, step=-1):
            if not self._flag(place) & PART:
                break
            self._set(*place, OPEN, opens)
            if self._flag(place) & HEAD:
                break
        return True

    def _number(self, event: LogEvent) -> int:
        known = self._numbers.get((event.stream, event.host))
        if known is None:
            known = self._numbers[event.stream, event.host] = len(self._table)
            self._table.append(stream_of(event))
        return known

    def _append(self, rows: Rows) -> tuple[int, int]:
        """Rows behind all others. Returns the range of blocks that are new."""
        first = len(self._blocks)
        if first and len(self._blocks[-1].text) < BLOCK_SIZE:
            rows = self._blocks.pop().rows() + rows
            first -= 1
        self._blocks.extend(blocks_of(rows, self._table))
        return first, len(self._blocks)

    def _insert(self, rows: Rows, keys: list[Key]) -> tuple[int, int]:
        """Rows among the others: each run that falls to one block is merged into it, or stands next to it."""
        done: list[Block] = []
        lowest = len(self._blocks)
        at = 0
        for number, block in enumerate(self._blocks):
            # A block takes what comes before its successor begins; the first also what comes before itself.
            last = number + 1 == len(self._blocks)
            stop = len(keys) if last else bisect_left(keys, self._blocks[number + 1].first, at)
            if stop == at:
                done.append(block)
                continue
            lowest = min(lowest, len(done))
            mine = rows.picked(range(at, stop))
            is_before, is_behind = keys[stop - 1] < block.first, keys[at] >= block.last
            if len(block.text) >= BLOCK_SIZE // 2 and (is_before or is_behind):
                own = blocks_of(mine, self._table)
                done.extend([*own, block] if is_before else [block, *own])
            else:
                both = block.rows() + mine
                order = both.keys(self._table)
                done.extend(blocks_of(both.picked(sorted(range(len(order)), key=order.__getitem__)), self._table))
            at = stop
        self._blocks = done
        return lowest, len(done)

    def _flag(self, place: tuple[int, int]) -> int:
        return self._blocks[place[0]].flags[place[1]]

    def _set(self, number: int, index: int, flag: int, on: bool) -> None:
        block = self._blocks[number]
        block.flags[index] = block.flags[index] | flag if on else block.flags[index] & ~flag
        block.changes += 1

    def _fold(self, touched: tuple[int, int]) -> None:
        """Mark the tracebacks that are whole now: those in blocks that changed, and those that waited."""
        first = max(touched[0] - 1, 0)
        if self._open is not None:
            first = min(first, bisect_left(self._blocks, self._open, key=lambda block: block.last))
        self._open = None
        for number in range(first, touched[1]):
            block = self._blocks[number]
            if TRACEBACK in block.text:
                for index, flags in enumerate(block.flags):
                    if flags & HEAD and not flags & PART and self._fold_one(number, index) and self._open is None:
                        self._open = (block.times[index], self._table[block.streams[index]])

    def _fold_one(self, number: int, index: int) -> bool:
        """One traceback: its indented rows up to the first that is not, among the rows of its stream.

        Returns:
            True when its last line may still come.
        """
        block = self._blocks[number]
        head = block.row(index)
        prefix = head[: head.index(TRACEBACK)]
        if b"Exception Group" in prefix:  # its rows are indented to the end: nothing to fold to
            self._set(number, index, HEAD, False)
            return False
        parts = [(number, index)]
        for place in _along(self._blocks, number, index, block.streams[index]):
            row = self._blocks[place[0]].prefix(place[1], len(prefix) + 1)
            body = row.removeprefix(prefix)
            if body[:1] in (b" ", b"\t") and len(parts) < _LONGEST_TRACEBACK:
                parts.append(place)
                continue
            if body and len(parts) > 1 and len(parts) < _LONGEST_TRACEBACK:
                self._set(*place, LAST, True)
                for part in parts:
                    self._set(*part, PART, True)
            else:
                self._set(number, index, HEAD, False)
            return False
        return sum(map(len, self._blocks[number:])) < _FARTHEST


def _along(blocks: Sequence[Block], number: int, index: int, stream: int, step: int = 1) -> Iterator[tuple[int, int]]:
    """The places of a stream's rows after (or before) one, as far as a traceback may be torn apart by other hosts."""
    seen = 0
    while 0 <= number < len(blocks) and seen < _FARTHEST:
        index += step
        streams = blocks[number].streams
        if not 0 <= index < len(streams):
            number += step
            index = -1 if step > 0 else len(blocks[number]) if number >= 0 else 0
            continue
        seen += 1
        if streams[index] == stream:
            yield number, index

"""Which byte of a host's output came when, and the events that follow from it.

The host writes into its `.log` by itself, as fast as a file takes it. Beside it lies the `.idx`: records of (end,
time), each saying that everything up to byte `end` was there at `time` (ms). An event is a line, or what stood there
without a newline for a second, or a part of a line that is longer than an event of CloudWatch may be: an event's bounds
never change, so its byte is its id.
"""

from __future__ import annotations

import os
import struct
from array import array
from bisect import bisect_left, bisect_right
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tui.files import append_records
from tui.model.logs import LogEvent

_RECORD = struct.Struct("<QQ")
LONGEST = 1 << 18
"""Bytes of an event, as CloudWatch has it; a line that is longer is several of them."""
_WAIT_MS = 1000
_PAGE_BYTES = 1_000_000
PAGE_EVENTS = 10_000


class Publisher:
    """Says of a growing `.log` when its bytes came. One at a time, be it the supervisor or whoever stands in for it."""

    def __init__(self, log: Path, index: Path) -> None:
        self._log = os.open(log, os.O_RDONLY | os.O_CREAT, 0o600)
        self._index = os.open(index, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        size = os.fstat(self._index).st_size
        # A record that a full disk cut off is taken back.
        if size % _RECORD.size:
            os.ftruncate(self._index, size - size % _RECORD.size)
        self._end, self._time = _last(index)
        self._tail = (0, 0)

    def close(self) -> None:
        """Closes both files."""
        os.close(self._log)
        os.close(self._index)

    def publish(self, now_ms: int, *, final: bool = False) -> bool:
        """Publishes what has come: whole lines, parts of endless ones, what has waited a second for its newline.

        Args:
            now_ms: The time.
            final: Whether nothing more can come, so that nothing waits.

        Returns:
            Whether there was anything new.

        Raises:
            OSError: The disk is full; the next call tries again.
        """
        size = os.fstat(self._log).st_size
        if size <= self._end:
            return False
        cuts, line_end = self._bounds(size)
        end = size if final else line_end
        if end < size:
            if self._tail[0] != max(end, self._end):
                self._tail = (max(end, self._end), now_ms)
            elif now_ms - self._tail[1] >= _WAIT_MS:
                end = size
        if end <= self._end:
            return False
        time = max(self._time, now_ms)
        records = b"".join(_RECORD.pack(bound, time) for bound in dict.fromkeys([*cuts, end]))
        append_records(self._index, records, _RECORD.size)
        self._end, self._time = end, time
        return True

    def _bounds(self, size: int) -> tuple[list[int], int]:
        """Where lines that are too long are cut, and behind the last newline or cut that is not published yet."""
        cuts, at = list[int](), self._end
        while block := os.pread(self._log, min(LONGEST + 1, size - at), at):
            if newline := block.rfind(b"\n") + 1:
                at += newline
            elif len(block) > LONGEST:
                at += _cut(block)
                cuts.append(at)
            else:
                break
        return cuts, at


def _cut(block: bytes) -> int:
    """At most `LONGEST` bytes, and no part of a character."""
    for cut in range(LONGEST, max(LONGEST - 4, 0), -1):
        if block[cut] & 0xC0 != 0x80:
            return cut
    return LONGEST


@dataclass(frozen=True, slots=True)
class Slice:
    """Events of one host, in order, and where they go on; None where that was all."""

    events: tuple[LogEvent, ...]
    position: int | None


class HostLog:
    """A host's output as events. Reads what is published only.

    Args:
        log: The `.log`.
        index: The `.idx`.
        host: `algo-1`.
        stream: The name of the stream.
    """

    def __init__(self, log: Path, index: Path, host: str, stream: str) -> None:
        self.host = host
        self.stream = stream
        self._log = log
        self._index = index
        self._ends = array("Q")
        self._times = array("Q")

    def refresh(self) -> None:
        """Learns what was published since the last time."""
        with self._index.open("rb") as file:
            file.seek(len(self._ends) * _RECORD.size)
            content = file.read()
        known = array("Q")
        known.frombytes(content[: len(content) - len(content) % _RECORD.size])
        self._ends.extend(known[0::2])
        self._times.extend(known[1::2])

    @property
    def first_ms(self) -> int | None:
        """When its first byte came."""
        return self._times[0] if self._times else None

    @property
    def last_ms(self) -> int | None:
        """When its last byte came."""
        return self._times[-1] if self._times else None

    @property
    def end(self) -> int:
        """How many bytes are published."""
        return self._ends[-1] if self._ends else 0

    def bound(self, at: int) -> int:
        """The first bound of events at this byte or behind it."""
        place = bisect_left(self._ends, at)
        return self._ends[place] if at > 0 and place < len(self._ends) else 0

    def span(self, start_ms: int, end_ms: int) -> tuple[int, int]:
        """The bytes that came with start ≤ time < end."""
        first = bisect_left(self._times, max(start_ms, 0))
        last = bisect_left(self._times, max(end_ms, 0)) if end_ms < 1 << 63 else len(self._times)
        return (self._ends[first - 1] if first else 0), (self._ends[last - 1] if last else 0)

    def read(self, low: int, high: int, *, forward: bool = True) -> Slice:
        """A page of the events between two bytes, from the low end or from the high one.

        Both have to be bounds of events: what `span` and an earlier page's `position` say.
        """
        if low >= high:
            return Slice((), None)
        with self._log.open("rb") as file:
            low_now, high_now = self._page(file.fileno(), low, high, forward=forward)
            content = os.pread(file.fileno(), high_now - low_now, low_now)
        events = self._events(low_now, content)
        if len(events) > PAGE_EVENTS:
            if forward:
                return Slice(tuple(events[:PAGE_EVENTS]), start_of(events[PAGE_EVENTS]))
            return Slice(tuple(events[-PAGE_EVENTS:]), start_of(events[-PAGE_EVENTS]))
        position = high_now if forward else low_now
        return Slice(tuple(events), None if position == (high if forward else low) else position)

    def _page(self, handle: int, low: int, high: int, *, forward: bool) -> tuple[int, int]:
        """At most a page of bytes, but one event at least."""
        if high - low <= _PAGE_BYTES:
            return low, high
        if forward:
            place = os.pread(handle, _PAGE_BYTES, low).rfind(b"\n")
            if place >= 0:
                return low, low + place + 1
            # In the middle of an endless line: up to the last place where it was cut, the next one in any case.
            place = bisect_right(self._ends, low + _PAGE_BYTES) - 1
            return low, self._ends[max(place, bisect_right(self._ends, low))]
        bound = high - _PAGE_BYTES
        place = os.pread(handle, _PAGE_BYTES - 1, bound).find(b"\n")
        if place >= 0:
            return bound + place + 1, high
        place = min(bisect_left(self._ends, bound), bisect_left(self._ends, high) - 1)
        return max(self._ends[place] if place >= 0 else 0, low), high

    def _events(self, low: int, content: bytes) -> list[LogEvent]:
        events: list[LogEvent] = []
        host, stream = self.host, self.stream
        batch = bisect_right(self._ends, low)
        at = low
        while at < low + len(content):
            end = min(self._ends[batch], low + len(content))
            time = self._times[batch]
            lines = content[at - low : end - low].split(b"\n")
            if not lines[-1]:
                lines.pop()
            for line in lines:
                # What is not UTF-8 is kept too: byte for byte it can be had back.
                text = line.decode("utf-8", "surrogateescape")
                events.append(LogEvent(time, time, host, stream, text, f"{host}:{at}"))
                at += len(line) + 1
            at = end
            batch += 1
        return events


def start_of(event: LogEvent) -> int:
    """The byte at which an event begins."""
    return int(event.event_id.rpartition(":")[2])


def last_line(log: Path) -> str:
    """The last line of a `.log` that says something, empty where none does."""
    with suppress(OSError), log.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(size - 4096, 0))
        lines = [line.strip() for line in file.read().decode("utf-8", "replace").splitlines() if line.strip()]
        return lines[-1] if lines else ""
    return ""


def _last(index: Path) -> tuple[int, int]:
    with index.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        if size < _RECORD.size:
            return 0, 0
        file.seek(-_RECORD.size, os.SEEK_END)
        end, time = _RECORD.unpack(file.read(_RECORD.size))
    return end, time

"""A log that arrives in any order, given back in its own with little of it in memory."""

from __future__ import annotations

import marshal
import tempfile
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import repeat
from operator import itemgetter
from typing import IO

from tui.archive.merge import Run, in_order
from tui.model.logs import LogEvent

_RUN = 1000
_AT_HAND = 20_000
_time = itemgetter(0)


class Spool:
    """Events, each to be given once; the latest some thousands in memory, the others in a file without a name."""

    def __init__(self) -> None:
        self._at_hand: dict[str, list[LogEvent]] = {}
        self._count = 0
        self._runs: list[Run] = []
        self._file: IO[bytes] | None = None
        self._end = 0

    def add(self, events: Sequence[LogEvent]) -> None:
        """Takes events; those of one stream and one time in the order that they are to have."""
        for event in events:
            self._at_hand.setdefault(event.stream, []).append(event)
        self._count += len(events)
        if self._count >= _AT_HAND:
            self._put_away()

    def in_order(self, before_ms: int | None = None) -> Iterator[list[LogEvent]]:
        """The events before a time (ms), or all, as `event_order` has them; the spool has them no more."""
        self._put_away(keep=before_ms is None)
        self._runs.sort(key=_time)
        cut = len(self._runs) if before_ms is None else bisect_left(self._runs, before_ms, key=_time)
        ready, later = self._runs[:cut], self._runs[cut:]
        self._runs = []
        for events in in_order(ready):
            end = len(events) if before_ms is None else bisect_left(events, before_ms, key=_time)
            if end:
                yield events[:end]
            self.add(events[end:])
        self._put_away()
        self._runs += later  # behind what is left of the others: one time may go on from one run to the next

    def _put_away(self, *, keep: bool = False) -> None:
        for stream, events in self._at_hand.items():
            events.sort(key=_time)
            for begin in range(0, len(events), _RUN):
                run = events[begin : begin + _RUN]
                self._runs.append((run[0].timestamp, stream, partial(list, run) if keep else self._written(run)))
        self._at_hand, self._count = {}, 0

    def _written(self, run: list[LogEvent]) -> partial[list[LogEvent]]:
        """Puts a run into the file; where there is no room for one, it stays in memory."""
        # marshal, as it takes lone surrogates and nothing is faster; it never leaves this process.
        data = marshal.dumps([list(column) for column in zip(*run, strict=True)])
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 — it lives as long as the spool
            at = self._file.seek(self._end)
            if self._file.write(data) != len(data):
                raise OSError("no room for all of it")
        except OSError:
            return partial(list, run)
        self._end = at + len(data)
        return partial(_loaded, self._file, at, len(data))


def _loaded(file: IO[bytes], at: int, length: int) -> list[LogEvent]:
    file.seek(at)
    times, taken, hosts, streams, messages, _ = marshal.loads(file.read(length))
    return list(map(tuple.__new__, repeat(LogEvent), zip(times, taken, hosts, streams, messages, repeat(""))))

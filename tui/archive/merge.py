"""Many sorted runs of events as one log in order, with few of them in memory."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from operator import itemgetter

from tui.model.logs import LogEvent, host_number, host_of

Run = tuple[int, str, Callable[[], list[LogEvent]]]
"""A time (ms) that none of its events is before, the stream that all of it is of, and how to load it."""

_LEAST = 4096
_time = itemgetter(0)


def in_order(runs: Iterable[Run]) -> Iterator[list[LogEvent]]:
    """The events of all runs in the order of `event_order`, equals in the order of their runs.

    Args:
        runs: Ordered by that time; each in the order of its events' times.

    Yields:
        Lists of events, each behind the one before. In memory are the runs that overlap in time.
    """
    pools: dict[str, list[LogEvent]] = {}
    held, enough = 0, _LEAST
    for first, stream, load in runs:
        # Merging for every run would be quadratic where 200 hosts overlap: wait until the pools have doubled.
        if held >= enough:
            ready = _merge(pools, first)
            if ready:
                yield ready
                held -= len(ready)
            enough = max(_LEAST, 2 * held)
        events = load()
        held += len(events)
        pools.setdefault(stream, []).extend(events)
    if held:
        yield _merge(pools, None)


def _merge(pools: dict[str, list[LogEvent]], before: int | None) -> list[LogEvent]:
    """Takes all events before a time out of the pools, in order."""
    merged: list[LogEvent] = []
    # Sorting is stable: with the streams in their order, the time alone has to be compared.
    for stream in sorted(pools, key=lambda name: (host_number(host_of(name)), name)):
        pool = pools[stream]
        pool.sort(key=_time)
        cut = len(pool) if before is None else bisect_left(pool, before, key=_time)
        merged += pool[:cut]
        del pool[:cut]
    merged.sort(key=_time)
    return merged

"""Many sorted runs of events as one log in order, with few of them in memory."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from operator import itemgetter

from tui.model.logs import LogEvent, event_order

Run = tuple[int, Callable[[], list[LogEvent]]]
"""The time of a run's first event (ms), and how to load its events."""

_LEAST = 4096


def in_order(runs: Iterable[Run]) -> Iterator[list[LogEvent]]:
    """The events of all runs in the order of `event_order`, equals in the order of their runs.

    Args:
        runs: Ordered by the time of their first event.

    Yields:
        Lists of events, each behind the one before. In memory are the runs that overlap in time.
    """
    pool: list[LogEvent] = []
    enough = _LEAST
    for first, load in runs:
        # Sorting for every run would be quadratic where 200 hosts overlap: wait until the pool has doubled.
        if len(pool) >= enough:
            pool.sort(key=event_order)
            ready = bisect_left(pool, first, key=itemgetter(0))
            if ready:
                yield pool[:ready]
                del pool[:ready]
            enough = max(_LEAST, 2 * len(pool))
        pool += load()
    if pool:
        pool.sort(key=event_order)
        yield pool

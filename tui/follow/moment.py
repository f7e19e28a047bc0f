"""What a log says of a few seconds: the lines beside a model's answer."""

from __future__ import annotations

import time
from collections.abc import Callable

from tui.model.logs import LogAddress, LogEvent
from tui.sources.base import Source

_ASK_EVERY_S = 0.5
_PAGES = 5


def lines_of(
    source: Source,
    log: LogAddress,
    start_ms: int,
    *,
    wait_s: float = 3.0,
    most: int = 50,
    sleep: Callable[[float], object] = time.sleep,
) -> tuple[LogEvent, ...]:
    """The newest events of a log since a moment, oldest first.

    CloudWatch takes a line in a little after it was written: while there is none, it is asked again for a while.

    Args:
        source: Where the log is.
        log: Whose.
        start_ms: The moment, ms since the epoch by the source's clock.
        wait_s: How long to ask while there is nothing.
        most: How many events at most.
        sleep: Waits so many seconds.

    Raises:
        SourceError: It could not be read.
    """
    for _ in range(max(round(wait_s / _ASK_EVERY_S), 1)):
        if events := _read(source, log, start_ms, most):
            return events
        sleep(_ASK_EVERY_S)
    return _read(source, log, start_ms, most)


def _read(source: Source, log: LogAddress, start_ms: int, most: int) -> tuple[LogEvent, ...]:
    events: list[LogEvent] = []
    token: str | None = None
    for _ in range(_PAGES):
        page = source.read_recent(log, start_ms, source.now_ms() + 1000, token, from_head=False)
        events += page.events
        token = page.token
        if token is None or len(events) >= most:
            break
    return tuple(sorted(events, key=lambda event: event.timestamp)[-most:])

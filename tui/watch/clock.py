"""Time, as it is told to everything that asks what time it is: a test hands in a clock that stands still."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The time of day, aware, in UTC."""
    return datetime.now(timezone.utc)


def to_ms(moment: datetime) -> int:
    """ms since the epoch."""
    return int(moment.timestamp() * 1000)

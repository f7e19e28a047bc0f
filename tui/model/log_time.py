"""Moments that people type to go to in a log."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, tzinfo

_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,3}))?)?")
_LENGTH = re.compile(r"([-+])((?:\d+[dhms])+)")
_UNITS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}

EXAMPLES = "14:03   14:03:11   2026-11-22T14:03   +1h30m from the start   -10m from the end"


def moment(text: str, *, here_ms: int, first_ms: int, last_ms: int, zone: tzinfo | None = None) -> int | None:
    """The moment that a text means, in ms since the epoch; None when it means none.

    Args:
        text: A time of day, ISO 8601 (of `zone` unless it says another), or a length from the start or the end.
        here_ms: Where one is: a time of day is one of that day.
        first_ms: What `+10m` counts from.
        last_ms: What `-10m` counts from.
        zone: The zone of clock times, None for the machine's own.
    """
    text = text.strip()
    if match := _LENGTH.fullmatch(text):
        seconds = sum(int(number) * _UNITS[unit] for number, unit in re.findall(r"(\d+)([dhms])", match.group(2)))
        return first_ms + seconds * 1000 if match.group(1) == "+" else last_ms - seconds * 1000
    try:
        if match := _CLOCK.fullmatch(text):
            hour, minute, second, fraction = match.groups(default="0")
            then = datetime.fromtimestamp(here_ms / 1000, zone).replace(
                hour=int(hour), minute=int(minute), second=int(second), microsecond=0
            )
            then += timedelta(milliseconds=int(fraction.ljust(3, "0")))
        else:
            then = datetime.fromisoformat(text.replace("Z", "+00:00"))
            if then.tzinfo is None and zone is not None:
                then = then.replace(tzinfo=zone)
        return round(then.timestamp() * 1000)
    except (ValueError, OverflowError, OSError):
        return None

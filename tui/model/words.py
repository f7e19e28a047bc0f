"""Numbers, times and names as people read them: short, and the same everywhere."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

DASH = "–"
"""What stands where there is no value: never a zero that was not measured."""


def span(length: timedelta | float | None) -> str:
    """A length of time in at most six characters: `4s`, `41m`, `3h12m`, `2d5h`, `41d`.

    Args:
        length: A timedelta or seconds.
    """
    if length is None:
        return DASH
    exact = length.total_seconds() if isinstance(length, timedelta) else length
    if not math.isfinite(exact):
        return DASH
    seconds = int(exact)
    sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if minutes < 1:
        text = f"{seconds}s"
    elif minutes < 10 and seconds % 60:
        text = f"{minutes}m{seconds % 60:02d}s"
    elif hours < 1:
        text = f"{minutes}m"
    elif days < 1:
        text = f"{hours}h{minutes % 60:02d}m" if minutes % 60 else f"{hours}h"
    elif days < 10 and hours % 24:
        text = f"{days}d{hours % 24}h"
    else:
        text = f"{days}d"
    return sign + text


def number(value: float | None, width: int = 7) -> str:
    """A measured value in at most `width` characters, four significant digits: `1.243`, `3.1e-4`, `41,200`, `nan`."""
    if value is None:
        return DASH
    if math.isnan(value):
        return "nan"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    if value == 0:
        return "0"
    size = abs(value)
    if size < 1e-3:
        return _exponent(value, width)
    if size < 999.95:  # what rounds to a thousand is written as one
        return _fitting((f"{value:.{digits}g}" for digits in (4, 3, 2, 1)), width)
    text = f"{value:,.0f}"
    if len(text) <= width:
        return text
    for unit, scale in (("k", 1e3), ("M", 1e6), ("G", 1e9), ("T", 1e12)):
        if size < scale * 999.5:
            return f"{value / scale:.3g}{unit}"
    return _exponent(value, width)


def _exponent(value: float, width: int) -> str:
    parts = (f"{value:.{decimals}e}".split("e") for decimals in (1, 0))
    return _fitting((f"{mantissa}e{int(exponent)}" for mantissa, exponent in parts), width)


def _fitting(texts: Iterator[str], width: int) -> str:
    """The first that fits, else the last."""
    text = ""
    for text in texts:
        if len(text) <= width:
            break
    return text


def percent(value: float | None) -> str:
    """A percentage without decimals: `94%`."""
    return DASH if value is None or not math.isfinite(value) else f"{value:.0f}%"


def size(count: float | None) -> str:
    """Bytes: `512 B`, `1.5 KB`, `12 GB`."""
    if count is None or not math.isfinite(count):
        return DASH
    for unit in ("B", "KB", "MB", "GB"):
        if abs(count) < 1023.5:  # what rounds to 1024 is one of the next unit
            return f"{count:.0f} {unit}" if unit == "B" or abs(count) >= 9.95 else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} TB"


def cut(text: str, width: int) -> str:
    """A name cut in the middle, where names of one family differ least."""
    if len(text) <= width:
        return text
    if width <= 1:
        return "…"[:width]
    head = width // 2
    tail = width - head - 1
    return f"{text[:head]}…{text[len(text) - tail :] if tail else ''}"


def beginning(text: str, most: int) -> str:
    """At most so many characters from the beginning: a text of megabytes would keep the screen busy with itself."""
    return text if len(text) <= most else text[: most - 1] + "…"


def short_instance(instance_type: str) -> str:
    """`ml.p4d.24xlarge` → `p4d.24xl`, for narrow columns."""
    return instance_type.removeprefix("ml.").replace("xlarge", "xl")


def utc(moment: datetime) -> str:
    """ISO 8601 in UTC, to the second or finer where it is known: `2026-11-22T14:03:11Z`."""
    text = moment.astimezone(timezone.utc).isoformat(timespec="auto")
    return text.replace("+00:00", "Z")


def plural(count: int, word: str) -> str:
    """`1 job`, `2 jobs`."""
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"

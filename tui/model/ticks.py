"""Where an axis is marked, and what stands there: round values, clock times, spans since a start."""

from __future__ import annotations

import math
from datetime import datetime, timezone, tzinfo
from itertools import pairwise

_SECOND, _MINUTE, _HOUR, _DAY = 1_000, 60_000, 3_600_000, 86_400_000
_TIME_STEPS = (
    *(1, 2, 5, 10, 20, 50, 100, 200, 500),
    *(_SECOND * n for n in (1, 2, 5, 10, 15, 30)),
    *(_MINUTE * n for n in (1, 2, 5, 10, 15, 30)),
    *(_HOUR * n for n in (1, 2, 3, 6, 12)),
    *(_DAY * n for n in (1, 2, 7, 14, 30, 90, 365)),
)


def value_ticks(low: float, high: float, count: int, *, log: bool = False) -> list[tuple[float, str]]:
    """Round values between `low` and `high`, lowest first, each with its label; at most `count`, and 2 at least.

    The labels of one axis carry the same decimals, and tell their values apart.
    """
    values = _log_values(low, high, count) if log else []
    if len(values) >= 2:
        return [(value, _plain(value)) for value in values]
    values = _round_values(low, high, count)
    if len(values) < 2:
        values = [low, high]
    return list(zip(values, value_labels(values), strict=True))


def _round_values(low: float, high: float, count: int) -> list[float]:
    rough = (high / 2 - low / 2) / max(count, 1) * 2
    if not (math.isfinite(rough) and rough > 1e-300):
        return []
    power = 10.0 ** math.floor(math.log10(rough))
    for step in (power * factor for factor in (1, 2, 2.5, 5, 10, 20)):
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if last - first < count:
            return [index * step for index in range(first, last + 1)]
    return []


def _log_values(low: float, high: float, count: int) -> list[float]:
    bottom, top = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    if top - bottom + 1 > count:
        every = math.ceil((top - bottom + 1) / max(count, 1))
        return [10.0**power for power in range(bottom, top + 1, every)]
    for factors in ((1,), (1, 3), (1, 2, 5)):
        values = [factor * 10.0**power for power in range(bottom - 1, top + 1) for factor in factors]
        values = [value for value in values if low * 0.999999 <= value <= high * 1.000001]
        if len(values) >= min(count, 3):
            return values
    return []


def _plain(value: float) -> str:
    """A value of a log scale, where each tick has decimals of its own: `0.001`, `10`, `1e6`."""
    return f"{value:g}" if 1e-4 <= value < 1e5 else _exponent(value, [value])


def value_labels(values: list[float]) -> list[str]:
    """Labels of one axis: `0.5`, `1.0`; `20k`, `40k`; `2e-5`: as short as they can be and tell them apart."""
    largest = max(abs(value) for value in values)
    if largest == 0:
        return ["0" for _ in values]
    smallest = min((abs(value) for value in values if value), default=largest)
    if largest < 1e-3 or smallest < 1e-4 or largest >= 1e15:
        return [_exponent(value, values) for value in values]
    for limit, unit in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e4, "k"), (0.0, "")):
        if largest >= limit:
            scale = {"T": 1e12, "G": 1e9, "M": 1e6, "k": 1e3, "": 1.0}[unit]
            return [f"{text}{unit}" if text != "0" else text for text in _fixed([value / scale for value in values])]
    return _fixed(values)


def _fixed(values: list[float]) -> list[str]:
    gaps = [abs(right - left) for left, right in pairwise(values) if right != left]
    smallest = min(gaps, default=abs(values[0]) or 1.0)
    for decimals in range(13):
        texts = [f"{value:.{decimals}f}" for value in values]
        # Enough decimals for the smallest step, so that labels are as far apart as their values.
        if all(abs(float(text) - value) <= smallest / 100 for text, value in zip(texts, values, strict=True)):
            break
    return ["0" if float(text) == 0 else text for text in texts]


def _exponent(value: float, values: list[float]) -> str:
    if value == 0:
        return "0"
    for digits in range(13):
        texts = [f"{other:.{digits}e}" for other in values]
        if len(set(texts)) == len(set(values)):
            break
    mantissa, exponent = f"{value:.{digits}e}".split("e")
    return f"{mantissa}e{int(exponent)}"


def time_ticks(
    start: float, end: float, count: int, zone: tzinfo | None = None, origin: float | None = None
) -> list[tuple[float, str]]:
    """Round moments between `start` and `end` (ms), each with its label; at most about `count`.

    Args:
        start: The axis' left edge.
        end: Its right edge.
        count: How many labels there is room for.
        zone: The zone of the clock times, the machine's own by default.
        origin: Where given, the labels say the time since it: `10m`, `1h30m`.
    """
    rough = (end - start) / max(count, 1)
    step = next((step for step in _TIME_STEPS if step >= rough), None)
    if step is None:
        step = _TIME_STEPS[-1] * math.ceil(rough / _TIME_STEPS[-1])
    # Ticks are round in the clock that they are read in.
    shift = -origin if origin is not None else _offset_ms(start, zone)
    first = math.ceil((start + shift) / step - 1e-9) * step - shift
    moments = [first + index * step for index in range(math.floor((end - first) / step + 1e-9) + 1)]
    if origin is not None:
        return [(moment, since(moment - origin, step)) for moment in moments]
    return [(moment, clock(moment, zone, step)) for moment in moments]


def count_ticks(start: float, end: float, count: int) -> list[tuple[float, str]]:
    """Round steps or epochs between two places of an axis of thousandths of them, each with its label."""
    ticks = value_ticks(start / 1000, end / 1000, max(count, 1))
    return [(value * 1000, text) for value, text in ticks]


def count_words(place: float) -> str:
    """A place on an axis of thousandths of steps or epochs: `48,200`, `3.25`."""
    text = f"{place / 1000:,.3f}"
    return text.rstrip("0").rstrip(".")


def _moment(time_ms: float, zone: tzinfo | None) -> datetime:
    # A time of year 50,000 in a broken log must not end the program.
    bounded = min(max(time_ms / 1000, -60e9), 250e9)
    return datetime.fromtimestamp(bounded, timezone.utc).astimezone(zone)


def _offset_ms(time_ms: float, zone: tzinfo | None) -> float:
    offset = _moment(time_ms, zone).utcoffset()
    return offset.total_seconds() * 1000 if offset else 0.0


def clock(time_ms: float, zone: tzinfo | None = None, step: float = _SECOND) -> str:
    """A clock time as exact as a step of that many ms needs: `Nov 22`, `14:03`, `14:03:11`, `14:03:11.250`."""
    moment = _moment(time_ms, zone)
    if step >= _DAY or (step >= _HOUR and moment.hour == moment.minute == 0):
        return f"{moment:%b} {moment.day}" if step < 90 * _DAY else f"{moment:%Y-%m}"
    if step >= _MINUTE:
        return f"{moment:%H:%M}"
    if step >= _SECOND:
        return f"{moment:%H:%M:%S}"
    return f"{moment:%H:%M:%S}.{moment.microsecond // 1000:03d}"


def since(length_ms: float, step: float = _SECOND) -> str:
    """A time since a start, to the unit that a step needs: `0`, `250ms`, `90s`, `1h30m`, `2d6h`."""
    sign, length = ("-", -length_ms) if length_ms < 0 else ("", length_ms)
    if step < _SECOND:
        return f"{sign}{length / 1000:.3f}s" if length >= 1000 else f"{sign}{length:.0f}ms"
    days, rest = divmod(round(length), _DAY)
    hours, rest = divmod(rest, _HOUR)
    minutes, rest = divmod(rest, _MINUTE)
    parts = [(days, "d"), (hours, "h"), (minutes, "m"), (rest // _SECOND, "s")]
    texts = [f"{count}{unit}" for count, unit in parts if count]
    return sign + "".join(texts[:2]) if texts else "0"

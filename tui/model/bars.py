"""Small pictures of numbers in a row of text: a bar for a share, a sparkline for a history."""

from __future__ import annotations

import math
from collections.abc import Sequence

_EIGHTHS = " ▏▎▍▌▋▊▉█"
_LEVELS = "▁▂▃▄▅▆▇█"
_ASCII_LEVELS = "_.-=+*#"
BAD = "!"
"""What a sparkline shows for NaN and infinity."""


def bar(fraction: float | None, width: int, *, ascii_only: bool = False) -> str:
    """A bar of exactly `width` characters, filled to `fraction` of it: `███▎······`, or `###.......` in ASCII.

    Args:
        fraction: 0 to 1; what is below or above is drawn as empty or full, None and NaN as empty.
        width: Characters.
        ascii_only: For terminals and fonts without block characters.
    """
    if width <= 0:
        return ""
    if fraction is None or math.isnan(fraction):
        fraction = 0.0
    fraction = min(max(fraction, 0.0), 1.0)
    if ascii_only:
        full = round(fraction * width)
        return "#" * full + "." * (width - full)
    full, part = divmod(round(fraction * width * 8), 8)
    if fraction > 0 and full == part == 0:
        part = 1  # a little is not nothing
    drawn = "█" * full + (_EIGHTHS[part] if part else "")
    return drawn + "·" * (width - len(drawn))


def sparkline(
    values: Sequence[float | None],
    width: int,
    *,
    low: float | None = None,
    high: float | None = None,
    ascii_only: bool = False,
) -> str:
    """A history in at most `width` characters, the newest value last: `▇▆▅▄▃▃▂▂`.

    Where there are more values than characters, each character is the mean of its share of them, so the line keeps the
    trend; NaN and infinity among them are drawn as `!` and missing values as a space, because a mean would hide them.

    Args:
        values: Oldest first.
        width: Characters.
        low: The value at the foot; that of the lowest value by default.
        high: The value at the top; that of the highest value by default.
        ascii_only: For terminals and fonts without block characters.
    """
    if width <= 0 or not values:
        return ""
    cells = _cells(values, min(width, len(values)))
    numbers = [cell for cell in cells if cell is not None and math.isfinite(cell)]
    if numbers:
        low = min(numbers) if low is None else low
        high = max(numbers) if high is None else high
    levels = _ASCII_LEVELS if ascii_only else _LEVELS
    return "".join(_level(cell, low or 0.0, high or 0.0, levels) for cell in cells)


def _cells(values: Sequence[float | None], width: int) -> list[float | None]:
    cells: list[float | None] = []
    for index in range(width):
        share = values[index * len(values) // width : (index + 1) * len(values) // width]
        known = [value for value in share if value is not None]
        bad = next((value for value in known if not math.isfinite(value)), None)
        if bad is not None or not known:
            cells.append(bad)
        else:
            cells.append(math.fsum(value / len(known) for value in known))
    return cells


def _level(value: float | None, low: float, high: float, levels: str) -> str:
    if value is None:
        return " "
    if not math.isfinite(value):
        return BAD
    if high <= low:
        return levels[len(levels) // 2 - 1]  # a value that never moves stands in the middle
    # Halves, because the distance of two floats may be more than a float holds.
    share = (value / 2 - low / 2) / (high / 2 - low / 2)
    return levels[min(max(int(share * len(levels)), 0), len(levels) - 1)]

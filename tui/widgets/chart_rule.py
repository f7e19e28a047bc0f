"""The rule above a chart: its title, each series with its last value or that at the cursor, and what is special."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len

from tui.model import plot
from tui.model.clean import clean
from tui.model.series import Series
from tui.model.words import DASH, cut, number
from tui.widgets.chart_canvas import MARKS, mark

_TELLING = 8
"""Columns of a label below which its middle is cut away so far that it tells nothing."""

Run = tuple[str, str]
"""A text and its role: `rule`, `title`, `note`, `cursor`, or `s0` … `s7` for the series."""


def value_at(series: Series, time_ms: float | None, near_ms: float) -> float | None:
    """The value nearest to a time, None if it is further than `near_ms` away; without a time, the last value."""
    if time_ms is None:
        return series.last
    place = plot.nearest(series, time_ms)
    if place is None or abs(series.times[place] - time_ms) > near_ms:
        return None
    return series.values[place]


def value_words(value: float | None, unit: str) -> str:
    """`1.243`, `94%`, `912 ms`, `–`."""
    unit = clean(unit)
    return DASH if value is None else f"{number(value)}{unit if len(unit) < 2 else ' ' + unit}"


def rule(
    title: str,
    entries: Sequence[tuple[str, str]],
    width: int,
    *,
    cursor: str = "",
    notes: Sequence[str] = (),
    line: str = "─",
    ascii_only: bool = False,
) -> list[Run]:
    """The runs of a rule: `── loss ── train ● 1.243  validation ▲ 1.391 ── log ─────`.

    Args:
        title: What the series have in common.
        entries: The label and the value of each series.
        width: Columns; labels are cut so that the values have room, which are left out where labels would say nothing.
        cursor: The time at the cursor.
        notes: What is special about what is shown; empty ones are left out.
        line: What the rule is made of.
        ascii_only: Marks for terminals without block characters.
    """
    ends: Run = (line * (2 if width >= 50 else 1), "rule")
    runs = [ends]
    if title:
        around = 8 + cell_len(cursor) + sum(map(cell_len, notes))
        labelled = sum(cell_len(label) + 4 for label, _ in entries)
        if len(entries) > 2 and cell_len(title) > width - around - labelled:
            title = title.split(" ", 1)[0]  # which curve is which cannot be guessed, "a minute" can
        values = sum(cell_len(value) + 1 for _, value in entries)
        # A lone curve has no label, so that there is more room for the title.
        most = max(width // 3, width - around - labelled - values) if len(entries) > 1 else width - around - 6
        runs += [(f" {cut(title, max(most, 12))} ", "title"), ends]
    if cursor:
        runs += [(f" {cursor} ", "cursor"), ends]
    several = len(entries) > 1
    before = sum(cell_len(text) for text, _ in runs)
    labels = [cell_len(label) for label, _ in entries]
    left = width - before - 4 * len(entries)
    room = _room(labels, left - sum(len(value) + 1 for _, value in entries))
    if len(entries) > 2 and room < min(_TELLING, max(labels)):
        # Which curve is which comes before its value, which can be read off the axis.
        entries = [(label, "") for label, _ in entries]
        room = _room(labels, left)
    room = max(room, 4)
    for index, (label, value) in enumerate(entries):
        name = f" {cut(label, room)} {mark(index, ascii_only=ascii_only)}" if several else ""
        runs.append((f"{name} {value} " if value else f"{name} ", f"s{index % len(MARKS)}"))
    said = ", ".join(note for note in notes if note)
    if said:
        runs += [ends, (f" {said} ", "note")]
    used = sum(cell_len(text) for text, _ in runs)
    runs.append((line * max(width - used, 0), "rule"))
    return runs


def _room(lengths: Sequence[int], left: int) -> int:
    """The most that each label may take so that all fit: short ones leave what they do not need to the others."""
    for place, length in enumerate(sorted(lengths)):
        share = max(left, 0) // (len(lengths) - place)
        if length > share:
            return share
        left -= length
    return max(lengths, default=0)

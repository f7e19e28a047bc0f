"""What a table's columns and rows are, how columns share a line, and how a cell's text is made to fit."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from rich.cells import cell_len, get_character_cell_size, set_cell_size

from tui.model.clean import clean

GAP = 2
"""Cells between two columns; the header's sort sign may stand in the first of them."""

_MOST_RAW = 4096  # of a longer text nobody sees the rest; cleaning it all would cost a frame

Cell = str | tuple[str, str]
"""A cell's text, or its text and the name of a style (see `ResourceTable.STYLES`)."""

SortValue = str | float | None


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    Attributes:
        key: Its name in code.
        title: Its heading, with the unit where there is one. Empty for a column that one cannot sort by.
        width: The least it needs, in terminal cells.
        most: Up to how wide it grows where there is room; 0 means never beyond `width`.
        align: Numbers stand right.
        priority: Columns with the highest number go first when the line is too short; 0 stays.
        cut: What of a text that is too long goes: the `middle` (names), the `end`, or the `start`
            (sparklines, whose newest value is last).
        descending: Whether the first sort by it starts with the largest.
        eager: Whether it grows before the others, into half of the room: a few words that say little when cut.
    """

    key: str
    title: str
    width: int
    most: int = 0
    align: Literal["left", "right"] = "left"
    priority: int = 0
    cut: Literal["middle", "end", "start"] = "end"
    descending: bool = False
    eager: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table.

    Attributes:
        key: What tells it from all others: a job's or an endpoint's name.
        cells: A cell for each column, or what makes them: called for rows on screen alone, whenever they are
            looked at, so that ten thousand rows need not be formatted and ages can grow.
        sort: A value for each column; where missing, the column cannot be sorted by. None and nan come last.
    """

    key: str
    cells: tuple[Cell, ...] | Callable[[], tuple[Cell, ...]]
    sort: tuple[SortValue, ...] = ()

    def drawn(self) -> tuple[Cell, ...]:
        """The cells as they are now."""
        return self.cells() if callable(self.cells) else self.cells


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a column stands: its place among all columns, and the cells it takes in the line."""

    column: Column
    index: int
    start: int
    width: int


def place(columns: Sequence[Column], width: int, start: int = 0) -> tuple[Placed, ...]:
    """Shares a line between columns: the least important give way, then the growing ones take what is left.

    Args:
        columns: From left to right.
        width: Of the whole line.
        start: Where the first column begins.
    """
    kept = list(enumerate(columns))

    def needed() -> int:
        return start + sum(column.width + GAP for _, column in kept) - GAP

    while needed() > width:
        last = max(kept, key=lambda entry: (entry[1].priority, entry[0]), default=None)
        if last is None or last[1].priority == 0:
            break
        kept.remove(last)
    spare = max(width - needed(), 0)
    widths, half = {}, spare // 2
    for index, column in sorted(kept, key=lambda entry: not entry[1].eager):
        grown = min(half if column.eager else spare, max(column.most - column.width, 0))
        spare -= grown
        half -= grown
        widths[index] = column.width + grown
    placed = []
    for index, column in kept:
        placed.append(Placed(column, index, start, widths[index]))
        start += widths[index] + GAP
    return tuple(placed)


def fit(text: str, width: int, align: str = "left", cut: str = "end") -> str:
    """A text of exactly `width` terminal cells, safe to draw whatever it was."""
    text = text[-_MOST_RAW:] if cut == "start" else text[:_MOST_RAW]
    text = clean(text)
    length = cell_len(text)
    if length > width:
        text = _shortened(text, width, cut)
        length = cell_len(text)
    padding = " " * (width - length)
    return padding + text if align == "right" else text + padding


def _shortened(text: str, width: int, cut: str) -> str:
    if width <= 1:
        return "…"[: max(width, 0)]
    if cut == "start":
        return _last(text, width)
    if cut == "middle" and width > 4:
        tail = _last(text, width - width // 2 - 1)
        return _first(text, width - 1 - cell_len(tail)) + "…" + tail
    return _first(text, width - 1) + "…"


def _first(text: str, width: int) -> str:
    return set_cell_size(text[: 4 * width], width).rstrip(" ") if cell_len(text) > width else text


def _last(text: str, width: int) -> str:
    taken = 0
    for index in range(len(text) - 1, max(len(text) - 4 * width, 0) - 1, -1):
        taken += get_character_cell_size(text[index])
        if taken > width:
            return text[index + 1 :]
    return text[-4 * width :]


def sort_rows(rows: Sequence[Row], index: int, descending: bool) -> list[Row]:
    """The rows by one column, equal ones in the order they came, those without a value last either way."""

    def value(row: Row) -> SortValue:
        found = row.sort[index] if index < len(row.sort) else None
        return None if isinstance(found, float) and math.isnan(found) else found

    known = [(value(row), row) for row in rows]
    texts = [entry for entry in known if isinstance(entry[0], str)]
    numbers = [entry for entry in known if entry[0] is not None and not isinstance(entry[0], str)]
    texts.sort(key=lambda entry: str(entry[0]).casefold(), reverse=descending)
    numbers.sort(key=lambda entry: float(entry[0] or 0), reverse=descending)
    return [row for _, row in [*numbers, *texts]] + [row for found, row in known if found is None]

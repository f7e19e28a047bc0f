"""How a table's header and rows look as segments of a line: pure functions of what stands in them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rich.segment import Segment
from rich.style import Style

from tui.widgets.columns import GAP, Cell, Placed, fit

CURSOR, MARK, UP, DOWN = "▸", "*", "▲", "▼"
GUTTER = 3
"""Cells before the first column: the cursor, the mark, a space."""


@dataclass(frozen=True, slots=True)
class Line:
    """All that a row's line on screen depends on: two that are equal look the same."""

    cells: tuple[Cell, ...]
    selected: bool
    marked: bool


def header_segments(
    placed: tuple[Placed, ...], order: tuple[str, bool] | None, plain: Style, lit: Style
) -> list[Segment]:
    """The headings, the one sorted by in `lit` and with a sign that needs no room of its own."""
    segments = [Segment(" " * GUTTER, plain)]
    key, descending = order or ("", False)
    for each in placed:
        title = each.column.title
        if each.column.align == "right":
            title = title.rjust(each.width)
        is_sorted = each.column.key == key
        if is_sorted:
            title += DOWN if descending else UP
        room = each.width + GAP
        segments.append(Segment(title.ljust(room)[:room], lit if is_sorted else plain))
    return segments


def row_segments(
    line: Line, placed: tuple[Placed, ...], base: Style, styled: Callable[[str, Style], Style]
) -> list[Segment]:
    """A row: cursor and mark, then a cell for each column that fits.

    Args:
        line: What stands in it.
        placed: The columns.
        base: The style of the row.
        styled: The style of a cell, from its style name and the row's style.
    """
    signs = (CURSOR if line.selected else " ") + (MARK if line.marked else " ")
    segments = [Segment(signs.ljust(GUTTER), base)]
    for each in placed:
        cell = line.cells[each.index] if each.index < len(line.cells) else ""
        text, name = (cell, "") if isinstance(cell, str) else cell
        text = fit(text, each.width, each.column.align, each.column.cut)
        segments += [Segment(text, styled(name, base) if name else base), Segment(" " * GAP, base)]
    return segments

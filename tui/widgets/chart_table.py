"""A small table beside charts: a column a curve, headed by its mark; a line a name, under headings."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tui.model.clean import clean
from tui.model.words import beginning, cut
from tui.widgets.chart_canvas import mark

COLOURS = (
    *("$text-primary", "$text-warning", "$text-success", "$text-accent"),
    *("$text-secondary", "$foreground", "$primary", "$success"),
)
"""The colours of the curves of a chart, in their order."""
_TITLE = 24
_CELL = 16

Table = Sequence[tuple[str, Sequence[tuple[str, Sequence[str]]]]]
"""Headings, each with its lines: a name and a cell a curve, as they came from outside."""


class ChartTable(VerticalScroll, can_focus=True):
    """What the curves of a chart stand for, in numbers."""

    BINDINGS = [
        Binding("j,down", "scroll_down", "down", id="compared.down", show=False),
        Binding("k,up", "scroll_up", "up", id="compared.up", show=False),
        Binding("g,home", "scroll_home", "top", id="compared.top", show=False),
        Binding("G,end", "scroll_end", "bottom", id="compared.bottom", show=False),
        Binding("left", "scroll_left", "left", id="compared.left", show=False),
        Binding("right", "scroll_right", "right", id="compared.right", show=False),
    ]
    DEFAULT_CSS = """
    ChartTable { padding: 0 1; overflow-x: auto; scrollbar-size: 0 1; }
    ChartTable Static { width: auto; }
    """

    def __init__(self, *, ascii_only: bool = False) -> None:
        super().__init__()
        self._static = Static("", markup=False)
        self._ascii_only = ascii_only
        self._shown: Content | None = None

    def compose(self) -> ComposeResult:
        """One text."""
        yield self._static

    def show(self, table: Table, curves: int) -> int:
        """Draw these, if they differ from what is there; headings without lines are left out. Returns the lines."""
        lines = [line for _, rows in table for line in rows]
        width = min(max((len(clean(name)) for name, _ in lines), default=0), _TITLE)
        widths = [
            min(max((len(clean(cells[column])) for _, cells in lines), default=1), _CELL) for column in range(curves)
        ]
        widths = [max(each, 6) for each in widths]
        drawn = []
        for heading, rows in table:
            if not rows:
                continue
            head: list[tuple[str, str]] = [(f"{cut(heading, width + 2):<{width + 2}}", "bold $accent")]
            head += [
                (f"  {f'{column + 1} {mark(column, ascii_only=self._ascii_only)}':>{widths[column]}}", COLOURS[column])
                for column in range(curves)
            ]
            drawn.append(Content.assemble(*head))
            for name, cells in rows:
                parts = [
                    f"  {cut(cleaned, each):>{each}}"
                    for cleaned, each in zip(map(_cleaned, cells), widths, strict=True)
                ]
                title = f"  {cut(clean(name), width):<{width}}"
                drawn.append(Content.assemble((title, "$text-muted"), "".join(parts)))
        said = Content("\n").join(drawn)
        if said != self._shown:
            self._shown = said
            self._static.update(said)
        return len(drawn)


def _cleaned(cell: str) -> str:
    return clean(beginning(cell, 256))

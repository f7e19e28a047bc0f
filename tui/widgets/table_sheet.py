"""The rows of a table as they are drawn: which are on screen, and what they look like there."""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.widgets.columns import Column, Placed, Row, fit, place
from tui.widgets.table_lines import GUTTER, Line, header_segments, row_segments

HEADER = 1
"""Lines above the rows."""


class TableSheet(ScrollView, can_focus=True, inherit_bindings=False):
    """Draws the rows on screen under a header that stays; nothing moves by itself."""

    ALLOW_SELECT = False

    STYLES = ("good", "busy", "warning", "bad", "muted", "strong")
    """What a cell may be drawn as; each is a component class, `resource-table--good` and so on."""

    COMPONENT_CLASSES = {
        "resource-table--header",
        "resource-table--sorted",
        "resource-table--cursor",
        "resource-table--empty",
        *(f"resource-table--{style}" for style in STYLES),
    }

    DEFAULT_CSS = """
    TableSheet {
        background: $background;
        color: $foreground;
        overflow-x: hidden;
        scrollbar-size-vertical: 1;
        & > .resource-table--header { color: $text-muted; }
        & > .resource-table--sorted { color: $foreground; text-style: bold; }
        & > .resource-table--empty { color: $text-muted; }
        & > .resource-table--cursor { background: $surface; text-style: bold; }
        &:focus > .resource-table--cursor { background: $panel; text-style: bold; }
        & > .resource-table--good { color: $text-success; }
        & > .resource-table--busy { color: $text-primary; }
        & > .resource-table--warning { color: $text-warning; }
        & > .resource-table--bad { color: $text-error; }
        & > .resource-table--muted { color: $text-muted; }
        & > .resource-table--strong { text-style: bold; }
    }
    """

    selected: reactive[str | None] = reactive(None, repaint=False, init=False)
    """The key of the row under the cursor, None in an empty table. Set it to move there; unknown keys are ignored."""

    def __init__(self, columns: Sequence[Column], empty: str) -> None:
        super().__init__()
        self._columns = tuple(columns)
        self._rows: list[Row] = []
        self._marks: frozenset[str] = frozenset()
        self._order: tuple[str, bool] | None = None
        self._empty = empty
        self._painted: dict[int, Line | None] = {}
        self._base_style: Style | None = None

    def tick(self) -> None:
        """Looks again at the rows on screen, whose cells may depend on the time, and draws those that changed."""
        for y in range(HEADER, self.size.height):
            if y not in self._painted or self._painted[y] != self._line(y):
                self.refresh(Region(0, y, self.size.width, 1))

    @property
    def visible_keys(self) -> tuple[str, ...]:
        """The keys of the rows on screen, from top to bottom."""
        top = self.scroll_offset.y
        return tuple(row.key for row in self._rows[top : top + self._page])

    @property
    def visible_columns(self) -> tuple[str, ...]:
        """The keys of the columns that fit, from left to right."""
        return tuple(placed.column.key for placed in self._placed)

    def width_of(self, key: str) -> int:
        """How many cells a column has on this screen, 0 where it has none."""
        return next((placed.width for placed in self._placed if placed.column.key == key), 0)

    @property
    def _page(self) -> int:
        return max(self.size.height - HEADER, 1)

    @property
    def _placed(self) -> tuple[Placed, ...]:
        return place(self._columns, self.size.width - self.scrollbar_size_vertical, GUTTER)

    def _line(self, y: int) -> Line | None:
        index = y - HEADER + self.scroll_offset.y
        if index >= len(self._rows):
            return None
        row = self._rows[index]
        return Line(row.drawn(), row.key == self.selected, row.key in self._marks)

    def render_line(self, y: int) -> Strip:
        """One line of what is on screen; 0 is the header, wherever one has scrolled to."""
        if y < HEADER:
            return self._drawn_header()
        line = self._painted[y] = self._line(y)
        if line is not None:
            return self._drawn_row(line)
        if y == HEADER and not self._rows and self._empty:
            style = self.get_component_rich_style("resource-table--empty")
            return self._strip([Segment(" " * GUTTER + fit(self._empty, self.size.width - GUTTER), style)])
        return self._strip([])

    def _base(self) -> Style:
        # Asked for with every line; the widget finds it by walking up to the screen each time.
        if self._base_style is None:
            self._base_style = self.rich_style
        return self._base_style

    def notify_style_update(self) -> None:
        """Another theme, another style: what was remembered of the last one is forgotten."""
        self._base_style = None
        super().notify_style_update()

    def _drawn_header(self) -> Strip:
        plain, lit = (self.get_component_rich_style(f"resource-table--{part}") for part in ("header", "sorted"))
        return self._strip(header_segments(self._placed, self._order, plain, lit))

    def _drawn_row(self, line: Line) -> Strip:
        base = self.get_component_rich_style("resource-table--cursor") if line.selected else self._base()
        return self._strip(row_segments(line, self._placed, base, self._cell_style), base)

    def _cell_style(self, name: str, base: Style) -> Style:
        if name not in self.STYLES:
            return base
        own = self.get_component_rich_style(f"resource-table--{name}")
        return own + Style(bgcolor=base.bgcolor, bold=base.bold or own.bold)

    def _strip(self, segments: list[Segment], base: Style | None = None) -> Strip:
        return Strip(segments).adjust_cell_length(self.size.width, base or self._base())

"""A table of jobs or endpoints that draws only the rows on screen: ten thousand cost no more than forty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.timer import Timer

from tui.widgets.columns import GAP, Column, Placed, Row, fit, place, sort_rows
from tui.widgets.table_lines import GUTTER, Line, header_segments, row_segments

_HEADER = 1
_SETTLE_S = 0.1  # how long the visible rows must stay the same before the screen asks AWS about them


class ResourceTable(ScrollView, can_focus=True, inherit_bindings=False):
    """Rows under a header that stays, one of them selected, any of them marked.

    Give it rows with `show`, as often as wanted: selection, marks and the place on screen stay, and only
    lines that look different are drawn again. All text is cleaned and drawn as it is, never as markup.
    """

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
    ResourceTable {
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

    BINDINGS = [
        Binding("j,down", "move(1)", "down", id="table.down", show=False),
        Binding("k,up", "move(-1)", "up", id="table.up", show=False),
        Binding("g,home", "edge(-1)", "top", id="table.top", show=False),
        Binding("G,end", "edge(1)", "bottom", id="table.bottom", show=False),
        Binding("ctrl+d", "page(0.5)", "half a page down", id="table.half-down", show=False),
        Binding("ctrl+u", "page(-0.5)", "half a page up", id="table.half-up", show=False),
        Binding("pagedown", "page(1)", "page down", id="table.page-down", show=False),
        Binding("pageup", "page(-1)", "page up", id="table.page-up", show=False),
        Binding("enter", "open", "open", id="table.open"),
        Binding("space", "mark", "mark", id="table.mark"),
        Binding("s", "sort_next", "sort", id="table.sort"),
        Binding("o", "sort_reverse", "reverse the order", id="table.reverse", show=False),
    ]

    selected: reactive[str | None] = reactive(None, repaint=False, init=False)
    """The key of the row under the cursor, None in an empty table. Set it to move there; unknown keys are ignored."""

    @dataclass
    class Event(Message):
        """What all messages of a table have."""

        table: ResourceTable

        @property
        def control(self) -> ResourceTable:
            """The table, for `@on` with a selector."""
            return self.table

    @dataclass
    class Selected(Event):
        """The cursor stands on another row; None in a table that has become empty."""

        key: str | None

    @dataclass
    class Opened(Event):
        """Enter, or a double click, on a row."""

        key: str

    @dataclass
    class Marked(Event):
        """Rows were marked or unmarked; `keys` are all that are marked now, on screen or not."""

        keys: frozenset[str]

    @dataclass
    class VisibleChanged(Event):
        """Other rows are on screen, and have been for a moment: these are worth asking AWS about."""

        keys: tuple[str, ...]

    def __init__(self, columns: Sequence[Column], *, empty: str = "", marking: bool = True) -> None:
        """Makes an empty table.

        Args:
            columns: From left to right.
            empty: What stands in its place while there are no rows.
            marking: Whether rows can be marked: not where nothing is done with marks.
        """
        super().__init__()
        self._columns = tuple(columns)
        self._marking = marking
        self._given: Sequence[Row] = ()
        self._rows: list[Row] = []
        self._index: dict[str, int] = {}
        self._marks: frozenset[str] = frozenset()
        self._order: tuple[str, bool] | None = None
        self._empty = empty
        self._painted: dict[int, Line | None] = {}
        self._told: tuple[str, ...] = ()
        self._settling: Timer | None = None
        self._base_style: Style | None = None
        self._used = False

    # What it shows

    def show(self, rows: Sequence[Row], *, empty: str | None = None, settled: bool = True) -> None:
        """Shows these rows instead, in their order or in the one chosen by column.

        The selected row stays selected, and on the same line of the screen while other rows come and go; if it
        is gone, the nearest that is left takes its place. Of rows with one key, the last counts.

        Args:
            rows: All rows.
            empty: What to say when there are none, such as `no training jobs match status:failed`.
            settled: Whether the rows are in the order that they will have. Until they are, the cursor stays on the
                first row, whichever that is, for as long as nobody has moved it.
        """
        self._given = rows
        if empty is not None and empty != self._empty:
            self._empty = empty
            self._painted.clear()
        self._arrange(first=not settled and not self._used)

    def tick(self) -> None:
        """Looks again at the rows on screen, whose cells may depend on the time, and draws those that changed."""
        for y in range(_HEADER, self.size.height):
            if y not in self._painted or self._painted[y] != self._line(y):
                self.refresh(Region(0, y, self.size.width, 1))

    @property
    def row_count(self) -> int:
        """How many rows there are, on screen or not."""
        return len(self._rows)

    @property
    def keys(self) -> tuple[str, ...]:
        """All keys, in the order shown."""
        return tuple(row.key for row in self._rows)

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
    def marked(self) -> frozenset[str]:
        """The marked keys, those of rows that a filter hides among them."""
        return self._marks

    def mark(self, keys: frozenset[str]) -> None:
        """Marks these rows and no others."""
        if keys != self._marks:
            self._marks = keys
            self.tick()
            self.post_message(self.Marked(self, keys))

    @property
    def order(self) -> tuple[str, bool] | None:
        """The column sorted by and whether largest come first; None for the order that the rows came in."""
        return self._order

    def sort_by(self, key: str | None, descending: bool | None = None) -> None:
        """Sorts by a column, largest first or not (None: as the column prefers); by none, as the rows came."""
        column = next((column for column in self._columns if column.key == key), None)
        if column is None:
            self._order = None
        else:
            self._order = (column.key, column.descending if descending is None else descending)
        self._arrange(keep_top=True)
        self.refresh(Region(0, 0, self.size.width, _HEADER))

    def _arrange(self, *, keep_top: bool = False, first: bool = False) -> None:
        """Orders the rows anew, finds the selected row's place among them, and keeps the view where it was.

        Args:
            keep_top: Whether a cursor on the first row stays on the first row rather than with its row.
            first: Whether the cursor goes to the first row wherever it is.
        """
        before, index_before, top = self._rows, self._index, self.scroll_offset.y
        was = index_before.get(self.selected, 0) if self.selected is not None else 0
        in_view = top <= was < top + self._page

        # A job that was created between two pages of the list stands on both.
        rows = list({row.key: row for row in self._given}.values())
        if self._order is not None:
            key, descending = self._order
            number = next(number for number, column in enumerate(self._columns) if column.key == key)
            rows = sort_rows(rows, number, descending)
        self._rows = rows
        self._index = {row.key: index for index, row in enumerate(rows)}
        self.virtual_size = Size(0, len(rows) + _HEADER)

        stays_first = first or not before or (keep_top and was == 0)
        if not rows:
            self.selected = None
        else:
            self.selected = rows[0].key if stays_first else self._nearest(before, was)
        if top > 0:  # at the top one stays at the top, and sees what is new
            if in_view:
                top += self._index.get(self.selected or "", 0) - was
            elif top < len(before):
                top = self._index.get(before[top].key, top)
        self.scroll_to(y=top, animate=False)
        if in_view:
            self._reveal()
        self.tick()
        self._settle()

    def _nearest(self, before: Sequence[Row], was: int) -> str:
        """The key of the row that stood at `was`, or of the nearest below, or above, that is still there."""
        for row in before[was:]:
            if row.key in self._index:
                return row.key
        for row in reversed(before[:was]):
            if row.key in self._index:
                return row.key
        return self._rows[0].key

    # The cursor

    def validate_selected(self, key: str | None) -> str | None:
        """Keeps the cursor on a row that is there."""
        if key in self._index:
            return key
        return self.selected if self.selected in self._index else None

    def watch_selected(self) -> None:
        """Draws the cursor where it is now and says so."""
        self._reveal()
        self.tick()
        self.post_message(self.Selected(self, self.selected))

    @property
    def _cursor(self) -> int:
        return self._index.get(self.selected, 0) if self.selected is not None else 0

    @property
    def _page(self) -> int:
        return max(self.size.height - _HEADER, 1)

    def _reveal(self) -> None:
        """Scrolls just as far as it takes to have the cursor on screen."""
        top, cursor = self.scroll_offset.y, self._cursor
        top = min(max(top, cursor - self._page + 1), cursor)
        if top != self.scroll_offset.y:
            self.scroll_to(y=top, animate=False)

    def _move_to(self, index: int) -> None:
        self._used = True
        if self._rows:
            self.selected = self._rows[min(max(index, 0), len(self._rows) - 1)].key
            self._reveal()

    def action_move(self, rows: int) -> None:
        """Moves the cursor down by some rows, or up where negative."""
        self._move_to(self._cursor + rows)

    def action_edge(self, direction: int) -> None:
        """Moves to the last row (1) or to the first (-1)."""
        self._move_to(len(self._rows) - 1 if direction > 0 else 0)

    def action_page(self, pages: float) -> None:
        """Moves by pages, the view with the cursor."""
        step = int(self._page * pages)
        self.scroll_to(y=self.scroll_offset.y + step, animate=False)
        self._move_to(self._cursor + step)

    def action_open(self) -> None:
        """Opens the selected row."""
        self._used = True
        if self.selected is not None:
            self.post_message(self.Opened(self, self.selected))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """No key marks where marks are of no use."""
        return super().check_action(action, parameters) if self._marking or action != "mark" else False

    def action_mark(self) -> None:
        """Marks the selected row, or takes its mark away."""
        if self.selected is not None:
            self.mark(self._marks ^ {self.selected})

    def action_sort_next(self) -> None:
        """Sorts by the next column on screen; after the last, by none."""
        keys: list[str | None] = [placed.column.key for placed in self._placed if placed.column.title]
        current = self._order[0] if self._order else None
        self.sort_by([*keys, None][(keys.index(current) + 1) if current in keys else 0])

    def action_sort_reverse(self) -> None:
        """Turns the order round."""
        if self._order is not None:
            key, descending = self._order
            self.sort_by(key, not descending)

    def on_click(self, event: events.Click) -> None:
        """Selects a row, opens it on a double click, sorts by a heading."""
        offset = event.get_content_offset(self)
        if offset is None:
            return
        index = offset.y - _HEADER + self.scroll_offset.y
        if offset.y < _HEADER:
            self._click_heading(offset.x)
        elif index < len(self._rows):
            self._move_to(index)
            if event.chain == 2:
                self.action_open()

    def _click_heading(self, x: int) -> None:
        for placed in self._placed:
            if placed.start <= x < placed.start + placed.width + GAP and placed.column.title:
                if self._order is not None and self._order[0] == placed.column.key:
                    self.action_sort_reverse()
                else:
                    self.sort_by(placed.column.key)

    # What is on screen

    @property
    def _placed(self) -> tuple[Placed, ...]:
        return place(self._columns, self.size.width - self.scrollbar_size_vertical, GUTTER)

    def on_resize(self) -> None:
        """Keeps the cursor on screen; other rows may be on screen now."""
        self._reveal()
        self._settle()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Other rows are on screen now."""
        super().watch_scroll_y(old_value, new_value)
        self._settle()

    def _settle(self) -> None:
        """Tells which rows are on screen once they have stayed for a moment."""
        if self._settling is not None:
            self._settling.stop()
            self._settling = None
        if self.is_running and self.visible_keys != self._told:
            self._settling = self.set_timer(_SETTLE_S, self._tell)

    def _tell(self) -> None:
        self._settling = None
        self._told = self.visible_keys
        self.post_message(self.VisibleChanged(self, self._told))

    def _line(self, y: int) -> Line | None:
        index = y - _HEADER + self.scroll_offset.y
        if index >= len(self._rows):
            return None
        row = self._rows[index]
        return Line(row.drawn(), row.key == self.selected, row.key in self._marks)

    def render_line(self, y: int) -> Strip:
        """One line of what is on screen; 0 is the header, wherever one has scrolled to."""
        if y < _HEADER:
            return self._drawn_header()
        line = self._painted[y] = self._line(y)
        if line is not None:
            return self._drawn_row(line)
        if y == _HEADER and not self._rows and self._empty:
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

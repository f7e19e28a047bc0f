"""A table of jobs or endpoints that draws only the rows on screen: ten thousand cost no more than forty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual import events
from textual.binding import Binding
from textual.geometry import Region, Size
from textual.message import Message
from textual.timer import Timer

from tui.widgets.columns import GAP, Column, Row, sort_rows
from tui.widgets.table_sheet import HEADER, TableSheet

_SETTLE_S = 0.1  # how long the visible rows must stay the same before the screen asks AWS about them


class ResourceTable(TableSheet):
    """Rows under a header that stays, one of them selected, any of them marked.

    Give it rows with `show`, as often as wanted: selection, marks and the place on screen stay, and only
    lines that look different are drawn again. All text is cleaned and drawn as it is, never as markup.
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
        super().__init__(columns, empty)
        self._marking = marking
        self._given: Sequence[Row] = ()
        self._index: dict[str, int] = {}
        self._told: tuple[str, ...] = ()
        self._settling: Timer | None = None
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

    @property
    def row_count(self) -> int:
        """How many rows there are, on screen or not."""
        return len(self._rows)

    @property
    def keys(self) -> tuple[str, ...]:
        """All keys, in the order shown."""
        return tuple(row.key for row in self._rows)

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
        self.refresh(Region(0, 0, self.size.width, HEADER))

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
        self.virtual_size = Size(0, len(rows) + HEADER)

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
        index = offset.y - HEADER + self.scroll_offset.y
        if offset.y < HEADER:
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

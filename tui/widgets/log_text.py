"""The lines of a log on screen as a person moves among them: scrolling, a cursor, a selection, following."""

from __future__ import annotations

from dataclasses import replace

from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.scrollbar import ScrollBar
from textual.widget import Widget

from tui.model.log_buffer import Anchor
from tui.model.log_lines import LogLines, Matches
from tui.widgets.log_draw import Setting, setting_of_hosts, signs_width
from tui.widgets.log_sheet import LogSheet

_WIDEST = 1_000_000


class LogText(LogSheet):
    """The lines of a `LogLines`. It knows nothing of where they come from and why they are these."""

    class Moved(Message):
        """The person moved the cursor."""

    class FollowingChanged(Message):
        """It follows now, or does not any more."""

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        self._thumb: object = None
        self._placing = False
        self._stays_on_top = False
        self._height_before = 0
        self._paused_at: Anchor | None = None
        self.moves = 0
        """How often the cursor was moved."""

    # What is shown

    def show(self, lines: LogLines) -> None:
        """Show these lines instead.

        The end where it follows, the beginning where that was asked for last, else what was in sight before.
        """
        old = self.lines
        kept: list[Anchor] = []
        if len(old) and not self.following:
            spots = (self.top, self.cursor, self.cursor if self._selected_from is None else self._selected_from)
            kept = [old.rows.anchor(old.row(min(line, len(old) - 1))) for line in spots]
        if lines.rows.table is not old.rows.table or len(lines.rows.table) != len(self.setting.hosts):
            self.change(replace(setting_of_hosts(self.setting, lines.rows.table)), draw=False)
        self.lines = lines
        last = max(len(lines) - 1, 0)
        if kept:
            top, cursor, selected = (min(lines.line(lines.rows.locate(anchor)), last) for anchor in kept)
            self._selected_from = None if self._selected_from is None else selected
            if self._stays_on_top:
                top = cursor = 0
        else:
            top, cursor = last, last
        self._resize()
        self._place(top, cursor)
        self._look_again()

    def change(self, setting: Setting, *, draw: bool = True) -> None:
        """Draw the lines another way from now on."""
        if setting == self.setting:
            return
        top, wrapped = self.top, self.setting.wrap
        self.setting = setting
        self._strips.clear()
        if draw:
            self._resize()
            if setting.wrap != wrapped:
                self._placing = True
                self.scroll_x = self.scroll_target_x = 0
                self._placing = False
            self._place(top, self.cursor)
            self._in_sight = None
            self.refresh()

    def mark(self, matches: Matches | None) -> None:
        """Mark what this search found, as far as it has looked."""
        self.matches = matches
        self._look_again()

    @property
    def new_below(self) -> int:
        """How many lines have come at the end since it stopped following."""
        if self.following or self._paused_at is None or not len(self.lines):
            return 0
        last = self.lines.line(self.lines.rows.locate(self._paused_at))
        return max(len(self.lines) - 1 - last, 0)

    @property
    def selecting(self) -> bool:
        """Whether more than the cursor's line is meant."""
        return self._selected_from is not None

    def unselect(self) -> None:
        """Nothing is selected any more."""
        self._selected_from = None
        self.refresh()

    # Moving

    def move(self, line: int, *, select: bool = False, centre: bool = False) -> None:
        """Move the cursor to a line and bring that into sight; it follows no more unless it was and still is the last.

        Args:
            line: Any number; the nearest line is taken.
            select: Select what lies between.
            centre: Put it into the middle if it was out of sight.
        """
        last = max(len(self.lines) - 1, 0)
        line = min(max(line, 0), last)
        self.moves += 1
        self._stays_on_top = False
        self._selected_from = (
            (self._selected_from if self._selected_from is not None else self.cursor) if select else None
        )
        if line < last:
            self.following = False
        top = self.top
        if not top <= line <= self._last_in_sight(top):
            if centre:
                top = self._top_for(line, self.page // 2)
            else:
                top = line if line < top else self._top_for(line, self.page)
        self._place(top, line)
        self.refresh()
        self.post_message(self.Moved())

    def move_to_top(self) -> None:
        """Move to the first line, also of those that are still read in front of it."""
        self.following = False
        self.move(0)
        self._stays_on_top = True

    def watch_following(self, following: bool) -> None:
        """Where it stops following, count from here; where it starts, go to the end."""
        self._paused_at = None
        self._stays_on_top = False
        if following:
            self._selected_from = None
            self._place(len(self.lines) - 1, len(self.lines) - 1)
            self.refresh()
        elif len(self.lines):
            self._paused_at = self.lines.rows.anchor(self.lines.row(len(self.lines) - 1))
        self.post_message(self.FollowingChanged())

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Scrolling up is a wish to read: it stops following."""
        if round(old_value) != round(new_value):
            self._show_scrollbar()
            self.refresh()
            self._stays_on_top = self._stays_on_top and self._placing
        # A screen that has grown scrolls back too, but only as far as the end.
        if not self._placing and new_value < min(old_value, self.max_scroll_y):
            self.following = False

    def watch_scroll_x(self, old_value: float, new_value: float) -> None:
        """Other columns are in sight."""
        super().watch_scroll_x(old_value, new_value)
        self._strips.clear()

    def on_resize(self) -> None:
        """Other lines fit."""
        self._strips.clear()
        fitting = self.setting.fitting(self.width)
        if fitting != self.setting:
            # A view that was not shown has been drawn for no width at all before it hears of its size.
            self.setting = fitting
            self.refresh()
        self._resize()
        top, fewer = self.top, self._height_before - self.page
        self._height_before = self.page
        if self.following:
            top = len(self.lines) - 1
        elif 0 < self.cursor - self._last_in_sight(top) <= fewer:
            # The line of state below has come and taken the room of the line that a jump has just gone to.
            top = self._top_for(self.cursor, self.page)
        self._place(top, self.cursor)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """A click is the cursor's place, with shift the end of a selection."""
        if event.button == 1 and (line := self._line_at(event.y)) is not None:
            self.following = False
            self.move(line, select=event.shift)
            self.capture_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Dragging selects."""
        if self.app.mouse_captured is self and (line := self._line_at(event.y)) is not None and line != self.cursor:
            self.move(line, select=True)

    def on_mouse_up(self) -> None:
        """The selection stays."""
        self.release_mouse()

    def _resize(self) -> None:
        """Tell the scrollbar how much there is."""
        count, page = len(self.lines), self.page
        if self.setting.wrap:
            size = Size(self.width, self._top_for(count - 1, page) + page if count else 0)
        else:
            widest = max((block.widest for block in self.lines.rows.blocks), default=0)
            size = Size(min(widest, _WIDEST) + signs_width(self.setting), count)
        if size != self.virtual_size:
            # Setting it the usual way lays out and draws the whole screen anew, many times a second.
            self.set_reactive(Widget.virtual_size, size)
        self._show_scrollbar()

    def _show_scrollbar(self) -> None:
        """Drawn anew only where it looks different: it costs as much as ten lines of the log."""
        bar, count, page = self.vertical_scrollbar, self.virtual_size.height, self.page
        bar.set_reactive(ScrollBar.window_virtual_size, count)
        bar.set_reactive(ScrollBar.window_size, page)
        bar.set_reactive(ScrollBar.position, self.scroll_y)
        eighths = 8 * page / max(count, page, 1)
        look = (self.size, round(self.scroll_y * eighths), round(page * eighths))
        if look != self._thumb:
            self._thumb = look
            bar.refresh()

    def _place(self, top: int, cursor: int) -> None:
        self._placing = True
        self.cursor = max(cursor, 0)
        self.scroll_y = self.scroll_target_y = max(min(top, self.max_scroll_y), 0)
        self._placing = False

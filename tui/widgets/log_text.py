"""The lines of a log on screen: scrolling, a cursor, a selection, wrapping. Only the rows in sight are drawn."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import replace

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.cache import LRUCache
from textual.geometry import Size
from textual.message import Message
from textual.reactive import var
from textual.scroll_view import ScrollView
from textual.scrollbar import ScrollBar
from textual.strip import Strip
from textual.widget import Widget

from tui.model.log_block import Block
from tui.model.log_buffer import Anchor, LogRows
from tui.model.log_lines import LogLines, Matches
from tui.model.patterns import Pattern
from tui.widgets.log_draw import COMPONENTS, Row, Setting, draw, draw_wrapped, setting_of_hosts, signs_width

_WIDEST = 1_000_000
_MOST_WRAPPED = 20


class LogText(ScrollView, can_focus=True, inherit_bindings=False):
    """The lines of a `LogLines`. It knows nothing of where they come from and why they are these."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES = COMPONENTS | {"log--cursor", "log--selected"}
    DEFAULT_CSS = """
    LogText {
        height: 1fr; overflow: hidden scroll; scrollbar-size-vertical: 1; scrollbar-size-horizontal: 0;
        & > .log--time { color: $text-muted; }
        & > .log--late { color: $text-accent; text-style: bold; }
        & > .log--error { color: $text-error; }
        & > .log--warning { color: $text-warning; }
        & > .log--fold { color: $text-accent; text-style: bold; }
        & > .log--more { color: $text-muted; }
        & > .log--hit { background: $accent; color: $background; text-style: bold; }
        & > .log--host-0 { color: $text-primary; text-style: bold; }
        & > .log--host-1 { color: $text-success; text-style: bold; }
        & > .log--host-2 { color: $text-accent; text-style: bold; }
        & > .log--host-3 { color: $text-secondary; text-style: bold; }
        & > .log--host-4 { color: $text-warning; text-style: bold; }
        & > .log--host-5 { color: $text-error; text-style: bold; }
        & > .log--cursor { background: $panel; }
        & > .log--selected { background: $primary 30%; }
        &:focus > .log--cursor { background: $surface-lighten-2; }
    }
    """

    following: var[bool] = var(True, init=False)
    """Whether the end stays in sight as lines come."""
    cursor: var[int] = var(0, init=False)
    """The line that keys are about."""

    class Moved(Message):
        """The person moved the cursor."""

    class FollowingChanged(Message):
        """It follows now, or does not any more."""

    def __init__(self, setting: Setting) -> None:
        super().__init__()
        self.lines = LogLines(LogRows((), ()))
        self.setting = setting
        self.matches: Matches | None = None
        """What is searched, to be marked in the lines."""
        self._selected_from: int | None = None
        self._strips: LRUCache[object, list[Strip]] = LRUCache(1_000)
        self._styles: dict[str, Style] = {}
        self._in_sight: object = None
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

    def _look_again(self) -> None:
        """Draw what is in sight, if it looks any different."""
        sight = self._sight()
        if sight != self._in_sight:
            self._in_sight = sight
            self.refresh()

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
    def selection(self) -> range:
        """The lines that are selected; the cursor's alone when nothing is."""
        if not len(self.lines):
            return range(0)
        other = self.cursor if self._selected_from is None else self._selected_from
        return range(min(other, self.cursor), min(max(other, self.cursor) + 1, len(self.lines)))

    @property
    def selecting(self) -> bool:
        """Whether more than the cursor's line is meant."""
        return self._selected_from is not None

    def unselect(self) -> None:
        """Nothing is selected any more."""
        self._selected_from = None
        self.refresh()

    # Moving

    @property
    def top(self) -> int:
        """The first line in sight."""
        return self.scroll_offset.y

    @property
    def width(self) -> int:
        """Cells of a line on screen, the scrollbar not counted."""
        return self.scrollable_content_region.width

    @property
    def page(self) -> int:
        """Lines in sight."""
        return max(self.size.height, 1)

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

    def notify_style_update(self) -> None:
        """Another theme."""
        super().notify_style_update()
        self._styles.clear()
        self._strips.clear()

    # Drawing

    def render_line(self, y: int) -> Strip:
        """One line of the screen."""
        place = self._place_at(y)
        if place is None:
            return Strip.blank(self.width, self._base)
        line, part = place
        strips = self._strips_of(line)
        strip = strips[part] if part < len(strips) else Strip.blank(self.width, self._base)
        if self._selected_from is not None and line in self.selection:
            return self._behind(strip, "log--selected")
        if line == self.cursor and not self.following:
            return self._behind(strip, "log--cursor")
        return strip

    def _behind(self, strip: Strip, name: str) -> Strip:
        """A line with another background, but where it has one of its own."""
        usual, background = self._base.bgcolor, Style(bgcolor=self.get_component_rich_style(name).bgcolor)
        if self.app.no_color:
            background += Style(reverse=True)
        return Strip(
            [
                Segment(text, style + background) if style and style.bgcolor == usual else Segment(text, style)
                for text, style, _ in strip
            ],
            strip.cell_length,
        )

    def _strips_of(self, line: int) -> list[Strip]:
        number, index = self.lines.place(line)
        block = self.lines.rows.blocks[number]
        row = Row(block.row(index), block.times[index], block.streams[index], block.flags[index])
        pattern = self._pattern_in(block, index)
        width = self.width
        key = (width, hash(row.text), row.time_ms, row.stream, row.flags, pattern)
        strips = self._strips.get(key)
        if strips is None:
            if self.setting.wrap:
                most = max(min(_MOST_WRAPPED, self.page - 1), 1)
                strips = draw_wrapped(row, most, width, self.setting, self._style, pattern)
            else:
                strips = [draw(row, self.scroll_offset.x, width, self.setting, self._style, pattern)]
            # Whole as they are, so that Textual too keeps what it makes of them.
            strips = [strip.extend_cell_length(width).apply_style(self._base) for strip in strips]
            self._strips[key] = strips
        return strips

    def _pattern_in(self, block: Block, index: int) -> Pattern | None:
        """What is searched, where it was found in this row."""
        found = self.matches.of.get(block) if self.matches else None
        if not found or self.matches is None:
            return None
        at = bisect_left(found, index)
        return self.matches.pattern if at < len(found) and found[at] == index else None

    @property
    def _base(self) -> Style:
        style = self._styles.get("")
        if style is None:
            style = self._styles[""] = self.rich_style
        return style

    def _style(self, name: str) -> Style:
        style = self._styles.get(name)
        if style is None:
            style = self._styles[name] = self.get_component_rich_style(name)
        return style

    # Geometry: without wrapping a line of the log is one of the screen; with it, scrolling still goes by lines of the
    # log, so that nothing out of sight need be measured.

    def _height(self, line: int) -> int:
        return len(self._strips_of(line)) if self.setting.wrap else 1

    def _last_in_sight(self, top: int) -> int:
        if not self.setting.wrap:
            return top + self.page - 1
        left, line = self.page, top
        while line < len(self.lines) and (left := left - self._height(line)) >= 0:
            line += 1
        return max(line - 1, top)

    def _top_for(self, line: int, room: int) -> int:
        """The top at which so much of the screen ends with a line."""
        if not self.setting.wrap:
            return line - room + 1
        top, left = line, room - self._height(line)
        while top > 0 and left >= (height := self._height(top - 1)):
            left -= height
            top -= 1
        return top

    def _place_at(self, y: int) -> tuple[int, int] | None:
        """The line of the log on a line of the screen, and which part of it."""
        line = self.top
        if not self.setting.wrap:
            return (line + y, 0) if line + y < len(self.lines) else None
        while line < len(self.lines):
            height = self._height(line)
            if y < height:
                return line, y
            y -= height
            line += 1
        return None

    def _line_at(self, y: int) -> int | None:
        place = self._place_at(y)
        return place[0] if place else None

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

    def _sight(self) -> object:
        """What tells whether the screen would look any different."""
        seen: list[object] = [self.size, self.scroll_offset, self.cursor, self._selected_from]
        reach = self.scroll_offset.x + self.width * (_MOST_WRAPPED if self.setting.wrap else 1) + 512
        for line in range(self.top, min(self.top + self.page, len(self.lines))):
            number, index = self.lines.place(line)
            block = self.lines.rows.blocks[number]
            known = block.times[index], block.streams[index], block.flags[index], self._pattern_in(block, index)
            seen.append((block.prefix(index, reach), *known))
        return seen

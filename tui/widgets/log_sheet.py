"""The lines of a log as they are drawn: which stand on which lines of the screen, and what they look like there."""

from __future__ import annotations

from bisect import bisect_left

from rich.segment import Segment
from rich.style import Style
from textual.cache import LRUCache
from textual.reactive import var
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.model.log_block import Block
from tui.model.log_buffer import LogRows
from tui.model.log_lines import LogLines, Matches
from tui.model.patterns import Pattern
from tui.widgets.log_draw import COMPONENTS, Row, Setting, draw, draw_wrapped

_MOST_WRAPPED = 20


class LogSheet(ScrollView, can_focus=True, inherit_bindings=False):
    """Draws the rows in sight of a `LogLines`, the cursor and the selection among them; nothing moves by itself."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES = COMPONENTS | {"log--cursor", "log--selected"}
    DEFAULT_CSS = """
    LogSheet {
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

    @property
    def selection(self) -> range:
        """The lines that are selected; the cursor's alone when nothing is."""
        if not len(self.lines):
            return range(0)
        other = self.cursor if self._selected_from is None else self._selected_from
        return range(min(other, self.cursor), min(max(other, self.cursor) + 1, len(self.lines)))

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

    def notify_style_update(self) -> None:
        """Another theme."""
        super().notify_style_update()
        self._styles.clear()
        self._strips.clear()

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

    def _look_again(self) -> None:
        """Draw what is in sight, if it looks any different."""
        sight = self._sight()
        if sight != self._in_sight:
            self._in_sight = sight
            self.refresh()

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

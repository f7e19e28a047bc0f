"""A log on screen: followed, searched, filtered, copied. Made for a million lines and a hundred new ones a second."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from textual import on, work
from textual.actions import SkipAction
from textual.message import Message

from tui.model import patterns
from tui.model.clean import clean
from tui.model.log_block import ERROR
from tui.model.log_lines import Rule
from tui.model.log_time import EXAMPLES
from tui.model.paths import path_of
from tui.widgets.clipboard import copy
from tui.widgets.log_base import LogBase
from tui.widgets.log_draw import TIMES
from tui.widgets.log_keys import KEYS
from tui.widgets.log_prompt import LogPrompt
from tui.widgets.log_save import save
from tui.widgets.log_state import LEVELS, line_of_time, rule_of_host
from tui.widgets.log_text import LogText

if TYPE_CHECKING:
    from typing_extensions import Self


class LogView(LogBase):
    """The log of a job or an endpoint.

    `append` takes what a follower brings, in any order. Keys are those of `less` where it has them.
    """

    DEFAULT_CSS = """
    LogView { height: 1fr; width: 1fr; }
    LogView > .state { height: 1; width: 100%; color: $text-muted; display: none; }
    LogView > .state.-told { display: block; }
    LogView > .state.-asks { color: $text-warning; }
    """
    BINDINGS = KEYS

    class CursorMoved(Message):
        """The person moved to a line of this event time (ms)."""

        def __init__(self, view: LogView, time_ms: int) -> None:
            super().__init__()
            self.view = view
            self.time_ms = time_ms

        @property
        def control(self) -> LogView:
            """The view, for `@on` with a selector."""
            return self.view

    class Answered(Message):
        """The person was asked whether all lines are to be read, and has said it."""

        def __init__(self, read_all: bool) -> None:
            super().__init__()
            self.read_all = read_all

    # For others

    def focus(self, scroll_visible: bool = True) -> Self:
        """Give the keys to the lines."""
        self.text.focus(scroll_visible)
        return self

    @property
    def following(self) -> bool:
        """Whether the end stays in sight."""
        return self.text.following

    def goto_time(self, time_ms: int) -> None:
        """Move to the first line of this event time (ms) or later, without a word to anybody."""
        if self._timer is not None:
            self.redraw()  # what has come and is not shown yet may be that line
        lines = self.text.lines
        if len(lines):
            with self.text.prevent(LogText.Moved):
                self.text.following = False
                self.text.move(lines.line(lines.rows.first_since(time_ms)), centre=True)

    def ask(self, question: str) -> None:
        """Show a question at the foot, once: enter says yes, escape says no (`Answered`)."""
        self._question = question
        self._tell()

    def _answer(self, read_all: bool) -> None:
        self.ask("")
        self.post_message(self.Answered(read_all))

    # Keys

    def action_follow(self) -> None:
        """Stop following, or follow again."""
        self.text.following = not self.text.following

    def action_bottom(self) -> None:
        """To the end, and follow."""
        self._jump_from = None
        self.text.following = True
        self.text.post_message(LogText.Moved())

    def action_top(self) -> None:
        """To the beginning."""
        self.text.move_to_top()

    def action_move(self, by: int, select: bool = False) -> None:
        """The cursor some lines down or up."""
        self.text.move(self.text.cursor + by, select=select)

    def action_half_page(self, by: int) -> None:
        """Half a page down or up."""
        self.text.move(self.text.cursor + by * max(self.text.page // 2, 1))

    def action_columns(self, by: int) -> None:
        """A third of the width to the right or left."""
        self.text.scroll_to(x=self.text.scroll_offset.x + by * max(self.text.width // 3, 1), animate=False, force=True)

    def action_wrap(self) -> None:
        """Long lines go on in the next line, or do not."""
        self.text.change(replace(self.text.setting, wrap=not self.text.setting.wrap))

    def action_times(self) -> None:
        """The next kind of timestamps."""
        following = TIMES[(TIMES.index(self.text.setting.times) + 1) % len(TIMES)]
        self.text.change(replace(self.text.setting, times=following))

    def action_fold(self) -> None:
        """Open the traceback under the cursor, or fold it."""
        if self._question:
            self._answer(True)
            return
        lines = self.text.lines
        if len(lines) and self.buffer.toggle(self.buffer.rows.locate(lines.rows.anchor(lines.row(self.text.cursor)))):
            self.text.following = False
            self.redraw()

    def action_error(self, step: int) -> None:
        """To the next error or traceback."""
        lines = self.text.lines
        self._go(lambda line: lines.next_flagged(line, step, ERROR), "error", step)

    def action_hit(self, step: int) -> None:
        """To the next hit."""
        if self._searching is not None:
            self._go(lambda line: self.find_hit(line, step), "hit", step)

    def action_level(self, which: str) -> None:
        """Only the worse lines, or only the others; then all again."""
        count = self._level[1] + 1 if self._level[0] == which else 1
        self._level = (which, count % 3)
        from_level, to_level = LEVELS[which][count % 3]
        self.rule = replace(self.rule, from_level=from_level, to_level=to_level)
        self.redraw()

    def action_host(self, only: bool) -> None:
        """Only the variant or the host of the line under the cursor, or all but that host; once more: all."""
        lines = self.text.lines
        stream = lines.rows.key(lines.row(self.text.cursor))[1] if len(lines) else None
        self.rule = rule_of_host(self.rule, stream, only, lines.rows.table)
        self.redraw()

    def action_clear(self) -> None:
        """Let go of the selection, the search, the filters: one after the other, then leave the key to others."""
        if self._question:
            self._answer(False)
        elif self.text.selecting:
            self.text.unselect()
        elif self._searching is not None:
            self.search("")
        elif self.rule != Rule():
            self._level = ("errors", 0)
            self._filtering = None
            self.rule = Rule()
            self.redraw()
        else:
            raise SkipAction
        self._tell()

    def action_copy(self) -> None:
        """Copy the selected lines."""
        lines = self.text.lines
        chosen = [lines.place(line) for line in self.text.selection]
        if chosen:
            texts = (lines.rows.blocks[block].row(index).decode("utf-8", "replace") for block, index in chosen)
            self.app.notify(copy(self.app, "\n".join(map(clean, texts))), markup=False)
            self.text.unselect()

    def action_ask(self, what: str) -> None:
        """Ask for a pattern, a time or a file."""
        self.run_worker(patterns.load, thread=True, group="log-load")
        known = {"search": self._searching, "filter": self._filtering}.get(what)
        value = known.pattern.text if known else ""
        if what == "filter" and self.rule.without_pattern:
            value = "!" + value
        if what == "save":
            value = f"{self._file_name}.log"
        self.query_one(LogPrompt).ask(what, value)

    @on(LogPrompt.Answered)
    def _answered(self, message: LogPrompt.Answered) -> None:
        message.stop()
        self.focus()
        if message.answer is None:
            return
        if message.what == "search":
            self.search(message.answer)
        elif message.what == "filter":
            self.filter(message.answer)
        elif message.what == "time":
            self._go_to_typed_time(message.answer)
        elif message.answer:
            self._save(path_of(message.answer))

    @on(LogText.Moved)
    def _moved(self, message: LogText.Moved) -> None:
        message.stop()
        self._tell()
        lines = self.text.lines
        if len(lines):
            row = lines.row(min(self.text.cursor, len(lines) - 1))
            self.post_message(self.CursorMoved(self, lines.rows.key(row)[0]))

    @on(LogText.FollowingChanged)
    def _following_changed(self, message: LogText.FollowingChanged) -> None:
        message.stop()
        self._tell()

    def _go(self, find: Callable[[int], int | None], what: str, step: int) -> None:
        line = find(self.text.cursor)
        if line is None:
            line = find(-1 if step > 0 else len(self.text.lines))
            if line is not None:
                self.app.notify(f"No {what} {'below' if step > 0 else 'above'}: round again.", timeout=3, markup=False)
        if line is None:
            self.app.notify(f"No {what} in what is shown.", markup=False)
        else:
            self._show_line(line)

    def _show_line(self, line: int) -> None:
        self.text.following = False
        self.text.move(line, centre=True)

    def _go_to_typed_time(self, text: str) -> None:
        lines = self.text.lines
        if len(lines) and text.strip():
            line = line_of_time(text, lines, self.text.cursor, self.text.setting.clock_zone)
            if line is None:
                self.app.notify(f"Not a time: {clean(text)}. Try {EXAMPLES}", severity="warning", markup=False)
            else:
                self._show_line(line)

    @work(thread=True, group="log-save")
    def _save(self, path: Path) -> None:
        filtered = self.rule != Rule()
        words, severity = save(path, self.text.lines if filtered else None, self.buffer.rows)
        self.app.call_from_thread(self.app.notify, words, severity=severity, markup=False)

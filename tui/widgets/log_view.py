"""A log on screen: followed, searched, filtered, copied. Made for a million lines and a hundred new ones a second."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import tzinfo
from pathlib import Path
from typing import TYPE_CHECKING

from textual import on, work
from textual.actions import SkipAction
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Static
from textual.worker import get_current_worker

from tui.model import patterns
from tui.model.clean import clean
from tui.model.log_block import ERROR
from tui.model.log_buffer import LogBuffer
from tui.model.log_lines import LogLines, Matches, Rule
from tui.model.log_time import EXAMPLES
from tui.model.logs import LogEvent
from tui.model.patterns import BadPattern, Pattern
from tui.widgets.clipboard import copy
from tui.widgets.log_draw import TIMES, Setting
from tui.widgets.log_keys import KEYS
from tui.widgets.log_prompt import LogPrompt
from tui.widgets.log_save import save
from tui.widgets.log_scan import look_through
from tui.widgets.log_state import LEVELS, filter_words, line_of_time, pause_words, rule_of_host, search_words
from tui.widgets.log_text import LogText

if TYPE_CHECKING:
    from typing_extensions import Self

REDRAW = 0.25
"""Seconds between two redraws while lines come: four a second read as well as ten and cost half."""

_MANY = 1_000


class LogView(Vertical):
    """The log of a job or an endpoint.

    `append` takes what a follower brings, in any order. Keys are those of `less` where it has them.
    """

    DEFAULT_CSS = """
    LogView { height: 1fr; width: 1fr; }
    LogView > .state { height: 1; width: 100%; color: $text-muted; display: none; }
    LogView > .state.-told { display: block; }
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

    class Scanned(Message):
        """The thread that searches has got on."""

        def __init__(self, done: bool, problem: str = "") -> None:
            super().__init__()
            self.done = done
            self.problem = problem

    def __init__(self, *, zone: tzinfo | None = None, name: str = "log", id: str | None = None) -> None:
        """Make an empty view.

        Args:
            zone: The zone of local timestamps, None for the machine's own.
            name: What a saved file is called at first.
            id: The widget's id.
        """
        super().__init__(id=id)
        self.buffer = LogBuffer()
        self.rule = Rule()
        self.text = LogText(Setting(zone=zone))
        self._file_name = name
        self._filtering: Matches | None = None
        self._searching: Matches | None = None
        self._problem = ""
        self._scanning = False
        self._jump: int | None = None
        self._level = ("errors", 0)
        self._drawn_at = 0.0
        self._waiting: list[LogEvent] = []
        self._waiting_late: set[int] = set()
        self._timer: Timer | None = None

    def compose(self) -> ComposeResult:
        """The lines, what state they are in, and where one types."""
        yield self.text
        yield Static("", classes="state", markup=False)
        yield LogPrompt()

    # What comes in

    def append(self, events: Sequence[LogEvent], *, late: Collection[int] = ()) -> None:
        """Put events where they belong; the screen shows them within `REDRAW` seconds.

        Args:
            events: In any order, older or newer than those here.
            late: The indices of those to mark as late.
        """
        if not events:
            return
        self._waiting.extend(events)
        self._waiting_late.update(len(self._waiting) - len(events) + index for index in late)
        if len(self._waiting) > _MANY:
            self._take()
        if self._timer is None:
            wait = self._drawn_at + REDRAW - time.monotonic()
            self._timer = self.set_timer(max(wait, 0.001), self.redraw)

    def _take(self) -> None:
        """Put what waits into the log: a few at a time would cost as much as many."""
        self.buffer.extend(self._waiting, late=self._waiting_late)
        self._waiting.clear()
        self._waiting_late.clear()

    def clear(self) -> None:
        """Start with an empty log."""
        self._waiting.clear()
        self._waiting_late.clear()
        self.buffer = LogBuffer()
        self.text.following = True
        self.redraw()

    def redraw(self) -> None:
        """Show what has come since the last time."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        self._drawn_at = time.monotonic()
        if not self.is_attached:
            return
        self._take()
        rows = self.buffer.rows
        if len(rows):
            first_ms = rows.blocks[0].times[0]
            if self.text.setting.first_ms != first_ms:
                self.text.change(replace(self.text.setting, first_ms=first_ms), draw=False)
        if self._filtering is None or not self._filtering.missing(rows):
            self.text.show(LogLines(rows, self.rule, self._filtering, self.text.lines))
        self._scan()
        self._tell()

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
        lines = self.text.lines
        if len(lines):
            with self.text.prevent(LogText.Moved):
                self.text.following = False
                self.text.move(lines.line(lines.rows.first_since(time_ms)), centre=True)

    def search(self, text: str) -> None:
        """Search for a literal or a regular expression, and move to the nearest hit; nothing ends the search."""
        self._problem = ""
        self._searching = self._matches_of(text)
        self.text.mark(self._searching)
        self._jump = 1 if self._searching else None
        self._scan()
        self._tell()

    def filter(self, text: str) -> None:
        """Show only the lines in which a pattern matches, with `!` before it those in which it does not."""
        self._problem = ""
        leave_out = text.startswith("!") and len(text) > 1
        self._filtering = self._matches_of(text[1:] if leave_out else text)
        pattern = self._filtering.pattern if self._filtering else None
        self.rule = replace(self.rule, pattern=pattern, without_pattern=leave_out and pattern is not None)
        self.redraw()

    # Keys

    def action_follow(self) -> None:
        """Stop following, or follow again."""
        self.text.following = not self.text.following

    def action_bottom(self) -> None:
        """To the end, and follow."""
        self.text.following = True
        self.text.post_message(LogText.Moved())

    def action_top(self) -> None:
        """To the beginning."""
        self.text.following = False
        self.text.move(0)

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
        lines = self.text.lines
        if len(lines) and self.buffer.toggle(self.buffer.rows.locate(lines.rows.anchor(lines.row(self.text.cursor)))):
            self.text.following = False
            self.redraw()

    def action_error(self, step: int) -> None:
        """To the next error or traceback."""
        self._go(self.text.lines.next_flagged(self.text.cursor, step, ERROR), "No error", step)

    def action_hit(self, step: int) -> None:
        """To the next hit."""
        if self._searching is not None:
            self._go(self.text.lines.next_match(self._searching, self.text.cursor, step), "No hit", step)

    def action_level(self, which: str) -> None:
        """Only the worse lines, or only the others; then all again."""
        count = self._level[1] + 1 if self._level[0] == which else 1
        self._level = (which, count % 3)
        from_level, to_level = LEVELS[which][count % 3]
        self.rule = replace(self.rule, from_level=from_level, to_level=to_level)
        self.redraw()

    def action_host(self, only: bool) -> None:
        """Only the host of the line under the cursor, or all but it; once more: all hosts."""
        lines = self.text.lines
        host = lines.rows.key(lines.row(self.text.cursor))[1].host if len(lines) else ""
        self.rule = rule_of_host(self.rule, host, only, self.buffer.hosts)
        self.redraw()

    def action_clear(self) -> None:
        """Let go of the selection, the search, the filters: one after the other, then leave the key to others."""
        if self.text.selecting:
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
            self._save(Path(message.answer).expanduser())

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

    def _go(self, line: int | None, what: str, step: int) -> None:
        if line is None:
            self.app.notify(f"{what} {'below' if step > 0 else 'above'}.", markup=False)
        else:
            self.text.following = False
            self.text.move(line, centre=True)

    def _go_to_typed_time(self, text: str) -> None:
        lines = self.text.lines
        if len(lines) and text.strip():
            line = line_of_time(text, lines, self.text.cursor, self.text.setting.clock_zone)
            if line is None:
                self.app.notify(f"Not a time: {clean(text)}. Try {EXAMPLES}", severity="warning", markup=False)
            else:
                self._go(line, "", 1)

    # Searching, in a thread

    def _matches_of(self, text: str) -> Matches | None:
        if not text:
            return None
        try:
            return Matches(Pattern.compile(text))
        except BadPattern as error:
            self._problem = f"no regular expression, searched as it stands: {error}"
            return Matches(Pattern.compile(text[:1000], literal=True))

    def _scan(self) -> None:
        """Have the thread look through what it has not seen, one thread at a time."""
        rows = self.buffer.rows
        wanted = [matches for matches in (self._filtering, self._searching) if matches and not matches.pattern.slow]
        if not self._scanning and any(matches.missing(rows) for matches in wanted):
            self._scanning = True
            self._look(wanted)
        elif not self._scanning:
            self._jump_to_hit()

    @work(thread=True, group="log-scan")
    def _look(self, wanted: list[Matches]) -> None:
        worker = get_current_worker()
        problem = look_through(
            wanted,
            self.buffer.rows.blocks,
            lambda matches: not worker.is_cancelled and matches in (self._filtering, self._searching),
            lambda: self.post_message(self.Scanned(done=False)),
        )
        self.post_message(self.Scanned(done=True, problem=problem))

    @on(Scanned)
    def _scanned(self, message: Scanned) -> None:
        message.stop()
        if message.done:
            self._scanning = False
            self._problem = message.problem or self._problem
            if self._filtering is not None and self._filtering.pattern.slow:
                self._filtering = None
                self.rule = replace(self.rule, pattern=None, without_pattern=False)
            if self._searching is not None and self._searching.pattern.slow:
                self._searching = None
            self.text.mark(self._searching)
            self.redraw()
        self._tell()

    def _jump_to_hit(self) -> None:
        """After a new search: to the first hit from here on, else to the last one before."""
        if self._jump is None or self._searching is None:
            return
        self._jump = None
        lines = self.text.lines
        start = self.text.top if self.text.following else self.text.cursor
        line = lines.next_match(self._searching, start - 1, 1)
        if line is None:
            line = lines.next_match(self._searching, start, -1)
        if line is not None:
            self.text.following = False
            self.text.move(line, centre=True)

    @work(thread=True, group="log-save")
    def _save(self, path: Path) -> None:
        filtered = self.rule != Rule()
        words, severity = save(path, self.text.lines if filtered else None, self.buffer.rows)
        self.app.call_from_thread(self.app.notify, words, severity=severity, markup=False)

    def state_text(self) -> str:
        """What is out of the ordinary: paused, searched, filtered. Empty when nothing is."""
        new = None if self.text.following else self.text.new_below
        said = [pause_words(new), filter_words(self.rule, self.text.lines, self.buffer.rows, self._filtering)]
        said.append(search_words(self._searching, self.text.lines, self.buffer.rows, self.text.cursor))
        said.append(f"! {self._problem}" if self._problem else "")
        return clean("   ".join(filter(None, said)))

    def _tell(self) -> None:
        if not self.is_attached:
            return
        words = self.state_text()
        state = self.query_one(".state", Static)
        if words != str(state.content):
            state.update(Content(words))
            state.set_class(bool(words), "-told")

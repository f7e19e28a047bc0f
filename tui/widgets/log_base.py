"""What a log view holds and shows: what comes in, what of it is searched and filtered, what is said at its foot."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import tzinfo

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Static
from textual.worker import get_current_worker

from tui.model.clean import clean
from tui.model.log_buffer import LogBuffer
from tui.model.log_lines import LogLines, Matches, Rule
from tui.model.logs import LogEvent
from tui.model.patterns import BadPattern, Pattern
from tui.widgets.log_draw import Setting
from tui.widgets.log_prompt import LogPrompt
from tui.widgets.log_scan import look_through
from tui.widgets.log_state import filter_words, pause_words, search_words
from tui.widgets.log_text import LogText

REDRAW = 1 / 3
"""Seconds between two redraws while lines come: three a second read as well as ten, and cost a third."""

_MANY = 1_000


class LogBase(Vertical):
    """The log of a job or an endpoint, without its keys."""

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
        self._unfolded: LogLines | None = None
        self._problem = ""
        self._question = ""
        self._scanning = False
        self._jump_from: int | None = None
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

    # Searched and filtered, in a thread

    def search(self, text: str) -> None:
        """Search for a literal or a regular expression, and move to the nearest hit; nothing ends the search."""
        self._problem = ""
        self._searching = self._matches_of(text)
        self.text.mark(self._searching)
        self._jump_from = self.text.moves if self._searching else None
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
        """After a new search: to the first hit from here on, else to the last one before.

        Who has moved meanwhile is left there.
        """
        moves, self._jump_from = self._jump_from, None
        if moves != self.text.moves or self._searching is None:
            return
        start = self.text.top if self.text.following else self.text.cursor
        line = self.find_hit(start - 1, 1)
        if line is None:
            line = self.find_hit(start, -1)
        if line is not None:
            self.text.following = False
            self.text.move(line, centre=True)

    def find_hit(self, line: int, step: int) -> int | None:
        """The next hit after (`step` 1) or before (-1) a line; a folded traceback that it stands in is opened."""
        matches, lines = self._searching, self.text.lines
        if matches is None or not len(lines):
            return None
        unfolded = replace(lines.rule, folds=False)
        whole = self._unfolded = LogLines(lines.rows, unfolded, self._filtering, self._unfolded)
        start = whole.line(lines.row(line)) if 0 <= line < len(lines) else -1 if line < 0 else len(whole)
        found = whole.next_match(matches, start, step)
        if found is None:
            return None
        row = whole.row(found)
        here = lines.line(row)
        if here == len(lines) or lines.row(here) != row:
            anchor = lines.rows.anchor(row)
            self.buffer.toggle(self.buffer.rows.locate(anchor))
            self.text.following = False
            self.redraw()
            here = self.text.lines.line(self.text.lines.rows.locate(anchor))
        return here

    def state_text(self) -> str:
        """What is asked or out of the ordinary: paused, searched, filtered. Empty when nothing is."""
        new = None if self.text.following else self.text.new_below
        said = [
            self._question,
            pause_words(new),
            filter_words(self.rule, self.text.lines, self.buffer.rows, self._filtering),
        ]
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
            state.set_class(bool(self._question), "-asks")

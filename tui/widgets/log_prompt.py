"""The line at the foot of a log: what state it is in, and, when asked, a place to type."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Static

from tui.model.clean import clean

SIGNS = {"search": "/", "filter": "&", "time": "go to", "save": "save to", "keep": "keep for", "file": "file"}
HINTS = {
    "search": "text or regular expression",
    "filter": "text or regular expression; ! in front leaves out what matches",
    "time": "14:03  2026-11-22T14:03  +1h30m  -10m",
    "save": "file",
    "keep": "a job's name, * for any characters",
    "file": "the file to send",
}


class LogPrompt(Horizontal):
    """A sign and a line of text; there only while something is asked."""

    DEFAULT_CSS = """
    LogPrompt {
        height: 1; display: none;
        &.-open { display: block; }
        & > Static { width: auto; padding: 0 1 0 0; color: $text-accent; text-style: bold; }
        & > Input { width: 1fr; background: $background; }
    }
    """
    BINDINGS = [Binding("escape", "cancel", "Cancel", id="log.prompt-cancel", show=False)]

    class Answered(Message):
        """What was typed, None when it was given up."""

        def __init__(self, what: str, answer: str | None) -> None:
            super().__init__()
            self.what = what
            self.answer = answer

    def compose(self) -> ComposeResult:
        """The sign and the text."""
        yield Static("", markup=False)
        yield Input(compact=True)

    def ask(self, what: str, value: str = "") -> None:
        """Ask for one of SIGNS, and take the keys."""
        self._what = what
        self.query_one(Static).update(SIGNS[what])
        text = self.query_one(Input)
        text.placeholder = HINTS[what]
        text.value = clean(value)
        text.cursor_position = len(text.value)
        self.add_class("-open")
        text.focus()

    def action_cancel(self) -> None:
        """Leave all as it is."""
        self._close(None)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._close(event.value)

    def _close(self, answer: str | None) -> None:
        self.remove_class("-open")
        self.post_message(self.Answered(self._what, answer))

"""`P` and `R` — another profile or another region."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Label


class SwitchScreen(ModalScreen[str]):
    """Asks for a profile's or a region's name; the result is empty where the person thought better of it."""

    BINDINGS = [Binding("escape", "cancel", "cancel", id="switch.cancel")]

    def __init__(self, what: str) -> None:
        super().__init__()
        self._what = what

    def compose(self) -> ComposeResult:
        """A question and a line to answer it."""
        with Vertical():
            yield Label(f"Go on with which {self._what}?  enter: start anew with it   esc: stay", markup=False)
            yield Input(placeholder="eu-west-1" if self._what == "region" else "as in ~/.aws/config", compact=True)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """That one."""
        self.dismiss(event.value.strip())

    def action_cancel(self) -> None:
        """Stay."""
        self.dismiss("")

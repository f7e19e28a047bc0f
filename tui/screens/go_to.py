"""`:` — go to a place by its name, as in k9s."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal
from textual.screen import ModalScreen
from textual.suggester import SuggestFromList
from textual.widgets import Input, Label


class GoTo(ModalScreen[str]):
    """One line at the bottom; its result is what was typed, empty where the person thought better of it."""

    BINDINGS = [Binding("escape", "cancel", "cancel", id="goto.cancel")]

    def __init__(self, places: Sequence[str]) -> None:
        super().__init__()
        self._places = places

    def compose(self) -> ComposeResult:
        """A colon and the input; right arrow takes the suggestion."""
        with Horizontal():
            yield Label(" : ")
            yield Input(
                placeholder="  ".join(place for place in self._places if " " not in place),
                suggester=SuggestFromList(self._places, case_sensitive=False),
                compact=True,
            )

    def on_mount(self) -> None:
        """The keys are the line's from now on, not from some later moment on."""
        self.set_focus(self.query_one(Input))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go there."""
        self.dismiss(event.value.strip())

    def action_cancel(self) -> None:
        """Stay."""
        self.dismiss("")

"""`Y` — what is known of a thing as JSON, the same as `sagetop describe --json` prints."""

from __future__ import annotations

import json
from collections.abc import Mapping

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.model.clean import clean


class RawScreen(ModalScreen[None]):
    """One JSON object, to scroll through and to copy."""

    BINDINGS = [
        Binding("escape,q,Y", "dismiss", "close", id="raw.close"),
        Binding("y", "copy", "copy", id="raw.copy"),
    ]

    def __init__(self, record: Mapping[str, object]) -> None:
        super().__init__()
        self._json = json.dumps(record, indent=2)

    def compose(self) -> ComposeResult:
        """The object, indented."""
        with VerticalScroll():
            keys = Content.styled("y copies it   esc closes\n", "$text-muted")
            yield Static(Content("\n").join([keys, *map(Content, map(clean, self._json.splitlines()))]), markup=False)

    def on_mount(self) -> None:
        """Arrows scroll."""
        self.query_one(VerticalScroll).focus()

    def action_copy(self) -> None:
        """Put it on the clipboard of the terminal (OSC 52)."""
        self.app.copy_to_clipboard(self._json)
        self.notify(f"{len(self._json):,} characters sent to the terminal's clipboard", markup=False)

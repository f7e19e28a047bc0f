"""The log view with its title: which hosts, how far the reading is, how far back late lines were looked for."""

from __future__ import annotations

from textual.app import ComposeResult

from tui.follow import LogBatch
from tui.screens.context import Context
from tui.widgets.log_view import LogView
from tui.widgets.pane import Pane


class LogPane(Pane):
    """A log, from its first line to its latest."""

    def __init__(self, context: Context) -> None:
        super().__init__("log", id="log")
        self.context = context
        self.view = LogView()

    def compose(self) -> ComposeResult:
        """The title and the view."""
        yield self.title
        yield self.view

    def take(self, batch: LogBatch) -> None:
        """Put the events where they belong, and say how the reading goes."""
        if batch.events:
            self.view.append(batch.events, late=batch.late)
        self.title.show(*self._notes(batch))

    def _notes(self, batch: LogBatch) -> list[str]:
        notes = []
        if 1 < len(batch.hosts) <= 4:
            notes.append(" ".join(batch.hosts))
        elif len(batch.hosts) > 4:
            notes.append(f"{len(batch.hosts)} hosts")
        if batch.error is not None:
            notes.append(f"! {batch.error.what}" + (f" — {batch.error.hint}" if batch.error.hint else ""))
        if batch.notice:
            notes.append(batch.notice)
        if batch.state == "waiting":
            notes.append("waiting for the first line")
        elif batch.progress is not None:
            notes.append(f"reading {batch.progress:.0%}")
        elif batch.state == "ended":
            notes.append("complete")
        elif batch.checked_to_ms:
            notes.append(f"complete to {self.context.local(batch.checked_to_ms / 1000):%H:%M}")
        return notes

"""The log view with its title: which hosts, how far the reading is, how far back late lines were looked for."""

from __future__ import annotations

from textual import on
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
        self._asked = self._newest_only = False

    def compose(self) -> ComposeResult:
        """The title and the view."""
        yield self.title
        yield self.view

    def take(self, batch: LogBatch) -> None:
        """Put the events where they belong, and say how the reading goes."""
        if batch.events:
            self.view.append(batch.events, late=batch.late)
        if batch.question and not self._asked:
            self._asked = True
            keys = self.context.settings.keys
            yes, no = keys.get("log.fold", "enter"), keys.get("log.clear", "esc")
            about = f"≈ {batch.question / 1e6:.2g} million lines"
            self.view.ask(f"{about}: {yes} reads all, {no} only the newest")
        self.title.show(*self._notes(batch))

    @on(LogView.Answered)
    def _answered(self, message: LogView.Answered) -> None:
        self._newest_only = not message.read_all

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
        elif batch.question:
            notes.append("waiting for an answer")
        elif batch.progress is not None:
            notes.append(f"reading {batch.progress:.0%}")
        elif self._newest_only:
            notes.append("the newest lines only")
        elif batch.state == "ended":
            notes.append("complete")
        elif batch.checked_to_ms:
            notes.append(f"complete to {self.context.local(batch.checked_to_ms / 1000):%H:%M}")
        return notes

"""The log view with its title: which hosts, how far the reading is, how far back late lines were looked for."""

from __future__ import annotations

from collections.abc import Collection

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
        self._last: dict[str, LogBatch] = {}

    def compose(self) -> ComposeResult:
        """The title and the view."""
        yield self.title
        yield self.view

    def take(self, batch: LogBatch, of: str = "") -> None:
        """Put the events where they belong, and say how the reading goes.

        Args:
            batch: What a follower said.
            of: Which follower, where there are several.
        """
        self._last[of] = batch
        if batch.events:
            self.view.append(batch.events, late=batch.late)
        if batch.question and not self._asked:
            self._asked = True
            keys = self.context.settings.keys
            yes, no = keys.get("log.fold", "enter"), keys.get("log.clear", "esc")
            about = f"≈ {batch.question / 1e6:.2g} million lines"
            self.view.ask(f"{about}: {yes} reads all, {no} only the newest")
        self.title.show(*self._notes(batch if len(self._last) == 1 else together(self._last.values())))

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


def together(batches: Collection[LogBatch]) -> LogBatch:
    """How far the reading of several logs is, as if they were one: what is least read counts, and any error."""
    at_work = [batch for batch in batches if batch.state != "waiting"]
    return LogBatch(
        state=at_work[0].state if at_work else "waiting",
        progress=min((batch.progress for batch in batches if batch.progress is not None), default=None),
        checked_to_ms=min((batch.checked_to_ms for batch in at_work), default=0),
        hosts=tuple(dict.fromkeys(host for batch in batches for host in batch.hosts)),
        question=max(batch.question for batch in batches),
        error=next((batch.error for batch in batches if batch.error is not None), None),
        notice=next((batch.notice for batch in batches if batch.notice), ""),
    )

"""One clock for a log and the charts beside it: where one is moved to a moment, the other goes there too."""

from __future__ import annotations

from textual import on

from tui.messages import LogsArrived
from tui.screens.context import Context
from tui.screens.log_pane import LogPane
from tui.screens.panes import PanesScreen
from tui.widgets.chart_stack import ChartStack
from tui.widgets.log_view import LogView


class ClockedScreen(PanesScreen):
    """A screen of panes, one of which is a `LogPane` with the id `log`, and others of which hold charts."""

    def __init__(self, context: Context, place: str) -> None:
        super().__init__(context, place)
        self._followed = True
        """Whether the log goes on following once the charts' cursor is left."""
        self._awaited: int | None = None

    def on_mount(self) -> None:
        """Whoever has the log follow again leaves the moment that the charts show."""
        self.watch(self._log.text, "following", self._following_changed, init=False)

    def go_to_moment(self, time_ms: int) -> None:
        """Move the log and every chart's cursor to a moment (ms since the epoch), and give the log the keys."""
        self._charts_to(time_ms)
        self._log_to(time_ms)
        if "log" in self.shown():
            self._focus("log")
        else:
            self.action_pane(self.PANES.index("log") + 1)

    @on(ChartStack.CursorMoved)
    def _charts_moved(self, message: ChartStack.CursorMoved) -> None:
        for stack in self.query(ChartStack):
            if stack is not message.stack:
                stack.set_cursor(message.time_ms)
        if message.time_ms is not None:
            self._log_to(message.time_ms)
        elif self._followed:
            self._log.action_bottom()

    @on(LogView.CursorMoved)
    def _log_moved(self, message: LogView.CursorMoved) -> None:
        self._awaited = None
        self._charts_to(None if message.view.following else message.time_ms)

    @on(LogsArrived)
    def _log_grew(self) -> None:
        # The line of that moment may have come only now: a log is read from its end.
        if self._awaited is not None:
            self._log_to(self._awaited)

    def _following_changed(self, following: bool) -> None:
        self._followed = following
        if following:
            self._awaited = None
            self._charts_to(None)

    def _charts_to(self, time_ms: int | None) -> None:
        # Neither this nor `goto_time` says a word, so that nothing comes back.
        for stack in self.query(ChartStack):
            stack.set_cursor(time_ms)

    def _log_to(self, time_ms: int) -> None:
        log, followed = self._log, self._followed
        log.goto_time(time_ms)
        self._followed = followed  # it was not the person who stopped it
        blocks = log.buffer.rows.blocks
        self._awaited = None if blocks and blocks[0].times[0] <= time_ms else time_ms

    @property
    def _log(self) -> LogView:
        return self.query_one(LogPane).view

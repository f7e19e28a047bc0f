"""One clock for a log and the charts beside it: where one is moved to a moment, the other goes there too."""

from __future__ import annotations

from textual import on

from tui.screens.log_pane import LogPane
from tui.screens.panes import PanesScreen
from tui.widgets.chart import Chart
from tui.widgets.log_view import LogView


class ClockedScreen(PanesScreen):
    """A screen of panes, one of which is a `LogPane` with the id `log`, and others of which hold charts."""

    def go_to_moment(self, time_ms: int) -> None:
        """Move the log and every chart's cursor to a moment (ms since the epoch), and give the log the keys."""
        self._charts_to(time_ms)
        self.query_one(LogPane).view.goto_time(time_ms)
        if "log" in self.shown():
            self._focus("log")
        else:
            self.action_pane(self.PANES.index("log") + 1)

    @on(Chart.CursorMoved)
    def _chart_moved(self, message: Chart.CursorMoved) -> None:
        if message.time_ms is not None:
            self.query_one(LogPane).view.goto_time(message.time_ms)
        self._charts_to(message.time_ms)

    @on(LogView.CursorMoved)
    def _log_moved(self, message: LogView.CursorMoved) -> None:
        self._charts_to(None if message.view.following else message.time_ms)

    def _charts_to(self, time_ms: int | None) -> None:
        # Neither this nor `goto_time` says a word, so that nothing comes back.
        for chart in self.query(Chart):
            chart.set_cursor(time_ms)

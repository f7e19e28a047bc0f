"""Charts one under the other: they share the height, and scroll where each would become too small to read."""

from __future__ import annotations

from collections.abc import Sequence

from textual.binding import Binding
from textual.containers import VerticalScroll

from tui.widgets.chart import Chart


class ChartStack(VerticalScroll, can_focus=False):
    """Holds charts and nothing else."""

    BINDINGS = [
        Binding("j,down", "focus_chart(1)", "next chart", id="charts.next", show=False),
        Binding("k,up", "focus_chart(-1)", "previous chart", id="charts.previous", show=False),
    ]
    DEFAULT_CSS = """
    ChartStack { height: 1fr; scrollbar-size-vertical: 1; }
    """

    def __init__(self, charts: Sequence[Chart] = (), *, least: int = 8) -> None:
        """Makes a stack.

        Args:
            charts: From top to bottom; more may be mounted later.
            least: Rows below which a chart is not made smaller.
        """
        super().__init__(*charts)
        self._least = least

    def share(self) -> None:
        """Give each chart its part of the height; to be called when charts have come or gone."""
        charts = [chart for chart in self.query(Chart) if chart.display]
        if charts and self.size.height:
            height = max(self.size.height // len(charts), min(self._least, self.size.height))
            for chart in charts:
                chart.styles.height = height

    def action_focus_chart(self, step: int) -> None:
        """Give the keys to the chart below or above."""
        charts = list(self.query(Chart))
        here = next((place for place, chart in enumerate(charts) if chart.has_focus), None)
        if here is not None:
            charts[min(max(here + step, 0), len(charts) - 1)].focus()

    def on_resize(self) -> None:
        """The height changed."""
        self.share()

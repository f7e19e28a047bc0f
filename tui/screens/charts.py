"""A job's metrics as charts, one under the other: train against validation on one chart where their names pair up."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.widgets import Static

from tui.model.jobs import TrainingJob
from tui.model.series import pair_series
from tui.screens.context import Context
from tui.watch.job import JobView
from tui.widgets.chart import Chart
from tui.widgets.chart_stack import ChartStack
from tui.widgets.pane import Pane


class ChartsPane(Pane):
    """One chart a group of metrics; charts share the height, and scroll where they would become too small."""

    DEFAULT_CSS = """
    ChartsPane Static { padding: 1 2; color: $text-muted; height: auto; }
    """

    def __init__(self, context: Context) -> None:
        super().__init__("metrics", id="charts")
        self.context = context
        self._charts: dict[tuple[str, ...], Chart] = {}
        self._stack = ChartStack()
        self._word = Static("Asking for the metrics …", markup=False)

    def compose(self) -> ComposeResult:
        """The title, and a place for the charts."""
        yield self.title
        yield self._word
        yield self._stack

    def show(self, job: TrainingJob, view: JobView) -> None:
        """Draw the metrics of a view; charts of metrics that were there before keep their zoom."""
        by_name = {series.name: series for series in view.metrics}
        groups = pair_series(list(by_name))
        for gone in [group for group in self._charts if group not in groups]:
            self._charts.pop(gone).remove()
        for group in groups:
            chart = self._charts.get(group)
            if chart is None:
                chart = self._charts[group] = Chart(ascii_only=self.context.settings.ascii)
                self._stack.mount(chart)
            chart.show(
                [by_name[name] for name in group],
                now=None if job.is_ended else self.context.now(),
                zone=self.context.zone,
                empty=_nothing(job),
            )
        self._word.display = not groups
        self._stack.display = bool(groups)
        self.call_after_refresh(self._stack.share)
        if not groups:
            self._word.update(_no_metrics(job, view))
        if view.measured is not None and groups:
            self.title.show("CloudWatch, one-minute data")


def _nothing(job: TrainingJob) -> str:
    if job.is_ended:
        return "no datapoints: CloudWatch has none, or none any more"
    return "no datapoints yet: CloudWatch is about a minute behind"


def _no_metrics(job: TrainingJob, view: JobView) -> str:
    if not job.detailed:
        return "Asking for the job …"
    if not job.metric_definitions:
        return "This job has no metric definitions, so CloudWatch keeps no metrics of it."
    if job.started is None:
        return "No metrics yet: training has not started."
    if view.errors:
        return "No metrics: see below."
    return "Asking for the metrics …"

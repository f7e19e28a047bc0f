"""A job's metrics as charts, one under the other: train against validation on one chart where their names pair up."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.widgets import Static

from tui.model.findings import Finding
from tui.model.groups import grouped
from tui.model.jobs import TrainingJob
from tui.model.markers import Marker, Tone
from tui.screens.context import Context
from tui.watch.clock import to_ms
from tui.watch.job import JobView
from tui.widgets.chart_stack import ChartStack
from tui.widgets.pane import Pane

_SOURCES = {
    "cloudwatch": "from CloudWatch",
    "log": "from the log",
    "final": "final values",
    "local": "measured on this machine",
    "profiler": "from the profiler",
    "recognised": "recognised in the log",
    "reading": "the log is still being read",
}
"""What is said of a source that all charts have in common."""


class ChartsPane(Pane):
    """One chart a group of metrics; charts share the height, and scroll where they would become too small."""

    DEFAULT_CSS = """
    ChartsPane Static { padding: 1 2; color: $text-muted; height: auto; }
    ChartsPane LogPrompt Static { padding: 0 1 0 0; }
    """

    def __init__(self, context: Context) -> None:
        super().__init__("metrics", id="charts")
        self.context = context
        self._stack = ChartStack(ascii_only=context.settings.ascii)
        self._word = Static("Asking for the metrics …", markup=False)
        self._source = ""

    def compose(self) -> ComposeResult:
        """The title, and a place for the charts."""
        yield self.title
        yield self._word
        yield self._stack

    def show(self, job: TrainingJob, view: JobView, findings: Sequence[Finding] = ()) -> None:
        """Draw the metrics of a view; charts of metrics that were there before keep their zoom."""
        groups = grouped(view.metrics)
        self._stack.show(
            groups,
            markers=[*phase_markers(job), *view.markers, *finding_markers(findings, view)],
            now=None if job.is_ended else self.context.now(),
            zone=self.context.zone,
            empty=_nothing(job),
        )
        self._word.display = not groups
        self._stack.display = bool(groups)
        if not groups:
            self._word.update(_no_metrics(job, view))
        sources = {series.source for series in view.metrics}
        self._source = _SOURCES[sources.pop()] if len(sources) == 1 else ""
        self._tell()

    @on(ChartStack.Changed)
    def _tell(self) -> None:
        self.title.show(self._source, *self._stack.words)


def phase_markers(job: TrainingJob) -> list[Marker]:
    """The phases of a job, each where it began; an end is one too."""
    tones: dict[str, Tone] = {"Completed": "good", "Failed": "bad", "Stopped": "warning", "Interrupted": "warning"}
    return [Marker(to_ms(phase.started), phase.name, tones.get(phase.name, "plain")) for phase in job.phases]


def finding_markers(findings: Sequence[Finding], view: JobView) -> list[Marker]:
    """What a health rule found, on the charts of the metrics that it is about; of a host, on all."""
    names = {series.name for series in view.metrics}
    return [
        Marker(
            finding.time_ms,
            finding.rule,
            "bad" if finding.severity == "critical" else "warning",
            tuple(name for name in finding.subject if name in names),
        )
        for finding in findings
        if finding.time_ms is not None
    ]


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

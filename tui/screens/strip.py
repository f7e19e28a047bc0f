"""The leading metric and the GPU use in one line: what a narrow screen shows instead of charts."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static

from tui.model.bars import sparkline
from tui.model.clean import clean
from tui.model.instances import scale, shape
from tui.model.jobs import TrainingJob
from tui.model.series import leading_metric
from tui.model.words import number, percent
from tui.watch.job import JobView

WIDTH = 16


class MetricStrip(Static):
    """`validation:loss 1.391 ▇▆▅▄▃▃   GPU 94% ▇▇▇   CPU 31%`."""

    DEFAULT_CSS = """
    MetricStrip { height: 1; width: 100%; padding: 0 1; display: none; color: $text-muted; }
    """

    def __init__(self) -> None:
        super().__init__("", markup=False)
        self._said: Content | None = None

    def show(self, job: TrainingJob, view: JobView, *, ascii: bool = False) -> None:
        """Draw them, if they differ from what is there."""
        parts: list[Content] = []
        name = leading_metric([definition.name for definition in job.metric_definitions])
        metric = next((series for series in view.metrics if series.name == name and len(series)), None)
        if metric is not None:
            curve = sparkline(metric.values, WIDTH, ascii_only=ascii) if len(metric) > 1 else ""  # one is no curve
            parts.append(Content.assemble(clean(metric.name), (f" {number(metric.last)} ", "bold $text"), curve))
        kind = shape(job.instances[0].type) if job.instances else None
        for label, utilization, units in (
            ("GPU", "GPUUtilization", kind.gpus if kind else None),
            ("CPU", "CPUUtilization", kind.vcpus if kind else None),
        ):
            found = [hosts[utilization] for hosts in view.hosts.values() if utilization in hosts]
            last = [series.last for series in found if series.last is not None]
            if last:
                curve = sparkline(found[0].values, WIDTH // 2, ascii_only=ascii)
                # In percent of all cores or GPUs of a host, which AWS counts as 100 each: as in the list.
                full = scale(units, (value for series in found for value in series.values)).full
                use = 100 * sum(last) / len(last) / full
                parts.append(Content.assemble(label, (f" {percent(use)} ", "bold $text"), curve))
        said = Content("   ").join(parts)
        if said != self._said:
            self._said = said
            self.update(said)

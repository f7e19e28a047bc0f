"""The hosts of a job: how busy each is now, and, where the pane is alone, how that went, as charts."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from dataclasses import replace

from textual.app import ComposeResult

from tui.model.groups import MOST, Group
from tui.model.instances import scale, shape
from tui.model.jobs import TrainingJob
from tui.model.series import Series
from tui.screens.charts import phase_markers
from tui.screens.context import Context
from tui.watch.job import JobView
from tui.widgets.chart import Chart
from tui.widgets.chart_stack import ChartStack
from tui.widgets.gauges import MEASURES, Gauges
from tui.widgets.pane import Pane

_LEAST = 7  # rows of a chart


class HostsPane(Pane):
    """A row a host, and below them a chart of each utilization with a curve a host, of the first eight."""

    def __init__(self, context: Context) -> None:
        super().__init__("hosts", id="hosts")
        self.context = context
        self._gauges = Gauges(ascii_only=context.settings.ascii)
        self._stack = ChartStack(ascii_only=context.settings.ascii)
        self._stack.display = False
        self._seen: tuple[TrainingJob, JobView] | None = None

    def compose(self) -> ComposeResult:
        """The title, the rows, and a place for the charts."""
        yield self.title
        yield self._gauges
        yield self._stack

    def show(self, job: TrainingJob, view: JobView) -> None:
        """Draw the use of a job's hosts."""
        self._seen = job, view
        self._gauges.show(view.hosts, job.instances[0].type if job.instances else None)
        self._share()

    def on_resize(self) -> None:
        """There may be room for charts now, or none any more."""
        self._share()

    def _share(self) -> None:
        if self._seen is None:
            return
        job, view = self._seen
        rows = len(view.hosts) + 1
        groups = _charts(job, view.hosts)
        alone = self.display and self.screen.has_class("-one-pane")
        fits = bool(groups) and alone and self.size.height >= 1 + rows + _LEAST
        if fits:
            now = None if job.is_ended else self.context.now()
            self._stack.show(groups, markers=[*phase_markers(job), *view.markers], now=now, zone=self.context.zone)
            self._gauges.styles.height = rows
        if fits == self._stack.display:
            return
        if not fits:
            self._gauges.styles.height = None  # only once: Textual draws anew for it, whatever it was
        has_keys = self.has_focus_within
        self._gauges.can_focus = not fits  # where charts are, all rows are there: the keys are for the charts
        if has_keys and not fits:
            self.screen.set_focus(self._gauges, scroll_visible=False)  # what is hidden would take them along
        self._stack.display = fits
        if has_keys and fits:
            self.call_after_refresh(self._give_keys)

    def _give_keys(self) -> None:
        if self._stack.display and (charts := self._stack.query(Chart)):
            charts.first().focus(scroll_visible=False)


def _charts(job: TrainingJob, hosts: Mapping[str, Mapping[str, Series]]) -> list[Group]:
    """A chart a utilization, the one that says most first, in percent of all cores or GPUs of a host."""
    kind = shape(job.instances[0].type) if job.instances else None
    units = {"cpu": kind.vcpus if kind else None, "gpu": kind.gpus if kind else None}
    groups = []
    for measure in sorted(MEASURES, key=lambda measure: -measure.priority):
        found = {host: series[measure.metric] for host, series in hosts.items() if len(series.get(measure.metric, ()))}
        if found:
            seen = (value for series in found.values() for value in series.values)
            full = scale(units[measure.each], seen).full if measure.each else 100.0
            curves = [
                replace(one, values=array("d", (100 * value / full for value in one.values)), unit="%", part=host)
                for host, one in found.items()
            ][:MOST]
            groups.append(Group(tuple(curves), measure.title.removesuffix(" %"), tuple(found)[:MOST]))
    return groups

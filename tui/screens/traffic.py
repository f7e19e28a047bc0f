"""An endpoint's traffic as charts: requests, latency, errors, one curve a variant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from textual import on
from textual.app import ComposeResult

from tui.model.endpoints import Endpoint
from tui.model.groups import Group
from tui.model.markers import Marker
from tui.model.series import Series
from tui.screens.context import Context
from tui.watch.endpoint import EndpointView
from tui.widgets.chart_stack import ChartStack
from tui.widgets.pane import Pane

_ASKING = "Asking for the metrics …"


@dataclass(frozen=True, slots=True)
class Plot:
    """One chart: its title and its metrics, each under a word where there are several."""

    title: str
    metrics: Mapping[str, str]


PLOTS = (
    Plot("invocations a minute", {"Invocations": ""}),
    Plot("latency in ms", {"ModelLatency": "model", "OverheadLatency": "overhead"}),
    Plot("errors a minute", {"Invocation4XXErrors": "4XX", "Invocation5XXErrors": "5XX"}),
    Plot("invocations an instance", {"InvocationsPerInstance": ""}),
)


class TrafficPane(Pane):
    """One chart under the other, all over the same three hours."""

    def __init__(self, context: Context) -> None:
        super().__init__("traffic", id="traffic")
        self.context = context
        self._stack = ChartStack(ascii_only=context.settings.ascii)
        self._stack.show([Group((), plot.title) for plot in PLOTS], zone=context.zone, empty=_ASKING)
        self._notes: tuple[str, ...] = ()

    def compose(self) -> ComposeResult:
        """The title, and the charts."""
        yield self.title
        yield self._stack

    def show(self, endpoint: Endpoint, view: EndpointView, markers: Sequence[Marker] = ()) -> None:
        """Draw the traffic of a view."""
        empty = "no requests in the last three hours" if view.measured else _ASKING
        groups = [_group(plot, endpoint, view) for plot in PLOTS]
        self._stack.show(groups, markers=markers, zone=self.context.zone, empty=empty)
        if view.measured is not None:
            self._notes = ("CloudWatch, one-minute data", "last 3 h")
        self._tell()

    @on(ChartStack.Changed)
    def _tell(self) -> None:
        self.title.show(*self._notes, *self._stack.words)


def _group(plot: Plot, endpoint: Endpoint, view: EndpointView) -> Group:
    """The metrics of a chart, of every variant that has datapoints of them."""
    found: list[tuple[Series, str]] = []
    several = len(endpoint.variants) > 1
    for variant in endpoint.variants:
        for metric, word in plot.metrics.items():
            series = view.traffic.get(variant.name, {}).get(metric)
            if series is not None and len(series):
                name = variant.name if several else ""
                found.append((series, f"{name} {word}".strip() or variant.name))
    return Group(tuple(series for series, _ in found), plot.title, tuple(label for _, label in found))

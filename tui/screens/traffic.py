"""An endpoint's traffic as charts: requests, latency, errors, one curve a variant or component."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from textual import on
from textual.app import ComposeResult

from tui.model.endpoint_marks import endpoint_marks
from tui.model.endpoints import Endpoint
from tui.model.groups import Group
from tui.model.series import Series
from tui.screens.context import Context
from tui.watch.clock import to_ms
from tui.watch.endpoint import WINDOW, EndpointView
from tui.widgets.chart_stack import ChartStack
from tui.widgets.pane import Pane

_ASKING = "Asking for the metrics …"


@dataclass(frozen=True, slots=True)
class Plot:
    """One chart.

    Attributes:
        title: Its title.
        metrics: Its metrics, each under a word where there are several.
        brief: Those that are drawn where several variants share the chart, the last alone where they are more than two;
            all of them where it names none.
        optional: Whether it is there only where there are datapoints.
    """

    title: str
    metrics: Mapping[str, str]
    brief: tuple[str, ...] = ()
    optional: bool = False


PLOTS = (
    Plot("invocations a minute", {"Invocations": ""}),
    Plot(
        "latency in ms",
        {"ModelLatency": "avg", "ModelLatency p50": "p50", "ModelLatency p90": "p90", "ModelLatency p99": "p99"},
        brief=("ModelLatency", "ModelLatency p99"),
    ),
    Plot(
        "errors a minute",
        {"Invocation4XXErrors": "4XX", "Invocation5XXErrors": "5XX", "InvocationModelErrors": "model"},
        brief=("Invocation4XXErrors", "Invocation5XXErrors"),
    ),
    Plot(
        "overhead in ms",
        {"OverheadLatency": "avg", "OverheadLatency p99": "p99"},
        brief=("OverheadLatency",),
    ),
    Plot("invocations an instance", {"InvocationsPerInstance": ""}),
    Plot("invocations a copy", {"InvocationsPerCopy": ""}, optional=True),
    Plot(
        "concurrent requests", {"ConcurrentRequestsPerModel": "", "ConcurrentRequestsPerCopy": "a copy"}, optional=True
    ),
)


class TrafficPane(Pane):
    """One chart under the other, all over the same three hours."""

    def __init__(self, context: Context) -> None:
        super().__init__("traffic", id="traffic")
        self.context = context
        self._stack = ChartStack(ascii_only=context.settings.ascii)
        self._stack.show(
            [Group((), plot.title) for plot in PLOTS if not plot.optional], zone=context.zone, empty=_ASKING
        )
        self._notes: tuple[str, ...] = ()

    def compose(self) -> ComposeResult:
        """The title, and the charts."""
        yield self.title
        yield self._stack

    def show(self, endpoint: Endpoint, view: EndpointView) -> None:
        """Draw the traffic of a view, with what happened to the endpoint on the time axis."""
        empty = "no requests in the last three hours" if view.measured else _ASKING
        groups = [group for plot in PLOTS if (group := _group(plot, endpoint, view)).series or not plot.optional]
        since_ms = to_ms(self.context.now() - WINDOW)
        markers = endpoint_marks(endpoint, view.activities, view.alarms, since_ms)
        self._stack.show(groups, markers=markers, zone=self.context.zone, empty=empty)
        if view.measured is not None:
            self._notes = ("CloudWatch, one-minute data", "last 3 h")
        self._tell()

    @on(ChartStack.Changed)
    def _tell(self) -> None:
        self.title.show(*self._notes, *self._stack.words)


def _group(plot: Plot, endpoint: Endpoint, view: EndpointView) -> Group:
    """The metrics of a chart, of every variant and component that has datapoints of them."""
    found: list[tuple[Series, str]] = []
    traffic = [(variant.name, view.traffic.get(variant.name, {})) for variant in endpoint.variants]
    traffic += [(component.name, view.component_traffic.get(component.name, {})) for component in view.components]
    several = len(traffic) > 1
    wanted = plot.brief[-1 if len(traffic) > 2 else 0 :] if several and plot.brief else plot.metrics
    for name, of in traffic:
        for metric, word in plot.metrics.items():
            series = of.get(metric)
            if metric in wanted and series is not None and len(series):
                found.append((series, f"{name if several else ''} {word}".strip() or name))
    return Group(tuple(series for series, _ in found), plot.title, tuple(label for _, label in found))

"""An endpoint's traffic as charts: requests, latency, errors, one curve a variant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from textual.app import ComposeResult

from tui.model.endpoints import Endpoint
from tui.model.series import Series
from tui.screens.context import Context
from tui.watch.endpoint import EndpointView
from tui.widgets.chart import Chart
from tui.widgets.chart_stack import ChartStack
from tui.widgets.pane import Pane


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
        self._charts = [Chart(ascii_only=context.settings.ascii) for _ in PLOTS]

    def compose(self) -> ComposeResult:
        """The title, and the charts."""
        yield self.title
        yield ChartStack(self._charts)

    def show(self, endpoint: Endpoint, view: EndpointView) -> None:
        """Draw the traffic of a view."""
        for plot, chart in zip(PLOTS, self._charts, strict=True):
            found: list[tuple[Series, str]] = []
            several = len(endpoint.variants) > 1
            for variant in endpoint.variants:
                for metric, word in plot.metrics.items():
                    series = view.traffic.get(variant.name, {}).get(metric)
                    if series is not None and len(series):
                        name = variant.name if several else ""
                        found.append((series, f"{name} {word}".strip() or variant.name))
            empty = "no requests in the last three hours" if view.measured else "Asking for the metrics …"
            chart.show(
                [series for series, _ in found],
                title=plot.title,
                labels=[label for _, label in found],
                zone=self.context.zone,
                empty=empty,
            )
        if view.measured is not None:
            self.title.show("CloudWatch, one-minute data", "last 3 h")

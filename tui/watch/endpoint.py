"""One endpoint, kept current: its variants, their traffic and use, and what scales them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from tui.model.endpoints import Endpoint, ScalableTarget
from tui.model.series import Kind, MetricQuery, Series
from tui.sources.base import Can, Source, SourceError
from tui.watch.clock import Clock, to_ms
from tui.watch.errors import Errors
from tui.watch.job import UTILIZATIONS

DESCRIBE_EVERY_S = 5
METRICS_EVERY_S = 60
SCALING_EVERY_S = 30
WINDOW = timedelta(hours=3)
TRAFFIC = (
    ("Invocations", "Sum"),
    ("InvocationsPerInstance", "Sum"),
    ("ModelLatency", "Average"),
    ("OverheadLatency", "Average"),
    ("Invocation4XXErrors", "Sum"),
    ("Invocation5XXErrors", "Sum"),
    ("InvocationModelErrors", "Sum"),
)


@dataclass(frozen=True, slots=True)
class EndpointView:
    """What the endpoint screen shows beside the log.

    Attributes:
        endpoint: The endpoint, None before it was described once.
        targets: Its variants' scalable targets; None before they were asked for.
        traffic: Series of the last three hours by variant name and metric.
        use: Utilization by variant name and metric.
        described: When the description came.
        measured: When the metrics came.
        errors: What failed last; what it would have told is as it was before.
    """

    endpoint: Endpoint | None = None
    targets: tuple[ScalableTarget, ...] | None = None
    traffic: Mapping[str, Mapping[str, Series]] = field(default_factory=dict)
    use: Mapping[str, Mapping[str, Series]] = field(default_factory=dict)
    described: datetime | None = None
    measured: datetime | None = None
    errors: tuple[SourceError, ...] = ()


class EndpointWatch:
    """Asks a source for one endpoint. Not thread-safe: one Poller calls it."""

    def __init__(self, source: Source, name: str, now: Clock) -> None:
        self._source = source
        self._name = name
        self._now = now
        self._view = EndpointView()
        self._errors = Errors()
        self._asked: dict[str, datetime] = {}

    @property
    def view(self) -> EndpointView:
        """All that is known now."""
        return replace(self._view, errors=self._errors.now)

    def describe(self) -> EndpointView:
        """DescribeEndpoint (the config only once), and every half minute what scales it."""
        with self._errors.of("endpoint"):
            self._view = replace(self._view, endpoint=self._source.describe_endpoint(self._name), described=self._now())
        if Can.SCALING in self._source.can and self._view.endpoint and self._is_due("scaling", SCALING_EVERY_S):
            with self._errors.of("scaling"):
                self._view = replace(self._view, targets=self._source.scaling([self._name]))
        return self.view

    def measure(self) -> EndpointView | None:
        """All metrics of all variants in one request, if a minute has passed since the last time; None if not."""
        endpoint = self._view.endpoint
        if endpoint is None or not endpoint.variants or not self._is_due("metrics", METRICS_EVERY_S):
            return None
        kinds: list[tuple[Kind, str, str]] = [("variant", metric, stat) for metric, stat in TRAFFIC]
        kinds += [("instance", metric, "Average") for metric in UTILIZATIONS]
        queries = [
            MetricQuery(kind, self._name, metric, variant.name, stat)
            for variant in endpoint.variants
            for kind, metric, stat in kinds
            if kind == "variant" or variant.serverless is None
        ]
        now = self._now()
        with self._errors.of("metrics"):
            answers = self._source.metrics(queries, to_ms(now - WINDOW), to_ms(now))
            traffic: dict[str, dict[str, Series]] = {variant.name: {} for variant in endpoint.variants}
            use: dict[str, dict[str, Series]] = {variant.name: {} for variant in endpoint.variants}
            for query, series in zip(queries, answers, strict=True):
                (traffic if query.kind == "variant" else use)[query.part][query.metric] = series
            self._view = replace(self._view, traffic=traffic, use=use, measured=now)
        return self.view

    def _is_due(self, what: str, every_s: float) -> bool:
        now, asked = self._now(), self._asked.get(what)
        if asked is not None and now - asked < timedelta(seconds=every_s):
            return False
        self._asked[what] = now
        return True

"""One endpoint, kept current: its variants, their traffic and use, what scales them, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, tzinfo
from typing import cast

from tui.model.endpoints import Alarm, Endpoint, InferenceComponent, ScalableTarget, ScalingActivity
from tui.model.findings import Finding
from tui.model.health.endpoints import EndpointEvidence, examine_endpoint
from tui.model.health.thresholds import Thresholds, thresholds
from tui.model.jobs import is_local
from tui.model.series import Kind, MetricQuery, Series
from tui.sources.base import Can, Denied, EndpointSource, Source, SourceError
from tui.watch.clock import Clock, to_ms
from tui.watch.errors import Errors
from tui.watch.job import UTILIZATIONS

DESCRIBE_EVERY_S = 5
METRICS_EVERY_S = 60
SCALING_EVERY_S = 30
AROUND_EVERY_S = 60
"""How often what scaling did, alarms and inference components are asked for."""
SLOW_EVERY_S = 1800
"""How often it is looked whether a metric is published after all, and whether there was traffic in the last days."""
WINDOW = timedelta(hours=3)
LONG, LONG_PERIOD_S = timedelta(days=14), 3600
"""How far back, and how finely, requests are looked for where the last hours have none."""
PERCENTILES = ("p50", "p90", "p99")
TRAFFIC = (
    ("Invocations", "Sum"),
    ("InvocationsPerInstance", "Sum"),
    ("ModelLatency", "Average"),
    *(("ModelLatency", stat) for stat in PERCENTILES),
    ("OverheadLatency", "Average"),
    *(("OverheadLatency", stat) for stat in PERCENTILES),
    ("Invocation4XXErrors", "Sum"),
    ("Invocation5XXErrors", "Sum"),
    ("InvocationModelErrors", "Sum"),
)
CONCURRENCY = ("ConcurrentRequestsPerModel", "Maximum")
"""Published for some endpoints only: where it is not, it is asked for once in half an hour."""

COMPONENT_TRAFFIC = (
    ("Invocations", "Sum"),
    ("InvocationsPerCopy", "Sum"),
    ("ModelLatency", "Average"),
    *(("ModelLatency", stat) for stat in PERCENTILES),
    ("OverheadLatency", "Average"),
    ("Invocation4XXErrors", "Sum"),
    ("Invocation5XXErrors", "Sum"),
    ("InvocationModelErrors", "Sum"),
    ("ConcurrentRequestsPerCopy", "Maximum"),
)
COMPONENT_USE = tuple(f"{what}UtilizationNormalized" for what in ("CPU", "Memory", "GPU", "GPUMemory"))
"""In percent of what is reserved for a copy."""

BySeries = Mapping[str, Mapping[str, Series]]


def key_of(query: MetricQuery) -> str:
    """What a variant's series is called: the metric's name, and its percentile: `ModelLatency p99`."""
    return f"{query.metric} {query.stat}" if query.stat in PERCENTILES else query.metric


@dataclass(frozen=True, slots=True)
class EndpointView:
    """What the endpoint screen shows beside the log.

    Attributes:
        endpoint: The endpoint, None before it was described once.
        targets: Its variants' scalable targets; None before they were asked for.
        traffic: Series of the last three hours by variant name and `key_of`.
        use: Utilization by variant name and metric.
        components: The inference components on it.
        component_traffic: Their series likewise, by the component's name.
        component_use: What their copies use, by the component's name and metric.
        models: Where the data of its models lies, by model name.
        activities: What its scaling did in the last three hours, oldest first.
        alarms: The CloudWatch alarms on its metrics.
        findings: What is wrong with it, the gravest first.
        lacking: The permission that is missing for each thing that is not shown for want of one.
        described: When the description came.
        measured: When the metrics came.
        errors: What failed last; what it would have told is as it was before.
    """

    endpoint: Endpoint | None = None
    targets: tuple[ScalableTarget, ...] | None = None
    traffic: BySeries = field(default_factory=dict)
    use: BySeries = field(default_factory=dict)
    components: tuple[InferenceComponent, ...] = ()
    component_traffic: BySeries = field(default_factory=dict)
    component_use: BySeries = field(default_factory=dict)
    models: Mapping[str, str] = field(default_factory=dict)
    activities: tuple[ScalingActivity, ...] = ()
    alarms: tuple[Alarm, ...] = ()
    findings: tuple[Finding, ...] = ()
    lacking: Mapping[str, str] = field(default_factory=dict)
    described: datetime | None = None
    measured: datetime | None = None
    errors: tuple[SourceError, ...] = ()


class EndpointWatch:
    """Asks a source for one endpoint. Not thread-safe: one Poller calls it.

    Args:
        source: The source.
        name: The endpoint's name.
        now: The clock.
        changes: The settings' thresholds of health rules.
        zone: The zone of clock times in sentences, None for the machine's own.
    """

    def __init__(
        self, source: Source, name: str, now: Clock, changes: Thresholds | None = None, zone: tzinfo | None = None
    ) -> None:
        self._source = source
        self._name = name
        self._now = now
        self._limits = thresholds(changes)
        self._zone = zone
        self._view = EndpointView()
        self._errors = Errors()
        self._lacking: dict[str, str] = {}
        self._asked: dict[str, datetime] = {}
        self._unpublished: set[str] = set()
        self._days: dict[str, Series] = {}

    @property
    def view(self) -> EndpointView:
        """All that is known now."""
        return replace(self._view, lacking=dict(self._lacking), errors=self._errors.now)

    def learn(self, endpoint: Endpoint) -> None:
        """Take a description that somebody has just asked for."""
        self._view = replace(self._view, endpoint=endpoint, described=self._now())

    def describe(self) -> EndpointView:
        """DescribeEndpoint (the config only once), and every half minute what scales it and stands behind it."""
        with self._errors.of("endpoint"):
            self.learn(self._source.describe_endpoint(self._name))
        return self.look_around()

    def look_around(self) -> EndpointView:
        """What scales it and stands behind it, where its time has come."""
        endpoint = self._view.endpoint
        if endpoint is None or not endpoint.detailed:
            return self.view
        source = cast("EndpointSource", self._source)
        of_aws = Can.DETAILS in self._source.can and not is_local(self._name)
        around = of_aws and self._is_due("around", AROUND_EVERY_S)
        # Variants that serve components have no model of their own. What scales their copies is found by their names.
        if around and any(not variant.model for variant in endpoint.variants):
            with self._asking("inference components"):
                self._view = replace(self._view, components=source.components(self._name))
        scaling = Can.SCALING in self._source.can and self._is_due("scaling", SCALING_EVERY_S)
        if scaling:
            with self._errors.of("scaling"):
                self._view = replace(self._view, targets=self._source.scaling([self._name]))
        if around:
            self._look_behind(endpoint, source)
        if scaling or around:
            self._examine()
        return self.view

    def was_changed(self) -> None:
        """What scales it is out of date: somebody has just changed it from here. From any thread."""
        self._asked.pop("scaling", None)

    def measure(self) -> EndpointView | None:
        """All metrics in one request, if a minute has passed since the last time; None if not."""
        endpoint = self._view.endpoint
        if endpoint is None or not endpoint.variants or not self._is_due("metrics", METRICS_EVERY_S):
            return None
        now = self._now()
        queries = self._queries(endpoint)
        with self._errors.of("metrics"):
            answers = self._source.metrics(queries, to_ms(now - WINDOW), to_ms(now))
            variants = [variant.name for variant in endpoint.variants]
            components = [component.name for component in self._view.components]
            found: dict[Kind, dict[str, dict[str, Series]]] = {
                "variant": {name: {} for name in variants},
                "instance": {name: {} for name in variants},
                "component": {name: {} for name in components},
                "copy": {name: {} for name in components},
            }
            for query, series in zip(queries, answers, strict=True):
                found[query.kind][query.part][key_of(query)] = series
            traffic = found["variant"]
            self._view = replace(
                self._view,
                traffic=traffic,
                use=found["instance"],
                component_traffic=found["component"],
                component_use=found["copy"],
                measured=now,
            )
            self._unpublished.update(
                name for name, series in traffic.items() if CONCURRENCY[0] in series and not len(series[CONCURRENCY[0]])
            )
            self._look_back(endpoint, now)
        self._examine()
        return self.view

    def _queries(self, endpoint: Endpoint) -> list[MetricQuery]:
        if self._is_due("published", SLOW_EVERY_S):
            self._unpublished.clear()
        wanted: list[tuple[Kind, str, str]] = [("variant", metric, stat) for metric, stat in (*TRAFFIC, CONCURRENCY)]
        wanted += [("instance", metric, "Average") for metric in UTILIZATIONS]
        of_component: list[tuple[Kind, str, str]] = [("component", metric, stat) for metric, stat in COMPONENT_TRAFFIC]
        of_component += [("copy", metric, "Average") for metric in COMPONENT_USE]
        return [
            *(
                MetricQuery(kind, self._name, metric, variant.name, stat)
                for variant in endpoint.variants
                for kind, metric, stat in wanted
                if (kind == "variant" or variant.serverless is None)
                and (metric != CONCURRENCY[0] or variant.name not in self._unpublished)
            ),
            *(
                MetricQuery(kind, self._name, metric, component.name, stat)
                for component in self._view.components
                for kind, metric, stat in of_component
            ),
        ]

    def _look_back(self, endpoint: Endpoint, now: datetime) -> None:
        """Look for requests in the last days to variants that had none in the last hours."""
        silent = [one.name for one in endpoint.variants if is_silent(self._view.traffic.get(one.name, {}))]
        self._days = {name: series for name, series in self._days.items() if name in silent}
        due = self._is_due("days", SLOW_EVERY_S)
        if silent and (due or not self._days.keys() >= set(silent)):
            queries = [long_query(self._name, name) for name in silent]
            answers = self._source.metrics(queries, to_ms(now - LONG), to_ms(now))
            self._days = dict(zip(silent, answers, strict=True))

    def _look_behind(self, endpoint: Endpoint, source: EndpointSource) -> None:
        """What scaling did, alarms and models; what is denied is named once and not an error each time."""
        since = self._now() - WINDOW
        with self._asking("scaling activities"):
            resources = [target.resource_id for target in self._view.targets or ()]
            self._view = replace(self._view, activities=source.activities(resources, since))
        with self._asking("alarms"):
            self._view = replace(self._view, alarms=source.alarms(self._name, since))
        with self._asking("model data"):
            names = [variant.model for variant in endpoint.variants if variant.model]
            names += [component.model for component in self._view.components if component.model]
            self._view = replace(self._view, models=source.models(names))

    @contextmanager
    def _asking(self, what: str) -> Iterator[None]:
        with self._errors.of(what):
            try:
                yield
            except Denied as error:
                self._lacking[what] = error.permission
            else:
                self._lacking.pop(what, None)

    def _examine(self) -> None:
        view, now = self._view, self._now()
        if view.endpoint is None or not view.endpoint.detailed:
            return
        self._view = replace(
            view,
            findings=examine(
                view.endpoint,
                to_ms(now),
                view.traffic,
                view.use,
                view.targets or (),
                view.activities,
                days=self._days,
                asked=view.measured is not None,
                limits=self._limits,
                zone=self._zone,
            ),
        )

    def _is_due(self, what: str, every_s: float) -> bool:
        now, asked = self._now(), self._asked.get(what)
        if asked is not None and now - asked < timedelta(seconds=every_s):
            return False
        self._asked[what] = now
        return True


def is_silent(traffic: Mapping[str, Series]) -> bool:
    """Whether a variant's traffic was asked for and has no request in it."""
    return "Invocations" in traffic and not any(traffic["Invocations"].values)


def long_query(endpoint: str, variant: str) -> MetricQuery:
    """A variant's requests by the hour, over days."""
    return MetricQuery("variant", endpoint, "Invocations", variant, "Sum", LONG_PERIOD_S)


def examine(
    endpoint: Endpoint,
    now_ms: int,
    traffic: BySeries,
    use: BySeries,
    targets: tuple[ScalableTarget, ...],
    activities: tuple[ScalingActivity, ...] = (),
    *,
    days: Mapping[str, Series],
    asked: bool,
    limits: Thresholds,
    zone: tzinfo | None = None,
) -> tuple[Finding, ...]:
    """What is wrong with an endpoint: its last hours, and for variants without requests there their last days.

    Args:
        endpoint: The endpoint.
        now_ms: The present.
        traffic: The last three hours by variant and metric.
        use: Utilization likewise.
        targets: Its scalable targets.
        activities: What scaling did.
        days: Requests of the last days, of variants that had none in the last hours.
        asked: Whether `traffic` is an answer, and not only empty for not being there yet.
        limits: The thresholds.
        zone: The zone of clock times in sentences.
    """
    longer = {name: {**traffic.get(name, {}), "Invocations": series} for name, series in days.items()}
    window = LONG if days else WINDOW
    return examine_endpoint(
        EndpointEvidence(
            endpoint,
            now_ms,
            now_ms - int(window.total_seconds() * 1000) if asked else None,
            {**traffic, **longer},
            use,
            targets,
            activities,
            limits,
            zone,
        )
    )

"""The list of endpoints, kept current: the rows on screen each minute, the rest of the fleet each five."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone, tzinfo
from typing import cast

from tui.model.endpoints import Endpoint, ScalableTarget
from tui.model.findings import Finding
from tui.model.health.thresholds import Thresholds, thresholds
from tui.model.jobs import is_local
from tui.model.series import MetricQuery, Series
from tui.sources.base import Can, Denied, EndpointSource, NotFound, Page, Source, SourceError
from tui.watch.clock import Clock, to_ms
from tui.watch.endpoint import LONG, SLOW_EVERY_S, WINDOW, examine, is_silent, key_of, long_query
from tui.watch.errors import Errors

METRICS_EVERY_S = 60
FLEET_EVERY_S = 300
"""How often what is not on screen is measured and described: trouble that nobody looks at comes to the top too."""
DESCRIBE_EVERY_S = 60
"""An endpoint that AWS does not call modified is described again after this long: its instances may have changed."""
LISTED = (
    ("Invocations", "Sum"),
    ("ModelLatency", "Average"),
    ("ModelLatency", "p99"),
    ("Invocation4XXErrors", "Sum"),
    ("Invocation5XXErrors", "Sum"),
)
USED = ("CPUUtilization", "Average")
_AT_ONCE = 16
"""Descriptions that are asked for side by side."""

Variant = tuple[str, str]
"""The names of an endpoint and of one of its variants."""


@dataclass(frozen=True, slots=True)
class EndpointsView:
    """What the endpoints screen shows.

    Attributes:
        endpoints: Newest first.
        targets: Scalable targets by endpoint; an endpoint that was not asked about is missing.
        traffic: Series of the last three hours by variant and name, CPUUtilization among them.
        findings: What is wrong, by endpoint, the gravest first; those with nothing are missing.
        refreshed: When the list came, None before the first.
        loading: Whether more pages are to come.
        errors: What failed last; what it would have told is as it was before.
    """

    endpoints: tuple[Endpoint, ...] = ()
    targets: Mapping[str, tuple[ScalableTarget, ...]] = field(default_factory=dict)
    traffic: Mapping[Variant, Mapping[str, Series]] = field(default_factory=dict)
    findings: Mapping[str, tuple[Finding, ...]] = field(default_factory=dict)
    refreshed: datetime | None = None
    loading: bool = True
    errors: tuple[SourceError, ...] = ()

    def of(self, endpoint: Endpoint) -> dict[str, Mapping[str, Series]]:
        """An endpoint's series, by the variant's name."""
        return {variant.name: self.traffic.get((endpoint.name, variant.name), {}) for variant in endpoint.variants}


class EndpointsWatch:
    """Asks a source for its endpoints. Not thread-safe: one Poller calls it.

    Args:
        source: The source.
        now: The clock.
        changes: The settings' thresholds of health rules.
        zone: The zone of clock times in sentences, None for the machine's own.
    """

    def __init__(
        self, source: Source, now: Clock, changes: Thresholds | None = None, zone: tzinfo | None = None
    ) -> None:
        self._source = source
        self._now = now
        self._limits = thresholds(changes)
        self._zone = zone
        self._endpoints: dict[str, Endpoint] = {}
        self._described: dict[str, datetime] = {}
        self._targets: dict[str, tuple[ScalableTarget, ...]] = {}
        self._traffic: dict[Variant, dict[str, Series]] = {}
        self._days: dict[Variant, Series] = {}
        self._days_at: datetime | None = None
        self._findings: dict[str, tuple[Finding, ...]] = {}
        self._measured: dict[str, datetime] = {}
        self._cursor: str | None = None
        self._round: set[str] = set()
        self._refreshed: datetime | None = None
        self._complete = False
        self._unscaled = False
        self._can_search = True
        self._errors = Errors()

    @property
    def view(self) -> EndpointsView:
        """All that is known now."""
        return EndpointsView(
            endpoints=tuple(sorted(self._endpoints.values(), key=lambda endpoint: endpoint.created, reverse=True)),
            targets=dict(self._targets),
            traffic={variant: dict(series) for variant, series in self._traffic.items()},
            findings={name: found for name, found in self._findings.items() if name in self._endpoints and found},
            refreshed=self._refreshed,
            loading=not self._complete,
            errors=self._errors.now,
        )

    @property
    def has_more(self) -> bool:
        """Whether pages are left that were never loaded."""
        return not self._complete

    def refresh(self, visible: Sequence[str]) -> EndpointsView:
        """One page of the list (the next one each time, round and round), then what the visible rows need.

        Args:
            visible: The names of the endpoints on screen; before any are known, the first ones stand in.
        """
        self.load_page()
        return self.look(visible)

    def was_changed(self, name: str) -> None:
        """What is known of this one is out of date: somebody has just changed it from here. From any thread."""
        self._described.pop(name, None)
        self._measured.pop(name, None)

    def load_page(self) -> EndpointsView:
        """The next page of the list, the first again after the last."""
        with self._errors.of("list"):
            self._take(self._source.list_endpoints(cursor=self._cursor))
        return self.view

    def look(self, visible: Sequence[str]) -> EndpointsView:
        """All that is due: `glance`, then `look_closer`."""
        self.glance(visible)
        return self.look_closer(visible)

    def glance(self, visible: Sequence[str]) -> EndpointsView:
        """Metrics of the rows on screen each minute, and of all others each five once the list is whole.

        What is not on screen is described by Search, and so is all that was never described, in two requests for two
        hundred; metrics are asked for 500 a request.
        """
        shown, now = self._shown(visible), self._now()
        due = [name for name in shown if self._is_due(name, METRICS_EVERY_S, now)]
        # While pages are still to come the rows on screen go first; then all the others come at once.
        others = [] if self.has_more else [name for name in self._endpoints if self._is_due(name, FLEET_EVERY_S, now)]
        if rough := [name for name in others if name not in shown or not self._endpoints[name].detailed]:
            with self._errors.of("fleet"):
                self._describe_fleet([name for name in rough if not is_local(name)])
        if unknown := [name for name in due if not self._endpoints[name].detailed and self._is_old(name, now)]:
            self._describe(unknown, now)
        if due or others:
            asked = list(dict.fromkeys([*(shown if due else ()), *others]))
            self._measured.update(dict.fromkeys(asked, now))
            with self._errors.of("metrics"):
                self._measure(asked, now)
                self._look_back(now)
            self._examine(asked, now)
            self._unscaled = bool(due)
        return self.view

    def look_closer(self, visible: Sequence[str]) -> EndpointsView:
        """The rows on screen as they are now, each by its own description, and what scales them."""
        shown, now = self._shown(visible), self._now()
        if old := [name for name in shown if self._is_old(name, now)]:
            self._describe(old, now)
            shown = self._shown(visible)
        if Can.SCALING in self._source.can and (self._unscaled or any(name not in self._targets for name in shown)):
            self._unscaled = False
            with self._errors.of("scaling"):
                self._scale(shown)
            self._examine(shown, now)
        return self.view

    def _shown(self, visible: Sequence[str]) -> list[str]:
        shown = [name for name in visible if name in self._endpoints]
        return shown or [endpoint.name for endpoint in self.view.endpoints[:20]]

    def _take(self, page: Page[Endpoint]) -> None:
        for summary in page.items:
            self._round.add(summary.name)
            known = self._endpoints.get(summary.name)
            if known is None or known.created != summary.created:
                self._endpoints[summary.name] = summary
                self._described.pop(summary.name, None)
            elif (known.status, known.modified) != (summary.status, summary.modified):
                self._endpoints[summary.name] = replace(known, status=summary.status, modified=summary.modified)
                self._described.pop(summary.name, None)
        self._cursor = page.cursor
        if page.cursor is None:
            # A whole round is over: what it did not list is gone.
            self._endpoints = {name: endpoint for name, endpoint in self._endpoints.items() if name in self._round}
            self._round = set()
            self._complete = True
        self._refreshed = self._now()

    def _is_old(self, name: str, now: datetime) -> bool:
        described = self._described.get(name)
        patience = timedelta(seconds=DESCRIBE_EVERY_S if not self._endpoints[name].is_changing else 5)
        return described is None or now - described >= patience

    def _is_due(self, name: str, every_s: float, now: datetime) -> bool:
        return now - self._measured.get(name, _LONG_AGO) >= timedelta(seconds=every_s)

    def _describe(self, names: Sequence[str], now: datetime) -> None:
        """DescribeEndpoint for each, a few side by side."""
        with self._errors.of("details"):
            self._describe_all(names, now)

    def _describe_all(self, names: Sequence[str], now: datetime) -> None:
        self._described.update(dict.fromkeys(names, now))
        with ThreadPoolExecutor(min(_AT_ONCE, len(names))) as pool:
            answers = list(pool.map(self._describe_one, names))
        failed: SourceError | None = None
        for name, answer in zip(names, answers, strict=True):
            if isinstance(answer, Endpoint):
                self._endpoints[name] = answer
            elif isinstance(answer, NotFound):
                # Deleted between the list and the question.
                self._endpoints.pop(name)
            elif failed is None or isinstance(failed, Denied):
                # A policy may allow some endpoints and not others: anything else is graver.
                failed = answer
        if failed is not None:
            raise failed

    def _describe_one(self, name: str) -> Endpoint | SourceError:
        try:
            return self._source.describe_endpoint(name)
        except SourceError as error:
            return error

    def _describe_fleet(self, names: Sequence[str]) -> None:
        """What is not on screen, by one Search for every hundred; what that does not know, or denies, is left as it is.

        Search learns late of what is new: what it knows is not taken for what a row on screen would show.
        """
        if not self._can_search or Can.DETAILS not in self._source.can:
            return
        try:
            found = cast("EndpointSource", self._source).describe_endpoints(names)
        except Denied:
            # It is not needed: each row is described by itself once it is on screen.
            self._can_search = False
            return
        for endpoint in found:
            known = self._endpoints[endpoint.name]
            if endpoint.created == known.created and endpoint.modified >= known.modified:
                self._endpoints[endpoint.name] = _with_types(endpoint, known)

    def _scale(self, names: Sequence[str]) -> None:
        self._targets = {**dict.fromkeys(names, ()), **self._targets}  # what fails is asked again with the next minute
        described = [name for name in names if name in self._endpoints and self._endpoints[name].detailed]
        targets = self._source.scaling(described)
        for name in described:
            self._targets[name] = tuple(target for target in targets if target.endpoint == name)

    def _measure(self, names: Sequence[str], now: datetime) -> None:
        queries = [
            MetricQuery("instance" if metric == USED[0] else "variant", name, metric, variant.name, stat)
            for name in names
            if name in self._endpoints
            for variant in self._endpoints[name].variants
            for metric, stat in (LISTED if variant.serverless else (*LISTED, USED))
        ]
        if not queries:
            return
        answers = self._source.metrics(queries, to_ms(now - WINDOW), to_ms(now))
        for query, series in zip(queries, answers, strict=True):
            self._traffic.setdefault((query.owner, query.part), {})[key_of(query)] = series

    def _look_back(self, now: datetime) -> None:
        """Look every half hour for requests in the last days to variants that had none in the last hours."""
        if self.has_more or (self._days_at is not None and now - self._days_at < timedelta(seconds=SLOW_EVERY_S)):
            return
        self._days_at = now
        silent = [variant for variant, traffic in self._traffic.items() if is_silent(traffic)]
        queries = [long_query(endpoint, name) for endpoint, name in silent]
        answers = self._source.metrics(queries, to_ms(now - LONG), to_ms(now)) if queries else ()
        self._days = dict(zip(silent, answers, strict=True))

    def _examine(self, names: Iterable[str], now: datetime) -> None:
        view = self.view
        for name in names:
            endpoint = self._endpoints.get(name)
            if endpoint is not None and endpoint.detailed:
                traffic = view.of(endpoint)
                days = {one.name: self._days.get((name, one.name)) for one in endpoint.variants}
                self._findings[name] = examine(
                    endpoint,
                    to_ms(now),
                    traffic,
                    traffic,
                    self._targets.get(name, ()),
                    days={
                        variant: series
                        for variant, series in days.items()
                        if series is not None and is_silent(traffic[variant])
                    },
                    asked=all("Invocations" in series for series in traffic.values()),
                    limits=self._limits,
                    zone=self._zone,
                )


def _with_types(endpoint: Endpoint, known: Endpoint) -> Endpoint:
    """What only a config tells, as it was known before, where the config is the same."""
    before = {(variant.name, variant.shadow): variant for variant in known.variants}
    if known.config != endpoint.config:
        return endpoint
    return replace(
        endpoint,
        variants=tuple(
            replace(
                variant,
                instance_type=variant.instance_type or old.instance_type,
                model=variant.model or old.model,
            )
            if (old := before.get((variant.name, variant.shadow)))
            else variant
            for variant in endpoint.variants
        ),
    )


_LONG_AGO = datetime.min.replace(tzinfo=timezone.utc)

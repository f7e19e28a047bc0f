"""The list of endpoints, kept current with requests that grow with the rows on screen, not with the fleet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone

from tui.model.endpoints import Endpoint, ScalableTarget
from tui.model.series import MetricQuery, Series
from tui.sources.base import Can, Denied, NotFound, Page, Source, SourceError
from tui.watch.clock import Clock, to_ms
from tui.watch.errors import Errors

METRICS_EVERY_S = 60
DESCRIBE_EVERY_S = 60
"""An endpoint that AWS does not call modified is described again after this long: its instances may have changed."""
WINDOW = timedelta(hours=3)
LISTED = (
    ("Invocations", "Sum"),
    ("ModelLatency", "Average"),
    ("Invocation4XXErrors", "Sum"),
    ("Invocation5XXErrors", "Sum"),
)

Variant = tuple[str, str]
"""The names of an endpoint and of one of its variants."""


@dataclass(frozen=True, slots=True)
class EndpointsView:
    """What the endpoints screen shows.

    Attributes:
        endpoints: Newest first.
        targets: Scalable targets by endpoint; an endpoint that was not asked about is missing.
        traffic: Series of the last three hours by variant and metric name.
        refreshed: When the list came, None before the first.
        loading: Whether more pages are to come.
        errors: What failed last; what it would have told is as it was before.
    """

    endpoints: tuple[Endpoint, ...] = ()
    targets: Mapping[str, tuple[ScalableTarget, ...]] = field(default_factory=dict)
    traffic: Mapping[Variant, Mapping[str, Series]] = field(default_factory=dict)
    refreshed: datetime | None = None
    loading: bool = True
    errors: tuple[SourceError, ...] = ()


class EndpointsWatch:
    """Asks a source for its endpoints. Not thread-safe: one Poller calls it."""

    def __init__(self, source: Source, now: Clock) -> None:
        self._source = source
        self._now = now
        self._endpoints: dict[str, Endpoint] = {}
        self._described: dict[str, datetime] = {}
        self._targets: dict[str, tuple[ScalableTarget, ...]] = {}
        self._traffic: dict[Variant, dict[str, Series]] = {}
        self._measured: dict[str, datetime] = {}
        self._cursor: str | None = None
        self._round: set[str] = set()
        self._refreshed: datetime | None = None
        self._complete = False
        self._errors = Errors()

    @property
    def view(self) -> EndpointsView:
        """All that is known now."""
        return EndpointsView(
            endpoints=tuple(sorted(self._endpoints.values(), key=lambda endpoint: endpoint.created, reverse=True)),
            targets=dict(self._targets),
            traffic={variant: dict(series) for variant, series in self._traffic.items()},
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

    def load_page(self) -> EndpointsView:
        """The next page of the list, the first again after the last."""
        with self._errors.of("list"):
            self._take(self._source.list_endpoints(cursor=self._cursor))
        return self.view

    def look(self, visible: Sequence[str]) -> EndpointsView:
        """What the rows on screen need: descriptions that are missing or old, scaling, and one metrics call."""
        shown = [name for name in visible if name in self._endpoints]
        shown = shown or [endpoint.name for endpoint in self.view.endpoints[:20]]
        now = self._now()
        old = [name for name in shown if self._is_old(name, now)]
        if old:
            with self._errors.of("details"):
                self._describe(old, now)
        due = [
            name for name in shown if now - self._measured.get(name, _LONG_AGO) >= timedelta(seconds=METRICS_EVERY_S)
        ]
        if due:
            self._measured.update(dict.fromkeys(shown, now))
            if Can.SCALING in self._source.can:
                with self._errors.of("scaling"):
                    self._scale(shown)
            with self._errors.of("metrics"):
                self._measure(shown, now)
        return self.view

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

    def _describe(self, names: Sequence[str], now: datetime) -> None:
        denied: Denied | None = None
        for name in names:
            self._described[name] = now
            try:
                self._endpoints[name] = self._source.describe_endpoint(name)
            except NotFound:
                # Deleted between the list and the question.
                self._endpoints.pop(name)
            except Denied as error:
                # A policy may allow some endpoints and not others.
                denied = error
        if denied is not None:
            raise denied

    def _scale(self, names: Sequence[str]) -> None:
        described = [name for name in names if name in self._endpoints and self._endpoints[name].detailed]
        targets = self._source.scaling(described)
        for name in described:
            self._targets[name] = tuple(target for target in targets if target.endpoint == name)

    def _measure(self, names: Sequence[str], now: datetime) -> None:
        queries = [
            MetricQuery("variant", name, metric, variant.name, stat)
            for name in names
            if name in self._endpoints
            for variant in self._endpoints[name].variants
            for metric, stat in LISTED
        ]
        if not queries:
            return
        answers = self._source.metrics(queries, to_ms(now - WINDOW), to_ms(now))
        for query, series in zip(queries, answers, strict=True):
            self._traffic.setdefault((query.owner, query.part), {})[query.metric] = series


_LONG_AGO = datetime.min.replace(tzinfo=timezone.utc)

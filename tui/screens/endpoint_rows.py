"""An endpoint's variants as rows of the table, and what scales them in a word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from tui.model.bars import sparkline
from tui.model.endpoints import Endpoint, ProductionVariant, ScalableTarget
from tui.model.phrases import capacity, scaling_word
from tui.model.series import Series
from tui.model.status import sign, tone
from tui.model.words import DASH, number, short_instance, span
from tui.screens.context import Context
from tui.watch.endpoints import EndpointsView
from tui.widgets.columns import Cell, Column, SortValue

CURVE = 12

COLUMNS = (
    Column("name", "NAME", 16, most=40, cut="middle"),
    Column("status", "STATUS", 13, most=18),
    Column("variant", "VARIANT", 8, most=20, cut="middle", priority=5),
    Column("instances", "INST", 5, most=9, align="right", priority=3),
    Column("requests", "REQ/MIN", 7, align="right", priority=1, descending=True),
    Column("latency", "AVG ms", 7, align="right", priority=2, descending=True),
    Column("4xx", "4XX", 5, align="right", priority=7, descending=True),
    Column("5xx", "5XX", 5, align="right", priority=1, descending=True),
    Column("scaling", "SCALING", 12, most=24, priority=4),
    Column("type", "TYPE", 10, most=16, priority=9),
    Column("age", "SINCE", 6, align="right", priority=8),
    Column("curve", "", CURVE, priority=10),
)


TOO_MANY = 1.0
"""From how many percent of requests answered with 5XX on an endpoint is in trouble, whatever its status."""


def in_trouble(endpoint: Endpoint, view: EndpointsView) -> bool:
    """Whether someone should look: its status says so, or one of its variants answers too many requests with 5XX."""
    shares = (_share(_traffic(endpoint, variant, view), "Invocation5XXErrors") for variant in endpoint.variants)
    return endpoint.in_trouble or any(share is not None and share >= TOO_MANY for share in shares)


def key(endpoint: Endpoint, number: int) -> str:
    """A row's key: the endpoint's name, for all but its first variant followed by the variant's."""
    return endpoint.name if number == 0 else f"{endpoint.name}/{endpoint.variants[number].name}"


def name_of(key: str) -> str:
    """The endpoint's name of a row's key: endpoint names have no slash."""
    return key.split("/", 1)[0]


def cells(
    endpoint: Endpoint, variant: ProductionVariant | None, view: EndpointsView, context: Context
) -> tuple[Cell, ...]:
    """One cell for each of COLUMNS, as of now."""
    ascii = context.settings.ascii
    traffic = _traffic(endpoint, variant, view)
    errors = _share(traffic, "Invocation5XXErrors")
    target = _target(endpoint, variant, view)
    word = scaling_word(target) if endpoint.name in view.targets and variant else DASH
    curve = sparkline(traffic["Invocations"].values, CURVE, ascii_only=ascii) if "Invocations" in traffic else ""
    return (
        endpoint.name,
        (f"! {endpoint.status}", "warning")
        if errors is not None and errors >= TOO_MANY and tone(endpoint.status) == "good"
        else (f"{sign(endpoint.status, ascii=ascii)} {endpoint.status}", tone(endpoint.status)),
        (variant.name + (" shadow" if variant.shadow else "")) if variant else (DASH, "muted"),
        capacity(variant) if variant and variant.serverless is None else (DASH, "muted"),
        number(_per_minute(traffic, "Invocations")),
        number(_last(traffic, "ModelLatency")),
        _percent(_share(traffic, "Invocation4XXErrors")),
        (_percent(errors), "bad") if errors is not None and errors >= TOO_MANY else _percent(errors),
        (word, "warning") if target and target.suspended.any else word,
        _type(variant) or (DASH, "muted"),
        (span((context.now() - endpoint.modified).total_seconds()), "muted"),
        (curve, "busy"),
    )


def sort_values(
    endpoint: Endpoint, variant: ProductionVariant | None, view: EndpointsView, now: datetime
) -> tuple[SortValue, ...]:
    """What each of COLUMNS is sorted by."""
    traffic = _traffic(endpoint, variant, view)
    target = _target(endpoint, variant, view)
    return (
        endpoint.name,
        endpoint.status,
        variant.name if variant else None,
        variant.current_instances if variant else None,
        _per_minute(traffic, "Invocations"),
        _last(traffic, "ModelLatency"),
        _share(traffic, "Invocation4XXErrors"),
        _share(traffic, "Invocation5XXErrors"),
        scaling_word(target) if target else None,
        variant.instance_type if variant else None,
        (now - endpoint.modified).total_seconds(),
        None,
    )


def targets_of(variant: ProductionVariant, targets: Sequence[ScalableTarget]) -> tuple[ScalableTarget, ...]:
    """The targets of one variant: its instances, or its provisioned concurrency."""
    return tuple(target for target in targets if target.variant == variant.name)


def _target(endpoint: Endpoint, variant: ProductionVariant | None, view: EndpointsView) -> ScalableTarget | None:
    if variant is None:
        return None
    return next(iter(targets_of(variant, view.targets.get(endpoint.name, ()))), None)


def _type(variant: ProductionVariant | None) -> str:
    if variant is None:
        return ""
    return "serverless" if variant.serverless is not None else short_instance(variant.instance_type)


def _traffic(endpoint: Endpoint, variant: ProductionVariant | None, view: EndpointsView) -> Mapping[str, Series]:
    return view.traffic.get((endpoint.name, variant.name), {}) if variant else {}


def _last(traffic: Mapping[str, Series], metric: str) -> float | None:
    """The newest datapoint that is whole: CloudWatch's last minute is still being counted."""
    series = traffic.get(metric)
    if series is None or not len(series):
        return None
    return series.values[-2] if len(series) > 1 else series.values[-1]


def _per_minute(traffic: Mapping[str, Series], metric: str) -> float | None:
    return _last(traffic, metric)


def _share(traffic: Mapping[str, Series], metric: str) -> float | None:
    """Errors in percent of the requests, over the last five minutes with datapoints."""
    requests, errors = traffic.get("Invocations"), traffic.get(metric)
    if requests is None or not len(requests):
        return None
    since = requests.times[-1] - 5 * 60_000
    total = sum(value for time, value in zip(requests.times, requests.values, strict=True) if time >= since)
    failed = (
        sum(value for time, value in zip(errors.times, errors.values, strict=True) if time >= since) if errors else 0
    )
    return 100 * failed / total if total else None


def _percent(value: float | None) -> str:
    if value is None:
        return DASH
    if value == 0:
        return "0"
    return "<0.1%" if value < 0.1 else f"{value:.1f}%" if value < 10 else f"{value:.0f}%"

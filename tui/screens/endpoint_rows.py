"""An endpoint's variants as rows of the table, and what scales them in a word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from tui.model.bars import sparkline
from tui.model.endpoints import Endpoint, ProductionVariant, ScalableTarget
from tui.model.findings import Finding
from tui.model.instances import scale, shape
from tui.model.phrases import capacity, scaling_word
from tui.model.status import sign, tone
from tui.model.traffic import TOO_MANY, Traffic, fraction, is_failing, last, share
from tui.model.words import DASH, number, percent, short_instance, span
from tui.screens.context import Context
from tui.watch.endpoints import EndpointsView
from tui.widgets.columns import Cell, Column, SortValue

CURVE = 12

COLUMNS = (
    Column("name", "NAME", 15, most=40, cut="middle"),
    Column("status", "STATUS", 11, most=18),
    # Without its variant one row of an endpoint looks like the next: it stays on the narrowest screen.
    Column("variant", "VARIANT", 7, most=20, cut="middle"),
    Column("instances", "INST", 5, most=7, align="right", priority=5),
    Column("requests", "REQ/MIN", 7, align="right", priority=1, descending=True),
    Column("latency", "AVG ms", 6, align="right", priority=2, descending=True),
    Column("p99", "P99 ms", 7, align="right", priority=6, descending=True),
    Column("4xx", "4XX", 5, align="right", priority=8, descending=True),
    Column("5xx", "5XX", 5, align="right", priority=1, descending=True),
    Column("cpu", "CPU", 4, align="right", priority=7, descending=True),
    Column("scaling", "SCALING", 9, most=18, priority=4, eager=True),
    Column("type", "TYPE", 10, most=16, priority=9),
    Column("age", "SINCE", 6, align="right", priority=10),
    Column("curve", "", CURVE, priority=11),
)


def in_trouble(endpoint: Endpoint, traffic: Mapping[str, Traffic], findings: Sequence[Finding] = ()) -> bool:
    """Whether someone should look: its status says so, too many requests are answered with 5XX, or a rule does.

    Args:
        endpoint: The endpoint.
        traffic: Its variants' series, by the variant's name.
        findings: What is wrong with it.
    """
    failing = any(is_failing(traffic.get(variant.name, {})) for variant in endpoint.variants)
    return endpoint.in_trouble or failing or any(finding.severity == "critical" for finding in findings)


def gravity(endpoint: Endpoint, view: EndpointsView) -> int:
    """Where an endpoint belongs in a list that begins with trouble: 0 for that, 3 for the many that are well."""
    findings = view.findings.get(endpoint.name, ())
    if in_trouble(endpoint, view.of(endpoint), findings):
        return 0
    if findings:
        return 1
    return 2 if endpoint.is_changing else 3


def key(endpoint: Endpoint, number: int) -> str:
    """A row's key: the endpoint's name, for all but its first variant followed by the variant's."""
    return endpoint.name if number == 0 else f"{endpoint.name}|{endpoint.variants[number].name}"


def name_of(key: str) -> str:
    """The endpoint's name of a row's key: no name has a bar."""
    return key.split("|", 1)[0]


def variant_of(key: str) -> str:
    """The variant's name of a row's key; empty for an endpoint's first."""
    return key.partition("|")[2]


def cells(
    endpoint: Endpoint, variant: ProductionVariant | None, view: EndpointsView, context: Context
) -> tuple[Cell, ...]:
    """One cell for each of COLUMNS, as of now."""
    ascii = context.settings.ascii
    traffic = _traffic(endpoint, variant, view)
    errors = share(traffic, "Invocation5XXErrors")
    warned = bool(view.findings.get(endpoint.name)) or (errors is not None and errors >= TOO_MANY)
    target = _target(endpoint, variant, view)
    word = scaling_word(target, context.now()) if endpoint.name in view.targets and variant else DASH
    curve = sparkline(traffic["Invocations"].values, CURVE, ascii_only=ascii) if "Invocations" in traffic else ""
    return (
        endpoint.name,
        (f"! {endpoint.status}", "warning")
        if warned and tone(endpoint.status) == "good"
        else (f"{sign(endpoint.status, ascii=ascii)} {endpoint.status}", tone(endpoint.status)),
        (variant.name + (" shadow" if variant.shadow else "")) if variant else (DASH, "muted"),
        capacity(variant) if variant and variant.serverless is None else (DASH, "muted"),
        number(last(traffic, "Invocations")),
        number(last(traffic, "ModelLatency")),
        number(last(traffic, "ModelLatency p99")),
        fraction(share(traffic, "Invocation4XXErrors")),
        (fraction(errors), "bad") if errors is not None and errors >= TOO_MANY else fraction(errors),
        percent(_cpu(variant, traffic)),
        (word, "bad" if word == "overdue" else "warning") if target and target.suspended.any else word,
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
        last(traffic, "Invocations"),
        last(traffic, "ModelLatency"),
        last(traffic, "ModelLatency p99"),
        share(traffic, "Invocation4XXErrors"),
        share(traffic, "Invocation5XXErrors"),
        _cpu(variant, traffic),
        scaling_word(target, now) if target else None,
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


def _traffic(endpoint: Endpoint, variant: ProductionVariant | None, view: EndpointsView) -> Traffic:
    return view.traffic.get((endpoint.name, variant.name), {}) if variant else {}


def _cpu(variant: ProductionVariant | None, traffic: Traffic) -> float | None:
    """CPU in percent of all cores of an instance, which AWS counts as 100 each."""
    used = last(traffic, "CPUUtilization")
    kind = shape(variant.instance_type) if variant else None
    if used is None:
        return None
    return 100 * used / scale(kind.vcpus if kind else None, traffic["CPUUtilization"].values).full

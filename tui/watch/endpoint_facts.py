"""All that is known of an endpoint, as sections of names and values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from tui.model.budget import money
from tui.model.cost import Prices, endpoint_hourly
from tui.model.endpoints import Alarm, Endpoint, InferenceComponent, ProductionVariant, ScalableTarget, ScalingActivity
from tui.model.phrases import capacity
from tui.model.traffic import traffic_rows, use_words
from tui.model.words import DASH, number, span
from tui.watch.endpoint import EndpointView

Section = tuple[str, list[tuple[str, str]]]
"""A heading, and names with their values."""

LISTED = 8
"""How many scaling activities are listed, the newest first."""


def sections(
    view: EndpointView, clock: Callable[[datetime], str], now: datetime, prices: Prices | None = None
) -> list[Section]:
    """What is wrong, each variant with its traffic and what scales it, what happened of late, then the endpoint itself.

    Args:
        view: What is known.
        clock: How a moment is written.
        now: The present.
        prices: USD an hour by instance type, as far as they are known.
    """
    endpoint = view.endpoint
    if endpoint is None:
        return []
    about = [
        ("status", endpoint.status),
        ("reason", endpoint.failure_reason),
        ("deployment", _deployment(endpoint, clock)),
        ("config", endpoint.config),
        ("created", clock(endpoint.created)),
        ("modified", clock(endpoint.modified)),
        ("ARN", endpoint.arn),
    ]
    return [
        ("what is wrong", [(finding.rule, finding.sentence) for finding in view.findings]),
        *((_title(variant), _variant(variant, view, clock, now, prices or {})) for variant in endpoint.variants),
        *((f"inference component {one.name}", _component(one, view, clock, now)) for one in view.components),
        ("alarms", [(alarm.name, _alarm(alarm, clock)) for alarm in view.alarms]),
        ("scaling of the last 3 h", [_activity(one, clock) for one in reversed(view.activities[-LISTED:])]),
        ("not shown", [(what, f"ask for {permission}") for what, permission in view.lacking.items()]),
        ("tags", sorted(endpoint.tags.items())),
        ("endpoint", [(name, value) for name, value in about if value]),
    ]


def _deployment(endpoint: Endpoint, clock: Callable[[datetime], str]) -> str:
    since = f" since {clock(endpoint.deploying_since)}" if endpoint.deploying_since else ""
    return endpoint.deployment and f"{endpoint.deployment}{since}"


def _title(variant: ProductionVariant) -> str:
    return f"{'shadow ' if variant.shadow else ''}variant {variant.name}"


def _variant(
    variant: ProductionVariant, view: EndpointView, clock: Callable[[datetime], str], now: datetime, prices: Prices
) -> list[tuple[str, str]]:
    status = f"{variant.status} {variant.status_message}".strip()
    if status and variant.status_since is not None:
        status += f" since {clock(variant.status_since)}"
    entries = [
        *traffic_rows(view.traffic.get(variant.name, {})),
        ("model", variant.model),
        ("data", view.models.get(variant.model, "")),
        ("status", status),
    ]
    if variant.serverless is not None:
        serverless = variant.serverless
        entries.append(("serverless", f"{serverless.memory_mb} MB, at most {serverless.max_concurrency} at once"))
        if serverless.provisioned_concurrency is not None:
            entries.append(("provisioned", f"{serverless.provisioned_concurrency} at once"))
    else:
        entries.append(("instances", f"{capacity(variant)} × {variant.instance_type or DASH}"))
        rate = endpoint_hourly([(variant.instance_type, variant.current_instances or 0)], prices)
        entries.append(("cost", f"{money(rate)} an hour" if rate is not None else ""))
    if variant.current_weight is not None:
        entries.append(("weight", _change(variant.current_weight, variant.desired_weight)))
    if view.targets is not None and not variant.shadow:
        entries += _scaling([one for one in view.targets if one.variant == variant.name], clock, now)
    return [(name, value) for name, value in entries if value]


def _component(
    one: InferenceComponent, view: EndpointView, clock: Callable[[datetime], str], now: datetime
) -> list[tuple[str, str]]:
    entries = [
        *traffic_rows(view.component_traffic.get(one.name, {})),
        ("use", use_words(view.component_use.get(one.name, {}))),
        ("status", f"{one.status} since {clock(one.modified)}"),
        ("reason", one.failure_reason),
        ("variant", one.variant),
        ("copies", _count(one.current_copies, one.desired_copies)),
        ("model", one.model),
        ("data", one.model_data or view.models.get(one.model, "")),
    ]
    targets = [target for target in view.targets or () if target.resource_id == f"inference-component/{one.name}"]
    entries += _scaling(targets, clock, now) if targets else []
    return [(name, value) for name, value in entries if value]


def _count(current: int | None, desired: int | None) -> str:
    now = DASH if current is None else str(current)
    return now if desired in (None, current) else f"{now} → {desired}"


def _alarm(alarm: Alarm, clock: Callable[[datetime], str]) -> str:
    since = f" since {clock(alarm.since)}" if alarm.since else ""
    about = " ".join(part for part in (alarm.variant, alarm.metric, alarm.condition) if part)
    return f"{alarm.state}{since}: {about}"


def _activity(one: ScalingActivity, clock: Callable[[datetime], str]) -> tuple[str, str]:
    words = [one.description.rstrip("."), one.status, one.reason if one.status in ("Failed", "Unfulfilled") else ""]
    return clock(one.started), ", ".join(word for word in words if word)


def _change(current: float, desired: float | None) -> str:
    now = number(current)
    return now if desired in (None, current) else f"{now} → {number(desired)}"


def _scaling(
    targets: Sequence[ScalableTarget], clock: Callable[[datetime], str], now: datetime
) -> list[tuple[str, str]]:
    if not targets:
        return [("auto-scaling", "none: the number of instances is fixed")]
    entries = []
    for target in targets:
        what = target.dimension.rpartition(":")[2].removeprefix("Desired")
        entries.append(("auto-scaling", f"{what} {target.min_capacity} – {target.max_capacity}"))
        entries.append(("suspended", _suspended(target, clock, now)))
        for policy in target.policies:
            words = [policy.type]
            if policy.metric:
                words.append(policy.metric)
            if policy.target_value is not None:
                words.append(f"target {number(policy.target_value)}")
            if policy.scale_out_cooldown_s is not None:
                words.append(f"out after {span(policy.scale_out_cooldown_s)}")
            if policy.scale_in_cooldown_s is not None:
                words.append(f"in after {span(policy.scale_in_cooldown_s)}")
            entries.append((f"policy {policy.name}", ", ".join(words)))
    return entries


def _suspended(target: ScalableTarget, clock: Callable[[datetime], str], now: datetime) -> str:
    suspended = target.suspended
    kinds = [("scale out", suspended.scale_out), ("scale in", suspended.scale_in), ("scheduled", suspended.scheduled)]
    words = [", ".join(name for name, is_so in kinds if is_so) or "no"]
    if target.suspended_since is not None:
        words.append(f"here since {clock(target.suspended_since)}")
    if target.on_again is not None:
        overdue = target.overdue(now)
        words.append(f"{'OVERDUE: it was to be on again' if overdue else 'on again'} at {clock(target.on_again)}")
    return "; ".join(words)

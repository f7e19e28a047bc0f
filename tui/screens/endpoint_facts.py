"""All that is known of an endpoint, as sections of names and values."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from tui.model.endpoints import ProductionVariant, ScalableTarget
from tui.model.phrases import capacity
from tui.model.words import DASH, number, span
from tui.screens.endpoint_rows import targets_of
from tui.watch.endpoint import EndpointView
from tui.widgets.facts import Section


def sections(view: EndpointView, clock: Callable[[datetime], str]) -> list[Section]:
    """Each variant with what scales it, then the endpoint itself; `clock` writes a moment."""
    endpoint = view.endpoint
    if endpoint is None:
        return []
    about = [
        ("status", endpoint.status),
        ("reason", endpoint.failure_reason),
        ("deployment", endpoint.deployment),
        ("config", endpoint.config),
        ("created", clock(endpoint.created)),
        ("modified", clock(endpoint.modified)),
        ("ARN", endpoint.arn),
    ]
    return [
        *((_title(variant), _variant(variant, view.targets)) for variant in endpoint.variants),
        ("endpoint", [(name, value) for name, value in about if value]),
    ]


def _title(variant: ProductionVariant) -> str:
    return f"{'shadow ' if variant.shadow else ''}variant {variant.name}"


def _variant(variant: ProductionVariant, targets: tuple[ScalableTarget, ...] | None) -> list[tuple[str, str]]:
    entries = [("model", variant.model), ("status", f"{variant.status} {variant.status_message}".strip())]
    if variant.serverless is not None:
        serverless = variant.serverless
        entries.append(("serverless", f"{serverless.memory_mb} MB, at most {serverless.max_concurrency} at once"))
        if serverless.provisioned_concurrency is not None:
            entries.append(("provisioned", f"{serverless.provisioned_concurrency} at once"))
    else:
        entries.append(("instances", f"{capacity(variant)} × {variant.instance_type or DASH}"))
    if variant.current_weight is not None:
        entries.append(("weight", _change(variant.current_weight, variant.desired_weight)))
    if targets is not None:
        entries += _scaling(targets_of(variant, targets))
    return [(name, value) for name, value in entries if value]


def _change(current: float, desired: float | None) -> str:
    now = number(current)
    return now if desired in (None, current) else f"{now} → {number(desired)}"


def _scaling(targets: tuple[ScalableTarget, ...]) -> list[tuple[str, str]]:
    if not targets:
        return [("auto-scaling", "none: the number of instances is fixed")]
    entries = []
    for target in targets:
        what = target.dimension.rpartition(":")[2].removeprefix("Desired")
        entries.append(("auto-scaling", f"{what} {target.min_capacity} – {target.max_capacity}"))
        entries.append(("suspended", _suspended(target)))
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


def _suspended(target: ScalableTarget) -> str:
    suspended = target.suspended
    kinds = [("scale out", suspended.scale_out), ("scale in", suspended.scale_in), ("scheduled", suspended.scheduled)]
    return ", ".join(name for name, is_so in kinds if is_so) or "no"

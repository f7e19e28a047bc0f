"""Facts of jobs and endpoints in a few words, the same on the screen and on the command line."""

from __future__ import annotations

from datetime import datetime

from tui.model.endpoints import ProductionVariant, ScalableTarget
from tui.model.jobs import TrainingJob
from tui.model.words import DASH, number


def instances(job: TrainingJob) -> str:
    """`2 × ml.p4d.24xlarge`, the groups of a heterogeneous cluster joined by ` + `."""
    return " + ".join(f"{group.count} × {group.type}" for group in job.instances) or DASH


def capacity(variant: ProductionVariant) -> str:
    """Instances current → desired, one figure where they agree; a serverless variant's memory and concurrency."""
    if variant.serverless is not None:
        return f"serverless {variant.serverless.memory_mb} MB × {variant.serverless.max_concurrency}"
    current, desired = variant.current_instances, variant.desired_instances
    if current is None and desired is None:
        return DASH
    if current == desired or desired is None:
        return str(current)
    return f"{DASH if current is None else current} → {desired}"


def scaling_word(target: ScalableTarget | None, now: datetime) -> str:
    """Auto-scaling in a few words: `2–10 on 70`, `suspended`, `2–10, in suspended`; a dash where there is none.

    `overdue` is one that is suspended, and should be on again by its timer.
    """
    if target is None:
        return DASH
    if target.suspended.all:
        return "overdue" if target.overdue(now) else "suspended"
    limits = f"{target.min_capacity}–{target.max_capacity}"
    if target.suspended.any:
        kinds = (("out", "scale_out"), ("in", "scale_in"), ("scheduled", "scheduled"))
        return f"{limits}, {', '.join(word for word, kind in kinds if getattr(target.suspended, kind))} suspended"
    value = next((policy.target_value for policy in target.policies if policy.target_value is not None), None)
    return limits if value is None else f"{limits} on {number(value)}"

"""A job and an endpoint as `--json` prints them: snake_case, null where AWS does not say, times in ISO 8601 UTC."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from tui.model.endpoints import Endpoint, ProductionVariant, ScalableTarget, Serverless
from tui.model.jobs import TrainingJob
from tui.model.words import utc

Record = dict[str, object]


def job_record(job: TrainingJob) -> Record:
    """A training job. A final metric's `timestamp` is in ms since the epoch, as all metric times are."""
    return {
        "type": "job",
        "name": job.name,
        "status": job.status,
        "secondary_status": job.secondary_status or None,
        "created": utc(job.created),
        "started": _time(job.started),
        "ended": _time(job.ended),
        "modified": _time(job.modified),
        "arn": job.arn or None,
        "instance_type": job.instance_type,
        "instance_count": job.instance_count,
        "instance_groups": [
            {"name": group.name or None, "type": group.type, "count": group.count} for group in job.instances
        ],
        "volume_gb": job.volume_gb,
        "image": job.image or None,
        "role": job.role or None,
        "spot": job.spot if job.detailed else None,
        "max_runtime_seconds": job.max_runtime_s,
        "training_seconds": job.training_s,
        "billable_seconds": job.billable_s,
        "warm_pool": job.warm_pool or None,
        "failure_reason": job.failure_reason or None,
        "model_artifact": job.model_artifact or None,
        "output_path": job.output_path or None,
        "phases": [
            {
                "name": phase.name,
                "started": utc(phase.started),
                "ended": _time(phase.ended),
                "message": phase.message or None,
            }
            for phase in job.phases
        ],
        "final_metrics": [
            {"name": metric.name, "value": metric.value, "timestamp": _milliseconds(metric.time)}
            for metric in job.final_metrics
        ],
        "metric_definitions": [
            {"name": definition.name, "regex": definition.regex} for definition in job.metric_definitions
        ],
        "rules": [{"name": rule.name, "status": rule.status, "details": rule.details or None} for rule in job.rules],
        "hyperparameters": dict(job.hyperparameters),
        "channels": dict(job.channels),
    }


def endpoint_record(endpoint: Endpoint, targets: Sequence[ScalableTarget] = ()) -> Record:
    """An endpoint with its variants; a variant's `scaling` is its scalable target, or null.

    Args:
        endpoint: The endpoint.
        targets: Scalable targets, of this endpoint and of others.
    """
    return {
        "type": "endpoint",
        "name": endpoint.name,
        "status": endpoint.status,
        "created": utc(endpoint.created),
        "modified": utc(endpoint.modified),
        "arn": endpoint.arn or None,
        "config": endpoint.config or None,
        "deployment": endpoint.deployment or None,
        "deploying_since": _time(endpoint.deploying_since),
        "failure_reason": endpoint.failure_reason or None,
        "variants": [variant_record(variant, target_of(endpoint, variant, targets)) for variant in endpoint.variants],
        "tags": dict(endpoint.tags),
    }


def target_of(
    endpoint: Endpoint, variant: ProductionVariant, targets: Sequence[ScalableTarget]
) -> ScalableTarget | None:
    """The scalable target of a variant, None where it has no auto-scaling."""
    # A shadow variant may have the name of a production variant, which is the one that scales.
    if variant.shadow:
        return None
    return next((t for t in targets if t.endpoint == endpoint.name and t.variant == variant.name), None)


def variant_record(variant: ProductionVariant, target: ScalableTarget | None) -> Record:
    """A production or shadow variant, with its scalable target."""
    return {
        "name": variant.name,
        "shadow": variant.shadow,
        "model": variant.model or None,
        "instance_type": variant.instance_type or None,
        "current_instances": variant.current_instances,
        "desired_instances": variant.desired_instances,
        "current_weight": variant.current_weight,
        "desired_weight": variant.desired_weight,
        "status": variant.status or None,
        "status_message": variant.status_message or None,
        "status_since": _time(variant.status_since),
        "serverless": _serverless(variant.serverless),
        "scaling": scaling_record(target),
    }


def _serverless(serverless: Serverless | None) -> Record | None:
    if serverless is None:
        return None
    return {
        "memory_mb": serverless.memory_mb,
        "max_concurrency": serverless.max_concurrency,
        "provisioned_concurrency": serverless.provisioned_concurrency,
    }


def scaling_record(target: ScalableTarget | None) -> Record | None:
    """A scalable target with its policies; since when it is suspended, and until when, where that was done here."""
    if target is None:
        return None
    return {
        "resource_id": target.resource_id,
        "dimension": target.dimension,
        "min_capacity": target.min_capacity,
        "max_capacity": target.max_capacity,
        "suspended": {
            "scale_out": target.suspended.scale_out,
            "scale_in": target.suspended.scale_in,
            "scheduled": target.suspended.scheduled,
        },
        "suspended_since": _time(target.suspended_since),
        "on_again": _time(target.on_again),
        "policies": [
            {
                "name": policy.name,
                "type": policy.type,
                "metric": policy.metric or None,
                "target_value": policy.target_value,
                "scale_out_cooldown_seconds": policy.scale_out_cooldown_s,
                "scale_in_cooldown_seconds": policy.scale_in_cooldown_s,
            }
            for policy in target.policies
        ],
    }


def _time(moment: datetime | None) -> str | None:
    return utc(moment) if moment else None


def _milliseconds(moment: datetime | None) -> int | None:
    return round(moment.timestamp() * 1000) if moment else None

"""An endpoint as JSON, with its traffic and all that stands beside it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from tui.model.endpoints import Endpoint, InferenceComponent
from tui.model.records import Record, endpoint_record, scaling_record, target_of, variant_record
from tui.model.series import Series
from tui.model.traffic import Traffic, last, share
from tui.model.words import utc
from tui.watch.endpoint import COMPONENT_USE, PERCENTILES, EndpointView
from tui.watch.job import UTILIZATIONS

_USE = {
    "CPUUtilization": "cpu",
    "MemoryUtilization": "memory",
    "DiskUtilization": "disk",
    "GPUUtilization": "gpu",
    "GPUMemoryUtilization": "gpu_memory",
}


def view_record(endpoint: Endpoint, view: EndpointView) -> Record:
    """What `endpoint_record` tells, and as of now its traffic, use, components, alarms, scaling and what is wrong.

    Numbers of traffic are those of the last whole minute, errors of the last five; null where nothing was measured.
    """
    targets = view.targets or ()
    return {
        **endpoint_record(endpoint, targets),
        "variants": [
            {
                **variant_record(variant, target_of(endpoint, variant, targets)),
                "model_data": view.models.get(variant.model) or None,
                "traffic": _traffic(view.traffic.get(variant.name, {})),
                "use_percent": _use(view.use.get(variant.name, {}), UTILIZATIONS),
            }
            for variant in endpoint.variants
        ],
        "components": [_component(component, view) for component in view.components],
        "alarms": [
            {
                "name": alarm.name,
                "variant": alarm.variant or None,
                "metric": alarm.metric or None,
                "state": alarm.state,
                "since": _time(alarm.since),
                "condition": alarm.condition or None,
                "reason": alarm.reason or None,
            }
            for alarm in view.alarms
        ],
        "scaling_activities": [
            {
                "resource_id": one.resource_id,
                "started": utc(one.started),
                "ended": _time(one.ended),
                "status": one.status,
                "description": one.description or None,
            }
            for one in view.activities
        ],
        "findings": [
            {"rule": one.rule, "severity": one.severity, "sentence": one.sentence, "timestamp": one.time_ms}
            for one in view.findings
        ],
        "not_shown": dict(view.lacking),
    }


def _component(component: InferenceComponent, view: EndpointView) -> Record:
    resource = f"inference-component/{component.name}"
    return {
        "name": component.name,
        "variant": component.variant or None,
        "status": component.status,
        "status_since": utc(component.modified),
        "created": utc(component.created),
        "failure_reason": component.failure_reason or None,
        "model": component.model or None,
        "model_data": component.model_data or view.models.get(component.model) or None,
        "current_copies": component.current_copies,
        "desired_copies": component.desired_copies,
        "scaling": scaling_record(next((one for one in view.targets or () if one.resource_id == resource), None)),
        "traffic": _traffic(view.component_traffic.get(component.name, {})),
        "use_percent": _use(view.component_use.get(component.name, {}), COMPONENT_USE),
    }


def _traffic(traffic: Traffic) -> Record:
    return {
        "requests_per_minute": last(traffic, "Invocations"),
        "requests_per_instance": last(traffic, "InvocationsPerInstance"),
        "requests_per_copy": last(traffic, "InvocationsPerCopy"),
        "latency_ms": _latency(traffic, "ModelLatency"),
        "overhead_ms": _latency(traffic, "OverheadLatency"),
        "errors_percent": {
            "4xx": share(traffic, "Invocation4XXErrors"),
            "5xx": share(traffic, "Invocation5XXErrors"),
            "model": share(traffic, "InvocationModelErrors"),
        },
        "concurrent_requests": last(traffic, "ConcurrentRequestsPerModel"),
        "concurrent_requests_per_copy": last(traffic, "ConcurrentRequestsPerCopy"),
    }


def _latency(traffic: Traffic, metric: str) -> Record:
    return {"average": last(traffic, metric), **{stat: last(traffic, f"{metric} {stat}") for stat in PERCENTILES}}


def _use(use: Mapping[str, Series], metrics: tuple[str, ...]) -> Record:
    """By what is used; a host's CPUs and GPUs count 100 each, as AWS has it, what a copy uses is of its own share."""
    return {_USE[metric.removesuffix("Normalized")]: last(use, metric) for metric in metrics}


def _time(moment: datetime | None) -> str | None:
    return utc(moment) if moment else None

"""A scalable target with its policies and scheduled actions, whole: what is compared, saved and put back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from tui.model.changes import Call
from tui.model.endpoints import Endpoint, Suspended
from tui.model.words import utc
from tui.mutations.together import together
from tui.sources.base import Denied, Source

SERVICE = "application-autoscaling"
INSTANCES = "sagemaker:variant:DesiredInstanceCount"
COPIES = "sagemaker:inference-component:DesiredCopyCount"

FLAGS = {
    "scale_out": "DynamicScalingOutSuspended",
    "scale_in": "DynamicScalingInSuspended",
    "scheduled": "ScheduledScalingSuspended",
}
_POLICY = (
    "PolicyName",
    "PolicyType",
    "TargetTrackingScalingPolicyConfiguration",
    "StepScalingPolicyConfiguration",
    "PredictiveScalingPolicyConfiguration",
)
_SCHEDULED = ("ScheduledActionName", "Schedule", "Timezone", "StartTime", "EndTime", "ScalableTargetAction")

Scaling = Mapping[str, Any]
"""`target` (`min`, `max`, `suspended`; None where there is none), `policies`, `scheduled` (None where they may not be
read); and, as they may move by themselves and are never compared, `instances`, `desired` and `endpoint_status`. In a
change also `until`: when sagetop's own timer ends the suspension."""
COMPARED = ("target", "policies", "scheduled")


def read_scaling(source: Source, resource_id: str, dimension: str, endpoint: str, variant: str) -> dict[str, Any]:
    """All there is of one target, in one round trip: what scales it, and how many instances it has now."""
    which = {"ResourceId": resource_id, "ScalableDimension": dimension}
    asks: list[Callable[[], list[Any] | None]] = [
        lambda: pages(source, "DescribeScalableTargets", ResourceIds=[resource_id], ScalableDimension=dimension),
        lambda: pages(source, "DescribeScalingPolicies", **which),
        lambda: scheduled_actions(source, **which),
        *([partial(_endpoint, source, endpoint)] if endpoint else []),
    ]
    targets, policies, scheduled, *found = together(asks)
    described = found[0][0] if found and found[0] else None
    return state_of(
        [target for target in targets or () if target.get("ResourceId") == resource_id],
        [policy for policy in policies or () if policy.get("ResourceId") == resource_id],
        scheduled,
        described if isinstance(described, Endpoint) else None,
        variant,
    )


def state_of(
    targets: list[Any], policies: list[Any], scheduled: list[Any] | None, endpoint: Endpoint | None, variant: str
) -> dict[str, Any]:
    """What AWS said of one target, as a plain value that can be compared."""
    shown = (
        next((one for one in endpoint.variants if one.name == variant and not one.shadow), None) if endpoint else None
    )
    return {
        "target": _target(targets[0]) if targets else None,
        "policies": sorted((_kept(one, _POLICY) for one in policies), key=lambda one: str(one["PolicyName"])),
        "scheduled": None
        if scheduled is None
        else sorted((_kept(one, _SCHEDULED) for one in scheduled), key=lambda one: str(one["ScheduledActionName"])),
        "instances": shown.current_instances if shown else None,
        "desired": shown.desired_instances if shown else None,
        "endpoint_status": endpoint.status if endpoint else "",
    }


def flags_of(state: Scaling) -> Suspended:
    """Its flags, none where there is no target."""
    target = state["target"]
    return Suspended(**target["suspended"]) if target else Suspended()


def with_flags(state: Scaling, flags: Suspended) -> dict[str, Any]:
    """The same with other flags."""
    return {**state, "target": {**state["target"], "suspended": as_json(flags)}}


def as_json(flags: Suspended) -> dict[str, bool]:
    """Flags as they are compared and kept."""
    return {"scale_out": flags.scale_out, "scale_in": flags.scale_in, "scheduled": flags.scheduled}


def compared(state: Scaling) -> dict[str, Any]:
    """What only a person or a program changes, without what scaling itself moves."""
    return {key: state.get(key) for key in COMPARED}


def calls_between(before: Scaling, wanted: Scaling, resource_id: str, dimension: str) -> tuple[Call, ...]:
    """The calls that make the one of the other: only what differs is sent, suspended flags always all three."""
    which = {"ServiceNamespace": "sagemaker", "ResourceId": resource_id, "ScalableDimension": dimension}
    if wanted["target"] is None:
        return (Call(SERVICE, "DeregisterScalableTarget", which),) if before["target"] else ()
    return (
        *_register(before["target"], wanted["target"], which),
        *_put(before, wanted, which, "policies", "PolicyName", "ScalingPolicy"),
        *_put(before, wanted, which, "scheduled", "ScheduledActionName", "ScheduledAction"),
    )


def _register(before: Mapping[str, Any] | None, target: Mapping[str, Any], which: dict[str, str]) -> Iterator[Call]:
    parameters: dict[str, Any] = {}
    limits = {"min": "MinCapacity", "max": "MaxCapacity"}
    if before is None or any(before[key] != target[key] for key in limits):
        parameters = {name: target[key] for key, name in limits.items()}
    if target["suspended"] != (before["suspended"] if before else as_json(Suspended())):
        parameters["SuspendedState"] = {name: target["suspended"][key] for key, name in FLAGS.items()}
    if parameters:
        yield Call(SERVICE, "RegisterScalableTarget", {**which, **parameters})


def _put(before: Scaling, wanted: Scaling, which: dict[str, str], kind: str, name: str, noun: str) -> Iterator[Call]:
    if wanted[kind] is None:
        return
    # A target that is gone took all of its own with it.
    old = {one[name]: one for one in before[kind] or ()} if before["target"] else {}
    new = {one[name]: one for one in wanted[kind]}
    for key in old:
        if key not in new:
            yield Call(SERVICE, f"Delete{noun}", {**which, name: key})
    for key, one in new.items():
        if old.get(key) != one:
            yield Call(SERVICE, f"Put{noun}", {**one, **which})  # of whatever a file says it is


def pages(source: Source, operation: str, **parameters: object) -> list[Any]:
    """All that a Describe of Application Auto Scaling lists."""
    found: list[Any] = []
    items = {"DescribeScalableTargets": "ScalableTargets", "DescribeScalingPolicies": "ScalingPolicies"}
    token: dict[str, object] = {}
    while True:
        asked = {"ServiceNamespace": "sagemaker", **parameters, **token}
        answer = source.send(Call(SERVICE, operation, asked))
        found += answer.get(items.get(operation, "ScheduledActions")) or ()
        if not answer.get("NextToken"):
            return found
        token = {"NextToken": answer["NextToken"]}


def scheduled_actions(source: Source, **parameters: object) -> list[Any] | None:
    """The scheduled actions, None where the permission is missing: suspending must not need it."""
    try:
        found = pages(source, "DescribeScheduledActions", **parameters)
    except Denied:
        return None
    return [one for one in found if one.get("ResourceId") == parameters["ResourceId"]]


def _endpoint(source: Source, name: str) -> list[Any]:
    return [source.describe_endpoint(name)]


def _target(target: Mapping[str, Any]) -> dict[str, Any]:
    state = target.get("SuspendedState") or {}
    return {
        "min": target["MinCapacity"],
        "max": target["MaxCapacity"],
        "suspended": {key: bool(state.get(name, False)) for key, name in FLAGS.items()},
    }


def _kept(one: Mapping[str, Any], keys: tuple[str, ...]) -> dict[str, Any]:
    return {key: _plain(one[key]) for key in keys if one.get(key) is not None}


def _plain(value: Any) -> Any:
    """As JSON has it, so that what was saved compares equal with what is read again."""
    if isinstance(value, datetime):
        return utc(value)
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value

"""What scales endpoints: DescribeScalableTargets and DescribeScalingPolicies."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from tui.model.endpoints import ScalableTarget, ScalingActivity, ScalingPolicy, Suspended
from tui.sources.aws.clients import Clients
from tui.sources.aws.endpoints import describe_endpoint
from tui.sources.aws.timestamps import utc, utc_or_none
from tui.sources.base import NotFound

RESOURCES = 50
"""ResourceIds in one DescribeScalableTargets call; AWS allows no more."""

Json = Mapping[str, Any]
Key = tuple[str, str]  # resource id and dimension


def scaling(clients: Clients, endpoints: Sequence[str]) -> tuple[ScalableTarget, ...]:
    """The scalable targets of these endpoints' variants with their policies, in the endpoints' order.

    Targets go by variant, so an endpoint that was not described yet is described first.
    """
    ids = [
        f"endpoint/{endpoint}/variant/{variant}"
        for endpoint in dict.fromkeys(endpoints)
        for variant in _variants(clients, endpoint)
    ]
    # The copies of inference components scale by themselves; they are known once they were asked for.
    ids += [
        f"inference-component/{component}"
        for endpoint in dict.fromkeys(endpoints)
        for component in clients.learnt.components.get(endpoint, ())
    ]
    targets = [
        _target(target)
        for first in range(0, len(ids), RESOURCES)
        for target in _pages(
            clients, "DescribeScalableTargets", "ScalableTargets", ResourceIds=ids[first : first + RESOURCES]
        )
    ]
    policies = _policies(clients, targets)
    targets.sort(key=lambda target: (ids.index(target.resource_id), target.dimension))
    return tuple(replace(target, policies=tuple(policies[target.resource_id, target.dimension])) for target in targets)


def activities(clients: Clients, resource_ids: Sequence[str], since: datetime) -> tuple[ScalingActivity, ...]:
    """What scaling did to these resources since then, oldest first (DescribeScalingActivities)."""
    found: list[ScalingActivity] = []
    for resource_id in dict.fromkeys(resource_ids):
        for one in _pages(clients, "DescribeScalingActivities", "ScalingActivities", ResourceId=resource_id):
            activity = _activity(one)
            if activity.started < since:
                break
            found.append(activity)
    return tuple(sorted(found, key=lambda activity: activity.started))


def _activity(one: Json) -> ScalingActivity:
    return ScalingActivity(
        resource_id=one["ResourceId"],
        started=utc(one["StartTime"]),
        status=one.get("StatusCode", ""),
        description=one.get("Description", ""),
        cause=one.get("Cause", ""),
        ended=utc_or_none(one.get("EndTime")),
        reason=one.get("StatusMessage", ""),
    )


def _variants(clients: Clients, endpoint: str) -> tuple[str, ...]:
    known = clients.learnt.variants.get(endpoint)
    if known is not None:
        return known
    try:
        return tuple(variant.name for variant in describe_endpoint(clients, endpoint).variants)
    except NotFound:
        return ()


def _policies(clients: Clients, targets: Sequence[ScalableTarget]) -> Mapping[Key, list[ScalingPolicy]]:
    """The policies of these targets.

    The call takes one ResourceId or none, and gives ten policies a page: all of the account's are read where that costs
    no more requests than one for each target, else each target's own.
    """
    found = _account_policies(clients, len(targets)) if len(targets) > 1 else None
    if found is None:
        found = defaultdict(list)
        for resource_id in dict.fromkeys(target.resource_id for target in targets):
            for policy in _pages(clients, "DescribeScalingPolicies", "ScalingPolicies", ResourceId=resource_id):
                if policy["ResourceId"] == resource_id:
                    found[_key(policy)].append(_policy(policy))
    return found


def _account_policies(clients: Clients, requests: int) -> defaultdict[Key, list[ScalingPolicy]] | None:
    """Every policy of the account by its target, None if that would take more requests than these."""
    found: defaultdict[Key, list[ScalingPolicy]] = defaultdict(list)
    parameters: dict[str, object] = {"ServiceNamespace": "sagemaker"}
    for _ in range(requests):
        answer = clients.call("application-autoscaling", "DescribeScalingPolicies", **parameters)
        for policy in answer.get("ScalingPolicies", ()):
            found[_key(policy)].append(_policy(policy))
        if not answer.get("NextToken"):
            return found
        parameters["NextToken"] = answer["NextToken"]
    return None


def _pages(clients: Clients, operation: str, items: str, **parameters: object) -> Iterator[Json]:
    while True:
        answer = clients.call("application-autoscaling", operation, ServiceNamespace="sagemaker", **parameters)
        yield from answer.get(items, ())
        if not answer.get("NextToken"):
            return
        parameters["NextToken"] = answer["NextToken"]


def _key(entry: Json) -> Key:
    return entry["ResourceId"], entry["ScalableDimension"]


def _target(target: Json) -> ScalableTarget:
    state = target.get("SuspendedState") or {}
    return ScalableTarget(
        resource_id=target["ResourceId"],
        dimension=target["ScalableDimension"],
        min_capacity=target["MinCapacity"],
        max_capacity=target["MaxCapacity"],
        suspended=Suspended(
            scale_out=state.get("DynamicScalingOutSuspended", False),
            scale_in=state.get("DynamicScalingInSuspended", False),
            scheduled=state.get("ScheduledScalingSuspended", False),
        ),
    )


def _policy(policy: Json) -> ScalingPolicy:
    tracking = policy.get("TargetTrackingScalingPolicyConfiguration") or {}
    predefined = tracking.get("PredefinedMetricSpecification") or {}
    customized = tracking.get("CustomizedMetricSpecification") or {}
    return ScalingPolicy(
        name=policy["PolicyName"],
        type=policy.get("PolicyType", ""),
        metric=predefined.get("PredefinedMetricType") or customized.get("MetricName", ""),
        target_value=tracking.get("TargetValue"),
        scale_out_cooldown_s=tracking.get("ScaleOutCooldown"),
        scale_in_cooldown_s=tracking.get("ScaleInCooldown"),
    )

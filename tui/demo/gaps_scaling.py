"""Application Auto Scaling as AWS keeps it: suspended flags that merge, limits that hold, activities that are told."""

from __future__ import annotations

import json
import uuid
from datetime import datetime
from typing import Any

from moto.applicationautoscaling.exceptions import AWSValidationException
from moto.applicationautoscaling.models import ApplicationAutoscalingBackend, FakeScalableTarget
from moto.applicationautoscaling.responses import ApplicationAutoScalingResponse
from moto.sagemaker.models import sagemaker_backends

KEPT_ACTIVITIES = 200
FLAGS = ("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended")
INSTANCES = "sagemaker:variant:DesiredInstanceCount"

_register = ApplicationAutoscalingBackend.register_scalable_target
_deregister = ApplicationAutoscalingBackend.deregister_scalable_target


def activities_of(backend: ApplicationAutoscalingBackend) -> list[dict[str, Any]]:
    """The scaling activities so far, newest first."""
    found: list[dict[str, Any]] = backend.__dict__.setdefault("activities", [])
    return found


def add_activity(
    backend: ApplicationAutoscalingBackend, resource_id: str, description: str, cause: str, at: datetime
) -> None:
    """Notes one scaling activity that went well."""
    activities = activities_of(backend)
    activities.insert(
        0,
        {
            "ActivityId": str(uuid.uuid5(uuid.NAMESPACE_OID, f"{resource_id} {at.timestamp()} {description}")),
            "ServiceNamespace": "sagemaker",
            "ResourceId": resource_id,
            "ScalableDimension": INSTANCES,
            "Description": description,
            "Cause": cause,
            "StartTime": at.timestamp(),
            "EndTime": at.timestamp(),
            "StatusCode": "Successful",
            "StatusMessage": f"Successfully {description[0].lower()}{description[1:].rstrip('.')}. "
            "Change successfully fulfilled by sagemaker.",
        },
    )
    del activities[KEPT_ACTIVITIES:]


def describe_scaling_activities(self: ApplicationAutoScalingResponse) -> str:
    """DescribeScalingActivities, newest first, in pages."""
    ask = self._get_param
    found = [
        activity
        for activity in activities_of(self.applicationautoscaling_backend)
        if activity["ServiceNamespace"] == ask("ServiceNamespace")
        and ask("ResourceId") in (None, activity["ResourceId"])
        and ask("ScalableDimension") in (None, activity["ScalableDimension"])
    ]
    start, size = int(ask("NextToken") or 0), ask("MaxResults") or 50
    token = {"NextToken": str(start + size)} if start + size < len(found) else {}
    return json.dumps({"ScalingActivities": found[start : start + size], **token})


def variant_of(account: str, region: str, resource_id: str) -> dict[str, Any] | None:
    """The variant that `endpoint/NAME/variant/VARIANT` names, as DescribeEndpoint shows it."""
    parts = resource_id.split("/")
    if len(parts) != 4 or parts[0] != "endpoint":
        return None
    endpoint = sagemaker_backends[account][region].endpoints.get(parts[1])
    variants: list[dict[str, Any]] = endpoint.production_variants if endpoint else []
    return next((variant for variant in variants if variant["VariantName"] == parts[3]), None)


def register_scalable_target(
    self: ApplicationAutoscalingBackend,
    namespace: str,
    r_id: str,
    dimension: str,
    min_capacity: int | None,
    max_capacity: int | None,
    role_arn: str,
    suspended_state: dict[str, bool] | None,
) -> FakeScalableTarget:
    """RegisterScalableTarget: what is not given stays, and capacity outside the limits is moved inside."""
    target = self.targets.get(dimension, {}).get(r_id)
    low = min_capacity if min_capacity is not None else getattr(target, "min_capacity", None)
    high = max_capacity if max_capacity is not None else getattr(target, "max_capacity", None)
    if low is None or high is None:
        raise AWSValidationException("MinCapacity and MaxCapacity are required when a scalable target is registered.")
    if low > high:
        raise AWSValidationException("Maximum capacity cannot be less than minimum capacity.")
    variant = variant_of(self.account_id, self.region_name, r_id)
    if namespace == "sagemaker" and variant is None:
        raise AWSValidationException(f"No such endpoint variant: {r_id}")
    before = getattr(target, "suspended_state", None) or {}
    flags: Any = {flag: bool((suspended_state or {}).get(flag, before.get(flag, False))) for flag in FLAGS}
    made = _register(self, namespace, r_id, dimension, low, high, role_arn or _service_role(self), flags)
    if variant and dimension == INSTANCES and "CurrentInstanceCount" in variant:
        inside = min(max(variant["CurrentInstanceCount"], low), high)
        variant["CurrentInstanceCount"] = variant["DesiredInstanceCount"] = inside
    return made


def _service_role(self: ApplicationAutoscalingBackend) -> str:
    name = "AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint"
    return (
        f"arn:aws:iam::{self.account_id}:role/aws-service-role/sagemaker.application-autoscaling.amazonaws.com/{name}"
    )


def deregister_scalable_target(self: ApplicationAutoscalingBackend, namespace: str, r_id: str, dimension: str) -> None:
    """DeregisterScalableTarget: its policies and scheduled actions go with it."""
    _deregister(self, namespace, r_id, dimension)
    for key, policy in list(self.policies.items()):
        if policy.resource_id == r_id and policy.scalable_dimension == dimension:
            del self.policies[key]
    self.scheduled_actions = [
        action
        for action in self.scheduled_actions
        if (action.resource_id, action.scalable_dimension) != (r_id, dimension)
    ]


def describe_scalable_targets(self: ApplicationAutoScalingResponse) -> str:
    """DescribeScalableTargets with tokens that go on past the second page."""
    from moto.applicationautoscaling.responses import _build_target

    ask = self._get_param
    self._validate_params()
    found = self.applicationautoscaling_backend.describe_scalable_targets(
        ask("ServiceNamespace"), ask("ResourceIds"), ask("ScalableDimension")
    )
    start, size = int(ask("NextToken") or 0), ask("MaxResults") or 50
    token = {"NextToken": str(start + size)} if start + size < len(found) else {}
    return json.dumps({"ScalableTargets": [_build_target(one) for one in found[start : start + size]], **token})


def fill() -> None:
    """Assigns what Application Auto Scaling lacks."""
    for response in (describe_scaling_activities, describe_scalable_targets):
        setattr(ApplicationAutoScalingResponse, response.__name__, response)
    for backend in (register_scalable_target, deregister_scalable_target):
        setattr(ApplicationAutoscalingBackend, backend.__name__, backend)

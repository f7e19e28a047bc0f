"""Target tracking in the demo: what Application Auto Scaling would do about a variant's load."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from tui.demo import put
from tui.demo.endpoints import Variant
from tui.demo.gaps_sagemaker import set_fields
from tui.demo.gaps_scaling import FLAGS, INSTANCES, add_activity
from tui.demo.jobs import When, moment

LOW, HIGH, TARGET = 2, 10, 150.0
"""The limits and the invocations a minute and instance that the demo's scaling aims at."""
OUT_COOLDOWN, IN_COOLDOWN = 2, 5  # minutes
MOVING_S = 40.0


def register_target(
    variant: Variant, low: int, high: int, target: float, created: float, *, suspended: bool = False
) -> None:
    """Puts a scalable target with a target-tracking policy."""
    backend = put.scaling()
    flags: Any = dict.fromkeys(FLAGS, suspended)
    made = backend.register_scalable_target("sagemaker", variant.resource_id, INSTANCES, low, high, "", flags)
    made.creation_time = created
    body = {
        "TargetValue": target,
        "PredefinedMetricSpecification": {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"},
        "ScaleOutCooldown": OUT_COOLDOWN * 60,
        "ScaleInCooldown": IN_COOLDOWN * 60,
    }
    policy = backend.put_scaling_policy(
        "invocations-per-instance", "sagemaker", variant.resource_id, INSTANCES, body, "TargetTrackingScaling"
    )
    policy.creation_time = created


def instances_before(variant: Variant, seed: int, minutes: Sequence[int]) -> list[int]:
    """How many instances a variant had in each of these minutes, which follow one another."""
    if not variant.wave:
        return [variant.count] * len(minutes)
    counts, count, moved = [], variant.count, -math.inf
    # Begins two hours earlier, so that a minute has the same count wherever one starts.
    for minute in range(minutes[0] - 120, minutes[-1] + 1):
        wanted = _wanted(variant.requests(minute, seed), LOW, HIGH, TARGET)
        if _may_move(wanted - count, minute - moved):
            count, moved = wanted, minute
        counts.append(count)
    return counts[-len(minutes) :]


def _wanted(requests: float, low: int, high: int, target: float) -> int:
    return min(max(math.ceil(requests / target), low), high)


def _may_move(difference: int, waited: float) -> bool:
    return (difference > 0 and waited >= OUT_COOLDOWN) or (difference < 0 and waited >= IN_COOLDOWN)


class Scaler:
    """Moves one variant's instances with its load, within its scalable target, unless that is suspended."""

    def __init__(self, variant: Variant, seed: int, when: When) -> None:
        self._variant = variant
        self._seed = seed
        self._when = when
        self._moved = 0
        self._arrives: float | None = None

    def register(self) -> None:
        """Puts the target, its policy, and what it did in the hours before."""
        variant = self._variant
        register_target(variant, LOW, HIGH, TARGET, self._when(-9 * 86_400))
        minutes = range(-360, 1)
        counts = instances_before(variant, self._seed, minutes)
        for minute, before, count in zip(minutes[1:], counts, counts[1:], strict=False):
            if count != before:
                self._moved = minute
                self._tell(minute, before, count)

    def decide(self, minute: int, endpoint: Any) -> None:
        """Looks at a minute's load and asks for more or fewer instances."""
        target = put.scaling().targets.get(INSTANCES, {}).get(self._variant.resource_id)
        shown = self._shown(endpoint)
        if target is None or shown is None or self._arrives is not None:
            return
        aim = self._aim()
        if aim is None:
            return
        requests = self._variant.requests(minute, self._seed)
        wanted = _wanted(requests, int(target.min_capacity or 0), int(target.max_capacity or 0), aim)
        count: int = shown["DesiredInstanceCount"]
        flags: Any = target.suspended_state
        held = flags["DynamicScalingOutSuspended" if wanted > count else "DynamicScalingInSuspended"]
        if held or not _may_move(wanted - count, minute - self._moved):
            return
        self._moved = minute
        self._arrives = minute * 60 + MOVING_S
        shown["DesiredInstanceCount"] = wanted
        at = moment(self._when(minute * 60))
        set_fields(endpoint, {"EndpointStatus": "Updating", "LastModifiedTime": at})
        self._tell(minute, count, wanted)

    def settle(self, t: float, endpoint: Any) -> None:
        """Ends a change of instances once they have come or gone."""
        shown = self._shown(endpoint)
        if shown is not None and self._arrives is not None and t >= self._arrives:
            shown["CurrentInstanceCount"] = shown["DesiredInstanceCount"]
            set_fields(endpoint, {"EndpointStatus": "InService", "LastModifiedTime": moment(self._when(t))})
            self._arrives = None

    def _aim(self) -> float | None:
        for policy in list(put.scaling().policies.values()):
            if policy.resource_id == self._variant.resource_id and policy.policy_type == "TargetTrackingScaling":
                body: Any = policy.target_tracking_scaling_policy_configuration
                return float(body["TargetValue"])
        return None

    def _shown(self, endpoint: Any) -> dict[str, Any] | None:
        shown: list[dict[str, Any]] = endpoint.production_variants
        return next((one for one in shown if one["VariantName"] == self._variant.name), None)

    def _tell(self, minute: int, before: int, count: int) -> None:
        side = "High" if count > before else "Low"
        cause = (
            f"monitor alarm TargetTracking-{self._variant.resource_id}-Alarm{side} in state ALARM triggered policy "
            "invocations-per-instance"
        )
        words = f"Setting desired instance count to {count}."
        add_activity(put.scaling(), self._variant.resource_id, words, cause, moment(self._when(minute * 60)))

"""What scales a variant, in rows for people: how it is beside how it is to be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tui.model.changes import Row
from tui.model.words import DASH, number, plural, span
from tui.mutations.scaling_state import Scaling

METRICS = {
    "invocations": "SageMakerVariantInvocationsPerInstance",
    "concurrency": "SageMakerVariantConcurrentRequestsPerModelHighResolution",
}
"""The metrics that sagetop sets a target value for, by the word of `--metric`."""
_WORDS = {
    METRICS["invocations"]: "invocations a minute and instance",
    METRICS["concurrency"]: "concurrent requests a model (10 s)",
}
_KINDS = {"scale_out": "scale out", "scale_in": "scale in", "scheduled": "scheduled"}
TRACKING = "TargetTrackingScalingPolicyConfiguration"


def rows_between(before: Scaling, after: Scaling) -> tuple[Row, ...]:
    """The rows of a preview; what is read back is shown by the same."""
    return tuple(_rows(before, after))


def _rows(before: Scaling, after: Scaling) -> Iterator[Row]:
    old, new = before["target"], after["target"]
    if old is None and new is None:
        yield Row("auto-scaling", "none", "none")
    else:
        for key, word in _KINDS.items():
            yield Row(word, _flag(old, key), _flag(new, key))
        yield Row("min – max", _limits(old), _limits(new))
    for name in dict.fromkeys(one["PolicyName"] for state in (before, after) for one in state["policies"]):
        yield Row(f"policy {name}", _named(before, name), _named(after, name))
    actions = [[one["ScheduledActionName"] for one in state["scheduled"] or ()] for state in (before, after)]
    if any(actions):
        yield Row("scheduled actions", *(plural(len(names), "action") if names else "none" for names in actions))
    if before.get("until") != after.get("until") and "until" in after:
        yield Row("on again", _until(before), _until(after))
    yield Row("instances", instances(before), instances(after))


def _until(state: Scaling) -> str:
    return state["until"][:16].replace("T", " ") + " UTC" if state.get("until") else DASH


def instances(state: Scaling) -> str:
    """`6`, or `4 → 6` while they come or go."""
    now, desired = state.get("instances"), state.get("desired")
    if now is None:
        return DASH
    return str(now) if desired in (None, now) else f"{now} → {desired}"


def policy_words(policy: Mapping[str, Any]) -> str:
    """`target 70 invocations a minute and instance, out after 1m, in after 5m`; of another kind its type."""
    tracking = policy.get(TRACKING)
    if tracking is None:
        return str(policy.get("PolicyType", DASH))
    metric = metric_of(policy)
    custom = tracking.get("CustomizedMetricSpecification") or {}
    words = [
        f"target {number(tracking.get('TargetValue'))} {_WORDS.get(metric, metric or custom.get('MetricName', ''))}"
    ]
    for side, key in (("out", "ScaleOutCooldown"), ("in", "ScaleInCooldown")):
        if tracking.get(key) is not None:
            words.append(f"{side} after {span(tracking[key])}")
    if tracking.get("DisableScaleIn"):
        words.append("never in")
    return ", ".join(word.strip() for word in words)


def metric_of(policy: Mapping[str, Any]) -> str:
    """The predefined metric that a policy tracks, empty for every other kind."""
    predefined = (policy.get(TRACKING) or {}).get("PredefinedMetricSpecification") or {}
    return str(predefined.get("PredefinedMetricType", ""))


def _flag(target: Mapping[str, Any] | None, key: str) -> str:
    if target is None:
        return "none"
    return "suspended" if target["suspended"][key] else "on"


def _limits(target: Mapping[str, Any] | None) -> str:
    return "none" if target is None else f"{target['min']} – {target['max']}"


def _named(state: Scaling, name: str) -> str:
    policy = next((one for one in state["policies"] if one["PolicyName"] == name), None)
    return policy_words(policy) if policy else "none"

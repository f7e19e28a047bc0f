"""What happened to an endpoint, as its charts' time axis marks it: scaling, alarms, deployments."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tui.model.endpoints import Alarm, Endpoint, ScalingActivity
from tui.model.markers import Marker, Tone

_COUNT = re.compile(r"(?:instance count|capacity|copy count|concurrency) to (\d+)", re.IGNORECASE)
_STATES: dict[str, tuple[str, Tone]] = {
    "ALARM": ("alarm", "bad"),
    "OK": ("ok", "good"),
    "INSUFFICIENT_DATA": ("no data", "plain"),
}


def count_of(activity: ScalingActivity) -> int | None:
    """The capacity that an activity went for: 8 of `Setting desired instance count to 8.`; None where it says none."""
    found = _COUNT.search(activity.description)
    return int(found.group(1)) if found else None


def scaling_marks(activities: Iterable[ScalingActivity]) -> list[Marker]:
    """`6 → 8` where it is known what there was before, else `→ 8`; a change that failed is bad."""
    marks: list[Marker] = []
    before: dict[str, int] = {}
    for activity in sorted(activities, key=lambda one: one.started):
        count = count_of(activity)
        if count is None:
            label = activity.status or "scaling"
        else:
            old = before.get(activity.resource_id)
            label = f"→ {count}" if old is None else f"{old} → {count}"
            before[activity.resource_id] = count
        failed = activity.status in ("Failed", "Unfulfilled")
        tone: Tone = "bad" if failed else "busy"
        marks.append(Marker(_ms(activity.started.timestamp()), f"{label} failed" if failed else label, tone))
    return marks


def alarm_marks(alarms: Iterable[Alarm]) -> list[Marker]:
    """`alarm NAME` where one went off, `ok NAME` where it calmed down."""
    return [
        Marker(_ms(change.time.timestamp()), f"{word} {alarm.name}", tone)
        for alarm in alarms
        for change in alarm.changes
        for word, tone in [_STATES.get(change.state, (change.state.lower(), "plain"))]
    ]


def deployment_marks(endpoint: Endpoint) -> list[Marker]:
    """Where a deployment that is under way began."""
    if endpoint.deploying_since is None:
        return []
    return [Marker(_ms(endpoint.deploying_since.timestamp()), "deployment", "warning")]


def endpoint_marks(
    endpoint: Endpoint, activities: Iterable[ScalingActivity], alarms: Iterable[Alarm], since_ms: int
) -> tuple[Marker, ...]:
    """All of them since then, in the order of time."""
    marks = [*scaling_marks(activities), *alarm_marks(alarms), *deployment_marks(endpoint)]
    return tuple(sorted((one for one in marks if one.time_ms >= since_ms), key=lambda one: one.time_ms))


def _ms(seconds: float) -> int:
    return int(seconds * 1000)

"""The demo's CloudWatch alarms: one that went off and stays so, one that calmed down, one that never did."""

from __future__ import annotations

from tui.demo import put
from tui.demo.endpoints import EndpointPlan
from tui.demo.gaps_alarms import move_alarm, put_alarm
from tui.demo.jobs import When, moment

MINUTE = 60.0
# Endpoint, alarm, metric, statistic, threshold, and the states it went into, minutes ago.
_ALARMS = (
    (
        "tagger-stage",
        "tagger-stage-5xx",
        "Invocation5XXErrors",
        {"statistic": "Sum"},
        5.0,
        ((-400.0, "OK"), (-95.0, "ALARM")),
    ),
    (
        "embed-prod",
        "embed-prod-slow",
        "ModelLatency",
        {"statistic": "Average"},
        25_000.0,
        ((-800.0, "OK"), (-72.0, "ALARM"), (-64.0, "OK")),
    ),
    ("ranker-prod", "ranker-prod-5xx", "Invocation5XXErrors", {"statistic": "Sum"}, 400.0, ((-9_000.0, "OK"),)),
)


def put_alarms(plan: EndpointPlan, when: When) -> None:
    """Puts the alarms on an endpoint's first variant."""
    for endpoint, name, metric, more, threshold, states in _ALARMS:
        if endpoint != plan.name:
            continue
        dimensions = {"EndpointName": endpoint, "VariantName": plan.variants[0].name}
        alarm = put_alarm(put.alarms(), name, metric, dimensions, threshold, **more)
        for minutes, state in states:
            said = "3 datapoints were above the threshold" if state == "ALARM" else "the datapoints were below it"
            move_alarm(alarm, state, f"Threshold Crossed: {said}", moment(when(minutes * MINUTE)))

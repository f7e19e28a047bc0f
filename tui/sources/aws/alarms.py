"""CloudWatch alarms on an endpoint's variants: DescribeAlarms, and when they went off: DescribeAlarmHistory."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from tui.model.endpoints import Alarm, AlarmChange
from tui.sources.aws.clients import Clients
from tui.sources.aws.timestamps import utc, utc_or_none

PAGE = 100
MOST_HISTORIES = 20
"""Alarms whose history is asked for, one request each."""

Json = Mapping[str, Any]
_SIGNS = {
    "GreaterThanThreshold": ">",
    "GreaterThanOrEqualToThreshold": "≥",
    "LessThanThreshold": "<",
    "LessThanOrEqualToThreshold": "≤",
}


def alarms(clients: Clients, endpoint: str, since: datetime) -> tuple[Alarm, ...]:
    """The alarms whose metric is of this endpoint, with their changes of state since then.

    DescribeAlarms does not filter by dimension, so all of the account's are read, a hundred a page.

    Args:
        clients: The clients.
        endpoint: The endpoint's name.
        since: From when on the history is asked for.
    """
    found = [
        alarm
        for one in _pages(clients, "DescribeAlarms", "MetricAlarms", AlarmTypes=["MetricAlarm"])
        if (alarm := _alarm(one, endpoint)) is not None
    ]
    changes: dict[str, tuple[AlarmChange, ...]] = defaultdict(tuple)
    for alarm in found[:MOST_HISTORIES]:
        # One that has been as it is since before then has no history to ask for.
        if alarm.since is None or alarm.since >= since:
            changes[alarm.name] = _changes(clients, alarm.name, since)
    return tuple(replace(alarm, changes=changes[alarm.name]) for alarm in found)


def _pages(clients: Clients, operation: str, items: str, **parameters: object) -> Iterator[Json]:
    parameters["MaxRecords"] = PAGE
    while True:
        answer = clients.call("cloudwatch", operation, **parameters)
        yield from answer.get(items, ())
        if not answer.get("NextToken"):
            return
        parameters["NextToken"] = answer["NextToken"]


def _alarm(one: Json, endpoint: str) -> Alarm | None:
    """An alarm of this endpoint; None for any other. One over an expression is of all the metrics in it."""
    stats = [metric.get("MetricStat") or {} for metric in one.get("Metrics") or ()]
    metrics: Sequence[Json] = [one, *(stat.get("Metric") or {} for stat in stats)]
    for metric in metrics:
        dimensions = {part["Name"]: part["Value"] for part in metric.get("Dimensions") or ()}
        if dimensions.get("EndpointName") == endpoint:
            return Alarm(
                name=one["AlarmName"],
                variant=dimensions.get("VariantName", ""),
                metric=metric.get("MetricName", ""),
                state=one.get("StateValue", ""),
                since=utc_or_none(one.get("StateTransitionedTimestamp") or one.get("StateUpdatedTimestamp")),
                condition=_condition(one),
                reason=one.get("StateReason", ""),
            )
    return None


def _condition(one: Json) -> str:
    """`Sum > 5 for 3 × 60 s`."""
    if one.get("Threshold") is None:
        return ""
    sign = _SIGNS.get(one.get("ComparisonOperator", ""), one.get("ComparisonOperator", ""))
    stat = one.get("Statistic") or one.get("ExtendedStatistic") or ""
    period = f" for {one.get('EvaluationPeriods', 1)} × {one['Period']} s" if one.get("Period") else ""
    return f"{stat} {sign} {one['Threshold']:g}{period}".strip()


def _changes(clients: Clients, name: str, since: datetime) -> tuple[AlarmChange, ...]:
    asked = {"AlarmName": name, "HistoryItemType": "StateUpdate", "StartDate": since}
    items = _pages(clients, "DescribeAlarmHistory", "AlarmHistoryItems", **asked)
    changes = [AlarmChange(utc(item["Timestamp"]), state) for item in items if (state := _state(item))]
    return tuple(sorted(changes, key=lambda change: change.time))


def _state(item: Json) -> str:
    """The state that an item of the history tells of: in its data, else the last word of its summary."""
    try:
        state = json.loads(item.get("HistoryData") or "{}")["newState"]["stateValue"]
    except (ValueError, KeyError, TypeError):
        state = str(item.get("HistorySummary", "")).rpartition(" to ")[2].strip()
    return state if state in ("OK", "ALARM", "INSUFFICIENT_DATA") else ""

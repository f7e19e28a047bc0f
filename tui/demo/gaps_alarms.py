"""CloudWatch alarms as AWS tells of them: their history, which moto keeps and does not give."""

from __future__ import annotations

import itertools
import json
from datetime import datetime, timezone
from typing import Any

from moto.cloudwatch.models import Alarm, CloudWatchBackend
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.responses import ActionResult


def aware(moment: datetime) -> datetime:
    """moto's own times are naive UTC; what comes over HTTP may be either."""
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def put_alarm(
    backend: CloudWatchBackend, name: str, metric: str, dimensions: dict[str, str], threshold: float, **more: Any
) -> Alarm:
    """Puts an alarm on a metric of AWS/SageMaker, in state OK."""
    given = {"statistic": "Sum", "period": 60, "evaluation_periods": 3, **more}
    backend.put_metric_alarm(
        name=name,
        namespace="AWS/SageMaker",
        metric_name=metric,
        comparison_operator="GreaterThanThreshold",
        threshold=threshold,
        description="",
        dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
        alarm_actions=[],
        **given,
    )
    alarm: Alarm = backend.alarms[name]
    return alarm


def move_alarm(alarm: Alarm, state: str, reason: str, at: datetime) -> None:
    """The alarm goes into a state at that moment."""
    alarm.update_state(reason, "{}", state)
    alarm.state_updated_timestamp = at


def describe_alarm_history(self: CloudWatchResponse) -> ActionResult:
    """DescribeAlarmHistory: changes of state, newest first unless asked otherwise, in pages."""
    ask = self._get_param
    start, end = ask("StartDate"), ask("EndDate")
    items = [
        item
        for alarm in list(self.cloudwatch_backend.alarms.values())
        if ask("AlarmName") in (None, alarm.name)
        for item in _history(alarm)
        if ask("HistoryItemType") in (None, item["HistoryItemType"])
        and (not start or item["Timestamp"] >= aware(start))
        and (not end or item["Timestamp"] <= aware(end))
    ]
    items.sort(key=lambda item: item["Timestamp"], reverse=ask("ScanBy") != "TimestampAscending")
    first, size = int(ask("NextToken") or 0), ask("MaxRecords") or 50
    token = {"NextToken": str(first + size)} if first + size < len(items) else {}
    return ActionResult({"AlarmHistoryItems": items[first : first + size], **token})


def _history(alarm: Alarm) -> list[dict[str, Any]]:
    """moto keeps the states that were left; AWS tells of the changes."""
    states = [(state, at) for kind, _, _, state, at in alarm.history if kind == "StateUpdate"]
    states.append((alarm.state_value, alarm.state_updated_timestamp))
    return [
        {
            "AlarmName": alarm.name,
            "AlarmType": "MetricAlarm",
            "Timestamp": aware(at),
            "HistoryItemType": "StateUpdate",
            "HistorySummary": f"Alarm updated from {before} to {state}",
            "HistoryData": json.dumps(
                {"version": "1.0", "oldState": {"stateValue": before}, "newState": {"stateValue": state}}
            ),
        }
        for (before, _), (state, at) in itertools.pairwise(states)
    ]


def fill() -> None:
    """Assigns DescribeAlarmHistory."""
    setattr(CloudWatchResponse, describe_alarm_history.__name__, describe_alarm_history)

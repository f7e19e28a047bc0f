"""What happened to an endpoint, as marks on its charts, and its traffic in words."""

from __future__ import annotations

from array import array
from datetime import datetime, timedelta, timezone

import pytest

from tui.model.endpoint_marks import count_of, endpoint_marks
from tui.model.endpoints import Alarm, AlarmChange, Endpoint, ScalingActivity
from tui.model.series import Series
from tui.model.traffic import fraction, is_failing, last, share, traffic_rows

NOW = datetime(2026, 11, 22, 14, tzinfo=timezone.utc)
NOW_MS = int(NOW.timestamp() * 1000)
MAIN = "endpoint/one/variant/main"


def ago(minutes: int) -> datetime:
    return NOW - timedelta(minutes=minutes)


def activity(minutes: int, description: str, status: str = "Successful", resource: str = MAIN) -> ScalingActivity:
    return ScalingActivity(resource, ago(minutes), status, description)


def endpoint(**fields: object) -> Endpoint:
    return Endpoint("one", "InService", ago(9000), ago(9000), detailed=True, **fields)  # type: ignore[arg-type]


class TestMarks:
    def test_of_scaling_say_from_what_to_what(self) -> None:
        done = [
            activity(10, "Setting desired instance count to 8."),
            activity(40, "Setting desired instance count to 6."),
            activity(20, "Setting desired copy count to 2.", resource="inference-component/chat"),
            activity(5, "Setting desired instance count to 9.", "Failed"),
            activity(3, "Something else happened.", "Overridden"),
        ]
        marks = endpoint_marks(endpoint(), done, (), 0)
        assert [(mark.label, mark.tone) for mark in marks] == [
            ("→ 6", "busy"),
            ("→ 2", "busy"),
            ("6 → 8", "busy"),
            ("8 → 9 failed", "bad"),
            ("Overridden", "busy"),
        ]
        assert marks[-1].time_ms == NOW_MS - 3 * 60_000

    def test_of_alarms_and_deployments(self) -> None:
        changes = (AlarmChange(ago(30), "ALARM"), AlarmChange(ago(10), "OK"), AlarmChange(ago(5), "INSUFFICIENT_DATA"))
        alarm = Alarm("5xx", "main", "Invocation5XXErrors", "OK", changes=changes)
        marks = endpoint_marks(endpoint(deploying_since=ago(20)), (), (alarm,), 0)
        assert [(mark.label, mark.tone) for mark in marks] == [
            ("alarm 5xx", "bad"),
            ("deployment", "warning"),
            ("ok 5xx", "good"),
            ("no data 5xx", "plain"),
        ]

    def test_what_was_before_the_chart_begins_is_left_out(self) -> None:
        done = [
            activity(400, "Setting desired instance count to 4."),
            activity(10, "Setting desired instance count to 6."),
        ]
        (mark,) = endpoint_marks(endpoint(), done, (), NOW_MS - 180 * 60_000)
        assert mark.label == "4 → 6"

    @pytest.mark.parametrize(
        ("description", "count"),
        [
            ("Setting desired instance count to 8.", 8),
            ("Setting min capacity to 2 and max capacity to 10", 2),
            ("Setting desired provisioned concurrency to 3.", 3),
            ("", None),
        ],
    )
    def test_the_count_is_read_out_of_the_description(self, description: str, count: int | None) -> None:
        assert count_of(activity(1, description)) == count


def series(name: str, *values: float) -> Series:
    times = array("q", [NOW_MS + 60_000 * minute for minute in range(len(values))])
    return Series(name, times, array("d", values))


class TestTraffic:
    def test_the_minute_under_way_does_not_count(self) -> None:
        assert last({"Invocations": series("Invocations", 10, 20, 3)}, "Invocations") == 20
        assert last({"Invocations": series("Invocations", 3)}, "Invocations") == 3
        assert last({}, "Invocations") is None

    def test_errors_are_a_share_of_the_requests_of_five_minutes(self) -> None:
        traffic = {"Invocations": series("Invocations", *[100] * 9), "5": series("5", *[0] * 8, 12)}
        assert share(traffic, "5") == 2
        assert share(traffic, "4") == 0
        assert share({}, "5") is None
        assert share({"Invocations": series("Invocations", 0, 0)}, "5") is None

    def test_one_in_a_hundred_is_too_many(self) -> None:
        requests = {"Invocations": series("Invocations", *[100] * 9)}
        assert is_failing({**requests, "Invocation5XXErrors": series("e", *[1] * 9)})
        assert not is_failing({**requests, "Invocation5XXErrors": series("e", *[0.9] * 9)})

    @pytest.mark.parametrize(
        ("value", "text"), [(None, "–"), (0, "0"), (0.04, "<0.1%"), (4.21, "4.2%"), (23.4, "23%"), (100, "100%")]
    )
    def test_small_shares_in_words(self, value: float | None, text: str) -> None:
        assert fraction(value) == text

    def test_in_names_and_values(self) -> None:
        traffic = {
            "Invocations": series("Invocations", *[120] * 9),
            "InvocationsPerInstance": series("InvocationsPerInstance", *[40] * 9),
            "ModelLatency": series("ModelLatency", *[38.1] * 9),
            "ModelLatency p99": series("ModelLatency", *[912] * 9),
            "Invocation5XXErrors": series("Invocation5XXErrors", *[6] * 9),
            "InvocationModelErrors": series("InvocationModelErrors"),
            "ConcurrentRequestsPerModel": series("ConcurrentRequestsPerModel", 7, 9, 8),
        }
        assert traffic_rows(traffic) == [
            ("requests", "120 a minute, 40 an instance"),
            ("latency", "average 38.1, p99 912 ms"),
            ("errors", "5XX 5.0%"),
            ("at once", "9 at most in a minute"),
        ]
        assert traffic_rows({}) == []

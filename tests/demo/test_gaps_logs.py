"""CloudWatch Logs behind moto's server: order, pages and tokens."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

Client = Callable[[str], Any]
GROUP = "/aws/sagemaker/TrainingJobs"
T0 = int(time.time() * 1000) - 3_600_000


@pytest.fixture
def logs(client: Client) -> Any:
    logs = client("logs")
    logs.create_log_group(logGroupName=GROUP)
    for stream in ("job/algo-1-1", "job/algo-2-1", "job1/algo-1-1"):
        logs.create_log_stream(logGroupName=GROUP, logStreamName=stream)
    return logs


def put(logs: Any, stream: str, *events: tuple[int, str]) -> None:
    logs.put_log_events(
        logGroupName=GROUP,
        logStreamName=stream,
        logEvents=[{"timestamp": T0 + offset, "message": message} for offset, message in events],
    )


def get(logs: Any, stream: str = "job/algo-1-1", **more: Any) -> tuple[list[str], Any]:
    answer = logs.get_log_events(logGroupName=GROUP, logStreamName=stream, **more)
    return [event["message"] for event in answer["events"]], answer


def find(logs: Any, **more: Any) -> tuple[list[str], str | None]:
    answer = logs.filter_log_events(logGroupName=GROUP, **more)
    return [event["message"] for event in answer["events"]], answer.get("nextToken")


class TestGetLogEvents:
    def test_pages_from_the_head_end_with_the_same_token(self, logs: Any) -> None:
        put(logs, "job/algo-1-1", *((number, str(number)) for number in range(5)))
        seen, answer = get(logs, startFromHead=True, limit=2)
        while True:
            page, following = get(logs, startFromHead=True, limit=2, nextToken=answer["nextForwardToken"])
            if following["nextForwardToken"] == answer["nextForwardToken"]:
                break
            seen, answer = seen + page, following
        assert seen == ["0", "1", "2", "3", "4"]
        assert page == []

    def test_the_tail_comes_first_by_default_and_goes_backward(self, logs: Any) -> None:
        put(logs, "job/algo-1-1", *((number, str(number)) for number in range(5)))
        page, answer = get(logs, limit=2)
        assert page == ["3", "4"]
        page, answer = get(logs, limit=2, nextToken=answer["nextBackwardToken"])
        assert page == ["1", "2"]
        page, answer = get(logs, limit=2, nextToken=answer["nextForwardToken"], startFromHead=True)
        assert page == ["3", "4"]

    def test_an_end_time_is_exclusive_and_a_start_time_inclusive(self, logs: Any) -> None:
        put(logs, "job/algo-1-1", *((number, str(number)) for number in range(5)))
        assert get(logs, startFromHead=True, startTime=T0 + 1, endTime=T0 + 3)[0] == ["1", "2"]

    def test_a_late_event_moves_no_other_to_another_page(self, logs: Any) -> None:
        put(logs, "job/algo-1-1", (0, "0"), (1, "1"), (20, "20"), (30, "30"))
        page, answer = get(logs, startFromHead=True, limit=2)
        put(logs, "job/algo-1-1", (0, "late, behind the reader"))
        put(logs, "job/algo-1-1", (10, "late, ahead of the reader"))
        rest, _ = get(logs, startFromHead=True, nextToken=answer["nextForwardToken"])
        assert page + rest == ["0", "1", "late, ahead of the reader", "20", "30"]
        again, _ = get(logs, startFromHead=True)
        assert again[1] == "late, behind the reader"

    def test_a_token_from_before_the_first_event_finds_it(self, logs: Any) -> None:
        _, answer = get(logs, startFromHead=True)
        put(logs, "job/algo-1-1", (0, "first"))
        assert get(logs, startFromHead=True, nextToken=answer["nextForwardToken"])[0] == ["first"]

    def test_a_page_holds_a_megabyte(self, logs: Any) -> None:
        for number in range(5):
            put(logs, "job/algo-1-1", (number, "x" * 250_000))
        assert [len(page) for page in get(logs, startFromHead=True)[0]] == [250_000] * 4

    def test_a_false_token_is_refused(self, logs: Any) -> None:
        with pytest.raises(ClientError, match="nextToken is invalid"):
            get(logs, nextToken="f/x")


class TestFilterLogEvents:
    def test_a_prefix_with_its_slash_holds_one_job_merged_by_time(self, logs: Any) -> None:
        put(logs, "job/algo-1-1", (0, "a"), (2, "c"))
        put(logs, "job/algo-2-1", (1, "b"), (3, "d"))
        put(logs, "job1/algo-1-1", (1, "another job"))
        assert find(logs, logStreamNamePrefix="job/") == (["a", "b", "c", "d"], None)
        assert find(logs, logStreamNames=["job/algo-2-1"]) == (["b", "d"], None)

    def test_both_ends_are_inclusive(self, logs: Any) -> None:
        put(logs, "job/algo-1-1", *((number, str(number)) for number in range(5)))
        assert find(logs, startTime=T0 + 1, endTime=T0 + 3)[0] == ["1", "2", "3"]

    @pytest.mark.parametrize("from_head", [True, False])
    def test_pages_keep_their_direction(self, logs: Any, from_head: bool) -> None:
        put(logs, "job/algo-1-1", *((number, str(number)) for number in range(0, 7, 2)))
        put(logs, "job/algo-2-1", *((number, str(number)) for number in range(1, 7, 2)))
        seen, token = find(logs, limit=3, startFromHead=from_head, startTime=T0)
        while token:
            page, token = find(logs, limit=3, nextToken=token)
            seen += page
        assert seen == [str(number) for number in (range(7) if from_head else range(6, -1, -1))]

    def test_every_event_has_an_id_of_its_own(self, logs: Any) -> None:
        put(logs, "job/algo-1-1", (0, "same"), (0, "same"))
        events = logs.filter_log_events(logGroupName=GROUP)["events"]
        assert len({event["eventId"] for event in events}) == 2

    def test_a_pattern_leaves_out_what_does_not_match(self, logs: Any) -> None:
        put(logs, "job/algo-1-1", (0, "loss=1"), (1, "ERROR: no"))
        assert find(logs, filterPattern="ERROR")[0] == ["ERROR: no"]


def test_streams_know_their_first_and_last_event(logs: Any) -> None:
    put(logs, "job/algo-1-1", (5, "b"))
    put(logs, "job/algo-1-1", (1, "late"))
    stream = logs.describe_log_streams(logGroupName=GROUP, logStreamNamePrefix="job/algo-1")["logStreams"][0]
    assert (stream["firstEventTimestamp"], stream["lastEventTimestamp"]) == (T0 + 1, T0 + 5)

"""CloudWatch Logs over HTTP: streams, pages and what belongs to whom."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest

from tests.canned import Canned, Cut, Raw
from tests.moto_server import Moto
from tui.model.logs import LogAddress, LogEvent
from tui.sources.aws.source import AwsSource
from tui.sources.base import Broken, SourceError

JOB = LogAddress("job", "job-1")
FAR = 1 << 60


def everything(aws: AwsSource, stream: str, *, from_head: bool) -> list[LogEvent]:
    """All pages of a stream, in the order of their events."""
    pages, token = [], None
    while True:
        page = aws.read_stream(JOB, stream, 0, FAR, token, from_head=from_head)
        pages.append(page.events)
        token = page.token
        if token is None:
            return [event for events in (pages if from_head else reversed(pages)) for event in events]


def recent(aws: AwsSource, log: LogAddress, start_ms: int, end_ms: int) -> list[LogEvent]:
    found, token = [], None
    while True:
        page = aws.read_recent(log, start_ms, end_ms, token)
        found += page.events
        token = page.token
        if token is None:
            return found


def test_before_the_first_event_there_is_nothing(aws: AwsSource) -> None:
    assert aws.log_streams(JOB) == ()
    assert aws.read_recent(JOB, 0, FAR).events == ()
    assert aws.read_stream(JOB, "job-1/algo-1-1", 0, FAR).events == ()


def test_a_name_that_begins_another_shows_its_own_lines_only(aws: AwsSource, moto: Moto) -> None:
    moto.add_log("job-1/algo-1-1", [(1, "mine")])
    moto.add_log("job-11/algo-1-1", [(1, "foreign")])
    moto.add_log("job-1", [(1, "foreign too")])
    assert [stream.name for stream in aws.log_streams(JOB)] == ["job-1/algo-1-1"]
    assert [event.message for event in recent(aws, JOB, 0, FAR)] == ["mine"]
    assert aws.read_stream(JOB, "job-11/algo-1-1", 0, FAR).events == ()


def test_more_streams_than_one_page_lists(aws: AwsSource, moto: Moto) -> None:
    for host in range(1, 121):
        moto.add_log(f"job-1/algo-{host}-1", [(host, "line")])
    streams = aws.log_streams(JOB)
    assert sorted(int(stream.host.removeprefix("algo-")) for stream in streams) == list(range(1, 121))


@pytest.mark.parametrize("from_head", [True, False])
def test_every_page_of_a_stream_from_both_ends(aws: AwsSource, moto: Moto, from_head: bool) -> None:
    moto.add_log("job-1/algo-1-1", [(number // 3, f"line {number}") for number in range(25_000)])
    events = everything(aws, "job-1/algo-1-1", from_head=from_head)
    assert [event.message for event in events] == [f"line {number}" for number in range(25_000)]


def test_the_end_of_a_range_is_left_out_in_both_ways(aws: AwsSource, moto: Moto) -> None:
    moto.add_log("job-1/algo-1-1", [(number, str(number)) for number in range(10)])
    assert [event.timestamp for event in aws.read_stream(JOB, "job-1/algo-1-1", 3, 6).events] == [3, 4, 5]
    assert [event.timestamp for event in aws.read_recent(JOB, 3, 6).events] == [3, 4, 5]


def test_an_event_says_when_where_and_what(aws: AwsSource, moto: Moto) -> None:
    said = "\x1b]52;c;x\x07 [bold] é😀 \u202e\n\ttrace\r 50%"
    moto.add_log("job-1/algo-2-17", [(1_700_000_000_123, said)], ingested_ms=1_700_000_000_456)
    (event,) = recent(aws, JOB, 0, FAR)
    assert event[:5] == (1_700_000_000_123, 1_700_000_000_456, "algo-2", "job-1/algo-2-17", said)
    assert event.event_id
    assert aws.read_stream(JOB, "job-1/algo-2-17", 0, FAR).events == (event._replace(event_id=""),)


def test_an_endpoints_log_is_of_all_its_variants(aws: AwsSource, moto: Moto) -> None:
    group = "/aws/sagemaker/Endpoints/ranker"
    moto.add_log("v1/i-0a", [(1, "one")], group=group)
    moto.add_log("v2/i-0b", [(2, "two")], group=group)
    log = LogAddress("endpoint", "ranker")
    assert [(event.host, event.message) for event in recent(aws, log, 0, FAR)] == [("i-0a", "one"), ("i-0b", "two")]


def test_an_empty_page_with_a_token_is_not_the_end(canned: Canned, canned_aws: AwsSource) -> None:
    event = {"timestamp": 5, "message": "late in the pages", "ingestionTime": 6}
    canned.answers(
        "GetLogEvents",
        {"events": [], "nextForwardToken": "f/1", "nextBackwardToken": "b/1"},
        {"events": [event], "nextForwardToken": "f/2", "nextBackwardToken": "b/2"},
        {"events": [], "nextForwardToken": "f/2", "nextBackwardToken": "b/2"},
    )
    assert [found.message for found in everything(canned_aws, "job-1/algo-1-1", from_head=True)] == [event["message"]]
    found = {**event, "logStreamName": "job-1/algo-1-1", "eventId": "1"}
    canned.answers("FilterLogEvents", {"events": [], "nextToken": "t"}, {"events": [found]})
    assert [event.event_id for event in recent(canned_aws, JOB, 0, FAR)] == ["1"]


def test_a_lone_surrogate_arrives_as_it_was_sent(canned: Canned, canned_aws: AwsSource) -> None:
    event = b'{"timestamp": 5, "message": "half \\ud83d", "ingestionTime": 6}'
    canned.answers(
        "GetLogEvents", Raw(b'{"events": [' + event + b'], "nextForwardToken": "f", "nextBackwardToken": "b"}')
    )
    assert canned_aws.read_stream(JOB, "job-1/algo-1-1", 0, FAR).events[0].message == "half \ud83d"


@pytest.mark.parametrize("body", [b'{"events": [{"timest', b"<html>proxy</html>", b"[]", b"{}", b'{"events": 3}'])
def test_what_is_no_answer_is_an_error(canned: Canned, canned_aws: AwsSource, body: bytes) -> None:
    canned.answers("GetLogEvents", Raw(body))
    with pytest.raises(Broken):
        canned_aws.read_stream(JOB, "job-1/algo-1-1", 0, FAR)
    canned.answers("DescribeLogStreams", Raw(body))
    with pytest.raises(Broken):
        canned_aws.log_streams(JOB)


def test_a_cut_answer_is_an_error_or_asked_again(canned: Canned, canned_aws: AwsSource) -> None:
    canned.answers("GetLogEvents", Cut())
    with pytest.raises(SourceError):
        canned_aws.read_stream(JOB, "job-1/algo-1-1", 0, FAR)


def test_the_clock_is_awss_where_this_machines_is_wrong(aws: AwsSource, moto: Moto, monkeypatch) -> None:
    moto.add_job("job-1")
    aws.log_streams(JOB)
    assert abs(aws.now_ms() - time.time() * 1000) < 5000
    real = time.time
    wrong = SimpleNamespace(time=lambda: real() - 3600, monotonic=time.monotonic)
    monkeypatch.setattr("tui.sources.aws.clients.time", wrong)
    aws.describe_job("job-1")  # any answer tells it: whether a job has settled is asked before its log is
    assert abs(aws.now_ms() - real() * 1000) < 5000

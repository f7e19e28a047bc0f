"""Metrics: what is asked of GetMetricData, and what becomes of its answers."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.canned import Canned
from tests.moto_server import Moto, ago, ms, now
from tui.model.series import MetricQuery
from tui.sources.aws.metrics import period_for
from tui.sources.aws.source import AwsSource

START = ago(hours=2).replace(second=0, microsecond=0)
MINUTES = [ms(START) + 60_000 * minute for minute in range(3)]
END_MS = ms(START) + 3600_000


@pytest.mark.parametrize(
    ("query", "namespace", "dimensions", "unit"),
    [
        (
            MetricQuery("job", "job", "train:error"),
            "/aws/sagemaker/TrainingJobs",
            {"TrainingJobName": "job"},
            "",
        ),
        (
            MetricQuery("host", "job", "CPUUtilization", part="algo-2"),
            "/aws/sagemaker/TrainingJobs",
            {"Host": "job/algo-2"},
            "%",
        ),
        (
            MetricQuery("variant", "ranker", "Invocations", part="v12", stat="Sum"),
            "AWS/SageMaker",
            {"EndpointName": "ranker", "VariantName": "v12"},
            "",
        ),
        (
            MetricQuery("instance", "ranker", "GPUMemoryUtilization", part="v12"),
            "/aws/sagemaker/Endpoints",
            {"EndpointName": "ranker", "VariantName": "v12"},
            "%",
        ),
    ],
    ids=["job", "host", "variant", "instance"],
)
def test_each_kind_has_its_namespace_and_dimensions(
    moto: Moto, aws: AwsSource, query: MetricQuery, namespace: str, dimensions: dict[str, str], unit: str
) -> None:
    moto.add_metric(namespace, query.metric, dimensions, [(at, 400.0) for at in MINUTES])
    moto.add_metric(namespace, query.metric, {"Other": "thing"}, [(at, 1.0) for at in MINUTES])
    (series,) = aws.metrics([query], ms(START), END_MS)
    assert (list(series.times), list(series.values)) == (MINUTES, [400.0] * 3)
    assert (series.name, series.part, series.unit, series.stat) == (query.metric, query.part, unit, query.stat)


@pytest.mark.parametrize("metric", ["ModelLatency", "OverheadLatency"])
@pytest.mark.parametrize("stat", ["Average", "p99"])
def test_latencies_come_in_milliseconds(moto: Moto, aws: AwsSource, metric: str, stat: str) -> None:
    where = {"EndpointName": "ranker", "VariantName": "main"}
    moto.add_metric("AWS/SageMaker", metric, where, [(at, 38_100.0) for at in MINUTES])
    (series,) = aws.metrics([MetricQuery("variant", "ranker", metric, "main", stat)], ms(START), END_MS)
    assert list(series.values) == pytest.approx([38.1] * 3)
    assert series.unit == "ms"


def test_a_count_of_latencies_is_no_time(moto: Moto, aws: AwsSource) -> None:
    where = {"EndpointName": "ranker", "VariantName": "main"}
    moto.add_metric("AWS/SageMaker", "ModelLatency", where, [(MINUTES[0], 10.0), (MINUTES[0] + 1000, 20.0)])
    (series,) = aws.metrics(
        [MetricQuery("variant", "ranker", "ModelLatency", "main", "SampleCount")], MINUTES[0], END_MS
    )
    assert (list(series.values), series.unit) == ([2.0], "")


@pytest.mark.parametrize(("count", "requests"), [(1, 1), (500, 1), (501, 2), (1001, 3)])
def test_five_hundred_queries_are_one_request(canned: Canned, canned_aws: AwsSource, count: int, requests: int) -> None:
    canned.answers("GetMetricData", {"MetricDataResults": []})
    queries = [MetricQuery("job", "job", f"metric-{number}") for number in range(count)]
    series = canned_aws.metrics(queries, ms(START), END_MS)
    assert [one.name for one in series] == [query.metric for query in queries]
    assert canned.count("GetMetricData") == requests == canned_aws.calls


def test_a_series_goes_on_through_the_pages(canned: Canned, canned_aws: AwsSource) -> None:
    times = [START + timedelta(minutes=minute) for minute in range(3)]
    canned.answers(
        "GetMetricData",
        {
            "MetricDataResults": [
                {"Id": "m1", "Timestamps": times[:2], "Values": [1.0, 2.0], "StatusCode": "PartialData"}
            ],
            "NextToken": "more",
        },
        {"MetricDataResults": [{"Id": "m0", "Timestamps": [], "Values": []}], "NextToken": "more still"},
        {"MetricDataResults": [{"Id": "m1", "Timestamps": times[2:], "Values": [3.0]}]},
    )
    empty, full = canned_aws.metrics([MetricQuery("job", "j", "a"), MetricQuery("job", "j", "b")], ms(START), END_MS)
    assert len(empty) == 0
    assert (list(full.times), list(full.values)) == (MINUTES, [1.0, 2.0, 3.0])


def test_periods_begin_at_whole_multiples_of_their_length(moto: Moto, aws: AwsSource) -> None:
    where = {"TrainingJobName": "job"}
    moto.add_metric("/aws/sagemaker/TrainingJobs", "loss", where, [(MINUTES[0] + 1000, 1.0), (MINUTES[1] + 1000, 3.0)])
    query = MetricQuery("job", "job", "loss")
    askew, straight = (aws.metrics([query], MINUTES[0] + offset, END_MS)[0] for offset in (500, 0))
    assert list(askew.times) == list(straight.times) == MINUTES[:2]


def test_an_old_series_comes_in_the_period_that_is_still_kept(moto: Moto, aws: AwsSource) -> None:
    start = (now() - timedelta(days=30)).replace(minute=0, second=0, microsecond=0)
    samples = [(ms(start) + 60_000 * minute, float(minute)) for minute in range(10)]
    moto.add_metric("/aws/sagemaker/TrainingJobs", "loss", {"TrainingJobName": "job"}, samples)
    (series,) = aws.metrics([MetricQuery("job", "job", "loss", period_s=60)], ms(start), ms(start) + 600_000)
    assert list(series.times) == [ms(start), ms(start) + 300_000]
    assert list(series.values) == [2.0, 7.0]


@pytest.mark.parametrize(
    ("age", "wanted", "period"),
    [
        (timedelta(hours=3), 1, 1),
        (timedelta(hours=3), 2, 5),
        (timedelta(hours=3), 31, 60),
        (timedelta(hours=3, seconds=1), 1, 60),
        (timedelta(days=15), 61, 120),
        (timedelta(days=15, seconds=1), 60, 300),
        (timedelta(days=63), 300, 300),
        (timedelta(days=63, seconds=1), 300, 3600),
        (timedelta(days=400), 3601, 7200),
    ],
)
def test_the_period_that_exists_at_an_age(age: timedelta, wanted: int, period: int) -> None:
    assert period_for(age.total_seconds(), wanted) == period


@given(st.floats(0, 40_000_000), st.integers(1, 100_000))
def test_a_period_is_never_shorter_than_wanted_and_one_that_cloudwatch_takes(age_s: float, wanted: int) -> None:
    period = period_for(age_s, wanted)
    assert wanted <= period
    assert period in (1, 5, 10, 30) or period % 60 == 0
    assert period_for(age_s, period) == period


def test_datapoints_of_the_first_of_january_1970_and_of_fractions_of_a_second_are_whole_milliseconds(
    canned: Canned, canned_aws: AwsSource
) -> None:
    times = [datetime.fromtimestamp(at, timezone.utc) for at in (0, 1_700_000_000.001, 1_700_000_000.999)]
    canned.answers("GetMetricData", {"MetricDataResults": [{"Id": "m0", "Timestamps": times, "Values": [1.0] * 3}]})
    (series,) = canned_aws.metrics([MetricQuery("job", "j", "a")], ms(START), END_MS)
    assert list(series.times) == [0, 1_700_000_000_001, 1_700_000_000_999]

"""One training job, kept current until there is nothing to ask any more."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from moto.sagemaker.models import sagemaker_backends

from tests.canned import Canned, Fault
from tests.moto_server import ACCOUNT, REGION, Moto, ago, ms
from tests.watch.conftest import FrozenClock, ended, training
from tui.archive import Archive
from tui.demo.gaps_sagemaker import set_fields
from tui.follow import LogBatch
from tui.model.logs import LogEvent
from tui.model.series import MetricQuery, Series
from tui.sources.aws.clients import ClientSettings
from tui.sources.aws.source import AwsSource
from tui.sources.base import Denied, NotFound
from tui.watch.job import HOSTS_MEASURED, METRICS_EVERY_S, JobView, JobWatch

NAMESPACE = "/aws/sagemaker/TrainingJobs"


@pytest.fixture
def watch(aws: AwsSource, clock: FrozenClock) -> JobWatch:
    return JobWatch(aws, "job", clock)


def add_training_job(moto: Moto, *, hosts: int = 2, **length: float) -> None:
    begun = ago(**(length or {"minutes": 30}))
    resources = {"InstanceType": "ml.g5.xlarge", "InstanceCount": hosts}
    moto.add_job("job", created=begun, **training(begun, ResourceConfig=resources))


def test_a_description_is_one_request(moto: Moto, aws: AwsSource, clock: FrozenClock, watch: JobWatch) -> None:
    add_training_job(moto)
    before = aws.calls
    view = watch.describe()
    assert aws.calls - before == 1
    assert view.job is not None
    assert (view.job.name, view.job.hosts, view.described) == ("job", ("algo-1", "algo-2"), clock())
    assert not watch.is_settled


def test_all_metrics_of_all_hosts_come_with_one_request_a_minute(
    moto: Moto, aws: AwsSource, clock: FrozenClock, watch: JobWatch
) -> None:
    add_training_job(moto)
    at = ms(ago(minutes=10))
    moto.add_metric(NAMESPACE, "validation:loss", {"TrainingJobName": "job"}, [(at, 2.0), (at + 60_000, 1.0)])
    moto.add_metric(NAMESPACE, "GPUUtilization", {"Host": "job/algo-2"}, [(at, 380.0)])
    watch.describe()
    before = aws.calls
    view = watch.measure()
    assert aws.calls - before == 1
    assert view is not None
    (loss,) = view.metrics
    assert (loss.name, list(loss.values)) == ("validation:loss", [2.0, 1.0])
    assert list(view.hosts) == ["algo-1", "algo-2"]
    assert list(view.hosts["algo-2"]["GPUUtilization"].values) == [380.0]
    assert len(view.hosts["algo-1"]["GPUUtilization"]) == 0
    assert view.measured == clock()

    clock.advance(seconds=METRICS_EVERY_S - 1)
    assert watch.measure() is None
    assert aws.calls - before == 1
    clock.advance(seconds=1)
    assert watch.measure() is not None
    assert aws.calls - before == 2


def test_a_large_cluster_is_still_one_request(moto: Moto, aws: AwsSource, watch: JobWatch) -> None:
    add_training_job(moto, hosts=HOSTS_MEASURED + 100)
    watch.describe()
    before = aws.calls
    view = watch.measure()
    assert aws.calls - before == 1
    assert view is not None
    assert len(view.hosts) == HOSTS_MEASURED


def test_a_long_job_is_asked_for_in_longer_periods(canned: Canned, canned_aws: AwsSource, clock: FrozenClock) -> None:
    begun = clock() - timedelta(days=3)
    job = {"TrainingJobName": "job", "TrainingJobStatus": "InProgress", "CreationTime": begun, **training(begun)}
    canned.answers("DescribeTrainingJob", job)
    canned.answers("GetMetricData", {"MetricDataResults": []})
    watch = JobWatch(canned_aws, "job", clock)
    watch.describe()
    assert watch.measure() is not None
    assert canned.count("GetMetricData") == 1  # three days in minutes would be several pages


def test_nothing_is_measured_before_training_has_started(moto: Moto, aws: AwsSource, watch: JobWatch) -> None:
    moto.add_job("job")
    assert watch.measure() is None
    watch.describe()
    before = aws.calls
    assert watch.measure() is None
    assert aws.calls == before


def test_an_ended_job_is_described_once_and_measured_until_its_last_minutes_are_in(
    moto: Moto, aws: AwsSource, clock: FrozenClock, watch: JobWatch
) -> None:
    begun = clock() - timedelta(hours=1, minutes=1)
    moto.add_job("job", created=begun, **ended(begun))
    watch.describe()
    watch.measure()
    assert not watch.is_settled
    before = aws.calls
    for minute in range(1, 5):
        clock.advance(seconds=60)
        watch.describe()
        watch.measure()
        assert (aws.calls - before, watch.is_settled) == (minute, minute == 4)


def test_a_job_that_ended_long_ago_is_settled_at_once(moto: Moto, watch: JobWatch) -> None:
    begun = ago(days=2)
    moto.add_job("job", created=begun, **ended(begun))
    watch.describe()
    assert not watch.is_settled
    watch.measure()
    assert watch.is_settled


def test_the_end_of_a_job_is_seen(moto: Moto, clock: FrozenClock, watch: JobWatch) -> None:
    add_training_job(moto)
    watch.describe()
    set_fields(
        sagemaker_backends[ACCOUNT][REGION].training_jobs["job"],
        {"TrainingJobStatus": "Failed", "TrainingEndTime": clock(), "FailureReason": "no disk"},
    )
    view = watch.describe()
    assert view.job is not None
    assert (view.job.status, view.job.failure_reason) == ("Failed", "no disk")


# What fails


def test_a_job_that_does_not_exist_is_an_error_without_a_job(moto: Moto, watch: JobWatch) -> None:
    view = watch.describe()
    assert view.job is None
    assert [type(error) for error in view.errors] == [NotFound]


def test_a_failed_description_keeps_the_last_one(canned: Canned, canned_aws: AwsSource, clock: FrozenClock) -> None:
    begun = clock() - timedelta(hours=1)
    job = {"TrainingJobName": "job", "TrainingJobStatus": "InProgress", "CreationTime": begun, **training(begun)}
    canned.answers("DescribeTrainingJob", job)
    watch = JobWatch(canned_aws, "job", clock)
    described = watch.describe().described
    canned.answers("DescribeTrainingJob", Fault("ExpiredTokenException", "The security token is expired"))
    clock.advance(seconds=5)
    view = watch.describe()
    assert view.job is not None
    assert view.described == described
    assert "expired" in view.errors[0].what
    canned.answers("DescribeTrainingJob", job)
    view = watch.describe()
    assert (view.errors, view.described) == ((), clock())


def test_denied_metrics_leave_the_description_and_are_not_forgotten_meanwhile(
    canned: Canned, canned_aws: AwsSource, clock: FrozenClock
) -> None:
    begun = clock() - timedelta(hours=1)
    job = {"TrainingJobName": "job", "TrainingJobStatus": "InProgress", "CreationTime": begun, **training(begun)}
    canned.answers("DescribeTrainingJob", job)
    canned.answers(
        "GetMetricData", Fault("AccessDeniedException", "not authorized to perform: cloudwatch:GetMetricData")
    )
    watch = JobWatch(canned_aws, "job", clock)
    for _ in range(3):
        watch.describe()
        watch.measure()
        (error,) = watch.view.errors
        assert isinstance(error, Denied)
        assert error.permission == "cloudwatch:GetMetricData"
        clock.advance(seconds=5)
    assert canned.count("GetMetricData") == 1
    canned.answers("GetMetricData", {"MetricDataResults": []})
    clock.advance(seconds=60)
    watch.measure()
    assert watch.view.errors == ()


# Metrics from every source


def event(at: int, message: str) -> LogEvent:
    return LogEvent(at, at, "algo-1", "job/algo-1-1", message)


def names_and_sources(view: JobView | None) -> list[tuple[str, str, list[float]]]:
    assert view is not None
    return [(series.name, series.source, list(series.values)) for series in view.metrics]


class TestTheLogsOwnMetrics:
    def test_a_curve_is_cloudwatchs_until_the_log_has_been_read_from_its_start(
        self, moto: Moto, clock: FrozenClock, watch: JobWatch
    ) -> None:
        add_training_job(moto)
        at = ms(ago(minutes=10))
        moto.add_metric(NAMESPACE, "validation:loss", {"TrainingJobName": "job"}, [(at, 2.0)])
        watch.describe()
        first = event(at, "loss=nan")
        assert names_and_sources(watch.read(LogBatch((first,), state="reading", progress=0.5))) == []
        assert names_and_sources(watch.measure()) == [("validation:loss", "cloudwatch", [2.0])]
        clock.advance(seconds=1)
        view = watch.read(LogBatch((event(at + 500, "loss=1.5"),), state="reading", progress=0.9))
        assert names_and_sources(view) == [("validation:loss", "cloudwatch", [2.0])]
        clock.advance(seconds=1)
        view = watch.read(LogBatch(state="following"))
        assert [found[:2] for found in names_and_sources(view)] == [("validation:loss", "log")]
        assert view is not None
        assert list(view.metrics[0].times) == [at, at + 500]

    def test_what_nobody_else_has_is_not_called_the_logs_while_the_log_is_being_read(
        self, moto: Moto, clock: FrozenClock, watch: JobWatch
    ) -> None:
        add_training_job(moto)
        watch.describe()
        watch.measure()
        view = watch.read(LogBatch((event(ms(clock()), "loss=3"),), state="reading", progress=0.5))
        assert names_and_sources(view) == [("validation:loss", "reading", [3])]

    def test_they_are_told_once_a_second_and_at_the_end(self, moto: Moto, clock: FrozenClock, watch: JobWatch) -> None:
        add_training_job(moto)
        watch.describe()
        at = ms(clock())
        assert watch.read(LogBatch((event(at, "loss=3"),), state="reading")) is not None
        assert watch.read(LogBatch((event(at + 1, "loss=2"),), state="reading")) is None
        clock.advance(seconds=1)
        assert watch.read(LogBatch((event(at + 2, "nothing"),), state="reading")) is None
        assert watch.read(LogBatch((event(at + 3, "loss=1"),), state="reading")) is not None
        assert names_and_sources(watch.read(LogBatch(state="ended"))) == [("validation:loss", "log", [3, 2, 1])]

    def test_without_definitions_they_are_recognised_and_checkpoints_are_marked(
        self, moto: Moto, watch: JobWatch
    ) -> None:
        begun = ago(minutes=30)
        moto.add_job("job", created=begun, **training(begun, AlgorithmSpecification={"TrainingImage": "image"}))
        watch.describe()
        view = watch.read(LogBatch((event(1, "{'loss': 0.5}"), event(9, "Saved checkpoint 1")), state="following"))
        assert names_and_sources(view) == [("loss", "recognised", [0.5])]
        assert view is not None
        assert [(mark.time_ms, mark.label) for mark in view.markers] == [(9, "checkpoint")]

    def test_what_is_wrong_with_a_definition_is_said(self, moto: Moto, watch: JobWatch) -> None:
        begun = ago(minutes=30)
        wrong = {"TrainingImage": "image", "MetricDefinitions": [{"Name": "loss", "Regex": "loss=.*"}]}
        moto.add_job("job", created=begun, **training(begun, AlgorithmSpecification=wrong))
        (notice,) = watch.describe().notices
        assert notice.startswith("loss: ")


def test_a_final_value_stands_for_what_nobody_has_any_more(moto: Moto, watch: JobWatch) -> None:
    begun = ago(days=500)
    final = [{"MetricName": "validation:loss", "Value": 0.25, "Timestamp": begun}]
    moto.add_job("job", created=begun, **ended(begun, FinalMetricDataList=final))
    watch.describe()
    assert names_and_sources(watch.measure()) == [("validation:loss", "final", [0.25])]


class Recording(AwsSource):
    """Remembers what was asked of it."""

    def __init__(self, settings: ClientSettings) -> None:
        super().__init__(settings)
        self.asked: list[MetricQuery] = []

    def metrics(self, queries: Sequence[MetricQuery], start_ms: int, end_ms: int) -> tuple[Series, ...]:
        self.asked += queries
        return super().metrics(queries, start_ms, end_ms)


class TestPeriods:
    """CloudWatch keeps seconds for 3 hours, minutes for 15 days, five minutes for 63, hours for 455."""

    @pytest.mark.parametrize(
        ("age", "periods"),
        [
            (timedelta(hours=1), {1, 60}),
            (timedelta(hours=4), {60}),
            (timedelta(days=16), {300}),
            (timedelta(days=64), {3600}),
        ],
    )
    def test_the_period_asked_for_is_one_that_still_exists(
        self, canned: Canned, canned_aws: AwsSource, clock: FrozenClock, age: timedelta, periods: set[int]
    ) -> None:
        begun = clock() - age
        job = {"TrainingJobName": "job", "TrainingJobStatus": "Completed", "CreationTime": begun}
        canned.answers("DescribeTrainingJob", {**job, **training(begun, TrainingEndTime=begun + timedelta(minutes=9))})
        canned.answers("GetMetricData", {"MetricDataResults": []})
        source = Recording(canned_aws.clients.settings)
        watch = JobWatch(source, "job", clock)
        watch.describe()
        watch.measure()
        assert {query.period_s for query in source.asked if query.kind == "job"} == periods

    def test_seconds_are_asked_for_as_long_as_there_are_some(
        self, moto: Moto, clock: FrozenClock, watch: JobWatch
    ) -> None:
        add_training_job(moto)
        at = ms(ago(minutes=10)) // 60_000 * 60_000
        moto.add_metric(
            NAMESPACE, "validation:loss", {"TrainingJobName": "job"}, [(at + n * 1000, float(n)) for n in range(90)]
        )
        watch.describe()
        watch.measure()
        clock.advance(seconds=60)
        ((_, _, values),) = names_and_sources(watch.measure())
        assert values == [float(n) for n in range(90)]


class TestHistory:
    @pytest.fixture
    def archive(self, tmp_path: Path) -> Archive:
        return Archive(tmp_path / "logs.sqlite")

    def test_what_cloudwatch_has_no_more_is_still_there(
        self, moto: Moto, aws: AwsSource, clock: FrozenClock, archive: Archive
    ) -> None:
        add_training_job(moto)
        at = ms(ago(minutes=10)) // 60_000 * 60_000
        own = {"TrainingJobName": "job"}
        moto.add_metric(NAMESPACE, "validation:loss", own, [(at + n * 1000, float(n)) for n in range(3)])
        moto.add_metric(NAMESPACE, "CPUUtilization", {"Host": "job/algo-1"}, [(at, 50.0)])
        first = JobWatch(aws, "job", clock, archive=lambda: archive)
        first.describe()
        first.measure()
        forget_metrics()
        moto.add_metric(NAMESPACE, "validation:loss", own, [(at, 1.0), (at + 60_000, 9.0)])
        clock.advance(hours=4)  # no seconds are asked for any more
        later = JobWatch(aws, "job", clock, archive=lambda: archive)
        later.describe()
        view = later.measure()
        assert names_and_sources(view) == [("validation:loss", "cloudwatch", [0.0, 1.0, 2.0, 9.0])]
        assert view is not None
        assert list(view.hosts["algo-1"]["CPUUtilization"].values) == [50.0]

    def test_what_a_log_told_is_there_at_once_nan_and_infinity_too(
        self, moto: Moto, aws: AwsSource, clock: FrozenClock, archive: Archive
    ) -> None:
        add_training_job(moto)
        first = JobWatch(aws, "job", clock, archive=lambda: archive)
        first.describe()
        first.read(LogBatch((event(1, "loss=nan"), event(2, "loss=-inf"), event(3, "loss=1")), state="ended"))
        again = JobWatch(aws, "job", clock, archive=lambda: archive)
        ((name, source, values),) = names_and_sources(again.describe())
        assert (name, source, [str(value) for value in values]) == ("validation:loss", "log", ["nan", "-inf", "1.0"])

    def test_an_earlier_look_at_a_log_counts_as_far_as_it_goes(
        self, moto: Moto, aws: AwsSource, clock: FrozenClock, archive: Archive
    ) -> None:
        add_training_job(moto)
        own, at = {"TrainingJobName": "job"}, ms(ago(minutes=10)) // 60_000 * 60_000
        moto.add_metric(NAMESPACE, "validation:loss", own, [(at, 1.0)])
        first = JobWatch(aws, "job", clock, archive=lambda: archive)
        first.describe()
        first.read(LogBatch((event(at + 1, "loss=1"),), state="ended"))
        assert names_and_sources(first.measure()) == [("validation:loss", "log", [1.0])]
        moto.add_metric(NAMESPACE, "validation:loss", own, [(at + 300_000, 9.0)])
        again = JobWatch(aws, "job", clock, archive=lambda: archive)
        again.describe()
        assert names_and_sources(again.measure()) == [("validation:loss", "cloudwatch", [1.0, 9.0])]

    def test_a_broken_archive_harms_nobody(
        self, moto: Moto, aws: AwsSource, clock: FrozenClock, archive: Archive, tmp_path: Path
    ) -> None:
        add_training_job(moto)
        (tmp_path / "metrics.sqlite").write_text("no database" * 100)
        watch = JobWatch(aws, "job", clock, archive=lambda: archive)
        assert watch.describe().job is not None
        assert watch.measure() is not None


def forget_metrics() -> None:
    from moto.cloudwatch.models import cloudwatch_backends

    from tui.demo.gaps_metrics import index_of

    index_of(cloudwatch_backends[ACCOUNT][REGION]).metrics.clear()

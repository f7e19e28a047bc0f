"""One training job, kept current until there is nothing to ask any more."""

from __future__ import annotations

from datetime import timedelta

import pytest
from moto.sagemaker.models import sagemaker_backends

from tests.canned import Canned, Fault
from tests.moto_server import ACCOUNT, REGION, Moto, ago, ms
from tests.watch.conftest import FrozenClock, ended, training
from tui.demo.gaps_sagemaker import set_fields
from tui.sources.aws.source import AwsSource
from tui.sources.base import Denied, NotFound
from tui.watch.job import HOSTS_MEASURED, METRICS_EVERY_S, JobWatch

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

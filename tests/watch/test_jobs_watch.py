"""The list of training jobs: how little is asked for it, and what becomes of jobs that change, end or go."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from moto.sagemaker.models import sagemaker_backends

from tests.canned import Canned, Fault
from tests.moto_server import ACCOUNT, REGION, Moto, ago, ms, now
from tests.watch.conftest import FrozenClock, ended, training
from tui.sources.aws.source import AwsSource
from tui.sources.base import Denied
from tui.watch.jobs import METRICS_EVERY_S, JobsWatch

SCREEN = 34
"""Rows on a large screen."""


@pytest.fixture
def watch(aws: AwsSource, clock: FrozenClock) -> JobsWatch:
    return JobsWatch(aws, clock)


def add_jobs(moto: Moto, count: int, *, running: int = 5) -> None:
    """Jobs of which `job-00000` is the newest; the first few run."""
    for number in range(count):
        created = ago(minutes=10 + number)
        fields = training(created) if number < running else ended(created - timedelta(hours=2))
        moto.add_job(f"job-{number:05}", created=created, **fields)


def delete(name: str) -> None:
    del sagemaker_backends[ACCOUNT][REGION].training_jobs[name]


def change(name: str, **fields: Any) -> None:
    from tui.demo.gaps_sagemaker import set_fields

    set_fields(sagemaker_backends[ACCOUNT][REGION].training_jobs[name], {"LastModifiedTime": now(), **fields})


def measure(moto: Moto, job: str, metric: str, *values: float, dimensions: dict[str, str] | None = None) -> None:
    """One value a minute, the last of them three minutes ago."""
    begin = ms(ago(minutes=2 + len(values)))
    points = [(begin + 60_000 * minute, value) for minute, value in enumerate(values)]
    moto.add_metric("/aws/sagemaker/TrainingJobs", metric, dimensions or {"TrainingJobName": job}, points)


def on_screen(watch: JobsWatch) -> Sequence[str]:
    return [job.name for job in watch.view.jobs[:SCREEN]]


# How little is asked


@pytest.mark.parametrize("count", [10, 100, 1_000])
def test_a_refresh_costs_three_requests_at_most_whatever_the_number_of_jobs(
    moto: Moto, aws: AwsSource, clock: FrozenClock, count: int
) -> None:
    add_jobs(moto, count)
    watch = JobsWatch(aws, clock)
    costs = []
    for _ in range(4):
        before = aws.calls
        watch.refresh(on_screen(watch))
        costs.append(aws.calls - before)
        clock.advance(seconds=61)
    assert costs == [3, 3, 3, 3]  # the list, a Search, a GetMetricData
    while watch.has_more:
        watch.load_older()
    before = aws.calls
    view = watch.refresh(on_screen(watch))
    assert aws.calls - before <= 3
    assert len(view.jobs) == count
    assert all(job.detailed for job in view.jobs[:10])


def test_metrics_are_asked_for_once_a_minute(moto: Moto, aws: AwsSource, clock: FrozenClock, watch: JobsWatch) -> None:
    add_jobs(moto, 3, running=3)
    watch.refresh(())
    for _ in range(11):
        clock.advance(seconds=5)
        before = aws.calls
        watch.refresh(on_screen(watch))
        assert aws.calls - before == 2  # the list and a Search
    clock.advance(seconds=METRICS_EVERY_S - 55)
    before = aws.calls
    watch.refresh(on_screen(watch))
    assert aws.calls - before == 3


def test_details_of_ended_jobs_are_asked_for_once(
    moto: Moto, aws: AwsSource, clock: FrozenClock, watch: JobsWatch
) -> None:
    add_jobs(moto, 20, running=0)
    view = watch.refresh(())
    assert all(job.detailed and job.instance_count == 1 for job in view.jobs)
    for _ in range(3):
        clock.advance(minutes=2)
        before = aws.calls
        watch.refresh(on_screen(watch))
        assert aws.calls - before == 1  # the list alone


def test_the_last_minutes_of_a_job_that_has_just_ended_are_asked_for(
    moto: Moto, aws: AwsSource, clock: FrozenClock, watch: JobsWatch
) -> None:
    begun = ago(hours=1, minutes=2)
    moto.add_job("job", created=begun, **ended(begun))  # two minutes ago
    watch.refresh(())
    costs = []
    for _ in range(6):
        clock.advance(seconds=61)
        before = aws.calls
        watch.refresh(["job"])
        costs.append(aws.calls - before)
    assert costs == [2, 2, 2, 1, 1, 1]


def test_what_comes_on_screen_costs_no_more_than_what_it_lacks(moto: Moto, aws: AwsSource, watch: JobsWatch) -> None:
    add_jobs(moto, 90, running=2)
    watch.refresh(())
    first, further = on_screen(watch), [job.name for job in watch.view.jobs[50:60]]
    before = aws.calls
    watch.look(first)
    assert aws.calls == before  # the first refresh has asked for all of it
    view = watch.look(further)
    assert aws.calls - before == 2  # a Search and a GetMetricData
    assert view is not None
    assert all(job.detailed for job in view.jobs[50:60])
    assert not any(job.detailed for job in view.jobs[60:])
    assert watch.look(further) is None
    assert watch.look(first) is None
    assert aws.calls - before == 2


def test_names_that_are_not_known_are_not_asked_for(moto: Moto, aws: AwsSource, watch: JobsWatch) -> None:
    before = aws.calls
    assert watch.look(["job"]) is None
    assert aws.calls == before


def test_running_jobs_that_are_not_on_screen_are_kept_current_too(moto: Moto, aws: AwsSource, watch: JobsWatch) -> None:
    add_jobs(moto, 60, running=0)
    moto.add_job("old", created=ago(days=3), **training(ago(days=3)))
    watch.refresh(())
    change("old", SecondaryStatus="Uploading")
    view = watch.refresh(on_screen(watch))
    assert view.jobs[-1].secondary_status == "Uploading"


# Pages


def test_the_first_view_is_there_after_the_first_page_and_older_jobs_follow(
    moto: Moto, aws: AwsSource, watch: JobsWatch
) -> None:
    add_jobs(moto, 250)
    view = watch.refresh(())
    assert [job.name for job in view.jobs] == [f"job-{number:05}" for number in range(100)]
    assert (view.loading, view.cut, watch.has_more) == (True, False, True)
    sizes = []
    while watch.has_more:
        before = aws.calls
        view = watch.load_older()
        assert aws.calls - before == 1
        sizes.append(len(view.jobs))
    assert sizes == [200, 250]
    assert [job.name for job in view.jobs] == [f"job-{number:05}" for number in range(250)]
    assert (view.loading, view.cut) == (False, False)


def test_a_new_job_comes_on_top_while_older_pages_are_there(moto: Moto, watch: JobsWatch) -> None:
    add_jobs(moto, 150)
    watch.refresh(())
    watch.load_older()
    moto.add_job("new", created=now())
    view = watch.refresh(())
    assert (view.jobs[0].name, len(view.jobs)) == ("new", 151)


def test_more_jobs_than_are_kept_are_said_to_be_cut(
    moto: Moto, watch: JobsWatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.watch.jobs.NEWEST", 200)
    add_jobs(moto, 250)
    watch.refresh(())
    view = watch.load_older()
    assert (len(view.jobs), view.cut, view.loading, watch.has_more) == (200, True, False, False)


# What changes


def test_a_change_of_status_in_the_list_brings_new_details(moto: Moto, watch: JobsWatch) -> None:
    begun = ago(hours=1)
    moto.add_job("job", created=begun, **training(begun))
    assert watch.refresh(()).jobs[0].failure_reason == ""
    change("job", TrainingJobStatus="Failed", SecondaryStatus="Failed", TrainingEndTime=now(), FailureReason="no disk")
    job = watch.refresh(["job"]).jobs[0]
    assert (job.status, job.failure_reason, job.detailed) == ("Failed", "no disk", True)


@pytest.mark.parametrize("which", ["newest", "middle", "oldest"])
def test_a_deleted_job_goes(moto: Moto, watch: JobsWatch, which: str) -> None:
    for age, name in enumerate(("newest", "middle", "oldest")):
        moto.add_job(name, created=ago(hours=age))
    watch.refresh(())
    delete(which)
    assert {job.name for job in watch.refresh(()).jobs} == {"newest", "middle", "oldest"} - {which}


def test_the_last_job_goes_too(moto: Moto, watch: JobsWatch) -> None:
    moto.add_job("job")
    watch.refresh(())
    delete("job")
    assert watch.refresh(()).jobs == ()


def test_a_deleted_job_of_a_full_page_goes(moto: Moto, watch: JobsWatch) -> None:
    add_jobs(moto, 150)
    watch.refresh(())
    watch.load_older()
    delete("job-00050")
    view = watch.refresh(())
    assert len(view.jobs) == 149
    assert "job-00050" not in {job.name for job in view.jobs}


def test_a_job_made_again_under_its_name_is_another_job(moto: Moto, watch: JobsWatch) -> None:
    begun = ago(hours=9)
    moto.add_job("job", created=begun, **ended(begun))
    measure(moto, "job", "validation:loss", 0.5)
    assert watch.refresh(()).jobs[0].status == "Completed"
    delete("job")
    moto.add_job("job", created=ago(minutes=1))
    view = watch.refresh(["job"])
    (job,) = view.jobs
    assert (job.status, job.ended, job.detailed) == ("InProgress", None, True)
    assert "job" not in view.signals


# What is measured


def test_the_leading_metric_and_the_use_of_the_hosts(moto: Moto, watch: JobsWatch) -> None:
    begun = ago(minutes=30)
    gpus = {"InstanceType": "ml.g5.xlarge", "InstanceCount": 6}
    moto.add_job("job", created=begun, **training(begun, ResourceConfig=gpus))
    measure(moto, "job", "validation:loss", 3.0, 2.0, 1.0)
    for host, use in (("algo-1", 20.0), ("algo-2", 40.0)):
        measure(moto, "job", "GPUUtilization", use, use, dimensions={"Host": f"job/{host}"})
    signals = watch.refresh(()).signals["job"]
    assert signals.metric is not None
    assert list(signals.metric.values) == [3.0, 2.0, 1.0]
    assert signals.use is not None
    assert list(signals.use.values) == [30.0, 30.0]
    assert (signals.use_of, signals.estimated) == ("GPU", True)  # only four of the six hosts are asked


def test_a_host_without_gpus_is_measured_by_its_cpus(moto: Moto, watch: JobsWatch) -> None:
    begun = ago(minutes=30)
    moto.add_job("job", created=begun, **training(begun))
    measure(moto, "job", "CPUUtilization", 310.0, dimensions={"Host": "job/algo-1"})
    signals = watch.refresh(()).signals["job"]
    assert signals.use is not None
    assert (signals.use_of, list(signals.use.values), signals.estimated) == ("CPU", [310.0], False)


# What fails


def canned_jobs(canned: Canned, clock: FrozenClock, *names: str) -> None:
    """A list of running jobs, which DescribeTrainingJob and Search know too."""
    begun = clock() - timedelta(hours=1)
    summaries = [{"TrainingJobName": name, "TrainingJobStatus": "InProgress", "CreationTime": begun} for name in names]
    whole = [{**summary, **training(begun)} for summary in summaries]
    canned.answers("ListTrainingJobs", {"TrainingJobSummaries": summaries})
    canned.answers("Search", {"Results": [{"TrainingJob": job} for job in whole]})
    canned.answers("DescribeTrainingJob", *whole)
    canned.answers("GetMetricData", {"MetricDataResults": []})


DENIED = "User: arn:aws:sts::123456789012:assumed-role/MLOps/me is not authorized to perform: {}"


def denied(permission: str) -> Fault:
    return Fault("AccessDeniedException", DENIED.format(permission))


def test_where_search_is_denied_each_job_is_described(
    canned: Canned, canned_aws: AwsSource, clock: FrozenClock
) -> None:
    canned_jobs(canned, clock, "a", "b")
    canned.answers("Search", denied("sagemaker:Search"))
    watch = JobsWatch(canned_aws, clock)
    view = watch.refresh(())
    assert [job.detailed for job in view.jobs] == [True, True]
    assert view.errors == ()  # nothing is missing
    watch.refresh(["a", "b"])
    assert canned.count("Search") == 1


def test_without_details_the_list_is_there_and_the_missing_permission_is_named(
    canned: Canned, canned_aws: AwsSource, clock: FrozenClock
) -> None:
    canned_jobs(canned, clock, "a", "b")
    canned.answers("Search", denied("sagemaker:Search"))
    canned.answers("DescribeTrainingJob", denied("sagemaker:DescribeTrainingJob"))
    watch = JobsWatch(canned_aws, clock)
    for _ in range(3):
        view = watch.refresh(["a", "b"])
        assert [job.name for job in view.jobs] == ["a", "b"]
        (error,) = view.errors
        assert isinstance(error, Denied)
        assert error.permission == "sagemaker:DescribeTrainingJob"
        clock.advance(seconds=5)


def test_without_metrics_all_else_is_there_and_it_is_said_until_they_are_answered(
    canned: Canned, canned_aws: AwsSource, clock: FrozenClock
) -> None:
    canned_jobs(canned, clock, "a", "b")
    canned.answers("GetMetricData", denied("cloudwatch:GetMetricData"))
    watch = JobsWatch(canned_aws, clock)
    for _ in range(4):
        view = watch.refresh(["a", "b"])
        assert [job.detailed for job in view.jobs] == [True, True]
        (error,) = view.errors
        assert isinstance(error, Denied)
        assert error.permission == "cloudwatch:GetMetricData"
        clock.advance(seconds=5)
    assert canned.count("GetMetricData") == 1
    canned.answers("GetMetricData", {"MetricDataResults": []})
    clock.advance(seconds=60)
    assert watch.refresh(["a", "b"]).errors == ()


def test_a_failed_list_keeps_what_was_there_and_how_old_it_is(
    canned: Canned, canned_aws: AwsSource, clock: FrozenClock
) -> None:
    canned_jobs(canned, clock, "a", "b")
    watch = JobsWatch(canned_aws, clock)
    refreshed = watch.refresh(()).refreshed
    assert refreshed == clock()
    canned.answers("ListTrainingJobs", Fault("ThrottlingException", "Rate exceeded"))
    clock.advance(seconds=30)
    view = watch.refresh(["a", "b"])
    assert [job.name for job in view.jobs] == ["a", "b"]
    assert view.refreshed == refreshed
    assert [error.what for error in view.errors] == ["sagemaker ListTrainingJobs is throttled: Rate exceeded"]
    canned_jobs(canned, clock, "a", "b")
    view = watch.refresh(["a", "b"])
    assert (view.errors, view.refreshed) == ((), clock())


def test_expired_credentials_are_said_once_though_every_request_fails(
    canned: Canned, canned_aws: AwsSource, clock: FrozenClock
) -> None:
    canned_jobs(canned, clock, "a", "b")
    watch = JobsWatch(canned_aws, clock)
    watch.refresh(())
    clock.advance(seconds=61)
    for operation in ("ListTrainingJobs", "Search", "DescribeTrainingJob", "GetMetricData"):
        canned.answers(operation, Fault("ExpiredTokenException", "The security token is expired"))
    (error,) = watch.refresh(["a", "b"]).errors
    assert "expired" in error.what


def test_a_job_that_the_index_of_search_still_calls_running_is_what_the_list_says(
    canned: Canned, canned_aws: AwsSource, clock: FrozenClock
) -> None:
    canned_jobs(canned, clock, "a", "b")
    begun = clock() - timedelta(hours=1)
    old = {"TrainingJobStatus": "InProgress", "CreationTime": begun, "LastModifiedTime": begun}
    lagging = [{"TrainingJob": {"TrainingJobName": name, **old, **training(begun)}} for name in "ab"]
    canned.answers("Search", {"Results": lagging})
    done = {"TrainingJobStatus": "Completed", "CreationTime": begun, "LastModifiedTime": clock()}
    canned.answers("ListTrainingJobs", {"TrainingJobSummaries": [{"TrainingJobName": name, **done} for name in "ab"]})
    view = JobsWatch(canned_aws, clock).refresh(())
    assert [(job.status, job.detailed) for job in view.jobs] == [("Completed", False), ("Completed", False)]

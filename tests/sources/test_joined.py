"""AWS and this machine as one source."""

from __future__ import annotations

import shutil
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from tests.local_jobs import LocalJobs
from tests.moto_server import JOB_LOGS, Moto, ago, ms
from tui.model.jobs import JobQuery
from tui.model.logs import LogAddress
from tui.model.series import MetricQuery
from tui.sources.aws.source import AwsSource
from tui.sources.base import Denied, NotFound, Refused
from tui.sources.joined import Joined
from tui.sources.local.source import LocalSource
from tui.watch.jobs import JobsWatch


@pytest.fixture
def jobs(tmp_path: Path) -> LocalJobs:
    return LocalJobs(tmp_path / "jobs")


@pytest.fixture
def joined(moto: Moto, jobs: LocalJobs) -> Joined:
    return Joined(AwsSource(moto.settings()), LocalSource(jobs.jobs))


def names(source: Joined, query: JobQuery = JobQuery()) -> list[str]:  # noqa: B008  # it is frozen
    found: list[str] = []
    cursor: str | None = None
    while True:
        page = source.list_jobs(query, cursor)
        found += [job.name for job in page.items]
        cursor = page.cursor
        if cursor is None:
            return found


def test_jobs_of_both_come_newest_first_over_all_pages(joined: Joined, moto: Moto, jobs: LocalJobs) -> None:
    for number in range(0, 240, 2):
        moto.add_job(f"job-{number:03d}", created=ago(minutes=number))
    for number in range(1, 300, 30):
        jobs.add_job(f"job-{number:03d}", created=ago(minutes=number))
    found = names(joined)
    assert len(found) == 130
    assert found == sorted(found, key=lambda name: name.removeprefix("local/"))
    assert sum(name.startswith("local/") for name in found) == 10


def test_both_are_searched(joined: Joined, moto: Moto, jobs: LocalJobs) -> None:
    moto.add_job("bert-aws", TrainingJobStatus="Failed")
    jobs.add_job("bert-here", "Failed")
    jobs.add_job("resnet", "Failed")
    jobs.add_job("bert-done", "Completed")
    assert set(names(joined, JobQuery("Failed", "bert"))) == {"bert-aws", "local/bert-here"}
    assert set(names(joined, JobQuery(name_contains="local/b"))) == {"local/bert-here", "local/bert-done"}


def test_each_question_goes_to_whom_it_is_about(joined: Joined, moto: Moto, jobs: LocalJobs) -> None:
    moto.add_job("job", TrainingJobStatus="Failed")
    jobs.add_job("job", "Completed")
    assert joined.describe_job("job").status == "Failed"
    assert joined.describe_job("local/job").status == "Completed"
    found = joined.describe_jobs(["local/job", "job", "local/none", "none"])
    assert [job.name for job in found] == ["local/job", "job"]
    with pytest.raises(NotFound, match="there is no local job none"):
        joined.describe_job("local/none")


def test_logs_and_metrics_of_both_are_kept_apart(joined: Joined, moto: Moto, jobs: LocalJobs) -> None:
    at = ms(ago(minutes=30).replace(second=0, microsecond=0))
    moto.add_job("job")
    jobs.add_job("job")
    moto.add_log("job/algo-1-1", [(at, "from AWS")], group=JOB_LOGS)
    jobs.add_log("job", "algo-1", [(at, "from here")])
    said = [
        [event.message for event in joined.read_recent(LogAddress("job", name), 0, at + 1).events]
        for name in ("job", "local/job")
    ]
    assert said == [["from AWS"], ["from here"]]
    (stream,) = joined.log_streams(LogAddress("job", "local/job"))
    assert joined.read_stream(LogAddress("job", "local/job"), stream.name, 0, at + 1).events[0].message == "from here"
    moto.add_metric("/aws/sagemaker/TrainingJobs", "loss", {"TrainingJobName": "job"}, [(at, 1.0)])
    jobs.add_metric(MetricQuery("job", "job", "loss"), [(at, 2.0)])
    queries = [MetricQuery("job", name, "loss") for name in ("local/job", "job", "local/job")]
    assert [list(series.values) for series in joined.metrics(queries, at, at + 60_000)] == [[2.0], [1.0], [2.0]]


def test_what_changes_aws_is_not_for_local_jobs(jobs: LocalJobs) -> None:
    from tui.model.changes import Call

    with pytest.raises(Refused, match="not for jobs on this machine"):
        LocalSource(jobs.jobs).send(Call("sagemaker", "StopTrainingJob", {"TrainingJobName": "local/job"}))


# Where AWS fails


@pytest.fixture
def denied(canned_aws: AwsSource, jobs: LocalJobs) -> Joined:
    """AWS denies everything."""
    return Joined(canned_aws, LocalSource(jobs.jobs))


def test_where_aws_fails_the_local_jobs_are_listed_with_the_error(denied: Joined, jobs: LocalJobs) -> None:
    jobs.add_job("job")
    page = denied.list_jobs()
    assert [job.name for job in page.items] == ["local/job"]
    assert page.cursor is None
    assert isinstance(page.error, Denied)


def test_where_aws_fails_and_nothing_is_local_the_error_is_all(denied: Joined) -> None:
    with pytest.raises(Denied):
        denied.list_jobs()


def test_a_list_shows_local_jobs_and_says_what_aws_said(denied: Joined, jobs: LocalJobs) -> None:
    jobs.add_job("first", "Completed")
    jobs.add_job("second", created=datetime.now(timezone.utc) + timedelta(minutes=1))
    watch = JobsWatch(denied, lambda: datetime.now(timezone.utc))
    view = watch.refresh(())
    assert [job.name for job in view.jobs] == ["local/second", "local/first"]
    assert [type(error) for error in view.errors] == [Denied]
    shutil.rmtree(jobs.jobs / "first")
    assert [job.name for job in watch.refresh(()).jobs] == ["local/second"]

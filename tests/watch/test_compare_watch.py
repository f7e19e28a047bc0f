"""Several jobs watched together: what is asked, how often, and which source a curve comes from."""

from __future__ import annotations

from array import array
from datetime import timedelta
from pathlib import Path

import pytest

from tests.moto_server import Moto, ms
from tests.watch.conftest import FrozenClock, ended, training
from tui.archive import Archive
from tui.archive.series import KeptSeries, SeriesArchive
from tui.model.series import Series
from tui.sources.aws.source import AwsSource
from tui.watch.compare import CompareWatch

NAMESPACE = "/aws/sagemaker/TrainingJobs"
MINUTE = 60_000


@pytest.fixture
def jobs(moto: Moto, clock: FrozenClock) -> tuple[str, str]:
    """One that ended yesterday and one that runs, with a loss of ten minutes each."""
    yesterday, lately = clock() - timedelta(days=1), clock() - timedelta(minutes=30)
    moto.add_job("done", created=yesterday, **ended(yesterday))
    moto.add_job("running", created=lately, **training(lately))
    for name, start in (("done", yesterday), ("running", lately)):
        whole = ms(start) // MINUTE * MINUTE
        points = [(whole + MINUTE * minute, 10.0 - minute) for minute in range(1, 11)]
        moto.add_metric(NAMESPACE, "validation:loss", {"TrainingJobName": name}, points)
    return "done", "running"


def test_two_requests_tell_all_and_then_only_what_runs_is_asked(
    aws: AwsSource, clock: FrozenClock, jobs: tuple[str, str]
) -> None:
    watch = CompareWatch(aws, jobs, clock)
    before = aws.calls
    view = watch.describe()
    assert [one.job.status if one.job else "" for one in view.jobs] == ["Completed", "InProgress"]
    described = aws.calls - before
    view = watch.measure()
    assert aws.calls - before == described + 1
    assert [len(one.metrics["validation:loss"]) for one in view.jobs] == [10, 10]
    assert view.errors == ()
    assert not watch.is_settled
    clock.advance(seconds=60)
    before = aws.calls
    watch.describe()
    assert aws.calls == before + 1


def test_it_is_settled_when_all_have_ended_and_are_measured(
    aws: AwsSource, clock: FrozenClock, jobs: tuple[str, str]
) -> None:
    watch = CompareWatch(aws, jobs[:1], clock)
    watch.describe()
    assert not watch.is_settled
    watch.measure()
    assert watch.is_settled


def test_a_job_that_does_not_exist_takes_nothing_from_the_others(
    aws: AwsSource, clock: FrozenClock, jobs: tuple[str, str]
) -> None:
    watch = CompareWatch(aws, ("gone", *jobs), clock)
    watch.describe()
    gone, done, _ = watch.measure().jobs
    assert (gone.job, dict(gone.metrics)) == (None, {})
    assert len(done.metrics["validation:loss"]) == 10


def test_without_any_job_there_is_nothing_to_measure(aws: AwsSource, clock: FrozenClock) -> None:
    watch = CompareWatch(aws, ("gone", "too"), clock)
    watch.describe()
    before = aws.calls
    assert watch.measure().measured == clock()
    assert aws.calls == before


@pytest.mark.parametrize("behind_min", [1, 9])
def test_what_was_read_of_a_log_counts_where_it_goes_as_far(
    aws: AwsSource, clock: FrozenClock, jobs: tuple[str, str], tmp_path: Path, behind_min: int
) -> None:
    archive = Archive(tmp_path / "logs.sqlite")
    kept = SeriesArchive.beside(archive)
    for name in jobs:
        job = aws.describe_job(name)
        assert job.started is not None
        last = ms(job.started) // MINUTE * MINUTE + (10 - behind_min) * MINUTE
        parts = (("algo-2", 2.0), ("algo-1", 1.0))
        for part, value in parts:
            steps = array("d", [100.0, 200.0])
            one = Series(
                "validation:loss", array("q", [last - 1, last]), array("d", [value] * 2), "log", part, "", "", steps
            )
            kept.keep(job, [KeptSeries("job", 0, one)])
    kept.close()
    watch = CompareWatch(aws, jobs, clock, lambda: archive)
    watch.describe()
    done, running = (one.metrics["validation:loss"] for one in watch.measure().jobs)
    assert done.source == running.source == ("log" if behind_min == 1 else "cloudwatch")
    if behind_min == 1:
        assert (done.part, list(done.steps)) == ("algo-1", [100.0, 200.0])
    archive.close()

"""This machine's jobs in the screens: among AWS's, by themselves, and where AWS cannot be asked."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.local_jobs import LocalJobs
from tests.moto_server import ms
from tests.screens.monitor import opened
from tests.screens.world import NOW, WorldSource
from tui.model.series import MetricQuery
from tui.sources.aws.source import AwsSource
from tui.sources.joined import Joined
from tui.sources.local.source import LocalSource


@pytest.fixture
def jobs(tmp_path: Path) -> LocalJobs:
    """A job that ended an hour ago, and one that runs."""
    made = LocalJobs(tmp_path / "jobs")
    for name, status, minutes in (("done", "Completed", 60), ("mine", "InProgress", 2)):
        began = NOW - timedelta(minutes=minutes)
        made.add_job(name, status, created=began)
        made.add_log(name, "algo-1", [(ms(began) + 1000 * number, f"hello {number}") for number in range(20)])
        use = [(ms(began) + 100 * number, 50.0) for number in range(600)]
        made.add_metric(MetricQuery("host", name, "CPUUtilization", "algo-1"), use)
        loss = [(ms(began) + 30_000 + 500 * number, 1 - number / 100) for number in range(50)]
        made.add_metric(MetricQuery("job", name, "loss"), loss)
    return made


async def test_they_stand_among_aws_s_and_local_shows_them_alone(world: WorldSource, jobs: LocalJobs) -> None:
    async with opened(Joined(world, LocalSource(jobs.jobs))) as monitor:
        await monitor.until("9 jobs", "local/mine", "local/done")
        await monitor.visit("local")
        await monitor.until("2 of 9", "name:local/")
        await monitor.until(lambda _: "loss 0.515  █" in monitor.line("local/mine"))  # by the second, not by the minute
        await monitor.visit("jobs")
        await monitor.until("2 of 9")


async def test_one_of_them_is_a_job_like_any_other(world: WorldSource, jobs: LocalJobs) -> None:
    async with opened(Joined(world, LocalSource(jobs.jobs))) as monitor:
        await monitor.visit("local done")
        await monitor.until("jobs ▸ local/done", "loss=0.51", "Completed", "measured here")
        await monitor.press("q")
        await monitor.visit("job local/mine")
        await monitor.until("jobs ▸ local/mine", "loss=0.51", "CPU %")


async def test_a_job_that_there_is_not(world: WorldSource, jobs: LocalJobs) -> None:
    async with opened(Joined(world, LocalSource(jobs.jobs))) as monitor:
        await monitor.visit("local nobody")
        await monitor.until("there is no training job local/nobody", "9 jobs")


async def test_where_aws_cannot_be_asked_they_are_there_and_it_is_said(canned_aws: AwsSource, jobs: LocalJobs) -> None:
    async with opened(Joined(canned_aws, LocalSource(jobs.jobs))) as monitor:
        await monitor.until("local/mine", "local/done", "sagemaker:ListTrainingJobs")

"""What the screens ask of AWS, counted where the requests arrive, and how soon 10,000 jobs are on screen."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

from tests.canned import Canned
from tests.moto_server import ago, running_moto
from tests.screen_text import screen_text
from tui.app import SagetopApp
from tui.config import Settings
from tui.model.jobs import ALL_JOBS, InstanceGroup, JobQuery, TrainingJob
from tui.model.series import MetricQuery, Series
from tui.screens.context import Context
from tui.sources.aws.clients import ClientSettings
from tui.sources.aws.source import AwsSource
from tui.sources.base import Can, Identity, Page
from tui.watch.endpoints import EndpointsWatch
from tui.watch.jobs import JobsWatch

ROWS = 34
"""Rows of a list on a large screen."""
MANY = 10_000
NOW = datetime.now(timezone.utc)


class Clock:
    """Says what time it is; a minute more each time it is told so."""

    def __init__(self) -> None:
        self.moment = NOW

    def __call__(self) -> datetime:
        return self.moment

    def a_minute_later(self) -> None:
        self.moment += timedelta(seconds=61)


# Requests


def job(number: int) -> dict[str, Any]:
    """What ListTrainingJobs, Search and DescribeTrainingJob say of the number-th job from the newest; five run."""
    created = NOW - timedelta(minutes=number)
    status = "InProgress" if number < 5 else "Completed"
    return {
        "TrainingJobName": f"job-{number:05}",
        "TrainingJobStatus": status,
        "CreationTime": created,
        "TrainingStartTime": created,
        "ResourceConfig": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1},
        **({} if number < 5 else {"TrainingEndTime": created + timedelta(seconds=30)}),
    }


def pages(count: int) -> list[dict[str, Any]]:
    """ListTrainingJobs, a hundred a page."""
    keys = ("TrainingJobName", "TrainingJobStatus", "CreationTime")
    jobs = [{key: value for key, value in job(number).items() if key in keys} for number in range(count)]
    cut = [jobs[first : first + 100] for first in range(0, count, 100)]
    return [
        {"TrainingJobSummaries": page, **({"NextToken": str(number)} if number < len(cut) else {})}
        for number, page in enumerate(cut, 1)
    ]


def requests_of_jobs(count: int) -> tuple[int, int]:
    """Requests of the first refresh, and of one a minute later when all pages are there."""
    with Canned() as canned:
        source = AwsSource(
            ClientSettings(region="eu-west-1", endpoint_url=canned.url, access_key="AKIAFALSE", secret_key="false")
        )
        listed = pages(count)
        canned.answers("ListTrainingJobs", *listed)
        canned.answers("Search", {"Results": [{"TrainingJob": job(number)} for number in range(min(count, 40))]})
        canned.answers("GetMetricData", {"MetricDataResults": []})
        clock = Clock()
        watch = JobsWatch(source, clock)
        watch.refresh(())
        first = len(canned.asked)
        while watch.has_more:
            watch.load_older()
        assert len(watch.view.jobs) == count
        canned.answers("ListTrainingJobs", listed[0])
        clock.a_minute_later()
        before = len(canned.asked)
        view = watch.refresh([job.name for job in watch.view.jobs[:ROWS]])
        assert not view.errors, view.errors
        return first, len(canned.asked) - before


def requests_of_endpoints(fleet: int, rows: int) -> int:
    """Requests of a refresh of all there is on screen, a minute after the first."""
    with running_moto() as moto:
        moto.reset()
        for number in range(fleet):
            moto.add_endpoint(f"endpoint-{number:04}", created=ago(minutes=number), EndpointStatus="InService")
        source, clock = AwsSource(moto.settings()), Clock()
        watch = EndpointsWatch(source, clock)
        watch.load_page()
        shown = [endpoint.name for endpoint in watch.view.endpoints[:rows]]
        watch.look(shown)
        clock.a_minute_later()
        before = source.calls
        view = watch.refresh(shown)
        assert not view.errors, view.errors
        return source.calls - before


# Ten thousand jobs


class Memory:
    """A source that has everything at hand."""

    name = "memory"
    can = Can.NOTHING
    calls = 0

    def __init__(self, jobs: tuple[TrainingJob, ...]) -> None:
        self._jobs = jobs
        self.fetched = 0.0

    def now_ms(self) -> int:
        return int(time.time() * 1000)

    def identity(self) -> Identity:
        return Identity("123456789012", "eu-west-1")

    def list_jobs(self, query: JobQuery = ALL_JOBS, cursor: str | None = None) -> Page[TrainingJob]:
        self.fetched = time.perf_counter()
        return Page(self._jobs)

    def describe_jobs(self, names: Sequence[str]) -> tuple[TrainingJob, ...]:
        return tuple(job for job in self._jobs if job.name in set(names))

    def metrics(self, queries: Sequence[MetricQuery], start_ms: int, end_ms: int) -> tuple[Series, ...]:
        return tuple(Series(query.metric, part=query.part) for query in queries)


def many_jobs() -> tuple[TrainingJob, ...]:
    """Detailed, as if they had all been seen once."""
    return tuple(
        TrainingJob(
            name=f"job-{number:05}",
            status="Completed",
            created=NOW - timedelta(minutes=number),
            started=NOW - timedelta(minutes=number),
            ended=NOW - timedelta(minutes=number) + timedelta(seconds=30),
            detailed=True,
            instances=(InstanceGroup("ml.p4d.24xlarge", 2),),
        )
        for number in range(MANY)
    )


async def seconds_to_the_screen() -> float:
    """From the answer of the list to the picture with its first and its last visible row."""
    source = Memory(many_jobs())
    context = Context(source, Settings(archive=False, refresh_s=3600))  # type: ignore[arg-type]
    app = SagetopApp(context)
    painted: asyncio.Future[float] = asyncio.get_running_loop().create_future()

    def after_each_picture() -> None:
        if not painted.done() and source.fetched:
            text = screen_text(app)
            if "job-00000" in text and f"job-{ROWS - 1:05}" in text and f"{MANY:,} jobs" in text:
                painted.set_result(time.perf_counter())

    app.post_display_hook = after_each_picture  # type: ignore[method-assign]
    async with app.run_test(size=(120, ROWS + 3)):
        return await asyncio.wait_for(painted, 30) - source.fetched


def run() -> list[tuple[str, object, str]]:
    """Rows of (what, measured, wanted)."""
    rows: list[tuple[str, object, str]] = []
    for count in (10, 100, MANY):
        first, later = requests_of_jobs(count)
        rows.append((f"requests a refresh of the jobs screen, {count:,} jobs", f"{first} then {later}", "≤ 3"))
    for fleet, shown in ((20, 20), (1_000, 20), (1_000, 40)):
        asked = requests_of_endpoints(fleet, shown)
        rows.append((f"requests a minute for {shown} endpoints on screen of {fleet:,}", asked, f"{shown} + 4 at most"))
    rows.append((f"{MANY:,} jobs on screen, once fetched (s)", asyncio.run(seconds_to_the_screen()), "≤ 0.5"))
    return rows

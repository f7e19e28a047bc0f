"""What sagetop asks of CloudWatch, where each metric costs: by a clock that runs through an hour."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.moto_server import Moto, now
from tests.screens.monitor import opened
from tests.screens.world import NOW, RUNNING, WorldSource, put_world
from tests.watch.conftest import FrozenClock, training
from tui.model.budget import budget_words, requests_usd
from tui.sources.aws.source import AwsSource
from tui.watch.job import DESCRIBE_EVERY_S, JobWatch
from tui.watch.jobs import JobsWatch


def definitions(count: int) -> dict[str, object]:
    return {
        "TrainingImage": "image",
        "TrainingInputMode": "File",
        "MetricDefinitions": [{"Name": f"metric-{n}", "Regex": "x=(.*)"} for n in range(count)],
    }


def test_watching_a_two_host_job_with_six_metrics_for_an_hour_costs_two_cents_at_most(
    moto: Moto, aws: AwsSource
) -> None:
    clock = FrozenClock(now())
    moto.add_job(
        "job",
        **training(
            clock.moment - timedelta(hours=2),
            AlgorithmSpecification=definitions(6),
            ResourceConfig={"InstanceType": "ml.p4d.24xlarge", "InstanceCount": 2, "VolumeSizeInGB": 1},
        ),
    )
    watch = JobWatch(aws, "job", clock)
    for second in range(0, 3600, DESCRIBE_EVERY_S):
        if second % 60 == 0:
            watch.describe()  # which costs nothing
        watch.measure()
        clock.advance(seconds=DESCRIBE_EVERY_S)
    assert not watch.view.errors
    assert aws.metrics_asked >= 59 * (6 + 2 * 3), "an hour of curves and use was not asked for"
    assert requests_usd(aws.metrics_asked) <= 0.02


@pytest.mark.parametrize("count", [1, 50])
def test_jobs_on_screen_take_one_metrics_call_a_minute_however_many(moto: Moto, aws: AwsSource, count: int) -> None:
    clock = FrozenClock(now())
    for number in range(count):
        moto.add_job(f"job-{number}", **training(clock.moment - timedelta(hours=1)))
    watch = JobsWatch(aws, clock)
    names = [f"job-{number}" for number in range(count)]
    asked = counted(aws, "GetMetricData")
    watch.refresh(names)
    assert asked() == 1
    for _ in range(12):  # a refresh each five seconds, for a minute
        clock.advance(seconds=5)
        watch.refresh(names)
    assert asked() == 2


def test_rows_that_are_not_on_screen_are_not_measured(moto: Moto, aws: AwsSource) -> None:
    clock = FrozenClock(now())
    for number in range(30):
        moto.add_job(f"job-{number:02}", **training(clock.moment - timedelta(hours=1)))
    watch = JobsWatch(aws, clock)
    watch.refresh(["job-03", "job-07"])
    assert aws.metrics_asked == 2 * (1 + 1)  # the leading metric and one host's use


def counted(aws: AwsSource, operation: str) -> Callable[[], int]:
    """How often an operation was sent since."""
    sent: list[str] = []
    aws.clients.client("cloudwatch").meta.events.register(
        f"before-call.cloudwatch.{operation}", lambda **_: sent.append(operation)
    )
    return lambda: len(sent)


def test_in_words() -> None:
    assert budget_words(1, 0) == "1 call"
    assert budget_words(1212, 400) == "1,212 calls ≈ $0.004"


async def test_a_list_below_another_screen_measures_nothing(moto: Moto) -> None:
    put_world(moto)
    source, clock = WorldSource(moto.settings()), FrozenClock(NOW)
    async with opened(source, size=(160, 45), now=clock) as monitor:
        await monitor.until("GPU 72%", "calls ≈ $0.0")
        await monitor.press("question_mark")
        await monitor.press("escape")
        await monitor.visit(f"job {RUNNING}")
        await monitor.until("validation ▲")
        before = source.metrics_asked
        clock.advance(seconds=61)
        await monitor.press("r")
        await monitor.until(lambda _: source.metrics_asked > before)
        await monitor.pilot.pause(0.3)
        assert source.metrics_asked - before == 2 + 2 * 5  # the job's own, and none of the list's


async def test_the_line_of_identity_has_it_where_there_is_room(moto: Moto) -> None:
    put_world(moto)
    async with opened(WorldSource(moto.settings()), size=(160, 45)) as monitor:
        await monitor.until("GPU 72%", "calls ≈ $0.0")
        await monitor.resize(120, 36)
        await monitor.until_gone("calls ≈")

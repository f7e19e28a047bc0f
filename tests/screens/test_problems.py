"""When AWS does not answer as it should: what was on screen stays, and a line says what failed and what to do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.canned import Answer, Canned, Drop, Fault
from tests.faults import FaultProxy, Faults
from tests.moto_server import Moto
from tests.screens.monitor import Monitor, opened
from tests.screens.world import FAILED, NOW, RANKER, RUNNING, WorldSource, before, put_world
from tui.app import Leave
from tui.config import Settings
from tui.sources.aws.clients import ClientSettings, Learnt
from tui.sources.aws.source import AwsSource
from tui.widgets.problem_line import ProblemLine

OFTEN = Settings(refresh_s=0.05)
JOB = "resnet50-canned"


def problem(monitor: Monitor) -> str:
    """What is on screen where the problem line is; empty where there is none."""
    place = monitor.app.screen.query_one(ProblemLine).region
    return " ".join(line.strip() for line in monitor.lines[place.y : place.bottom])


async def until_told(monitor: Monitor, *words: str) -> None:
    """Wait until the problem line says all of this."""
    await monitor.until(lambda _: all(word in problem(monitor) for word in words))


async def until_well(monitor: Monitor) -> None:
    """Wait until there is no problem line."""
    await monitor.until(lambda _: not problem(monitor))


# A list


def job_list(*names: str) -> dict[str, Any]:
    """What ListTrainingJobs answers."""
    return {
        "TrainingJobSummaries": [
            {
                "TrainingJobName": name,
                "TrainingJobArn": f"arn:aws:sagemaker:eu-west-1:123456789012:training-job/{name}",
                "CreationTime": before(hours=1),
                "LastModifiedTime": before(hours=1),
                "TrainingJobStatus": "InProgress",
            }
            for name in names
        ]
    }


def job_details(name: str) -> dict[str, Any]:
    """What DescribeTrainingJob answers."""
    return {
        **job_list(name)["TrainingJobSummaries"][0],
        "SecondaryStatus": "Training",
        "TrainingStartTime": before(minutes=50),
        "AlgorithmSpecification": {"TrainingImage": "image", "TrainingInputMode": "File"},
        "ResourceConfig": {"InstanceType": "ml.g5.2xlarge", "InstanceCount": 1, "VolumeSizeInGB": 30},
    }


NOT_ALLOWED = "User: arn:aws:iam::1:user/u is not authorized to perform: sagemaker:ListTrainingJobs on resource: *"
FAILURES: dict[str, tuple[Answer, tuple[str, ...]]] = {
    "denied": (
        Fault("AccessDeniedException", NOT_ALLOWED),
        ("sagemaker ListTrainingJobs is denied", "ask for sagemaker:ListTrainingJobs"),
    ),
    "expired": (
        Fault("ExpiredTokenException", "The security token included in the request is expired"),
        ("the credentials have expired (ExpiredToken) — refresh the credentials",),
    ),
    "unreachable": (
        Drop(),
        ("sagemaker ListTrainingJobs: Connection was closed", "check the network, the region and --endpoint-url"),
    ),
    "throttled": (
        Fault("ThrottlingException", "Rate exceeded"),
        ("sagemaker ListTrainingJobs is throttled: Rate exceeded — ask less often, or raise the quota",),
    ),
    "broken": (
        Fault("InternalFailure", "no idea", 500),
        ("sagemaker ListTrainingJobs failed on the side of AWS: no idea — try again",),
    ),
}


@pytest.mark.parametrize("failure", FAILURES)
async def test_a_failed_refresh_keeps_what_was_there_and_says_what_to_do(
    canned: Canned, canned_aws: AwsSource, failure: str
) -> None:
    answer, words = FAILURES[failure]
    canned.answers("ListTrainingJobs", job_list(JOB), answer)
    canned.answers("DescribeTrainingJob", job_details(JOB))
    canned.answers("GetMetricData", {"MetricDataResults": []})
    async with opened(canned_aws, settings=OFTEN) as monitor:
        await until_told(monitor, *words)
        assert "● Training" in monitor.line(JOB)
        assert "1×g5.2xl" in monitor.line(JOB)
        canned.answers("ListTrainingJobs", job_list(JOB, "another"))
        await monitor.until("another")
        await until_well(monitor)


async def test_a_first_answer_that_never_came_is_said_where_the_jobs_would_be(
    canned: Canned, canned_aws: AwsSource
) -> None:
    canned.answers("ListTrainingJobs", Fault("ThrottlingException", "Rate exceeded"), job_list())
    async with opened(canned_aws, settings=Settings(refresh_s=3600)) as monitor:
        await until_told(monitor, "is throttled")
        assert "No training jobs to show: see below" in monitor.text
        await monitor.press("r")
        await monitor.until("No training jobs in this region yet")
        await until_well(monitor)


async def test_an_aws_that_goes_away(moto: Moto) -> None:
    moto.add_job("my-job", created=before(hours=1))
    with ExitStack() as running:
        proxy = running.enter_context(FaultProxy(moto.url))
        source = WorldSource(moto.settings(endpoint_url=proxy.url, attempts=1))
        async with opened(source, settings=OFTEN) as monitor:
            await monitor.until("my-job", "live")
            proxy.faults = Faults(reset=1.0)  # else what is connected stays connected
            await until_told(monitor, "check the network, the region and --endpoint-url")
            running.close()
            await until_told(monitor, "Could not connect to the endpoint URL", "check the network")
            assert "my-job" in monitor.text


async def test_data_that_is_older_than_it_should_be_tells_its_age(canned: Canned, canned_aws: AwsSource) -> None:
    time = [NOW]
    canned.answers("ListTrainingJobs", job_list(JOB), Fault("ThrottlingException", "Rate exceeded"))
    canned.answers("DescribeTrainingJob", job_details(JOB))
    canned.answers("GetMetricData", {"MetricDataResults": []})
    async with opened(canned_aws, settings=OFTEN, now=lambda: time[0]) as monitor:
        await until_told(monitor, "is throttled")
        assert "live" in monitor.lines[0]
        time[0] = NOW + timedelta(seconds=15)
        await monitor.press("r")
        assert "live" in monitor.lines[0]
        time[0] = NOW + timedelta(seconds=90)
        await monitor.until(lambda _: "1m30s old" in monitor.lines[0])
        time[0] = NOW + timedelta(hours=2)
        await monitor.until(lambda _: "2h old" in monitor.lines[0])
        canned.answers("ListTrainingJobs", job_list(JOB))
        await monitor.until(lambda _: "live" in monitor.lines[0])


async def test_metrics_that_are_denied_leave_the_rest_as_it_is(canned: Canned, canned_aws: AwsSource) -> None:
    canned.answers("ListTrainingJobs", job_list(JOB))
    canned.answers("DescribeTrainingJob", job_details(JOB))
    async with opened(canned_aws, settings=OFTEN) as monitor:
        await until_told(monitor, "cloudwatch GetMetricData is denied", "ask for cloudwatch:GetMetricData")
        assert "1×g5.2xl" in monitor.line(JOB)
        canned.answers("ListTrainingJobs", job_list(JOB, "another"))
        await monitor.until("another", "2 running")
        assert "cloudwatch GetMetricData is denied" in problem(monitor)
        await monitor.visit(f"job {JOB}")
        await monitor.until("● Training", "1 × ml.g5.2xlarge")
        await until_told(monitor, "ask for cloudwatch:GetMetricData")


# Every screen


@pytest.fixture(scope="module")
def proxy(moto_session: Moto) -> Iterator[FaultProxy]:
    """What stands between sagetop and the emulated AWS."""
    with FaultProxy(moto_session.url) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def one_way(proxy: FaultProxy, moto_session: Moto) -> WorldSource:
    return WorldSource(moto_session.settings(endpoint_url=proxy.url, attempts=1))


@pytest.fixture
def behind(one_way: WorldSource, proxy: FaultProxy, moto: Moto, monkeypatch: pytest.MonkeyPatch) -> WorldSource:
    """The small AWS behind the proxy, which does no harm yet; each screen asks often."""
    for module in ("job", "endpoint"):
        monkeypatch.setattr(f"tui.screens.{module}.DESCRIBE_EVERY_S", 0.05)
    proxy.faults = Faults()
    one_way.clients.learnt = Learnt()
    put_world(moto)
    return one_way


PLACES = {
    "jobs": ("ListTrainingJobs", FAILED),
    f"job {RUNNING}": ("DescribeTrainingJob", "2 × ml.p3.8xlarge"),
    "endpoints": ("ListEndpoints", RANKER),
    f"endpoint {RANKER}": ("DescribeEndpoint", "v12"),
}


@pytest.mark.parametrize("place", PLACES)
async def test_each_screen_keeps_what_it_has_until_aws_is_well_again(
    behind: WorldSource, proxy: FaultProxy, place: str
) -> None:
    operation, content = PLACES[place]
    async with opened(behind, settings=OFTEN) as monitor:
        await monitor.visit(place)
        await monitor.until(content)
        await until_well(monitor)
        proxy.faults = Faults(broken={operation})
        await until_told(monitor, f"sagemaker {operation} failed on the side of AWS")
        assert content in monitor.text
        proxy.faults = Faults()
        await until_well(monitor)
        assert content in monitor.text


async def test_keys_that_expire_under_way(behind: WorldSource, proxy: FaultProxy) -> None:
    async with opened(behind, settings=OFTEN, open_job=RUNNING) as monitor:
        await monitor.until("2 × ml.p3.8xlarge", "48029")
        proxy.faults = Faults(expired={"AKIAFALSE"})
        await until_told(monitor, "the credentials have expired (ExpiredToken)")
        assert "48029" in monitor.text
        proxy.faults = Faults()
        await until_well(monitor)


async def test_a_log_that_is_denied_says_so_in_its_own_title(behind: WorldSource, proxy: FaultProxy) -> None:
    proxy.faults = Faults(denied={"DescribeLogStreams", "FilterLogEvents", "GetLogEvents"})
    async with opened(behind, size=(200, 40), open_job=RUNNING) as monitor:
        await monitor.until("2 × ml.p3.8xlarge", "train ● 1.04")
        await monitor.press("z")
        await monitor.until(re.compile(r"1 log .* ! logs \w+ is denied"))
        assert not problem(monitor)


# No credentials


@pytest.fixture
def without_keys() -> AwsSource:
    return AwsSource(ClientSettings(region="eu-west-1"))


async def test_without_credentials_it_offers_the_demo_which_demo_leads_to(without_keys: AwsSource) -> None:
    async with opened(without_keys) as monitor:
        await monitor.until("No AWS account to look at", "no AWS credentials", "run: aws configure", ":demo")
        await monitor.visit("endpoints")
        await monitor.until("endpoints", "No AWS account to look at", ":demo")
        await monitor.press("colon")
        await monitor.type("demo")
        await monitor.press("enter")
        assert await monitor.until_left() == Leave("demo")


async def test_credentials_that_come_later_are_found(
    without_keys: AwsSource, moto: Moto, clean_machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto.url)
    moto.add_job("my-job", created=before(hours=1))
    async with opened(without_keys, settings=OFTEN) as monitor:
        await monitor.until("No AWS account to look at")
        (clean_machine / ".aws").mkdir()
        keys = "[default]\naws_access_key_id = AKIAFALSE\naws_secret_access_key = false\n"
        (clean_machine / ".aws" / "credentials").write_text(keys)
        await monitor.until("my-job", "1 running")
        await monitor.until_gone("No AWS account")
        await until_well(monitor)

"""`D` on the endpoints: from a model.tar.gz to an endpoint, with all of it to read before it is sent."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.test_deploy import BUCKET, ROLE, parts
from tests.cli.test_serve import packed
from tests.moto_server import ACCOUNT, REGION, Moto
from tests.screens.monitor import Monitor, opened
from tests.screens.test_change import quiet
from tui.config import Folders, Settings
from tui.sources.aws.source import AwsSource


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(folders=Folders.under(tmp_path / "sagetop"))


async def typed(monitor: Monitor, *values: str) -> Monitor:
    """The form, with these in its fields from the top."""
    await monitor.visit("endpoints")
    await monitor.until("sagetop  endpoints")
    await monitor.press("D")
    await monitor.until("Deploy a model", "enter shows what would be sent")
    for value in values:
        await monitor.paste(value)
        await monitor.press("tab")
    return await monitor.press("enter")


async def test_a_file_becomes_an_endpoint_of_the_list(
    moto: Moto, aws: AwsSource, settings: Settings, tmp_path: Path
) -> None:
    moto.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    archive = packed(tmp_path / "model.tar.gz")
    async with opened(aws, settings=settings, size=(140, 50)) as monitor:
        await typed(monitor, str(archive), "image:1", ROLE, "ml.m5.large", "2", "churn")
        await monitor.until(
            "Deploy a model as endpoint churn", ACCOUNT, "s3 PutObject", "CreateModel", "2 × ml.m5.large"
        )
        assert parts(moto)["endpoints"] == []
        await quiet(monitor)
        await monitor.press("y")
        await monitor.until("Done: AWS shows it")
        await monitor.press("escape")
        await monitor.until("InService", "churn")
    assert parts(moto) == {"models": ["churn"], "configs": ["churn"], "endpoints": ["churn"]}


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ([], "type the model data"),
        (["/no/such/model.tar.gz", "image", ROLE, "ml.m5.large"], "there is no file /no/such/model.tar.gz"),
        (["s3://b/m.tar.gz", "image", ROLE, "m5.large"], "no instance type m5.large"),
        (["s3://b/m.tar.gz", "image", ROLE, "ml.m5.large", "none"], "'none' is no number of instances"),
    ],
)
async def test_what_cannot_be_deployed_says_why_and_sends_nothing(
    moto: Moto, aws: AwsSource, settings: Settings, values: list[str], says: str
) -> None:
    async with opened(aws, settings=settings) as monitor:
        await typed(monitor, *values)
        await monitor.until(says)
    assert parts(moto) == {"models": [], "configs": [], "endpoints": []}

"""What the tests of the watches share: a clock that stands still until it is moved, and jobs that have everything."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.moto_server import Moto, now
from tui.sources.aws.clients import Learnt
from tui.sources.aws.source import AwsSource


class FrozenClock:
    """Says what time it is, in UTC; it moves when it is told to."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def __call__(self) -> datetime:
        return self.moment

    def advance(self, **length: float) -> None:
        """Some time passes: `advance(seconds=61)`."""
        self.moment += timedelta(**length)


@pytest.fixture
def clock() -> FrozenClock:
    """A clock that shows the time at which the test began."""
    return FrozenClock(now())


@pytest.fixture(scope="session")
def one_source(moto_session: Moto) -> AwsSource:
    """boto3's clients take most of a test's time to make."""
    return AwsSource(moto_session.settings())


@pytest.fixture
def aws(moto: Moto, one_source: AwsSource) -> AwsSource:
    """The AWS source on an emulated AWS that holds nothing yet; it has learnt nothing yet either."""
    one_source.clients.learnt = Learnt()
    return one_source


def training(started: datetime, **fields: Any) -> dict[str, Any]:
    """DescribeTrainingJob's fields of a job that trains and measures its loss."""
    return {
        "TrainingStartTime": started,
        "SecondaryStatus": "Training",
        "AlgorithmSpecification": {
            "TrainingImage": "image",
            "TrainingInputMode": "File",
            "MetricDefinitions": [{"Name": "validation:loss", "Regex": "loss=(.*)"}],
        },
        **fields,
    }


def ended(started: datetime, **fields: Any) -> dict[str, Any]:
    """The same of one that completed an hour after it had started."""
    end = started + timedelta(hours=1)
    status = {"TrainingJobStatus": "Completed", "SecondaryStatus": "Completed"}
    return training(started, TrainingEndTime=end, LastModifiedTime=end, **{**status, **fields})

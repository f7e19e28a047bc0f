"""Which watched jobs have ended: each is told once, and none that had ended before it was watched."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from tests.moto_server import Moto, ago
from tui.sources.aws.source import AwsSource
from tui.watch.endings import Endings


def test_a_job_is_told_once_and_only_if_it_was_seen_running(moto: Moto, aws: AwsSource) -> None:
    moto.add_job("job", TrainingJobStatus="InProgress")
    moto.add_job("old", TrainingJobStatus="Failed", TrainingEndTime=ago(hours=1))
    job, old = aws.describe_jobs(["job", "old"])
    ended = replace(job, status="Completed")
    endings = Endings()
    assert endings.among([job, old]) == []
    assert endings.among([job, old]) == []
    assert endings.among([ended, old]) == [ended]
    assert endings.among([ended, old]) == []


def test_a_job_made_again_under_its_name_is_another_one(moto: Moto, aws: AwsSource) -> None:
    moto.add_job("job", TrainingJobStatus="InProgress")
    (job,) = aws.describe_jobs(["job"])
    again = replace(job, status="Failed", created=job.created + timedelta(hours=1))
    endings = Endings()
    assert endings.among([job]) == []
    assert endings.among([again]) == []

"""What Debugger's profiler left in S3: read page by page, cores summed up, and only of jobs that have a profiler."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from tests.moto_server import Moto, ago
from tests.watch.conftest import FrozenClock, ended
from tui.archive import Archive
from tui.model.jobs import TrainingJob
from tui.sources.aws import profiler
from tui.sources.aws.source import AwsSource
from tui.sources.base import Denied, Refused
from tui.watch.job import JobWatch

FOLDER = "debug/job/profiler-output/system/incremental/2026112210"
AT = 1_795_300_000.0
JOB = TrainingJob(
    "job", "Completed", datetime(2026, 11, 22, tzinfo=timezone.utc), detailed=True, profiler_path="s3://bucket/debug/"
)


def line(
    dimension: str, value: float, at: float = AT, name: str | None = "cpu0", host: str = "algo-1"
) -> dict[str, Any]:
    record = {"Type": "cpu", "Dimension": dimension, "Value": value, "NodeId": host, "Timestamp": at}
    return record if name is None else {**record, "Name": name}


def put(moto: Moto, key: str, *records: dict[str, Any] | str, folder: str = FOLDER) -> None:
    body = "".join(f"{record if isinstance(record, str) else json.dumps(record)}\n" for record in records)
    moto.client("s3").put_object(Bucket="bucket", Key=f"{folder}/{key}", Body=body.encode())


@pytest.fixture
def bucket(moto: Moto) -> Moto:
    moto.client("s3").create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    return moto


@pytest.fixture
def source(bucket: Moto) -> AwsSource:
    return AwsSource(bucket.settings())


def test_cores_of_a_host_are_summed_up_and_what_has_none_stands_alone(bucket: Moto, source: AwsSource) -> None:
    put(
        bucket,
        "1.algo-1.json",
        line("CPUUtilization", 40.0),
        line("CPUUtilization", 60.0, AT + 0.004, "cpu1"),
        line("CPUUtilization", 10.0, AT + 0.5),
        line("MemoryUsedPercent", 25.0, name=None),
        line("CPUUtilization", 5.0, host="algo-2"),
    )
    found = {(series.name, series.part): series for series in source.profile(JOB).items}
    cpu = found["CPUUtilization", "algo-1"]
    assert (cpu.source, cpu.unit) == ("profiler", "%")
    assert list(cpu.times) == [int(AT * 1000), int(AT * 1000) + 500]
    assert list(cpu.values) == [100.0, 10.0]
    assert list(found["MemoryUsedPercent", "algo-1"].values) == [25.0]
    assert list(found["CPUUtilization", "algo-2"].values) == [5.0]


def test_lines_that_are_no_measurement_are_left_out(bucket: Moto, source: AwsSource) -> None:
    put(bucket, "1.algo-1.json", "", "{", "[]", "null", '{"Value": 1}', line("CPUUtilization", 1.0), "\ufffd")
    (series,) = source.profile(JOB).items
    assert list(series.values) == [1.0]


def test_pages_go_on_where_the_one_before_ended(
    bucket: Moto, source: AwsSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(profiler, "FILES", 2)
    for minute in range(5):
        put(bucket, f"{minute}.algo-1.json", line("CPUUtilization", float(minute), AT + 60 * minute))
    put(bucket, "9.json", line("CPUUtilization", 99.0), folder="debug/job-2/profiler-output/system/incremental")
    values: list[float] = []
    page = source.profile(JOB)
    while page.items:
        values += page.items[0].values
        page = source.profile(JOB, page.cursor)
    assert values == [0, 1, 2, 3, 4]
    put(bucket, "5.algo-1.json", line("CPUUtilization", 5.0))
    assert list(source.profile(JOB, page.cursor).items[0].values) == [5.0]


def test_while_a_job_runs_its_newest_files_are_left_for_later(bucket: Moto, source: AwsSource) -> None:
    put(bucket, "1.algo-1.json", line("CPUUtilization", 1.0))
    running = TrainingJob("job", "InProgress", JOB.created, detailed=True, profiler_path=JOB.profiler_path)
    assert source.profile(running).items == ()


def test_a_job_without_a_profiler_is_not_asked_for(source: AwsSource) -> None:
    before = source.calls
    assert source.profile(TrainingJob("job", "Completed", JOB.created)).items == ()
    assert source.calls == before


def test_a_bucket_that_there_is_not(source: AwsSource) -> None:
    gone = TrainingJob("job", "Completed", JOB.created, profiler_path="s3://nosuchbucket/x")
    with pytest.raises(Refused, match="does not exist"):
        source.profile(gone)


class TestInAJob:
    @pytest.fixture
    def watch(self, bucket: Moto, source: AwsSource) -> JobWatch:
        begun = ago(days=1)
        bucket.add_job("job", created=begun, **ended(begun, ProfilerConfig={"S3OutputPath": "s3://bucket/debug"}))
        clock = FrozenClock(begun + timedelta(days=1))
        return JobWatch(source, "job", clock)

    def test_it_comes_last_and_a_job_is_not_settled_before(self, bucket: Moto, watch: JobWatch) -> None:
        put(bucket, "1.algo-1.json", line("CPUUtilization", 1.0))
        watch.describe()
        view = watch.measure()
        assert view is not None
        assert [(series.name, series.source, series.part) for series in view.metrics] == [
            ("validation:loss", "cloudwatch", ""),
            ("CPUUtilization", "profiler", "algo-1"),
        ]
        assert watch.is_settled

    def test_a_file_that_was_read_is_not_read_again(self, bucket: Moto, source: AwsSource, tmp_path: Path) -> None:
        begun, archive = ago(days=1), Archive(tmp_path / "logs.sqlite")
        bucket.add_job("job", created=begun, **ended(begun, ProfilerConfig={"S3OutputPath": "s3://bucket/debug"}))
        put(bucket, "1.algo-1.json", line("CPUUtilization", 1.0))
        now = FrozenClock(begun + timedelta(days=1))
        first, again = (JobWatch(source, "job", now, archive=lambda: archive) for _ in range(2))
        first.describe()
        first.measure()
        put(bucket, "1.algo-1.json", line("CPUUtilization", 99.0, AT + 1))
        put(bucket, "2.algo-1.json", line("CPUUtilization", 2.0, AT + 2))
        shown = again.describe().metrics[-1]
        assert (shown.source, list(shown.values)) == ("profiler", [1.0])
        again.measure()
        assert list(again.view.metrics[-1].values) == [1.0, 2.0]
        archive.close()

    def test_one_that_was_switched_off_is_not_asked_for(self, bucket: Moto, source: AwsSource) -> None:
        begun = ago(days=1)
        off = {"S3OutputPath": "s3://bucket/debug", "DisableProfiler": True}
        bucket.add_job("job", created=begun, **ended(begun, ProfilerConfig=off))
        assert source.describe_job("job").profiler_path == ""


def test_a_denial_names_what_to_ask_for(canned_aws: AwsSource) -> None:
    with pytest.raises(Denied) as denied:  # which is what the server answers where nothing was canned
        canned_aws.profile(JOB)
    assert denied.value.hint == "ask for s3:ListBucket and s3:GetObject"

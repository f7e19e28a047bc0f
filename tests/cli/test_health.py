"""`sagetop health JOB`: what is wrong with a training job, 10 where anything is, 0 where nothing is."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.canned import Canned, Fault
from tests.cli.conftest import Sagetop
from tests.moto_server import Moto, ago, ms

METRICS = "/aws/sagemaker/TrainingJobs"


@pytest.fixture
def alone(tmp_path: Path) -> dict[str, str]:
    """An archive of one's own."""
    return {"XDG_CACHE_HOME": str(tmp_path / "cache")}


def add_job(moto: Moto, name: str, train: Callable[[float], float], valid: Callable[[float], float]) -> None:
    """A job that trains since three hours, a datapoint a minute and a log."""
    started = ago(hours=3)
    phases = [{"Status": "Training", "StartTime": started, "StatusMessage": "Training"}]
    moto.add_job(
        name,
        created=ago(hours=3, minutes=5),
        TrainingJobStatus="InProgress",
        SecondaryStatus="Training",
        TrainingStartTime=started,
        SecondaryStatusTransitions=phases,
        ResourceConfig={"InstanceType": "ml.g5.2xlarge", "InstanceCount": 1, "VolumeSizeInGB": 30},
        AlgorithmSpecification={
            "TrainingImage": "image",
            "TrainingInputMode": "File",
            "MetricDefinitions": [
                {"Name": "train:loss", "Regex": "train=(\\S+)"},
                {"Name": "validation:loss", "Regex": "valid=(\\S+)"},
            ],
        },
    )
    lines = [(ms(started) + 60_000 * minute, minute / 178) for minute in range(1, 179)]
    log = [(at, f"train={train(share):.5f} valid={valid(share):.5f}") for at, share in lines]
    moto.add_log(f"{name}/algo-1-1700000000", log)
    use = {"GPUUtilization": 91.0, "GPUMemoryUtilization": 70.0, "CPUUtilization": 300.0}
    for metric, value in {**use, "MemoryUtilization": 40.0, "DiskUtilization": 12.0}.items():
        moto.add_metric(METRICS, metric, {"Host": f"{name}/algo-1"}, [(at, value) for at, _ in lines])


def falling(share: float) -> float:
    return 0.2 + math.exp(-5 * share)


def turning(share: float) -> float:
    return 0.3 + math.exp(-8 * share) + max(share - 0.4, 0)


def test_a_healthy_job_ends_with_0(moto: Moto, sagetop: Sagetop, alone: dict[str, str]) -> None:
    add_job(moto, "fit", falling, lambda share: 1.1 * falling(share))
    lines = sagetop("health", "fit", at=moto.url, **alone).lines
    assert lines[:2] == ["training job fit  InProgress", "nothing is wrong as far as can be seen"]
    assert "looked at   2 metrics, 356 datapoints (log)" in lines
    assert any(line.split()[:6] == ["algo-1", "GPU", "91", "91", "91", "91"] for line in lines)
    assert not [line for line in lines if line.startswith("not seen")]


def test_an_overfitting_job_ends_with_10_and_says_on_what_it_stands(
    moto: Moto, sagetop: Sagetop, alone: dict[str, str]
) -> None:
    add_job(moto, "sick", falling, turning)
    ended = sagetop("health", "sick", at=moto.url, **alone)
    assert (ended.code, ended.err) == (10, "")
    (sentence,) = [line for line in ended.out.splitlines() if line.startswith("! ")]
    assert sentence.startswith("! overfits since ")
    assert "validation +" in sentence
    assert "    overfitting · warning · Debugger's Overfit · 20" in ended.out
    assert "    gap (validation − training) / training: " in ended.out


def test_json_is_one_ascii_object(moto: Moto, sagetop: Sagetop, alone: dict[str, str]) -> None:
    add_job(moto, "sick", falling, turning)
    ended = sagetop("health", "sick", "--json", at=moto.url, **alone)
    assert ended.code == 10
    assert ended.out.isascii()
    (line,) = ended.out.splitlines()
    found = json.loads(line)
    assert (found["type"], found["name"], found["healthy"]) == ("health", "sick", False)
    (finding,) = found["findings"]
    assert (finding["rule"], finding["severity"], finding["debugger"]) == ("overfitting", "warning", "Overfit")
    assert finding["subject"] == ["validation:loss", "train:loss"]
    moment = datetime.fromtimestamp(finding["timestamp"] / 1000).astimezone()
    assert ago(hours=2, minutes=20) < moment < ago(hours=1, minutes=20)
    assert {one["metric"] for one in found["usage"]} == {"gpu", "cpu", "gpu_memory", "memory", "disk"}
    assert set(found["usage"][0]) == {"host", "metric", "p50", "p90", "p99", "min", "max"}


def test_a_nan_that_only_the_log_knows_is_found(moto: Moto, sagetop: Sagetop, alone: dict[str, str]) -> None:
    add_job(moto, "lost", lambda share: falling(share) if share < 0.7 else math.nan, falling)
    ended = sagetop("health", "lost", at=moto.url, **alone)
    assert ended.code == 10
    assert "! train:loss is NaN since " in ended.out
    assert "nan · critical · Debugger's ExplodingTensor" in ended.out


def test_what_a_failed_job_died_of(moto: Moto, sagetop: Sagetop, alone: dict[str, str]) -> None:
    ended: dict[str, Any] = {"TrainingJobStatus": "Failed", "SecondaryStatus": "Failed"}
    moto.add_job("dead", created=ago(hours=2), TrainingStartTime=ago(hours=2), TrainingEndTime=ago(hours=1), **ended)
    at = ms(ago(hours=1))
    said = [
        "step 1",
        "Traceback (most recent call last):",
        "  File 'x'",
        "torch.cuda.OutOfMemoryError: CUDA out of memory",
    ]
    moto.add_log("dead/algo-1-1700000000", [(at - 5000 + 10 * place, line) for place, line in enumerate(said)])
    found = sagetop("health", "dead", at=moto.url, **alone)
    assert found.code == 10
    assert "! algo-1 ran out of GPU memory at " in found.out
    assert "    torch.cuda.OutOfMemoryError: CUDA out of memory" in found.out
    assert "not seen    no datapoints of the job's own metrics: no curves" in found.out


def test_its_thresholds_come_from_the_settings(
    moto: Moto, sagetop: Sagetop, alone: dict[str, str], tmp_path: Path
) -> None:
    add_job(moto, "sick", falling, turning)
    settings = tmp_path / "config.toml"
    settings.write_text("[thresholds]\noverfitting.rise = 50\n")
    assert sagetop("health", "sick", at=moto.url, SAGETOP_CONFIG=str(settings), **alone).code == 0
    settings.write_text("[thresholds]\noverfit.rise = 50\n")
    line = sagetop("health", "sick", at=moto.url, SAGETOP_CONFIG=str(settings), **alone).failed(2)
    assert line == f"{settings}: there is no threshold overfit.rise: did you mean overfitting.rise?"


def test_no_such_job(moto: Moto, sagetop: Sagetop, alone: dict[str, str]) -> None:
    moto.add_job("other")
    line = sagetop("health", "nope", at=moto.url, **alone).failed(4)
    assert line == "there is no training job nope: to list them: sagetop jobs"


def test_what_cannot_be_asked_is_said_and_the_rest_is_judged(
    canned: Canned, sagetop: Sagetop, alone: dict[str, str]
) -> None:
    created = ms(ago(hours=2)) / 1000
    canned.answers(
        "DescribeTrainingJob",
        {
            "TrainingJobName": "dark",
            "TrainingJobArn": "arn:aws:sagemaker:eu-west-1:123456789012:training-job/dark",
            "TrainingJobStatus": "Failed",
            "SecondaryStatus": "Failed",
            "FailureReason": "AlgorithmError: CUDA out of memory",
            "CreationTime": created,
            "TrainingStartTime": created + 60,
            "TrainingEndTime": created + 600,
            "LastModifiedTime": created + 600,
            "AlgorithmSpecification": {"TrainingImage": "image", "TrainingInputMode": "File"},
            "ResourceConfig": {"InstanceType": "ml.g5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 1},
        },
    )
    denied = Fault("AccessDeniedException", "User: x is not authorized to perform: logs:FilterLogEvents", status=400)
    for operation in ("FilterLogEvents", "DescribeLogStreams", "GetLogEvents"):
        canned.answers(operation, denied)
    canned.answers("GetMetricData", Fault("AccessDenied", "not authorized to perform: cloudwatch:GetMetricData"))
    ended = sagetop("health", "dark", at=canned.url, **alone)
    assert ended.code == 3
    assert "! ran out of GPU memory at " in ended.out
    assert "not seen    no log" in ended.out
    assert "logs:" in ended.err


def test_when_the_present_is_the_end_of_the_log(moto: Moto, sagetop: Sagetop, alone: dict[str, str]) -> None:
    """A log that has been silent for an hour is a finding of its own; one that goes on is not."""
    add_job(moto, "quiet", falling, falling)
    moto.add_job(
        "silent",
        created=ago(hours=3),
        TrainingJobStatus="InProgress",
        SecondaryStatus="Training",
        TrainingStartTime=ago(hours=3),
        SecondaryStatusTransitions=[{"Status": "Training", "StartTime": ago(hours=3), "StatusMessage": ""}],
    )
    start = ms(ago(hours=3))
    moto.add_log("silent/algo-1-1700000000", [(start + 60_000 * minute, "working") for minute in range(1, 100)])
    assert sagetop("health", "quiet", at=moto.url, **alone).code == 0
    ended = sagetop("health", "silent", at=moto.url, **alone)
    assert ended.code == 10
    assert "! the log is silent for 1h2" in ended.out

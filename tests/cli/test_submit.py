"""`sagetop train --submit`: the file that runs here starts the same job on SageMaker."""

from __future__ import annotations

import io
import json
import os
import tarfile
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Sagetop
from tests.moto_server import Moto

REQUEST: dict[str, Any] = {
    "TrainingJobName": "bert-1",
    "RoleArn": "arn:aws:iam::123456789012:role/SageMaker",
    "AlgorithmSpecification": {
        "TrainingImage": "763104351884.dkr.ecr.eu-west-1.amazonaws.com/pytorch-training:2.3",
        "TrainingInputMode": "File",
        "MetricDefinitions": [{"Name": "train:loss", "Regex": "loss=(\\S+)"}],
    },
    "HyperParameters": {"sagemaker_program": "train.py", "epochs": "3"},
    "InputDataConfig": [
        {"ChannelName": "train", "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "data"}}},
        {
            "ChannelName": "big",
            "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://bucket/big"}},
        },
    ],
    "ResourceConfig": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 2, "VolumeSizeInGB": 30},
    "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
    "OutputDataConfig": {"S3OutputPath": "s3://bucket/jobs/"},
}


@pytest.fixture
def bucket(moto: Moto) -> Any:
    client = moto.client("s3")
    client.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    return client


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    (tmp_path / "train.py").write_text("import os, helper; print(helper.WORD, os.environ['SM_HP_EPOCHS'])")
    (tmp_path / "helper.py").write_text("WORD = 'epochs'")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "x.csv").write_text("1,2")
    path = tmp_path / "job.json"
    path.write_text(json.dumps(REQUEST))
    return path


def content(bucket: Any, key: str) -> bytes:
    found: bytes = bucket.get_object(Bucket="bucket", Key=key)["Body"].read()
    return found


def test_code_and_data_are_uploaded_and_the_job_is_started(
    moto: Moto, bucket: Any, spec: Path, sagetop: Sagetop
) -> None:
    given = ("train", "--spec", str(spec), "--submit", "--hp", "epochs=5")
    unasked = sagetop(*given, at=moto.url)
    assert (unasked.code, "--yes" in unasked.err) == (2, True)
    assert bucket.list_objects_v2(Bucket="bucket")["KeyCount"] == 0

    ended = sagetop(*given, "--yes", at=moto.url)
    assert ended.code == 0, ended
    assert "Start training job bert-1 on SageMaker" in ended.out
    with tarfile.open(fileobj=io.BytesIO(content(bucket, "jobs/bert-1/source/sourcedir.tar.gz"))) as archive:
        assert sorted(archive.getnames()) == ["helper.py", "train.py"]
    assert content(bucket, "jobs/bert-1/input/train/x.csv") == b"1,2"
    job = moto.client("sagemaker").describe_training_job(TrainingJobName="bert-1")
    assert job["HyperParameters"] == {
        "epochs": "5",
        "sagemaker_program": '"train.py"',
        "sagemaker_submit_directory": '"s3://bucket/jobs/bert-1/source/sourcedir.tar.gz"',
    }
    assert {
        channel["ChannelName"]: channel["DataSource"]["S3DataSource"]["S3Uri"] for channel in job["InputDataConfig"]
    } == {"train": "s3://bucket/jobs/bert-1/input/train", "big": "s3://bucket/big"}
    assert job["ResourceConfig"]["InstanceCount"] == 2
    assert "job.create" in sagetop("audit", "--json", at=moto.url).out


def test_what_is_hidden_stays_here_and_the_preview_says_what_goes(
    moto: Moto, bucket: Any, spec: Path, sagetop: Sagetop
) -> None:
    source = spec.parent / "code"
    secrets = (".env", ".git/config", ".aws/credentials", "__pycache__/train.pyc", "py/pyvenv.cfg", "pkg/.netrc")
    for name in ("train.py", "helper.py", "pkg/__init__.py", *secrets):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text("text")
    (source / "other.py").symlink_to("helper.py")
    given = ("train", "--spec", str(spec), "--source", str(source), "--submit")
    out = sagetop(*given, at=moto.url).out
    unasked = " ".join(out.split())
    assert "4 files, 16 bytes before packing, of " in unasked
    assert str(source) in "".join(out.split())  # a long name is broken
    assert "left out of the code: .aws, .env, .git, __pycache__, pkg/.netrc, py (hidden" in unasked
    assert sagetop(*given, "--yes", at=moto.url).code == 0
    with tarfile.open(fileobj=io.BytesIO(content(bucket, "jobs/bert-1/source/sourcedir.tar.gz"))) as archive:
        assert archive.getnames() == ["helper.py", "other.py", "pkg/__init__.py", "train.py"]
        assert all(member.isreg() and (member.uid, member.uname) == (0, "") for member in archive)


def test_a_link_that_leads_outside_is_not_followed(moto: Moto, spec: Path, sagetop: Sagetop) -> None:
    (spec.parent / "helper.py").unlink()
    (spec.parent / "helper.py").symlink_to("/etc/passwd")
    ended = sagetop("train", "--spec", str(spec), "--submit", "--yes", at=moto.url)
    assert "helper.py is a link that leads out of" in ended.failed(2)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
@pytest.mark.parametrize("name", ["helper.py", "data/x.csv", "train.py"])
def test_what_may_not_be_read_is_said(moto: Moto, spec: Path, sagetop: Sagetop, name: str) -> None:
    (spec.parent / name).chmod(0)
    ended = sagetop("train", "--spec", str(spec), "--submit", "--yes", at=moto.url)
    assert f"{spec.parent / name} cannot be packed or read (Permission denied)" in ended.failed(2)


def test_the_same_file_runs_here(tmp_path: Path, spec: Path, sagetop: Sagetop) -> None:
    here = {"SAGETOP_LOCAL_JOBS": str(tmp_path / "jobs")}
    refused = sagetop("train", "--spec", str(spec), **here)
    assert "the channel big is not on this machine: say where: --channel big=PATH" in refused.failed(2)
    ended = sagetop("train", "--spec", str(spec), "--channel", f"big={tmp_path / 'data'}", "--wait", **here)
    assert (ended.code, sorted(ended.out.splitlines())) == (0, ["[algo-1] epochs 3", "[algo-2] epochs 3"])


def test_a_name_that_is_taken_starts_nothing(moto: Moto, bucket: Any, spec: Path, sagetop: Sagetop) -> None:
    moto.add_job("bert-1")
    ended = sagetop("train", "--spec", str(spec), "--submit", "--yes", at=moto.url)
    assert "there is a training job bert-1 already" in ended.failed(5)
    assert bucket.list_objects_v2(Bucket="bucket")["KeyCount"] == 0


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"RoleArn": ""}, "no RoleArn"),
        ({"OutputDataConfig": {}}, "no OutputDataConfig.S3OutputPath"),
        ({"OutputDataConfig": {"S3OutputPath": "/tmp"}}, "no place in S3"),
        ({"ResourceConfig": {"InstanceType": "local_gpu", "InstanceCount": 1}}, "no instance type local_gpu"),
    ],
)
def test_what_sagemaker_wants_to_know_is_asked_for(
    moto: Moto, spec: Path, sagetop: Sagetop, changes: dict[str, Any], said: str
) -> None:
    spec.write_text(json.dumps(REQUEST | changes))
    assert said in sagetop("train", "--spec", str(spec), "--submit", "--yes", at=moto.url).failed(5)


def test_an_upload_that_fails_starts_no_job(moto: Moto, spec: Path, sagetop: Sagetop) -> None:
    ended = sagetop("train", "--spec", str(spec), "--submit", "--yes", at=moto.url)  # there is no bucket
    assert ended.code != 0
    assert "bucket" in ended.err
    assert moto.client("sagemaker").list_training_jobs()["TrainingJobSummaries"] == []


def test_much_data_is_not_uploaded(moto: Moto, spec: Path, tmp_path: Path, sagetop: Sagetop) -> None:
    for number in range(101):
        (tmp_path / "data" / str(number)).touch()
    ended = sagetop("train", "--spec", str(spec), "--submit", "--yes", at=moto.url)
    assert "put the data into S3 first" in ended.failed(2)

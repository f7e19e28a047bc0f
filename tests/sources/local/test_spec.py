"""A job's request: the shape of CreateTrainingJob, as the command line or a file gives it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tui.model.jobs import MetricDefinition
from tui.sources.base import Refused
from tui.sources.local.spec import Channel, Spec, from_request, local_path, read_request

YAML = """
TrainingJobName: bert-1
AlgorithmSpecification:
  TrainingImage: 763104351884.dkr.ecr.eu-west-1.amazonaws.com/pytorch-training:2.3-cpu-py311
  TrainingInputMode: File
  MetricDefinitions:
    - {Name: "train:loss", Regex: "loss=(\\\\S+)"}
  EnableSageMakerMetricsTimeSeries: true
HyperParameters:
  sagemaker_program: train.py
  sagemaker_submit_directory: code
  epochs: "3"
  layers: [1, 2]
  flag: true
InputDataConfig:
  - ChannelName: train
    ContentType: text/csv
    InputMode: FastFile
    ShuffleConfig: {Seed: 1}
    DataSource: {S3DataSource: {S3Uri: "file://DATA", S3DataDistributionType: ShardedByS3Key}}
ResourceConfig: {InstanceType: ml.g5.xlarge, InstanceCount: 2, VolumeSizeInGB: 50}
StoppingCondition: {MaxRuntimeInSeconds: 3600}
Environment: {MODE: fast}
RoleArn: arn:aws:iam::123456789012:role/SageMaker
OutputDataConfig: {S3OutputPath: s3://bucket/out}
"""


@pytest.fixture
def request_file(tmp_path: Path) -> Path:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "train.py").touch()
    (tmp_path / "data").mkdir()
    path = tmp_path / "job.yaml"
    path.write_text(YAML.replace("DATA", str(tmp_path / "data")))
    return path


def test_a_request_in_yaml_is_a_job(request_file: Path) -> None:
    spec = from_request(read_request(request_file), request_file.parent).checked()
    assert (spec.name, spec.script, spec.source) == ("bert-1", "train.py", request_file.parent / "code")
    assert spec.hyperparameters == {"epochs": "3", "layers": "[1, 2]", "flag": "true"}
    assert spec.channels == (Channel("train", request_file.parent / "data", "text/csv", True, "FastFile"),)
    assert (spec.instance_type, spec.instance_count, spec.max_run_s) == ("ml.g5.xlarge", 2, 3600)
    assert spec.metric_definitions == (MetricDefinition("train:loss", r"loss=(\S+)"),)
    assert (spec.environment, spec.wants_gpus) == ({"MODE": "fast"}, True)


def test_the_same_request_in_json_is_the_same_job(request_file: Path) -> None:
    as_json = request_file.with_suffix(".json")
    as_json.write_text(json.dumps(read_request(request_file)))
    assert from_request(read_request(as_json), as_json.parent) == from_request(
        read_request(request_file), request_file.parent
    )


def test_a_job_written_as_a_request_and_read_again_is_the_same(request_file: Path) -> None:
    spec = replace(
        from_request(read_request(request_file), request_file.parent), python="/usr/bin/python3", cores=2, max_disk=10
    )
    written = json.loads(json.dumps(spec.to_request()))
    again = from_request(written, Path("/elsewhere"))
    assert replace(again, request=spec.request) == spec
    assert (written["RoleArn"], written["OutputDataConfig"]) == (
        "arn:aws:iam::123456789012:role/SageMaker",
        {"S3OutputPath": "s3://bucket/out"},
    )
    assert written["ResourceConfig"]["VolumeSizeInGB"] == 50
    assert written["InputDataConfig"][0]["ShuffleConfig"] == {"Seed": 1}


def test_values_that_the_sagemaker_sdk_has_quoted_are_read(tmp_path: Path) -> None:
    (tmp_path / "train.py").touch()
    request = {
        "TrainingJobName": "job",
        "HyperParameters": {
            "sagemaker_program": '"train.py"',
            "sagemaker_submit_directory": f'"file://{tmp_path}"',
            "name": '"text"',
        },
    }
    spec = from_request(request, Path("/"))
    assert (spec.script, spec.source, spec.hyperparameters) == ("train.py", tmp_path, {"name": '"text"'})


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": "../x"}, "no name for a job"),
        ({"name": "a" * 64}, "no name for a job"),
        ({"script": "none.py"}, "there is no script"),
        ({"script": "../outside.py"}, "is not in"),
        ({"instance_count": 0}, "0 hosts"),
        ({"instance_count": 65}, "65 hosts"),
        ({"instance_type": "huge"}, "no instance type huge"),
        ({"channels": (Channel("a/b", Path("/")),)}, "no name for a channel"),
        ({"channels": (Channel("..", Path("/")),)}, "no name for a channel"),
        ({"channels": (Channel("train", Path("/no/such")),)}, "does not exist"),
        ({"channels": (Channel("t", Path("/")), Channel("t", Path("/")))}, "given twice"),
        ({"environment": {"A B": "1"}}, "no name for an environment variable"),
        ({"metric_definitions": (MetricDefinition("loss", "loss=(.*"),)}, "no regular expression"),
        ({"metric_definitions": (MetricDefinition("loss", "loss=.*"),)}, "captures nothing"),
        ({"requirements": Path("/no/such.txt")}, "there is no /no/such.txt"),
        ({"max_run_s": 0}, "0 s"),
    ],
)
def test_what_cannot_be_run_is_refused_with_its_reason(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "train.py").touch()
    (tmp_path / "outside.py").touch()
    good = Spec("job", "train.py", tmp_path / "source")
    assert good.checked() is good
    with pytest.raises(Refused) as refused:
        replace(good, **changes).checked()
    assert said in refused.value.what


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ({}, "names no script"),
        ({"HyperParameters": ["x"]}, "HyperParameters is no table"),
        ({"InputDataConfig": {"a": 1}}, "InputDataConfig is no list"),
        ({"InputDataConfig": [{"ChannelName": "train"}]}, "has no S3DataSource"),
        (
            {"InputDataConfig": [{"ChannelName": "t", "DataSource": {"S3DataSource": {"S3Uri": "s3://b/k"}}}]},
            "s3://b/k",
        ),
        (
            {
                "InputDataConfig": [
                    {
                        "ChannelName": "t",
                        "DataSource": {
                            "S3DataSource": {
                                "S3Uri": "/",
                                "S3DataType": "ManifestFile",
                            }
                        },
                    }
                ]
            },
            "ManifestFile",
        ),
        ({"InputDataConfigs": []}, "InputDataConfigs is no key"),
        ({"StoppingCondition": {"MaxRunTimeInSeconds": 1}}, "StoppingCondition.MaxRunTimeInSeconds is no key"),
        ({"ResourceConfig": {"InstanceCount": "two"}}, "InstanceCount is 'two'"),
        ({"ResourceConfig": {"InstanceGroups": [{"InstanceCount": 1}]}}, "heterogeneous"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused(request_: dict[str, Any], said: str) -> None:
    program = {"HyperParameters": {"sagemaker_program": "train.py"}} if request_ else {}
    with pytest.raises(Refused) as refused:
        from_request(program | request_, Path("/"))
    assert said in refused.value.what


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.yaml", b"a: [", "is not YAML"),
        ("a.json", b"{", "is not JSON"),
        ("a.yaml", b"- 1", "holds no request"),
        ("a.yaml", b"\xff\xfe", "is not UTF-8"),
        ("a.yaml", b"!!python/object/apply:os.system ['true']", "is not YAML"),
    ],
)
def test_a_file_that_holds_no_request_is_refused(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(Refused) as refused:
        read_request(tmp_path / name)
    assert said in refused.value.what


_LAUGHS = "a0: &a0 [ha, ha]\n" + "".join(
    f"a{one}: &a{one} [{', '.join([f'*a{one - 1}'] * 9)}]\n" for one in range(1, 12)
)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("Tags: [{Key: when, Value: 2026-01-01}]", "date is not JSON"),
        ("Tags: &a [*a]", "Circular"),
        ('HyperParameters: {sagemaker_submit_directory: "a\\0b"}', "NUL"),
        (_LAUGHS, "more than 10,000,000 bytes"),
    ],
)
def test_what_only_yaml_can_hold_is_refused_before_it_is_written_anywhere(
    tmp_path: Path, content: str, said: str
) -> None:
    file = tmp_path / "job.yaml"
    file.write_text(content)
    with pytest.raises(Refused, match=said):
        read_request(file)


@pytest.mark.parametrize("key", ["GpusPerHost", "CoresPerHost", "MaxDiskBytes"])
@pytest.mark.parametrize("value", ["many", 0, -1, 1.5, True])
def test_what_a_job_asks_of_this_machine_is_a_number(tmp_path: Path, key: str, value: object) -> None:
    request = {"HyperParameters": {"sagemaker_program": "t.py"}, "Local": {key: value}}
    with pytest.raises(Refused, match=key):
        from_request(request, tmp_path)


def test_paths_and_file_urls_are_of_this_machine_and_others_are_not() -> None:
    assert local_path("data/x") == Path("data/x")
    assert local_path("file:///data/a%20b") == Path("/data/a b")
    assert local_path("s3://bucket/key") is None
    assert local_path("file://elsewhere/data") is None
    assert local_path("file://[x") is None
    assert local_path("~nobody-of-this-name/x") == Path("~nobody-of-this-name/x")

"""`sagetop deploy` and `sagetop models`: from an archive to an endpoint, and away again if it fails."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from tests.canned import Canned, Fault
from tests.cli.conftest import Ended, Sagetop
from tests.cli.test_serve import packed
from tests.faults import FaultProxy
from tests.moto_server import ACCOUNT, REGION, Moto

ROLE = f"arn:aws:iam::{ACCOUNT}:role/sagemaker"
BUCKET = f"sagemaker-{REGION}-{ACCOUNT}"
OPTIONS = ["--image", "1.dkr.ecr/sklearn:1", "--role", ROLE, "--instance-type", "ml.m5.large", "--name", "churn"]


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return packed(tmp_path / "model.tar.gz")


@pytest.fixture
def bucket(moto: Moto) -> Moto:
    moto.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    return moto


def deploy(sagetop: Sagetop, at: str, data: Path | str, *more: str) -> Ended:
    return sagetop("deploy", "--model-data", str(data), *OPTIONS, *more, at=at)


def parts(moto: Moto) -> dict[str, list[str]]:
    """What there is of models, configs and endpoints."""
    client = moto.client("sagemaker")
    return {
        "models": [one["ModelName"] for one in client.list_models()["Models"]],
        "configs": [one["EndpointConfigName"] for one in client.list_endpoint_configs()["EndpointConfigs"]],
        "endpoints": [one["EndpointName"] for one in client.list_endpoints()["Endpoints"]],
    }


NOTHING: dict[str, list[str]] = {"models": [], "configs": [], "endpoints": []}
ALL = {"models": ["churn"], "configs": ["churn"], "endpoints": ["churn"]}


def test_a_file_is_uploaded_and_becomes_an_endpoint_in_service(bucket: Moto, sagetop: Sagetop, archive: Path) -> None:
    ended = deploy(sagetop, bucket.url, archive, "--yes")
    assert ended.code == 0, ended
    assert parts(bucket) == ALL
    stored = bucket.client("s3").get_object(Bucket=BUCKET, Key="churn/model.tar.gz")["Body"].read()
    assert stored == archive.read_bytes()
    container = bucket.client("sagemaker").describe_model(ModelName="churn")["PrimaryContainer"]
    assert container["ModelDataUrl"] == f"s3://{BUCKET}/churn/model.tar.gz"
    assert container["Environment"] == {
        "SAGEMAKER_PROGRAM": "inference.py",
        "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code",
    }
    assert "churn: InService" in ended.err


def test_all_of_it_is_shown_before_and_nothing_is_sent_without_a_word(
    bucket: Moto, sagetop: Sagetop, archive: Path
) -> None:
    ended = deploy(sagetop, bucket.url, archive)
    assert "no terminal to ask at" in ended.failed(2)
    for words in (
        "s3 PutObject",
        "CreateModel",
        "CreateEndpointConfig",
        "CreateEndpoint",
        "1 × ml.m5.large",
        ROLE,
        ACCOUNT,
    ):
        assert words in ended.out, words
    assert parts(bucket) == NOTHING
    assert "Contents" not in bucket.client("s3").list_objects_v2(Bucket=BUCKET)


def test_what_lies_in_s3_is_deployed_from_there(moto: Moto, sagetop: Sagetop) -> None:
    ended = deploy(sagetop, moto.url, "s3://mine/model.tar.gz", "--yes", "--env", "LOG=1", "--instance-count", "2")
    assert ended.code == 0, ended
    container = moto.client("sagemaker").describe_model(ModelName="churn")["PrimaryContainer"]
    assert (container["ModelDataUrl"], container["Environment"]) == ("s3://mine/model.tar.gz", {"LOG": "1"})


def test_the_audit_log_has_every_call(bucket: Moto, sagetop: Sagetop, archive: Path) -> None:
    deploy(sagetop, bucket.url, archive, "--yes")
    (entry,) = [json.loads(line) for line in sagetop("audit", "--json").lines]
    assert (entry["kind"], entry["outcome"]) == ("deploy", "done")
    assert [call["operation"] for call in entry["request"]] == [
        "PutObject",
        "CreateModel",
        "CreateEndpointConfig",
        "CreateEndpoint",
    ]


class TestTheArchive:
    @pytest.mark.parametrize("name", ["../evil", "/etc/passwd"])
    def test_one_that_leads_outside_is_not_uploaded(
        self, bucket: Moto, sagetop: Sagetop, tmp_path: Path, name: str
    ) -> None:
        path = tmp_path / "evil.tar.gz"
        with tarfile.open(path, "w:gz") as tar:
            tar.addfile(tarfile.TarInfo(name), io.BytesIO(b""))
        assert "leads outside" in deploy(sagetop, bucket.url, path, "--yes").failed(2)
        assert parts(bucket) == NOTHING

    def test_one_that_is_none_is_not_uploaded(self, bucket: Moto, sagetop: Sagetop, tmp_path: Path) -> None:
        (tmp_path / "m.tar.gz").write_text("hello")
        assert "no whole gzipped tar" in deploy(sagetop, bucket.url, tmp_path / "m.tar.gz", "--yes").failed(2)

    def test_one_without_inference_code_is_deployed_and_it_is_said(
        self, bucket: Moto, sagetop: Sagetop, tmp_path: Path
    ) -> None:
        ended = deploy(sagetop, bucket.url, packed(tmp_path / "bare.tar.gz", None), "--yes")
        assert ended.code == 0, ended
        assert "has no code/inference.py" in ended.out
        container = bucket.client("sagemaker").describe_model(ModelName="churn")["PrimaryContainer"]
        assert not container.get("Environment")


class TestFailures:
    def test_a_name_that_exists_is_left_alone(self, bucket: Moto, sagetop: Sagetop, archive: Path) -> None:
        bucket.add_endpoint("churn")
        before = parts(bucket)
        ended = deploy(sagetop, bucket.url, archive, "--yes", "--cleanup")
        assert "something of the name churn already" in ended.failed(5)
        assert parts(bucket) == before

    @pytest.mark.parametrize(("denied", "left"), [("CreateEndpoint", ["churn"]), ("CreateModel", [])])
    def test_what_was_created_before_a_denial_is_named(
        self, moto: Moto, sagetop: Sagetop, denied: str, left: list[str]
    ) -> None:
        with FaultProxy(moto.url) as proxy:
            proxy.faults.denied.add(denied)
            ended = deploy(sagetop, proxy.url, "s3://mine/model.tar.gz", "--yes")
        assert ended.code == 3, ended
        assert f":{denied}" in ended.err
        assert parts(moto) == {"models": left, "configs": left, "endpoints": []}
        assert ("what was created is left as it is: model, config churn" in ended.err) == bool(left)

    def test_what_was_created_is_deleted_where_one_says_so(self, moto: Moto, sagetop: Sagetop) -> None:
        with FaultProxy(moto.url) as proxy:
            proxy.faults.denied.add("CreateEndpoint")
            ended = deploy(sagetop, proxy.url, "s3://mine/model.tar.gz", "--yes", "--cleanup")
        assert ended.code == 3, ended
        assert parts(moto) == NOTHING
        assert "DeleteModel" in ended.out

    def test_an_endpoint_that_fails_says_why_with_its_log(self, canned: Canned, sagetop: Sagetop) -> None:
        gone = Fault("ValidationException", "Could not find model")
        failed: dict[str, Any] = {
            "EndpointName": "churn",
            "EndpointArn": "arn",
            "EndpointConfigName": "churn",
            "EndpointStatus": "Failed",
            "FailureReason": "The container did not pass the ping health check",
            "CreationTime": 1,
            "LastModifiedTime": 1,
        }
        canned.answers("GetCallerIdentity", {"Account": "1", "Arn": "arn:aws:iam::1:user/me", "UserId": "u"})
        model = {"ModelName": "churn", "CreationTime": 1, "ModelArn": "a", "ExecutionRoleArn": "r"}
        config = {"EndpointConfigName": "churn", "EndpointConfigArn": "a", "ProductionVariants": [], "CreationTime": 1}
        canned.answers("DescribeModel", gone, gone, model)
        canned.answers("DescribeEndpointConfig", gone, gone, config)
        canned.answers("DescribeEndpoint", gone, gone, {**failed, "EndpointStatus": "Creating"}, failed)
        for operation in ("CreateModel", "CreateEndpointConfig", "CreateEndpoint"):
            canned.answers(operation, {"ModelArn": "a", "EndpointConfigArn": "a", "EndpointArn": "a"})
        line = {"timestamp": 1 << 41, "ingestionTime": 1 << 41, "logStreamName": "AllTraffic/i-1", "eventId": "1"}
        canned.answers("FilterLogEvents", {"events": [{**line, "message": "No module named inference"}]})
        ended = deploy(sagetop, canned.url, "s3://mine/model.tar.gz", "--yes")
        assert ended.code == 1, ended
        assert "churn failed: The container did not pass the ping health check" in ended.err
        assert "what was created is left as it is: model, config, endpoint churn" in ended.err
        assert canned.count("DeleteEndpoint") == 0


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        (["--instance-type", "m5.large"], "no instance type"),
        (["--env", "nothing"], "KEY=VALUE"),
        (["--name", "a b"], "no name for an endpoint"),
        (["--upload-to", "bucket"], "s3://BUCKET/PREFIX"),
        (["--upload-to", "s3:///models"], "s3://BUCKET/PREFIX"),
        (["--model-data", "s3://bucket"], "no place in S3"),
        (["--model-data", "/no/such/file"], "there is no file"),
    ],
)
def test_wrong_usage(sagetop: Sagetop, archive: Path, changed: list[str], says: str) -> None:
    assert says in sagetop("deploy", "--model-data", str(archive), *OPTIONS, *changed, "--yes").failed(2)


def test_in_read_only_there_is_no_deploying(sagetop: Sagetop, archive: Path) -> None:
    assert "read-only" in sagetop("--read-only", "deploy", "--model-data", str(archive), *OPTIONS, "--yes").failed(2)


class TestModels:
    def test_they_are_listed_newest_first_with_their_data_and_image(self, moto: Moto, sagetop: Sagetop) -> None:
        client = moto.client("sagemaker")
        for name in ("churn-1", "ranker", "churn-2"):
            container = {"Image": f"1.dkr.ecr/{name}:1", "ModelDataUrl": f"s3://b/{name}.tar.gz"}
            client.create_model(ModelName=name, PrimaryContainer=container, ExecutionRoleArn=ROLE)
        found = [
            json.loads(line) for line in sagetop("models", "--name-contains", "churn", "--json", at=moto.url).lines
        ]
        assert {one["name"]: (one["data"], one["image"]) for one in found} == {
            name: (f"s3://b/{name}.tar.gz", f"1.dkr.ecr/{name}:1") for name in ("churn-1", "churn-2")
        }
        lines = sagetop("models", at=moto.url).lines
        assert lines[0].split() == ["NAME", "AGE", "DATA", "IMAGE"]
        assert len(lines) == 4

    def test_where_describing_is_denied_the_names_are_there_and_the_permission_is_named(
        self, canned: Canned, sagetop: Sagetop
    ) -> None:
        canned.answers("ListModels", {"Models": [{"ModelName": "m", "ModelArn": "a", "CreationTime": 1}]})
        canned.answers(
            "DescribeModel", Fault("AccessDeniedException", "not authorized to perform: sagemaker:DescribeModel")
        )
        ended = sagetop("models", "--json", at=canned.url)
        assert json.loads(ended.out)["name"] == "m"
        assert "sagemaker:DescribeModel" in ended.failed(3)

    def test_none(self, moto: Moto, sagetop: Sagetop) -> None:
        ended = sagetop("models", at=moto.url)
        assert (ended.code, ended.out, ended.err) == (0, "", "sagetop: no such models\n")

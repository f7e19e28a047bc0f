"""`sagetop endpoints` prints endpoints with their variants, instances and auto-scaling."""

from __future__ import annotations

import json

from tests.canned import Canned
from tests.cli.conftest import Sagetop
from tests.moto_server import Moto, ago


def test_a_row_a_variant_newest_endpoint_first(moto: Moto, sagetop: Sagetop) -> None:
    moto.add_endpoint("older", created=ago(days=3))
    moto.add_endpoint(
        "newer",
        [
            {"VariantName": "v1", "InstanceType": "ml.m5.large", "InitialInstanceCount": 3},
            {"VariantName": "v2", "InstanceType": "ml.p3.2xlarge"},
        ],
        created=ago(hours=1),
    )
    header, *rows = sagetop("endpoints", at=moto.url).lines
    assert header.split() == ["NAME", "STATUS", "VARIANT", "INSTANCES", "TYPE", "SCALING", "AGE"]
    assert [row.split() for row in rows] == [
        ["newer", "InService", "v1", "3", "ml.m5.large", "–", "1h"],
        ["v2", "1", "ml.p3.2xlarge", "–"],
        ["older", "InService", "main", "1", "ml.m5.xlarge", "–", "3d"],
    ]


def test_instances_on_their_way_are_shown_from_and_to(moto: Moto, sagetop: Sagetop) -> None:
    endpoint = moto.add_endpoint("moving", EndpointStatus="Updating")
    endpoint.production_variants[0].update({"CurrentInstanceCount": 2, "DesiredInstanceCount": 5})
    (_, row) = sagetop("endpoints", at=moto.url).lines
    assert "Updating" in row
    assert "2 → 5" in row


def test_a_serverless_variant_has_memory_and_concurrency(moto: Moto, sagetop: Sagetop) -> None:
    moto.add_endpoint(
        "small", [{"VariantName": "main", "ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 20}}]
    )
    (_, row) = sagetop("endpoints", at=moto.url).lines
    assert "serverless 2048 MB × 20" in row
    (line,) = sagetop("endpoints", "--json", at=moto.url).lines
    (variant,) = json.loads(line)["variants"]
    assert variant["serverless"] == {"memory_mb": 2048, "max_concurrency": 20, "provisioned_concurrency": None}
    assert variant["current_instances"] is None


def test_auto_scaling_is_said_in_a_word(moto: Moto, sagetop: Sagetop) -> None:
    for age, name in enumerate(("on", "off", "half"), 1):
        moto.add_endpoint(name, created=ago(hours=age))
        moto.add_scaling(name, low=2, high=10, target=70.0)
    scaling = moto.client("application-autoscaling")
    for name, out in (("off", True), ("half", False)):
        scaling.register_scalable_target(
            ServiceNamespace="sagemaker",
            ResourceId=f"endpoint/{name}/variant/main",
            ScalableDimension="sagemaker:variant:DesiredInstanceCount",
            SuspendedState={
                "DynamicScalingOutSuspended": out,
                "DynamicScalingInSuspended": True,
                "ScheduledScalingSuspended": out,
            },
        )
    _, on, off, half = sagetop("endpoints", at=moto.url).lines
    assert "2–10 on 70" in on
    assert " suspended " in off
    assert "2–10, in suspended" in half


def test_json_has_variants_and_their_scaling(moto: Moto, sagetop: Sagetop) -> None:
    moto.add_endpoint("plain", created=ago(hours=2))
    moto.add_endpoint("scaled", created=ago(hours=1))
    resource = moto.add_scaling("scaled", low=1, high=4, target=50.0)
    scaled, plain = (json.loads(line) for line in sagetop("endpoints", "--json", at=moto.url).lines)
    assert (scaled["type"], scaled["name"], scaled["status"]) == ("endpoint", "scaled", "InService")
    (variant,) = scaled["variants"]
    assert (variant["instance_type"], variant["current_instances"], variant["desired_instances"]) == (
        "ml.m5.xlarge",
        1,
        1,
    )
    assert variant["scaling"]["resource_id"] == resource
    assert (variant["scaling"]["min_capacity"], variant["scaling"]["max_capacity"]) == (1, 4)
    assert variant["scaling"]["suspended"] == {"scale_out": False, "scale_in": False, "scheduled": False}
    assert [policy["target_value"] for policy in variant["scaling"]["policies"]] == [50.0]
    assert plain["variants"][0]["scaling"] is None
    assert list(plain) == list(scaled)


def test_status_name_and_limit_choose(moto: Moto, sagetop: Sagetop) -> None:
    moto.add_endpoint("ranker-1", created=ago(hours=1))
    moto.add_endpoint("ranker-2", created=ago(hours=2), EndpointStatus="Failed", FailureReason="no capacity")
    moto.add_endpoint("embed-1", created=ago(hours=3))

    def names(*arguments: str) -> list[str]:
        return [json.loads(line)["name"] for line in sagetop("endpoints", "--json", *arguments, at=moto.url).lines]

    assert names("--name-contains", "rank") == ["ranker-1", "ranker-2"]
    assert names("--status", "failed") == ["ranker-2"]
    assert names("--limit", "2") == ["ranker-1", "ranker-2"]
    assert names("--all") == ["ranker-1", "ranker-2", "embed-1"]


def test_details_that_are_denied_are_named_and_the_rest_is_printed(canned: Canned, sagetop: Sagetop) -> None:
    created = ago(hours=1).timestamp()
    canned.answers(
        "ListEndpoints",
        {
            "Endpoints": [
                {
                    "EndpointName": "secret",
                    "EndpointArn": "arn",
                    "EndpointStatus": "InService",
                    "CreationTime": created,
                    "LastModifiedTime": created,
                }
            ]
        },
    )
    ended = sagetop("endpoints", at=canned.url)
    assert "sagemaker:DescribeEndpoint" in ended.failed(3)
    assert ended.out.splitlines()[1].split() == ["secret", "InService", "–", "–", "–", "–", "1h"]

"""Endpoints: two descriptions made one, and configs asked once."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from tests.canned import Canned, Fault
from tests.moto_server import Moto
from tui.model.endpoints import ProductionVariant, Serverless
from tui.sources.aws.source import AwsSource
from tui.sources.base import Throttled

CREATED = datetime(2026, 11, 22, 10, 0, tzinfo=timezone.utc)


def described(**fields: Any) -> dict[str, Any]:
    """The least that DescribeEndpoint says, and what a test adds."""
    return {
        "EndpointName": "ranker",
        "EndpointConfigName": "ranker-7",
        "EndpointStatus": "InService",
        "CreationTime": CREATED,
        "LastModifiedTime": CREATED,
        **fields,
    }


def configured(*variants: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"EndpointConfigName": "ranker-7", "ProductionVariants": list(variants), "CreationTime": CREATED, **fields}


def test_a_variant_has_its_counts_from_the_endpoint_and_its_type_from_the_config(
    canned: Canned, canned_aws: AwsSource
) -> None:
    canned.answers(
        "DescribeEndpoint",
        described(
            ProductionVariants=[
                {
                    "VariantName": "v12",
                    "CurrentWeight": 0.9,
                    "DesiredWeight": 1.0,
                    "CurrentInstanceCount": 6,
                    "DesiredInstanceCount": 8,
                    "VariantStatus": [{"Status": "Updating", "StatusMessage": "scaling out"}],
                }
            ],
            ShadowProductionVariants=[{"VariantName": "v13", "CurrentInstanceCount": 2, "DesiredInstanceCount": 2}],
        ),
    )
    canned.answers(
        "DescribeEndpointConfig",
        configured(
            {"VariantName": "v12", "ModelName": "ranker-12", "InstanceType": "ml.g5.xlarge"},
            ShadowProductionVariants=[{"VariantName": "v13", "ModelName": "ranker-13", "InstanceType": "ml.g6.xlarge"}],
        ),
    )
    endpoint = canned_aws.describe_endpoint("ranker")
    assert (endpoint.name, endpoint.status, endpoint.config) == ("ranker", "InService", "ranker-7")
    assert endpoint.variants == (
        ProductionVariant("v12", "ml.g5.xlarge", 6, 8, 0.9, 1.0, "Updating", "scaling out", "ranker-12"),
        ProductionVariant("v13", "ml.g6.xlarge", 2, 2, model="ranker-13", shadow=True),
    )


def test_a_serverless_variant_has_no_instances(canned: Canned, canned_aws: AwsSource) -> None:
    serverless = {"MemorySizeInMB": 2048, "MaxConcurrency": 20, "ProvisionedConcurrency": 5}
    canned.answers(
        "DescribeEndpoint",
        described(
            ProductionVariants=[
                {"VariantName": "main", "CurrentInstanceCount": 0, "CurrentServerlessConfig": serverless}
            ]
        ),
    )
    canned.answers("DescribeEndpointConfig", configured({"VariantName": "main", "ServerlessConfig": serverless}))
    (variant,) = canned_aws.describe_endpoint("ranker").variants
    assert variant.serverless == Serverless(2048, 20, 5)
    assert (variant.instance_type, variant.current_instances, variant.desired_instances) == ("", None, None)


def test_a_variant_on_pools_names_all_their_types(canned: Canned, canned_aws: AwsSource) -> None:
    pools = [{"InstanceType": kind, "CurrentInstanceCount": 1} for kind in ("ml.g5.xlarge", "ml.g6.xlarge")]
    canned.answers("DescribeEndpoint", described(ProductionVariants=[{"VariantName": "main", "InstancePools": pools}]))
    canned.answers("DescribeEndpointConfig", configured({"VariantName": "main"}))
    (variant,) = canned_aws.describe_endpoint("ranker").variants
    assert variant.instance_type == "ml.g5.xlarge + ml.g6.xlarge"


def test_an_endpoint_being_made_has_no_variants_yet(canned: Canned, canned_aws: AwsSource) -> None:
    canned.answers("DescribeEndpoint", described(EndpointStatus="Creating"))
    canned.answers("DescribeEndpointConfig", configured({"VariantName": "main", "InstanceType": "ml.m5.xlarge"}))
    endpoint = canned_aws.describe_endpoint("ranker")
    assert (endpoint.variants, endpoint.is_changing) == ((), True)


def test_a_deployment_under_way_is_told_in_a_line(canned: Canned, canned_aws: AwsSource) -> None:
    pending = {
        "EndpointConfigName": "ranker-8",
        "ProductionVariants": [
            {
                "VariantName": "v13",
                "CurrentInstanceCount": 1,
                "DesiredInstanceCount": 4,
                "VariantStatus": [{"Status": "ActivatingTraffic"}],
            }
        ],
    }
    canned.answers("DescribeEndpoint", described(EndpointStatus="Updating", PendingDeploymentSummary=pending))
    canned.answers("DescribeEndpointConfig", configured())
    assert canned_aws.describe_endpoint("ranker").deployment == "to ranker-8: v13 1→4 ActivatingTraffic"


def test_a_config_never_changes_and_is_asked_once(moto: Moto, aws: AwsSource) -> None:
    moto.add_endpoint("ranker")
    aws.describe_endpoint("ranker")
    before = aws.calls
    for _ in range(3):
        (variant,) = aws.describe_endpoint("ranker").variants
        assert variant.instance_type == "ml.m5.xlarge"
    assert aws.calls - before == 3


def test_a_new_config_is_asked_for(canned: Canned, canned_aws: AwsSource) -> None:
    variants = [{"VariantName": "main"}]
    canned.answers(
        "DescribeEndpoint",
        described(ProductionVariants=variants),
        described(ProductionVariants=variants, EndpointConfigName="ranker-8"),
    )
    canned.answers(
        "DescribeEndpointConfig",
        configured({"VariantName": "main", "InstanceType": "ml.g5.xlarge"}),
        configured({"VariantName": "main", "InstanceType": "ml.g6.xlarge"}),
    )
    types = [canned_aws.describe_endpoint("ranker").variants[0].instance_type for _ in range(3)]
    assert types == ["ml.g5.xlarge", "ml.g6.xlarge", "ml.g6.xlarge"]
    assert canned.count("DescribeEndpointConfig") == 2


@pytest.mark.parametrize(
    "fault",
    [
        Fault("AccessDeniedException", "not authorized to perform: sagemaker:DescribeEndpointConfig"),
        Fault("ValidationException", 'Could not find endpoint configuration "ranker-7".'),
    ],
    ids=["denied", "deleted"],
)
def test_without_its_config_an_endpoint_is_shown_all_the_same(
    canned: Canned, canned_aws: AwsSource, fault: Fault
) -> None:
    summary = {"VariantName": "main", "CurrentInstanceCount": 2, "DesiredInstanceCount": 2}
    canned.answers("DescribeEndpoint", described(ProductionVariants=[summary]))
    canned.answers("DescribeEndpointConfig", fault)
    for _ in range(2):
        (variant,) = canned_aws.describe_endpoint("ranker").variants
        assert (variant.instance_type, variant.current_instances) == ("", 2)
    assert canned.count("DescribeEndpointConfig") == 1


def test_a_config_that_was_throttled_is_asked_again(canned: Canned, canned_aws: AwsSource) -> None:
    canned.answers("DescribeEndpoint", described(ProductionVariants=[{"VariantName": "main"}]))
    canned.answers("DescribeEndpointConfig", Fault("ThrottlingException", "Rate exceeded"))
    with pytest.raises(Throttled):
        canned_aws.describe_endpoint("ranker")
    canned.answers("DescribeEndpointConfig", configured({"VariantName": "main", "InstanceType": "ml.g5.xlarge"}))
    assert canned_aws.describe_endpoint("ranker").variants[0].instance_type == "ml.g5.xlarge"

"""One endpoint, kept current: what it is, what scales it, and its traffic."""

from __future__ import annotations

import pytest
from moto.sagemaker.models import sagemaker_backends

from tests.canned import Canned, Fault
from tests.moto_server import ACCOUNT, REGION, Moto, ago, ms
from tests.watch.conftest import FrozenClock
from tests.watch.test_endpoints_watch import canned_endpoints
from tui.sources.aws.source import AwsSource
from tui.sources.base import Denied, NotFound
from tui.watch.endpoint import EndpointWatch

VARIANTS = [
    {"VariantName": "a", "InstanceType": "ml.m5.xlarge"},
    {"VariantName": "b", "ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 5}},
]


@pytest.fixture
def watch(aws: AwsSource, clock: FrozenClock) -> EndpointWatch:
    return EndpointWatch(aws, "ranker", clock)


def test_the_config_is_asked_for_once_the_scaling_every_half_minute_and_the_rest_every_minute(
    moto: Moto, aws: AwsSource, clock: FrozenClock, watch: EndpointWatch
) -> None:
    moto.add_endpoint("ranker", VARIANTS)
    moto.add_scaling("ranker", "a", low=2, high=8)
    costs = []
    for _ in range(14):
        before = aws.calls
        view = watch.describe()
        costs.append(aws.calls - before)
        clock.advance(seconds=5)
    # Endpoint and config; targets and policies; then activities, alarms, and the model, which never changes.
    assert costs == [4 + 3, 1, 1, 1, 1, 1, 3, 1, 1, 1, 1, 1, 3 + 2, 1]
    assert view.targets is not None
    assert [(target.variant, target.max_capacity) for target in view.targets] == [("a", 8)]


def test_all_metrics_of_all_variants_come_with_one_request_a_minute(
    moto: Moto, aws: AwsSource, clock: FrozenClock, watch: EndpointWatch
) -> None:
    moto.add_endpoint("ranker", VARIANTS)
    at = ms(ago(minutes=5))
    where = {"EndpointName": "ranker", "VariantName": "b"}
    moto.add_metric("AWS/SageMaker", "OverheadLatency", where, [(at, 2500.0)])
    for variant in "ab":
        moto.add_metric("AWS/SageMaker", "Invocations", {**where, "VariantName": variant}, [(at, 1.0)])
    moto.add_metric("/aws/sagemaker/Endpoints", "CPUUtilization", {**where, "VariantName": "a"}, [(at, 130.0)])
    assert watch.measure() is None  # nothing is known yet
    watch.describe()
    before = aws.calls
    view = watch.measure()
    assert aws.calls - before == 1
    assert view is not None
    assert list(view.traffic["b"]["OverheadLatency"].values) == [2.5]
    assert list(view.use["a"]["CPUUtilization"].values) == [130.0]
    assert view.use["b"] == {}  # serverless: there is nothing to measure
    clock.advance(seconds=59)
    assert watch.measure() is None
    clock.advance(seconds=1)
    assert watch.measure() is not None
    assert aws.calls - before == 2


def test_an_endpoint_that_does_not_exist_is_an_error_without_an_endpoint(moto: Moto, watch: EndpointWatch) -> None:
    view = watch.describe()
    assert view.endpoint is None
    assert [type(error) for error in view.errors] == [NotFound]
    assert watch.measure() is None


def test_an_endpoint_that_is_deleted_meanwhile_stays_as_it_was_and_it_is_said(moto: Moto, watch: EndpointWatch) -> None:
    moto.add_endpoint("ranker", VARIANTS)
    watch.describe()
    del sagemaker_backends[ACCOUNT][REGION].endpoints["ranker"]
    view = watch.describe()
    assert view.endpoint is not None
    assert NotFound in [type(error) for error in view.errors]


@pytest.mark.parametrize(
    ("operation", "permission"),
    [
        ("GetMetricData", "cloudwatch:GetMetricData"),
        ("DescribeScalableTargets", "application-autoscaling:DescribeScalableTargets"),
    ],
)
def test_a_denied_permission_leaves_the_rest_and_is_named_until_it_is_there(
    canned: Canned, canned_aws: AwsSource, clock: FrozenClock, operation: str, permission: str
) -> None:
    canned_endpoints(canned, clock(), "ranker")
    canned.answers(operation, Fault("AccessDeniedException", f"not authorized to perform: {permission}"))
    watch = EndpointWatch(canned_aws, "ranker", clock)
    for _ in range(3):
        watch.describe()
        watch.measure()
        assert watch.view.endpoint is not None
        (error,) = watch.view.errors
        assert isinstance(error, Denied)
        assert error.permission == permission
        clock.advance(seconds=5)
    canned_endpoints(canned, clock(), "ranker")
    clock.advance(seconds=60)
    watch.describe()
    watch.measure()
    assert watch.view.errors == ()

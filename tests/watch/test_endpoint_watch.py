"""One endpoint, kept current: what it is, what scales it, and its traffic."""

from __future__ import annotations

import pytest
from moto.applicationautoscaling.models import applicationautoscaling_backends
from moto.cloudwatch.models import cloudwatch_backends
from moto.sagemaker.models import sagemaker_backends

from tests.canned import Canned, Fault
from tests.moto_server import ACCOUNT, REGION, Moto, ago, ms
from tests.watch.conftest import FrozenClock
from tests.watch.test_endpoints_watch import canned_endpoints
from tui.demo.gaps_alarms import put_alarm
from tui.demo.gaps_components import put_component
from tui.demo.gaps_scaling import add_activity
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


def test_percentiles_stand_beside_the_average(moto: Moto, clock: FrozenClock, watch: EndpointWatch) -> None:
    moto.add_endpoint("ranker", VARIANTS[:1])
    where = {"EndpointName": "ranker", "VariantName": "a"}
    at = ms(ago(minutes=5))
    moto.add_metric("AWS/SageMaker", "ModelLatency", where, [(at + n, 1000.0 * n) for n in range(1, 101)])
    watch.describe()
    view = watch.measure()
    assert view is not None
    found = {name: list(series.values) for name, series in view.traffic["a"].items() if name.startswith("ModelLatency")}
    assert found == {
        "ModelLatency": [50.5],
        "ModelLatency p50": [50.0],
        "ModelLatency p90": [90.0],
        "ModelLatency p99": [99.0],
    }


def test_concurrency_is_asked_for_where_it_is_published_and_looked_for_every_half_hour(
    moto: Moto, aws: AwsSource, clock: FrozenClock, watch: EndpointWatch
) -> None:
    moto.add_endpoint("ranker", VARIANTS)
    where = {"EndpointName": "ranker", "VariantName": "a"}
    moto.add_metric("AWS/SageMaker", "ConcurrentRequestsPerModel", where, [(ms(ago(minutes=5)), 7.0)])
    asked = []
    for _ in range(31):
        before = aws.metrics_asked
        watch.describe()
        view = watch.measure()
        asked.append(aws.metrics_asked - before)
        clock.advance(seconds=60)
    assert view is not None
    assert list(view.traffic["a"]["ConcurrentRequestsPerModel"].values) == [7.0]
    both, one = 2 * 14 + 5, 2 * 14 + 5 - 1  # b is serverless: it has no instances to measure
    assert asked == [both + 2, *[one] * 29, both + 2]  # and requests of the last days, as there are none in these hours


def test_what_stands_beside_it_comes_every_minute(
    moto: Moto, aws: AwsSource, clock: FrozenClock, watch: EndpointWatch
) -> None:
    moto.add_endpoint("ranker", VARIANTS)
    resource = moto.add_scaling("ranker", "a")
    backend = applicationautoscaling_backends[ACCOUNT][REGION]
    add_activity(backend, resource, "Setting desired instance count to 2.", "alarm", ago(minutes=20))
    put_alarm(cloudwatch_backends[ACCOUNT][REGION], "5xx", "Invocation5XXErrors", {"EndpointName": "ranker"}, 5.0)
    view = watch.describe()
    assert [activity.description for activity in view.activities] == ["Setting desired instance count to 2."]
    assert [(alarm.name, alarm.state) for alarm in view.alarms] == [("5xx", "OK")]
    assert view.models == {"model": ""}
    assert view.components == ()  # its variants have a model of their own: nobody asks
    add_activity(backend, resource, "Setting desired instance count to 3.", "alarm", ago(minutes=1))
    clock.advance(seconds=59)
    assert len(watch.describe().activities) == 1
    clock.advance(seconds=1)
    assert len(watch.describe().activities) == 2


def test_components_are_asked_for_where_a_variant_has_no_model_with_their_traffic_and_use(
    moto: Moto, aws: AwsSource, clock: FrozenClock, watch: EndpointWatch
) -> None:
    moto.add_endpoint("ranker", [{"VariantName": "a", "InstanceType": "ml.m5.xlarge"}])
    for variant in sagemaker_backends[ACCOUNT][REGION].endpoint_configs["ranker-config"].production_variants:
        variant.pop("ModelName")
    put_component(sagemaker_backends[ACCOUNT][REGION], "chat", "ranker", "a", "chat-7b", 2, clock())
    where, at = {"InferenceComponentName": "chat"}, ms(ago(minutes=5))
    for metric, value in (("Invocations", 8.0), ("InvocationsPerCopy", 4.0), ("ModelLatency", 2500.0)):
        moto.add_metric("AWS/SageMaker", metric, where, [(at, value)])
    moto.add_metric("/aws/sagemaker/InferenceComponents", "GPUUtilizationNormalized", where, [(at, 62.0)])
    view = watch.describe()
    assert [(one.name, one.current_copies, one.model) for one in view.components] == [("chat", 2, "chat-7b")]
    assert view.models == {"chat-7b": ""}
    before = aws.calls
    measured = watch.measure()
    assert measured is not None
    assert aws.calls - before == 1 + 1  # all metrics, and the last days of a variant that nobody has asked
    found = {name: list(series.values) for name, series in measured.component_traffic["chat"].items() if len(series)}
    assert found == {
        "Invocations": [8.0],
        "InvocationsPerCopy": [4.0],
        **{key: [2.5] for key in ("ModelLatency", "ModelLatency p50", "ModelLatency p90", "ModelLatency p99")},
    }
    assert list(measured.component_use["chat"]["GPUUtilizationNormalized"].values) == [62.0]


def test_what_only_adds_something_is_named_and_no_error_where_it_is_denied(
    canned: Canned, canned_aws: AwsSource, clock: FrozenClock
) -> None:
    canned_endpoints(canned, clock(), "ranker")  # nothing beside it has an answer: all of that is denied
    watch = EndpointWatch(canned_aws, "ranker", clock)
    watch.describe()
    watch.measure()
    assert watch.view.errors == ()
    assert watch.view.lacking == {
        "alarms": "cloudwatch:DescribeAlarms",
        "inference components": "sagemaker:ListInferenceComponents",
    }
    canned.answers("DescribeAlarms", {"MetricAlarms": []})
    clock.advance(seconds=60)
    assert set(watch.describe().lacking) == {"inference components"}


def test_the_rules_say_what_is_wrong(moto: Moto, clock: FrozenClock, watch: EndpointWatch) -> None:
    moto.add_endpoint("ranker", VARIANTS[:1], created=ago(days=3), EndpointStatus="InService")
    where = {"EndpointName": "ranker", "VariantName": "a"}
    for metric, value in (("Invocations", 100.0), ("Invocation5XXErrors", 30.0)):
        moto.add_metric("AWS/SageMaker", metric, where, [(ms(ago(minutes=m)), value) for m in range(1, 30)])
    watch.describe()
    view = watch.measure()
    assert view is not None
    assert [(finding.rule, finding.severity) for finding in view.findings] == [("endpoint-errors", "critical")]

"""The list of endpoints: its requests grow with the rows on screen, not with the fleet."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from moto.sagemaker.models import sagemaker_backends

from tests.canned import Canned, Fault
from tests.moto_server import ACCOUNT, REGION, Moto, ago, ms, now
from tests.watch.conftest import FrozenClock
from tui.demo.gaps_sagemaker import set_fields
from tui.sources.aws.source import AwsSource
from tui.sources.base import Denied
from tui.watch.endpoints import EndpointsWatch


@pytest.fixture
def watch(aws: AwsSource, clock: FrozenClock) -> EndpointsWatch:
    return EndpointsWatch(aws, clock)


def add_endpoints(moto: Moto, count: int) -> list[str]:
    """Endpoints, the newest first."""
    names = [f"endpoint-{number:04}" for number in range(count)]
    for age, name in enumerate(names):
        moto.add_endpoint(name, created=ago(hours=1 + age))
    return names


def change(name: str, **fields: Any) -> None:
    set_fields(sagemaker_backends[ACCOUNT][REGION].endpoints[name], {"LastModifiedTime": now(), **fields})


# How little is asked


def cost_of_a_refresh(moto: Moto, aws: AwsSource, clock: FrozenClock, fleet: int, rows: int) -> tuple[int, int]:
    """Requests of the first refresh, and of one a minute later."""
    moto.reset()
    shown = add_endpoints(moto, fleet)[:rows]
    watch = EndpointsWatch(aws, clock)
    watch.load_page()
    before = aws.calls
    watch.look(shown)
    first = aws.calls - before
    clock.advance(seconds=61)
    before = aws.calls
    watch.refresh(shown)
    return first, aws.calls - before


def test_requests_grow_with_the_rows_on_screen_and_not_with_the_fleet(
    moto: Moto, aws: AwsSource, clock: FrozenClock
) -> None:
    small = cost_of_a_refresh(moto, aws, clock, fleet=10, rows=5)
    # Configs are known by now; of 90 endpoints, the 540 metrics of the first look take two requests.
    assert cost_of_a_refresh(moto, aws, clock, fleet=90, rows=5) == (small[0] - 5 + 1, small[1])
    more = cost_of_a_refresh(moto, aws, clock, fleet=90, rows=20)
    # A description a row, and its config once; the scaling; of the fleet a search, its metrics, and its last days.
    assert more == (20 + 15 + 1 + 1 + 2 + 1, 1 + 20 + 2)  # later the list, the rows, their scaling and metrics


def test_between_two_minutes_only_the_list_is_asked_for(
    moto: Moto, aws: AwsSource, clock: FrozenClock, watch: EndpointsWatch
) -> None:
    shown = add_endpoints(moto, 8)
    watch.refresh(shown)
    for _ in range(11):
        clock.advance(seconds=5)
        before = aws.calls
        watch.refresh(shown)
        assert aws.calls - before == 1


def test_a_config_is_asked_for_once(canned: Canned, canned_aws: AwsSource, clock: FrozenClock) -> None:
    canned_endpoints(canned, clock(), "a", "b")
    watch = EndpointsWatch(canned_aws, clock)
    for _ in range(5):
        watch.refresh(["a", "b"])
        clock.advance(seconds=61)
    assert canned.count("DescribeEndpoint") == 10
    assert canned.count("DescribeEndpointConfig") == 1  # both have the same


def test_rows_that_come_on_screen_are_asked_for_alone(moto: Moto, aws: AwsSource, watch: EndpointsWatch) -> None:
    names = add_endpoints(moto, 30)
    watch.refresh(names[:10])
    before = aws.calls
    view = watch.look(names[8:12])
    assert aws.calls - before == 2 * 2 + 1  # two descriptions with their configs, and scaling; metrics are there
    assert set(view.targets) == set(names[:12])


def test_the_rest_of_the_fleet_is_measured_every_five_minutes_and_comes_to_the_top_when_it_fails(
    moto: Moto, aws: AwsSource, clock: FrozenClock, watch: EndpointsWatch
) -> None:
    names = add_endpoints(moto, 12)
    shown, hidden = names[:4], names[-1]
    watch.refresh(shown)
    where = {"EndpointName": hidden, "VariantName": "main"}
    for metric, value in (("Invocations", 100.0), ("Invocation5XXErrors", 30.0)):
        points = [(ms(now()) + 60_000 * minute, value) for minute in range(-60, 6)]
        moto.add_metric("AWS/SageMaker", metric, where, points)
    asked = []
    for _ in range(5):
        before = aws.metrics_asked
        clock.advance(seconds=61)
        view = watch.refresh(shown)
        asked.append(aws.metrics_asked - before)
    assert asked == [4 * 6] * 4 + [12 * 6]
    assert [finding.rule for finding in view.findings[hidden]] == ["endpoint-errors"]


def test_what_search_denies_is_described_on_screen_alone(
    canned: Canned, canned_aws: AwsSource, clock: FrozenClock
) -> None:
    canned_endpoints(canned, clock(), "a", "b")  # Search has no answer: it is denied
    watch = EndpointsWatch(canned_aws, clock)
    for _ in range(12):
        view = watch.refresh(["a"])
        clock.advance(seconds=31)
    assert {endpoint.name: endpoint.detailed for endpoint in view.endpoints} == {"a": True, "b": False}
    assert view.errors == ()
    assert canned.count("Search") == 1


def test_requests_of_the_last_days_are_looked_for_where_the_last_hours_have_none(
    moto: Moto, aws: AwsSource, clock: FrozenClock, watch: EndpointsWatch
) -> None:
    moto.add_endpoint("idle", created=ago(days=30), EndpointStatus="InService")
    view = watch.refresh(["idle"])
    (finding,) = view.findings["idle"]
    assert finding.rule == "endpoint-no-traffic"
    assert "at least 14d" in finding.sentence
    before = aws.metrics_asked
    clock.advance(seconds=61)
    watch.refresh(["idle"])
    assert aws.metrics_asked - before == 6  # and not the days again


def test_an_endpoint_that_changes_is_described_more_often(
    moto: Moto, aws: AwsSource, clock: FrozenClock, watch: EndpointsWatch
) -> None:
    moto.add_endpoint("calm", EndpointStatus="InService")
    moto.add_endpoint("busy", EndpointStatus="Updating")
    watch.refresh(["calm", "busy"])
    clock.advance(seconds=5)
    before = aws.calls
    watch.look(["calm", "busy"])
    assert aws.calls - before == 1


# Pages


def test_pages_arrive_newest_first_and_go_round(moto: Moto, watch: EndpointsWatch) -> None:
    names = add_endpoints(moto, 250)
    view = watch.load_page()
    assert [endpoint.name for endpoint in view.endpoints] == names[:100]
    assert (view.loading, watch.has_more) == (True, True)
    watch.load_page()
    view = watch.load_page()
    assert [endpoint.name for endpoint in view.endpoints] == names
    assert (view.loading, watch.has_more) == (False, False)
    change(names[0], EndpointStatus="Updating")
    assert watch.load_page().endpoints[0].status == "Updating"


def test_a_deleted_endpoint_goes_when_a_whole_round_has_not_listed_it(moto: Moto, watch: EndpointsWatch) -> None:
    names = add_endpoints(moto, 120)
    watch.load_page()
    watch.load_page()
    del sagemaker_backends[ACCOUNT][REGION].endpoints[names[3]]
    watch.load_page()
    view = watch.load_page()
    assert len(view.endpoints) == 119
    assert names[3] not in {endpoint.name for endpoint in view.endpoints}


def test_an_endpoint_deleted_between_the_list_and_the_question_goes(moto: Moto, watch: EndpointsWatch) -> None:
    names = add_endpoints(moto, 2)
    watch.load_page()
    del sagemaker_backends[ACCOUNT][REGION].endpoints[names[0]]
    view = watch.look(names)
    assert [endpoint.name for endpoint in view.endpoints] == names[1:]
    assert view.errors == ()


def test_an_endpoint_made_again_under_its_name_is_another_endpoint(moto: Moto, watch: EndpointsWatch) -> None:
    moto.add_endpoint("ranker", created=ago(days=9), EndpointStatus="Failed", FailureReason="no image")
    assert watch.refresh(()).endpoints[0].failure_reason == "no image"
    del sagemaker_backends[ACCOUNT][REGION].endpoints["ranker"]
    moto.add_endpoint("ranker", config="second", created=ago(minutes=1), EndpointStatus="Creating")
    (endpoint,) = watch.refresh(()).endpoints
    assert (endpoint.status, endpoint.failure_reason, endpoint.detailed) == ("Creating", "", True)


def test_a_change_in_the_list_brings_a_new_description(moto: Moto, watch: EndpointsWatch) -> None:
    moto.add_endpoint("ranker", EndpointStatus="InService")
    watch.refresh(["ranker"])
    change("ranker", EndpointStatus="Failed", FailureReason="no capacity")
    assert watch.refresh(["ranker"]).endpoints[0].failure_reason == "no capacity"


# What is told


def test_traffic_and_scaling_of_each_variant(moto: Moto, watch: EndpointsWatch) -> None:
    moto.add_endpoint("ranker", [{"VariantName": name, "InstanceType": "ml.m5.xlarge"} for name in "ab"])
    moto.add_scaling("ranker", "a", low=2, high=8)
    at = ms(ago(minutes=5))
    where = {"EndpointName": "ranker", "VariantName": "b"}
    moto.add_metric("AWS/SageMaker", "Invocations", where, [(at, 40.0), (at + 1000, 2.0)])
    moto.add_metric("AWS/SageMaker", "ModelLatency", where, [(at, 1500.0)])
    view = watch.refresh(())
    (target,) = view.targets["ranker"]
    assert (target.variant, target.min_capacity, target.max_capacity) == ("a", 2, 8)
    traffic = view.traffic["ranker", "b"]
    assert sum(traffic["Invocations"].values) == 42
    assert list(traffic["ModelLatency"].values) == [1.5]
    assert len(view.traffic["ranker", "a"]["Invocations"]) == 0


# What fails


def canned_endpoints(canned: Canned, at: datetime, *names: str) -> None:
    """Endpoints that share one config, which everything may be asked about."""
    times = {"CreationTime": at - timedelta(hours=1), "LastModifiedTime": at - timedelta(hours=1)}
    endpoints = [{"EndpointName": name, "EndpointStatus": "InService", **times} for name in names]
    variants = [{"VariantName": "main", "CurrentInstanceCount": 1, "DesiredInstanceCount": 1}]
    canned.answers("ListEndpoints", {"Endpoints": endpoints})
    rest = {"EndpointStatus": "InService", "EndpointConfigName": "config", "ProductionVariants": variants, **times}
    canned.answers("DescribeEndpoint", lambda asked: {"EndpointName": asked["EndpointName"], **rest})
    canned.answers("DescribeEndpointConfig", {"EndpointConfigName": "config", "ProductionVariants": variants})
    canned.answers("DescribeScalableTargets", {"ScalableTargets": []})
    canned.answers("GetMetricData", {"MetricDataResults": []})


PERMISSIONS = {
    "GetMetricData": "cloudwatch:GetMetricData",
    "DescribeScalableTargets": "application-autoscaling:DescribeScalableTargets",
    "DescribeEndpoint": "sagemaker:DescribeEndpoint",
}


@pytest.mark.parametrize("operation", PERMISSIONS)
def test_a_denied_permission_leaves_the_rest_and_is_named_until_it_is_there(
    canned: Canned, canned_aws: AwsSource, clock: FrozenClock, operation: str
) -> None:
    canned_endpoints(canned, clock(), "a", "b")
    canned.answers(operation, Fault("AccessDeniedException", f"not authorized to perform: {PERMISSIONS[operation]}"))
    watch = EndpointsWatch(canned_aws, clock)
    for _ in range(4):
        view = watch.refresh(["a", "b"])
        assert [endpoint.name for endpoint in view.endpoints] == ["a", "b"]
        (error,) = view.errors
        assert isinstance(error, Denied)
        assert error.permission == PERMISSIONS[operation]
        clock.advance(seconds=5)
    canned_endpoints(canned, clock() - timedelta(seconds=20), "a", "b")
    clock.advance(seconds=61)
    view = watch.refresh(["a", "b"])
    assert view.errors == ()
    assert [endpoint.detailed for endpoint in view.endpoints] == [True, True]


def test_what_may_be_described_is_described_though_another_endpoint_may_not(
    canned: Canned, canned_aws: AwsSource, clock: FrozenClock
) -> None:
    canned_endpoints(canned, clock(), "a", "b")
    begun = clock() - timedelta(hours=1)
    times = {"CreationTime": begun, "LastModifiedTime": begun}
    denied = Fault("AccessDeniedException", "not authorized to perform: sagemaker:DescribeEndpoint")
    there = {"EndpointName": "b", "EndpointStatus": "InService", "EndpointConfigName": "config", **times}
    canned.answers("DescribeEndpoint", lambda asked: there if asked["EndpointName"] == "b" else denied)
    watch = EndpointsWatch(canned_aws, clock)
    for _ in range(3):
        view = watch.refresh(["a", "b"])
        assert {endpoint.name: endpoint.detailed for endpoint in view.endpoints} == {"a": False, "b": True}
        assert [type(error) for error in view.errors] == [Denied]
        clock.advance(seconds=5)


def test_a_failed_list_keeps_what_was_there(canned: Canned, canned_aws: AwsSource, clock: FrozenClock) -> None:
    canned_endpoints(canned, clock(), "a", "b")
    watch = EndpointsWatch(canned_aws, clock)
    refreshed = watch.refresh(()).refreshed
    canned.answers("ListEndpoints", Fault("ThrottlingException", "Rate exceeded"))
    clock.advance(seconds=5)
    view = watch.refresh(["a", "b"])
    assert [endpoint.name for endpoint in view.endpoints] == ["a", "b"]
    assert view.refreshed == refreshed
    assert ["throttled" in error.what for error in view.errors] == [True]

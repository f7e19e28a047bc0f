"""The rules of an endpoint: errors, latency, the end of its scaling, and what everybody has forgotten."""

from __future__ import annotations

from array import array
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from tui.model.endpoints import (
    Endpoint,
    ProductionVariant,
    ScalableTarget,
    ScalingActivity,
    ScalingPolicy,
    Suspended,
)
from tui.model.health.endpoints import EndpointEvidence, examine_endpoint
from tui.model.health.thresholds import thresholds
from tui.model.series import Series

NOW = datetime(2040, 1, 15, 14, 0, tzinfo=timezone.utc)
NOW_MS = int(NOW.timestamp() * 1000)
RESOURCE = "endpoint/ranker/variant/main"


def minutes(metric: str, *values: float) -> Series:
    """One value a minute, the last one now."""
    times = [NOW_MS - 60_000 * (len(values) - 1 - place) for place in range(len(values))]
    return Series(metric, array("q", times), array("d", values))


def endpoint(**more: object) -> EndpointEvidence:
    """A healthy one: three hours of traffic, instances 2 of 2–8."""
    variant = ProductionVariant("main", "ml.g5.xlarge", 2, 2, model="ranker-12")
    found = Endpoint(
        "ranker", "InService", NOW - timedelta(days=20), NOW - timedelta(days=9), detailed=True, variants=(variant,)
    )
    steady = {
        "Invocations": minutes("Invocations", *[600.0] * 180),
        "Invocation5XXErrors": minutes("Invocation5XXErrors", *[1.0] * 180),
        "ModelLatency": minutes("ModelLatency", *[40.0 + place % 5 for place in range(180)]),
    }
    policy = ScalingPolicy("p", "TargetTrackingScaling", "SageMakerVariantInvocationsPerInstance", 70.0)
    target = ScalableTarget(RESOURCE, "sagemaker:variant:DesiredInstanceCount", 2, 8, policies=(policy,))
    on = EndpointEvidence(found, NOW_MS, NOW_MS - 3 * 3_600_000, {"main": steady}, targets=(target,), zone=timezone.utc)
    return replace(on, **more)  # type: ignore[arg-type]


def with_traffic(**series: Series) -> EndpointEvidence:
    on = endpoint()
    return replace(on, traffic={"main": {**on.traffic["main"], **series}})


def said(on: EndpointEvidence) -> list[tuple[str, str]]:
    return [(finding.rule, finding.sentence) for finding in examine_endpoint(on)]


def at_most(count: int, current: int | None = None) -> EndpointEvidence:
    on = endpoint()
    variant = replace(on.endpoint.variants[0], current_instances=current or count)
    return replace(
        on,
        endpoint=replace(on.endpoint, variants=(variant,)),
        targets=(replace(on.targets[0], max_capacity=count),),
    )


def test_of_a_healthy_one_nothing_is_said() -> None:
    assert said(endpoint()) == []


# Errors


def test_errors_that_rise() -> None:
    on = with_traffic(Invocation5XXErrors=minutes("Invocation5XXErrors", *[1.0] * 172, *[25.0] * 8))
    ((rule, sentence),) = said(on)
    assert rule == "endpoint-errors"
    assert sentence.startswith("main answers 3.1% of requests with 5XX, 0.2% before")
    assert said(replace(on, limits=thresholds({"endpoint-errors.percent": 5}))) == []


@pytest.mark.parametrize(("before", "now", "told"), [(12.0, 14.0, False), (60.0, 60.0, True), (0.0, 4.0, False)])
def test_a_few_that_were_always_there_are_no_news_but_many_are(before: float, now: float, told: bool) -> None:
    on = with_traffic(Invocation5XXErrors=minutes("Invocation5XXErrors", *[before] * 170, *[now] * 10))
    assert bool(said(on)) is told


def test_one_error_among_ten_requests_is_no_share() -> None:
    on = with_traffic(
        Invocations=minutes("Invocations", *[1.0] * 180),
        Invocation5XXErrors=minutes("Invocation5XXErrors", *[0.0] * 179, 1.0),
    )
    assert said(on) == []


# Latency


def test_latency_that_rises() -> None:
    on = with_traffic(ModelLatency=minutes("ModelLatency", *[42.0] * 160, *[180.0] * 20))
    ((rule, sentence),) = said(on)
    assert (rule, sentence) == ("endpoint-latency", "main takes 180 ms, usually 42 ms, since 13:40")


@pytest.mark.parametrize("now", [60.0, 85.0])
def test_twice_a_little_is_still_little(now: float) -> None:
    assert said(with_traffic(ModelLatency=minutes("ModelLatency", *[42.0] * 170, *[now] * 10))) == []


def test_what_its_day_brings_now_and_then_is_no_news() -> None:
    waves = [42.0 if place % 20 < 17 else 200.0 for place in range(170)]
    assert said(with_traffic(ModelLatency=minutes("ModelLatency", *waves, *[200.0] * 10))) == []


# Scaling


def test_at_the_maximum_and_still_hot_by_requests() -> None:
    on = at_most(2)
    on = replace(
        on, traffic={"main": {"InvocationsPerInstance": minutes("InvocationsPerInstance", *[60.0] * 20, *[91.0] * 12)}}
    )
    ((rule, sentence),) = said(on)
    assert rule == "endpoint-at-maximum"
    assert sentence == "main is at its maximum of 2 and still hot: 91 requests a minute and instance, target 70"
    assert said(replace(on, targets=(replace(on.targets[0], max_capacity=3),))) == []


def test_at_the_maximum_and_still_hot_by_its_processors() -> None:
    on = replace(at_most(2), use={"main": {"CPUUtilization": minutes("CPUUtilization", *[380.0] * 15)}})
    assert [rule for rule, _ in said(on)] == ["endpoint-at-maximum"]
    assert said(replace(on, use={"main": {"CPUUtilization": minutes("CPUUtilization", *[220.0] * 15)}})) == []


def test_at_the_maximum_and_cool_is_no_trouble() -> None:
    assert said(at_most(2)) == []


def test_a_scaling_that_was_suspended_and_forgotten() -> None:
    on = endpoint()
    off = replace(on, targets=(replace(on.targets[0], suspended=Suspended(True, True, True)),))
    assert said(off) == [("endpoint-suspended", "main: scaling is suspended, and nothing has scaled for 9d")]
    recent = ScalingActivity(RESOURCE, NOW - timedelta(hours=2), "Successful")
    assert said(replace(off, activities=(recent,))) == []
    partly = replace(on, targets=(replace(on.targets[0], suspended=Suspended(scale_in=True)),))
    assert said(partly) == [("endpoint-suspended", "main: scaling in is suspended, and nothing has scaled for 9d")]


# Nobody asks, nothing ends


def test_instances_that_nobody_has_asked_for_days() -> None:
    on = endpoint(asked_from_ms=NOW_MS - 3 * 86_400_000, traffic={"main": {}})
    ((rule, sentence),) = said(on)
    assert rule == "endpoint-no-traffic"
    assert sentence == "main has had no request for at least 3d: 144 instance-hours for nothing"
    assert said(replace(on, asked_from_ms=NOW_MS - 3_600_000)) == []
    last = minutes("Invocations", 4.0, *[0.0] * (60 * 50))
    ((_, sentence),) = said(replace(on, traffic={"main": {"Invocations": last}}))
    assert sentence == "main has had no request for 2d2h: 100 instance-hours for nothing"


def test_what_is_new_or_a_shadow_may_wait_for_its_traffic() -> None:
    on = endpoint(asked_from_ms=NOW_MS - 3 * 86_400_000, traffic={"main": {}})
    assert said(replace(on, endpoint=replace(on.endpoint, created=NOW - timedelta(hours=3)))) == []
    shadow = replace(on.endpoint.variants[0], shadow=True)
    assert said(replace(on, endpoint=replace(on.endpoint, variants=(shadow,)))) == []


def test_a_variant_of_inference_components_may_have_its_requests_counted_by_component_alone() -> None:
    on = endpoint(asked_from_ms=NOW_MS - 3 * 86_400_000, traffic={"main": {}})
    holds = replace(on.endpoint.variants[0], model="")
    assert said(replace(on, endpoint=replace(on.endpoint, variants=(holds,)))) == []


def test_an_update_that_does_not_end() -> None:
    on = endpoint()

    def updating(**ago: float) -> EndpointEvidence:
        return replace(on, endpoint=replace(on.endpoint, status="Updating", modified=NOW - timedelta(**ago)))

    assert said(updating(minutes=20)) == []
    assert said(updating(minutes=95)) == [("endpoint-updating", "Updating for 1h35m, since 12:25")]


def test_the_gravest_is_said_first() -> None:
    on = with_traffic(Invocation5XXErrors=minutes("Invocation5XXErrors", *[1.0] * 172, *[25.0] * 8))
    on = replace(on, endpoint=replace(on.endpoint, status="Updating", modified=NOW - timedelta(hours=5)))
    assert [finding.severity for finding in examine_endpoint(on)] == ["critical", "warning"]

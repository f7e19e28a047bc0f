"""One variant that scales, on the emulated AWS, and a guard whose clock a test moves."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from tests.faults import FaultProxy
from tests.moto_server import ACCOUNT, REGION, Moto
from tui.mutations import Change, Guard, Outcome, agree, carry_out, see
from tui.mutations.scaling import ScalingSubject
from tui.sources.aws.clients import Learnt
from tui.sources.aws.source import AwsSource

RANKER = ScalingSubject("ranker-prod", "main")
WHICH = {
    "ServiceNamespace": "sagemaker",
    "ResourceId": "endpoint/ranker-prod/variant/main",
    "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
}


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 22, 14, 3, tzinfo=timezone.utc)

    def __call__(self) -> datetime:
        return self.time

    def move(self, **length: float) -> None:
        self.time += timedelta(**length)


@functools.cache
def scaling_client(moto: Moto) -> Any:
    """A plain boto3 client: making one takes longer than asking it."""
    return moto.client("application-autoscaling")


@dataclass
class World:
    """An endpoint with auto-scaling, and what a person does about it."""

    moto: Moto
    source: AwsSource
    guard: Guard
    clock: Clock

    def see(self) -> Any:
        return see(self.source, RANKER)

    def do(self, plan: Callable[..., Change], *more: Any) -> Outcome:
        """Plan it of what is seen now, agree, and carry it out."""
        change = plan(self.guard, self.see(), *more)
        typed = change.name if change.typed else None
        return carry_out(self.source, self.guard, agree(self.guard, change, yes="y", typed=typed))

    @property
    def target(self) -> Any:
        """The scalable target as a plain boto3 client sees it, None where there is none."""
        found = scaling_client(self.moto).describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]
        return found[0] if found else None

    @property
    def policies(self) -> Any:
        """Its policies, the same way."""
        return scaling_client(self.moto).describe_scaling_policies(ServiceNamespace="sagemaker")["ScalingPolicies"]

    @property
    def flags(self) -> tuple[bool, bool, bool]:
        """Scale out, scale in and scheduled: whether each is suspended."""
        state = self.target["SuspendedState"]
        out, in_, scheduled = (
            state[f"{kind}Suspended"] for kind in ("DynamicScalingOut", "DynamicScalingIn", "ScheduledScaling")
        )
        return out, in_, scheduled

    def set_flags(self, out: bool, in_: bool, scheduled: bool) -> None:
        """Somebody else sets the flags, past sagetop."""
        scaling_client(self.moto).register_scalable_target(
            **WHICH,
            SuspendedState={
                "DynamicScalingOutSuspended": out,
                "DynamicScalingInSuspended": in_,
                "ScheduledScalingSuspended": scheduled,
            },
        )

    @property
    def variant(self) -> Any:
        """moto's own record of the variant: instances and weights."""
        from moto.sagemaker.models import sagemaker_backends

        return sagemaker_backends[ACCOUNT][REGION].endpoints["ranker-prod"].production_variants[0]


@pytest.fixture(scope="session")
def one_source(moto_session: Moto) -> AwsSource:
    """boto3's clients take most of a test's time to make."""
    return AwsSource(moto_session.settings())


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def guard(tmp_path: Path, clock: Clock) -> Guard:
    return Guard(tmp_path / "state", now=clock)


def put_scaling(moto: Moto) -> None:
    """2 to 8 instances on 70 invocations a minute and instance."""
    scaling_client(moto).register_scalable_target(**WHICH, MinCapacity=2, MaxCapacity=8)
    scaling_client(moto).put_scaling_policy(
        **WHICH,
        PolicyName="ranker-prod-main-invocations",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": 70.0,
            "PredefinedMetricSpecification": {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"},
            "ScaleOutCooldown": 60,
            "ScaleInCooldown": 300,
        },
    )


@pytest.fixture
def world(moto: Moto, one_source: AwsSource, guard: Guard, clock: Clock) -> World:
    one_source.clients.learnt = Learnt()
    endpoint = moto.add_endpoint("ranker-prod", EndpointStatus="InService")
    endpoint.production_variants[0].update({"CurrentInstanceCount": 4, "DesiredInstanceCount": 4})
    put_scaling(moto)
    return World(moto, one_source, guard, clock)


@pytest.fixture
def proxy(world: World) -> Iterator[FaultProxy]:
    with FaultProxy(world.moto.url) as proxy:
        yield proxy


@pytest.fixture
def through(world: World, proxy: FaultProxy) -> World:
    """The same, through a proxy that does what networks do."""
    settings = world.moto.settings(endpoint_url=proxy.url, attempts=2, timeout_s=20.0)
    return replace(world, source=AwsSource(settings))

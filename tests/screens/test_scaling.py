"""`A` and `W`: what scales an endpoint and how its traffic is split, and what can be done about both."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.moto_server import ACCOUNT, REGION, Moto
from tests.screens.monitor import Monitor, opened
from tests.screens.test_change import flags, quiet
from tests.screens.world import NOW, RANKER, WorldSource
from tui.config import Folders, Settings
from tui.mutations.suspensions import remembered
from tui.screens.scaling import numbers_of


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(folders=Folders.under(tmp_path))


async def at_the_choices(monitor: Monitor) -> Monitor:
    await monitor.visit(f"endpoint {RANKER}")
    await monitor.until("InService")
    await monitor.press("A")
    return await monitor.until("Auto-scaling of ranker-prod", "enter shows what would be sent")


async def test_every_variant_says_how_it_stands_and_what_can_be_done(world: WorldSource, settings: Settings) -> None:
    async with opened(world, settings=settings) as monitor:
        await at_the_choices(monitor)
        await monitor.until(
            "v12  on  2 – 8",
            "target 70 invocations a minute and instance, out after 1m, in after 5m",
            "suspend, and on again after 2h",
            "v13  none: the number of instances is fixed",
            "set it up: limits and target value…",
        )


async def test_from_the_list_it_is_the_variant_under_the_cursor(world: WorldSource, settings: Settings) -> None:
    async with opened(world, settings=settings) as monitor:
        await monitor.visit("endpoints")
        await monitor.until("REQ/MIN", "v13")
        while "v13" not in monitor.line("▸"):
            await monitor.press("j")
        await monitor.press("A")
        await monitor.until("v13  none: the number of instances is fixed")
        assert "v12  on" not in monitor.text


async def test_suspended_for_two_hours(world: WorldSource, settings: Settings, moto: Moto) -> None:
    async with opened(world, settings=settings) as monitor:
        await at_the_choices(monitor)
        await monitor.press("down", "down", "down", "enter")
        await monitor.until("on again at 2040-01-15 16:03 UTC")
        await quiet(monitor)
        await monitor.press("y")
        await monitor.until("Done: AWS shows it")
        (known,) = remembered(settings.folders.state).values()
        assert known.until is not None
        assert (known.until - NOW).total_seconds() == 7200
        await monitor.press("escape")
        await monitor.press("A")
        await monitor.until("on again at 2040-01-15 16:03 UTC", "resume")
        assert flags(moto) == (True, True, True)


async def test_an_overdue_one_is_said_to_be_and_ended_by_the_monitor_that_opens(
    world: WorldSource, settings: Settings, moto: Moto
) -> None:
    from datetime import timedelta

    from tui.mutations import Guard, agree, carry_out, see
    from tui.mutations.scaling import ScalingSubject
    from tui.mutations.scaling_plans import suspend

    guard = Guard.of(settings, lambda: NOW - timedelta(hours=5))
    change = suspend(guard, see(world, ScalingSubject(RANKER, "v12")), NOW - timedelta(hours=3))
    carry_out(world, guard, agree(guard, change, yes="y"))
    read_only = Settings(folders=settings.folders, read_only=True)
    async with opened(world, settings=read_only) as monitor:
        await monitor.until("read-only")
        await monitor.visit("endpoints")
        await monitor.until(re.compile(f"{RANKER} .* v12 .* overdue "))
        await monitor.visit(f"endpoint {RANKER}")
        await monitor.resize(90, 44)
        await monitor.press("4")
        await monitor.until("OVERDUE: it was to be on again at")
    assert flags(moto) == (True, True, True)
    async with opened(world, settings=settings) as monitor:
        await monitor.until(re.compile("Resume auto-scaling of ranker-prod"))
        assert flags(moto) == (False, False, False)


async def test_limits_and_target_value_are_typed_beside_the_traffic(
    world: WorldSource, settings: Settings, moto: Moto
) -> None:
    async with opened(world, size=(80, 24), settings=settings) as monitor:
        await at_the_choices(monitor)
        await monitor.press(*["down"] * 7, "enter")
        await monitor.until("Set auto-scaling of ranker-prod / v12", "last 3 days, invocations a minute, all instances")
        await monitor.type("x")
        await monitor.press("enter")
        await monitor.until("'x' is no whole number")
        await monitor.press("backspace", "tab")
        await monitor.type("12")
        await monitor.press("enter")
        await monitor.until("min – max", "2 – 8  2 – 12")
        await quiet(monitor)
        await monitor.press("y")
        await monitor.until("Done: AWS shows it")
        found: Any = moto.client("application-autoscaling").describe_scalable_targets(ServiceNamespace="sagemaker")
        assert found["ScalableTargets"][0]["MaxCapacity"] == 12


async def test_weights_and_instances_are_typed(world: WorldSource, settings: Settings) -> None:
    from moto.sagemaker.models import sagemaker_backends

    async with opened(world, size=(80, 24), settings=settings) as monitor:
        await monitor.visit(f"endpoint {RANKER}")
        await monitor.until("InService")
        await monitor.press("W")
        await monitor.until("Weights and instances of ranker-prod", "v12 weight", "v13 instances")
        await monitor.press("enter")
        await monitor.until("nothing is to be changed")
        await monitor.press("tab")
        await monitor.type("0.5")
        await monitor.press("enter")
        await monitor.until("v13 weight", re.compile(r"0\.1 \(9%\) +0\.5 \(33%\)"))
        await quiet(monitor)
        await monitor.press("y")
        await monitor.until("Done: AWS shows it")
        variants = sagemaker_backends[ACCOUNT][REGION].endpoints[RANKER].production_variants
        assert [variant["DesiredWeight"] for variant in variants] == [1.0, 0.5]


async def test_an_endpoint_that_may_not_be_asked_for_says_why(world: WorldSource, settings: Settings) -> None:
    async with opened(world, settings=settings) as monitor:
        await monitor.until("7 jobs")
        from tui.screens.scaling import ScalingScreen

        monitor.app.push_screen(ScalingScreen(monitor.app.context, "nope"))
        await monitor.until("Could not find endpoint")


@pytest.mark.parametrize(
    "typed", [{"low": "-1"}, {"high": "1.5"}, {"target": "x"}, {"metric": "cpu"}, {"out": "²"}, {"in": "1" * 9}]
)
def test_what_is_no_number_is_said(typed: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"is no|is neither"):
        numbers_of(typed)

"""A change before it is sent: all of it to read, no accident that confirms it, and the truth afterwards."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.faults import FaultProxy
from tests.moto_server import Moto
from tests.screens.monitor import Monitor, opened
from tests.screens.snapshot import assert_snapshot
from tests.screens.world import RANKER, RUNNING, WorldSource
from tui.config import Folders, Settings
from tui.mutations import audit
from tui.screens.change import ChangeScreen

OFF, ON = (True, True, True), (False, False, False)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(folders=Folders.under(tmp_path))


def flags(moto: Moto) -> tuple[bool, ...]:
    found: Any = moto.client("application-autoscaling").describe_scalable_targets(ServiceNamespace="sagemaker")
    (target,) = found["ScalableTargets"]
    kinds = ("DynamicScalingOut", "DynamicScalingIn", "ScheduledScaling")
    return tuple(target["SuspendedState"][f"{kind}Suspended"] for kind in kinds)


async def at_the_preview(monitor: Monitor) -> ChangeScreen:
    """From the endpoint to what suspending it would send, read and quiet."""
    await monitor.visit(f"endpoint {RANKER}")
    await monitor.until("InService")
    await monitor.press("A")
    await monitor.until("suspend until somebody resumes it")
    await monitor.press("enter")
    return await quiet(monitor)


async def quiet(monitor: Monitor) -> ChangeScreen:
    """The preview is there, and has been for long enough."""
    await monitor.until(lambda _: isinstance(monitor.app.screen, ChangeScreen))
    screen = monitor.app.screen
    assert isinstance(screen, ChangeScreen)
    await monitor.until(lambda _: screen._armed)
    return screen


# What is there to read


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_the_preview(world: WorldSource, settings: Settings, size: tuple[int, int]) -> None:
    async with opened(world, size=size, settings=settings) as monitor:
        await at_the_preview(monitor)
        await assert_snapshot(monitor, f"change-{size[0]}x{size[1]}")


async def test_where_what_and_the_exact_call_are_there_where_it_is_narrow_too(
    world: WorldSource, settings: Settings
) -> None:
    async with opened(world, size=(80, 24), settings=settings) as monitor:
        await at_the_preview(monitor)
        await monitor.until("ACCOUNT 123456789012   REGION eu-west-1", "instances 3, inside 2 – 8: nothing moves")
        await monitor.press(*["j"] * 20)
        await monitor.until("SuspendedState.ScheduledScalingSuspended  true")


ASKED = ("DescribeEndpoint", "DescribeScalableTargets", "DescribeScalingPolicies", "DescribeScheduledActions")


class Gate(FaultProxy):
    """Once closed, answers nobody before so many have asked."""

    def close_until(self, asked: int) -> None:
        self.asked.clear()
        self.wanted = asked

    wanted = 0

    def _forward(self, request: Any, body: bytes, *, cut: bool) -> None:
        self.until(lambda: sum(self.asked[name] for name in ASKED) >= self.wanted)
        super()._forward(request, body, cut=cut)


async def test_from_the_key_to_the_choices_is_one_round_trip_and_to_the_preview_none(
    world: WorldSource, settings: Settings
) -> None:
    with Gate(str(world.clients.settings.endpoint_url)) as proxy:
        source = WorldSource(replace(world.clients.settings, endpoint_url=proxy.url))
        async with opened(source, settings=settings) as monitor:
            await monitor.visit(f"endpoint {RANKER}")
            await monitor.until("InService", "123456789012")
            monitor.app.screen._poller.pause()  # type: ignore[attr-defined]
            # The endpoint, the targets, two variants' policies and scheduled actions: none waits for another's answer.
            proxy.close_until(6)
            await monitor.press("A")
            await monitor.until("suspend until somebody resumes it")
            proxy.close_until(1000)
            await monitor.press("enter")
            await monitor.until("y sends it")
            proxy.close_until(0)


# Nothing by accident


async def test_keys_that_come_in_a_burst_confirm_nothing(world: WorldSource, settings: Settings, moto: Moto) -> None:
    async with opened(world, settings=settings) as monitor:
        await monitor.visit(f"endpoint {RANKER}")
        await monitor.until("InService")
        await monitor.press("A")
        await monitor.until("suspend until somebody resumes it")
        await monitor.pilot.press("enter", *["y"] * 12)
        screen = await quiet(monitor)
        assert screen.state == "preview"
        assert flags(moto) == ON
        assert audit.entries(settings.folders.state) == []


async def test_escape_leaves_all_as_it_is(world: WorldSource, settings: Settings, moto: Moto) -> None:
    async with opened(world, settings=settings) as monitor:
        await at_the_preview(monitor)
        await monitor.press("escape")
        await monitor.until("suspend until somebody resumes it")
        await monitor.press("escape")
        await monitor.until(f"endpoints ▸ {RANKER}")
        assert flags(moto) == ON
        assert audit.entries(settings.folders.state) == []


async def test_a_protected_name_is_typed_and_y_is_a_letter_of_it(
    world: WorldSource, settings: Settings, moto: Moto
) -> None:
    async with opened(world, settings=replace(settings, protected=("*-prod",))) as monitor:
        screen = await at_the_preview(monitor)
        await monitor.press("y")
        await monitor.press("enter")
        await monitor.until("'y' is not ranker-prod: nothing was sent")
        assert screen.state == "preview"
        await monitor.press("backspace")
        await monitor.type(RANKER)
        await monitor.press("enter")
        await monitor.until("Done: AWS shows it")
        assert flags(moto) == OFF


async def test_a_removal_is_typed_and_names_what_is_lost(world: WorldSource, settings: Settings, moto: Moto) -> None:
    async with opened(world, settings=settings) as monitor:
        await monitor.visit(f"endpoint {RANKER}")
        await monitor.until("InService")
        await monitor.press("A")
        await monitor.until("remove it, policies and all…")
        await monitor.press(*["down"] * 8, "enter")
        await quiet(monitor)
        await monitor.until("REMOVE auto-scaling", "lost: limits 2 – 8, policy invocations")
        assert monitor.app.screen.query_one("#typed").has_focus
        await monitor.press("escape")
        assert flags(moto) == ON


# The truth afterwards


async def test_it_is_sent_read_back_and_shown_until_it_is_dismissed(
    world: WorldSource, settings: Settings, moto: Moto
) -> None:
    async with opened(world, settings=settings) as monitor:
        await at_the_preview(monitor)
        await monitor.press("y")
        await monitor.until("Done: AWS shows it", re.compile(r"scale out +on +suspended"), "in the audit log as")
        assert flags(moto) == OFF
        await monitor.press("j", "y")
        await monitor.until("Done: AWS shows it")
        await monitor.press("escape")
        await monitor.until(f"endpoints ▸ {RANKER}")
        (entry,) = audit.entries(settings.folders.state)
        assert (entry.verdict, entry.intent["confirmed"]) == ("done", "y")


async def test_the_screen_below_shows_it_at_once(world: WorldSource, settings: Settings) -> None:
    async with opened(world, size=(80, 24), settings=settings) as monitor:
        await at_the_preview(monitor)
        await monitor.press("y")
        await monitor.until("Done: AWS shows it")
        await monitor.press("escape")
        await monitor.press("4")
        await monitor.until("scale out, scale in, scheduled")


async def test_u_puts_it_back(world: WorldSource, settings: Settings, moto: Moto) -> None:
    async with opened(world, settings=settings) as monitor:
        await at_the_preview(monitor)
        await monitor.press("y")
        await monitor.until("Done: AWS shows it")
        await monitor.press("escape", "U")
        await monitor.until("Undo: Suspend auto-scaling of ranker-prod / v12")
        await quiet(monitor)
        await monitor.press("y")
        await monitor.until("Done: AWS shows it")
        assert flags(moto) == ON


async def test_where_there_is_nothing_to_undo_it_says_so(world: WorldSource, settings: Settings) -> None:
    async with opened(world, settings=settings) as monitor:
        await monitor.until(RUNNING[:8])
        await monitor.press("U")
        await monitor.until("nothing was changed by sagetop in 123456789012 eu-west-1")
        await monitor.press("escape")
        await monitor.until("7 jobs")


@pytest.fixture
def proxy(world: WorldSource) -> Iterator[FaultProxy]:
    with FaultProxy(world.clients.settings.endpoint_url) as proxy:  # type: ignore[arg-type]
        yield proxy


async def test_what_aws_refuses_is_said_and_stays(
    world: WorldSource, settings: Settings, moto: Moto, proxy: FaultProxy
) -> None:
    source = WorldSource(replace(world.clients.settings, endpoint_url=proxy.url))
    proxy.faults.denied = {"RegisterScalableTarget"}
    async with opened(source, settings=settings) as monitor:
        await at_the_preview(monitor)
        await monitor.press("y")
        await monitor.until(
            "Nothing was changed:", "RegisterScalableTarget is", "ask for", re.compile("failed +RegisterScalableTarget")
        )
        assert flags(moto) == ON


async def test_what_somebody_changed_meanwhile_is_said(world: WorldSource, settings: Settings, moto: Moto) -> None:
    async with opened(world, settings=settings) as monitor:
        await at_the_preview(monitor)
        moto.client("application-autoscaling").register_scalable_target(
            ServiceNamespace="sagemaker",
            ResourceId=f"endpoint/{RANKER}/variant/v12",
            ScalableDimension="sagemaker:variant:DesiredInstanceCount",
            MinCapacity=3,
            MaxCapacity=8,
        )
        await monitor.press("y")
        await monitor.until("Somebody changed it meanwhile: nothing was sent", re.compile(r"2 – 8 +3 – 8"))
        await monitor.press("escape")
        await monitor.until(f"endpoints ▸ {RANKER}")  # not back to choices that are out of date
        assert flags(moto) == ON


# A job


async def test_a_job_is_stopped_from_the_list_and_from_its_screen(
    world: WorldSource, settings: Settings, moto: Moto
) -> None:
    from moto.sagemaker.models import sagemaker_backends

    from tests.moto_server import ACCOUNT, REGION

    async with opened(world, settings=settings) as monitor:
        await monitor.visit(f"job {RUNNING}")
        await monitor.until("● Training")
        await monitor.press("S")
        await monitor.until(f"Stop training job {RUNNING}", "cannot be undone")
        await monitor.press("escape")
        await monitor.visit("jobs")
        await monitor.until("7 jobs")
        await monitor.press("g", "S")
        await monitor.until("Stop training job wav2vec2-base-de-078")
        await quiet(monitor)
        await monitor.press("y")
        await monitor.until("Done: AWS shows it", "it cannot be undone")
        jobs = sagemaker_backends[ACCOUNT][REGION].training_jobs
        assert jobs["wav2vec2-base-de-078"].training_job_status in ("Stopping", "Stopped")
        assert jobs[RUNNING].training_job_status == "InProgress"


async def test_one_that_has_ended_is_not_stopped(world: WorldSource, settings: Settings) -> None:
    async with opened(world, settings=settings) as monitor:
        await monitor.visit("job xgb-churn-nightly-311")
        await monitor.until("✓ Completed")
        await monitor.press("S")
        assert "S stop" not in monitor.text
        assert not isinstance(monitor.app.screen, ChangeScreen)

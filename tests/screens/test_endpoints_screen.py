"""The endpoints screen: what serves, how much, how fast, how often in vain, and what scales it."""

from __future__ import annotations

import re

import pytest

from tests.moto_server import Moto
from tests.screens.monitor import Monitor, opened
from tests.screens.world import RANKER, WorldSource, before
from tui.config import Settings
from tui.widgets.resource_table import ResourceTable


async def at_endpoints(monitor: Monitor) -> Monitor:
    await monitor.visit("endpoints")
    return await monitor.until("REQ/MIN", "6.4%")


def rows(monitor: Monitor) -> list[list[str]]:
    """The cells of each row, from top to bottom."""
    found = (re.split(r" {2,}", line[3:].strip()) for line in monitor.lines[2:-1] if line[3:].strip())
    return [row for row in found if len(row) > 5 and row[0] != "NAME"]


async def test_a_row_for_each_variant_trouble_first_then_the_newest(world: WorldSource) -> None:
    async with opened(world) as monitor:
        await at_endpoints(monitor)
        assert [row[:4] for row in rows(monitor)] == [
            ["search-exp", "✕ Failed", "main", "1"],
            [RANKER, "! InService", "v12", "3"],
            [RANKER, "! InService", "v13", "1"],
            ["tagger-stage", "● Updating", "main", "1"],
            ["embed-stage", "✓ InService", "main", "–"],
        ]
        await monitor.until("✕ 2 in trouble", "4 endpoints", "live")
        await monitor.until(f"! {RANKER}  v12 answers 6.6% of requests with 5XX")
        # Nobody has moved the cursor: it stands on the worst, and not where the newest stood before.
        await monitor.until(lambda _: "search-exp" in monitor.line("▸"))


async def test_traffic_latency_errors_and_scaling_of_a_variant(world: WorldSource) -> None:
    async with opened(world) as monitor:
        await at_endpoints(monitor)
        await monitor.until("2–8 on 70", "55%", "serverless")  # what scales them, and their types, come behind
        v12, v13 = (next(row for row in rows(monitor) if row[2] == name) for name in ("v12", "v13"))
        # Requests in the last whole minute; ms, though CloudWatch counts microseconds; errors over five minutes.
        assert v12[4:11] == ["957", "38.2", "38.2", "0", "6.4%", "55%", "2–8 on 70"]
        assert v13[4:10] == ["96", "38.2", "38.2", "0", "6.4%", "–"]
        assert "serverless" in monitor.line("embed-stage")


async def test_on_a_narrow_screen_the_rows_of_an_endpoint_are_told_apart(world: WorldSource) -> None:
    async with opened(world, size=(80, 24)) as monitor:
        await at_endpoints(monitor)
        await monitor.until(re.compile(f"{RANKER} .* v12 .* 2–8 on 70"), re.compile(f"{RANKER} .* v13 "))


async def test_instances_on_their_way_are_shown_with_an_arrow(world: WorldSource, moto: Moto) -> None:
    endpoint = moto.add_endpoint("scaling-out", created=before(hours=1), EndpointStatus="Updating")
    endpoint.production_variants[0].update({"CurrentInstanceCount": 3, "DesiredInstanceCount": 5})
    async with opened(world) as monitor:
        await at_endpoints(monitor)
        await monitor.until(lambda _: "3 → 5" in monitor.line("scaling-out"))


async def test_suspended_scaling_is_said(world: WorldSource, moto: Moto) -> None:
    moto.client("application-autoscaling").register_scalable_target(
        ServiceNamespace="sagemaker",
        ResourceId=f"endpoint/{RANKER}/variant/v12",
        ScalableDimension="sagemaker:variant:DesiredInstanceCount",
        SuspendedState={
            "DynamicScalingInSuspended": True,
            "DynamicScalingOutSuspended": True,
            "ScheduledScalingSuspended": True,
        },
    )
    async with opened(world) as monitor:
        await at_endpoints(monitor)
        await monitor.until(re.compile(f"{RANKER} .* v12 .* suspended"))


async def test_filter_and_sort(world: WorldSource) -> None:
    async with opened(world) as monitor:
        await at_endpoints(monitor)
        await monitor.press("slash")
        await monitor.paste("status:inservice v13")
        await monitor.until_gone("embed-stage", "search-exp")
        assert {row[0] for row in rows(monitor)} == {RANKER}
        await monitor.press("enter", "escape", "slash")
        await monitor.paste("failed")  # plain text looks at the status too
        await monitor.until_gone("embed-stage", "v13")
        assert [row[0] for row in rows(monitor)] == ["search-exp"]
        await monitor.press("enter", "escape", "s")
        await monitor.until(lambda _: [row[0] for row in rows(monitor)] == sorted(row[0] for row in rows(monitor)))
        assert len(rows(monitor)) == 5


async def test_enter_opens_the_endpoint_of_the_row_and_q_comes_back(world: WorldSource) -> None:
    async with opened(world) as monitor:
        await at_endpoints(monitor)
        await monitor.press("g", "j", "j", "enter")
        await monitor.until(f"endpoints ▸ {RANKER}")
        await monitor.press("q")
        await monitor.until("4 endpoints")
        assert "v13" in monitor.line("▸")


async def test_it_refreshes_by_itself(world: WorldSource, moto: Moto) -> None:
    async with opened(world, settings=Settings(refresh_s=0.05)) as monitor:
        await at_endpoints(monitor)
        moto.add_endpoint("brand-new", created=before(minutes=1), EndpointStatus="Creating")
        await monitor.until("brand-new", "● Creating", "5 endpoints")


async def test_it_says_where_there_are_none(empty: WorldSource) -> None:
    async with opened(empty) as monitor:
        await monitor.visit("endpoints")
        await monitor.until("No endpoints in eu-west-1", "0 endpoints")


async def test_a_fleet_is_listed_page_by_page(empty: WorldSource, moto: Moto, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.screens.endpoints.PAGE_EVERY_S", 0.01)
    for number in range(130):
        moto.add_endpoint(f"endpoint-{number:03}", created=before(minutes=number + 1), EndpointStatus="InService")
    async with opened(empty, size=(80, 24)) as monitor:
        await monitor.visit("endpoints")
        await monitor.until("130 endpoints")
        first = empty.calls
        await monitor.press("r")
        await monitor.until(lambda _: empty.calls > first)
        assert "endpoint-000" in monitor.text


async def test_nothing_is_marked_where_marks_are_of_no_use(world: WorldSource) -> None:
    async with opened(world) as monitor:
        await at_endpoints(monitor)
        assert "space mark" not in monitor.lines[-1]
        await monitor.press("space")
        assert monitor.app.screen.query_one(ResourceTable).marked == frozenset()

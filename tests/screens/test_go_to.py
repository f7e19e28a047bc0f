"""`:` leads to every place by its name."""

from __future__ import annotations

import pytest
from textual import events

from tests.screens.monitor import opened
from tests.screens.world import COMPLETED, RUNNING, WorldSource
from tui.app import Leave
from tui.screens.help import HelpScreen


async def test_it_offers_the_places_and_leads_there(world: WorldSource) -> None:
    async with opened(world) as monitor:
        await monitor.until("7 jobs")
        await monitor.press("colon")
        await monitor.until("jobs  endpoints  local  demo")
        await monitor.type("en")
        await monitor.press("right", "enter")  # the suggestion
        await monitor.until("4 endpoints")
        await monitor.press("colon")
        await monitor.paste("jobs")
        await monitor.press("enter")
        await monitor.until("7 jobs")


async def test_a_job_by_its_name_from_anywhere(world: WorldSource) -> None:
    async with opened(world) as monitor:
        await monitor.visit(f"job {COMPLETED}")
        await monitor.until(f"jobs ▸ {COMPLETED}")
        await monitor.press("colon")
        await monitor.paste(f"job {RUNNING}")
        await monitor.press("enter")
        await monitor.until(f"jobs ▸ {RUNNING}")
        await monitor.press("q")
        await monitor.until(f"jobs ▸ {COMPLETED}")


async def test_what_is_typed_at_once_arrives(world: WorldSource) -> None:
    async with opened(world) as monitor:
        await monitor.until("7 jobs")
        for key in ("colon", *"endpoints", "enter"):
            monitor.app.post_message(events.Key(key, ":" if key == "colon" else key if len(key) == 1 else None))
        await monitor.until("4 endpoints")


async def test_a_colon_in_a_text_is_a_colon(world: WorldSource) -> None:
    async with opened(world) as monitor:
        await monitor.until("7 jobs")
        await monitor.press("slash")
        await monitor.type("status")
        await monitor.press("colon")
        await monitor.type("failed")
        await monitor.until("1 of 7", "/ filter status:failed")
        await monitor.press("escape", "question_mark", "colon")
        await monitor.until("Keys that work here")
        assert isinstance(monitor.app.screen, HelpScreen)  # a dialog wants an answer first


async def test_escape_stays(world: WorldSource) -> None:
    async with opened(world) as monitor:
        await monitor.until("7 jobs")
        await monitor.press("colon", "e", "escape")
        await monitor.until_gone(" : e")
        assert "7 jobs" in monitor.text


async def test_a_place_that_there_is_not(world: WorldSource) -> None:
    async with opened(world) as monitor:
        await monitor.until("7 jobs")
        await monitor.visit("[b]nowhere[/]")
        await monitor.until("There is no place called [b]nowhere[/]")


async def test_a_job_that_there_is_not_leads_back(world: WorldSource) -> None:
    async with opened(world) as monitor:
        await monitor.visit("job nope")
        await monitor.until("there is no training job nope", "7 jobs")


@pytest.mark.parametrize(
    ("place", "leave"),
    [
        ("demo", Leave("demo")),
        ("region us-east-1", Leave("switch", region="us-east-1")),
        ("profile prod", Leave("switch", profile="prod")),
        ("quit", None),
    ],
)
async def test_places_outside(world: WorldSource, place: str, leave: Leave | None) -> None:
    async with opened(world) as monitor:
        await monitor.visit(place)
        assert await monitor.until_left() == leave


async def test_a_region_is_asked_for(world: WorldSource) -> None:
    async with opened(world) as monitor:
        await monitor.press("R")
        await monitor.until("Go on with which region?")
        await monitor.paste("us-east-1")
        await monitor.press("enter")
        assert await monitor.until_left() == Leave("switch", region="us-east-1")


async def test_the_demo_has_neither_profiles_nor_regions(world: WorldSource) -> None:
    async with opened(world, demo=True) as monitor:
        await monitor.press("P")
        await monitor.until("The demo has no profiles and no regions.")

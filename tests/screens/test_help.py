"""`?` tells of every key that works here, and of none that does not."""

from __future__ import annotations

import re

import pytest
from textual.widgets import Static

from tests.screens.monitor import Monitor, opened
from tests.screens.world import RANKER, RUNNING, WorldSource
from tui.config import Settings
from tui.screens.help import HelpScreen

PLACES = ["jobs", "endpoints", f"job {RUNNING}", f"endpoint {RANKER}"]


async def help_lines(monitor: Monitor) -> list[tuple[str, str]]:
    """Keys and words of each line of the help, on screen or scrolled out of it."""
    await monitor.press("question_mark")
    assert isinstance(monitor.app.screen, HelpScreen)
    text = str(monitor.app.screen.query_one(Static).content)
    found = (re.match(r"  (\S.*?)  +(\S.*)", line) for line in text.split("\n"))
    return [(match.group(1), match.group(2)) for match in found if match]


@pytest.mark.parametrize("place", PLACES)
async def test_help_tells_of_every_binding_of_ours_and_of_nothing_else(world: WorldSource, place: str) -> None:
    async with opened(world) as monitor:
        await monitor.visit(place)
        await monitor.until("live")
        active = monitor.app.screen.active_bindings.values()
        bindings = [one.binding for one in active if one.enabled and one.binding.description and one.binding.id]
        lines = await help_lines(monitor)
        told = {key for keys, _ in lines for key in keys.split()}
        assert told == {monitor.app.get_key_display(binding) for binding in bindings}
        words = {words for _, words in lines}
        assert words == {binding.tooltip or binding.description for binding in bindings}


async def test_what_q_does_is_told_as_it_is(world: WorldSource) -> None:
    async with opened(world) as monitor:
        await monitor.until("7 jobs")
        assert ("q", "back or quit") in await help_lines(monitor)


async def test_help_knows_the_keys_that_were_changed(world: WorldSource) -> None:
    async with opened(world, settings=Settings(keys={"screen.filter": "f", "app.quit": "ctrl+q,x"})) as monitor:
        await monitor.until("7 jobs")
        lines = await help_lines(monitor)
        assert ("f", "filter") in lines
        assert not any("/" in keys.split() for keys, _ in lines)


async def test_it_scrolls_and_escape_closes_it(world: WorldSource) -> None:
    async with opened(world, size=(80, 24)) as monitor:
        await monitor.until("7 jobs")
        await monitor.press("question_mark")
        await monitor.until("Keys that work here")
        await monitor.press("end")
        await monitor.until("Every key can be changed by its id")
        await monitor.press("escape")
        await monitor.until("xgb-chur")

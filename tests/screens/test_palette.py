"""`ctrl+p` finds whatever the keys of this screen do."""

from __future__ import annotations

from tests.screens.monitor import Monitor, opened
from tests.screens.world import RUNNING, WorldSource
from tui.commands import SagetopCommands


async def offered(monitor: Monitor) -> set[str]:
    """All commands there are on this screen."""
    provider = SagetopCommands(monitor.app.screen)
    return {str(hit.display) async for hit in provider.discover()}


async def test_it_offers_what_the_bindings_of_the_screen_do(world: WorldSource) -> None:
    async with opened(world) as monitor:
        await monitor.until("7 jobs")
        on_the_list = await offered(monitor)
        assert {"filter", "sort", "open", "refresh", "go to", "help", "light or dark"} <= on_the_list
        await monitor.visit(f"job {RUNNING}")
        await monitor.until("48029")
        on_a_job = await offered(monitor)
        assert {"zoom pane", "wrap", "timestamps"} <= {name.lower() for name in on_a_job}
        assert "sort" not in on_a_job


async def test_a_command_is_found_by_typing_and_does_what_its_key_does(world: WorldSource) -> None:
    async with opened(world) as monitor:
        await monitor.until("7 jobs")
        await monitor.press("ctrl+p")
        await monitor.type("filter")
        await monitor.until("key /")
        await monitor.press("enter")
        await monitor.until("/ filter")


async def test_escape_closes_it(world: WorldSource) -> None:
    async with opened(world) as monitor:
        await monitor.until("7 jobs")
        await monitor.press("ctrl+p")
        await monitor.until("Search for commands")
        await monitor.press("escape")
        await monitor.until_gone("Search for commands")
        await monitor.until("7 jobs", "xgb-churn")

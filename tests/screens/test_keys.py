"""The keys: what they do where no other test says so; each can be changed, and none changes anything on AWS."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
from textual.binding import Binding
from textual.dom import DOMNode
from textual.widgets import Input

from tests.screens.monitor import Monitor, opened
from tests.screens.world import COMPLETED, FAILED, RANKER, RUNNING, WorldSource
from tui.app import Leave
from tui.config import Settings
from tui.screens.every import preload
from tui.sources.aws.clients import SERVICES
from tui.widgets.log_view import LogView
from tui.widgets.resource_table import ResourceTable

PLACES = ("jobs", f"job {RUNNING}", "endpoints", f"endpoint {RANKER}")
LEAVING = {"q", "escape", "ctrl+q", "ctrl+c"}


def classes() -> list[type[DOMNode]]:
    """All of sagetop's classes that may have bindings."""
    preload()
    found, todo = [], [DOMNode]
    while todo:
        kind = todo.pop()
        todo += kind.__subclasses__()
        if kind.__module__.startswith("tui."):
            found.append(kind)
    return found


def own_bindings(kind: type[DOMNode]) -> list[Binding]:
    return [binding for binding in kind.__dict__.get("BINDINGS", ()) if isinstance(binding, Binding)]


def selected(monitor: Monitor) -> str | None:
    return monitor.app.screen.query_one(ResourceTable).selected


async def each_pane(monitor: Monitor, place: str) -> None:
    """Go there, and wait until it is all there."""
    await monitor.visit(place)
    await monitor.until(place.split()[-1])
    await monitor.until_drawn()


# What is bound


def test_every_binding_has_an_id_and_says_what_it_does() -> None:
    seen = 0
    for kind in classes():
        bindings = own_bindings(kind)
        assert len(bindings) == len(kind.__dict__.get("BINDINGS", ())), f"{kind}: a binding without an id"
        ids = Counter(binding.id for binding in bindings)
        for binding in bindings:
            assert binding.id, f"{kind}: {binding.key} has no id"
            assert binding.description, f"{kind}: {binding.id} says nothing"
            assert ids[binding.id] == 1, f"{kind}: {binding.id} is there twice"
        seen += len(bindings)
    assert seen > 80


def test_the_keys_of_tmux_screen_and_the_shell_are_left_alone() -> None:
    keys = {key for kind in classes() for binding in own_bindings(kind) for key in binding.key.split(",")}
    assert not keys & {"ctrl+a", "ctrl+b", "ctrl+z"}


async def test_no_two_keys_of_a_place_are_in_each_others_way(world: WorldSource) -> None:
    async with opened(world) as monitor:
        await monitor.until("GPU 72%")
        for place in PLACES:
            await each_pane(monitor, place)
            for _ in range(4 if " " in place else 1):
                bound: dict[str, list[str]] = {}
                for _, bindings in monitor.app.screen._modal_binding_chain:
                    for key, found in bindings.key_to_bindings.items():
                        bound.setdefault(key, []).extend(binding.id for binding in found if binding.id)
                twice = {key: ids for key, ids in bound.items() if len(ids) > 1}
                # Escape is one thing after the other: clear first, then back.
                assert set(twice) <= {"escape"}, f"{place}, {monitor.app.focused}: {twice}"
                assert not bound.keys() & {"ctrl+a", "ctrl+b", "ctrl+z"}
                await monitor.press("tab")


# What they do


async def test_moving_through_a_list(world: WorldSource) -> None:
    async with opened(world, size=(80, 8)) as monitor:
        await monitor.until(RUNNING[:8])
        table = monitor.app.screen.query_one(ResourceTable)
        order = [table.selected]
        for _ in range(6):
            await monitor.press("j")
            order.append(table.selected)
        assert len(set(order)) == 7
        for key, place in (("k", 5), ("up", 4), ("down", 5), ("g", 0), ("G", 6), ("home", 0), ("end", 6)):
            await monitor.press(key)
            assert table.selected == order[place], key
        for there, back in (("ctrl+u", "ctrl+d"), ("pageup", "pagedown")):
            await monitor.press("G", there)
            assert table.selected not in (order[6], None), there
            await monitor.press("g", back)
            assert table.selected not in (order[0], None), back


async def test_space_marks_in_a_list(world: WorldSource) -> None:
    async with opened(world) as monitor:
        await monitor.until(FAILED)
        before = monitor.line(RUNNING)
        await monitor.press("j", "j", "space", "g")
        await monitor.until(lambda _: monitor.line(RUNNING) != before)
        assert monitor.app.screen.query_one(ResourceTable).marked == {RUNNING}
        await monitor.press("j", "j", "space", "g")
        await monitor.until(lambda _: monitor.line(RUNNING) == before)


async def test_the_keys_of_a_log(world: WorldSource) -> None:
    async with opened(world, size=(80, 24), open_job=RUNNING) as monitor:
        log = monitor.app.screen.query_one(LogView)
        await monitor.until("48029", lambda _: len(log.text.lines) == 60)
        await monitor.press("slash")
        await monitor.type("step 4801")
        await monitor.press("enter")
        await monitor.until("20 of 20", "step 48019")
        await monitor.press("n")  # around
        await monitor.until("1 of 20", "step 48010")
        await monitor.press("N")
        await monitor.until("20 of 20")
        await monitor.press("ampersand")
        await monitor.type("48017")
        await monitor.press("enter")
        await monitor.until_gone("step 48016")
        await monitor.until("step 48017")
        await monitor.press("escape", "escape")
        await monitor.until("step 48018")
        await monitor.press("t")
        await monitor.until("13:50:00Z")  # it is told which time that is


async def test_the_keys_of_a_chart(world: WorldSource) -> None:
    async with opened(world, size=(80, 24), open_job=RUNNING) as monitor:
        await monitor.until("● Training")
        await monitor.press("2")
        await monitor.until("2 metrics", "GPU 72%", "13:30")
        await monitor.until_drawn()

        def curves() -> list[str]:
            return monitor.lines[6:-1]

        whole = curves()
        for key in ("plus", "equals_sign", "L", "less_than_sign"):
            await monitor.press(key)
            await monitor.until(lambda _: curves() != whole)
            await monitor.press("L" if key == "L" else "escape" if key == "less_than_sign" else "0")
            await monitor.until(lambda _: curves() == whole)


async def test_escape_and_q_go_back_and_q_ends_at_the_root(world: WorldSource) -> None:
    async with opened(world) as monitor:
        await monitor.until(FAILED)
        for back in ("escape", "q"):
            await monitor.visit(f"job {COMPLETED}")
            await monitor.until(f"jobs ▸ {COMPLETED}")
            await monitor.press(back)
            await monitor.until("7 jobs")
        await monitor.press("escape")
        await monitor.until("7 jobs")  # there is nothing to go back to, and it does not end
        await monitor.press("q")
        assert await monitor.until_left() is None
        assert monitor.app.return_code == 0


async def test_ctrl_c_ends_it_wherever_one_is(world: WorldSource) -> None:
    async with opened(world) as monitor:
        await monitor.until(FAILED)
        await monitor.press("colon")
        await monitor.press("ctrl+c")
        await monitor.until_left()
        assert monitor.app.return_code == 130


@pytest.mark.parametrize(
    ("key", "name", "leave"),
    [("P", "research", Leave("switch", profile="research")), ("R", "us-west-2", Leave("switch", region="us-west-2"))],
)
async def test_another_profile_or_region(world: WorldSource, key: str, name: str, leave: Leave) -> None:
    async with opened(world) as monitor:
        await monitor.until(FAILED)
        await monitor.press(key)
        await monitor.until("Go on with which")
        await monitor.press("escape")
        await monitor.until_gone("Go on with which")
        await monitor.press(key)
        await monitor.type(name)
        await monitor.press("enter")
        assert await monitor.until_left() == leave


async def test_the_demo_has_neither(world: WorldSource) -> None:
    async with opened(world, demo=True) as monitor:
        await monitor.until(FAILED, "demo")
        await monitor.press("P")
        await monitor.until("The demo has no profiles and no regions.")


# They can be changed


async def test_a_key_is_changed_by_its_id(world: WorldSource) -> None:
    keys = {"table.down": "n", "app.help": "f2", "screen.filter": "x"}
    async with opened(world, settings=Settings(keys=keys)) as monitor:
        await monitor.until(FAILED, "x filter", "f2 help")
        first = selected(monitor)
        await monitor.press("j", "down")
        assert selected(monitor) == first
        await monitor.press("n")
        assert selected(monitor) != first
        await monitor.press("f2")
        await monitor.until("Keys that work here")


async def test_an_id_that_does_not_exist_is_named(world: WorldSource) -> None:
    async with opened(world, settings=Settings(keys={"table.dwon": "n", "table.up": "p"})) as monitor:
        await monitor.until("[keys] in config.toml names what is no binding:", "table.dwon")
        assert "table.up" not in monitor.text


# They change nothing


@pytest.fixture
def operations(world: WorldSource) -> Iterator[list[str]]:
    """The operations that AWS is asked for."""
    asked: list[str] = []

    def note(**event: object) -> None:
        asked.append(str(getattr(event["model"], "name", "")))

    for service in SERVICES:
        world.clients.client(service).meta.events.register("before-call", note, unique_id="noted")
    yield asked
    for service in SERVICES:
        world.clients.client(service).meta.events.unregister("before-call", unique_id="noted")


@pytest.mark.parametrize("place", PLACES)
async def test_no_key_changes_anything_on_aws(world: WorldSource, operations: list[str], place: str) -> None:
    async with opened(world, size=(80, 24)) as monitor:
        await monitor.until("GPU 72%")
        await each_pane(monitor, place)
        screen = monitor.app.screen
        pressed: set[str] = set()
        for _ in range(4 if " " in place else 1):
            focused = monitor.app.focused
            for key in sorted(set(screen.active_bindings) - LEAVING - pressed):
                pressed.add(key)
                await monitor.pilot.press(key)
                if isinstance(monitor.app.focused, Input):
                    await monitor.press("escape")
                while len(monitor.app.screen_stack) > 1 and monitor.app.screen is not screen:
                    monitor.app.pop_screen()
                    await monitor.pilot.pause()
                if monitor.app.screen is not screen:
                    await each_pane(monitor, place)
                    screen = monitor.app.screen
                elif focused is not None and focused.is_on_screen:
                    focused.focus()
            await monitor.press("tab")
        assert len(pressed) > 25
        assert {"ListTrainingJobs"} <= set(operations)
        assert {
            name for name in operations if not name.startswith(("List", "Describe", "Get", "Search", "Filter"))
        } == set()

"""The keys of the house: each does what it says, each may be changed, no two get in each other's way."""

from __future__ import annotations

import re
from collections import defaultdict

import pytest

from tests.screens.monitor import Monitor, opened
from tests.screens.world import COMPLETED, FAILED, RANKER, RUNNING, WorldSource
from tui.config import Settings
from tui.widgets.chart import Chart
from tui.widgets.log_view import LogView
from tui.widgets.resource_table import ResourceTable


def selected(monitor: Monitor) -> str | None:
    return monitor.app.screen.query_one(ResourceTable).selected


def log(monitor: Monitor) -> LogView:
    return monitor.app.screen.query_one(LogView)


def chart(monitor: Monitor) -> Chart:
    return monitor.app.screen.query_one(Chart)


async def test_keys_of_a_list(world: WorldSource) -> None:
    async with opened(world) as monitor:
        await monitor.until("GPU 72%")
        for keys, wanted in (
            (("j", "down"), RUNNING),
            (("k",), "mnist-keras-298"),
            (("up",), "wav2vec2-base-de-078"),
            (("G",), "forecast-lstm-105"),
            (("g",), "wav2vec2-base-de-078"),
            (("ctrl+d",), "forecast-lstm-105"),
            (("ctrl+u",), "wav2vec2-base-de-078"),
            (("end",), "forecast-lstm-105"),
            (("home", "j", "j", "j"), FAILED),
        ):
            await monitor.press(*keys)
            assert selected(monitor) == wanted, keys
        await monitor.press("space")
        assert monitor.app.screen.query_one(ResourceTable).marked == {FAILED}
        await monitor.press("space", "s")
        assert monitor.app.screen.query_one(ResourceTable).marked == frozenset()
        assert monitor.app.screen.query_one(ResourceTable).order == ("name", False)
        await monitor.press("Y")
        await monitor.until(f'"name": "{FAILED}"')
        await monitor.press("escape", "slash")
        await monitor.until("/ filter")
        await monitor.press("escape", "enter")
        await monitor.until(f"jobs ▸ {FAILED}")
        await monitor.press("escape")
        await monitor.until("7 jobs")
        await monitor.press("q")
        assert await monitor.until_left() is None


async def test_keys_of_a_log(world: WorldSource) -> None:
    async with opened(world, size=(80, 24), open_job=RUNNING) as monitor:
        await monitor.until("14:02:01 2")
        await monitor.until(lambda _: len(log(monitor).text.lines) == 60)
        await monitor.press("space")
        assert not log(monitor).following
        await monitor.press("G")
        assert log(monitor).following
        await monitor.press("g")
        await monitor.until("step 48000")
        await monitor.press("t")
        await monitor.until_gone("13:33:00 1")
        await monitor.press("slash")
        await monitor.paste("48020")
        await monitor.press("enter")
        await monitor.until("step 48020", re.compile(r"1 of 2|1/2|2 hits"))
        before = log(monitor).text.cursor
        await monitor.press("n")
        assert log(monitor).text.cursor == before + 1  # the other host's line
        await monitor.press("N")
        assert log(monitor).text.cursor == before
        await monitor.press("up")
        assert log(monitor).text.cursor == before - 1
        await monitor.press("ampersand")
        await monitor.paste("48001")
        await monitor.press("enter")
        await monitor.until(lambda _: len(log(monitor).text.lines) == 2)
        await monitor.press("escape", "escape")
        await monitor.until(lambda _: len(log(monitor).text.lines) == 60)
        assert "jobs ▸" in monitor.text  # what was asked for is let go of before the screen is
        await monitor.press("w")
        assert log(monitor).text.setting.wrap


async def test_e_leads_to_errors(world: WorldSource) -> None:
    async with opened(world, size=(80, 24), open_job=FAILED) as monitor:
        await monitor.until("OutOfMemoryError", "complete")
        await monitor.press("g", "e")
        assert log(monitor).text.cursor == 2


async def test_keys_of_a_chart(world: WorldSource) -> None:
    async with opened(world, size=(80, 24), open_job=RUNNING) as monitor:
        await monitor.press("2")  # the keys are the chart's as soon as it is there
        await monitor.until("train ● 1.04")
        await monitor.until_drawn()
        assert chart(monitor).has_focus
        whole = chart(monitor).view
        assert whole is not None
        await monitor.press("plus")
        await monitor.until("zoomed")
        zoomed = chart(monitor).view
        assert zoomed is not None
        assert zoomed.end - zoomed.start == pytest.approx((whole.end - whole.start) / 2)
        await monitor.press("shift+left")
        panned = chart(monitor).view
        assert panned is not None
        assert panned.start < zoomed.start
        await monitor.press("minus", "0")
        await monitor.until_gone("zoomed")
        await monitor.press("equals_sign")
        await monitor.until("zoomed")
        await monitor.press("underscore", "0", "L")
        await monitor.until("━━ log, 3m old ━━")
        await monitor.press("left")
        assert chart(monitor).cursor is not None
        await monitor.press("greater_than_sign")
        highest = chart(monitor).cursor
        await monitor.press("less_than_sign")
        assert highest is not None
        assert (chart(monitor).cursor or 0) > highest  # a loss falls
        await monitor.press("escape")
        assert chart(monitor).cursor is None
        assert "jobs ▸" in monitor.text


async def test_ctrl_c_ends_it_from_anywhere(world: WorldSource) -> None:
    async with opened(world, open_job=COMPLETED) as monitor:
        await monitor.until("train-rmse")
        await monitor.press("question_mark", "ctrl+c")
        await monitor.until_left()


async def test_tab_gives_the_keys_to_the_next_pane(world: WorldSource) -> None:
    async with opened(world, open_job=RUNNING) as monitor:
        await monitor.until("━━ 1 log ━━", "train ● 1.04")
        await monitor.press("tab")
        await monitor.until("━━ 2 metrics ━━")
        await monitor.press("tab")
        await monitor.until("━━ 3 hosts ━━")
        await monitor.press("tab")
        await monitor.until("━━ 1 log ━━")
        await monitor.press("shift+tab")
        await monitor.until("━━ 3 hosts ━━")


# Changed by their ids


async def test_every_key_can_be_changed_by_its_id(world: WorldSource) -> None:
    keys = {"table.down": "x", "screen.filter": "f", "app.go": "ctrl+g", "app.quit": "Q"}
    async with opened(world, settings=Settings(keys=keys)) as monitor:
        await monitor.until("GPU 72%")
        await monitor.press("j", "slash", "colon", "q")  # mean nothing any more
        assert selected(monitor) == "wav2vec2-base-de-078"
        await monitor.press("x", "x")
        assert selected(monitor) == RUNNING
        await monitor.press("f")
        await monitor.until("/ filter")
        await monitor.press("escape", "ctrl+g")
        await monitor.until(" : ")
        await monitor.press("escape", "Q")
        await monitor.until_left()


async def test_a_name_in_the_settings_that_is_no_binding_is_told(world: WorldSource) -> None:
    async with opened(world, settings=Settings(keys={"jobs.no-such-thing": "x"})) as monitor:
        await monitor.until("jobs.no-such-thing")


# Kept apart


PLACES = ["jobs", "endpoints", f"job {RUNNING}", f"endpoint {RANKER}"]
SHADOWED = {
    "escape": "a widget lets go of what it holds, then the screen goes back",
    "ctrl+c": "the program's end has priority over Textual's copy",
    "left": "a chart's cursor rather than the scrolling of what holds the charts",
    "right": "a chart's cursor rather than the scrolling of what holds the charts",
}


@pytest.mark.parametrize("place", PLACES)
async def test_no_key_means_two_things_at_one_place(world: WorldSource, place: str) -> None:
    async with opened(world) as monitor:
        await monitor.visit(place)
        await monitor.until("live")
        for widget in monitor.app.screen.focus_chain:
            widget.focus()
            await monitor.pilot.pause()
            meanings: dict[str, set[str]] = defaultdict(set)
            for node in widget.ancestors_with_self:
                for key, bindings in node._bindings.key_to_bindings.items():
                    meanings[key] |= {f"{type(node).__name__}: {binding.action}" for binding in bindings}
            assert {key for key, found in meanings.items() if len(found) > 1} <= SHADOWED.keys(), meanings
            assert not meanings.keys() & {"ctrl+a", "ctrl+b", "ctrl+z"}  # tmux, screen and the shell have them


async def test_all_bindings_have_an_id_and_words() -> None:
    from textual.binding import Binding
    from textual.dom import DOMNode

    from tui.screens import later

    later.preload()
    classes: list[type[DOMNode]] = [DOMNode]
    while classes:
        kind = classes.pop()
        classes += kind.__subclasses__()
        if kind.__module__.startswith("tui."):
            for binding in kind.__dict__.get("BINDINGS", ()):
                assert isinstance(binding, Binding), (kind, binding)
                assert binding.id, (kind, binding)
                assert binding.description, (kind, binding)

"""Several charts together: one cursor, one axis, one smoothing, three arrangements; and charts as text."""

from __future__ import annotations

import math
from array import array
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timezone
from pathlib import Path

import pytest
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from tests.patience import PATIENCE_S
from tui.model.groups import grouped
from tui.model.markers import Marker
from tui.model.series import Series
from tui.widgets.chart import Chart
from tui.widgets.chart_stack import ChartStack

START_MS = 1_795_334_400_000  # 2026-11-22 08:00 UTC
MINUTE = 60_000
COUNT = 181


def series(name: str, size: float = 4.0, *, every: int = 1, steps: bool = False, source: str = "log") -> Series:
    """Falling from `size` in three hours; where asked for, a hundred steps a minute."""
    moments = range(0, COUNT, every)
    return Series(
        name,
        array("q", [START_MS + MINUTE * minute for minute in moments]),
        array("d", [size * math.exp(-minute / 60) for minute in moments]),
        source,
        steps=array("d", [minute * 100.0 for minute in moments] if steps else []),
    )


LOSSES = (series("train:loss", steps=True), series("validation:loss", 5.0, every=6, steps=True))
RATE = series("learning_rate", 3e-4, source="cloudwatch")


class Stack(App[None]):
    """A stack, and what it says."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ChartStack()
        self.cursor: list[int | None] = []

    def compose(self) -> ComposeResult:
        yield self.stack

    def on_chart_stack_cursor_moved(self, message: ChartStack.CursorMoved) -> None:
        assert message.control is self.stack
        self.cursor.append(message.time_ms)

    @property
    def charts(self) -> list[Chart]:
        return list(self.query(Chart))

    @property
    def lines(self) -> list[str]:
        strips = self.screen._compositor.render_strips()
        return ["".join(segment.text for segment in strip) for strip in strips]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    @property
    def rules(self) -> list[str]:
        return [chart.as_text().split("\n")[0] for chart in self.charts]


async def settled(app: Stack, pilot: Pilot[None]) -> None:
    """Wait until all that was asked for is on screen."""
    waited = 0.0
    await pilot.pause()
    while not all(chart.is_drawn for chart in app.charts):
        assert waited < PATIENCE_S
        await pilot.pause(0.01)
        waited += 0.01
    await pilot.pause()


@asynccontextmanager
async def shown(
    what: Sequence[Series], size: tuple[int, int] = (80, 30), *, markers: Sequence[Marker] = ()
) -> AsyncIterator[tuple[Stack, Pilot[None]]]:
    app = Stack()
    async with app.run_test(size=size) as pilot:
        app.stack.show(grouped(what), zone=timezone.utc, markers=markers)
        await settled(app, pilot)
        app.charts[0].focus()
        await settled(app, pilot)
        yield app, pilot


async def press(app: Stack, pilot: Pilot[None], *keys: str) -> None:
    await pilot.press(*keys)
    await settled(app, pilot)


# One cursor


async def test_the_cursor_of_one_chart_is_that_of_all() -> None:
    async with shown([*LOSSES, RATE]) as (app, pilot):
        await press(app, pilot, "left", "left")
        newest = START_MS + 180 * MINUTE
        assert app.cursor[0] == newest
        assert {chart.cursor for chart in app.charts} == {app.cursor[1]}
        assert app.cursor[1] is not None
        assert app.cursor[1] < newest
        await press(app, pilot, "escape")
        assert app.cursor[2] is None
        assert {chart.cursor for chart in app.charts} == {None}


async def test_a_moment_from_outside_is_not_sent_back() -> None:
    async with shown([*LOSSES, RATE]) as (app, pilot):
        app.stack.set_cursor(START_MS + 30 * MINUTE)
        await settled(app, pilot)
        assert all("08:30:00" in rule for rule in app.rules)
        assert app.cursor == []


async def test_a_chart_that_comes_later_has_the_cursor_too() -> None:
    async with shown(LOSSES) as (app, pilot):
        app.stack.set_cursor(START_MS + 30 * MINUTE)
        app.stack.show(grouped([*LOSSES, RATE]), zone=timezone.utc)
        await settled(app, pilot)
        assert len(app.rules) == 2
        assert "08:30:00" in app.rules[1]


# Other axes


async def test_an_axis_of_steps_is_offered_only_where_there_are_steps() -> None:
    async with shown([RATE]) as (app, pilot):
        assert "x" not in app.screen.active_bindings
        await press(app, pilot, "x")
        assert "08:00" in app.text
    async with shown(LOSSES) as (app, pilot):
        assert "x" in app.screen.active_bindings
        await press(app, pilot, "x")
        assert app.stack.words == ("by step",)
        assert app.lines[-1].split() == ["0", "2.5k", "5.0k", "7.5k", "10.0k", "12.5k", "15.0k", "17.5k"]
        await press(app, pilot, "x")
        assert app.stack.words == ()
        assert "08:00" in app.text


async def test_what_names_no_step_says_so_and_keeps_its_place() -> None:
    both = [series("train:loss"), LOSSES[1]]
    async with shown([*both, RATE]) as (app, pilot):
        await press(app, pilot, "x")
        assert "train ● –" in app.rules[0]
        assert "validation ▲ " in app.rules[0]
        assert "no step: train" in app.rules[0]
        assert "08:00" in app.lines[-1]  # the learning rate stays along time


async def test_one_cursor_on_different_axes() -> None:
    async with shown([*LOSSES, RATE], (80, 40)) as (app, pilot):
        await press(app, pilot, "x")
        app.stack.set_cursor(START_MS + 60 * MINUTE)
        await settled(app, pilot)
        assert "step 6,000 ━" in app.rules[0]
        assert "09:00:00 ─" in app.rules[1]
        await press(app, pilot, "left")
        assert app.cursor[-1] is not None
        assert app.charts[1].cursor == app.cursor[-1]
        assert app.charts[0].cursor == (app.cursor[-1] - START_MS) / MINUTE * 100 * 1000


async def test_markers_are_at_the_step_of_their_moment() -> None:
    checkpoint = Marker(START_MS + 90 * MINUTE, "checkpoint")
    async with shown(LOSSES, (80, 20), markers=[checkpoint]) as (app, pilot):
        before = app.lines[-2].index("┻ checkpoint ")
        await press(app, pilot, "x")
        assert abs(app.lines[-2].index("┻ checkpoint ") - before) <= 1


async def test_nan_and_gaps_stay_along_steps() -> None:
    values = array("d", [math.nan if 20 <= n < 30 else 2.0 for n in range(60)])
    steps = array("d", [float(n if n < 40 else n + 6000) for n in range(60)])
    broken = Series("loss", array("q", [START_MS + MINUTE * n for n in range(60)]), values, "log", steps=steps)
    async with shown([broken], (80, 12)) as (app, pilot):
        assert app.lines[-2].count("×") > 5
        await press(app, pilot, "x", "right_parenthesis")
        assert app.lines[-2].count("×") >= 1
        curve = next(line for line in app.lines[1:-2] if any("⠀" < character <= "⣿" for character in line))
        assert " " * 60 in curve.split("┤")[-1].split("│")[-1]  # the pause between the two parts


# Smoothing


async def test_smoothing_goes_by_steps_for_all_charts_and_is_said() -> None:
    async with shown([*LOSSES, RATE]) as (app, pilot):
        for weight in ("0.6", "0.9", "0.98", "0.98"):
            await press(app, pilot, "right_parenthesis")
            assert all(f"smoothed {weight} " in rule for rule in app.rules)
        for _ in range(4):
            await press(app, pilot, "left_parenthesis")
        assert not any("smoothed" in rule for rule in app.rules)


async def test_a_chart_that_comes_later_is_smoothed_too() -> None:
    async with shown(LOSSES) as (app, pilot):
        await press(app, pilot, "right_parenthesis")
        app.stack.show(grouped([*LOSSES, RATE]), zone=timezone.utc)
        await settled(app, pilot)
        assert all("smoothed 0.6" in rule for rule in app.rules)


# Arrangements


async def test_grouped_then_each_on_its_own_then_overlaid_and_back() -> None:
    async with shown([*LOSSES, RATE]) as (app, pilot):
        grouped_text = app.text
        await press(app, pilot, "o")
        assert [rule.split()[1] for rule in app.rules] == ["train:loss", "validation:loss", "learning_rate"]
        assert app.stack.words == ("each on its own",)
        assert app.charts[0].has_focus
        await press(app, pilot, "o")
        assert ["train ●" in rule or "train:loss" in rule for rule in app.rules] == [True, False]
        assert app.stack.words == ("overlaid by unit and magnitude",)
        await press(app, pilot, "o")
        assert app.stack.words == ()
        assert app.text == grouped_text


async def test_small_multiples_stand_side_by_side_where_there_is_room() -> None:
    many = [series(f"metric_{number}") for number in range(6)]
    async with shown(many, (160, 30)) as (app, pilot):
        await press(app, pilot, "o")
        assert {chart.region.x for chart in app.charts} == {0, 53, 107}
        assert {chart.region.height for chart in app.charts} == {15}
        assert all(f"metric_{number}" in app.text for number in range(6))
    async with shown(many, (80, 30)) as (app, pilot):
        await press(app, pilot, "o")
        assert {chart.region.x for chart in app.charts} == {0}


async def test_a_zoom_outlives_new_data_but_not_another_arrangement() -> None:
    async with shown([*LOSSES, RATE]) as (app, pilot):
        await press(app, pilot, "plus")
        app.stack.show(grouped([*LOSSES, RATE]), zone=timezone.utc)
        await settled(app, pilot)
        assert "zoomed" in app.rules[0]
        await press(app, pilot, "o")
        assert not any("zoomed" in rule for rule in app.rules)


async def test_the_keys_go_from_chart_to_chart_in_their_order() -> None:
    async with shown([RATE, *LOSSES]) as (app, pilot):
        assert "learning_rate" in app.rules[0]
        await press(app, pilot, "j")
        assert app.charts[1].has_focus
        await press(app, pilot, "j", "k")
        assert app.charts[0].has_focus


# Sources


async def test_a_source_is_said_where_the_charts_come_from_several() -> None:
    async with shown([*LOSSES, RATE], (100, 30)) as (app, _):
        assert "━━ log ━" in app.rules[0]
        assert "── cloudwatch ─" in app.rules[1]
    async with shown(LOSSES, (100, 30)) as (app, _):
        assert "log" not in app.rules[0]
    both = [LOSSES[0], series("train:loss", source="cloudwatch")]
    async with shown(both, (100, 30)) as (app, _):
        assert "train:loss ━━ log ● 0.1991  cloudwatch ▲ 0.1991 ━" in app.rules[0]


# As text


async def test_a_chart_is_saved_as_the_text_on_screen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    async with shown([*LOSSES, RATE]) as (app, pilot):
        await press(app, pilot, "j")
        seen = [line.rstrip() for line in app.lines[15:]]
        await press(app, pilot, "s")
        assert "save to learning_rate.txt" in app.lines[-1]
        await press(app, pilot, "enter")
        await until(pilot, Path("learning_rate.txt").exists)
        await until(pilot, lambda: "Saved the chart to learning_rate.txt" in notices(app))
        assert Path("learning_rate.txt").read_text("utf-8") == "\n".join(seen) + "\n"
        await press(app, pilot, "s", "enter")
        await until(pilot, lambda: "Not saved" in notices(app))


async def test_saving_can_be_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    async with shown(LOSSES) as (app, pilot):
        await press(app, pilot, "s", "escape")
        assert app.charts[0].has_focus
        assert not list(tmp_path.glob("*.txt"))


async def test_the_name_of_the_file_is_made_of_a_hostile_title(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    async with shown([series("../\x1b]0;x\x07train/loss %")]) as (app, pilot):
        await press(app, pilot, "s")
        assert "save to train-loss.txt" in app.lines[-1]


async def test_a_chart_is_copied_as_text() -> None:
    async with shown(LOSSES, (80, 12)) as (app, pilot):
        seen = "\n".join(line.rstrip() for line in app.lines)
        await press(app, pilot, "y")
        assert app.clipboard == seen


def notices(app: Stack) -> str:
    return "\n".join(notice.message for notice in app._notifications)


async def until(pilot: Pilot[None], holds: object) -> None:
    assert callable(holds)
    waited = 0.0
    while not holds():
        assert waited < PATIENCE_S
        await pilot.pause(0.01)
        waited += 0.01

"""The metric-definition workshop: what one writes is tried on the job's real log at once, kept, and copied out."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.widgets import Input, OptionList

from tests.moto_server import Moto
from tests.screens.monitor import Monitor, opened
from tests.screens.snapshot import assert_snapshot
from tests.screens.world import COMPLETED, RUNNING, WorldSource, before, put_log
from tui.config import Folders, Settings
from tui.model.jobs import MetricDefinition
from tui.screens.workshop import WorkshopScreen
from tui.screens.workshop_parts import Lines
from tui.watch.kept import FILE, keep_definition, kept_definitions
from tui.widgets.log_view import LogView


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(folders=Folders.under(tmp_path))


@asynccontextmanager
async def workshop(
    world: WorldSource, settings: Settings, job: str = RUNNING, size: tuple[int, int] = (120, 36), lines: int = 60
) -> AsyncIterator[Monitor]:
    """The workshop of a job, so many lines of its log read."""
    async with opened(world, settings=settings, open_job=job, size=size) as monitor:
        await monitor.until(lambda _: any(len(view.buffer) >= lines for view in monitor.app.screen.query(LogView)))
        await monitor.press("m")
        await monitor.until("metric definitions", "── definitions ──", "job's")
        yield monitor


def screen_of(monitor: Monitor) -> WorkshopScreen:
    screen = monitor.app.screen
    assert isinstance(screen, WorkshopScreen)
    return screen


async def write(monitor: Monitor, name: str, regex: str) -> None:
    screen = screen_of(monitor)
    screen.query_one("#name", Input).value = name
    screen.query_one("#regex", Input).value = regex
    await monitor.pilot.pause()


async def to_the_lines(monitor: Monitor) -> None:
    """Done with typing: the keys are the screen's."""
    screen_of(monitor).query_one("#hits").query_one(Lines).focus()
    await monitor.until("s keep…")


async def test_what_is_typed_is_tried_at_once(world: WorldSource, settings: Settings) -> None:
    async with workshop(world, settings) as monitor:
        await monitor.type("step 4802[0-9] train_loss=([0-9.]")
        await monitor.until("character 27: ", "this ( is never closed")
        await monitor.type("+)")
        await monitor.until("lines match", "values, the last ", "14:02:01 Epoch 12/40 step 48029")
        outcome = screen_of(monitor).outcome
        assert outcome.matched == len(outcome.series) == 20


async def test_the_captured_part_is_lit(world: WorldSource, settings: Settings) -> None:
    async with workshop(world, settings) as monitor:
        await write(monitor, "step", r"step (\d+9)\b")
        await monitor.until("48029")
        lit = {
            segment.text
            for strip in monitor.app.screen._compositor.render_strips()
            for segment in strip
            if segment.style is not None and segment.style.reverse
        }
        assert {"48029", "48019", "48009"} <= lit
        assert not any("Epoch" in text for text in lit)


async def test_lines_that_nearly_match_are_shown_and_said(world: WorldSource, settings: Settings) -> None:
    async with workshop(world, settings) as monitor:
        await write(monitor, "loss", r"Train_Loss: ([0-9.]+)")
        await monitor.until("0 lines match", "60 with “Train_Loss” that do not match", "Epoch 12/40 step 48029")


async def test_a_definition_of_the_job_is_taken_to_be_edited(world: WorldSource, settings: Settings) -> None:
    async with workshop(world, settings) as monitor:
        await monitor.press("tab", "enter")
        await monitor.until(r"train_loss=(\S+)", "train:loss")
        screen = screen_of(monitor)
        assert screen.query_one("#name", Input).value == "train:loss"
        assert screen.focused is screen.query_one("#regex", Input)
        assert [entry.origin for entry in screen.entries[:2]] == ["job", "job"]


async def test_common_formats_of_the_log_are_offered(world: WorldSource, settings: Settings, moto: Moto) -> None:
    lines = [f"epoch {row} - loss: 0.{90 - row} - val_loss: 0.{95 - row}" for row in range(20)]
    put_log(moto, COMPLETED, "algo-1", [(before(hours=7, seconds=90 - at), line) for at, line in enumerate(lines)])
    async with workshop(world, settings, COMPLETED, lines=21) as monitor:
        found = [entry.definition for entry in screen_of(monitor).entries if entry.origin == "recognised"]
        assert {"loss", "val_loss"} <= {definition.name for definition in found}
        place = [entry.definition.name for entry in screen_of(monitor).entries].index("val_loss")
        options = screen_of(monitor).query_one(OptionList)
        options.highlighted = place
        options.focus()
        await monitor.press("enter")
        await monitor.until("20 lines match, 20 values, the last 0.76")


async def test_a_pattern_that_would_hang_it_is_switched_off(world: WorldSource, settings: Settings, moto: Moto) -> None:
    put_log(moto, COMPLETED, "algo-1", [(before(hours=7), "a" * 4000 + "!")])
    async with workshop(world, settings, COMPLETED, lines=2) as monitor:
        await write(monitor, "a", "((a+)+)$")
        await monitor.until("switched off: over 200 ms on one line")
        await write(monitor, "a", "a(a)a")
        await monitor.until("1 line matches")


async def test_kept_for_this_job_it_is_used_for_the_charts_at_once(world: WorldSource, settings: Settings) -> None:
    async with workshop(world, settings) as monitor:
        await write(monitor, "speed", r"step (\d+)")
        await monitor.until("60 values")
        await to_the_lines(monitor)
        await monitor.press("s")
        await monitor.until(f"keep for {RUNNING}")
        await monitor.press("enter")
        await monitor.until("Kept speed for", re_kept)
        assert kept_definitions(settings.folders.config, RUNNING) == (MetricDefinition("speed", r"step (\d+)"),)
        await monitor.press("escape", "tab", "z")
        await monitor.until("── speed ──")


def re_kept(text: str) -> bool:
    return any("speed" in line and " kept" in line for line in text.split("\n"))


async def test_kept_for_jobs_of_a_pattern_and_forgotten(world: WorldSource, settings: Settings) -> None:
    folder = settings.folders.config
    async with workshop(world, settings) as monitor:
        await write(monitor, "speed", r"step (\d+)")
        await to_the_lines(monitor)
        await monitor.press("s")
        await monitor.until("keep for")
        prompt = monitor.app.focused
        assert isinstance(prompt, Input)
        prompt.value = "resnet50-*"
        await monitor.press("enter")
        await monitor.until(re_kept)
        assert json.loads((folder / FILE).read_text()) == {"resnet50-*": [{"Name": "speed", "Regex": r"step (\d+)"}]}
        screen = screen_of(monitor)
        options = screen.query_one(OptionList)
        options.focus()
        options.highlighted = [entry.origin for entry in screen.entries].index("kept")
        await monitor.press("d")
        await monitor.until("Forgot speed for", lambda text: not re_kept(text))
        assert kept_definitions(folder, RUNNING) == ()


async def test_what_cannot_be_kept_says_why(world: WorldSource, settings: Settings) -> None:
    settings.folders.config.mkdir(parents=True)
    (settings.folders.config / FILE).write_text("mine")
    async with workshop(world, settings) as monitor:
        await to_the_lines(monitor)
        await monitor.press("s")
        await monitor.until("Give the metric a name first.")
        await write(monitor, "speed", "step")
        await monitor.press("s")
        await monitor.until("There is no regex to keep yet.")
        await write(monitor, "speed", r"step (\d+)")
        await monitor.press("d")
        await monitor.until("Choose one in the list that is kept.")
        await monitor.press("s")
        await monitor.until("keep for")
        await monitor.press("enter")
        await monitor.until("Not kept")
    assert (settings.folders.config / FILE).read_text() == "mine"


@pytest.mark.parametrize(("key", "beginning"), [("y", "["), ("Y", "metric_definitions=[")])
async def test_copied_out_with_the_jobs_own(
    world: WorldSource, settings: Settings, key: str, beginning: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TMUX", raising=False)
    monkeypatch.delenv("STY", raising=False)
    keep_definition(settings.folders.config, "*", MetricDefinition("lr", "lr=(.*)"))
    async with workshop(world, settings) as monitor:
        await monitor.until("kept")
        await write(monitor, "train:loss", r"loss=([0-9.]+)")
        await to_the_lines(monitor)
        await monitor.press(key)
        await monitor.until("to the terminal's clipboard")
        order = next(data for data in monitor.sent if "\x1b]52;c;" in data)
        text = base64.b64decode(order.partition("\x1b]52;c;")[2].split("\x07")[0]).decode()
        assert text.startswith(beginning)
        names = [line.split('"Name": ')[1].split(",")[0].strip("\"'") for line in text.split("\n") if "Name" in line]
        assert names == ["train:loss", "validation:loss", "lr"]
        assert "loss=([0-9.]+)" in text
        assert "train_loss=" not in text


async def test_while_one_types_letters_are_letters(world: WorldSource, settings: Settings) -> None:
    async with workshop(world, settings) as monitor:
        await monitor.type("sdyYmq")
        await monitor.until("Regex sdyYmq")
        assert "keep…" not in monitor.text


async def test_new_lines_are_tried_too(world: WorldSource, settings: Settings, moto: Moto) -> None:
    put_log(moto, COMPLETED, "algo-1", [(before(hours=7), "loss=1")])
    async with workshop(world, settings, COMPLETED, lines=2) as monitor:
        await write(monitor, "loss", r"loss=(\d+)")
        await monitor.until("1 line matches, 1 value, the last 1")
        log = monitor.app.screen_stack[-2].query_one(LogView)
        log.append([event._replace(timestamp=event.timestamp + 1) for event in log.buffer.rows.events()])
        log.redraw()
        await monitor.until("2 lines match, 2 values")


async def test_hostile_lines_and_definitions_are_harmless(world: WorldSource, settings: Settings, moto: Moto) -> None:
    keep_definition(settings.folders.config, "*", MetricDefinition("[/b]\x1b]0;owned\x07x", "loss=(.*)\x1b?"))
    put_log(moto, COMPLETED, "algo-1", [(before(hours=7), "loss=\x1b]0;owned\x071\x9b2J[b]x[/] \u202e loss")])
    async with workshop(world, settings, COMPLETED, lines=2) as monitor:
        screen = screen_of(monitor)
        screen.query_one(OptionList).highlighted = [entry.origin for entry in screen.entries].index("kept")
        screen.query_one(OptionList).focus()
        await monitor.press("enter")
        await monitor.until("[/b]x", "no number")
        sent = "".join(monitor.sent)
        assert "\x1b]0" not in sent
        assert "\x9b" not in sent
        assert "\u202e" not in sent


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (120, 36)])
async def test_what_it_looks_like(world: WorldSource, settings: Settings, columns: int, rows: int) -> None:
    async with workshop(world, settings, size=(columns, rows)) as monitor:
        await write(monitor, "loss", r"48\d+ train_loss=([0-9.]+)")
        await to_the_lines(monitor)
        await monitor.until("values, the last")
        await assert_snapshot(monitor, f"workshop-{columns}x{rows}")

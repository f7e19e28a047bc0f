"""The chart: what it draws, what its rule says, and how one moves about in it by keyboard."""

from __future__ import annotations

import asyncio
import math
import re
import subprocess
import sys
from array import array
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta, timezone

import pytest
from rich.cells import cell_len
from rich.style import Style
from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.pilot import Pilot

from tests.patience import PATIENCE_S
from tui.model.markers import Marker
from tui.model.series import Series
from tui.widgets.chart import Chart
from tui.widgets.chart_keys import KEYS

UTC = timezone.utc
START = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
START_MS = int(START.timestamp() * 1000)
MINUTE = 60_000


def series(name: str, value: Callable[[int], float], count: int, every_min: int = 1, **more: str) -> Series:
    times = array("q", [START_MS + MINUTE * every_min * index for index in range(count)])
    return Series(name, times, array("d", [value(index) for index in range(count)]), **more)  # type: ignore[arg-type]


TRAIN = series("train:loss", lambda n: 1 + 6 * math.exp(-n / 40), 181)
VALIDATION = series("validation:loss", lambda n: 1.3 + 6 * math.exp(-n / 6), 31, 6)
BROKEN = series("loss", lambda n: math.nan if n >= 60 else math.inf if n == 30 else 5 - n / 20, 91)


class Charts(App[None]):
    """One chart and what it says."""

    def __init__(self, *, ascii_only: bool = False) -> None:
        super().__init__()
        self.chart = Chart(ascii_only=ascii_only)
        self.cursor: list[int | None] = []
        self.drawn = 0
        self.heard = asyncio.Event()

    def compose(self) -> ComposeResult:
        yield self.chart

    def on_mount(self) -> None:
        self.chart.focus()

    def on_chart_cursor_moved(self, message: Chart.CursorMoved) -> None:
        assert message.control is self.chart
        self.cursor.append(message.place)

    def on_chart_drawn(self) -> None:
        self.drawn += 1
        self.heard.set()

    @property
    def lines(self) -> list[str]:
        """What is on screen."""
        strips = self.screen._compositor.render_strips()
        return ["".join(segment.text for segment in strip) for strip in strips]

    @property
    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self.lines)

    def style_of(self, character: str) -> Style:
        """The style of the first cell that shows a character."""
        strips = self.screen._compositor.render_strips()
        found = (one.style for strip in strips for one in strip if character in one.text)
        return next(style for style in found if style is not None)


async def settled(app: Charts, pilot: Pilot[None]) -> None:
    """Wait until what was asked for is on screen."""
    await pilot.pause()
    while not app.chart.is_drawn:
        app.heard.clear()
        await asyncio.wait_for(app.heard.wait(), PATIENCE_S)
    await pilot.pause()


@asynccontextmanager
async def shown(
    what: Sequence[Series], size: tuple[int, int] = (60, 12), *, ascii_only: bool = False, **options: object
) -> AsyncIterator[tuple[Charts, Pilot[None]]]:
    app = Charts(ascii_only=ascii_only)
    async with app.run_test(size=size) as pilot:
        app.chart.show(what, zone=UTC, **options)  # type: ignore[arg-type]
        await settled(app, pilot)
        yield app, pilot


async def press(app: Charts, pilot: Pilot[None], *keys: str) -> None:
    await pilot.press(*keys)
    await settled(app, pilot)


# -- what it looks like -----------------------------------------------------------------------------------------


async def test_train_against_validation() -> None:
    async with shown([TRAIN, VALIDATION], (60, 12)) as (app, _):
        assert app.text == SNAPSHOT


async def test_the_same_in_ascii() -> None:
    async with shown([TRAIN, VALIDATION], (60, 12), ascii_only=True) as (app, _):
        assert app.text == SNAPSHOT_ASCII
        assert app.text.isascii()


@pytest.mark.parametrize("size", [(36, 8), (50, 10), (80, 20), (120, 40)])
async def test_it_is_legible_at_every_size(size: tuple[int, int]) -> None:
    async with shown([TRAIN, VALIDATION], size) as (app, _):
        lines = app.lines
        assert [len(line) for line in lines] == [size[0]] * size[1]
        assert "● 1.067 " in lines[0]
        assert "▲ 1.34 " in lines[0]
        assert len([line for line in lines[1:-2] if line.split("┤")[0].strip().replace(".", "").isdigit()]) >= 2
        assert len(lines[-1].split()) >= 2
        assert all(word[-3:] in (":00", ":30", ":15", ":45", ":20", ":40") for word in lines[-1].split())


@pytest.mark.parametrize("size", [(1, 1), (10, 3), (16, 3), (17, 4), (40, 2)])
async def test_it_does_not_fail_where_there_is_no_room(size: tuple[int, int]) -> None:
    async with shown([TRAIN, VALIDATION], size) as (app, pilot):
        await press(app, pilot, "left", "plus", "L", "0")
        assert len(app.lines) == size[1]


async def test_an_empty_chart_says_why() -> None:
    async with shown([Series("loss")], (80, 10)) as (app, _):
        assert "no datapoints yet: CloudWatch is about a minute behind" in app.text


async def test_a_lone_datapoint_is_seen() -> None:
    async with shown([series("loss", lambda _: 3.0, 1)]) as (app, _):
        assert "●" in app.text
        assert "── 3 ─" in app.text.replace("━", "─")


async def test_units_stand_at_the_axis_and_behind_the_value() -> None:
    async with shown([series("GPUUtilization", lambda n: n, 95, unit="%")]) as (app, _):
        assert "GPUUtilization ━━ 94% ━" in app.text
        assert "75%┤" in app.text


async def test_hosts_are_told_apart_where_the_metric_is_the_same() -> None:
    both = [series("CPU", lambda n: n, 30, part=part) for part in ("algo-1", "algo-2")]
    async with shown(both) as (app, _):
        assert "━━ CPU ━━ algo-1 ● 29  algo-2 ▲ 29 ━" in app.text


async def test_old_data_is_said_to_be_old() -> None:
    now = START + timedelta(minutes=185)
    async with shown([TRAIN], now=now) as (app, _):
        assert "5m old" in app.text
        app.chart.show([TRAIN], zone=UTC, now=now - timedelta(minutes=4))
        assert "old" not in app.text


async def test_a_chart_may_count_from_the_start_of_the_job() -> None:
    async with shown([TRAIN], origin=START) as (app, _):
        assert app.lines[-1].split()[:3] == ["0", "30m", "1h"]


async def test_missing_datapoints_are_a_gap() -> None:
    moments = [*range(0, 30), *range(60, 90)]
    times = array("q", [START_MS + MINUTE * n for n in moments])
    async with shown([Series("loss", times, array("d", [2.0] * 60))]) as (app, _):
        row = next(line for line in app.lines if "⠤⠤" in line or "⠉⠉" in line or "⣀⣀" in line or "⠒⠒" in line)
        curve = row.split("┤")[-1].split("│")[-1]
        assert 15 < len(curve.strip().split(" " * 10, 1)[0]) < 25
        assert " " * 15 in curve.strip()


async def test_nan_and_infinity_are_marked_on_the_axis() -> None:
    async with shown([BROKEN]) as (app, _):
        axis = app.lines[-2]
        assert axis.index("×") < 30
        assert "××××××" in axis
        assert "━━ loss ━━ nan ━" in app.text


async def test_nothing_but_nan_is_said() -> None:
    async with shown([series("loss", lambda _: math.nan, 9)]) as (app, _):
        assert "nothing but nan and infinity here" in app.text
        assert "×" in app.lines[-2]


async def test_names_and_units_are_outside_text() -> None:
    hostile = "\x1b]52;c;Zm9v\x07[red]x[/]\u202e\x1b[31mloss"
    both = [series(hostile, lambda n: n, 5, unit="\x1b[2J%"), series("[/oops]", lambda n: n, 5, unit="\n")]
    async with shown(both, (80, 10), title="\x1b]0;t\x07title[/]") as (app, _):
        assert "title[/]" in app.lines[0]
        assert "[red]x[/]loss" in app.lines[0]
        assert "[/oops]" in app.lines[0]
        assert not any(ord(character) < 32 or 127 <= ord(character) < 160 for line in app.lines for character in line)


@pytest.mark.parametrize("unit", ["\x1b[2J", "\x07", "\n%", "度", "\x9b2J"])
async def test_a_unit_on_the_axis_is_outside_text(unit: str) -> None:
    async with shown([series("loss", lambda n: n, 5, unit=unit)], (40, 10)) as (app, _):
        assert "4" in app.text
        assert not any(ord(character) < 32 or 127 <= ord(character) < 160 for line in app.lines for character in line)
        assert [cell_len(line) for line in app.lines] == [40] * 10


# -- colours ----------------------------------------------------------------------------------------------------


async def test_each_series_has_a_colour_of_its_own_from_the_theme() -> None:
    async with shown([TRAIN, VALIDATION]) as (app, pilot):
        dark = app.style_of("●").color, app.style_of("▲").color
        assert dark[0] != dark[1]
        before = app.drawn
        app.theme = "textual-light"
        await settled(app, pilot)
        assert (app.style_of("●").color, app.style_of("▲").color) != dark
        assert app.drawn == before  # a theme needs no new picture


# -- the cursor -------------------------------------------------------------------------------------------------


async def test_the_cursor_reads_out_every_series_at_its_place() -> None:
    async with shown([TRAIN, VALIDATION], (80, 12)) as (app, pilot):
        await press(app, pilot, "left")
        assert app.cursor == [START_MS + 180 * MINUTE]
        assert "11:00:00" in app.lines[0]
        await press(app, pilot, "left", "left")
        at = app.chart.cursor
        assert at is not None
        assert at < START_MS + 178 * MINUTE
        assert at in TRAIN.times
        assert app.cursor[-1] == at
        expected = TRAIN.values[TRAIN.times.index(at)]
        assert f"train ● {expected:.4g}" in app.lines[0]
        assert all("│" in line[60:] for line in app.lines[2:8])
        await press(app, pilot, "right", "right", "right", "right")
        assert app.chart.cursor == START_MS + 180 * MINUTE


async def test_escape_leaves_the_cursor_and_then_belongs_to_the_screen() -> None:
    async with shown([TRAIN]) as (app, pilot):
        assert app.chart.check_action("leave_cursor", ()) is False
        await press(app, pilot, "left", "escape")
        assert app.chart.cursor is None
        assert app.cursor == [START_MS + 180 * MINUTE, None]
        assert "11:00:00" not in app.text


async def test_a_cursor_set_from_outside_is_not_sent_back() -> None:
    async with shown([TRAIN]) as (app, pilot):
        app.chart.set_cursor(START_MS + 30 * MINUTE)
        await settled(app, pilot)
        assert "08:30:00" in app.text
        assert app.cursor == []


async def test_a_series_without_a_datapoint_near_the_cursor_has_no_value_there() -> None:
    short = series("validation:loss", lambda _: 2.0, 10)
    async with shown([TRAIN, short], (80, 12)) as (app, pilot):
        app.chart.set_cursor(START_MS + 120 * MINUTE)
        await settled(app, pilot)
        assert "validation ▲ –" in app.text


async def test_jumps_to_the_minimum_the_maximum_and_nan() -> None:
    async with shown([BROKEN], (80, 12)) as (app, pilot):
        await press(app, pilot, "greater_than_sign")
        assert app.chart.cursor == START_MS
        await press(app, pilot, "less_than_sign")
        assert app.chart.cursor == START_MS + 59 * MINUTE
        assert "━━ 2.05 ━" in app.text
        await press(app, pilot, "exclamation_mark")
        assert app.chart.cursor == START_MS + 60 * MINUTE
        assert "━━ nan ━" in app.text


async def test_the_mouse_puts_the_cursor() -> None:
    async with shown([TRAIN], (60, 12)) as (app, pilot):
        await pilot.click(Chart, offset=(30, 5))
        await settled(app, pilot)
        assert app.lines[3][30] == "│"
        assert len(app.cursor) == 1


# -- zoom and pan -----------------------------------------------------------------------------------------------


async def test_zooming_shows_less_time_up_to_the_newest_datapoint() -> None:
    async with shown([TRAIN]) as (app, pilot):
        await press(app, pilot, "plus")
        assert app.chart.view is not None
        assert (app.chart.view.start, app.chart.view.end) == (START_MS + 90 * MINUTE, START_MS + 180 * MINUTE)
        assert "zoomed" in app.lines[0]
        assert "08:00" not in app.lines[-1]
        await press(app, pilot, "minus")
        assert "zoomed" not in app.lines[0]


async def test_panning() -> None:
    async with shown([TRAIN]) as (app, pilot):
        await press(app, pilot, "plus", "shift+left")
        assert app.chart.view is not None
        assert app.chart.view.end == START_MS + 157.5 * MINUTE
        await press(app, pilot, "shift+right", "shift+right")
        assert app.chart.view.end == START_MS + 180 * MINUTE
        await press(app, pilot, "plus", "0")
        assert app.chart.view.start == START_MS


async def test_zooming_the_values() -> None:
    async with shown([TRAIN]) as (app, pilot):
        await press(app, pilot, "equals_sign", "equals_sign")
        view = app.chart.view
        assert view is not None
        assert view.low is not None
        assert view.high is not None
        assert 3 < view.low < 4 < view.high < 5
        await press(app, pilot, "underscore", "underscore", "0")
        assert app.chart.view is not None
        assert app.chart.view.low is None


async def test_a_log_scale() -> None:
    async with shown([series("lr", lambda n: 10.0 ** -(n / 30), 91)]) as (app, pilot):
        await press(app, pilot, "L")
        assert "log" in app.lines[0]
        assert "0.001┤" in app.text
        await press(app, pilot, "L")
        assert "log" not in app.lines[0]


async def test_a_log_scale_of_what_is_never_above_zero_says_so() -> None:
    async with shown([series("reward", lambda n: -n, 9)]) as (app, pilot):
        await press(app, pilot, "L")
        assert "nothing above 0: L for a linear scale" in app.text


async def test_smoothing_is_said_and_the_raw_curve_stays_behind_it() -> None:
    noisy = series("loss", lambda n: n % 2 + 1.0, 120)
    async with shown([noisy]) as (app, pilot):
        app.chart.smoothing = 0.9
        app.chart.show([series("loss", lambda n: n % 2 + 1.0, 121)], zone=UTC)
        await settled(app, pilot)
        assert "smoothed 0.9" in app.text
        colours = {
            segment.style.color
            for strip in app.screen._compositor.render_strips()
            for segment in strip
            if segment.style is not None and any("⠀" < character <= "⣿" for character in segment.text)
        }
        assert len(colours) == 2


async def test_infinity_is_marked_and_gaps_stay_while_smoothed_on_a_log_scale() -> None:
    moments = [*range(0, 30), *range(60, 90)]
    times = array("q", [START_MS + MINUTE * n for n in moments])
    values = array("d", [math.inf if n == 10 else math.nan if n == 20 else 2.0 for n in moments])
    async with shown([Series("loss", times, values)], (60, 12)) as (app, pilot):
        app.chart.smoothing = 0.98
        await press(app, pilot, "L")
        assert "log, smoothed 0.98" in app.lines[0]
        assert app.lines[-2].count("×") == 2
        curve = next(line for line in app.lines[1:-2] if any("⠀" < character <= "⣿" for character in line))
        assert " " * 15 in curve.split("┤")[-1].split("│")[-1].strip()


# -- a part of it -----------------------------------------------------------------------------------------------


async def test_zoom_to_the_part_between_mark_and_cursor_and_back() -> None:
    async with shown([TRAIN], (80, 12)) as (app, pilot):
        assert app.chart.check_action("zoom_part", ()) is False
        app.chart.set_cursor(START_MS + 60 * MINUTE)
        await press(app, pilot, "v")
        assert "marked 09:00:00, enter zooms to the part" in app.lines[0]
        assert all("│" in line[20:40] for line in app.lines[1:5])
        app.chart.set_cursor(START_MS + 30 * MINUTE)
        await settled(app, pilot)
        assert all("┆" in line[20:40] for line in app.lines[1:5])
        await press(app, pilot, "enter")
        view = app.chart.view
        assert view is not None
        assert (view.start, view.end) == (START_MS + 30 * MINUTE, START_MS + 60 * MINUTE)
        assert "zoomed" in app.lines[0]
        assert "marked" not in app.lines[0]
        await press(app, pilot, "backspace")
        assert app.chart.view is not None
        assert app.chart.view.start == START_MS
        assert "zoomed" not in app.lines[0]


async def test_each_zoom_and_pan_can_be_taken_back() -> None:
    async with shown([TRAIN], (80, 12)) as (app, pilot):
        seen = [app.chart.view]
        for key in ("plus", "equals_sign", "shift+left", "L", "0"):
            await press(app, pilot, key)
            seen.append(app.chart.view)
        assert len(set(map(str, seen))) == 6
        for before in reversed(seen[:-1]):
            await press(app, pilot, "backspace")
            assert app.chart.view == before
        await press(app, pilot, "backspace")
        assert app.chart.view == seen[0]


async def test_escape_takes_the_mark_away_then_the_cursor() -> None:
    async with shown([TRAIN], (80, 12)) as (app, pilot):
        await press(app, pilot, "v")
        assert "marked 11:00:00" in app.lines[0]
        assert app.chart.cursor == START_MS + 180 * MINUTE
        await press(app, pilot, "escape")
        assert "marked" not in app.lines[0]
        assert app.chart.cursor is not None
        await press(app, pilot, "escape")
        assert app.chart.cursor is None


# -- what is marked on the axis ---------------------------------------------------------------------------------

MARKED = (
    Marker(START_MS + 45 * MINUTE, "checkpoint"),
    Marker(START_MS + 100 * MINUTE, "overfitting \x1b[2J[red]", "warning"),
    Marker(START_MS + 999 * MINUTE, "out of sight"),
)


async def test_markers_stand_on_the_axis_with_their_labels() -> None:
    async with shown([TRAIN], (80, 12), markers=MARKED) as (app, _):
        axis = app.lines[-2]
        assert "┻ checkpoint " in axis
        assert "┻ overfitting [red] " in axis
        assert "sight" not in axis
        assert abs(axis.index("┻") - 3 - 77 * 45 / 180) <= 1
        assert len(axis) == 80


async def test_markers_in_ascii() -> None:
    async with shown([TRAIN], (80, 12), markers=MARKED, ascii_only=True) as (app, _):
        assert "^ checkpoint " in app.lines[-2]
        assert app.text.isascii()


async def test_the_gravest_label_is_the_last_to_be_left_out() -> None:
    close = [Marker(START_MS + n * 5 * MINUTE, f"checkpoint {n}") for n in range(30)]
    grave = Marker(START_MS + 62 * MINUTE, "overfitting", "warning")
    async with shown([TRAIN], (60, 12), markers=[*close, grave]) as (app, _):
        axis = app.lines[-2]
        assert axis.count("┻") > 15
        assert "┻ overfitting " in axis
        assert "checkpoint" not in axis
    two = [MARKED[0], Marker(START_MS + 50 * MINUTE, "diverges", "bad")]
    async with shown([TRAIN], (80, 12), markers=two) as (app, _):
        assert re.search("─ checkpoint ┻─*┻ diverges ─", app.lines[-2])


async def test_a_label_at_the_right_edge_stands_before_its_mark() -> None:
    async with shown([TRAIN], (60, 12), markers=[Marker(START_MS + 179 * MINUTE, "diverges", "bad")]) as (app, _):
        assert " diverges ┻" in app.lines[-2]


async def test_what_is_no_number_is_never_hidden_by_a_marker() -> None:
    async with shown([BROKEN], (60, 12), markers=[Marker(START_MS + 30 * MINUTE, "restart")]) as (app, _):
        assert app.lines[-2].index("×") < 30


async def test_the_cursor_on_a_marker_reads_its_label() -> None:
    sparse = series("loss", lambda n: n, 4, 60)
    async with shown([sparse], (80, 12), markers=MARKED) as (app, pilot):
        await press(app, pilot, "left")
        assert "checkpoint" not in app.lines[0]
        await press(app, pilot, "left", "left")
        assert app.chart.cursor == MARKED[1].time_ms
        assert " 09:40:00 overfitting [red] ━" in app.lines[0]
        await press(app, pilot, "left", "left")
        assert " 08:45:00 checkpoint ━" in app.lines[0]


# -- other axes -------------------------------------------------------------------------------------------------


async def test_along_steps() -> None:
    steps = Series("loss", array("q", range(0, 50_000_000, 10_000)), array("d", [2.0 - n / 5000 for n in range(5000)]))
    async with shown([steps], (80, 12), axis="step") as (app, pilot):
        assert app.lines[-1].split() == ["0", "10k", "20k", "30k", "40k"]
        await press(app, pilot, "left")
        assert "step 49,990 ━" in app.lines[0]


async def test_along_epochs_there_is_room_between_whole_ones() -> None:
    epochs = Series("loss", array("q", range(0, 3001, 250)), array("d", [float(n) for n in range(13)]))
    async with shown([epochs], (80, 12), axis="epoch") as (app, pilot):
        assert app.lines[-1].split() == ["0", "0.5", "1.0", "1.5", "2.0", "2.5", "3.0"]
        await press(app, pilot, "left", "left")
        assert "epoch 2.75 ━" in app.lines[0]


# -- drawing ----------------------------------------------------------------------------------------------------


async def test_nothing_is_drawn_where_nothing_changed() -> None:
    async with shown([BROKEN]) as (app, pilot):
        before = app.drawn
        again = Series("loss", array("q", BROKEN.times), array("d", BROKEN.values))
        app.chart.show([again], zone=UTC)
        assert app.chart.is_drawn
        await settled(app, pilot)
        assert app.drawn == before


async def test_the_picture_stays_until_the_next_one_is_there() -> None:
    async with shown([TRAIN]) as (app, pilot):
        before = app.lines[1:]
        app.chart.show([series("train:loss", lambda n: n, 181)], zone=UTC)
        assert not app.chart.is_drawn
        assert app.lines[1:] == before
        await settled(app, pilot)
        assert app.lines[1:] != before


async def test_what_was_asked_for_last_is_what_is_shown() -> None:
    async with shown([TRAIN]) as (app, pilot):
        for count in range(2, 12):
            app.chart.show([series(f"metric-{count}", lambda n, count=count: n * count, count)], zone=UTC)  # type: ignore[misc]
        await settled(app, pilot)
        assert "metric-11 ━━ 110 ━" in app.text
        assert "100┤" in app.text


async def test_whoever_looks_at_the_newest_part_goes_on_looking_at_it() -> None:
    async with shown([TRAIN]) as (app, pilot):
        await press(app, pilot, "plus")
        app.chart.show([series("train:loss", lambda n: 1.0, 191)], zone=UTC)
        await settled(app, pilot)
        assert app.chart.view is not None
        assert app.chart.view.end == START_MS + 190 * MINUTE


async def test_another_metric_is_seen_whole() -> None:
    async with shown([TRAIN]) as (app, pilot):
        await press(app, pilot, "plus", "left")
        app.chart.show([VALIDATION], zone=UTC)
        await settled(app, pilot)
        assert "zoomed" not in app.text
        assert app.chart.cursor is None


async def test_a_new_size_is_a_new_picture() -> None:
    async with shown([TRAIN], (60, 12)) as (app, pilot):
        await pilot.resize_terminal(90, 20)
        await settled(app, pilot)
        assert len(app.lines) == 20
        assert "└" in app.lines[-2]


def test_neither_plotext_nor_numpy_is_loaded_before_something_is_drawn() -> None:
    check = "import sys, tui.widgets.chart; sys.exit(bool({'plotext', 'numpy'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", check], timeout=60).returncode == 0


def test_every_key_can_be_remapped_by_its_id() -> None:
    ids = [binding.id for binding in KEYS if isinstance(binding, Binding)]
    assert all(one is not None and one.startswith("chart.") for one in ids)
    assert len(set(ids)) == len(ids)


SNAPSHOT = """\
━━ loss ━━ train ● 1.067  validation ▲ 1.34 ━━━━━━━━━━━━━━━━
  │⡧⡀
  │⠈⢺⣄
 6┤  ⠘⢧⡀
  │    ⠉⠳●
 4┤      ⠈⠙⢦▲
  │         ⠈⠛⠦⣄⣀
  │             ⠈⠙⠲⠦⣤⣀⣀
 2┤                   ⠉⠙⠛⠲⠶⠦●⣤⣤▲⣀⣀⣀⣀
  │                            ⠈⠉⠉⠉⠙⠛⠛⠛⠛⠛⠛⠭⠭⠵⠶⠶●⠶⠶▲⠶⠶⠶⠶⠶⣒⣒⣒●
  └┬────────┬─────────┬────────┬─────────┬────────┬────────┬
 08:00    08:30     09:00    09:30     10:00    10:30  11:00"""

SNAPSHOT_ASCII = """\
-- loss -- train * 1.067  validation # 1.34 ----------------
  |*
  |***
 6+  ***
  |    ***
 4+      ***#
  |         *****
  |             ******#
 2+                   *********#####
  |                            *******************#*********
  ++--------+---------+--------+---------+--------+--------+
 08:00    08:30     09:00    09:30     10:00    10:30  11:00"""

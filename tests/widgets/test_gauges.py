"""The gauges: how busy each host is, whatever 100% is of, in whatever room there is."""

from __future__ import annotations

import math
from array import array
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from tui.model.series import Series
from tui.widgets.gauges import MEASURES, Gauges, layout

Hosts = dict[str, dict[str, Series]]


def series(name: str, values: Sequence[float]) -> Series:
    return Series(name, array("q", [60_000 * index for index in range(len(values))]), array("d", values), unit="%")


def host(
    cpu: float, memory: float = 41, gpu: float = 751, gpu_memory: float = 616, disk: float = 12
) -> dict[str, Series]:
    values = {
        "CPUUtilization": [cpu / 2, cpu],
        "MemoryUtilization": [memory],
        "GPUUtilization": [0.0, gpu],
        "GPUMemoryUtilization": [gpu_memory],
        "DiskUtilization": [disk],
    }
    return {name: series(name, one) for name, one in values.items()}


TWO: Hosts = {"algo-1": host(3120), "algo-2": host(1207, gpu=402)}
P4D = "ml.p4d.24xlarge"


class Rows(App[None]):
    """Gauges alone."""

    def __init__(self, *, ascii_only: bool = False) -> None:
        super().__init__()
        self.gauges = Gauges(ascii_only=ascii_only)

    def compose(self) -> ComposeResult:
        yield self.gauges

    def on_mount(self) -> None:
        self.gauges.focus()

    @property
    def lines(self) -> list[str]:
        strips = self.screen._compositor.render_strips()
        return ["".join(segment.text for segment in strip).rstrip() for strip in strips]


@asynccontextmanager
async def shown(
    hosts: Mapping[str, Mapping[str, Series]],
    instance_type: str | None = P4D,
    size: tuple[int, int] = (80, 4),
    *,
    ascii_only: bool = False,
) -> AsyncIterator[tuple[Rows, Pilot[None]]]:
    app = Rows(ascii_only=ascii_only)
    async with app.run_test(size=size) as pilot:
        app.gauges.show(hosts, instance_type)
        await pilot.pause()
        yield app, pilot


async def test_a_wide_screen_shows_values_bars_and_histories() -> None:
    async with shown(TWO, size=(130, 3)) as (app, _):
        assert app.lines == [
            "         CPU % of 9600              memory            GPU % of 800               GPU memory        disk",
            " algo-1   3120 ███▎······       ▂▃    41% ████▏·····    751 █████████▍       ▁█    77% ███████▊··"
            "    12% █▎········",
            " algo-2   1207 █▎········       ▁▂    41% ████▏·····    402 █████·····       ▁▅    77% ███████▊··"
            "    12% █▎········",
        ]


async def test_eighty_columns_keep_every_measure() -> None:
    async with shown(TWO) as (app, _):
        assert app.lines[:3] == [
            "         CPU of 9600   memory        GPU % of 800  GPU memory    disk",
            " algo-1   3120 ██····    41% ██▌···    751 █████▋    77% ████▋·    12% ▊·····",
            " algo-2   1207 ▊·····    41% ██▌···    402 ███···    77% ████▋·    12% ▊·····",
        ]


async def test_sixty_columns_show_shares_of_all_cores() -> None:
    async with shown(TWO, size=(60, 3)) as (app, _):
        assert app.lines == [
            "         CPU %    mem  GPU %   GPUm   disk",
            " algo-1    32%    41%    94%    77%    12%",
            " algo-2    13%    41%    50%    77%    12%",
        ]


async def test_where_there_is_less_room_what_says_least_goes_first() -> None:
    async with shown(TWO, size=(40, 3)) as (app, _):
        assert app.lines[0].split() == ["CPU", "%", "mem", "GPU", "%", "GPUm"]
    async with shown(TWO, size=(20, 3)) as (app, _):
        assert app.lines[0].split() == ["GPU", "%"]


async def test_ascii() -> None:
    async with shown(TWO, size=(100, 3), ascii_only=True) as (app, _):
        assert all(line.isascii() for line in app.lines)
        assert "3120 ###......." in app.lines[1]


async def test_an_unknown_type_is_measured_against_what_was_seen() -> None:
    async with shown(TWO, None) as (app, _):
        assert "CPU of ≈3200" in app.lines[0]
        assert "GPU of ≈800" in app.lines[0]
        assert "≈77%" in app.lines[1]


async def test_hosts_without_gpus_have_no_column_for_them() -> None:
    hosts: Hosts = {"algo-1": {name: one for name, one in host(350).items() if not name.startswith("GPU")}}
    async with shown(hosts, "ml.m5.xlarge") as (app, _):
        assert "CPU % of 400" in app.lines[0]
        assert "GPU" not in app.lines[0]
    async with shown(hosts, "ml.g5.xlarge") as (app, _):
        assert "GPU" in app.lines[0]
        assert app.lines[1].count("–") == 2


async def test_memory_and_disks_close_to_full_are_marked() -> None:
    async with shown({"algo-1": host(100, memory=97, disk=99.5, gpu_memory=100)}) as (app, _):
        assert app.lines[1].count("!") == 2
        assert "!97%" in app.lines[1]


async def test_what_is_no_number_is_said() -> None:
    async with shown({"algo-1": host(math.nan, gpu=math.inf)}) as (app, _):
        assert " nan " in app.lines[1]
        assert " inf " in app.lines[1]


async def test_many_hosts_scroll_under_their_headers() -> None:
    many = {f"algo-{number}": host(100 * number) for number in range(1, 41)}
    async with shown(many, size=(80, 6)) as (app, pilot):
        assert app.lines[1].startswith(" algo-1 ")
        header = app.lines[0]
        await pilot.press("G")
        await pilot.pause()
        assert app.lines[0] == header
        assert app.lines[-1].startswith(" algo-40")
        await pilot.press("k")
        await pilot.pause()
        assert app.lines[-1].startswith(" algo-39")
        await pilot.press("g")
        await pilot.pause()
        assert app.lines[1].startswith(" algo-1 ")


async def test_names_of_hosts_are_outside_text() -> None:
    async with shown({"\x1b]52;c;Zm9v\x07[red]algo": host(5)}) as (app, _):
        assert app.lines[1].startswith(" [red]algo ")


async def test_no_hosts_say_why() -> None:
    async with shown({}) as (app, _):
        assert app.lines[0].strip() == "no utilization yet: CloudWatch is about a minute behind"
        app.gauges.show({}, empty="no utilization: denied cloudwatch:GetMetricData")


async def test_new_values_are_shown() -> None:
    async with shown(TWO) as (app, pilot):
        app.gauges.show({"algo-1": host(4242)}, P4D)
        await pilot.pause()
        assert "4242" in app.lines[1]
        assert app.lines[2] == ""


@given(st.integers(10, 250), st.integers(1, 63))
def test_columns_never_overlap(width: int, longest: int) -> None:
    plan = layout(width, longest, MEASURES)
    assert plan.measures
    assert plan.width <= max(width, 14)


@pytest.mark.parametrize("size", [(1, 1), (12, 2), (40, 12)])
async def test_it_does_not_fail_where_there_is_no_room(size: tuple[int, int]) -> None:
    async with shown(TWO, size=size) as (app, _):
        assert len(app.lines) == size[1]

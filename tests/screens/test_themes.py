"""Dark, light, without colours, and with nothing but plain signs."""

from __future__ import annotations

import re
from typing import cast

import pytest
from textual.app import App
from textual.theme import Theme

from tests.screen_text import screen_strips
from tests.screens.monitor import Monitor, opened
from tests.screens.world import FAILED, RANKER, RUNNING, WorldSource
from tui.app import DARK, LIGHT
from tui.config import Settings

PLACES = ("jobs", f"job {RUNNING}", f"job {FAILED}", "endpoints", f"endpoint {RANKER}")
SGR = re.compile(r"\x1b\[([\d;:]*)m")
COLOURS = re.compile(r"(3[0-8]|4[0-8]|9\d|10[0-7])")


@pytest.fixture(autouse=True)
def nothing_said_of_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "COLORFGBG"):
        monkeypatch.delenv(name, raising=False)


def background(monitor: Monitor) -> str:
    """The colour behind the middle of the screen: `#101418`."""
    cells = screen_strips(cast("App[object]", monitor.app))[monitor.app.size.height // 2].crop(0, 1)
    style = next(iter(cells)).style
    assert style is not None
    assert style.bgcolor is not None
    return style.bgcolor.get_truecolor().hex


def of(theme: Theme) -> str:
    assert theme.background is not None
    return theme.background


@pytest.mark.parametrize(("wanted", "theme"), [("dark", DARK), ("light", LIGHT), ("auto", DARK)])
async def test_the_theme_that_is_set(world: WorldSource, wanted: str, theme: Theme) -> None:
    async with opened(world, settings=Settings(theme=wanted)) as monitor:  # type: ignore[arg-type]
        await monitor.until("GPU 72%")
        assert background(monitor) == of(theme)


async def test_a_light_terminal_that_says_so_is_believed(world: WorldSource, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLORFGBG", "0;15")
    async with opened(world) as monitor:
        await monitor.until("GPU 72%")
        assert background(monitor) == of(LIGHT)


@pytest.mark.parametrize("place", ["jobs", f"job {RUNNING}"])
async def test_ctrl_t_goes_from_dark_to_light_and_back(world: WorldSource, place: str) -> None:
    async with opened(world, settings=Settings(theme="dark")) as monitor:
        await monitor.visit(place)
        await monitor.until("resnet50")
        await monitor.press("ctrl+t")
        await monitor.until(lambda _: background(monitor) == of(LIGHT))
        await monitor.press("ctrl+t")
        await monitor.until(lambda _: background(monitor) == of(DARK))


def coloured(sent: str) -> set[str]:
    """The orders to change the colour in what was sent."""
    return {order for order in SGR.findall(sent) if any(COLOURS.fullmatch(code) for code in re.split("[;:]", order))}


async def look_around(monitor: Monitor) -> None:
    """See every screen, and what opens above it."""
    for place in PLACES:
        await monitor.visit(place)
        await monitor.until(place.split()[-1])
        await monitor.until_drawn()
        await monitor.press("Y")
        await monitor.press("escape")
        if " " in place:
            for number in "234":
                await monitor.press(number)  # shows the pane, alone where only one fits
                await monitor.until_drawn()
            await monitor.press("z")
    for opening in ("question_mark", "colon", "ctrl+p", "P"):
        await monitor.press(opening)
        await monitor.press("escape")
    await monitor.visit("nowhere")
    await monitor.until("There is no place called nowhere")
    await monitor.visit("jobs")
    await monitor.press("slash")
    await monitor.type("no-such")
    await monitor.until("No training jobs match")


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_a_plain_terminal_is_sent_no_colours_and_nothing_but_ascii(
    world: WorldSource, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with opened(world, size=size, settings=Settings(ascii=True)) as monitor:
        await monitor.until("GPU 72%")
        await look_around(monitor)
        sent = "".join(monitor.sent)
        assert coloured(sent) == set()
        assert {"1", "7"} <= {code for order in SGR.findall(sent) for code in order.split(";")}  # bold and reverse stay
        strange = {char: sent[max(sent.index(char) - 40, 0) :][:80] for char in set(sent) if not char.isascii()}
        assert not strange
        assert not re.search("\x0e|\x1b[()*+]", sent)  # nor does any order make other signs of them


async def test_any_other_terminal_is_sent_both(world: WorldSource) -> None:
    async with opened(world) as monitor:
        await monitor.until("GPU 72%")
        sent = "".join(monitor.sent)
        assert coloured(sent)
        assert not sent.isascii()

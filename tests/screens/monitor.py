"""The whole app on a recording terminal, with a word for what a person does: look, wait until, press."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timezone
from typing import Any

import pyte
from textual import events
from textual.drivers.headless_driver import HeadlessDriver
from textual.pilot import Pilot

from tests.patience import PATIENCE_S
from tests.screen_text import screen_strips, screen_text
from tests.screens.world import NOW
from tui.app import Leave, SagetopApp
from tui.archive import Archive
from tui.config import Settings
from tui.screens.context import Context
from tui.sources.base import Source
from tui.watch.clock import Clock
from tui.watch.prices import PriceBook
from tui.widgets.chart import Chart

LOOK_S = 0.2
"""How often to look at a screen on which nothing was drawn."""


class Recorder(HeadlessDriver):
    """Keeps what a real terminal would have been sent."""

    def __init__(self, *args: Any, **keywords: Any) -> None:
        super().__init__(*args, **keywords)
        self.sent: list[str] = []

    @property
    def is_headless(self) -> bool:
        """A headless driver is sent nothing."""
        return False

    def write(self, data: str) -> None:
        """Keep it."""
        self.sent.append(data)


@dataclass
class Monitor:
    """The app while it runs."""

    app: SagetopApp
    pilot: Pilot[Leave | None]

    @property
    def text(self) -> str:
        """What is on screen."""
        return screen_text(self.app)

    @property
    def lines(self) -> list[str]:
        """What is on screen, line by line."""
        return self.text.split("\n")

    @property
    def sent(self) -> list[str]:
        """What the terminal was sent so far."""
        driver = self.app._driver
        assert isinstance(driver, Recorder)
        return driver.sent

    def line(self, word: str) -> str:
        """The first line with a word in it."""
        return next(line for line in self.lines if word in line)

    async def until(self, *wanted: str | re.Pattern[str] | Callable[[str], bool]) -> Monitor:
        """Wait until all of this holds for the screen: a text, a pattern, or whatever a function says."""
        deadline = time.monotonic() + PATIENCE_S
        text, drawn, looked = self.text, len(self.sent), time.monotonic()
        for one in wanted:
            while not _holds(one, text):
                assert time.monotonic() < deadline, f"never seen: {one}\n{self.text}"
                await asyncio.sleep(0.01)
                # To read the screen takes as long as to draw it: only where something was drawn, or to be sure.
                if len(self.sent) != drawn or time.monotonic() - looked > LOOK_S:
                    text, drawn, looked = self.text, len(self.sent), time.monotonic()
        return self

    async def until_gone(self, *words: str) -> Monitor:
        """Wait until none of these is on screen."""
        return await self.until(*(lambda text, word=word: word not in text for word in words))

    async def until_drawn(self) -> Monitor:
        """Wait until every chart shows the newest of its data."""
        return await self.until(lambda _: all(chart.is_drawn for chart in self.app.screen.query(Chart)))

    async def press(self, *keys: str) -> Monitor:
        """Press keys, and let the app do what they ask for."""
        await self.pilot.press(*keys)
        return self

    async def until_left(self) -> Leave | None:
        """Wait until the app has ended; returns what it was left for."""
        deadline = time.monotonic() + PATIENCE_S
        while self.app.is_running:
            assert time.monotonic() < deadline, f"still there:\n{self.text}"
            await asyncio.sleep(0.01)
        return self.app.return_value

    @property
    def terminal(self) -> pyte.Screen:
        """What a terminal makes of all that it was sent."""
        columns, rows = self.app.size
        screen = pyte.Screen(columns, rows)
        pyte.Stream(screen).feed("".join(self.sent))
        return screen

    async def paste(self, text: str) -> Monitor:
        """Paste a text into the line that has the keys."""
        self.app.post_message(events.Paste(text))
        await self.pilot.pause()
        return self

    async def visit(self, place: str) -> Monitor:
        """Go where `:` would lead."""
        self.app.go_to(place)
        await self.pilot.pause()
        return self

    async def resize(self, columns: int, rows: int) -> Monitor:
        """The terminal's window gets another size."""
        await self.pilot.resize_terminal(columns, rows)
        # A screen that is only just there hears of the size when it is mounted.
        return await self.until(lambda _: all(strip.cell_length == columns for strip in screen_strips(self.app)))

    async def type(self, text: str) -> Monitor:
        """Type a text, character by character."""
        return await self.press(*("space" if char == " " else char for char in text))


def _holds(wanted: str | re.Pattern[str] | Callable[[str], bool], text: str) -> bool:
    if isinstance(wanted, str):
        return wanted in text
    if isinstance(wanted, re.Pattern):
        return wanted.search(text) is not None
    return wanted(text)


@asynccontextmanager
async def opened(
    source: Source,
    *,
    size: tuple[int, int] = (120, 36),
    settings: Settings | None = None,
    now: Clock = lambda: NOW,
    open_job: str | None = None,
    archive: Archive | None = None,
    prices: PriceBook | None = None,
    demo: bool = False,
) -> AsyncIterator[Monitor]:
    """Run the app; it is left when the block is."""
    settings = replace(settings or Settings(), archive=archive is not None)
    context = Context(
        source, settings, now=now, archive=lambda: archive, prices=lambda: prices, demo=demo, zone=timezone.utc
    )
    app = SagetopApp(context, open_job=open_job)
    app.driver_class = Recorder
    async with app.run_test(headless=False, size=size, notifications=True) as pilot:
        yield Monitor(app, pilot)

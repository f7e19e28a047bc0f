"""A question in the log before very many lines are read: all of them, or the newest only."""

from __future__ import annotations

import pytest

from tests.moto_server import Moto
from tests.screens.monitor import Monitor, opened
from tests.screens.world import RUNNING, WorldSource, before, put_log
from tui.screens.job import JobScreen
from tui.widgets.log_view import LogView

LINES = 15_000
QUESTION = "million lines: enter reads all, esc only the newest"


@pytest.fixture
def long_log(world: WorldSource, moto: Moto) -> WorldSource:
    put_log(moto, RUNNING, "algo-1", ((before(seconds=7200 - row / 5), f"round {row}") for row in range(LINES)))
    return world


async def ask(monitor: Monitor) -> LogView:
    """Open the job, and wait for the question."""
    monitor.app.push_screen(JobScreen(monitor.app.context, RUNNING, ask_above=12_000))
    await monitor.until("≈ 0.0", QUESTION, "waiting for an answer")
    log = monitor.app.screen.query_one(LogView)
    log.focus()
    return log


async def test_enter_reads_them_all(long_log: WorldSource) -> None:
    async with opened(long_log) as monitor:
        log = await ask(monitor)
        await monitor.until("step 48029")  # what is new is there meanwhile
        assert len(log.text.lines) < LINES
        await monitor.press("enter")
        await monitor.until_gone(QUESTION)
        await monitor.until(lambda _: len(log.text.lines) == LINES + 60)
        await monitor.press("g")
        await monitor.until("round 0", "complete to")


async def test_escape_leaves_it_at_the_newest(long_log: WorldSource) -> None:
    async with opened(long_log) as monitor:
        log = await ask(monitor)
        await monitor.press("escape")
        await monitor.until_gone(QUESTION)
        await monitor.until("the newest lines only", "step 48029")
        await monitor.until(lambda _: len(log.text.lines) > 60)  # drawn a moment after they came
        assert len(log.text.lines) < LINES
        await monitor.press("escape")  # answered: it leads back to the list
        await monitor.until("7 jobs")

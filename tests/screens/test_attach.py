"""`sagetop attach JOB`: the monitor opened at a job, with the list behind it."""

from __future__ import annotations

from tests.moto_server import Moto
from tests.screens.monitor import opened
from tests.screens.world import COMPLETED, FAILED, RUNNING, WorldSource, before, put_log
from tui.sources.base import NotFound
from tui.widgets.log_view import LogView


async def test_a_job_that_does_not_exist_ends_the_app_with_the_reason(world: WorldSource) -> None:
    async with opened(world, open_job="no-such-job") as monitor:
        assert await monitor.until_left() is None
        assert isinstance(monitor.app.fatal, NotFound)
        assert "no-such-job" in monitor.app.fatal.what


async def test_a_job_that_does_not_exist_ends_nothing_for_whoever_is_there_already(world: WorldSource) -> None:
    async with opened(world) as monitor:
        await monitor.until(FAILED)
        await monitor.visit("job no-such-job")
        await monitor.until(FAILED, "no-such-job", "7 jobs")
        assert monitor.app.fatal is None
        assert monitor.app.is_running


async def test_a_running_job_shows_its_last_lines_at_once_and_with_g_its_first(world: WorldSource) -> None:
    async with opened(world, size=(80, 24), open_job=RUNNING) as monitor:
        await monitor.until("14:02:01 2 Epoch 12/40 step 48029", "● Training")
        log = monitor.app.screen.query_one(LogView)
        assert log.following
        await monitor.until(lambda _: len(log.text.lines) == 60)  # the rest came behind it
        await monitor.press("g")
        await monitor.until("13:33:00 1 Epoch 12/40 step 48000")
        assert not log.following
        await monitor.press("G")
        await monitor.until("14:02:01 2 Epoch 12/40 step 48029")
        assert log.following


async def test_an_ended_job_shows_the_end_of_its_log_and_with_g_its_beginning(world: WorldSource, moto: Moto) -> None:
    put_log(moto, COMPLETED, "algo-1", [(before(hours=7, seconds=90 - row), f"[{row}] round") for row in range(80)])
    async with opened(world, size=(80, 24), open_job=COMPLETED) as monitor:
        await monitor.press("1")  # an ended job may show its facts first
        await monitor.until("train-rmse:0.138318", "[79] round", "complete")
        log = monitor.app.screen.query_one(LogView)
        await monitor.until(lambda _: len(log.text.lines) == 81)
        assert "[0] round" not in monitor.text
        await monitor.press("g")
        await monitor.until("[0] round")


async def test_q_leads_back_to_the_list_and_from_there_out(world: WorldSource) -> None:
    async with opened(world, open_job=COMPLETED) as monitor:
        await monitor.until(f"jobs ▸ {COMPLETED}", "train-rmse:0.138318")
        await monitor.press("q")
        await monitor.until("7 jobs", RUNNING, FAILED)
        await monitor.press("q")
        assert await monitor.until_left() is None
        assert monitor.app.fatal is None

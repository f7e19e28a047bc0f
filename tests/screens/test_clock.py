"""One clock for log and charts: where one is moved to a moment, the other goes there too."""

from __future__ import annotations

import re
from datetime import timedelta

from tests.moto_server import Moto, ms
from tests.screens.monitor import Monitor, opened
from tests.screens.world import NOW, RANKER, RUNNING, WorldSource, before, put_log
from tui.follow import LogBatch
from tui.messages import LogsArrived
from tui.model.logs import LogEvent
from tui.screens.one_clock import ClockedScreen
from tui.widgets.chart import Chart
from tui.widgets.chart_stack import ChartStack
from tui.widgets.log_view import LogView


def log(monitor: Monitor) -> LogView:
    return monitor.app.screen.query_one(LogView)


def here(monitor: Monitor) -> int:
    """The event time of the line that the log's cursor is on."""
    lines = log(monitor).text.lines
    return lines.rows.key(lines.row(log(monitor).text.cursor))[0]


def cursors(monitor: Monitor) -> set[int | None]:
    return {chart.cursor for chart in monitor.app.screen.query(Chart)}


async def charts_at(monitor: Monitor, time_ms: int | None) -> None:
    """Wait until the cursors of all charts are at a moment, or gone."""
    await monitor.until(lambda _: cursors(monitor) == {time_ms})


async def attached(monitor: Monitor) -> None:
    await monitor.until(re.compile(r"loss ── train ● 1\.\d+  validation ▲ 1\."), "48029")
    await monitor.until(lambda _: len(log(monitor).text.lines) == 60)
    await monitor.until_drawn()


async def test_moving_a_charts_cursor_moves_the_log_to_that_moment(world: WorldSource) -> None:
    async with opened(world, open_job=RUNNING) as monitor:
        await attached(monitor)
        await monitor.press("tab", "left", "left", "left", "left")
        at = cursors(monitor).pop()
        assert at is not None
        assert ms(before(minutes=13)) < at < ms(before(minutes=3))
        assert here(monitor) == at  # its lines and its datapoints are on the minute
        await monitor.until(re.compile(r"━━ loss ━━ 13:5\d:00 ━"), "paused")


async def test_moving_the_logs_cursor_moves_that_of_every_chart(world: WorldSource) -> None:
    async with opened(world, size=(160, 45), open_job=RUNNING) as monitor:
        await attached(monitor)
        await monitor.press("tab", "o", "shift+tab")
        await monitor.until("each on its own")
        await monitor.until(lambda _: len(monitor.app.screen.query(Chart)) == 2)
        await monitor.press("g")
        await charts_at(monitor, ms(before(minutes=30)))
        await monitor.press("j", "j")
        await charts_at(monitor, ms(before(minutes=29)))
        await monitor.until("train:loss ── 13:34:00 ", "validation:loss ── 13:34:00 ")


async def test_when_the_cursor_is_left_the_log_follows_again_if_it_did_before(world: WorldSource, moto: Moto) -> None:
    async with opened(world, open_job=RUNNING) as monitor:
        await attached(monitor)
        await monitor.press("tab", "left", "left")
        assert not log(monitor).following
        await monitor.press("escape")
        assert log(monitor).following
        await charts_at(monitor, None)
        await monitor.until_gone("paused")
        put_log(moto, RUNNING, "algo-2", [(NOW, "Epoch 12/40 done")])
        await monitor.until("Epoch 12/40 done")


async def test_a_log_that_a_person_has_paused_stays_where_it_is(world: WorldSource) -> None:
    async with opened(world, open_job=RUNNING) as monitor:
        await attached(monitor)
        await monitor.press("space", "tab", "left", "escape")
        assert not log(monitor).following
        await charts_at(monitor, None)


async def test_when_the_log_follows_again_the_charts_cursors_are_gone(world: WorldSource) -> None:
    async with opened(world, open_job=RUNNING) as monitor:
        await attached(monitor)
        for key in ("G", "space"):
            await monitor.press("k", "k")
            await monitor.until(lambda _: None not in cursors(monitor))
            await monitor.press(key)
            assert log(monitor).following
            await charts_at(monitor, None)


async def test_a_zoomed_chart_moves_to_the_moment(world: WorldSource) -> None:
    async with opened(world, open_job=RUNNING) as monitor:
        await attached(monitor)
        await monitor.press("tab", "plus", "plus", "plus", "shift+tab", "g")
        at = ms(before(minutes=30))
        for chart in monitor.app.screen.query(Chart):
            assert chart.view is not None
            assert chart.view.start <= at <= chart.view.end


async def test_going_to_a_moment_shows_the_log_there(world: WorldSource) -> None:
    async with opened(world, size=(80, 24), open_job=RUNNING) as monitor:
        await monitor.until("48029", lambda _: len(log(monitor).text.lines) == 60)
        await monitor.until("GPU 72%")
        await monitor.press("2")
        await monitor.until("━━ 2 metrics ━━")
        screen = monitor.app.screen
        assert isinstance(screen, ClockedScreen)
        screen.go_to_moment(ms(before(minutes=20)))
        await monitor.until("━━ 1 log ━━", "step 48010")
        assert here(monitor) == ms(before(minutes=20))
        await charts_at(monitor, ms(before(minutes=20)))
        assert log(monitor).text.has_focus


async def test_going_to_a_moment_gives_the_log_the_keys_where_it_is_in_sight(world: WorldSource) -> None:
    async with opened(world, open_job=RUNNING) as monitor:
        await attached(monitor)
        await monitor.press("tab")
        screen = monitor.app.screen
        assert isinstance(screen, ClockedScreen)
        screen.go_to_moment(ms(before(minutes=20)))
        await monitor.until("━━ 1 log ━━", "── 2 metrics ──")
        assert log(monitor).text.has_focus


async def test_the_line_of_a_moment_may_come_later(world: WorldSource) -> None:
    async with opened(world, open_job=RUNNING) as monitor:
        await attached(monitor)
        stack = monitor.app.screen.query_one(ChartStack)
        screen = monitor.app.screen
        assert isinstance(screen, ClockedScreen)
        wanted = before(minutes=90)
        screen.go_to_moment(ms(wanted))
        assert here(monitor) == ms(before(minutes=30))  # the oldest that has been read
        older = [(wanted + timedelta(minutes=minute), f"read later {minute}") for minute in (-5, 0, 5)]
        events = tuple(LogEvent(ms(at), ms(at), "algo-1", f"{RUNNING}/algo-1-1", line) for at, line in older)
        screen.post_message(LogsArrived(LogBatch(events)))
        await monitor.until("read later 0", lambda _: here(monitor) == ms(wanted))
        assert stack.cursor == ms(wanted)
        # Once it is there, whatever else comes leaves it where it is.
        await monitor.press("j")
        screen.post_message(LogsArrived(LogBatch()))
        await monitor.pilot.pause()
        assert here(monitor) == ms(wanted + timedelta(minutes=5))


async def test_an_endpoints_traffic_and_log_have_one_clock_too(world: WorldSource) -> None:
    async with opened(world, size=(160, 45)) as monitor:
        await monitor.visit(f"endpoint {RANKER}")
        await monitor.until("POST /invocations 200 19 ms", "invocations a minute ━━ v12 ● 976")
        await monitor.until(lambda _: len(log(monitor).text.lines) == 20)
        await monitor.until_drawn()
        await monitor.press("left", "left", "left")
        (at,) = cursors(monitor)
        assert at is not None
        assert here(monitor) == at
        await monitor.press("tab", "k")
        await charts_at(monitor, at - 60_000)
        await monitor.press("G")
        await charts_at(monitor, None)

"""A job's charts: what is marked on them, where each curve comes from, and how they are arranged."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from tests.moto_server import Moto, ms
from tests.screens.monitor import Monitor, opened
from tests.screens.world import RANKER, RUNNING, WorldSource, before, job_fields, put_curve, put_log
from tui.model.findings import Finding
from tui.model.markers import Marker
from tui.screens.charts import finding_markers
from tui.watch.job import JobView
from tui.widgets.chart import Chart

LOGGED = "mnist-resumed-007"


@pytest.fixture
def logged(world: WorldSource, moto: Moto) -> WorldSource:
    """A job of an hour whose log names steps, saves checkpoints, and begins again in another stream; with NaN in it."""
    started, ended = before(hours=3), before(hours=2)
    moto.add_job(LOGGED, created=before(hours=3, minutes=5), **job_fields("Failed", "Failed", started, ended))

    def line(minute: int) -> str:
        step = minute * 100 if minute < 40 else (minute - 10) * 100
        loss = "nan" if minute in (50, 51) else f"{5 - minute / 20:.3f}"
        return f"step {step} train_loss={loss} validation_loss={6 - minute / 20:.3f}"

    first = [(started + timedelta(minutes=minute), line(minute)) for minute in range(40)]
    first.insert(20, (started + timedelta(minutes=19, seconds=30), "saved checkpoint /opt/ml/checkpoints/1900.pt"))
    put_log(moto, LOGGED, "algo-1", first)
    second = [(ms(started) + 60_000 * minute, line(minute)) for minute in range(42, 59)]
    moto.add_log(f"{LOGGED}/algo-1-1700009999", second)
    return world


def rules(monitor: Monitor) -> list[str]:
    return [chart.as_text().split("\n")[0] for chart in monitor.app.screen.query(Chart)]


async def alone(monitor: Monitor) -> None:
    """The charts alone on the screen, drawn from the whole log."""
    await monitor.until(LOGGED, "complete")
    await monitor.press("2", "z") if "2 metrics" not in monitor.text else await monitor.press("tab", "z")
    await monitor.until("━━ 2 metrics ━━", re.compile(r"loss ━━ train ● 2\.\d+  validation ▲ 3\."))
    await monitor.until_drawn()


async def test_phases_checkpoints_and_restarts_are_marked(logged: WorldSource) -> None:
    async with opened(logged, size=(160, 45), open_job=LOGGED) as monitor:
        await alone(monitor)
        axis = monitor.line("┻")
        places = [axis.index(word) for word in ("┻ Training ", "┻ checkpoint ", "┻ restart ")]
        assert places == sorted(places)
        # The last phase, the end, is a minute after the last datapoint: it is out of sight.
        assert "Failed" not in axis


async def test_the_cursor_reads_what_is_marked(logged: WorldSource) -> None:
    async with opened(logged, size=(160, 45), open_job=LOGGED) as monitor:
        await alone(monitor)
        stack = monitor.app.screen.query_one(Chart)
        for _ in range(60):
            await monitor.press("left")
            if "restart" in rules(monitor)[0]:
                break
        assert stack.cursor is not None
        assert abs(stack.cursor - ms(before(hours=3)) - 42 * 60_000) < 60_000
        await monitor.until(re.compile(r"━━ loss ━━ 11:4\d:\d\d restart ━━"))


async def test_curves_of_the_log_go_by_step_and_nan_and_the_second_try_are_seen(logged: WorldSource) -> None:
    async with opened(logged, size=(160, 45), open_job=LOGGED) as monitor:
        await alone(monitor)
        await monitor.until("from the log", "x axis")
        await monitor.press("x")
        await monitor.until("by step", re.compile(r" 0 +500 +1000 "), "×")
        view = monitor.app.screen.query_one(Chart).view
        assert view is not None
        assert (view.start, view.end) == (0, 4_800_000)
        # The cursor on a step is on the line that was logged last for it.
        await monitor.press("exclamation_mark")
        await monitor.until("step 4,000 ")


async def test_smoothed_curves_keep_their_nan(logged: WorldSource) -> None:
    async with opened(logged, size=(160, 45), open_job=LOGGED) as monitor:
        await alone(monitor)
        await monitor.press("right_parenthesis", "right_parenthesis", "L")
        await monitor.until("log, smoothed 0.9", "×")


async def test_sources_are_said_in_the_order_of_the_curves_where_they_differ(world: WorldSource) -> None:
    async with opened(world, size=(160, 45), open_job=RUNNING) as monitor:
        # Its log prints the loss of training alone; that of validation is CloudWatch's.
        await monitor.until(re.compile(r"── loss ── train ● 1\.\d+  validation ▲ 1\.24 ── log · cloudwatch"))
        assert "CloudWatch, one-minute data" not in monitor.text


async def test_one_source_of_all_is_said_once_in_the_title(logged: WorldSource) -> None:
    async with opened(logged, size=(160, 45), open_job=LOGGED) as monitor:
        await alone(monitor)
        await monitor.until("━━ 2 metrics ━━ from the log ━━")
        assert not any(" log " in rule for rule in rules(monitor))


async def test_a_chart_is_saved_from_the_screen(
    logged: WorldSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with opened(logged, size=(80, 24), open_job=LOGGED) as monitor:
        await alone(monitor)
        await monitor.press("s")
        await monitor.until("save to loss.txt")
        await monitor.press("enter")
        await monitor.until("Saved the chart to loss.txt")
        assert "━━ loss ━━" in Path("loss.txt").read_text("utf-8")


async def test_findings_are_marked_on_the_charts_of_their_metrics(world: WorldSource, moto: Moto) -> None:
    where = {"TrainingJobName": RUNNING}
    put_curve(moto, "validation:loss", where, lambda share: 2.0 + 4 * (share - 0.5) ** 2)
    found = [
        Finding("overfitting", "warning", "overfits", time_ms=ms(before(hours=1)), subject=("validation:loss",)),
        Finding("idle-gpu", "critical", "idles", time_ms=ms(before(hours=1)), subject=("algo-2",)),
        Finding("slow-start", "warning", "was slow", subject=("algo-2",)),
    ]
    async with opened(world, size=(120, 45), open_job=RUNNING) as monitor:
        await monitor.until("2 metrics", "loss ──")
        view = monitor.app.screen.view  # type: ignore[attr-defined]
        assert isinstance(view, JobView)
        assert finding_markers(found, view) == [
            Marker(ms(before(hours=1)), "overfitting", "warning", ("validation:loss",)),
            Marker(ms(before(hours=1)), "idle-gpu", "bad", ()),
        ]


async def test_an_endpoints_traffic_is_arranged_and_smoothed_by_the_same_keys(world: WorldSource) -> None:
    async with opened(world, size=(160, 45)) as monitor:
        await monitor.visit(f"endpoint {RANKER}")
        await monitor.press("z")
        await monitor.until("invocations a minute ━━ v12 ● 976")
        await monitor.press("o")
        await monitor.until("each on its own", "invocations a minute v12", "errors a minute v13 5XX")
        await monitor.press("o", "o", "right_parenthesis")
        await monitor.until("invocations a minute ━━ v12 ● 976", "smoothed 0.6")
        assert all("smoothed 0.6" in rule for rule in rules(monitor))

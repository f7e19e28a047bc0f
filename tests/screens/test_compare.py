"""Comparing marked jobs: their curves over one another, which is which, and in what they differ."""

from __future__ import annotations

import math
import re
from array import array
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from tests.moto_server import Moto, ms
from tests.screens.monitor import Monitor, opened
from tests.screens.snapshot import assert_snapshot
from tests.screens.world import FAILED, JOB_METRICS, RUNNING, WorldSource, before, job_fields
from tui.archive import Archive
from tui.archive.series import KeptSeries, SeriesArchive
from tui.config import Settings
from tui.model.series import MetricQuery, Series
from tui.screens.compare import CompareScreen
from tui.widgets.chart import Chart
from tui.widgets.resource_table import ResourceTable

RUNS = tuple(f"ranker-sweep-2040-01-10-lr{number}" for number in range(1, 10))
"""Nine runs of a sweep, an hour each, a day apart from one another."""


@pytest.fixture
def sweep(empty: WorldSource, moto: Moto) -> WorldSource:
    """An AWS with these runs alone."""
    for number, name in enumerate(RUNS, 1):
        started = before(days=9 - number / 2)
        ended = started + timedelta(hours=1)
        fields = {
            **job_fields("Completed", "Completed", started, ended),
            "HyperParameters": {"lr": f"{number}e-4", "epochs": "40", **({"warmup": "500"} if number == 2 else {})},
        }
        moto.add_job(name, created=started - timedelta(minutes=5), **fields)
        for metric, lift in (("train:loss", 0.0), ("validation:loss", 0.3)):
            if metric == "train:loss" or number != 3:
                points = [
                    (ms(started) + 60_000 * minute, lift + number / 10 + 3 * math.exp(-minute / (5 * number)))
                    for minute in range(60)
                ]
                moto.add_metric(JOB_METRICS, metric, {"TrainingJobName": name}, points)
    return empty


async def compared(monitor: Monitor, count: int) -> None:
    """Mark the newest jobs of the list and compare them."""
    await monitor.until("9 jobs")
    await monitor.press("g", *["space", "j"] * count, "c")
    await monitor.until(f"jobs ▸ {count} compared", "validation:loss ━━ 1 ● ")
    await monitor.until_drawn()


def charts(monitor: Monitor) -> list[Chart]:
    return list(monitor.app.screen.query(Chart))


async def test_the_curves_of_marked_jobs_from_the_start_of_each(sweep: WorldSource) -> None:
    async with opened(sweep, size=(160, 45)) as monitor:
        await compared(monitor, 2)
        await monitor.until("1 ● ranker-sweep-2040-01-10-lr9", "2 ▲ ranker-sweep-2040-01-10-lr8")
        await monitor.until("2 metrics", "by time since the start of training", "all ended")
        await monitor.until("train:loss ── 1 ● 1.709  2 ▲ ")
        await monitor.until(re.compile(r" 5m +10m +15m "))
        views = [chart.view for chart in charts(monitor)]
        assert [(view.start, view.end) for view in views if view] == [(0, 59 * 60_000)] * 2
        await monitor.press("escape")
        await monitor.until("9 jobs")


async def test_the_table_says_in_what_they_differ_and_how_they_ended(sweep: WorldSource) -> None:
    async with opened(sweep, size=(80, 24)) as monitor:
        await compared(monitor, 2)
        await monitor.press("2")
        await monitor.until("━━ 2 differences ━━", re.compile(r"hyperparameters +1 ● +2 ▲"))
        await monitor.until(re.compile(r"  lr +9e-4 +8e-4"), re.compile(r"  train:loss +1\.7\d+ +1\.\d+"))
        await monitor.until(re.compile(r"    lowest +1\.\d+ +1\.\d+"), re.compile(r"status +Completed +Completed"))
        assert "epochs" not in monitor.text  # it is the same in both


async def test_a_hyperparameter_that_only_one_has_differs(sweep: WorldSource) -> None:
    async with opened(sweep, size=(160, 45)) as monitor:
        await compared(monitor, 8)
        await monitor.until(re.compile(r"  warmup( +–){7} +500"), re.compile(r"  lr +9e-4 .* 2e-4"))


async def test_eight_jobs_are_told_apart_by_number_and_mark(sweep: WorldSource) -> None:
    async with opened(sweep, size=(80, 24)) as monitor:
        await compared(monitor, 8)
        for number, sign in enumerate("●▲■◆○△□◇", 1):
            await monitor.until(f"{number} {sign} ranker-sweep-2040-01-10-lr{10 - number}")
        rule = monitor.line("━━ validation:loss ━━")
        assert all(f"{number} {sign} " in rule for number, sign in enumerate("●▲■◆○△□◇", 1))
        await monitor.until(lambda text: all(sign in text.split("validation:loss")[1] for sign in "●▲■◆○△◇"))
        # The seventh, lr3, has no validation: it keeps its mark on the other charts.
        await monitor.press("n", "n")
        await monitor.until(re.compile(r"━━ train:loss ━━ 1 ● "), "□")


async def test_in_ascii_the_marks_are_ascii(sweep: WorldSource) -> None:
    async with opened(sweep, size=(80, 24), settings=Settings(ascii=True)) as monitor:
        await monitor.until("9 jobs")
        await monitor.press("space", "j", "space", "c")
        await monitor.until("1 * ranker-sweep", "2 # ranker-sweep")
        await monitor.until_drawn()
        assert monitor.text.replace("▸", ">").replace("─", "-").isascii() or "●" not in monitor.text


async def test_one_metric_at_a_time(sweep: WorldSource) -> None:
    async with opened(sweep, size=(80, 24)) as monitor:
        await compared(monitor, 2)
        assert len(charts(monitor)) == 2
        await monitor.press("n")
        await monitor.until("validation:loss, 1 of 2")
        assert len(charts(monitor)) == 1
        await monitor.press("n")
        await monitor.until("train:loss, 2 of 2")
        assert charts(monitor)[0].has_focus
        await monitor.press("n")
        await monitor.until("2 metrics")
        await monitor.press("N")
        await monitor.until("train:loss, 2 of 2")


async def test_a_cursor_reads_out_every_job_at_the_same_time_since_its_start(sweep: WorldSource) -> None:
    async with opened(sweep, size=(120, 45)) as monitor:
        await compared(monitor, 2)
        await monitor.press("left", "left", "left")
        read_out = re.compile(r" 5\dm(0?s)? ")  # finer than that only until the chart is drawn for its size
        await monitor.until(lambda _: all(read_out.search(chart.as_text().split("\n")[0]) for chart in charts(monitor)))
        assert len({chart.cursor for chart in charts(monitor)}) == 1


class Counted(WorldSource):
    """Knows how many metrics each of its requests was for."""

    asked: list[int]

    def metrics(self, queries: Sequence[MetricQuery], start_ms: int, end_ms: int) -> tuple[Series, ...]:
        self.asked.append(len(queries))
        return super().metrics(queries, start_ms, end_ms)


async def test_all_metrics_of_all_jobs_are_one_request(sweep: WorldSource, moto: Moto) -> None:
    source = Counted(moto.settings())
    source.asked = []
    async with opened(source, size=(120, 45)) as monitor:
        await monitor.until("9 jobs")
        source.asked.clear()
        await compared(monitor, 8)
        await monitor.until("all ended")
        assert [count for count in source.asked if count >= 16] == [16]


async def test_along_steps_where_the_jobs_logs_were_read_before(sweep: WorldSource, tmp_path: Path) -> None:
    archive = Archive(tmp_path / "logs.sqlite")
    series = SeriesArchive.beside(archive)
    for name, every in ((RUNS[8], 10.0), (RUNS[7], 20.0)):
        job = sweep.describe_job(name)
        times = array("q", [ms(job.created) + 300_000 + 60_000 * row for row in range(60)])
        values, steps = array("d", [1.0] * 60), array("d", [every * row for row in range(60)])
        logged = Series("train:loss", times, values, "log", steps=steps)
        series.keep(job, [KeptSeries("job", 0, logged)], whole=True)
    series.close()
    async with opened(sweep, size=(120, 45), archive=archive) as monitor:
        await compared(monitor, 2)
        await monitor.until("x axis")
        await monitor.press("x")
        await monitor.until("by step", re.compile(r" 0 +100 +200 "), "train:loss ── 1 ● 1  2 ▲ 1 ")
        train = charts(monitor)[1].view
        assert train is not None
        assert (train.start, train.end) == (0, 59 * 20 * 1000)
        await monitor.press("x")
        await monitor.until("by time since the start of training")
    archive.close()


async def test_without_steps_none_are_offered(sweep: WorldSource) -> None:
    async with opened(sweep, size=(120, 45)) as monitor:
        await compared(monitor, 2)
        assert "x axis" not in monitor.text


@pytest.mark.parametrize(("count", "said"), [(0, "Marked: none."), (1, "Marked: 1 job."), (9, "Marked: 9 jobs.")])
async def test_what_cannot_be_compared_says_what_is_needed(sweep: WorldSource, count: int, said: str) -> None:
    async with opened(sweep) as monitor:
        await monitor.until("9 jobs")
        await monitor.press(*["space", "j"] * count, "c")
        await monitor.until("Mark 2 to 8 jobs with space to compare them.", said)
        assert "compared" not in monitor.lines[0]


async def test_names_that_are_cut_are_said_to_be(sweep: WorldSource, moto: Moto) -> None:
    for number in (1, 2):
        started = before(minutes=50 + number)
        name = f"{'a-very-long-name-' * 3}{number}"
        moto.add_job(name, created=started, **job_fields("InProgress", "Training", started))
    async with opened(sweep, size=(50, 24)) as monitor:
        await monitor.until("2 running")
        await monitor.press("space", "j", "space", "c")
        await monitor.until("2 compared", "names are cut: Y shows them whole", "2 ▲ a-very-long-name-")
        await monitor.press("Y")
        await monitor.until('"type": "comparison"', "a-very-long-name-a-very-long-name-")


async def test_a_job_that_is_gone_leaves_the_others(sweep: WorldSource) -> None:
    async with opened(sweep, size=(120, 45)) as monitor:
        await monitor.until("9 jobs")
        await monitor.app.push_screen(CompareScreen(monitor.app.context, [RUNS[0], "deleted-meanwhile", RUNS[1]]))
        await monitor.until("1 not found", "2 ▲ deleted-meanwhile", re.compile(r"status +Completed +not found +Compl"))
        await monitor.until(re.compile(r"1 ● \d\.\d+  2 ▲ –  3 ■ \d\.\d+"))


async def test_jobs_without_any_metrics_are_compared_by_their_table(empty: WorldSource, moto: Moto) -> None:
    for name, lr in (("one", "0.1"), ("two", "0.2")):
        fields = {**job_fields("Failed", "Failed", before(hours=2), before(hours=1)), "HyperParameters": {"lr": lr}}
        moto.add_job(name, created=before(hours=3), **fields)
    async with opened(empty, size=(120, 36)) as monitor:
        await monitor.until("2 jobs")
        await monitor.press("space", "j", "space", "c")
        await monitor.until(
            "2 compared", re.compile(r"lr +0\.[12] +0\.[12]"), "none of these jobs has datapoints of it"
        )


async def test_hostile_names_and_hyperparameters_are_text(empty: WorldSource, moto: Moto) -> None:
    for name in ("one", "two"):
        fields = {
            **job_fields("Completed", "Completed", before(hours=2), before(hours=1)),
            "HyperParameters": {"\x1b]0;x\x07[red]lr[/]": f"\x1b[2J[/oops]{name}"},
        }
        moto.add_job(name, created=before(hours=3), **fields)
    async with opened(empty, size=(120, 36)) as monitor:
        await monitor.until("2 jobs")
        await monitor.press("space", "j", "space", "c")
        await monitor.until("[red]lr[/]", "[/oops]one", "[/oops]two")


async def test_marks_of_a_filtered_list_count(world: WorldSource) -> None:
    async with opened(world) as monitor:
        await monitor.until(FAILED)
        await monitor.press("slash")
        await monitor.type(RUNNING)
        await monitor.press("enter")
        await monitor.until("1 of 7")
        await monitor.press("space")
        assert monitor.app.screen.query_one(ResourceTable).marked == {RUNNING}
        await monitor.press("c")
        await monitor.until("Marked: 1 job.")


async def test_what_it_looks_like(sweep: WorldSource, monkeypatch: pytest.MonkeyPatch) -> None:
    # How many requests were sent before is not what this is about.
    monkeypatch.setattr("tui.screens.monitor.budget_words", lambda *spent: "")
    async with opened(sweep, size=(80, 24)) as monitor:
        await compared(monitor, 4)
        await assert_snapshot(monitor, "compare-80x24")
        await monitor.resize(160, 45)
        await assert_snapshot(monitor, "compare-160x45")

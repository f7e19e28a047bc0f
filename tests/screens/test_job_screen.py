"""The screen of one training job: its log, its charts, its hosts, and all that is known of it."""

from __future__ import annotations

import re
import threading
from datetime import timedelta
from typing import Any

import pytest
from moto.sagemaker.models import sagemaker_backends

from tests.moto_server import ACCOUNT, REGION, Moto
from tests.screens.monitor import Monitor, opened
from tests.screens.world import COMPLETED, FAILED, NOW, RUNNING, WorldSource, before, put_log, put_world
from tui.archive import Archive
from tui.demo.gaps_sagemaker import set_fields
from tui.model.logs import LogPage
from tui.widgets.log_view import LogView


def log_lines(monitor: Monitor) -> list[str]:
    """The log's lines on screen, where it stands alone."""
    return [line for line in monitor.lines if re.match(r".\d\d:\d\d:\d\d ", line)]


def log(monitor: Monitor) -> LogView:
    return monitor.app.screen.query_one(LogView)


async def read_whole(monitor: Monitor, lines: int = 60) -> None:
    """Wait until the log is read and shown, to its first line."""
    await monitor.until(lambda _: len(log(monitor).text.lines) == lines)


# What is there


async def test_the_facts_and_phases_on_top(world: WorldSource) -> None:
    async with opened(world, open_job=RUNNING) as monitor:
        await monitor.until("Starting 3m ▸ Downloading 39m ▸ Training 2h30m …   2 × ml.p3.8xlarge")
        await monitor.until("max runtime in 21h", "● Training  3h  live")


async def test_the_log_of_all_hosts_in_time_order(world: WorldSource) -> None:
    async with opened(world, size=(80, 24), open_job=RUNNING) as monitor:
        await monitor.until("14:02:01 2 Epoch 12/40 step 48029", "algo-1 algo-2")
        seen = log_lines(monitor)
        assert seen == sorted(seen)
        assert [line.split()[1] for line in seen[-4:]] == ["1", "2", "1", "2"]
        await read_whole(monitor)
        await monitor.press("g")
        await monitor.until("13:33:00 1 Epoch 12/40 step 48000")  # the first line of thirty minutes


async def test_train_against_validation_on_one_chart(world: WorldSource) -> None:
    async with opened(world, open_job=RUNNING) as monitor:
        await monitor.until("── loss ── train ● 1.01  validation ▲ 1.24")  # of the log, of CloudWatch
        await monitor.until_drawn()
        await monitor.until(re.compile("11:30 +12:00 +12:30"))  # the time axis


async def test_use_above_100_percent_is_shown_rightly(world: WorldSource) -> None:
    async with opened(world, open_job=RUNNING) as monitor:
        await monitor.until("CPU % of 3200", "GPU % of 400")
        await monitor.until(re.compile(r"algo-1 +3040 █+▌ .* 380 █+▌"), re.compile(r"algo-2 +1600 █+·.* 200 █+·"))


async def test_a_job_that_failed_says_why(world: WorldSource) -> None:
    async with opened(world, open_job=FAILED) as monitor:
        await monitor.until("✕ AlgorithmError: CUDA out of memory, exit code: 1", "✕ Failed  50m", "complete")
        await monitor.press("e")
        await monitor.until("torch.cuda.OutOfMemoryError: CUDA out of memory")
        await monitor.press("enter")  # the traceback opens
        await monitor.until('File "train.py", line 42')


async def test_an_ended_job_shows_its_final_metrics_and_what_it_cost(world: WorldSource) -> None:
    async with opened(world, open_job=COMPLETED) as monitor:
        await monitor.until("spot, 64% saved", "final metrics", "validation:loss  0.3246", "train:loss       0.1383")


async def test_a_job_that_starts_has_no_log_and_no_metrics_yet(world: WorldSource) -> None:
    async with opened(world, open_job="wav2vec2-base-de-078") as monitor:
        await monitor.until("Starting 2m …", "waiting for the first line", "No metrics yet: training has not started.")


# It follows


async def test_new_lines_appear_by_themselves(world: WorldSource, moto: Moto) -> None:
    async with opened(world, open_job=RUNNING) as monitor:
        await monitor.until("48029")
        put_log(moto, RUNNING, "algo-2", [(NOW, "Epoch 12/40 done")])
        await monitor.until("14:03:00 2 Epoch 12/40 done")
        await monitor.press("space")
        await monitor.until("paused")
        later = NOW + timedelta(seconds=1)
        put_log(moto, RUNNING, "algo-1", [(later, f"behind {number}") for number in range(60)])
        await monitor.until("paused, 60 new below")
        assert "behind 59" not in monitor.text
        await monitor.press("space")
        await monitor.until("behind 59")


async def test_the_end_of_a_job_is_seen(world: WorldSource, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.screens.job.DESCRIBE_EVERY_S", 0.05)
    async with opened(world, open_job=RUNNING) as monitor:
        await monitor.until("● Training")
        fields: dict[str, Any] = {"TrainingJobStatus": "Failed", "SecondaryStatus": "Failed", "TrainingEndTime": NOW}
        job = sagemaker_backends[ACCOUNT][REGION].training_jobs[RUNNING]
        set_fields(job, {**fields, "FailureReason": "spot interruption", "LastModifiedTime": NOW})
        await monitor.until("✕ Failed  3h", "✕ spot interruption")


class Slow(WorldSource):
    """Answers questions for older events only when it may."""

    may_answer: threading.Event

    def read_stream(self, *asked: Any, **how: Any) -> LogPage:
        self.may_answer.wait(30)
        return super().read_stream(*asked, **how)


async def test_attaching_does_not_wait_for_the_log(moto: Moto) -> None:
    source = Slow(moto.settings())
    source.may_answer = threading.Event()
    put_world(moto)
    try:
        async with opened(source, open_job=RUNNING) as monitor:
            # All else is there, and the newest lines; the rest is on its way, and it is said how far.
            await monitor.until("2 × ml.p3.8xlarge", "── loss ──", "from CloudWatch", "48029", "reading 0%")
            assert len(log(monitor).text.lines) == 30
            source.may_answer.set()
            await read_whole(monitor)
            await monitor.until_gone("reading")
            await monitor.press("g")
            await monitor.until("13:33:00 1 Epoch 12/40 step 48000")
    finally:
        source.may_answer.set()


async def test_leaving_does_not_wait_for_a_request(moto: Moto) -> None:
    source = Slow(moto.settings())
    source.may_answer = threading.Event()
    put_world(moto)
    try:
        async with opened(source, open_job=RUNNING) as monitor:
            await monitor.until("reading 0%")
            await monitor.press("q", "q")
            await monitor.until_left()
    finally:
        source.may_answer.set()


async def test_what_was_seen_once_is_there_without_cloudwatch(world: WorldSource, moto: Moto, tmp_path: Any) -> None:
    from moto.logs.models import logs_backends

    archive = Archive(tmp_path / "logs.sqlite")
    async with opened(world, open_job=RUNNING, archive=archive) as monitor:
        await read_whole(monitor)
        await monitor.until("complete to")
    logs_backends[ACCOUNT][REGION].groups.clear()
    async with opened(world, open_job=RUNNING, archive=archive) as monitor:
        await read_whole(monitor)
        await monitor.until("48029")
    archive.close()


async def test_another_job_of_the_same_prefix_lends_no_lines(world: WorldSource, moto: Moto) -> None:
    put_log(moto, f"{RUNNING}-2", "algo-1", [(before(minutes=1), "of another job")])
    async with opened(world, open_job=RUNNING) as monitor:
        await monitor.until("complete to")
        await read_whole(monitor)
        assert "of another job" not in monitor.text


# Panes


async def test_where_one_pane_fits_the_numbers_lead_to_each(world: WorldSource) -> None:
    async with opened(world, size=(80, 24), open_job=RUNNING) as monitor:
        await monitor.until("━━ 1 log ━━", "2 charts  3 hosts  4 facts", "GPU 72%")  # the strip stands for the charts
        for key, title, content in (
            ("2", "━━ 2 metrics ━━", "━━ loss ━━"),
            ("3", "━━ 3 hosts ━━", "GPU % of 400"),
            ("4", "━━ 4 facts ━━", "InProgress · Training"),
            ("1", "━━ 1 log ━━", "48029"),
        ):
            await monitor.press(key)
            await monitor.until(title, content)


async def test_where_there_is_room_the_numbers_show_and_hide(world: WorldSource) -> None:
    async with opened(world, open_job=RUNNING) as monitor:
        await monitor.until("━━ 1 log ━━", "── 2 metrics ──", "── 3 hosts ──")
        assert "hyperparameters" not in monitor.text
        await monitor.press("2")
        await monitor.until_gone("2 metrics")
        await monitor.until("2 charts  4 facts")
        await monitor.press("4")
        await monitor.until("━━ 4 facts ━━", "InProgress · Training", "role/SageMaker")


async def test_z_shows_a_pane_alone_and_then_all_again(world: WorldSource) -> None:
    async with opened(world, open_job=RUNNING) as monitor:
        await monitor.until("━━ 1 log ━━", "── 2 metrics ──")
        await monitor.press("z")
        await monitor.until_gone("2 metrics", "3 hosts ─")
        await monitor.press("tab")
        await monitor.until("━━ 2 metrics ━━")
        await monitor.press("z")
        await monitor.until("── 1 log ──", "━━ 2 metrics ━━", "── 3 hosts ──")


async def test_raw_json_of_the_job(world: WorldSource) -> None:
    async with opened(world, open_job=RUNNING) as monitor:
        await monitor.until("48029")
        await monitor.press("Y")
        await monitor.until(f'"name": "{RUNNING}"', '"secondary_status": "Training"')
        await monitor.press("escape")
        await monitor.until("48029")


async def test_only_a_job_that_runs_can_be_stopped(world: WorldSource) -> None:
    async with opened(world) as monitor:
        for name, can in ((RUNNING, True), (COMPLETED, False)):
            await monitor.visit(f"job {name}")
            await monitor.until("definitions  S stop…  : go to" if can else "definitions  : go to")


async def test_hosts_that_stand_alone_have_charts_and_the_keys_are_theirs(world: WorldSource) -> None:
    async with opened(world, open_job=RUNNING) as monitor:
        await monitor.until("── 3 hosts ──", "GPU % of 400")
        assert "GPU ━━ algo-1" not in monitor.text
        await monitor.press("3", "3", "z")  # away, there again with the keys, and alone
        await monitor.until("━━ GPU ━━ algo-1 ● 95%  algo-2 ▲ 50%", "── CPU ── algo-1 ● 95%")
        await monitor.press("left")
        await monitor.until("━━ GPU ━━ 14:00:00 ━━", "── CPU ── 14:00:00 ──")  # one cursor on all of them
        await monitor.press("z")
        await monitor.until("── 1 log ──", "━━ 3 hosts ━━")

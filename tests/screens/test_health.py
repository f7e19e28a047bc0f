"""What is wrong with a job, on screen: the line above the keys, the list that f opens, the facts, the jobs' badges."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import timedelta

from tests.moto_server import Moto
from tests.screens.monitor import Monitor, opened
from tests.screens.world import FAILED, NOW, RUNNING, WorldSource, before, job_fields, put_curve, put_log
from tui.config import Settings
from tui.widgets.log_view import LogView

SICK = "bert-overfit-001"


def rule(name: str, status: str, **more: str) -> dict[str, str]:
    return {"RuleConfigurationName": name, "RuleEvaluationStatus": status, **more}


def put_overfitting(moto: Moto) -> None:
    """A job whose validation has turned an hour ago, with what Debugger says of it."""
    started = before(hours=3)
    moto.add_job(
        SICK,
        created=before(hours=3, minutes=5),
        **job_fields(
            "InProgress",
            "Training",
            started,
            ResourceConfig={"InstanceType": "ml.g5.2xlarge", "InstanceCount": 1, "VolumeSizeInGB": 30},
            DebugRuleEvaluationStatuses=[
                {
                    "RuleConfigurationName": "Overfit",
                    "RuleEvaluationStatus": "IssuesFound",
                    "StatusDetails": "epoch 12",
                },
                {"RuleConfigurationName": "ExplodingTensor", "RuleEvaluationStatus": "NoIssuesFound"},
            ],
        ),
    )

    def valid(share: float) -> float:
        return 0.5 + math.exp(-8 * share) + max(share - 0.5, 0)

    put_curve(moto, "train:loss", {"TrainingJobName": SICK}, lambda share: 0.1 + math.exp(-5 * share))
    put_curve(moto, "validation:loss", {"TrainingJobName": SICK}, valid)
    put_log(moto, SICK, "algo-1", [(before(minutes=170 - step), f"step {step} of 170") for step in range(170)])


def line_of(monitor: Monitor, start: str) -> str:
    return next((line for line in monitor.lines if line.startswith(start)), "")


async def test_the_line_above_the_keys_says_the_gravest_and_where_the_rest_is(world: WorldSource, moto: Moto) -> None:
    put_overfitting(moto)
    async with opened(world, open_job=SICK) as monitor:
        await monitor.until("! overfits since")
        assert "validation +" in line_of(monitor, " ! overfits")
        assert "train −" in line_of(monitor, " ! overfits")
        assert line_of(monitor, " ! overfits").rstrip().endswith("→ f")


async def test_f_leads_to_the_findings_and_enter_to_the_moment(world: WorldSource, moto: Moto) -> None:
    put_overfitting(moto)
    async with opened(world, open_job=SICK) as monitor:
        await monitor.until("! overfits since", "step 169 of 170")
        await monitor.press("f")
        await monitor.until("overfitting · Debugger's Overfit · 2040-01-15 12:")
        await monitor.until("validation:loss: 0.5", "gap (validation − training) / training")
        await monitor.until("Overfit: IssuesFound epoch 12", "ExplodingTensor: NoIssuesFound")
        await monitor.until("looked at", "not seen")
        await monitor.press("enter")
        await monitor.until(lambda _: len(monitor.app.screen_stack) == 2)
        log = monitor.app.screen.query_one(LogView)
        await monitor.until(lambda _: not log.text.following)
        await monitor.until_gone("step 169 of 170")


async def test_escape_and_f_close_the_list(world: WorldSource, moto: Moto) -> None:
    put_overfitting(moto)
    async with opened(world, open_job=SICK) as monitor:
        await monitor.until("! overfits since")
        for key in ("escape", "f", "q"):
            await monitor.press("f")
            await monitor.until("enter goes to the moment")
            await monitor.press(key)
            await monitor.until_gone("enter goes to the moment")
        await monitor.until("! overfits since")


async def test_of_a_healthy_job_the_list_says_what_was_looked_at(world: WorldSource, moto: Moto) -> None:
    moto.add_job("young", created=before(minutes=3), **job_fields("InProgress", "Training", before(minutes=2)))
    async with opened(world, open_job="young") as monitor:
        await monitor.until("● Training")
        await monitor.press("f")
        await monitor.until("Nothing is wrong as far as can be seen.")


async def test_the_facts_show_debuggers_rules_beside_ours(world: WorldSource, moto: Moto) -> None:
    put_overfitting(moto)
    async with opened(world, size=(80, 40), open_job=SICK) as monitor:
        await monitor.until("! overfits since")
        await monitor.press("4")
        await monitor.until("Debugger Overfit", "IssuesFound epoch 12")
        rows = [line.split()[:2] for line in monitor.lines if re.match(r" +(overfitting|Debugger) ", line)]
        assert rows == [["overfitting", "overfits"], ["Debugger", "Overfit"], ["Debugger", "ExplodingTensor"]]


async def test_a_log_that_tells_of_the_end_is_a_finding(world: WorldSource) -> None:
    async with opened(world, open_job=FAILED) as monitor:
        await monitor.until("! algo-1 ran out of GPU memory at 10:02")


async def test_a_failure_reason_stands_on_the_screen_once(world: WorldSource) -> None:
    async with opened(world, size=(160, 45), open_job=FAILED) as monitor:
        await monitor.until("CUDA out of memory, exit code: 1", "4 facts", "cuda-oom")
        assert monitor.text.count("exit code: 1") == 1


async def test_a_reason_too_long_for_the_header_is_in_the_facts_in_full(world: WorldSource, moto: Moto) -> None:
    reason = "AlgorithmError: " + " ".join(f"word{number:03}" for number in range(120)) + " the very end"
    moto.add_job(
        "wordy",
        created=before(hours=2),
        **job_fields("Failed", "Failed", before(hours=2), before(hours=1), FailureReason=reason),
    )
    async with opened(world, size=(160, 60), open_job="wordy") as monitor:
        await monitor.until("the very end")
        broken = [line for line in monitor.lines if line.rstrip().endswith(" word")]
        assert not broken


# The list of jobs


async def test_jobs_in_trouble_have_a_badge_and_are_counted(world: WorldSource, moto: Moto) -> None:
    put_overfitting(moto)
    async with opened(world) as monitor:
        await monitor.until("3 warnings", "GPU 72%")
        for name, marked in ((SICK, True), (RUNNING, True), (FAILED, True), ("xgb-churn-nightly-311", False)):
            assert ("  !  " in monitor.line(name)) is marked, monitor.line(name)


async def test_the_sentence_of_the_selected_job_stands_below_the_table(world: WorldSource, moto: Moto) -> None:
    put_overfitting(moto)
    async with opened(world) as monitor:
        await monitor.until("3 warnings")
        while "▸" not in monitor.line(SICK):
            await monitor.press("j")
        await monitor.until(lambda _: f"! {SICK}  validation:loss has turned at 12:" in monitor.lines[-2])
        await monitor.press("g")  # one of which nothing is known yet
        await monitor.until(lambda _: "!" not in monitor.lines[-2])


async def test_what_went_wrong_days_ago_is_marked_but_not_counted(world: WorldSource, moto: Moto) -> None:
    old = before(days=3)
    moto.add_job(
        "old",
        created=old,
        **job_fields("Failed", "Failed", old, old + timedelta(hours=1), FailureReason="CUDA out of memory"),
    )
    async with opened(world) as monitor:
        await monitor.until("2 warnings", lambda _: "  !  " in monitor.line("old "))


async def test_the_metric_is_named_and_has_its_curve_at_80_columns_too(world: WorldSource) -> None:
    async with opened(world, size=(80, 24)) as monitor:
        await monitor.until("GPU 72%")
        row = monitor.line("resnet")
        assert "val loss 1.24  █" in row
        await monitor.resize(200, 30)
        await monitor.until(lambda _: sum(monitor.line("resnet").count(block) for block in "▁▂▃▄▅▆▇█") == 24)


async def test_a_threshold_of_the_settings_counts(world: WorldSource, moto: Moto) -> None:
    put_overfitting(moto)
    lenient = {"overfitting.rise": 9.0, "load-balancing.distance": 1.0}
    async with opened(world, settings=Settings(thresholds=lenient)) as monitor:
        await monitor.until("1 warning ", "GPU 72%")  # that of the failed job
        await monitor.visit(f"job {SICK}")
        await monitor.until("step 169 of 170", "validation")
        await monitor.until(settled(monitor))
        assert "! overfits" not in monitor.text


def settled(monitor: Monitor) -> Callable[[str], bool]:
    """Whether the job on screen has been examined with its metrics and its log."""

    def examined(_: str) -> bool:
        looked = getattr(monitor.app.screen, "health").coverage.looked  # noqa: B009
        return any("datapoint" in one for one in looked) and any("the log" in one for one in looked)

    return examined


async def test_hostile_text_stays_text(world: WorldSource, moto: Moto) -> None:
    put_log(
        moto,
        FAILED,
        "algo-1",
        [(NOW - timedelta(hours=4, minutes=5), "CUDA out of memory \x1b]0;owned\x07[bold]x[/bold] [/oops]")],
    )
    async with opened(world, open_job=FAILED) as monitor:
        await monitor.until("! algo-1 ran out of GPU memory at 09:58")
        await monitor.press("f")
        await monitor.until("CUDA out of memory [bold]x[/bold] [/oops]")
        assert not any("owned" in one for one in monitor.sent)

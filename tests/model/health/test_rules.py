"""The rules one by one on runs that are written out: what they say, where they stop, what they ask for."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from tests.model.health.runs import BEGAN, BEGAN_MS, MINUTE, evidence, good_hosts, series, upto
from tests.model.health.sick import SICK, hosts_of
from tui.model.findings import Finding
from tui.model.health.coverage import coverage
from tui.model.health.evidence import Evidence
from tui.model.health.examine import examine
from tui.model.health.log import LogFacts, LogHit
from tui.model.health.names import direction
from tui.model.health.resources import usage
from tui.model.health.thresholds import DEFAULTS, MEANING, thresholds, unknown
from tui.model.jobs import Phase, RuleStatus

EPOCHS = np.arange(1.0, 41.0) * 10
HIT = LogHit(1, BEGAN_MS + 60_000, BEGAN_MS + 60_000, "algo-1", "ValueError: no data")


def random(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def rules(on: Evidence) -> list[str]:
    return [finding.rule for finding in examine(on)]


def only(on: Evidence) -> Finding:
    (finding,) = examine(on)
    return finding


def overfit(*, source: str = "cloudwatch", valid: str = "validation:loss") -> Evidence:
    """Best at epoch 16, by 20% above it at the end, while training halves."""
    turn = np.maximum(EPOCHS - 160, 0) / 240
    fall = 1 + np.exp(-EPOCHS / 40)
    steps = array("d", (EPOCHS * 100).tolist())
    return evidence(
        replace(series("train:loss", EPOCHS, fall * (1 - 0.5 * EPOCHS / 400), source=source), steps=steps),
        replace(series(valid, EPOCHS, fall + 0.2 * turn, source=source), steps=steps),
        until=400,
    )


# Overfitting, word by word


def test_overfitting_says_since_when_and_by_how_much() -> None:
    finding = only(overfit())
    assert finding.sentence.startswith("overfits since step 16,")
    assert "validation +15%" in finding.sentence
    assert "train −37%" in finding.sentence
    assert finding.subject == ("validation:loss", "train:loss")
    assert finding.evidence[0].startswith("validation:loss: 1.023 at its best, 1.1")
    assert finding.evidence[2].startswith("gap (validation − training) / training: 1.")
    assert finding.time_ms == pytest.approx(BEGAN_MS + 160 * MINUTE, abs=25 * MINUTE)


def test_where_no_line_names_a_step_the_clock_says_it() -> None:
    on = overfit()
    plain = replace(on, metrics=tuple(replace(one, steps=array("d")) for one in on.metrics))
    assert "since 08:" in only(plain).sentence


def test_it_is_seen_once_it_lasts_and_not_before() -> None:
    seen = [bool(rules(upto(overfit(), minutes))) for minutes in (100, 160, 200, 280, 340, 400)]
    assert seen == [False, False, False, True, True, True]


def test_without_training_at_hand_validation_alone_is_said_to_have_turned() -> None:
    on = overfit()
    finding = only(replace(on, metrics=on.metrics[1:]))
    assert finding.rule == "overfitting"
    assert finding.sentence.startswith("validation:loss has turned at step 16,")


def test_training_that_turns_as_well_does_not_overfit() -> None:
    on = overfit()
    rising = replace(on.metrics[0], values=on.metrics[1].values)
    assert rules(replace(on, metrics=(rising, on.metrics[1]))) == []


@pytest.mark.parametrize(
    ("name", "value", "still"),
    [
        ("overfitting.rise", 0.5, False),
        ("overfitting.gap", 5, False),
        ("overfitting.points", 100, False),
        ("overfitting.gap", 0.5, True),
        ("divergence.rise", 0.01, True),
    ],
)
def test_its_thresholds_can_be_set(name: str, value: float, still: bool) -> None:
    assert ("overfitting" in rules(replace(overfit(), limits=thresholds({name: value})))) is still


# NaN


def lost(*wrong: int, value: float = float("nan"), name: str = "train:loss", count: int = 100) -> Evidence:
    values = np.exp(-np.arange(count) / 50)
    values[list(wrong)] = value
    return evidence(series(name, np.arange(count, dtype=float), values, source="log"), until=count)


def test_a_loss_that_is_nan_at_its_end_is_critical() -> None:
    finding = only(lost(*range(60, 100)))
    assert (finding.severity, finding.debugger) == ("critical", "ExplodingTensor")
    assert finding.sentence == "train:loss is NaN since 07:00"
    assert finding.evidence == ("40 of 100 values (log)", "0.3073 just before")
    assert finding.time_ms == BEGAN_MS + 60 * MINUTE


def test_a_loss_that_came_back_is_a_warning() -> None:
    finding = only(lost(40))
    assert finding.severity == "warning"
    assert finding.sentence == "train:loss was NaN at 06:40, and came back"


def test_infinity_is_told_apart() -> None:
    assert only(lost(*range(60, 100), value=float("inf"))).sentence == "train:loss is infinite since 07:00"


def test_a_gradient_that_overflows_now_and_then_is_how_mixed_precision_works() -> None:
    assert rules(lost(3, 40, 99, value=float("inf"), name="grad_norm")) == []
    assert rules(lost(*range(90, 100), value=float("inf"), name="grad_norm")) == ["nan"]


def test_what_the_log_says_of_nan_is_said_once() -> None:
    said = LogFacts({"nan": replace(HIT, count=9, line="WARNING: loss is nan")})
    assert rules(replace(lost(*range(60, 100)), log=said)) == ["nan"]
    finding = only(replace(evidence(until=90), log=said))
    assert finding.sentence == "the log says that the loss is NaN since 06:01"


# What is judged by its way, and what is not


@pytest.mark.parametrize(
    ("name", "way"),
    [
        ("train:loss", "down"),
        ("val_loss", "down"),
        ("validation_0-rmse", "down"),
        ("val_cross_entropy", "down"),
        ("Train_error", "down"),
        ("wer", "down"),
        ("val_acc", "up"),
        ("eval/f1", "up"),
        ("validation:map50", "up"),
        ("loss_G", ""),
        ("d_loss", ""),
        ("policy_loss", ""),
        ("value_loss", ""),
        ("entropy", ""),
        ("kl_loss", ""),
        ("loss_scale", ""),
        ("learning_rate", ""),
        ("grad_norm", ""),
        ("episode_reward_mean", ""),
        ("img/s", ""),
    ],
)
def test_which_way_a_metric_should_go(name: str, way: str) -> None:
    assert direction(name) == way


@pytest.mark.parametrize("kind", ["divergence", "plateau", "oscillation"])
def test_a_generators_loss_may_do_what_a_loss_may_not(kind: str) -> None:
    on = SICK[kind](random())
    assert kind in rules(on)
    assert rules(replace(on, metrics=tuple(replace(one, name="loss_G") for one in on.metrics))) == []


# What the log and the description say


def failed(on: Evidence, reason: str = "") -> Evidence:
    ended = BEGAN + timedelta(minutes=30)
    return replace(on, job=replace(on.job, status="Failed", ended=ended, failure_reason=reason))


@pytest.mark.parametrize("kind", ["cuda-oom", "nccl", "killed", "traceback"])
def test_what_ends_a_job_is_critical_and_shows_its_line(kind: str) -> None:
    finding = only(replace(failed(evidence(until=60)), log=LogFacts({kind: HIT})))
    assert (finding.rule, finding.severity, finding.time_ms) == (kind, "critical", HIT.first_ms)
    assert finding.evidence == ("ValueError: no data",)
    assert "06:01" in finding.sentence


def test_a_failure_reason_is_enough_where_the_log_is_not_read() -> None:
    finding = only(failed(evidence(until=60), "AlgorithmError: CUDA out of memory, exit code: 1"))
    assert finding.rule == "cuda-oom"
    assert finding.sentence == "ran out of GPU memory at 06:30"
    assert rules(failed(evidence(until=60), "InternalServerError")) == []


def test_a_traceback_that_a_job_got_over_is_no_news() -> None:
    on = replace(evidence(until=60), log=LogFacts({"traceback": HIT}))
    assert [finding.severity for finding in examine(on)] == ["warning"]
    done = replace(on, job=replace(on.job, status="Completed", ended=BEGAN + timedelta(hours=1)))
    assert rules(done) == []


def test_sigterm_is_an_interruption_unless_somebody_asked_for_it() -> None:
    on = replace(evidence(until=60), log=LogFacts({"spot-interruption": HIT}))
    spot = replace(on, job=replace(on.job, spot=True))
    assert rules(on) == []
    assert rules(spot) == ["spot-interruption"]
    for status, secondary in (("Stopping", "Stopping"), ("Stopped", "Stopped"), ("Completed", "MaxRuntimeExceeded")):
        assert rules(replace(spot, job=replace(spot.job, status=status, secondary_status=secondary))) == []


def test_the_phase_interrupted_says_it_without_a_log() -> None:
    on = evidence(until=120)
    at = BEGAN + timedelta(minutes=50)
    phases = (*on.job.phases[:2], Phase("Training", BEGAN, at), Phase("Interrupted", at, at), Phase("Training", at))
    finding = only(replace(on, job=replace(on.job, phases=phases, spot=True)))
    assert finding.sentence == "interrupted at 06:50: the spot instance was taken away"


def test_a_long_download_is_a_slow_start() -> None:
    on = evidence(until=-1)
    phases = (on.job.phases[0], Phase("Downloading", BEGAN - timedelta(minutes=45)))
    finding = only(replace(on, job=replace(on.job, phases=phases, secondary_status="Downloading")))
    assert (finding.rule, finding.sentence) == ("slow-start", "Downloading for 44m")


def test_an_epoch_that_takes_hours_is_no_slow_start_while_the_gpu_works() -> None:
    at = np.zeros(0)
    on = evidence(series("validation:loss", at, at), until=90, hosts=good_hosts(random(), 90))
    assert rules(on) == []


def test_a_job_that_has_ended_is_neither_stalled_nor_silent() -> None:
    on = SICK["stalled"](random())
    on = replace(on, log=LogFacts({}, BEGAN_MS, 0, complete=True))
    assert set(rules(on)) == {"stalled"}
    ended = replace(on.job, status="Completed", secondary_status="Completed", ended=BEGAN + timedelta(hours=9))
    assert rules(replace(on, job=ended)) == []


def test_a_log_that_is_still_being_read_is_not_silent() -> None:
    on = SICK["log-silent"](random())
    assert rules(on) == ["log-silent"]
    assert rules(replace(on, log=replace(on.log, complete=False))) == []


def test_validation_once_in_two_hours_does_not_stall() -> None:
    at = np.arange(1.0, 6.0) * 120
    on = evidence(series("validation:loss", at, np.exp(-at / 200)), until=700)
    assert rules(on) == []
    assert rules(replace(on, now_ms=on.now_ms + 200 * MINUTE)) == ["stalled"]


# Hosts


def test_nothing_is_said_of_a_host_before_its_patience_is_over() -> None:
    on = SICK["idle-gpu"](random())
    assert [rules(upto(on, minutes)) for minutes in (10, 20, 25)] == [[], [], ["idle-gpu"]]


def test_one_checkpoint_is_no_habit() -> None:
    def paused(*minutes: int) -> Evidence:
        return evidence(
            until=60,
            hosts=hosts_of(random(), 60, 1, gpu=lambda at: np.where(np.isin(at, minutes), 2.0, 95.0)),
        )

    assert rules(paused(50)) == []
    assert rules(paused(44, 50, 56)) == ["fluctuating-gpu"]


def test_a_disk_that_is_soon_full_says_when() -> None:
    hosts = hosts_of(random(), 300, 1, disk=lambda at: 95 - (300 - at) * 0.05)
    finding = next(one for one in examine(evidence(until=300, hosts=hosts)) if one.rule == "disk-filling")
    assert finding.sentence == "algo-1 disk is at 95%, full at ≈ 12:41"
    assert finding.evidence[0] == "grows by 3.0 points an hour"


def test_a_framework_that_takes_all_gpu_memory_at_once_keeps_it() -> None:
    hosts = hosts_of(random(), 90, 1, gpu_memory=lambda at: 0 * at + 98.5)
    assert rules(evidence(until=90, hosts=hosts)) == []


def test_the_use_is_reported_as_debugger_did() -> None:
    hosts = hosts_of(random(), 110, 1, gpu=lambda at: at - 10)
    (gpu,) = [one for one in usage(evidence(until=110, hosts=hosts)) if one.what == "gpu"]
    assert (gpu.host, gpu.least, gpu.p50, gpu.p90, gpu.most) == ("algo-1", 0, 50, 90, 100)


def test_utilization_is_judged_as_a_share_of_all_gpus() -> None:
    """AWS counts each GPU as 100: 180 of eight is little, of two it is nearly all."""
    at = np.arange(1.0, 61.0)
    hosts = {"algo-1": {"GPUUtilization": series("GPUUtilization", at, 0 * at + 180)}}

    def on(instance: str) -> Evidence:
        found = evidence(until=60, hosts=hosts)
        group = replace(found.job.instances[0], type=instance)
        return replace(found, job=replace(found.job, instances=(group,)))

    assert rules(on("ml.p4d.24xlarge")) == ["idle-gpu"]
    assert rules(on("ml.g7e.12xlarge")) == []


# Steps


def test_validations_checkpoints_and_epochs_are_no_outliers() -> None:
    took = np.full(2000, 1.0)
    took[99::100] = 60
    minutes = np.cumsum(took) / 60
    steps = series("train:loss", minutes, np.exp(-minutes), source="log")
    assert rules(evidence(steps, until=minutes[-1])) == []


# What the table and the report say


def test_an_unknown_threshold_is_told() -> None:
    assert unknown(["overfitting.gap", "overfitting.gab", "x"]) == ["overfitting.gab", "x"]
    assert thresholds({"overfitting.gap": 2})["overfitting.gap"] == 2
    assert DEFAULTS.keys() == MEANING.keys()


def test_every_threshold_belongs_to_a_rule() -> None:
    known = {*SICK, "resources"}
    assert {name.split(".")[0] for name in MEANING if not name.startswith("endpoint-")} <= known


def test_what_was_looked_at_and_what_could_not_be() -> None:
    on = replace(overfit(), job=replace(overfit().job, rules=(RuleStatus("Overfit", "IssuesFound"),)))
    found = coverage(replace(on, log=LogFacts({}, BEGAN_MS, complete=True)))
    assert found.looked == ("2 metrics, 80 datapoints (cloudwatch)", "the log, to 06:00", "1 Debugger rule of the job")
    assert "no GPU metrics" in found.lacking
    assert "no log" not in found.lacking
    bare = coverage(evidence(until=10)).lacking
    assert bare[0] == "no datapoints of the job's own metrics: no curves"
    assert bare[-1] == "no log"
    alone = coverage(evidence(overfit().metrics[0], until=10)).lacking
    assert "no validation metric: overfitting cannot be seen" in alone


def test_the_gravest_is_said_first() -> None:
    on = replace(SICK["idle-gpu"](random()), log=LogFacts({"cuda-oom": HIT}))
    assert [finding.severity for finding in examine(on)] == ["critical", "warning"]


@pytest.mark.parametrize("make", [lambda: evidence(until=10), lambda: evidence(until=-5)])
def test_of_what_nothing_is_known_nothing_is_said(make: Callable[[], Evidence]) -> None:
    assert examine(make()) == ()
    assert usage(make()) == ()


def test_a_hundred_thousand_values_are_judged_as_well() -> None:
    minutes = np.linspace(0.01, 500, 100_000)
    loss = np.exp(-minutes / 100)
    loss[99_000:] = np.nan
    on = evidence(series("train:loss", minutes, loss, source="log"), until=500)
    assert only(on).sentence == "train:loss is NaN since 14:15"

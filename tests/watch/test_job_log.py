"""Metrics and marks that a job's log tells, whatever order its batches come in."""

from __future__ import annotations

import math
import random
import threading
from datetime import datetime, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.follow import LogBatch
from tui.model.jobs import MetricDefinition, TrainingJob
from tui.model.logs import LogEvent, event_order
from tui.model.series import Series
from tui.watch.job_log import JobLog

LOSS = MetricDefinition("loss", r"loss=(\S+)")
CREATED = datetime(2026, 11, 22, tzinfo=timezone.utc)


def event(at: int, message: str, host: str = "algo-1", run: int = 1) -> LogEvent:
    return LogEvent(at, at, host, f"job/{host}-{run}", message)


def batch(*events: LogEvent, state: str = "reading", progress: float | None = 0.5) -> LogBatch:
    return LogBatch(tuple(sorted(events, key=event_order)), state=state, progress=progress)  # type: ignore[arg-type]


def log_of(*definitions: MetricDefinition, kept: tuple[MetricDefinition, ...] = ()) -> JobLog:
    log = JobLog(lambda name: kept)
    log.job_is(TrainingJob("job", "InProgress", CREATED, detailed=True, metric_definitions=definitions))
    return log


def only(log: JobLog) -> Series:
    (series,) = log.series()
    return series


def test_values_have_the_logs_milliseconds_and_what_their_lines_name() -> None:
    log = log_of(LOSS)
    assert log.take(batch(event(1001, "step 10: loss=0.5"), event(1002, "no"), event(1003, "step 20: loss=nan")))
    series = only(log)
    assert (series.name, series.source, series.part) == ("loss", "log", "")
    assert list(series.times) == [1001, 1003]
    assert series.values[0] == 0.5
    assert math.isnan(series.values[1])
    assert list(series.steps) == [10, 20]
    assert len(series.epochs) == 0


def test_what_was_given_does_not_change_any_more() -> None:
    log = log_of(LOSS)
    log.take(batch(event(2, "loss=2")))
    before = only(log)
    log.take(batch(event(1, "loss=1")))
    assert (list(before.times), list(only(log).times)) == ([2], [1, 2])
    assert only(log) is only(log)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 2), st.floats(0, 1)), unique_by=lambda row: row[:2]),
    st.randoms(),
)
def test_the_order_of_batches_makes_no_difference(rows: list[tuple[int, int, float]], chance: random.Random) -> None:
    events = [event(at, f"loss={value!r}", f"algo-{host + 1}") for at, host, value in rows]
    at_once, in_pieces = log_of(LOSS), log_of(LOSS)
    at_once.take(batch(*events))
    chance.shuffle(events)
    while events:
        size = chance.randint(1, len(events))
        in_pieces.take(batch(*events[:size]))
        del events[:size]
    assert in_pieces.series() == at_once.series()
    for series in at_once.series():
        assert list(series.times) == sorted(series.times)


def test_hosts_that_report_the_same_metric_are_told_apart_and_one_alone_is_the_jobs() -> None:
    log = log_of(LOSS, MetricDefinition("acc", "acc=(.*)"))
    log.take(batch(event(1, "loss=1", "algo-10"), event(1, "loss=2", "algo-2"), event(2, "acc=3", "algo-2")))
    assert [(series.name, series.part) for series in log.series()] == [
        ("loss", "algo-2"),
        ("loss", "algo-10"),
        ("acc", ""),
    ]


@pytest.mark.parametrize("line", ["step {n}: loss={value}", "loss={value}"])
def test_hosts_that_print_the_same_values_are_one_curve(line: str) -> None:
    log, values = log_of(LOSS), ["0.5", "nan", "0.25"]
    log.take(
        batch(
            *(
                event(n * 1000 + host, line.format(n=n, value=value), f"algo-{host}")
                for n, value in enumerate(values)
                for host in (1, 2)
                if (n, host) != (2, 2)  # one is a step behind
            )
        )
    )
    assert (only(log).part, [str(value) for value in only(log).values]) == ("", values_of(values))


def test_a_host_that_is_far_behind_has_a_curve_of_its_own_though_it_prints_the_same() -> None:
    log = log_of(LOSS)
    for host, pace in (("algo-1", 1), ("algo-2", 2)):
        log.take(batch(*(event(step * pace, f"step {step}: loss={1 / step}", host) for step in range(1, 200 // pace))))
    assert [(series.part, series.steps[-1]) for series in log.series()] == [("algo-1", 199), ("algo-2", 99)]


def values_of(texts: list[str]) -> list[str]:
    return [str(float(text)) for text in texts]


def test_a_log_is_whole_once_it_has_been_read_from_its_start() -> None:
    log = log_of(LOSS)
    log.take(batch(event(2, "loss=2")))
    assert not log.is_whole
    assert log.take(batch(state="following", progress=None))
    assert log.is_whole
    assert not log.take(batch(state="following", progress=None))


class TestDefinitions:
    def test_kept_ones_are_added_and_count_before_the_jobs_of_that_name(self) -> None:
        log = log_of(LOSS, kept=(MetricDefinition("acc", "acc=(.*)"), MetricDefinition("loss", "LOSS (.*)")))
        log.take(batch(event(1, "loss=1"), event(2, "LOSS 2"), event(3, "acc=3")))
        assert [(series.name, list(series.values)) for series in log.series()] == [("acc", [3]), ("loss", [2])]
        assert not log.is_recognised

    def test_where_there_are_none_common_formats_are_recognised_and_said_to_be(self) -> None:
        log = log_of()
        log.take(batch(event(1, "{'loss': 0.5, 'epoch': 1.0}"), event(2, "{'loss': 0.25, 'epoch': 2.0}")))
        series = only(log)
        assert (series.source, list(series.values), list(series.epochs)) == ("recognised", [0.5, 0.25], [1, 2])
        assert log.is_recognised
        assert [definition.name for definition in log.definitions] == ["loss"]

    def test_what_is_recognised_late_has_its_earlier_values_too(self) -> None:
        log = log_of()
        for step in range(1, 6):
            log.take(batch(event(step, f"step={step} loss=0.{step} smoothness=1.{step}")))
        assert {series.name: len(series) for series in log.series()} == {"loss": 5, "smoothness": 5}

    def test_other_definitions_read_the_log_anew(self) -> None:
        log, events = log_of(LOSS), [event(1, "loss=1 acc=3"), event(2, "loss=2 acc=4")]
        log.take(batch(*events))
        log.redefine([MetricDefinition("acc", "acc=([0-9])")], events)
        log.take(batch(event(3, "loss=3 acc=5")))
        assert (only(log).name, list(only(log).values)) == ("acc", [3, 4, 5])
        log.redefine([], events)
        assert {series.source for series in log.series()} == {"recognised"}

    def test_one_that_cannot_be_used_is_said(self) -> None:
        log = log_of(MetricDefinition("bad", "(("), MetricDefinition("slow", "(a+)+[bc]"), LOSS)
        log.take(batch(event(1, "a" * 5000), event(2, "loss=1")))
        assert list(only(log).values) == [1]
        bad, slow = log.problems()
        assert bad.startswith("bad: ")
        assert "switched off" in slow


class TestBounds:
    def test_a_series_is_thinned_keeping_every_extreme_and_every_nan_and_that_is_said(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("tui.watch.job_log.POINTS", 1000)
        log, odd = log_of(LOSS), {10: "9", 1501: "-9", 2102: "nan", 2103: "inf"}
        for first in range(0, 2500, 100):
            log.take(batch(*(event(n, f"loss={odd.get(n, '0.5')}") for n in range(first, first + 100))))
        series = only(log)
        assert 250 <= len(series) <= 1000
        told = {at: str(value) for at, value in zip(series.times, series.values, strict=True) if value != 0.5}
        assert told == {10: "9.0", 1501: "-9.0", 2102: "nan", 2103: "inf"}
        (said,) = log.problems()
        assert "loss of algo-1: 2,500 values, thinned to " in said

    def test_a_cluster_of_hundreds_is_not_a_chart_of_hundreds(self) -> None:
        log = log_of(LOSS)
        log.take(batch(*(event(1, f"loss={host}", f"algo-{host}") for host in range(1, 201))))
        assert len(log.series()) == 16
        assert "16 hosts" in log.problems()[-1]


class TestMarks:
    @pytest.mark.parametrize(
        ("message", "label"),
        [
            ("Saving model checkpoint to /opt/ml/checkpoints/checkpoint-500", "checkpoint"),
            ("Checkpoint saved: epoch 3", "checkpoint"),
            ("wrote checkpoint /tmp/a", "checkpoint"),
            ("Resuming training from checkpoint /opt/ml/checkpoints/3", "resumed"),
            ("Restored from checkpoint", "resumed"),
        ],
    )
    def test_checkpoints_are_marked(self, message: str, label: str) -> None:
        log = log_of(LOSS)
        assert log.take(batch(event(5, message)))
        assert [(mark.time_ms, mark.label) for mark in log.markers()] == [(5, label)]

    @pytest.mark.parametrize(
        "message", ["save_checkpoint_steps=500", "Loading checkpoint shards: 100%", "no checkpoint found", "saved"]
    )
    def test_what_only_speaks_of_them_is_not(self, message: str) -> None:
        log = log_of(LOSS)
        log.take(batch(event(5, message)))
        assert log.markers() == ()

    def test_a_host_that_writes_into_another_stream_was_restarted(self) -> None:
        log = log_of(LOSS)
        log.take(batch(event(900_000, "b", run=2), event(901_000, "b", "algo-2", run=2)))
        assert log.markers() == ()
        log.take(batch(event(1, "a"), event(2, "a", "algo-2")))
        assert [(mark.time_ms, mark.label, mark.tone) for mark in log.markers()] == [(900_000, "restart", "warning")]


def test_one_thread_reads_while_another_looks() -> None:
    log, failures = log_of(LOSS), []

    def look() -> None:
        while not log.is_whole:
            for series in log.series():
                if len(series.times) != len(series.values) or list(series.times) != sorted(series.times):
                    failures.append(series)

    looker = threading.Thread(target=look)
    looker.start()
    for first in range(5000, 0, -100):
        log.take(batch(*(event(at, f"loss={at}") for at in range(first - 100, first))))
    log.take(batch(state="ended", progress=None))
    looker.join(30)
    assert not failures
    assert len(only(log)) == 5000

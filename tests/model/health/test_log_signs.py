"""What a log says of a job's health: which lines count, when, how often, and which look alike and do not."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.model.health.log import LogScan
from tui.model.logs import LogEvent

START = 1_700_000_000_000


def events(*lines: str, host: str = "algo-1", step_ms: int = 1000, start: int = START) -> list[LogEvent]:
    return [LogEvent(start + number * step_ms, 0, host, f"job/{host}-1", line) for number, line in enumerate(lines)]


def kinds(*lines: str) -> set[str]:
    scan = LogScan()
    scan.take(events(*lines))
    return set(scan.facts.hits)


SIGNS = {
    "torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.10 GiB.": "cuda-oom",
    "RuntimeError: CUDA error: out of memory": "cuda-oom",
    "tensorflow.python.framework.errors_impl.ResourceExhaustedError: OOM when allocating tensor": "cuda-oom",
    "Traceback (most recent call last):": "traceback",
    "2026-11-22 sagemaker-training INFO Received SIGTERM, forwarding it": "spot-interruption",
    "Spot instance interruption notice received, two minutes left": "spot-interruption",
    "[E ProcessGroupNCCL.cpp:475] [Rank 3] Watchdog caught collective operation timeout: WorkNCCL": "nccl",
    "RuntimeError: NCCL error in: ProcessGroupNCCL.cpp:1269, unhandled system error": "nccl",
    "Killed": "killed",
    "worker was terminated by a signal: SIGKILL. exitcode: -9, signal SIGKILL": "killed",
    "The loss returned in `training_step` is nan or inf.": "nan",
    "Batch 12: Invalid loss, terminating training": "nan",
    "WARNING: loss is nan, gradient update skipped (scale 1.0)": "nan",
    "\x1b[31mLoss\x1b[0m is nan, stopping training": "nan",
    "loss is NaN at step 40": "nan",
    "[W] dataloader worker 3 slow: 812 ms": "slow-loader",
    "WARNING dataloader: the GPU waited 2.24 s for the next batch": "slow-loader",
}


@pytest.mark.parametrize("line", SIGNS)
def test_a_line_that_tells_of_trouble(line: str) -> None:
    assert SIGNS[line] in kinds("Epoch 1 loss=0.5", line, "Epoch 2 loss=0.4")


@pytest.mark.parametrize(
    "line",
    [
        "replacing nan in column age with the median",
        "finance dataset loaded: 1,204 rows, banana prices included",
        "loss=0.413 nanoseconds=81",
        "the mean of column 3 is nan",
        "NCCL INFO Channel 00/02 : 0 1 2 3",
        "SIGTERM handler installed",
        "out of memory-mapped files: 12 open",
        "Killed time while waiting: 3 s",
        "DataLoader with 8 workers, prefetch 2",
    ],
)
def test_a_line_that_only_looks_like_it(line: str) -> None:
    assert kinds(line) == set()


def test_the_first_line_its_host_its_time_and_how_often() -> None:
    scan = LogScan()
    assert scan.take(events("a", "CUDA out of memory here", "b", "CUDA out of memory there"))
    assert not scan.take(events("CUDA out of memory again", host="algo-2", start=START + 60_000))
    hit = scan.facts.hits["cuda-oom"]
    assert (hit.count, hit.first_ms, hit.last_ms) == (3, START + 1000, START + 60_000)
    assert (hit.host, hit.line) == ("algo-1", "CUDA out of memory here")


def test_a_batch_that_comes_later_may_hold_the_first_line() -> None:
    scan = LogScan()
    scan.take(events("Killed\n", start=START + 60_000))
    scan.take(events("Killed process 12", host="algo-2"))
    hit = scan.facts.hits["killed"]
    assert (hit.first_ms, hit.last_ms, hit.host, hit.line) == (START, START + 60_000, "algo-2", "Killed process 12")


def test_a_traceback_is_told_by_what_was_raised() -> None:
    scan = LogScan()
    scan.take(
        events(
            "Traceback (most recent call last):", '  File "train.py", line 3', "    f()", "ValueError: no data", "bye"
        )
    )
    assert scan.facts.hits["traceback"].line == "ValueError: no data"
    scan = LogScan()
    scan.take(events('Traceback (most recent call last):\n  File "x.py", line 1\nKeyError: 3', "bye"))
    assert scan.facts.hits["traceback"].line == "KeyError: 3"


def test_of_two_hosts_that_fail_at_once_each_line_stays_with_its_host() -> None:
    scan = LogScan()
    one = events("Traceback (most recent call last):", "  there", "ValueError: mine")
    other = events("all is well", "really", host="algo-2")
    scan.take(sorted([*one, *other], key=lambda event: event.timestamp))
    assert scan.facts.hits["traceback"].line == "ValueError: mine"


def test_how_long_a_log_is_silent_at_most() -> None:
    scan = LogScan()
    scan.take(events(*"abc"))
    scan.take(events(*"de", start=START + 40 * 60_000))
    scan.take(events(*"fg", start=START + 15 * 60_000))
    assert scan.facts.longest_gap_ms == 25 * 60_000
    assert scan.facts.last_ms == START + 40 * 60_000 + 1000


def test_nothing_is_known_of_an_empty_log() -> None:
    scan = LogScan()
    assert not scan.take(())
    assert (scan.facts.hits, scan.facts.last_ms, scan.facts.complete) == ({}, None, False)


LINES = st.sampled_from(
    [*SIGNS, "Epoch 1 loss=0.3", "", "x\ny", "é", "loss is nan\nTraceback (most recent call last):"]
)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(LINES, st.integers(0, 3_000_000), st.sampled_from(["algo-1", "algo-2"])), max_size=30),
    st.randoms(),
    st.integers(1, 6),
)
def test_how_a_log_is_cut_into_batches_changes_no_count(
    drawn: Sequence[tuple[str, int, str]], random: object, size: int
) -> None:
    log = [LogEvent(START + at, 0, host, f"job/{host}", line) for line, at, host in drawn]
    log.sort(key=lambda event: event.timestamp)
    whole = LogScan()
    whole.take(log)
    batches = [log[at : at + size] for at in range(0, len(log), size)]
    random.shuffle(batches)  # type: ignore[attr-defined]
    parts = LogScan()
    for batch in batches:
        parts.take(batch)
    one, other = whole.facts, parts.facts
    assert {kind: (hit.count, hit.first_ms, hit.last_ms) for kind, hit in one.hits.items()} == {
        kind: (hit.count, hit.first_ms, hit.last_ms) for kind, hit in other.hits.items()
    }
    assert (one.last_ms, one.longest_gap_ms) == (other.last_ms, other.longest_gap_ms)


def test_a_log_full_of_hits_is_counted_at_least_and_costs_little() -> None:
    scan = LogScan()
    for number in range(40):
        scan.take(events(*["loss is nan"] * 500, start=START + number * 500_000))
    hit = scan.facts.hits["nan"]
    assert hit.count >= 1000
    assert hit.last_ms == START + 39 * 500_000 + 499_000


def test_the_minutes_of_each_event_are_noted() -> None:
    log = events(*"abcdefghij", step_ms=61_000)
    scan = LogScan()
    scan.take(log)
    assert scan.facts.longest_gap_ms <= 2 * 60_000
    assert len(list(groupby(event.timestamp // 60_000 for event in log))) >= 10

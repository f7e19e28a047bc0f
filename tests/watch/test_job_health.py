"""A job's health, gathered by two threads: its log as it is read, and its description and metrics as they come."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta, timezone

import numpy as np

from tests.model.health.runs import BEGAN, BEGAN_MS, evidence
from tests.model.health.sick import SICK
from tui.follow import LogBatch
from tui.model.logs import LogEvent
from tui.watch.health import Health, JobHealth
from tui.watch.job import JobView

HOUR = BEGAN + timedelta(hours=1)


def health(now: datetime = HOUR) -> JobHealth:
    return JobHealth(lambda: now, zone=timezone.utc)


def view(minutes: float = 60) -> JobView:
    return JobView(evidence(until=minutes).job)


def batch(*lines: str, state: str = "reading", host: str = "algo-1") -> LogBatch:
    events = tuple(LogEvent(BEGAN_MS + 1000 * place, 0, host, f"job/{host}", line) for place, line in enumerate(lines))
    return LogBatch(events, state=state, progress=0.5 if state == "reading" else None)  # type: ignore[arg-type]


def rules(found: Health | None) -> list[str] | None:
    return None if found is None else [finding.rule for finding in found.findings]


def test_a_line_is_news_once() -> None:
    checked = health()
    assert checked.take(batch("CUDA out of memory")) is None  # whose log it is, is not known yet
    assert rules(checked.look(view())) == ["cuda-oom"]
    assert checked.take(batch("CUDA out of memory", host="algo-2")) is None
    assert rules(checked.take(batch("NCCL error in: x.cpp"))) == ["cuda-oom", "nccl"]


def test_what_has_not_changed_is_not_told_again() -> None:
    checked = health()
    assert checked.look(view()) is not None
    assert checked.look(view()) is None


def test_a_log_is_silent_only_once_all_of_it_is_read() -> None:
    checked = health(BEGAN + timedelta(hours=2))
    checked.look(view(120))
    assert checked.take(batch("step 1")) is None
    assert rules(checked.take(batch(state="following"))) == ["log-silent"]


def test_the_settings_thresholds_count() -> None:
    on = SICK["idle-gpu"](np.random.default_rng(1))
    seen = JobView(on.job, on.metrics, on.hosts)

    def now() -> datetime:
        return datetime.fromtimestamp(on.now_ms / 1000, timezone.utc)

    assert rules(JobHealth(now).look(seen)) == ["idle-gpu"]
    assert rules(JobHealth(now, {"idle-gpu.p95": 0.5, "batch-size.p95": 0}).look(seen)) == []


def test_two_threads_lose_no_line() -> None:
    checked = health()
    checked.look(view())
    threads = [
        threading.Thread(target=lambda: [checked.take(batch("Killed", "fine")) for _ in range(100)]) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for _ in range(50):
        checked.look(view())
    for thread in threads:
        thread.join()
    last = checked.take(batch("NCCL error"))
    assert last is not None
    killed = next(finding for finding in last.findings if finding.rule == "killed")
    assert killed.evidence[-1].startswith("400 times")

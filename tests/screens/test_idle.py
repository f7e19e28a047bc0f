"""What does not change is not drawn again: over a slow line, and for whoever reads or selects what is there."""

from __future__ import annotations

import re
import threading
import time
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.patience import PATIENCE_S
from tests.screens.monitor import Monitor, opened
from tests.screens.world import COMPLETED, NOW, RANKER, RUNNING, WorldSource
from tui.config import Settings

OFTEN = Settings(refresh_s=0.1)


class Asked:
    """How often an operation was answered."""

    def __init__(self, source: WorldSource, monkeypatch: pytest.MonkeyPatch) -> None:
        self._count: dict[str, int] = {}
        self._lock = threading.Lock()
        call = source.clients.call

        def counted(service: str, operation: str, **parameters: Any) -> Any:
            answer = call(service, operation, **parameters)
            with self._lock:
                self._count[operation] = self._count.get(operation, 0) + 1
            return answer

        monkeypatch.setattr(source.clients, "call", counted)

    async def more(self, monitor: Monitor, operation: str, times: int) -> None:
        """Wait until it was answered so many more times."""
        wanted = self._count.get(operation, 0) + times
        await monitor.until(lambda _: self._count.get(operation, 0) >= wanted)


@pytest.fixture
def asked(world: WorldSource, monkeypatch: pytest.MonkeyPatch) -> Asked:
    """Every screen refreshes often, and what it asks is counted."""
    for name in ("job", "endpoint"):
        monkeypatch.setattr(f"tui.screens.{name}.DESCRIBE_EVERY_S", 0.1)
    return Asked(world, monkeypatch)


SCREENS = [
    ("jobs", ("GPU 72%", "1.24", "live"), "ListTrainingJobs"),
    (f"job {RUNNING}", ("48029", "train ● 1.01", "complete to", "algo-2   1600"), "DescribeTrainingJob"),
    ("endpoints", ("957", "2–8 on 70"), "ListEndpoints"),
    (f"endpoint {RANKER}", ("v12 ● 976", "19 ms", "complete to", "≈73%"), "DescribeEndpoint"),
]


@pytest.mark.parametrize(("place", "wanted", "operation"), SCREENS, ids=["jobs", "job", "endpoints", "endpoint"])
async def test_nothing_is_written_while_nothing_changes(
    world: WorldSource, asked: Asked, place: str, wanted: tuple[str, ...], operation: str
) -> None:
    async with opened(world, settings=OFTEN) as monitor:
        await monitor.until("GPU 72%")
        await monitor.visit(place)
        await monitor.until(*wanted, "eu-west-1")
        await monitor.until_drawn()
        await asked.more(monitor, operation, 2)
        await quiet(monitor)
        before = len(monitor.sent)
        await asked.more(monitor, operation, 5)
        await monitor.pilot.pause(1.1)  # the line of identity looks at the clock once a second
        assert "".join(monitor.sent[before:]) == ""


async def test_nothing_is_written_for_a_job_that_has_ended(world: WorldSource) -> None:
    async with opened(world, open_job=COMPLETED, settings=OFTEN) as monitor:
        await monitor.until("train-rmse", "complete", "final metrics", "eu-west-1")
        await monitor.until_drawn()
        await quiet(monitor)
        before = len(monitor.sent)
        await monitor.pilot.pause(1.1)
        assert "".join(monitor.sent[before:]) == ""


async def quiet(monitor: Monitor) -> None:
    """Wait until the last of what was asked has been drawn: half a second without a word."""
    written, deadline = -1, time.monotonic() + PATIENCE_S
    while written != len(monitor.sent):
        assert time.monotonic() < deadline, f"never quiet: {''.join(monitor.sent[written:])!r}"
        written = len(monitor.sent)
        await monitor.pilot.pause(0.5)


async def test_as_time_goes_by_only_ages_change(world: WorldSource, asked: Asked) -> None:
    now = [NOW]

    def clock() -> datetime:
        return now[0]

    async with opened(world, settings=OFTEN, now=clock) as monitor:
        await monitor.until("GPU 72%", "1.24", "eu-west-1", re.compile(r"wav2vec2-base-de-078 .* 40s "))
        await asked.more(monitor, "ListTrainingJobs", 2)
        first = monitor.lines
        now[0] += timedelta(seconds=10)
        await monitor.until(re.compile(r"wav2vec2-base-de-078 .* 50s "), re.compile(r"mnist-keras-298 .* 4m10s "))
        await asked.more(monitor, "ListTrainingJobs", 2)
        changed = [(before, after) for before, after in zip(first, monitor.lines, strict=True) if before != after]
        assert len(changed) == 2  # of hours and days ten seconds are no part
        for before, after in changed:
            assert without_ages(before) == without_ages(after)


def without_ages(line: str) -> str:
    return re.sub(r" +\d+[smhd](?:\d+[smh])?(?= )", " AGE", line)

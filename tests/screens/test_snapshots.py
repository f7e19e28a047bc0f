"""What each screen looks like, word by word, where it is narrow and where there is room."""

from __future__ import annotations

import pytest

from tests.screens.monitor import opened
from tests.screens.snapshot import assert_snapshot
from tests.screens.world import COMPLETED, FAILED, RANKER, RUNNING, WorldSource


@pytest.mark.parametrize(
    ("name", "place", "keys"),
    [
        ("jobs", "jobs", ()),
        ("job", f"job {RUNNING}", ()),
        ("job-charts", f"job {RUNNING}", ("2", "z")),
        ("job-hosts", f"job {RUNNING}", ("3", "z")),
        ("job-failed", f"job {FAILED}", ()),
        ("job-completed", f"job {COMPLETED}", ("4", "z")),
        ("endpoints", "endpoints", ()),
        ("endpoint", f"endpoint {RANKER}", ()),
        ("endpoint-facts", f"endpoint {RANKER}", ("4", "z")),
        ("help", "jobs", ("question_mark",)),
    ],
)
async def test_screens(world: WorldSource, name: str, place: str, keys: tuple[str, ...]) -> None:
    async with opened(world, size=(80, 24)) as monitor:
        await monitor.until(RUNNING[:8])
        await monitor.visit(place)
        await monitor.press(*keys)
        await assert_snapshot(monitor, f"{name}-80x24")
        await monitor.resize(120, 36)
        await assert_snapshot(monitor, f"{name}-120x36")

"""Read-only: no key, no palette entry and no line of help leads to a change, and the screen says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.screens.monitor import Monitor, opened
from tests.screens.test_keys import classes, own_bindings
from tests.screens.world import RANKER, RUNNING, WorldSource
from tui.commands import SagetopCommands
from tui.config import Folders, Settings
from tui.screens.change_keys import PREFIX

PLACES = ("jobs", f"job {RUNNING}", "endpoints", f"endpoint {RANKER}")


def changing(monitor: Monitor) -> set[str]:
    """The keys that lead to a change from where one is."""
    active = monitor.app.screen.active_bindings
    return {key for key, one in active.items() if one.binding.action.startswith(PREFIX) and one.enabled}


def palette(monitor: Monitor) -> set[str]:
    return {name for name, _, _ in SagetopCommands(monitor.app.screen)._commands()}


def test_there_are_keys_that_lead_to_a_change() -> None:
    found = {binding.action for kind in classes() for binding in own_bindings(kind)}
    assert {action for action in found if action.startswith(PREFIX)} >= {
        "change_scaling",
        "change_weights",
        "change_stop",
        "change_undo",
    }


@pytest.mark.parametrize("place", PLACES)
async def test_they_are_there_and_in_read_only_they_are_not(world: WorldSource, tmp_path: Path, place: str) -> None:
    seen: dict[bool, set[str]] = {}
    for read_only in (False, True):
        settings = Settings(read_only=read_only, folders=Folders.under(tmp_path))
        async with opened(world, settings=settings) as monitor:
            await monitor.visit(place)
            await monitor.until("live")
            keys = changing(monitor)
            assert bool(keys) is not read_only
            assert ("undo…" in palette(monitor)) is not read_only
            assert ("read-only" in monitor.text) is read_only
            if read_only:
                for key in seen[False]:
                    await monitor.press(key)
                    assert len(monitor.app.screen_stack) == (1 if " " not in place else 2), key
            await monitor.press("question_mark")
            await monitor.until("Keys that work here")
            text = str(monitor.app.screen.query_one("Static").content)  # type: ignore[attr-defined]
            assert ("Put the last change back" in text) is not read_only
            seen[read_only] = keys
    assert "U" in seen[False]
    assert ("A" in seen[False]) is ("endpoint" in place)
    assert ("S" in seen[False]) is ("job" in place)

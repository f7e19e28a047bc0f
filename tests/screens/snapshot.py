"""The text of a screen, kept beside the tests: SAGETOP_UPDATE_SNAPSHOTS=1 writes it anew."""

from __future__ import annotations

import difflib
import os
import time
from pathlib import Path

from tests.screens.monitor import Monitor

UPDATE = bool(os.environ.get("SAGETOP_UPDATE_SNAPSHOTS"))
FOLDER = Path(__file__).parent / "snapshots"
QUIET_S = 2.0
"""How long a screen must stay the same before it is written down."""


async def assert_snapshot(monitor: Monitor, name: str) -> None:
    """The screen comes to look exactly as it was written down, but for blanks at the ends of its lines."""
    path = FOLDER / f"{name}.txt"
    if UPDATE:
        path.write_text(await _settled(monitor) + "\n", encoding="utf-8")
        return
    wanted = path.read_text(encoding="utf-8").removesuffix("\n")
    try:
        await monitor.until(lambda text: text == wanted)
    except AssertionError:
        lines = difflib.unified_diff(wanted.split("\n"), monitor.lines, str(path), "the screen", lineterm="", n=1)
        raise AssertionError("\n".join(lines)) from None


async def _settled(monitor: Monitor) -> str:
    text, since = "", time.monotonic()
    while time.monotonic() - since < QUIET_S:
        await monitor.until_drawn()
        if monitor.text != text:
            text, since = monitor.text, time.monotonic()
        await monitor.pilot.pause(0.05)
    return text

"""A pilot for Textual's apps that needs no luck, however busy the machine is.

Textual's own takes an app for idle as soon as the process uses little CPU. On a busy machine that is so while a key is
still on its way, and never while an emulated AWS is at work in another thread of the process. This one looks at the
event loop instead: an app is idle once nothing is left to be called and nothing is left to be drawn. What comes from
elsewhere (threads, processes, timers) is not waited for: for that there is `Monitor.until` and its like.
"""

from __future__ import annotations

import asyncio
import time
import unicodedata

from textual.app import App
from textual.events import Key
from textual.keys import REPLACED_KEYS, _character_to_key, _get_unicode_name_from_key
from textual.pilot import Pilot, ReturnType

from tests.patience import PATIENCE_S


class SteadyPilot(Pilot[ReturnType]):
    """Textual's pilot, but for how it waits."""

    async def press(self, *keys: str) -> None:
        """Press keys, each once the app has done what it could about the one before."""
        driver = self.app._driver
        assert driver is not None
        for key in keys:
            name = _character_to_key(key) if len(key) == 1 and not key.isalnum() else key
            driver.send_message(Key(name, _character(name)))
            await settled(self.app)

    async def pause(self, delay: float | None = None) -> None:
        """Let some time pass, and then the app do all that it can do."""
        if delay is not None:
            await asyncio.sleep(delay)
        await settled(self.app)


async def settled(app: App[ReturnType]) -> None:
    """Wait until the app has nothing to do but to wait."""
    deadline = time.monotonic() + PATIENCE_S
    await _nothing_to_call(deadline)
    while app.screen_stack and _something_to_draw(app):
        app._check_resize()
        app.screen._on_timer_update()
        await _nothing_to_call(deadline)
    await app._animator.wait_until_complete()


async def _nothing_to_call(deadline: float) -> None:
    loop = asyncio.get_running_loop()
    idle = 0
    while idle < 2:  # between the two the loop has looked for timers that are due, and at its files
        await asyncio.sleep(0)
        idle = 0 if loop._ready else idle + 1  # type: ignore[attr-defined]
        assert time.monotonic() < deadline, "the app is never idle"


def _something_to_draw(app: App[ReturnType]) -> bool:
    screen = app.screen
    return not app._batch_count and bool(
        app._resize_event is not None
        or screen._layout_required
        or screen._scroll_required
        or screen._repaint_required
        or screen._recompose_required
        or screen._dirty_widgets
        or screen._callbacks
    )


def _character(key: str) -> str | None:
    """What a terminal sends for a key."""
    try:
        return unicodedata.lookup(_get_unicode_name_from_key(REPLACED_KEYS.get(key, key)))
    except KeyError:
        return key if len(key) == 1 else None

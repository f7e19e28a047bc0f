"""A thread that asks again and again, for as long as somebody looks."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Poller:
    """Calls `work` in a thread of its own; `work` returns the seconds to wait before it is called again, None to end.

    The thread is a daemon and is never joined: a request under way when the app quits is given up, not waited for.
    `work` must not raise: what can fail (a request) is caught where it is known what it means.
    """

    def __init__(self, work: Callable[[], float | None], *, name: str) -> None:
        self._work = work
        self._woken = threading.Event()
        self._running = threading.Event()
        self._stopped = False
        self._thread = threading.Thread(target=self._loop, name=name, daemon=True)

    def start(self) -> None:
        """Begin, or go on after `pause`, with a call at once."""
        if self._stopped:
            return
        self._running.set()
        self._woken.set()
        if not self._thread.is_alive() and self._thread.ident is None:
            self._thread.start()

    def wake(self) -> None:
        """Call `work` now rather than when its time comes."""
        self._woken.set()

    def pause(self) -> None:
        """Ask nothing until `start`: nobody is looking."""
        self._running.clear()

    def stop(self) -> None:
        """End for good."""
        self._stopped = True
        self._running.set()
        self._woken.set()

    @property
    def stopped(self) -> bool:
        """Whether an answer that comes now comes too late."""
        return self._stopped

    def _loop(self) -> None:
        while True:
            self._running.wait()
            if self._stopped:
                return
            self._woken.clear()
            try:
                wait_s = self._work()
            except Exception:
                if self._stopped:
                    return  # The interpreter is ending: what is imported or started now fails, and nobody looks.
                raise
            if wait_s is None:
                return
            self._woken.wait(wait_s)

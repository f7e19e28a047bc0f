"""A source that is not made before it is asked."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from tui.sources.base import Source


def late(make: Callable[[], Source]) -> Source:
    """The source that `make` makes, in whichever thread asks it first.

    The first to ask is a poller, behind the first frame: that need not wait for the import of what makes requests.
    """
    return cast("Source", _Late(make))


class _Late:
    def __init__(self, make: Callable[[], Source]) -> None:
        self._make = make
        self._made: Source | None = None
        self._lock = threading.Lock()

    def __getattr__(self, name: str) -> object:
        with self._lock:
            if self._made is None:
                self._made = self._make()
        return getattr(self._made, name)

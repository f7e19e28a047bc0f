"""How long tests wait for what a busy machine takes its time over: until it is so, never for a time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

PATIENCE_S = 60.0
"""How long anything may take before it counts as missing; on a quiet machine nothing takes a tenth of it."""


def until(found: Callable[[], T], what: object = "it") -> T:
    """What `found` finds, once it is something.

    Raises:
        AssertionError: It found nothing in all that time; the message says `what` never came.
    """
    deadline = time.monotonic() + PATIENCE_S
    while not (result := found()):
        assert time.monotonic() < deadline, f"{what} never came"
        time.sleep(0.01)
    return result

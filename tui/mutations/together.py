"""Several questions at once, so that a preview costs one round trip."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


def together(asks: Sequence[Callable[[], T]]) -> list[T]:
    """What each of these returns, in their order; raises what the first of them that failed raised.

    Each runs on a daemon of its own: one that hangs holds up nobody's exit.
    """
    answers: dict[int, T] = {}
    failures: dict[int, BaseException] = {}

    def run(number: int, ask: Callable[[], T]) -> None:
        try:
            answers[number] = ask()
        except BaseException as error:
            failures[number] = error

    threads = [threading.Thread(target=run, args=each, daemon=True) for each in enumerate(asks)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[min(failures)]
    return [answers[number] for number in range(len(asks))]

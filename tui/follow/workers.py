"""Threads that do the waiting: a request each, the answer into one queue."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")


class Workers(Generic[Asked, Answer]):
    """Daemon threads, started when needed, so that a request that hangs keeps neither its caller nor the program.

    Args:
        call: Answers what was asked; its exception is the answer where it raises one.
        name: What the threads are called.
    """

    def __init__(self, call: Callable[[Asked], Answer], name: str) -> None:
        self._call = call
        self._name = name
        self._todo: queue.SimpleQueue[Asked | None] = queue.SimpleQueue()
        self._done: queue.SimpleQueue[tuple[Asked, Answer | Exception] | None] = queue.SimpleQueue()
        self._threads = 0
        self.under_way = 0

    def ask(self, asked: Asked) -> None:
        """Has it answered, at once and beside all others."""
        self.under_way += 1
        if self.under_way > self._threads:
            self._threads += 1
            threading.Thread(target=self._work, name=self._name, daemon=True).start()
        self._todo.put(asked)

    def wake(self) -> None:
        """Ends the waiting of `answers`; from any thread."""
        self._done.put(None)

    def answers(self, wait_s: float) -> list[tuple[Asked, Answer | Exception]]:
        """The answers that have come, after waiting for the first of them no longer than so many seconds."""
        got: list[tuple[Asked, Answer | Exception] | None] = []
        try:
            got.append(self._done.get(timeout=max(wait_s, 0.001)))
            while True:
                got.append(self._done.get_nowait())
        except queue.Empty:
            pass
        came = [answer for answer in got if answer is not None]
        self.under_way -= len(came)
        return came

    def close(self) -> None:
        """Lets the threads end, each after what it is waiting for."""
        for _ in range(self._threads):
            self._todo.put(None)

    def _work(self) -> None:
        while (asked := self._todo.get()) is not None:
            answer: Answer | Exception
            try:
                answer = self._call(asked)
            except Exception as error:
                answer = error
            self._done.put((asked, answer))

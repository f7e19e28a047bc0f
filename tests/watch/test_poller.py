"""The thread that asks again and again: when it calls, when it rests, and that nobody waits for it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.patience import PATIENCE_S
from tui.watch.poller import Poller

LONG_S = 600.0


class Work:
    """Work that is told what to answer, and says how often it was called."""

    def __init__(self, wait_s: float | None = LONG_S) -> None:
        self.wait_s = wait_s
        self._called = threading.Semaphore(0)

    def __call__(self) -> float | None:
        self._called.release()
        return self.wait_s

    def was_called(self, within_s: float = PATIENCE_S) -> bool:
        """Whether there was one call more, now or within some time."""
        return self._called.acquire(timeout=within_s)


@contextmanager
def polling(work: Callable[[], float | None]) -> Iterator[Poller]:
    poller = Poller(work, name="test")
    try:
        yield poller
    finally:
        poller.stop()


def test_it_calls_at_once_and_then_waits_as_long_as_the_work_said() -> None:
    work = Work(LONG_S)
    with polling(work) as poller:
        poller.start()
        assert work.was_called()
        assert not work.was_called(within_s=0.05)


def test_it_calls_again_when_the_time_has_come() -> None:
    work = Work(0.001)
    with polling(work) as poller:
        poller.start()
        assert all(work.was_called() for _ in range(5))


def test_nothing_is_asked_before_the_start() -> None:
    work = Work()
    with polling(work) as poller:
        poller.wake()
        assert not work.was_called(within_s=0.05)


def test_wake_does_not_wait_for_the_time() -> None:
    work = Work(LONG_S)
    with polling(work) as poller:
        poller.start()
        assert work.was_called()
        poller.wake()
        assert work.was_called()


def test_a_wake_during_a_call_is_not_lost() -> None:
    inside, go_on, again = threading.Event(), threading.Event(), threading.Event()
    calls = 0

    def work() -> float:
        nonlocal calls
        calls += 1
        if calls == 1:
            inside.set()
            go_on.wait(PATIENCE_S)
        else:
            again.set()
        return LONG_S

    with polling(work) as poller:
        poller.start()
        assert inside.wait(PATIENCE_S)
        poller.wake()
        go_on.set()
        assert again.wait(PATIENCE_S)


def test_while_it_is_paused_nothing_is_called_until_it_goes_on() -> None:
    work = Work(LONG_S)
    with polling(work) as poller:
        poller.start()
        assert work.was_called()
        poller.pause()
        poller.wake()
        assert not work.was_called(within_s=0.05)
        poller.start()
        assert work.was_called()
        assert not work.was_called(within_s=0.05)


def test_none_ends_it() -> None:
    work = Work(None)
    with polling(work) as poller:
        poller.start()
        assert work.was_called()
        poller.wake()
        poller.start()
        assert not work.was_called(within_s=0.05)


def test_stop_does_not_wait_for_a_request_that_hangs() -> None:
    hanging, released = threading.Event(), threading.Event()
    threads: list[threading.Thread] = []

    def work() -> float:
        threads.append(threading.current_thread())
        hanging.set()
        released.wait(PATIENCE_S)
        return 0.0

    poller = Poller(work, name="test")
    poller.start()
    assert hanging.wait(PATIENCE_S)
    poller.stop()
    assert poller.stopped
    # The program may end although the request still hangs; when it is answered, nothing more is asked.
    assert threads[0].daemon
    assert threads[0].is_alive()
    released.set()
    threads[0].join(PATIENCE_S)
    assert not threads[0].is_alive()
    assert len(threads) == 1


def test_what_was_stopped_does_not_start_again() -> None:
    work = Work()
    with polling(work) as poller:
        poller.stop()
        poller.start()
        assert not work.was_called(within_s=0.05)

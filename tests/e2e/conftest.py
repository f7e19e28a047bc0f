"""The demo in a terminal, and the process that it starts."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Iterator
from typing import Protocol

import psutil
import pytest

from tests.patience import PATIENCE_S
from tests.terminal import Terminal

COMMAND = [sys.executable, "-m", "tui"]


class OpenDemo(Protocol):
    def __call__(self, *, size: tuple[int, int] = ..., speed: float = ..., until: str = ...) -> Terminal: ...


@pytest.fixture
def open_demo() -> Iterator[OpenDemo]:
    """Opens `sagetop demo --seed 1`; the terminal is handed out once this is on screen."""
    opened = []

    def run(*, size: tuple[int, int] = (120, 36), speed: float = 1, until: str = "Training") -> Terminal:
        terminal = Terminal([*COMMAND, "demo", "--seed", "1", "--speed", str(speed)], size=size)
        opened.append(terminal)
        terminal.wait_for(until, PATIENCE_S)
        return terminal

    yield run
    for terminal in opened:
        terminal.close()


def child_of(terminal: Terminal) -> psutil.Process:
    """The process of the demo's AWS."""
    (child,) = psutil.Process(terminal.process.pid).children()
    assert "tui.demo.server" in child.cmdline()
    return child


def ends(process: psutil.Process) -> bool:
    """Whether a process ends within the patience; one that nobody has buried yet is dead all the same."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        try:
            if process.status() == psutil.STATUS_ZOMBIE:
                return True
            process.wait(0.1)
        except psutil.TimeoutExpired:
            continue
        except psutil.NoSuchProcess:
            pass
        return True
    return False


def type_in(terminal: Terminal, prompt: str, opener: str, text: str) -> None:
    """Press the key that asks, wait until it is asked, and answer."""
    terminal.send(opener)
    terminal.wait_for(prompt)
    terminal.send(text, "enter")


def row(text: str, name: str) -> str:
    """The row of the screen that has this name; empty where none has."""
    return next((line for line in text.splitlines() if name in line), "")


def has(name: str, *words: str) -> Callable[[str], bool]:
    """Holds where a row of the screen has this name and all these words."""
    return lambda text: all(word in row(text, name) for word in (name, *words))


def states(text: str) -> list[str]:
    """The status of each row on the jobs screen, sign and word, from top to bottom."""
    return re.findall(r"[●✓✕○] \w+", text)


def harmless(terminal: Terminal) -> bool:
    """Whether nothing was written but what draws: no bell, no clipboard, no title.

    OSC 22, the pointer's shape, is Textual's own.
    """
    rest = bytes(terminal.written).replace(b"\x1b]22;default\x07", b"")
    return b"\x1b]" not in rest and b"\x07" not in rest and b"\x1bP" not in rest

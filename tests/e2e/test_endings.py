"""However the monitor ends, the terminal is as it was and nothing goes on running."""

from __future__ import annotations

import signal
from pathlib import Path

import psutil
import pytest

from tests.e2e.conftest import OpenDemo, child_of, ends
from tests.patience import PATIENCE_S
from tests.terminal import ALTERNATE_SCREEN, CURSOR, MOUSE, PASTE, Terminal

pytestmark = pytest.mark.e2e


def folder_of(child: psutil.Process) -> Path:
    """The demo's temporary folder."""
    (word,) = [word for word in child.cmdline() if word.startswith("--folder=")]
    return Path(word.partition("=")[2])


def is_restored(terminal: Terminal) -> bool:
    """The shell's screen, with a cursor, and without what a shell does not understand."""
    return CURSOR in terminal.modes and not terminal.modes & {ALTERNATE_SCREEN, MOUSE, 1003, 1006, PASTE}


def test_while_it_runs_the_terminal_is_its_own(open_demo: OpenDemo) -> None:
    terminal = open_demo(until="sagetop")
    assert {ALTERNATE_SCREEN, MOUSE} <= terminal.modes
    assert CURSOR not in terminal.modes


def test_q_ends_it_with_0_and_leaves_nothing(open_demo: OpenDemo) -> None:
    terminal = open_demo()
    child = child_of(terminal)
    folder = folder_of(child)
    assert folder.is_dir()
    terminal.send("q")
    assert terminal.wait_exit() == 0
    assert is_restored(terminal)
    assert ends(child)
    assert not folder.exists()


def test_ctrl_c_ends_it_with_130_at_once_and_leaves_nothing(open_demo: OpenDemo) -> None:
    terminal = open_demo(until="sagetop")  # its AWS is not even ready
    child = child_of(terminal)
    folder = folder_of(child)
    terminal.send("ctrl+c")
    assert terminal.wait_exit() == 130
    assert is_restored(terminal)
    assert ends(child)
    assert not folder.exists()


def test_sigterm_ends_it_as_such_and_leaves_nothing(open_demo: OpenDemo) -> None:
    terminal = open_demo()
    child = child_of(terminal)
    folder = folder_of(child)
    terminal.process.terminate()
    assert terminal.wait_exit() == -signal.SIGTERM
    assert is_restored(terminal)
    assert ends(child)
    assert not folder.exists()


@pytest.mark.parametrize("how", ["kill", "hang_up"])
def test_a_program_that_is_killed_or_whose_terminal_is_closed_takes_all_with_it(how: str, open_demo: OpenDemo) -> None:
    terminal = open_demo()
    child = child_of(terminal)
    folder = folder_of(child)
    getattr(terminal, how)()
    assert terminal.process.wait(PATIENCE_S) == -(signal.SIGKILL if how == "kill" else signal.SIGHUP)
    assert ends(child)
    assert not folder.exists()

"""A question before very many lines are read; no terminal, no question."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.cli.conftest import environment_for
from tests.moto_server import Moto, ago, ms
from tests.terminal import Terminal

PROGRAM = """
import sys
from tui.cli import log_reading, run
log_reading.Log.__init__.__defaults__ = (50_000,)  # in place of five million
sys.exit(run(["logs", "job", "--grep", "^line 59999$"]))
"""


@pytest.fixture
def log(moto: Moto) -> Moto:
    moto.add_job("job", created=ago(hours=4), TrainingJobStatus="Completed", TrainingEndTime=ago(hours=2))
    begin = ms(ago(hours=4)) + 1000
    moto.add_log("job/algo-1-1", [(begin + number * 100, f"line {number}") for number in range(60_000)])
    return moto


@pytest.mark.parametrize(("answer", "code"), [("y", 0), ("", 0), ("n", 130)])
def test_on_a_terminal_it_asks(log: Moto, answer: str, code: int) -> None:
    with Terminal([sys.executable, "-c", PROGRAM], env=environment_for(log.url, {})) as terminal:
        terminal.wait_for("million lines are to be read; go on?")
        terminal.send(answer + "\r")
        assert terminal.wait_exit(60) == code
        assert (b"line 59999\r\n" in terminal.written) == (code == 0)


def test_where_nobody_can_be_asked_it_says_so_and_goes_on(log: Moto) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=environment_for(log.url, {}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "line 59999\n")
    assert done.stderr.count("\n") == 1
    assert "million lines are to be read: to read fewer: --since" in done.stderr

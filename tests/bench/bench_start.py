"""The first frame against an empty Textual app's, and what is written while nothing changes."""

from __future__ import annotations

import statistics
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from datetime import timedelta

from tests.moto_server import now, running_moto
from tests.terminal import Terminal

_EMPTY = """
from textual.app import App
from textual.widgets import Footer, Static
class Empty(App):
    def compose(self):
        yield Static("FIRST FRAME")
        yield Footer()
Empty().run()
"""
_ENV = {
    "AWS_ACCESS_KEY_ID": "AKIAFALSE",
    "AWS_SECRET_ACCESS_KEY": "false",
    "AWS_REGION": "eu-west-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}
RUNS = 7
QUIET_S = 10.0


def _first_frame(argv: Sequence[str], env: Mapping[str, str], *words: str) -> float:
    """Seconds until all these words are on screen."""
    with Terminal(argv, size=(120, 36), env=env) as terminal:
        terminal.wait_for(lambda text: all(word in text for word in words))
        return time.monotonic() - terminal.started


def run() -> list[tuple[str, float | str, str]]:
    """Medians of alternating runs, so that a busy machine is busy for both."""
    empty, ours = [], []
    with running_moto() as moto:
        sagetop = [sys.executable, "-m", "tui"]
        env = {**_ENV, "AWS_ENDPOINT_URL": moto.url}
        for _ in range(RUNS):
            empty.append(_first_frame([sys.executable, "-c", _EMPTY], env, "FIRST FRAME"))
            # The line of identity, the table's header and the keys: all that there is without an answer.
            ours.append(_first_frame(sagetop, env, "sagetop  jobs", "NAME", "/ filter"))
        ratio = statistics.median(ours) / statistics.median(empty)
        ended = now() - timedelta(days=2)
        for number in range(30):
            moto.add_job(f"job-{number:03}", created=ended, TrainingJobStatus="Completed", TrainingEndTime=ended)
        with Terminal(sagetop, size=(120, 36), env=env) as terminal:
            terminal.wait_for("job-029")
            terminal.wait_for("live")
            # Whatever the first answers still change has changed by then; what is counted begins here.
            threading.Event().wait(5)
            written = len(terminal.written)
            threading.Event().wait(QUIET_S)
            quiet = len(terminal.written) - written
    return [
        ("first frame ÷ that of an empty Textual app", ratio, "≤ 1.3"),
        ("  seconds: sagetop", statistics.median(ours), ""),
        ("  seconds: empty app", statistics.median(empty), ""),
        (f"bytes written to the terminal over {QUIET_S:.0f} s in which nothing changed", float(quiet), "0"),
    ]

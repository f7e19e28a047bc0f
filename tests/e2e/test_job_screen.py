"""A job's screen in a real terminal: what its log may do to that, and what tells that the job has ended."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import COMMAND, environment_for
from tests.e2e.conftest import harmless, type_in
from tests.moto_server import Moto, ago, ms, now
from tests.terminal import ALTERNATE_SCREEN, CURSOR, Terminal
from tests.test_hostile_text import HOSTILE
from tui.demo.gaps_sagemaker import set_fields

pytestmark = pytest.mark.e2e

# What Textual writes: colours, places, frames and other modes, its keyboard protocol, the pointer's shape.
OWN = re.compile(
    r"\x1b\[[0-9;]*m|\x1b\[[0-9]+;[0-9]+H|\x1b\[\?[0-9;]+(?:[hlu]|\$p)|\x1b\[[<>=][0-9;]*u|\x1b\]22;[a-z]*(?:\x07|\x1b\\)"
)
SHORT = {what: text for what, text in HOSTILE.items() if len(text) < 1000}
TMUX = "/tmp/tmux-0/default,1,0"


@pytest.fixture
def job(moto: Moto) -> object:
    fields = {"TrainingJobStatus": "InProgress", "SecondaryStatus": "Training", "TrainingStartTime": ago(minutes=9)}
    return moto.add_job("job", created=ago(minutes=10), **fields)


@pytest.fixture
def attached(moto: Moto, job: object, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Terminal]:
    """`sagetop attach job`, and the job's log one hostile line after the other."""
    lines = [text.encode("utf-8", "replace").decode() for text in SHORT.values()]
    moto.add_log("job/algo-1-1", [(ms(ago(minutes=5)) + at, text) for at, text in enumerate([*lines, "the end"])])
    places = {f"XDG_{kind}_HOME": str(tmp_path / kind) for kind in ("CACHE", "CONFIG", "STATE")}
    environment = environment_for(moto.url, {**places, "TMUX": getattr(request, "param", None), "STY": None})
    with Terminal([*COMMAND, "attach", "job"], size=(90, 40), env=environment) as terminal:
        terminal.wait_for("the end")
        yield terminal


def test_no_escape_code_of_a_log_gets_through_to_the_screen(attached: Terminal) -> None:
    attached.send("w")
    type_in(attached, "text or regular", "/", "a")
    attached.wait_for("/a ")
    attached.send("g", "y")
    attached.wait_for("Copied 1 line")
    assert ALTERNATE_SCREEN in attached.modes
    assert CURSOR not in attached.modes
    written = bytes(attached.written).decode()
    written = re.sub(r"\x1b\]52;c;[A-Za-z0-9+/=]*\x07", "", written, count=1)  # the copy that was asked for
    rest = OWN.sub("", written)
    assert not re.findall(r"\x1b.{0,9}|[\x00-\x07\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", rest)
    for owned in ("owned", "aGFja2Vk"):
        assert owned not in rest


@pytest.mark.parametrize("attached", [None, TMUX], indirect=True)
def test_a_bell_and_the_desktop_tell_once_that_the_job_on_screen_has_ended(
    attached: Terminal, job: object, request: pytest.FixtureRequest
) -> None:
    assert harmless(attached)
    set_fields(job, {"TrainingJobStatus": "Failed", "SecondaryStatus": "Failed", "TrainingEndTime": now()})
    attached.send("r")
    attached.wait_for("Failed")
    attached.send("r", "4")
    attached.wait_for("training-job/job")
    order = b"\x1b]9;sagetop: job Failed\x07"
    inside = b"\x1bPtmux;\x1b" + order + b"\x1b\\"
    written = bytes(attached.written)
    assert written.count(b"sagetop: job Failed") == 1
    assert b"\a" + (inside if inside in written else order) in written
    assert (inside in written) == (TMUX in request.node.name)


def test_a_job_that_had_ended_before_rings_no_bell(moto: Moto, tmp_path: Path) -> None:
    fields = {"TrainingJobStatus": "Completed", "TrainingStartTime": ago(hours=2), "TrainingEndTime": ago(hours=1)}
    moto.add_job("old", created=ago(hours=3), **fields)
    places = {f"XDG_{kind}_HOME": str(tmp_path / kind) for kind in ("CACHE", "CONFIG", "STATE")}
    with Terminal([*COMMAND, "attach", "old"], env=environment_for(moto.url, places)) as terminal:
        terminal.wait_for("Completed")
        terminal.send("r", "3")
        terminal.wait_for("3 hosts")
        assert harmless(terminal)

"""`sagetop`, `sagetop attach` and `sagetop demo` in a real terminal: what opens, and how it ends."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.conftest import COMMAND, environment_for
from tests.moto_server import Moto, ago, ms
from tests.terminal import Terminal
from tui.archive import Archive

pytestmark = pytest.mark.e2e


@contextmanager
def opened(*arguments: str, at: str = "", **environment: str | None) -> Iterator[Terminal]:
    """The command in a terminal of 100 × 30, with nothing of this process's environment but what is given."""
    wanted = environment_for(at, environment)
    # Terminal adds to the environment of this process: what is to be missing there has to be missing here.
    missing = [name for name, value in environment.items() if value is None]
    assert not any(name in os.environ for name in missing)
    with Terminal([*COMMAND, *arguments], size=(100, 30), env=wanted) as terminal:
        yield terminal


def last_line(terminal: Terminal) -> str:
    """What was printed after the screen had closed."""
    return terminal.written.decode("utf-8", "replace").rpartition("sagetop: ")[2].strip()


def test_opens_at_the_jobs_and_q_ends_it_with_0(moto: Moto) -> None:
    moto.add_job("my-job", created=ago(hours=1))
    with opened(at=moto.url) as terminal:
        terminal.wait_for("my-job")
        terminal.send("q")
        assert terminal.wait_exit() == 0


def test_attach_opens_at_the_job(moto: Moto) -> None:
    moto.add_job("my-job", created=ago(hours=1))
    with opened("attach", "my-job", at=moto.url) as terminal:
        terminal.wait_for("jobs ▸ my-job")
        terminal.wait_for("1 × ml.m5.xlarge")


def test_what_an_emulated_aws_logged_is_kept_apart_by_its_url(moto: Moto, clean_machine: Path) -> None:
    moto.add_job("my-job", created=ago(hours=2))
    moto.add_log("my-job/algo-1-1", [(ms(ago(minutes=90)), "only here")])
    with opened("attach", "my-job", at=moto.url) as terminal:
        terminal.wait_for("only here")
        terminal.send("q")
        terminal.wait_for(lambda text: "jobs ▸" not in text)
        terminal.send("q")
        assert terminal.wait_exit() == 0
    (file,) = clean_machine.rglob("logs.sqlite")
    there, elsewhere = Archive(file, moto.url), Archive(file)
    job = there.job("my-job")
    assert job is not None
    assert [event.message for events in there.read(there.keep_job(job)) for event in events] == ["only here"]
    assert elsewhere.job("my-job") is None


def test_attach_to_a_job_that_does_not_exist_closes_again_with_4(moto: Moto) -> None:
    with opened("attach", "nope", at=moto.url) as terminal:
        assert terminal.wait_exit(20) == 4
        assert terminal.wait_for("there is no training job nope")
        assert last_line(terminal) == "there is no training job nope: to list them: sagetop jobs"


def test_opens_without_credentials_and_from_there_leads_to_the_demo() -> None:
    with opened(AWS_ACCESS_KEY_ID=None, AWS_SECRET_ACCESS_KEY=None) as terminal:
        terminal.wait_for("credentials")
        terminal.send(":")
        terminal.wait_for("endpoints  local  demo")
        terminal.send("demo", "enter")
        terminal.wait_for("Training", 40)
        assert "demo" in terminal.text
        terminal.send("q")
        assert terminal.wait_exit() == 0


def test_the_demo_leaves_nothing_behind(tmp_path: Path, clean_machine: Path) -> None:
    with opened("demo", "--seed", "3", TMPDIR=str(tmp_path), SAGETOP_CONFIG="/does/not/exist") as terminal:
        terminal.wait_for("Training", 40)
        (folder,) = tmp_path.glob("sagetop-demo-*")
        terminal.send("q")
        assert terminal.wait_exit() == 0
    assert not folder.exists()
    assert [path for path in clean_machine.rglob("*") if path.is_file()] == []
    assert Path(tempfile.gettempdir()) != tmp_path


def test_a_mistake_in_a_screen_is_one_line_and_its_details_are_in_a_file(clean_machine: Path) -> None:
    program = "import tui.app, tui.cli; tui.app.SagetopApp.on_mount = lambda app: 1 / 0; tui.cli.main()"
    with Terminal([sys.executable, "-c", program], size=(100, 30), env=environment_for("", {})) as terminal:
        assert terminal.wait_exit(20) == 70
        terminal.wait_for("sagetop itself failed")  # how long the lines behind it are, the temporary folder says
        written = terminal.written.decode("utf-8", "replace")
    kept = clean_machine / ".local" / "state" / "sagetop" / "failure.log"
    assert "sagetop: sagetop itself failed (RuntimeError: ZeroDivisionError: division by zero)" in written
    assert "Traceback" not in written
    assert "<lambda>" in kept.read_text()

"""The first frame: what it loads, and that it waits for nothing."""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import COMMAND, KEYS
from tests.patience import PATIENCE_S
from tests.terminal import Terminal

pytestmark = pytest.mark.e2e

LATER = (
    "boto3",
    "botocore",
    "numpy",
    "plotext",
    "orjson",
    "regex",
    "sqlite3",
    "moto",
    "tui.sources.aws",
    "tui.model.jobs",
)
FRAME = ("sagetop  jobs", "NAME", "STATUS", "Asking for the training jobs", "/ filter", "? help")

# Runs the command line, and says what is loaded once the first frame is drawn.
LOADED = """
import gc, json, pathlib, sys
import tui.app, tui.cli
ready = tui.app.SagetopApp.on_ready
def on_ready(app):
    ready(app)
    pathlib.Path(sys.argv[1]).write_text(json.dumps({"modules": sorted(sys.modules), "gc": gc.isenabled()}))
    app.exit()
tui.app.SagetopApp.on_ready = on_ready
sys.exit(tui.cli.run(sys.argv[2:]))
"""


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """A server that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(PATIENCE_S)
        yield server


def url_of(server: socket.socket) -> str:
    host, port = server.getsockname()
    return f"http://{host}:{port}"


def test_the_first_frame_is_there_while_aws_says_nothing(silent: socket.socket) -> None:
    with Terminal(COMMAND, env={**KEYS, "AWS_ENDPOINT_URL": url_of(silent)}) as terminal:
        terminal.wait_for(lambda text: all(word in text for word in FRAME))
        connection, _ = silent.accept()
        with connection:
            assert connection.recv(4) == b"POST"  # now it asks, and waits for an answer behind the frame
            terminal.send("?")
            terminal.wait_for("Keys that work here")
            terminal.send("escape")
            terminal.wait_for(lambda text: all(word in text for word in FRAME))
            terminal.send("q")
            assert terminal.wait_exit() == 0
    assert b"Traceback" not in terminal.written


@pytest.mark.parametrize(
    ("arguments", "later"),
    [([], (*LATER, "click")), (["--region", "eu-west-1"], LATER)],
    ids=["bare", "with an option"],
)
def test_what_the_first_frame_needs_loads_little(
    arguments: list[str], later: tuple[str, ...], tmp_path: Path, silent: socket.socket
) -> None:
    said = tmp_path / "loaded.json"
    argv = [sys.executable, "-c", LOADED, str(said), *arguments]
    with Terminal(argv, env={**KEYS, "AWS_ENDPOINT_URL": url_of(silent)}) as terminal:
        assert terminal.wait_exit(20) == 0
    loaded = json.loads(said.read_text())
    assert "textual.screen" in loaded["modules"]
    assert set(later) & set(loaded["modules"]) == set()
    assert loaded["gc"]


def test_it_ends_in_silence_before_anything_was_asked(silent: socket.socket) -> None:
    with Terminal(COMMAND, env={**KEYS, "AWS_ENDPOINT_URL": url_of(silent)}) as terminal:
        terminal.wait_for("/ filter")
        terminal.send("q")
        assert terminal.wait_exit() == 0
    assert b"Traceback" not in terminal.written

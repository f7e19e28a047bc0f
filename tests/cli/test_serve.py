"""`sagetop serve`: from an archive to an answer, and to a good end."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import tarfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import COMMAND, Sagetop, environment_for
from tests.patience import PATIENCE_S

SCRIPT = b"def model_fn(d): return 2\ndef predict_fn(x, m): return [value * m for value in x]\n"


def packed(path: Path, script: bytes | None = SCRIPT) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz") as tar:
        info = tarfile.TarInfo("code/inference.py" if script is not None else "weights.bin")
        info.size = len(script or b"")
        tar.addfile(info, io.BytesIO(script or b""))
    return path


class Running:
    """`sagetop serve` in the background; its stderr says when it answers."""

    def __init__(self, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [*COMMAND, "serve", *arguments, "--port", "0"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment_for("", {}),
        )
        assert self.process.stderr is not None
        self.line = self.process.stderr.readline()

    @property
    def url(self) -> str:
        return next(word for word in self.line.split() if word.startswith("http://"))

    def end(self, number: signal.Signals = signal.SIGINT) -> tuple[int, str, str]:
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=PATIENCE_S)
        return self.process.returncode, out, err


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    found = Running(str(packed(tmp_path / "churn" / "model.tar.gz")))
    yield found
    found.process.kill()
    found.process.wait()
    for stream in (found.process.stdout, found.process.stderr):
        assert stream is not None
        stream.close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_answers_until_it_is_ended_and_prints_what_the_workers_say(running: Running, number: signal.Signals) -> None:
    assert running.line.startswith("sagetop: local/churn answers on http://127.0.0.1:"), running.line
    request = urllib.request.Request(running.url + "/invocations", b"[1, 2]", {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
        assert json.load(answer) == [2, 4]
    code, out, err = running.end(number)
    assert (code, err) == (0, "")
    assert out == '[worker-1] "POST /invocations" 200\n'


def test_a_model_that_does_not_load_is_said_in_one_line_and_is_6(sagetop: Sagetop, tmp_path: Path) -> None:
    archive = packed(tmp_path / "m.tar.gz", b"def model_fn(d): raise OSError('no weights')\n")
    ended = sagetop("serve", str(archive), "--port", "0")
    assert (ended.code, ended.err) == (
        6,
        "sagetop: the model cannot be served: OSError: no weights: what it said is above\n",
    )
    assert "[worker-1] OSError: no weights" in ended.out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nothing.tar.gz"], "there is no file"),
        (["{bare}"], "--entry-point"),
        (["{good}", "--entry-point", "nothing.py"], "there is no file"),
        (["{good}", "--name", "../up"], "no name for an endpoint"),
        (["{good}", "--python", "/no/such/python"], "cannot be run"),
        (["{text}"], "no whole gzipped tar"),
    ],
)
def test_wrong_usage(sagetop: Sagetop, tmp_path: Path, arguments: list[str], says: str) -> None:
    good, bare, text = packed(tmp_path / "good.tar.gz"), packed(tmp_path / "bare.tar.gz", None), tmp_path / "t.tar.gz"
    text.write_text("hello")
    given = [argument.format(good=good, bare=bare, text=text) for argument in arguments]
    assert says in sagetop("serve", *given, "--port", "0").failed(2)


def test_what_a_killed_server_has_left_is_listed_truly_and_removed_where_one_says_so(
    running: Running, sagetop: Sagetop
) -> None:
    assert "is served" in sagetop("local", "rm", "--endpoint", "churn").failed(2)
    running.process.kill()
    running.process.wait()
    (line,) = sagetop("endpoints", "--local", "--json").lines
    assert json.loads(line)["status"] == "Failed"
    assert sagetop("local", "rm", "--endpoint", "local/churn").lines == []
    ended = sagetop("endpoints", "--local", "--json")
    assert (ended.code, ended.out) == (0, "")
    assert "no local endpoint churn" in sagetop("local", "rm", "--endpoint", "churn").failed(4)

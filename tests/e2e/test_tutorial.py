"""The README's page on local mode, run as it stands there."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from pathlib import Path

from tests.cli.conftest import COMMAND, environment_for

README = Path(__file__).parent.parent.parent / "README.md"


def commands() -> list[list[str]]:
    page = README.read_text(encoding="utf-8").split("<!-- tutorial -->")[1].split("<!-- /tutorial -->")[0]
    lines = re.findall(r"^sagetop (.*?)(?:  +#.*)?$", page, re.MULTILINE)
    return [shlex.split(line) for line in lines]


def run(arguments: list[str]) -> tuple[int, str]:
    done = subprocess.run(
        [*COMMAND, *arguments], env=environment_for("", {}), capture_output=True, text=True, timeout=120
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout


def test_the_page_walks_from_a_script_to_an_answer() -> None:
    train, metrics, health, serve, invoke = commands()

    code, log = run(train)
    assert code == 0
    assert re.search(r"^epoch 300/300 Train_error=\S+ Valid_error=\S+$", log, re.MULTILINE)

    code, table = run(metrics)
    assert code == 0
    assert {"Train_error", "Valid_error", "CPUUtilization"} <= {line.split()[0] for line in table.splitlines()}

    code, findings = run(health)
    assert code == 10
    assert "overfits since epoch" in findings

    assert serve[-1] == "&"
    port = serve.index("--port") + 1
    # Any port: 8080 may be somebody's.
    process = subprocess.Popen(
        [*COMMAND, *serve[:port], "0", *serve[port + 1 : -1]],
        env=environment_for("", {}),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        assert " answers on http://127.0.0.1:" in process.stderr.readline()
        code, answer = run(invoke)
        assert code == 0
        (one,), (two,) = json.loads(answer)
        # What it learnt is sin(4x), with what it made of the noise.
        assert abs(one - 0.39) < 0.5
        assert abs(two - 0.91) < 0.5
    finally:
        process.terminate()
        assert process.wait(30) == 0
        assert process.stderr is not None
        process.stderr.close()

"""`sagetop regex`: an expression tried on a job's log, on a file, on what is piped in."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import COMMAND, Ended, Sagetop, environment_for
from tests.cli.test_metrics import AT, job
from tests.moto_server import Moto

LINES = ["step 1 loss=0.5", "a line", "step 2 loss=n/a", "step 3 LOSS=0.4", "step 4 loss=nan"]


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "train.log"
    path.write_text("\n".join(LINES) + "\n")
    return str(path)


def test_matching_lines_with_what_is_captured_marked_and_what_was_found_in_all(file: str, sagetop: Sagetop) -> None:
    assert sagetop("regex", r"loss=(\S+)", file).lines == [
        "      0.5  step 1 loss=[[0.5]]",
        "no number  step 2 loss=[[n/a]]",
        "      nan  step 4 loss=[[nan]]",
        "nearly: step 3 LOSS=0.4",
        "        it would be found if case did not count: begin with (?i)",
        "5 lines, 3 match, 2 values from 0.5 to 0.5, the last nan, 1 of them NaN or infinite, which CloudWatch drops,"
        " 1 captured no number, 1 nearly match",
    ]


def test_quiet_is_the_summary_alone(file: str, sagetop: Sagetop) -> None:
    assert len(sagetop("regex", r"loss=(\S+)", file, "--quiet").lines) == 1


def test_json_is_a_line_each(file: str, sagetop: Sagetop) -> None:
    done = sagetop("regex", r"loss=(\S+)", file, "--json")
    records = [json.loads(line) for line in done.out.splitlines()]
    assert [(record["line"], record["matches"], record["value"]) for record in records] == [
        (1, True, 0.5),
        (3, True, None),
        (4, False, None),
        (5, True, "NaN"),
    ]
    assert records[1]["captured"] == "n/a"
    assert "case" in records[2]["why"]
    assert "2 values" in done.err


def test_a_jobs_log_with_its_times_and_hosts(moto: Moto, sagetop: Sagetop) -> None:
    job(moto)
    moto.add_log("job/algo-2-1", [(AT + 1, "loss=0.25\nloss=0.125")])
    moto.add_log("job/algo-1-1", [(AT, "loss=0.5")])
    done = sagetop("regex", "loss=([0-9.]+)", "job", "--json", at=moto.url)
    records = [json.loads(line) for line in done.out.splitlines()]
    assert [(record["timestamp"], record["host"], record["value"]) for record in records] == [
        (AT, "algo-1", 0.5),
        (AT + 1, "algo-2", 0.25),
        (AT + 1, "algo-2", 0.125),
    ]
    assert sagetop("regex", "loss=([0-9.]+)", "job", at=moto.url).lines[0] == "      0.5  [algo-1] loss=[[0.5]]"


def test_what_is_piped_in() -> None:
    done = subprocess.run(
        [*COMMAND, "regex", r"loss=(\S+)", "-"],
        input=b"loss=1\xff\nloss=2",
        env=environment_for("", {}),
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode().splitlines()[1] == "        2  loss=[[2]]"


def test_on_a_terminal_nothing_of_a_line_is_an_order_to_it(tmp_path: Path, on_terminal: Callable[..., Ended]) -> None:
    (tmp_path / "log").write_text("\x1b]0;owned\x07loss=\x1b[2J5\n")
    out = on_terminal("regex", r"loss=(\S+)", str(tmp_path / "log"), at="", columns=80).out
    assert "owned" not in out
    assert "\x1b[2J" not in out


class TestHowItEnds:
    def test_1_where_no_value_is_found(self, file: str, sagetop: Sagetop) -> None:
        done = sagetop("regex", r"accuracy=(\S+)", file)
        assert (done.code, done.out, done.err) == (1, "5 lines, 0 match, no values\n", "")

    @pytest.mark.parametrize(("pattern", "why"), [("loss=.*", "no parentheses"), ("(", "missing )")])
    def test_2_where_it_is_no_definition(self, pattern: str, why: str, file: str, sagetop: Sagetop) -> None:
        assert why in sagetop("regex", pattern, file).failed(2)

    def test_2_where_it_takes_too_long(self, tmp_path: Path, sagetop: Sagetop) -> None:
        (tmp_path / "log").write_text("a" * 5000 + "!\n")
        assert "switched off" in sagetop("regex", "(a+)+[bc]", str(tmp_path / "log")).failed(2)

    def test_4_where_there_is_no_such_job_nor_file(self, moto: Moto, sagetop: Sagetop) -> None:
        assert "there is no training job nosuch" in sagetop("regex", "(a)", "nosuch", at=moto.url).failed(4)

"""`sagetop archive`: what is kept on this machine, seen, removed and exported without AWS."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import time
from pathlib import Path

import pytest

from tests.cli.conftest import COMMAND, Sagetop, environment_for
from tests.moto_server import Moto, ago, ms
from tests.terminal import Terminal

THEN = ms(ago(hours=3))
NOBODY = "http://127.0.0.1:9"


@pytest.fixture
def database(clean_machine: Path) -> Path:
    return clean_machine / ".cache" / "sagetop" / "logs.sqlite"


@pytest.fixture
def kept(moto: Moto, sagetop: Sagetop, database: Path) -> None:
    """Two logs that were read: `done`, complete, of two hosts; and `running`."""
    moto.add_job("done", created=ago(hours=5), TrainingJobStatus="Completed", TrainingEndTime=ago(hours=2))
    moto.add_job("running", created=ago(hours=4), TrainingJobStatus="InProgress")
    moto.add_log("done/algo-1-1", [(THEN, "one"), (THEN + 2, "three \udc80")], ingested_ms=THEN + 5)
    moto.add_log("done/algo-2-1", [(THEN + 1, "two\nlines")], ingested_ms=THEN + 5)
    moto.add_log("running/algo-1-1", [(THEN, "so far")])
    for name in ("done", "running"):
        assert sagetop("logs", name, "--json", at=moto.url).code == 0
    assert database.exists()


def used_days_ago(database: Path, name: str, days: float) -> None:
    with sqlite3.connect(database) as db:
        db.execute("UPDATE logs SET used = ? WHERE name = ?", (time.time() - days * 86400, name))


def names(sagetop: Sagetop) -> list[str]:
    return [json.loads(line)["name"] for line in sagetop("archive", "list", "--json").out.splitlines()]


class TestList:
    def test_nothing_is_kept_at_first_and_nothing_is_made(self, sagetop: Sagetop, database: Path) -> None:
        ended = sagetop("archive", "list")
        assert (ended.code, ended.out, ended.err) == (0, "", "sagetop: no logs are kept\n")
        assert not database.exists()

    @pytest.mark.usefixtures("kept")
    def test_a_line_a_log_the_last_used_first(self, sagetop: Sagetop) -> None:
        header, *rows = sagetop("archive", "list").lines
        assert header.split() == ["JOB", "STATUS", "LOG", "LINES", "SIZE", "CREATED", "USED"]
        assert [row.split()[:2] for row in rows] == [["running", "InProgress"], ["done", "Completed"]]
        assert " so far " in rows[0]
        assert " complete " in rows[1]

    @pytest.mark.usefixtures("kept")
    def test_json(self, sagetop: Sagetop) -> None:
        running, done = (json.loads(line) for line in sagetop("archive", "list", "--json").lines)
        assert (done["name"], done["status"], done["complete"], done["lines"]) == ("done", "Completed", True, 3)
        assert done["arn"].endswith(":training-job/done")
        assert done["bytes"] > 0
        assert (running["complete"], running["lines"]) == (False, 1)

    def test_a_file_that_is_no_archive(self, sagetop: Sagetop, database: Path) -> None:
        database.parent.mkdir(parents=True)
        database.write_bytes(b"something else\n" * 1000)
        assert str(database) in sagetop("archive", "list").failed(3)


@pytest.mark.usefixtures("kept")
class TestPrune:
    def test_a_job(self, sagetop: Sagetop) -> None:
        (line,) = sagetop("archive", "prune", "--job", "done", "--yes").lines
        assert line.startswith("removed 1 log, ")
        assert names(sagetop) == ["running"]

    def test_what_nobody_has_looked_at_for_long(self, sagetop: Sagetop, database: Path) -> None:
        used_days_ago(database, "running", 31)
        sagetop("archive", "prune", "--older-than", "40d", "--yes").failed(0)
        assert len(names(sagetop)) == 2
        assert sagetop("archive", "prune", "--older-than", "30d", "--yes").lines[0].startswith("removed 1 log")
        assert names(sagetop) == ["done"]

    def test_all(self, sagetop: Sagetop) -> None:
        assert sagetop("archive", "prune", "--all", "--yes").lines[0].startswith("removed 2 logs")
        assert names(sagetop) == []

    def test_where_nobody_can_be_asked_nothing_is_removed(self, sagetop: Sagetop) -> None:
        assert "--yes" in sagetop("archive", "prune", "--all").failed(5)
        assert len(names(sagetop)) == 2

    @pytest.mark.parametrize(("answer", "code", "left"), [("y", 0, 1), ("n", 5, 2), ("\r", 5, 2)])
    def test_it_asks(self, sagetop: Sagetop, answer: str, code: int, left: int) -> None:
        with Terminal([*COMMAND, "archive", "prune", "--job", "done"], env=environment_for("", {})) as terminal:
            terminal.wait_for("Remove 1 log, ")
            terminal.send(answer, "\r")
            assert terminal.wait_exit(30) == code
        assert len(names(sagetop)) == left

    def test_read_only_removes_nothing(self, sagetop: Sagetop) -> None:
        sagetop("archive", "prune", "--all", "--yes", "--read-only").failed(2)
        assert len(names(sagetop)) == 2

    @pytest.mark.parametrize("which", [(), ("--all", "--job", "done"), ("--older-than", "soon")])
    def test_one_has_to_say_which(self, sagetop: Sagetop, which: tuple[str, ...]) -> None:
        sagetop("archive", "prune", "--yes", *which).failed(2)
        assert len(names(sagetop)) == 2


@pytest.mark.usefixtures("kept")
class TestExport:
    def test_into_a_new_file_byte_for_byte_as_it_was_logged(self, sagetop: Sagetop, tmp_path: Path) -> None:
        file = tmp_path / "done.log"
        assert sagetop("archive", "export", "done", "--to", str(file), at=NOBODY).lines == []
        assert file.read_bytes() == b"[algo-1] one\n[algo-2] two\nlines\n[algo-1] three \xed\xb2\x80\n"

    def test_json_to_stdout(self, sagetop: Sagetop) -> None:
        lines = sagetop("archive", "export", "done", "--json", at=NOBODY).lines
        assert json.loads(lines[2]) == {
            "timestamp": THEN + 2,
            "ingestion_time": THEN + 5,
            "host": "algo-1",
            "stream": "done/algo-1-1",
            "message": "three \udc80",
        }

    def test_a_log_that_is_not_complete_is_said_to_be_none(self, sagetop: Sagetop) -> None:
        ended = sagetop("archive", "export", "running", at=NOBODY)
        assert (ended.code, ended.out) == (0, "so far\n")
        assert "sagetop logs running" in ended.failed(0)

    def test_a_file_that_exists_is_left_alone(self, sagetop: Sagetop, tmp_path: Path) -> None:
        file = tmp_path / "mine"
        file.write_text("mine")
        assert str(file) in sagetop("archive", "export", "done", "--to", str(file)).failed(2)
        assert file.read_text() == "mine"

    def test_a_job_that_nothing_is_kept_of(self, sagetop: Sagetop) -> None:
        assert "sagetop archive list" in sagetop("archive", "export", "nosuch").failed(4)

    def test_a_reader_that_leaves(self) -> None:
        done = subprocess.run(
            ["bash", "-c", f"{{ {' '.join(COMMAND)} archive export done; echo $? >&2; }} | true"],
            env=environment_for("", {}),
            capture_output=True,
            check=False,
        )
        assert done.stderr == b"0\n"

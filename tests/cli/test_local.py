"""`sagetop local`: the jobs of this machine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Sagetop
from tests.local_jobs import Job, Machine
from tui.sources.local import launch


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    made = Machine(tmp_path)
    monkeypatch.setenv("SAGETOP_LOCAL_JOBS", str(made.jobs))
    return made


def test_list_prints_them_newest_first(machine: Machine, sagetop: Sagetop) -> None:
    assert sagetop("local", "list").err == "sagetop: no such training jobs\n"
    machine.run("")
    machine.run("raise SystemExit(1)")
    lines = sagetop("local", "list").lines
    assert [line.split()[:2] for line in lines[1:]] == [["local/job-2", "Failed"], ["local/job-1", "Completed"]]
    assert [json.loads(line)["name"] for line in sagetop("local", "list", "--json").lines] == [
        "local/job-2",
        "local/job-1",
    ]


def test_stop_stops_with_the_prefix_or_without(machine: Machine, sagetop: Sagetop) -> None:
    jobs = [machine.start("import time; print('ready'); time.sleep(60)") for _ in range(2)]
    assert sagetop("local", "stop", "job-1", "local/job-2", "--grace", "1").code == 0
    assert [job.ended().status for job in jobs] == ["Stopped", "Stopped"]
    assert sagetop("local", "stop", "job-1").code == 0  # it has ended: nothing is left to do


def test_rm_removes_what_has_ended_and_nothing_else(machine: Machine, sagetop: Sagetop) -> None:
    ended, running = machine.run(""), machine.start("import time; time.sleep(60)")
    assert "still runs" in sagetop("local", "rm", "job-2").failed(2)
    assert sagetop("local", "rm", "job-1").code == 0
    assert not ended.folder.path.exists()
    launch.stop(running.folder, 0)
    assert running.ended().status == "Stopped"


@pytest.mark.parametrize("name", ["nobody", "local/nobody", "../..", ".", "a/b"])
@pytest.mark.parametrize("command", ["stop", "rm", "report"])
def test_there_is_no_such_job(machine: Machine, sagetop: Sagetop, command: str, name: str) -> None:
    machine.jobs.mkdir()
    assert "there is no training job local/" in sagetop("local", command, name).failed(4)
    assert machine.source.exists()


@pytest.mark.parametrize("command", ["stop", "rm"])
def test_read_only_changes_nothing(machine: Machine, sagetop: Sagetop, command: str) -> None:
    job: Job = machine.run("")
    assert "--read-only" in sagetop("--read-only", "local", command, "job-1").failed(2)
    assert job.folder.path.exists()


def test_report_prints_the_profile(machine: Machine, sagetop: Sagetop) -> None:
    machine.run("import time; time.sleep(0.4)")
    lines = sagetop("local", "report", "local/job-1").lines
    assert lines[0] == "Profile of job-1"
    assert any(line.strip().startswith("CPUUtilization") for line in lines)
    (line,) = sagetop("local", "report", "job-1", "--json").lines
    assert set(json.loads(line)) == {"job", "phases", "slowest_host", "hosts"}


def test_a_job_that_never_ran_has_no_report(machine: Machine, sagetop: Sagetop) -> None:
    machine.run("", gpus=99)
    assert "has no report" in sagetop("local", "report", "job-1").failed(2)

"""Whoever is killed: what runs goes on, no line is lost, and what is said of the job is true."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.local_jobs import Job, Machine
from tests.patience import until
from tests.sources.local.test_running import FORKS, messages
from tui.files import read_json, write_json
from tui.sources.local import launch
from tui.sources.local.pids import Process, ourselves
from tui.sources.local.source import LocalSource
from tui.sources.local.state import UNSUPERVISED

WAITS = """
import os, sys, time
go = os.environ["SAGEMAKER_BASE_DIR"] + "/go"
print("ready")
while not os.path.exists(go):
    time.sleep(0.01)
for number in range(1000):
    print("line", number)
print("end", end="")
"""


def kill_supervisor(job: Job) -> None:
    job.said("ready")
    until(lambda: job.written.hosts)
    supervisor = job.written.supervisor
    os.kill(supervisor.pid, signal.SIGKILL)
    until(lambda: not supervisor.is_alive)


def go(job: Job) -> None:
    (job.folder.base("algo-1") / "go").touch()


def test_who_started_a_job_may_end(machine: Machine) -> None:
    spec = machine.spec(WAITS)
    write_json(machine.source / "request.json", spec.to_request())
    program = f"""
import os, signal
from pathlib import Path
from tui.sources.local import launch, spec
from tui.files import read_json
request = read_json(Path({str(machine.source / "request.json")!r}))
launch.start(spec.from_request(request, Path()), Path({str(machine.jobs)!r}))
os.kill(os.getpid(), signal.SIGKILL)
"""
    starter = subprocess.run([sys.executable, "-c", program], check=False)
    assert starter.returncode == -signal.SIGKILL
    job = Job(launch.JobFolder(machine.jobs / spec.name))
    job.said("ready")
    assert job.state.status == "InProgress"
    go(job)
    assert job.ended().status == "Completed"


def test_a_job_is_in_no_session_and_no_group_of_who_started_it(machine: Machine) -> None:
    job = machine.start(WAITS)
    job.said("ready")
    pids = [job.state.supervisor.pid, job.state.hosts["algo-1"].pid]
    assert os.getsid(0) not in {os.getsid(pid) for pid in pids}
    assert [os.getpgid(pid) for pid in pids] == pids
    go(job)
    assert job.ended().status == "Completed"


def test_after_its_supervisor_was_killed_a_host_writes_on_and_every_line_is_read(machine: Machine) -> None:
    job = machine.start(WAITS)
    kill_supervisor(job)
    assert (job.state.status, job.state.secondary) == ("InProgress", UNSUPERVISED)
    assert messages(machine, "job-1") == ["ready"]
    go(job)
    state = job.ended()
    assert state.status == "Failed"
    assert "supervisor ended before its hosts did" in state.failure_reason
    assert until(lambda: len(said) == 1002 and said if (said := messages(machine, "job-1")) else None) == [
        "ready",
        *(f"line {number}" for number in range(1000)),
        "end",
    ]


def test_its_end_is_the_same_whoever_asks_and_whenever(machine: Machine) -> None:
    job = machine.start(WAITS)
    kill_supervisor(job)
    go(job)
    job.ended()
    first, second = (LocalSource(machine.jobs).describe_job("local/job-1") for _ in range(2))
    assert first == second
    assert first.ended is not None
    assert first.ended >= first.created


def test_a_job_without_a_supervisor_can_be_stopped(machine: Machine) -> None:
    job = machine.start(FORKS + "print('ready')\ntime.sleep(60)")
    job.said("daemon")
    kill_supervisor(job)
    started = [Process.of(int(line.split()[1])) for line in job.log().splitlines() if " " in line]
    launch.stop(job.folder, 5)
    assert job.ended().status == "Stopped"
    assert len(started) == 2
    for process in (*started, job.written.hosts["algo-1"]):  # its daemon too
        until(lambda process=process: not process.is_alive)


def test_a_host_that_somebody_kills_is_told_from_one_that_we_kill(machine: Machine) -> None:
    job = machine.start(WAITS)
    job.said("ready")
    os.kill(until(lambda: job.written.hosts)["algo-1"].pid, signal.SIGKILL)
    state = job.ended()
    assert (state.status, state.exits) == ("Failed", {"algo-1": 137})
    assert state.failure_reason.startswith("OutOfMemory")


def test_sigterm_to_the_supervisor_stops_the_job_as_a_machine_does_that_is_shut_down(machine: Machine) -> None:
    job = machine.start(WAITS)
    job.said("ready")
    os.kill(job.state.supervisor.pid, signal.SIGTERM)
    state = job.ended()
    assert (state.status, state.exits) == ("Stopped", {"algo-1": 143})


FULL = """
import pathlib, sys, time
try:
    while True:
        print("x" * 1000)
except OSError:
    pathlib.Path(sys.argv[2]).touch()
while sys.argv[4] == "goes-on":
    time.sleep(0.1)
sys.exit(7)
"""


@pytest.mark.parametrize("after", ["goes-on", "fails"])
def test_a_full_disk_leaves_the_job_s_state_true_and_the_job_can_be_stopped(tmp_path: Path, after: str) -> None:
    disk, full = tmp_path / "disk", tmp_path / "full"
    disk.mkdir()
    (tmp_path / "train.py").write_text(FULL)
    sagetop = f"{sys.executable} -m tui"
    train = f"{sagetop} train {tmp_path}/train.py --name job --hp a={full} --hp b={after}"
    ending = f"{sagetop} local stop job --grace 0" if after == "goes-on" else "true"
    steps = (
        f"mount -t tmpfs -o size=1m tmpfs {disk} || exit 99",
        f"{train}; until [ -e {full} ]; do sleep 0.05; done; {ending}; {sagetop} wait local/job",
        f"{sagetop} describe local/job --json",
    )
    command = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", "\n".join(steps)]
    environment = {**os.environ, "SAGETOP_LOCAL_JOBS": str(disk / "jobs")}
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    except FileNotFoundError:
        pytest.skip("there is no unshare here")
    if done.returncode in (1, 99) and not full.exists():
        pytest.skip(f"a disk of its own is not to be had: {done.stderr}")
    told = json.loads(done.stdout.splitlines()[-1])
    # Told with the phase in which it was met first: a file may have room left where the disk has none.
    assert "the disk was full, and its log may lack lines" in [phase["message"] for phase in told["phases"]]
    if after == "goes-on":
        assert (told["status"], told["failure_reason"]) == ("Stopped", None)
    else:
        assert told["status"] == "Failed"
        assert told["failure_reason"].startswith("AlgorithmError: ExecuteUserScriptError on algo-1")
        assert told["failure_reason"].endswith("exit code: 7 (the disk was full, and its log may lack lines)")


def test_after_a_reboot_nothing_runs_whoever_has_the_numbers_now(machine: Machine) -> None:
    job = machine.start(WAITS)
    kill_supervisor(job)
    state = job.written
    ours = ourselves()
    state.supervisor = replace(ours, born=f"boot 00000000-before {ours.born.split()[2]}")
    state.hosts = {"algo-1": replace(ours, born=f"boot 00000000-before {ours.born.split()[2]}")}
    left = job.written.hosts["algo-1"]
    state.save(job.folder)
    told = job.state
    assert (told.status, told.failure_reason) == (
        "Failed",
        "InternalServerError: this machine was restarted while the job ran",
    )
    os.kill(left.pid, signal.SIGKILL)


def test_a_number_that_is_used_again_is_not_the_process_that_had_it() -> None:
    ours = ourselves()
    assert ours.is_alive
    assert not Process(ours.pid, ours.born + "1").is_alive
    assert not Process(ours.pid, "").is_alive
    assert not Process.of(1 << 22).is_alive


def test_a_process_that_has_ended_and_was_not_waited_for_is_not_alive() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    process = Process.of(child.pid)
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert not process.is_alive
    child.wait()


def test_a_launcher_that_was_killed_before_it_had_a_supervisor_leaves_a_failed_job(machine: Machine) -> None:
    job = machine.run("")
    state = job.written
    state.status, state.hosts, state.ended = "InProgress", {}, None
    state.supervisor = Process(1 << 22, "boot x 1")
    state.save(job.folder)
    assert job.state.status == "Failed"


def test_a_folder_that_somebody_has_written_into_takes_no_other_job_away(machine: Machine) -> None:
    good, bad = machine.run(""), machine.run("")
    bad.folder.state.write_text('{"status": "InProgress"}')
    (machine.jobs / "no-job").mkdir()
    (machine.jobs / "no job at all").mkdir()
    assert [job.name for job in LocalSource(machine.jobs).list_jobs().items] == [f"local/{good.folder.name}"]
    write_json(bad.folder.state, read_json(good.folder.state))

"""Scripts of every temper, run as local jobs."""

from __future__ import annotations

import sys
import tarfile
import time
import zipfile
from pathlib import Path

import pytest

from tests.local_jobs import Machine
from tests.patience import until
from tui.model.logs import LogAddress, LogEvent
from tui.sources.base import Refused
from tui.sources.local import launch
from tui.sources.local.pids import Process
from tui.sources.local.source import LocalSource

EVER = 1 << 62


def events(machine: Machine, job: str) -> list[LogEvent]:
    found: list[LogEvent] = []
    token = None
    source = LocalSource(machine.jobs)
    while True:
        page = source.read_recent(LogAddress("job", f"local/{job}"), 0, EVER, token)
        found += page.events
        token = page.token
        if token is None:
            return found


def messages(machine: Machine, job: str) -> list[str]:
    return [event.message for event in events(machine, job)]


# What comes of a script


def test_a_script_that_ends_well_is_completed_with_its_phases(machine: Machine) -> None:
    job = machine.run("print('hello')")
    assert (job.state.status, job.state.secondary, job.state.failure_reason) == ("Completed", "Completed", "")
    assert [phase.name for phase in job.state.phases] == ["Starting", "Downloading", "Training", "Uploading"]
    assert all(phase.ended is not None for phase in job.state.phases)
    assert job.log() == "hello\n"
    assert (job.folder.base("algo-1") / "output" / "success").exists()


@pytest.mark.parametrize("script", ["", "raise SystemExit", "import os; os._exit(0)"])
def test_a_script_that_ends_at_once_or_does_nothing_is_completed(machine: Machine, script: str) -> None:
    assert machine.run(script).state.status == "Completed"
    assert messages(machine, "job-1") == []


def test_a_script_that_fails_says_why(machine: Machine) -> None:
    job = machine.run("raise ValueError('bad data')")
    reason = 'AlgorithmError: ExecuteUserScriptError on algo-1, ErrorMessage "ValueError: bad data", exit code: 1'
    assert (job.state.status, job.state.failure_reason) == ("Failed", reason)
    assert (job.folder.base("algo-1") / "output" / "failure").read_text() == reason


def test_what_the_script_writes_into_output_failure_is_the_reason(machine: Machine) -> None:
    script = "import os; open(os.environ['SM_OUTPUT_DIR'] + '/failure', 'w').write('ä' * 2000); raise SystemExit(3)"
    job = machine.run(script)
    assert job.state.failure_reason == "ä" * 1024
    assert job.state.exits == {"algo-1": 3}


def test_exit_137_is_out_of_memory(machine: Machine) -> None:
    job = machine.run("import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    assert (job.state.status, job.state.exits) == ("Failed", {"algo-1": 137})
    assert job.state.failure_reason.startswith("OutOfMemory")


def test_a_script_that_is_no_python_but_a_shell_script_runs_too(machine: Machine) -> None:
    """By the shell that it names, and what it calls python is the job's interpreter."""
    (machine.source / "train.sh").write_text('echo "$@"; exit 4')
    job = machine.run("", script="train.sh", hyperparameters={"epochs": "2"})
    assert (job.log(), job.state.exits) == ("--epochs 2\n", {"algo-1": 4})
    python = machine.source / "bin" / "python"
    python.parent.mkdir()
    python.symlink_to(sys.executable)
    (machine.source / "run.bin").write_text("#!/bin/bash\na=(1 2)\necho ${a[1]} $(command -v python)\n")
    assert machine.run("", script="run.bin", python=str(python)).log() == f"2 {python}\n"


def test_an_interpreter_that_does_not_exist_is_said(machine: Machine) -> None:
    job = machine.run("", python="/no/such/python")
    assert job.state.status == "Failed"
    assert "/no/such/python" in job.state.failure_reason


def test_the_code_beside_the_script_comes_along_and_is_the_job_s_own(machine: Machine) -> None:
    (machine.source / "helper.py").write_text("WORD = 'helped'")
    (machine.source / "package").mkdir()
    (machine.source / "package" / "__init__.py").write_text("WORD = 'packed'")
    (machine.source / "large.bin").write_bytes(b"0" * 1000)
    job = machine.run("import helper, package; open('own', 'w'); print(helper.WORD, package.WORD)")
    assert job.log() == "helped packed\n"
    assert not (machine.source / "own").exists()
    assert not (job.folder.base("algo-1") / "code" / "large.bin").exists()


def test_the_whole_source_folder_comes_along_where_that_is_asked_for(machine: Machine) -> None:
    (machine.source / "conf").mkdir()
    (machine.source / "conf" / "a.yaml").write_text("text")
    (machine.source / ".git").mkdir()
    (machine.source / ".git" / "HEAD").write_text("ref")
    script = "import os; print(open('conf/a.yaml').read(), os.path.exists('.git'))"
    assert machine.run(script, whole_source=True).log() == "text False\n"


# What it leaves


def test_model_and_output_are_packed_even_where_the_script_has_failed(machine: Machine) -> None:
    script = """
import os
os.makedirs(os.environ["SM_MODEL_DIR"] + "/code")
host = os.environ["SM_CURRENT_HOST"]
for name in ("same", host):
    open(f"{os.environ['SM_MODEL_DIR']}/{name}", "w").write(host)
open(os.environ["SM_MODEL_DIR"] + "/code/inference.py", "w")
os.symlink("code", os.environ["SM_MODEL_DIR"] + "/latest")
os.symlink("code/inference.py", os.environ["SM_MODEL_DIR"] + "/entry.py")
os.symlink("..", os.environ["SM_MODEL_DIR"] + "/up")
os.symlink("/usr", os.environ["SM_MODEL_DIR"] + "/outside")
os.symlink("gone", os.environ["SM_MODEL_DIR"] + "/dangling")
os.mkfifo(os.environ["SM_MODEL_DIR"] + "/pipe")
open(os.environ["SM_OUTPUT_DATA_DIR"] + "/metrics.csv", "w")
if host == "algo-2":
    while not os.path.exists("../../algo-1/output/success"):
        pass
    raise SystemExit(1)
"""
    job = machine.run(script, instance_count=2)
    assert job.state.status == "Failed"
    with tarfile.open(job.folder.model) as archive:
        assert sorted(archive.getnames()) == [
            *("algo-1", "algo-2", "code", "code/inference.py", "entry.py", "latest", "latest/inference.py", "same"),
        ]
        assert all(member.isfile() or member.isdir() for member in archive)  # a link could not be served
        same = archive.extractfile("same")
        assert same is not None
        assert same.read() == b"algo-1"
    with tarfile.open(job.folder.output) as archive:
        assert archive.getnames() == ["metrics.csv"]


# Hosts


def test_two_hosts_meet_over_sockets(machine: Machine) -> None:
    script = """
import os, socket
place, rank = (os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])), int(os.environ["RANK"])
if rank == 0:
    with socket.create_server(place) as server:
        meeting, _ = server.accept()
        print(meeting.recv(100).decode())
        meeting.sendall(b"hello, rank 1")
else:
    while True:
        try:
            meeting = socket.create_connection(place)
            break
        except ConnectionRefusedError:
            pass
    meeting.sendall(b"hello, rank 0")
    print(meeting.recv(100).decode())
"""
    job = machine.run(script, instance_count=2)
    assert job.state.status == "Completed"
    assert (job.log("algo-1"), job.log("algo-2")) == ("hello, rank 0\n", "hello, rank 1\n")


def test_a_host_that_fails_ends_the_others_and_is_the_one_to_blame(machine: Machine) -> None:
    script = """
import os, time
if os.environ["RANK"] == "1":
    raise SystemExit(9)
time.sleep(60)
"""
    job = machine.run(script, instance_count=3)
    assert job.state.status == "Failed"
    assert job.state.exits == {"algo-1": 143, "algo-2": 9, "algo-3": 143}
    assert "algo-2" in job.state.failure_reason


# Its end


CATCHES = """
import signal, sys, time, os
def end(*_):
    print("checkpoint")
    open(os.environ["SM_MODEL_DIR"] + "/checkpoint", "w")
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
print("ready")
time.sleep(60)
"""
IGNORES = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready')\nwhile True: time.sleep(60)"
)
FORKS = """
import os, subprocess, sys, time
sleeper = [sys.executable, "-c", "import time; time.sleep(60)"]
one = subprocess.Popen(sleeper)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        print("daemon", os.getpid())
        time.sleep(60)
    os._exit(0)
print("child", one.pid)
"""


def test_a_stopped_job_may_write_its_checkpoint(machine: Machine) -> None:
    job = machine.start(CATCHES)
    job.said("ready")
    launch.stop(job.folder)
    state = job.ended()
    assert (state.status, state.failure_reason) == ("Stopped", "")
    assert job.log() == "ready\ncheckpoint\n"
    assert [phase.name for phase in state.phases][-3:] == ["Training", "Stopping", "Uploading"]
    with tarfile.open(job.folder.model) as archive:
        assert archive.getnames() == ["checkpoint"]


def test_a_script_that_ignores_sigterm_is_killed_after_the_grace_and_that_is_no_lack_of_memory(
    machine: Machine,
) -> None:
    job = machine.start(IGNORES)
    job.said("ready")
    launch.stop(job.folder, 0.3)
    state = job.ended()
    assert (state.status, state.failure_reason, state.exits) == ("Stopped", "", {"algo-1": 137})


def test_who_asks_again_with_less_patience_has_it_sooner(machine: Machine) -> None:
    asked, over = machine.start(IGNORES), machine.start(IGNORES, max_run_s=1)
    asked.said("ready")
    launch.stop(asked.folder)
    for job in (asked, over):
        until(lambda job=job: job.state.status == "Stopping")
        launch.stop(job.folder, 0)
    assert (asked.ended().secondary, over.ended().secondary) == ("Stopped", "MaxRuntimeExceeded")


def test_what_a_script_leaves_running_ends_with_it_daemons_too(machine: Machine) -> None:
    job = machine.start(FORKS + "time.sleep(60)")
    job.said("child")
    job.said("daemon")
    pids = [int(line.split()[1]) for line in job.log().splitlines()]
    left = [Process.of(pid) for pid in pids]
    assert all(process.is_alive for process in left)
    launch.stop(job.folder)
    assert job.ended().status == "Stopped"
    assert not any(process.is_alive for process in left)


def test_max_run_stops_the_job(machine: Machine) -> None:
    job = machine.run("import time; time.sleep(60)", max_run_s=1)
    assert (job.state.status, job.state.secondary) == ("Stopped", "MaxRuntimeExceeded")


def test_a_script_that_fills_its_disk_quota_is_ended(machine: Machine) -> None:
    script = """
import os, time
for number in range(1000):
    open(f"{os.environ['SM_MODEL_DIR']}/{number}", "wb").write(os.urandom(1 << 20))
    time.sleep(0.01)
"""
    job = machine.run(script, max_disk=20 << 20)
    assert job.state.status == "Failed"
    assert "grew beyond 20971520 bytes" in job.state.failure_reason


def test_a_job_can_be_stopped_before_its_hosts_have_started(machine: Machine, tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("--no-index\nnothing-of-this-name\n")
    job = machine.start("print('never')", requirements=tmp_path / "requirements.txt")
    launch.stop(job.folder)
    state = job.ended()
    assert (state.status, state.hosts) == ("Stopped", {})


# What it writes


def test_lines_are_kept_byte_for_byte_whatever_is_in_them(machine: Machine) -> None:
    script = r"""
import sys
sys.stdout.buffer.write(b"one\r\n10%\r20%\rdone\n\n\xff\xfe binary \x00\n\xe2\x82\xac\nno newline")
"""
    job = machine.run(script)
    said = messages(machine, "job-1")
    assert said == ["one\r", "10%\r20%\rdone", "", "\udcff\udcfe binary \x00", "€", "no newline"]
    raw = job.folder.log("algo-1").read_bytes()
    assert "\n".join(said).encode("utf-8", "surrogateescape") == raw


def test_what_waits_for_its_newline_is_seen_after_a_second(machine: Machine) -> None:
    job = machine.start("import time; print('Continue? ', end='', flush=True); time.sleep(60)")
    until(lambda: messages(machine, "job-1") == ["Continue? "])
    launch.stop(job.folder, 0)


def test_errors_are_in_the_log_where_they_came(machine: Machine) -> None:
    machine.run("import sys; print('a'); print('b', file=sys.stderr); print('c')")
    assert messages(machine, "job-1") == ["a", "b", "c"]


def test_fifty_thousand_lines_a_second_come_whole(machine: Machine) -> None:
    script = """
import sys, time
begun, write = time.time(), sys.stdout.buffer.write
for batch in range(100):
    write(b"".join(b"line %d of many, as long as lines of training logs are\\n" % number
                   for number in range(batch * 1000, batch * 1000 + 1000)))
    time.sleep(max(begun + (batch + 1) / 50 - time.time(), 0))
"""
    machine.run(script)
    found = events(machine, "job-1")
    assert [event.message for event in found] == [
        f"line {number} of many, as long as lines of training logs are" for number in range(100_000)
    ]
    assert len({event.event_id for event in found}) == 100_000
    assert len({event.timestamp for event in found}) > 20


# Requirements


def test_requirements_are_installed_once_without_a_network(machine: Machine, tmp_path: Path) -> None:
    wheel = tmp_path / "wheels" / "tinyword-1.0-py3-none-any.whl"
    wheel.parent.mkdir()
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("tinyword.py", "WORD = 'installed'")
        archive.writestr("tinyword-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tinyword\nVersion: 1.0\n")
        archive.writestr(
            "tinyword-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr("tinyword-1.0.dist-info/RECORD", "")
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("--no-index\n--find-links wheels\ntinyword\n")
    script = "import tinyword, pytest; print(tinyword.WORD)"
    first = machine.run(script, requirements=requirements)
    assert first.state.status == "Completed", first.log()
    assert first.log().splitlines()[-1] == "installed"
    assert "Successfully installed tinyword" in first.log()
    assert "PreparingTrainingStack" in [phase.name for phase in first.state.phases]
    second = machine.run(script, requirements=requirements)
    assert second.log() == "installed\n"


def test_requirements_that_cannot_be_installed_fail_the_job(machine: Machine, tmp_path: Path) -> None:
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("--no-index\nno-package-of-this-name\n")
    job = machine.run("", requirements=requirements)
    assert (job.state.status, job.state.failure_reason) == (
        "Failed",
        "ClientError: pip could not install requirements.txt",
    )
    assert "no-package-of-this-name" in job.log()


# The job's name and place


def test_a_name_can_be_given_once(machine: Machine) -> None:
    machine.run("", name="mine")
    with pytest.raises(Refused, match="there is a local job mine already"):
        machine.start("", name="mine")


def test_a_job_that_was_named_by_nobody_is_named_after_its_script() -> None:
    from datetime import datetime, timezone

    moment = datetime(2026, 11, 22, 21, 3, 11, 123_000, timezone.utc)
    assert launch.new_name("src/my_train.py", moment) == "my-train-2026-11-22-21-03-11-123"
    assert launch.new_name("ä.py", moment) == "job-2026-11-22-21-03-11-123"


def test_from_the_start_to_the_first_line_is_a_moment(machine: Machine) -> None:
    begun = time.time()
    job = machine.start("import time; print(time.time())")
    job.ended()
    # Half a second on an idle machine, which tests are not promised: the benchmark measures it.
    assert float(job.log()) - begun < 5


def test_a_job_is_removed_with_all_it_left_but_not_while_it_runs(machine: Machine) -> None:
    job = machine.start("import time; time.sleep(60)")
    with pytest.raises(Refused, match="still runs"):
        launch.remove(job.folder)
    launch.stop(job.folder)
    job.ended()
    launch.remove(job.folder)
    assert list(machine.jobs.iterdir()) == []
    machine._started.clear()


def test_scripts_run_with_the_interpreter_that_is_named(machine: Machine) -> None:
    assert machine.run("import sys; print(sys.executable)").log() == f"{sys.executable}\n"

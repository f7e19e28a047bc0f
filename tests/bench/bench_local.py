"""Local jobs: how soon they start, what they lose, how much they are slowed down, what measuring them costs."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from tests.local_jobs import Job, Machine
from tests.patience import until
from tui.sources.local import launch
from tui.sources.local.folders import JobFolder
from tui.sources.local.lines import HostLog

ROUNDS = 5
LINES = 50_000
SECONDS = 4
HOSTS = 8
WRITES = """
import sys, time
begun = time.perf_counter()
for number in range(300_000):
    print("step", number, "loss=0.123456 accuracy=0.98765 learning_rate=0.0001 samples/s=1234.5")
sys.stderr.write(f"took {time.perf_counter() - begun}\\n")
"""
PACED = f"""
import sys, time
begun, write = time.perf_counter(), sys.stdout.buffer.write
for part in range({SECONDS * 50}):
    for number in range({LINES // 50}):
        write(b"step %d loss=0.123456 accuracy=0.98765 learning_rate=0.0001 samples/s=1234.5\\n" % number)
    sys.stdout.flush()
    time.sleep(max(begun + (part + 1) / 50 - time.perf_counter(), 0))
print("took", time.perf_counter() - begun)
"""


def run() -> list[tuple[str, object, str]]:
    """Rows of (what, measured, wanted)."""
    return [_first_line(), *_fifty_thousand(), _slower(), *_measuring()]


def _first_line() -> tuple[str, object, str]:
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "train.py"
        script.write_text("import time; print(time.time())")
        took = []
        for number in range(ROUNDS):
            begun = time.time()
            command = [sys.executable, "-m", "tui", "train", str(script), "--name", f"job-{number}"]
            subprocess.run(command, env=_environment(folder), check=True, stdout=subprocess.DEVNULL)
            job = Job(JobFolder(Path(folder) / "jobs" / f"job-{number}"))
            job.ended()
            took.append(float(job.log()) - begun)
    return "from command to the script's first line, s", statistics.median(took), "≤ 0.5"


def _fifty_thousand() -> list[tuple[str, object, str]]:
    with tempfile.TemporaryDirectory() as folder:
        machine = Machine(Path(folder))
        job = machine.run(PACED)
        log = HostLog(job.folder.log("algo-1"), job.folder.index("algo-1"), "algo-1", "log")
        log.refresh()
        count, at = 0, 0
        position: int | None = 0
        last = ""
        while position is not None:
            page = log.read(at, log.end)
            count, position = count + len(page.events), page.position
            at = position or 0
            last = page.events[-1].message
        rate = (count - 1) / float(last.split()[1])
    return [
        ("lines a second taken", rate, f"≥ {LINES * 0.99:.0f}"),
        (f"of {LINES * SECONDS} lines lost", LINES * SECONDS + 1 - count, "0"),
    ]


def _slower() -> tuple[str, object, str]:
    """The script's own time under sagetop against its time into a plain file, each run beside its like."""
    ratios = []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            machine = Machine(Path(folder))
            job = machine.run(WRITES)
            ours = _took(job.log())
            plain = Path(folder) / "plain.log"
            with plain.open("ab") as file:
                command = [sys.executable, str(machine.source / "train.py")]
                # As a job has it: a container's Python is unbuffered.
                subprocess.run(command, stdout=file, stderr=file, env=_environment(folder) | {"PYTHONUNBUFFERED": "1"})
            ratios.append(ours / _took(plain.read_text()))
    return "a script's time under sagetop / into a file", statistics.median(ratios), "≤ 1.05"


def _measuring() -> list[tuple[str, object, str]]:
    with tempfile.TemporaryDirectory() as folder:
        machine = Machine(Path(folder))
        job = machine.start("import time; print('ready'); time.sleep(600)", instance_count=HOSTS)
        for host in range(1, HOSTS + 1):
            job.said("ready", f"algo-{host}")
        until(lambda: job.folder.samples("algo-1").exists())
        time.sleep(2)
        supervisor = psutil.Process(job.state.supervisor.pid)
        size = job.folder.samples("algo-1").stat().st_size
        begun, before = time.monotonic(), supervisor.cpu_times()
        time.sleep(10)
        after, passed = supervisor.cpu_times(), time.monotonic() - begun
        grown = job.folder.samples("algo-1").stat().st_size - size
        launch.stop(job.folder, 0)
        job.ended()
    used = after.user + after.system - before.user - before.system
    return [
        (f"supervising and measuring {HOSTS} hosts at 100 ms, % of a core", 100 * used / passed, "≤ 3"),
        ("samples of a host in a second", grown / 52 / passed, "10"),
    ]


def _took(log: str) -> float:
    return float(log.splitlines()[-1].split()[1])


def _environment(folder: str) -> dict[str, str]:
    import os

    return {**os.environ, "SAGETOP_LOCAL_JOBS": f"{folder}/jobs"}

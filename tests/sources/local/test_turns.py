"""Jobs that ask for GPUs or cores wait for their turn; GPUs are shared out among hosts."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

from tests.local_jobs import Job, Machine
from tests.patience import until
from tui.sources.local.nvml import Recorded, usable
from tui.sources.local.turns import cores_here, shared_out

WAITS = """
import os, time
print("gpus", os.environ["CUDA_VISIBLE_DEVICES"])
while not os.path.exists(os.environ["SAGEMAKER_BASE_DIR"] + "/go"):
    time.sleep(0.01)
"""


@pytest.fixture
def two_gpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that says it has two GPUs: the first busy, the second not."""
    trace = {"gpus": 2, "samples": [[0, [[90.0, 40.0], [10.0, 5.0]]], [10_000, [[90.0, 40.0], [10.0, 5.0]]]]}
    (tmp_path / "trace.json").write_text(json.dumps(trace))
    monkeypatch.setenv("SAGETOP_NVML_TRACE", str(tmp_path / "trace.json"))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)


def go(job: Job) -> None:
    for host in job.folder.path.glob("hosts/*"):
        (host / "go").touch()


def test_gpus_are_shared_out() -> None:
    hosts = ("algo-1", "algo-2")
    assert shared_out([0, 1, 2, 3], hosts) == {"algo-1": [0, 1], "algo-2": [2, 3]}
    assert shared_out([0, 1, 2], hosts) == {"algo-1": [0, 1], "algo-2": [2]}
    assert shared_out([5], hosts) == {"algo-1": [5], "algo-2": [5]}
    assert shared_out([], hosts) == {"algo-1": [], "algo-2": []}


def test_who_may_see_some_gpus_only_has_no_others() -> None:
    assert usable(4, {}) == (0, 1, 2, 3)
    assert usable(4, {"CUDA_VISIBLE_DEVICES": "3, 1,7"}) == (3, 1)
    assert usable(4, {"CUDA_VISIBLE_DEVICES": ""}) == ()


@pytest.mark.usefixtures("two_gpus")
def test_each_host_sees_its_own_gpu(machine: Machine) -> None:
    script = "import os; print(os.environ['CUDA_VISIBLE_DEVICES'], os.environ['SM_NUM_GPUS'])"
    job = machine.run(script, instance_type="local_gpu", instance_count=2)
    assert (job.log("algo-1"), job.log("algo-2")) == ("0 1\n", "1 1\n")


@pytest.mark.usefixtures("two_gpus")
def test_a_job_waits_for_a_gpu_until_another_has_ended(machine: Machine) -> None:
    first = machine.start(WAITS, gpus=2)
    first.said("gpus 0,1")
    second, third = machine.start(WAITS, gpus=1), machine.start(WAITS, gpus=1)
    until(lambda: second.written.waiting and third.written.waiting)
    assert second.state.secondary == "Pending"
    go(first)
    first.ended()
    second.said("gpus 0")
    third.said("gpus 1")
    go(second)
    go(third)
    assert [job.ended().status for job in (first, second, third)] == ["Completed"] * 3


def test_jobs_have_the_cores_they_asked_for_first_come_first_served(machine: Machine) -> None:
    all_cores = cores_here()
    first = machine.start(WAITS, cores=all_cores)
    first.said("gpus")
    second = machine.start(WAITS, cores=all_cores)
    until(lambda: second.written.waiting)
    plain = machine.run("print('asked for nothing')")
    assert plain.state.status == "Completed"
    third = machine.start(WAITS, cores=1)
    until(lambda: third.written.waiting)
    go(first)
    second.said("gpus")
    assert third.written.waiting
    go(second)
    third.said("gpus")
    go(third)
    assert third.ended().status == "Completed"


def test_what_a_killed_supervisor_had_taken_is_free_when_its_hosts_have_ended(machine: Machine) -> None:
    first = machine.start(WAITS, cores=cores_here())
    first.said("gpus")
    os.kill(until(lambda: first.written.hosts and first.written.supervisor).pid, signal.SIGKILL)
    second = machine.start(WAITS, cores=1)
    until(lambda: second.written.waiting)
    assert second.state.status == "InProgress"
    go(first)
    second.said("gpus")
    go(second)
    assert second.ended().status == "Completed"


def test_a_waiting_job_can_be_stopped(machine: Machine) -> None:
    first = machine.start(WAITS, cores=cores_here())
    first.said("gpus")
    second = machine.start(WAITS, cores=1)
    until(lambda: second.written.waiting)
    os.kill(second.written.supervisor.pid, signal.SIGTERM)
    assert second.ended().status == "Stopped"
    go(first)


def test_more_than_the_machine_has_is_refused_by_the_job_itself(machine: Machine) -> None:
    assert machine.run("", cores=cores_here() + 1).state.failure_reason.startswith("CapacityError: ")
    job = machine.run("", gpus=99)
    assert (job.state.status, job.state.secondary) == ("Failed", "Failed")


def test_a_recorded_trace_is_replayed(tmp_path: Path) -> None:
    recorded = Recorded({"gpus": 1, "samples": [[0, [[50.0, 25.0]]]]})
    assert recorded.count == 1
    assert recorded.read() == [(50.0, 25.0)]

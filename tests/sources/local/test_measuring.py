"""What a job's hosts used: measured while it runs, kept in full, cut into periods, and told in a report."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from tests.local_jobs import LocalJobs, Machine
from tests.patience import until
from tui.model.jobs import MetricDefinition
from tui.model.series import MetricQuery, Series
from tui.sources.local import launch
from tui.sources.local.nvml import Nvml, gpus
from tui.sources.local.samples import COLUMNS, Writer, by_period, read, read_processes
from tui.sources.local.source import LocalSource

EVER = 1 << 62
BURNS = """
import time
while time.process_time() < 1.5:
    pass
"""
LOADERS = """
import os, time
go = os.environ["SAGEMAKER_BASE_DIR"] + "/go"
def work():
    while not os.path.exists(go):
        sum(range(10_000))
    print("worker", os.getpid(), time.process_time())
    os._exit(0)
pids = []
for _ in range(2):
    pids.append(os.fork())
    if pids[-1] == 0:
        work()
for pid in pids:
    os.waitpid(pid, 0)
"""


def series(machine: Machine, metric: str, part: str = "algo-1", period_s: int = 0, stat: str = "Average") -> Series:
    query = MetricQuery("host", "local/job-1", metric, part, stat, period_s)
    return LocalSource(machine.jobs).metrics([query], 0, EVER)[0]


def test_cpu_memory_and_disk_of_a_host_are_measured_ten_times_a_second(machine: Machine) -> None:
    job = machine.run(BURNS)
    cpu, memory, disk = (series(machine, f"{what}Utilization") for what in ("CPU", "Memory", "Disk"))
    assert (cpu.source, cpu.part, cpu.unit) == ("local", "algo-1", "%")
    gaps = np.diff(np.array(cpu.times))
    assert len(gaps) >= 5
    assert min(gaps) < 300
    assert np.median(gaps) >= 90
    # However little of a busy machine it was given, it used a second and a half.
    assert 1 < (gaps / 1000 * np.array(cpu.values)[1:] / 100).sum() < 2.5
    assert 0 < min(memory.values) <= max(memory.values) < 50
    assert 0 < disk.values[-1] <= 100
    assert len(read(job.folder.samples("algo-1"))) == len(cpu)


def test_the_work_of_child_processes_counts_for_their_host_and_is_told_apart(machine: Machine) -> None:
    job = machine.start(LOADERS)
    samples = job.folder.samples("algo-1")
    until(lambda: len(np.unique(read_processes(samples)["pid"])) == 3 and len(read_processes(samples)) > 30)
    (job.folder.base("algo-1") / "go").touch()
    assert job.ended().status == "Completed"
    rows = read(samples)
    assert rows["Processes"].max() == 3
    workers = {int(pid): float(seconds) for _, pid, seconds in map(str.split, job.log().splitlines())}
    gaps = np.diff(rows["time"], prepend=rows["time"][0] - 100) / 1000
    counted = float((rows["CPUUtilization"] / 100 * gaps).sum())
    # What was used before the first look at the children is not counted, and no spike stands for it.
    assert 0 < counted < 1.2 * sum(workers.values()) + 0.5
    assert set(workers) < set(map(int, np.unique(read_processes(samples)["pid"])))
    for pid, seconds in workers.items():
        of_it = series(machine, "CPUUtilization", f"algo-1/{pid}")
        assert 0 < max(of_it.values) <= 300
        assert seconds > 0


def test_a_run_without_gpus_has_no_gpu_metrics(machine: Machine) -> None:
    machine.run("import time; time.sleep(0.5)")
    assert len(series(machine, "GPUUtilization")) == 0
    assert len(series(machine, "NoSuchMetric")) == 0
    assert len(series(machine, "CPUUtilization", "../../algo-1")) == 0


def test_each_host_s_gpus_are_its_own(machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trace = {"gpus": 3, "samples": [[0, [[90.0, 40.0], [80.0, 30.0], [10.0, 5.0]]]]}
    (tmp_path / "trace.json").write_text(json.dumps(trace))
    monkeypatch.setenv("SAGETOP_NVML_TRACE", str(tmp_path / "trace.json"))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    machine.run("import time; time.sleep(0.5)", instance_type="local_gpu", instance_count=2)
    found = [
        {*series(machine, metric, host).values}
        for host in ("algo-1", "algo-2")
        for metric in ("GPUUtilization", "GPUMemoryUtilization")
    ]
    assert found == [{170.0}, {70.0}, {10.0}, {5.0}]


@pytest.mark.gpu
def test_the_gpus_of_this_machine_say_what_they_do() -> None:
    nvml = Nvml()
    assert nvml.count == len(nvml.read()) == gpus({}).count >= 1
    assert all(0 <= gpu.use <= 100 and 0 < gpu.memory <= 100 for gpu in nvml.read())


def test_periods_have_their_statistic_and_begin_on_the_clock() -> None:
    times = np.array([1000, 1500, 2000, 2999, 5000], dtype=np.int64)
    values = np.array([1.0, 3.0, 10.0, 20.0, 7.0])
    found = {stat: by_period(times, values, 1000, stat) for stat in ("Average", "Sum", "Minimum", "Maximum")}
    assert all(list(at) == [1000, 2000, 5000] for at, _ in found.values())
    assert {stat: list(got) for stat, (_, got) in found.items()} == {
        "Average": [2.0, 15.0, 7.0],
        "Sum": [4.0, 30.0, 7.0],
        "Minimum": [1.0, 10.0, 7.0],
        "Maximum": [3.0, 20.0, 7.0],
    }
    assert list(by_period(times, values, 1000, "SampleCount")[1]) == [2.0, 2.0, 1.0]
    assert [list(one) for one in by_period(times, values, 0, "Average")] == [list(times), list(values)]


def test_metrics_are_found_in_the_log_by_their_definitions_as_it_grows(tmp_path: Path) -> None:
    jobs = LocalJobs(tmp_path / "jobs")
    jobs.add_job("job")
    jobs.add_metric(MetricQuery("job", "job", "loss"), [(1000, 0.5), (2000, float("nan"))])
    source = LocalSource(jobs.jobs)

    def found() -> Series:
        return source.metrics([MetricQuery("job", "local/job", "loss", period_s=0)], 0, EVER)[0]

    assert list(found().times) == [1000, 2000]
    assert math.isnan(found().values[1])
    jobs.add_log("job", "algo-1", [(3000, "epoch 2 step 7 loss=0.25"), (3000, "loss=none"), (4000, "nothing")])
    assert (list(found().times), found().last) == ([1000, 2000, 3000], 0.25)
    assert (found().steps[2], found().epochs[2]) == (7.0, 2.0)


def test_the_last_values_of_metrics_are_the_final_ones(machine: Machine) -> None:
    script = "for epoch in range(3): print(f'epoch {epoch} loss={1 / (epoch + 1):.2f} accuracy={epoch}')"
    definitions = (MetricDefinition("loss", r"loss=(\S+)"), MetricDefinition("accuracy", r"accuracy=(\d+)"))
    machine.run(script, metric_definitions=definitions)
    job = LocalSource(machine.jobs).describe_job("local/job-1")
    assert [(metric.name, metric.value) for metric in job.final_metrics] == [("loss", 0.33), ("accuracy", 2.0)]


def test_a_report_says_where_the_time_went_and_which_host_was_slowest(machine: Machine) -> None:
    script = """
import os, time
until = time.time() + (2.0 if os.environ["RANK"] == "1" else 0.8)
while time.time() < until:
    pass
"""
    job = machine.run(script, instance_count=2)
    report = json.loads((job.folder.path / "report.json").read_text())
    assert report["slowest_host"] == "algo-2"
    assert {phase["name"] for phase in report["phases"]} >= {"Starting", "Downloading", "Training"}
    host = report["hosts"]["algo-2"]
    assert host["spent"]["cpu"] > 0.5
    assert math.isclose(sum(host["spent"].values()), 1)
    assert host["use"]["CPUUtilization"]["max"] > 20
    text = (job.folder.path / "report.txt").read_text()
    assert "Slowest host: algo-2" in text
    assert "CPUUtilization" in text


def test_a_report_names_the_gpu_s_idle_stretches_and_the_bottleneck(tmp_path: Path) -> None:
    from tui.sources.local.folders import JobFolder
    from tui.sources.local.report import profile
    from tui.sources.local.spec import Spec
    from tui.sources.local.state import State

    jobs = LocalJobs(tmp_path / "jobs")
    jobs.add_job("job")
    folder = JobFolder(jobs.jobs / "job")
    writer = Writer(folder.samples("algo-1"))
    for number in range(600):
        busy = 200 <= number < 300
        row = {
            "CPUUtilization": 99.0,
            "GPUUtilization": 95.0 if busy else 2.0,
            "GPUMemoryUtilization": 50.0 + number / 10,
        }
        writer.add(number * 100, [row.get(column, 0.0) for column in COLUMNS])
    writer.close()
    found = profile(folder, "algo-1", Spec("job", "train.py", tmp_path, cores=1), State(gpus={"algo-1": [0]}), {})
    assert [(stretch.start, stretch.end) for stretch in found.idle] == [(30_000, 59_900), (0, 19_900)]
    assert set(found.rules) == {"LowGPUUtilization", "CPUBottleneck", "GPUMemoryIncrease"}
    assert "up and down" in found.rules["LowGPUUtilization"]
    assert found.spent["gpu"] == pytest.approx(1 / 6)


def test_a_host_s_use_can_be_watched_while_it_runs(machine: Machine) -> None:
    job = machine.start("import time; time.sleep(60)")
    until(lambda: len(series(machine, "CPUUtilization")) > 2)
    launch.stop(job.folder, 0)
    assert job.ended().status == "Stopped"

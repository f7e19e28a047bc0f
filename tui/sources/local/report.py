"""The profile report of an ended job: where the time went, when GPUs idled, what held it up, which host was slowest.

Its rules are SageMaker Debugger's, with Debugger's thresholds, over the whole of the training.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from tui.files import read_json, write_json
from tui.sources.local.folders import JobFolder
from tui.sources.local.lines import HostLog
from tui.sources.local.metrics import JobMetrics
from tui.sources.local.samples import read, read_processes
from tui.sources.local.spec import Spec
from tui.sources.local.state import State

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MEASURED = ("CPUUtilization", "MemoryUtilization", "GPUUtilization", "GPUMemoryUtilization", "IOWait")
_BUSY, _IDLE, _LOW, _WAITING = 90.0, 10.0, 70.0, 50.0
_IDLE_STRETCH_S = 5.0
_MOST_STRETCHES = _MOST_PROCESSES = 10
_TAIL = 4 << 20
_FEW = 20
"""Fewer samples than this, two seconds, say nothing."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time in which a host's GPUs idled; times in ms."""

    start: int
    end: int

    @property
    def seconds(self) -> float:
        """How long."""
        return (self.end - self.start) / 1000


@dataclass(frozen=True, slots=True)
class HostProfile:
    """What one host did.

    Attributes:
        seconds: From its first sample to its last.
        use: Of each metric min, p50, p90, p99, max and mean, in percent of one core or GPU, or of all the memory.
        spent: The share of its time, 0 to 1, in which it was busy on GPUs, on CPUs, waited for disks, did none of it.
        idle: The longest times in which its GPUs idled.
        rules: What fired, each in a sentence.
        processes: Name, pid, CPU seconds and largest share of the memory of its processes, the busiest first.
    """

    seconds: float = 0.0
    use: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    spent: Mapping[str, float] = field(default_factory=dict)
    idle: Sequence[Stretch] = ()
    rules: Mapping[str, str] = field(default_factory=dict)
    processes: Sequence[tuple[str, int, float, float]] = ()


def write(folder: JobFolder, spec: Spec, state: State) -> None:
    """Writes report.txt and report.json, and puts the final metrics into the state.

    Raises:
        OSError: A file cannot be read or written.
    """
    state.final_metrics = final_metrics(folder, spec)
    names = read_json(folder.use / "processes.json")
    profiles = {host: profile(folder, host, spec, state, names.get(host, {})) for host in spec.hosts}
    value: dict[str, Any] = {
        "job": folder.name,
        "phases": [
            {"name": phase.name, "seconds": (phase.ended - phase.started) / 1000}
            for phase in state.phases
            if phase.ended is not None
        ],
        "slowest_host": slowest(profiles),
        "hosts": {host: asdict(one) for host, one in profiles.items()},
    }
    write_json(folder.path / "report.json", value)
    (folder.path / "report.txt").write_text("\n".join(_text(value, profiles)) + "\n", encoding="utf-8")


def final_metrics(folder: JobFolder, spec: Spec) -> list[tuple[str, float, int]]:
    """The last value of each metric, as far as it stands in the last megabytes of the logs."""
    found: dict[str, tuple[str, float, int]] = {}
    if not spec.metric_definitions:
        return []
    for host in spec.hosts:
        log = HostLog(folder.log(host), folder.index(host), host, host)
        log.refresh()
        metrics = JobMetrics(spec.metric_definitions)
        metrics.read_tail(log, _TAIL)
        for name, time, value in metrics.last():
            if name not in found or time >= found[name][2]:
                found[name] = (name, value, time)
    return [found[one.name] for one in spec.metric_definitions if one.name in found]


def profile(folder: JobFolder, host: str, spec: Spec, state: State, names: Mapping[str, str]) -> HostProfile:
    """What a host did, told from its samples."""
    import numpy as np

    rows = read(folder.samples(host))
    if not len(rows):
        return HostProfile()
    gpus = len(state.gpus.get(host, ()))
    cores = max(spec.cores or 1, 1)
    use = {}
    for metric in MEASURED:
        values = rows[metric][~np.isnan(rows[metric])]
        if len(values):
            low, p50, p90, p99, high = (float(one) for one in np.percentile(values, [0, 50, 90, 99, 100]))
            use[metric] = {
                "min": low, "p50": p50, "p90": p90, "p99": p99, "max": high, "mean": float(values.mean()),
            }  # fmt: skip
    busy = _shares(rows, gpus)
    return HostProfile(
        seconds=float(rows["time"][-1] - rows["time"][0]) / 1000,
        use=use,
        spent=busy,
        idle=_idle(rows, gpus),
        rules=dict(_rules(rows, gpus, cores)),
        processes=_processes(folder, host, names),
    )


def slowest(profiles: Mapping[str, HostProfile]) -> str:
    """The host for which the others had to wait, empty where they took the same time to a twentieth."""
    ran = {host: one.seconds for host, one in profiles.items() if one.seconds}
    if len(ran) < 2:
        return ""
    last = max(ran, key=lambda host: ran[host])
    return last if ran[last] > 1.05 * min(ran.values()) else ""


def _shares(rows: NDArray[np.void], gpus: int) -> dict[str, float]:
    """Each moment counts once: as GPU work, else as waiting for a disk, else as CPU work, else as idle."""
    import numpy as np

    gpu = np.nan_to_num(rows["GPUUtilization"]) >= _IDLE * max(gpus, 1)
    waits = ~gpu & (np.nan_to_num(rows["IOWait"]) > _WAITING) & (rows["CPUUtilization"] < _WAITING)
    cpu = ~gpu & ~waits & (rows["CPUUtilization"] >= _IDLE)
    shares = {"gpu": gpu, "disk": waits, "cpu": cpu, "idle": ~gpu & ~waits & ~cpu}
    return {name: float(one.mean()) for name, one in shares.items()}


def _idle(rows: NDArray[np.void], gpus: int) -> list[Stretch]:
    import numpy as np

    if not gpus:
        return []
    idle = np.concatenate(([False], rows["GPUUtilization"] < _IDLE * gpus, [False]))
    edges = np.flatnonzero(idle[1:] != idle[:-1]).reshape(-1, 2)
    times = rows["time"]
    found = [Stretch(int(times[first]), int(times[last - 1])) for first, last in edges]
    found = [stretch for stretch in found if stretch.seconds >= _IDLE_STRETCH_S]
    return sorted(found, key=lambda stretch: stretch.seconds, reverse=True)[:_MOST_STRETCHES]


def _rules(rows: NDArray[np.void], gpus: int, cores: int) -> Iterator[tuple[str, str]]:
    import numpy as np

    if len(rows) < _FEW or not gpus:
        return
    gpu, cpu = rows["GPUUtilization"] / gpus, rows["CPUUtilization"] / cores
    p5, p95 = (float(one) for one in np.nanpercentile(gpu, [5, 95]))
    if p95 < _LOW:
        yield "LowGPUUtilization", f"GPU use stays below {_LOW:.0f}%: its p95 is {p95:.0f}%"
    elif p5 < _IDLE:
        yield "LowGPUUtilization", f"GPU use goes up and down: its p95 is {p95:.0f}%, its p5 {p5:.0f}%"
    starved = float(((gpu < _IDLE) & (cpu > _BUSY)).mean())
    if starved > 0.5:
        yield "CPUBottleneck", f"{starved:.0%} of the time the GPUs idle while the CPUs are busy"
    blocked = float(((gpu < _LOW) & (rows["IOWait"] > _WAITING)).mean())
    if blocked > 0.5:
        yield "IOBottleneck", f"{blocked:.0%} of the time the GPUs are underused while a disk is waited for"
    memory = rows["GPUMemoryUtilization"] / gpus
    high = [float(np.nanpercentile(one, 95)) for one in (cpu, gpu, memory)]
    if all(one < _LOW for one in high):
        yield "BatchSize", f"p95 of CPU, GPU and GPU memory are {high[0]:.0f}, {high[1]:.0f} and {high[2]:.0f}%"
    tenth = max(len(memory) // 10, 1)
    grown = float(np.nanmean(memory[-tenth:]) - np.nanmean(memory[tenth : 2 * tenth]))
    if grown > _IDLE:
        yield "GPUMemoryIncrease", f"GPU memory grew by {grown:.0f} points in the course of the run"


def _processes(folder: JobFolder, host: str, names: Mapping[str, str]) -> list[tuple[str, int, float, float]]:
    import numpy as np

    rows = read_processes(folder.samples(host))
    found = []
    for pid in np.unique(rows["pid"]):
        own = rows[rows["pid"] == pid]
        gaps = np.diff(own["time"], prepend=own["time"][0]) / 1000
        seconds = float((own["CPUUtilization"] / 100 * gaps).sum())
        found.append((names.get(str(pid), "?"), int(pid), seconds, float(own["MemoryUtilization"].max())))
    return sorted(found, key=lambda one: one[2], reverse=True)[:_MOST_PROCESSES]


def _text(value: Mapping[str, Any], profiles: Mapping[str, HostProfile]) -> Iterator[str]:
    yield f"Profile of {value['job']}"
    yield ""
    yield "Phases"
    for phase in value["phases"]:
        yield f"  {phase['name']:<24} {phase['seconds']:>10.1f} s"
    if value["slowest_host"]:
        quickest = min(one.seconds for one in profiles.values() if one.seconds)
        more = profiles[value["slowest_host"]].seconds - quickest
        yield ""
        yield f"Slowest host: {value['slowest_host']}, {more:.1f} s longer than the quickest"
    for host, one in profiles.items():
        yield ""
        yield from _host_text(host, one)


def _host_text(host: str, one: HostProfile) -> Iterator[str]:
    if not one.use:
        yield f"{host}: ended before it could be measured"
        return
    yield f"{host}: {one.seconds:.1f} s"
    words = {"gpu": "on GPUs", "cpu": "on CPUs", "disk": "waiting for disks", "idle": "idle"}
    yield "  time spent: " + ", ".join(f"{share:.0%} {words[what]}" for what, share in one.spent.items() if share)
    yield f"  {'':<22}{'min':>8}{'p50':>8}{'p90':>8}{'p99':>8}{'max':>8}  %"
    for metric, numbers in one.use.items():
        yield f"  {metric:<22}" + "".join(f"{numbers[at]:>8.1f}" for at in ("min", "p50", "p90", "p99", "max"))
    for rule, words_of_it in one.rules.items():
        yield f"  {rule}: {words_of_it}"
    for stretch in one.idle:
        yield f"  GPUs idle for {stretch.seconds:.1f} s, from {stretch.start} ms on"
    for name, pid, seconds, memory in one.processes:
        yield f"  process {pid} {json.dumps(name)[1:-1]}: {seconds:.1f} s of CPU, {memory:.1f}% of the memory at most"

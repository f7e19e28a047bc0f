"""What the rules had to look at, and what they lacked: no findings mean little where nothing was there to be seen."""

from __future__ import annotations

from dataclasses import dataclass

from tui.model.health.evidence import Evidence
from tui.model.instances import has_gpus
from tui.model.series import role_of
from tui.model.words import plural


@dataclass(frozen=True, slots=True)
class Coverage:
    """What was examined.

    Attributes:
        looked: What there was, in a few words each: `3 metrics, 412 datapoints`.
        lacking: What there was not, and what cannot be seen without it.
    """

    looked: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()


NOT_LOOKED = Coverage()
"""Before anything was examined."""


def coverage(on: Evidence) -> Coverage:
    """What the rules of a job look at, and what they lack."""
    looked, lacking = [], []
    named = {series.name for series in on.metrics if len(series)}
    points = sum(map(len, on.metrics))
    if named:
        sources = ", ".join(dict.fromkeys(series.source for series in on.metrics if len(series)))
        looked.append(f"{plural(len(named), 'metric')}, {plural(points, 'datapoint')} ({sources})")
    else:
        lacking.append("no datapoints of the job's own metrics: no curves")
    roles = {role_of(name) for name in named}
    if named and "validation" not in roles:
        lacking.append("no validation metric: overfitting cannot be seen")
    elif named and not roles & {"train", ""}:
        lacking.append("no training metric: nothing to hold validation against")
    used = {metric for metrics in on.hosts.values() for metric, series in metrics.items() if len(series)}
    wanted = ["CPUUtilization", "MemoryUtilization", "DiskUtilization"]
    if any(has_gpus(group.type) for group in on.job.instances) or "GPUUtilization" in used:
        wanted += ["GPUUtilization", "GPUMemoryUtilization"]
    if used:
        measured = sum(any(map(len, metrics.values())) for metrics in on.hosts.values())
        hosts = plural(on.job.instance_count or measured, "host")
        looked.append(f"{len(used)} utilizations of {measured} of {hosts}")
    for metric in wanted:
        if metric not in used:
            lacking.append(f"no {metric.removesuffix('Utilization')} metrics".replace("GPUMemory", "GPU memory"))
    if on.log.complete and on.log.last_ms is not None:
        looked.append(f"the log, to {on.clock(on.log.last_ms)}")
    elif on.log.last_ms is not None:
        lacking.append("the log is still being read")
    else:
        lacking.append("no log")
    if on.job.rules:
        looked.append(f"{plural(len(on.job.rules), 'Debugger rule')} of the job")
    return Coverage(tuple(looked), tuple(lacking))

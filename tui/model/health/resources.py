"""Rules on what the hosts' utilization says: GPUs that idle or wait, memory and disks that fill, hosts apart.

Debugger looked at windows of 500 datapoints, one each 500 ms, after a patience of 1,000. CloudWatch has one a minute:
here the window and the patience are lengths of time (20 and 10 minutes), and a window must hold 12 datapoints, so that
coarser ones look back further. A one-minute mean hides what comes and goes within the minute.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from tui.model.findings import Finding
from tui.model.health.evidence import Evidence
from tui.model.health.numbers import mean, median, quantile, within
from tui.model.instances import scale, shape
from tui.model.logs import host_number
from tui.model.series import Series
from tui.model.words import plural

_MINUTE_MS = 60_000
_FIELDS = {
    "gpu": "GPUUtilization",
    "cpu": "CPUUtilization",
    "gpu_memory": "GPUMemoryUtilization",
    "memory": "MemoryUtilization",
    "disk": "DiskUtilization",
}
Points = tuple[list[int], list[float]]
"""Times in ms, and values in percent of full scale."""
_NONE: Points = ([], [])


@dataclass(frozen=True, slots=True)
class Use:
    """A host's utilization while it trained, in percent of full scale.

    Attributes:
        host: `algo-1`.
        whole: Everything since training began, by `gpu`, `cpu`, `gpu_memory`, `memory`, `disk`.
        window: The last minutes of it.
    """

    host: str
    whole: Mapping[str, Points] = field(default_factory=dict)
    window: Mapping[str, Points] = field(default_factory=dict)

    def recent(self, what: str) -> list[float]:
        """The window's values."""
        return self.window.get(what, _NONE)[1]

    def since(self, what: str = "gpu") -> int | None:
        """When the window begins, ms."""
        times = self.window.get(what, _NONE)[0]
        return times[0] if times else None


def uses(on: Evidence) -> list[Use]:
    """Each host's use, `algo-2` before `algo-10`; empty while training is too young to be judged."""
    ran = on.training
    if ran is None:
        return []
    start, end = ran[0] + _MINUTE_MS * on.limits["resources.patience_minutes"], ran[1]
    kind = shape(on.job.instances[0].type) if on.job.instances else None
    units = {
        "gpu": kind.gpus if kind else None,
        "gpu_memory": kind.gpus if kind else None,
        "cpu": kind.vcpus if kind else None,
    }
    found = []
    for host in sorted(on.hosts, key=host_number):
        whole = {
            what: _percent(series, units.get(what, 1), start, end)
            for what, metric in _FIELDS.items()
            if (series := on.hosts[host].get(metric)) is not None
        }
        window = {what: _window(on, points) for what, points in whole.items()}
        found.append(Use(host, whole, {what: points for what, points in window.items() if points[0]}))
    return found


def _percent(series: Series, units: int | None, start: float, end: float) -> Points:
    times, values = within(series, start, end)
    full = 100.0 if units == 1 else scale(units, values).full
    return times, values if full == 100 else [100 * value / full for value in values]


def _window(on: Evidence, points: Points) -> Points:
    """The last minutes, and enough of them; nothing where there is less."""
    times, values = points
    least = int(on.limits["resources.points"])
    if len(times) < least:
        return _NONE
    start = times[-1] - _MINUTE_MS * on.limits["resources.minutes"]
    count = max(len(times) - bisect_left(times, start), least)
    return times[-count:], values[-count:]


def gpus(on: Evidence, hosts: Sequence[Use]) -> Iterator[Finding]:
    """GPUs that idle, wait or come and go, host by host."""
    for use in hosts:
        gpu, cpu = use.recent("gpu"), use.recent("cpu")
        if not gpu:
            continue
        high, low = quantile(gpu, 0.95), quantile(gpu, 0.05)
        evidence = (
            f"GPU p95 {high:.0f}%, p50 {quantile(gpu, 0.5):.0f}%, p5 {low:.0f}% of {plural(len(gpu), 'datapoint')}",
            f"CPU p50 {quantile(cpu, 0.5):.0f}%" if cpu else "no CPU metrics",
        )
        # What it waits for says more than that it waits.
        yield from list(_cpu_bound(on, use)) or _data_bound(on, use, evidence)
        yield from _fluctuating(on, use, gpu, high, low, evidence)
        yield from _idle(on, use, high, evidence)
        yield from _batch_size(on, use, evidence)


def _finding(rule: str, use: Use, what: str, evidence: tuple[str, ...], debugger: str, since: int | None) -> Finding:
    return Finding(rule, "warning", f"{use.host} {what}", evidence, since, (use.host,), debugger)


def _idle(on: Evidence, use: Use, high: float, evidence: tuple[str, ...]) -> Iterator[Finding]:
    limit = on.limits["idle-gpu.p95"]
    if high < limit:
        since = use.since() or 0
        for time, value in reversed(list(zip(*use.whole["gpu"], strict=True))):
            if time < since and value >= limit:
                break
            since = min(time, since)
        what = f"GPU idles (p95 {high:.0f}%) since {on.clock(since)}"
        yield _finding("idle-gpu", use, what, evidence, "LowGPUUtilization", since)


def _fluctuating(
    on: Evidence, use: Use, gpu: Sequence[float], high: float, low: float, evidence: tuple[str, ...]
) -> Iterator[Finding]:
    limits = on.limits
    floor = limits["fluctuating-gpu.p5"]
    if high <= limits["fluctuating-gpu.p95"] or low >= floor:
        return
    # A checkpoint or a validation on the CPU makes one dip: several are a habit.
    dips = sum(after < floor <= before for before, after in pairwise(gpu))
    if dips >= limits["fluctuating-gpu.dips"]:
        since = use.since() or 0
        what = f"GPU fluctuates (p95 {high:.0f}%, p5 {low:.0f}%): {plural(dips, 'dip')} since {on.clock(since)}"
        yield _finding("fluctuating-gpu", use, what, evidence, "LowGPUUtilization", since)


def _cpu_bound(on: Evidence, use: Use) -> Iterator[Finding]:
    limits, cpu = on.limits, dict(zip(*use.window.get("cpu", _NONE), strict=True))
    both = [(gpu, cpu[time]) for time, gpu in zip(*use.window["gpu"], strict=True) if time in cpu]
    bound = sum(gpu < limits["cpu-bottleneck.gpu"] and busy > limits["cpu-bottleneck.cpu"] for gpu, busy in both)
    if both and bound > limits["cpu-bottleneck.share"] * len(both):
        share = 100 * bound / len(both)
        what = f"CPU-bound: the GPU waits below {limits['cpu-bottleneck.gpu']:g}% while the CPU is full"
        evidence = (
            f"CPU above {limits['cpu-bottleneck.cpu']:g}% with GPU below {limits['cpu-bottleneck.gpu']:g}% "
            f"in {share:.0f}% of {plural(len(both), 'datapoint')}",
        )
        yield _finding("cpu-bottleneck", use, what, evidence, "CPUBottleneck", use.since("cpu"))


def _data_bound(on: Evidence, use: Use, evidence: tuple[str, ...]) -> Iterator[Finding]:
    limits, hit = on.limits, on.log.hits.get("slow-loader")
    gpu = use.recent("gpu")
    waits = sum(value < limits["io-bottleneck.gpu"] for value in gpu)
    since = use.since() or 0
    # CloudWatch has no I/O wait: what the log says of its data loader, and low or fluctuating GPUs, stand for it.
    if hit is None or hit.count < limits["io-bottleneck.lines"] or hit.last_ms < since:
        return
    dips = min(gpu) < limits["fluctuating-gpu.p5"]
    if waits > limits["io-bottleneck.share"] * len(gpu) or (dips and waits > len(gpu) / 4):
        what = f"data-bound: GPU below {limits['io-bottleneck.gpu']:g}% in {100 * waits / len(gpu):.0f}% of the time"
        said = f"{plural(hit.count, 'line')} on a slow data loader since {on.clock(hit.first_ms)}"
        note = "judged by the log and the GPU, as CloudWatch has no I/O wait"
        yield _finding("io-bottleneck", use, what, (*evidence, said, hit.line, note), "IOBottleneck", since)


def _batch_size(on: Evidence, use: Use, evidence: tuple[str, ...]) -> Iterator[Finding]:
    limit = on.limits["batch-size.p95"]
    highs = {what: quantile(use.recent(what), 0.95) for what in ("gpu", "cpu", "gpu_memory")}
    if all(high < limit for high in highs.values()) and highs["gpu"] >= on.limits["idle-gpu.p95"]:
        what = f"is half empty: p95 of GPU {highs['gpu']:.0f}%, CPU {highs['cpu']:.0f}%"
        what += f", GPU memory {highs['gpu_memory']:.0f}%: room for larger batches"
        yield _finding("batch-size", use, what, evidence, "BatchSize", use.since())


def memory(on: Evidence, hosts: Sequence[Use]) -> Iterator[Finding]:
    """Memory that is close to full, or grows and grows."""
    for use in hosts:
        yield from _memory_full(on, use)
        yield from _gpu_memory(on, use)


def _memory_full(on: Evidence, use: Use) -> Iterator[Finding]:
    last = use.recent("memory")[-3:]
    if len(last) == 3 and min(last) >= on.limits["memory-full.percent"]:
        what = f"memory is at {last[-1]:.0f}%"
        first = use.whole["memory"][1][0]
        yield Finding(
            "memory-full",
            "critical",
            f"{use.host} {what}",
            (f"{first:.0f}% when training began", f"{on.limits['memory-full.percent']:g}% is close to full"),
            use.window["memory"][0][-3],
            (use.host,),
        )


def _gpu_memory(on: Evidence, use: Use) -> Iterator[Finding]:
    values = use.whole.get("gpu_memory", _NONE)[1]
    if not use.recent("gpu_memory"):
        return
    times = use.whole["gpu_memory"][0]
    quarter = max(len(values) // 4, 3)
    levels = [median(values[at * len(values) // 4 : (at + 1) * len(values) // 4]) for at in range(4)]
    before, now = levels[0], median(values[-quarter:])
    grown = now - before
    last = values[-3:]
    # What a framework takes at once and keeps is no trouble: TensorFlow takes nearly all.
    if min(last) >= on.limits["gpu-memory-full.percent"] and grown > 3:
        what = f"GPU memory is at {last[-1]:.0f}%, up from {before:.0f}%"
        yield Finding(
            "gpu-memory-full",
            "critical",
            f"{use.host} {what}",
            (f"{on.limits['gpu-memory-full.percent']:g}% is close to full",),
            times[-3],
            (use.host,),
            "GPUMemoryIncrease",
        )
        return
    rising = all(after > earlier + 0.5 for earlier, after in pairwise(levels))
    if grown > on.limits["gpu-memory-increase.points"] and rising:
        what = f"GPU memory grows: {before:.0f}% → {now:.0f}% since {on.clock(times[0])}, and goes on"
        quarters = "medians of its quarters: " + ", ".join(f"{level:.0f}%" for level in levels)
        yield Finding(
            "gpu-memory-increase",
            "warning",
            f"{use.host} {what}",
            (quarters,),
            times[0],
            (use.host,),
            "GPUMemoryIncrease",
        )


def disk(on: Evidence, hosts: Sequence[Use]) -> Iterator[Finding]:
    """A volume that is nearly full, or will be soon as it grows now."""
    limits = on.limits
    for use in hosts:
        times, values = use.whole.get("disk", _NONE)
        if not use.recent("disk"):
            continue
        now = median(values[-3:])
        start = times[-1] - 2 * 3600_000  # checkpoints come in steps: two hours hold several
        recent = [place for place, time in enumerate(times) if time >= start]
        rate = _slope([times[place] for place in recent], [values[place] for place in recent])
        hours = (100 - now) / (rate * 3600_000) if rate > 0 else math.inf
        soon = hours < limits["disk-filling.hours"] and now > 60 and on.is_training
        if now < limits["disk-filling.percent"] and not soon:
            continue
        full = f", full at ≈ {on.clock(times[-1] + hours * 3600_000)}" if hours < 48 and on.is_training else ""
        grows = f"grows by {rate * 3600_000:.1f} points an hour" if rate > 0 else "does not grow"
        yield Finding(
            "disk-filling",
            "critical" if hours < 1 or now > 97 else "warning",
            f"{use.host} disk is at {now:.0f}%{full}",
            (grows, f"volume {on.job.volume_gb} GB" if on.job.volume_gb else "volume size unknown"),
            times[-1],
            (use.host,),
        )


def _slope(times: Sequence[int], values: Sequence[float]) -> float:
    """How fast it rises a ms, as the medians of its thirds say: a file that comes and goes does not count."""
    third = len(values) // 3
    if third < 3:
        return 0.0
    first, middle, last = (values[at * third : (at + 1) * third] for at in range(3))
    if not median(first) < median(middle) < median(last):
        return 0.0
    between = times[len(times) - third // 2 - 1] - times[third // 2]
    return (median(last) - median(first)) / between if between > 0 else 0.0


def balance(on: Evidence, hosts: Sequence[Use]) -> Iterator[Finding]:
    """Two hosts whose GPUs work differently: how far apart their histograms are, 0 to 1."""
    busy = [use for use in hosts if use.recent("gpu")]
    if len(busy) < 2:
        return
    levels = {use.host: sorted(use.recent("gpu")) for use in busy}
    usual = max(busy, key=lambda use: mean(levels[use.host]))
    apart = {use.host: _distance(levels[usual.host], levels[use.host]) for use in busy}
    worst = max(busy, key=lambda use: apart[use.host])
    limit = on.limits["load-balancing.distance"]
    if apart[worst.host] <= limit:
        return
    one, other = mean(levels[usual.host]), mean(levels[worst.host])
    yield Finding(
        "load-balancing",
        "warning",
        f"{worst.host} does less than {usual.host}: GPU {other:.0f}% against {one:.0f}% in the same minutes",
        (
            f"distance of their histograms {apart[worst.host]:.2f}, limit {limit:g}",
            *(f"{use.host}: mean {mean(levels[use.host]):.0f}%" for use in busy[:8]),
        ),
        worst.since(),
        (worst.host, usual.host),
        "LoadBalancing",
    )


def _distance(one: Sequence[float], other: Sequence[float]) -> float:
    """How far one histogram has to be moved to become the other, as a share of the scale (the earth mover's).

    A distance by bins would call two handfuls of datapoints of one distribution far apart.
    """
    shares = [(place + 0.5) / 20 for place in range(20)]
    return mean([abs(quantile(one, share) - quantile(other, share)) for share in shares]) / 100


@dataclass(frozen=True, slots=True)
class Usage:
    """A line of the report OverallSystemUsage: one metric of one host since training began, in percent."""

    host: str
    what: str
    p50: float
    p90: float
    p99: float
    least: float
    most: float


def usage(on: Evidence) -> tuple[Usage, ...]:
    """Debugger's OverallSystemUsage: p50, p90, p99, minimum and maximum of everything, host by host."""
    lines = []
    for use in uses(on):
        for what, (_, values) in use.whole.items():
            if values:
                p50, p90, p99 = (quantile(values, share) for share in (0.5, 0.9, 0.99))
                lines.append(Usage(use.host, what, p50, p90, p99, min(values), max(values)))
    return tuple(lines)

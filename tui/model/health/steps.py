"""Rules on how long steps take, read from the log's own times: steps out of line, and hosts that fall behind."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from itertools import pairwise

from tui.model.findings import Finding
from tui.model.health.evidence import Evidence
from tui.model.health.numbers import mean, median
from tui.model.logs import host_number
from tui.model.series import Series, role_of
from tui.model.words import number, span

_LAST = 5000  # datapoints that are looked at: what was slow yesterday is past
_WINDOW_MS = 30 * 60_000


def step_outliers(on: Evidence) -> Iterator[Finding]:
    """Steps that took far longer than usual, again and again, outside validations and the ends of epochs."""
    limits = on.limits
    logged = [series for series in on.logged if len(series) >= 100]
    steps = max((series for series in logged if role_of(series.name) in {"train", ""}), key=len, default=None)
    if steps is None:
        return
    since = steps.times[max(len(steps) - _LAST, 0)]
    pauses = sorted(
        time
        for series in on.metrics
        if role_of(series.name) in {"validation", "test"}
        for time in series.times[bisect_left(series.times, since) :]
    )
    times, took = _durations(steps, pauses)
    if len(took) < 100:
        return
    usual, deviation = mean(took), _deviation(took)
    limit = max(usual + limits["step-outlier.deviations"] * deviation, 5 * median(took))
    slow = [place for place, length in enumerate(took) if length > limit]
    # Also the best of runs has a few among thousands; and what comes regularly (a checkpoint) is meant.
    if len(slow) <= max(limits["step-outlier.count"], len(took) / 500) or _is_regular(slow):
        return
    said = span(limit) if limit >= 10 else f"{limit:.2g}s"
    worst = max(slow, key=took.__getitem__)
    yield Finding(
        "step-outlier",
        "warning",
        f"{len(slow)} steps took over {said}, usually {number(median(took))}s",
        (
            f"{limits['step-outlier.deviations']:g} standard deviations ({number(deviation)}s) above {number(usual)}s, "
            f"of the last {len(took):,} steps",
            f"the longest: {number(took[worst])}s at {on.clock(times[worst])}",
        ),
        times[worst],
        (steps.name,),
        "StepOutlier",
    )


def _durations(series: Series, pauses: list[int]) -> tuple[list[int], list[float]]:
    """When steps ended and the seconds that each took, without those in which something else was done."""
    first = max(len(series) - _LAST, 0)
    times, steps, epochs = series.times[first:], series.steps[first:], series.epochs[first:]
    ends, took = [], []
    for place, (before, after) in enumerate(pairwise(times)):
        if bisect_right(pauses, after) != bisect_right(pauses, before):
            continue
        if epochs and int(_or_zero(epochs[place])) != int(_or_zero(epochs[place + 1])):
            continue
        count = steps[place + 1] - steps[place] if steps else 1.0
        if math.isnan(count):
            count = 1.0
        if count > 0:
            ends.append(after)
            took.append((after - before) / 1000 / count)
    return ends, took


def _or_zero(value: float) -> float:
    return value if math.isfinite(value) else 0.0


def _deviation(values: list[float]) -> float:
    middle = mean(values)
    return math.sqrt(mean([(value - middle) ** 2 for value in values]))


def _is_regular(places: list[int]) -> bool:
    between = [float(after - before) for before, after in pairwise(places)]
    return _deviation(between) < 0.3 * mean(between)


def slow_hosts(on: Evidence) -> Iterator[Finding]:
    """A host that makes fewer steps than the others in the same time, by its own log."""
    by_name: dict[str, dict[str, Series]] = {}
    for series in on.logged:
        if series.part and len(series) >= 20:
            by_name.setdefault(series.name, {})[series.part] = series
    hosts = max(by_name.values(), key=len, default={})
    if len(hosts) < 2:
        return
    end = min(series.times[-1] for series in hosts.values())
    start = max(end - _WINDOW_MS, *(series.times[0] for series in hosts.values()))
    made = {host: _made(series, start, end) for host, series in hosts.items()}
    usual = median(list(made.values()))
    slowest = min(sorted(made, key=host_number), key=made.__getitem__)
    if usual < 50 or end - start < 5 * 60_000 or made[slowest] >= on.limits["slow-host.share"] * usual:
        return
    yield Finding(
        "slow-host",
        "warning",
        f"{slowest} is slower than the others: {number(made[slowest])} steps where they make {number(usual)}",
        (
            f"steps from {on.clock(start)} to {on.clock(end)}, from the log",
            *(f"{host}: {number(count)}" for host, count in sorted(made.items(), key=lambda one: host_number(one[0]))),
        )[:9],
        start,
        (slowest,),
        "LoadBalancing",
    )


def _made(series: Series, start: int, end: int) -> float:
    """Steps made between two times; datapoints, where the lines name no step."""
    first, last = bisect_right(series.times, start) - 1, bisect_right(series.times, end) - 1
    if len(series.steps) > last:
        made = series.steps[last] - series.steps[max(first, 0)]
        if made > 0:
            return made
    return float(last - first)

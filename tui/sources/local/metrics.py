"""Metrics of local jobs: what the sampler measured, and what the metric definitions find in the log."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence

from tui.model.jobs import MetricDefinition
from tui.model.series import MetricQuery, Series
from tui.sources.local.folders import JobFolder
from tui.sources.local.lines import HostLog
from tui.sources.local.samples import COLUMNS, PROCESS_COLUMNS, by_period, read, read_processes, units

_STEP = 1 << 23


def host_series(folder: JobFolder, query: MetricQuery, start_ms: int, end_ms: int) -> Series:
    """The utilization of a host, or of one of its processes where the part is `algo-1/PID`."""
    empty = Series(query.metric, source="local", part=query.part, unit=units(query.metric), stat=query.stat)
    host, _, pid = query.part.partition("/")
    path = folder.samples(host)
    if path.parent != folder.use or query.metric not in (PROCESS_COLUMNS if pid else COLUMNS):
        return empty
    period_ms = query.period_s * 1000
    # Whole periods, so that two calls for overlapping times give the same datapoints.
    start_ms -= start_ms % period_ms if period_ms else 0
    rows = read_processes(path, start_ms, end_ms) if pid else read(path, start_ms, end_ms)
    if pid:
        rows = rows[rows["pid"] == int(pid)] if pid.isdigit() else rows[:0]
    rows = rows[rows[query.metric] == rows[query.metric]]  # NaN: what this machine does not say
    times, values = by_period(rows["time"], rows[query.metric], period_ms, query.stat)
    return Series(query.metric, times, values, "local", query.part, units(query.metric), query.stat)


class JobMetrics:
    """A job's own metrics, read out of its log as far as it goes: no line is read twice."""

    def __init__(self, definitions: Sequence[MetricDefinition]) -> None:
        from tui.model.definitions import compile_definitions

        self._definitions = compile_definitions(definitions)
        self._read_to: dict[str, int] = {}
        self._points: dict[str, list[tuple[int, float, float, float]]] = {one.name: [] for one in definitions}
        self._sorted = True

    def read(self, hosts: Iterable[HostLog]) -> None:
        """Reads what the hosts have written since the last time."""
        if not self._points:
            return
        for log in hosts:
            at: int | None = self._read_to.get(log.host, 0)
            while at is not None and at < log.end:
                page = log.read(at, log.end)
                for point in self._definitions.read(page.events):
                    self._points[point.metric].append((point.time_ms, point.value, point.step, point.epoch))
                    self._sorted = False
                at = page.position
            self._read_to[log.host] = log.end
        if not self._sorted:
            for points in self._points.values():
                points.sort(key=lambda point: point[0])
            self._sorted = True

    def series(self, query: MetricQuery, start_ms: int, end_ms: int) -> Series:
        """One metric's datapoints with start ≤ time < end, a datapoint a period; 0 s gives all, with their steps."""
        period_ms = query.period_s * 1000
        start_ms -= start_ms % period_ms if period_ms else 0
        points = [point for point in self._points.get(query.metric, ()) if start_ms <= point[0] < end_ms]
        times, values = array("q", [point[0] for point in points]), array("d", [point[1] for point in points])
        if period_ms:
            import numpy as np

            # A NaN in a log is something to see: it makes its period's value one.
            times, values = by_period(np.array(times), np.array(values), period_ms, query.stat)
            return Series(query.metric, times, values, "local", stat=query.stat)
        steps, epochs = (array("d", [point[column] for point in points]) for column in (2, 3))
        known = [numbers if any(number == number for number in numbers) else array("d") for numbers in (steps, epochs)]
        return Series(query.metric, times, values, "local", stat=query.stat, steps=known[0], epochs=known[1])

    def read_tail(self, log: HostLog, size: int) -> None:
        """Reads the last bytes of a host's log only."""
        low = log.bound(log.end - size)
        self._read_to[log.host] = low
        self.read([log])

    def last(self) -> list[tuple[str, int, float]]:
        """The last value of each metric that has one, with its name and time."""
        return [(name, points[-1][0], points[-1][1]) for name, points in self._points.items() if points]

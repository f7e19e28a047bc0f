"""CloudWatch metrics as AWS answers them: clock-aligned periods, percentiles, and an index instead of a flat list."""

from __future__ import annotations

import math
import threading
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from types import SimpleNamespace
from typing import Any, SupportsFloat

from moto.cloudwatch.exceptions import ValidationError
from moto.cloudwatch.metric_data_expression_parser import parse_expression
from moto.cloudwatch.models import CloudWatchBackend, Dimension, MetricAggregatedDatum, MetricDatum

Key = tuple[str, str, tuple[tuple[str, str], ...]]
"""Namespace, metric, dimensions sorted by name."""

_writing = threading.RLock()
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def key_of(namespace: str, metric: str, dimensions: Mapping[str, str]) -> Key:
    """What a metric is known by."""
    return namespace, metric, tuple(sorted(dimensions.items()))


class Points:
    """The samples of one metric, oldest first: seconds since the epoch, value, and how often it was measured.

    Args:
        history: Says what was before, as (time, value, count); it is asked when the metric is.
    """

    __slots__ = ("_history", "counts", "times", "values")

    def __init__(self, history: Callable[[], Iterable[tuple[float, float, float]]] | None = None) -> None:
        self.times = array("d")
        self.values = array("d")
        self.counts = array("d")
        self._history = history

    def ready(self) -> Points:
        """Itself, with its history."""
        with _writing:
            if self._history is not None:
                before = list(self._history())
                for column, part in ((self.times, 0), (self.values, 1), (self.counts, 2)):
                    column[:0] = array("d", [sample[part] for sample in before])
                self._history = None
        return self

    def add(self, time: float, value: float, count: float = 1.0) -> None:
        """Puts one sample where its time belongs."""
        with _writing:
            at = len(self.times)
            if at and time < self.times[-1]:
                at = bisect_left(self.times, time)
            self.counts.insert(at, count)
            self.values.insert(at, value)
            self.times.insert(at, time)

    def keep(self, count: int) -> None:
        """Forgets the oldest beyond `count`."""
        with _writing:
            if len(self.times) > count:
                self.times, self.values, self.counts = (
                    column[-count:] for column in (self.times, self.values, self.counts)
                )


class Index:
    """All metrics of a backend: what was put over HTTP and what the simulator puts straight in."""

    def __init__(self) -> None:
        self.metrics: dict[Key, Points] = {}
        self._taken = 0

    def points(self, namespace: str, metric: str, dimensions: Mapping[str, str]) -> Points:
        """The samples of one metric, which exists from now on."""
        return self.metrics.setdefault(key_of(namespace, metric, dimensions), Points())

    def drop(self, unwanted: Callable[[dict[str, str]], bool]) -> None:
        """Forgets the metrics whose dimensions are unwanted."""
        for key in [key for key in list(self.metrics) if unwanted(dict(key[2]))]:
            del self.metrics[key]

    def take(self, data: Sequence[Any]) -> None:
        """Takes over what PutMetricData left in moto's list since the last time."""
        if len(data) < self._taken:  # POST /moto-api/reset, which also makes a new backend
            self._taken = 0
        for datum in data[self._taken :]:
            dimensions = {dimension.name: dimension.value for dimension in datum.dimensions}
            points = self.points(datum.namespace, datum.name, dimensions)
            for value, count in _samples(datum):
                points.add(_seconds(datum.timestamp), value, count)
        self._taken = len(data)


def _samples(datum: Any) -> Iterable[tuple[float, float]]:
    if isinstance(datum, MetricDatum):
        return [(datum.value, 1.0)]
    assert isinstance(datum, MetricAggregatedDatum)
    # A statistic set keeps its sum, count and extremes; what lies between is taken to be even.
    if datum.sample_count < 3:
        return [(datum.sum / datum.sample_count, datum.sample_count)]
    middle = datum.sample_count - 2
    return [(datum.min, 1.0), (datum.max, 1.0), ((datum.sum - datum.min - datum.max) / middle, middle)]


def _seconds(moment: datetime) -> float:
    return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()


def index_of(backend: CloudWatchBackend) -> Index:
    """The backend's index; it goes with the backend when moto is reset."""
    index: Index = backend.__dict__.setdefault("index", Index())
    return index


def get_metric_data(
    self: CloudWatchBackend,
    queries: list[dict[str, Any]],
    start_time: datetime,
    end_time: datetime,
    scan_by: str = "TimestampAscending",
) -> list[dict[str, Any]]:
    """GetMetricData: start ≤ time < end in periods that begin at whole multiples of their length."""
    start, end = _seconds(start_time), _seconds(end_time)
    if start >= end:
        raise ValidationError("The parameter StartTime must be less than the parameter EndTime.")
    if len(queries) > 500:
        raise ValidationError("The collection MetricDataQueries must not have a size greater than 500.")
    index = index_of(self)
    index.take(self.metric_data)
    results, shown = [], []
    for query in queries:
        if "MetricStat" not in query:
            continue
        times, values = _answer(index, query["MetricStat"], start, end)
        if scan_by == "TimestampDescending":
            times, values = times[::-1], values[::-1]
        metric = query["MetricStat"]["Metric"]["MetricName"]
        results.append(_result(query["Id"], query.get("Label") or metric, times, values))
        if query.get("ReturnData", True):
            shown.append(results[-1])
    for query in queries:
        if "Expression" in query and query.get("ReturnData", True):
            found, moments = parse_expression(query["Expression"], results)
            shown.append(_result(query["Id"], query.get("Label") or query["Id"], moments, found))
    return shown


def _result(name: str, label: str, times: list[datetime], values: Sequence[SupportsFloat]) -> dict[str, Any]:
    return {"id": name, "label": label, "timestamps": times, "values": values, "status_code": "Complete"}


def _answer(index: Index, stat: dict[str, Any], start: float, end: float) -> tuple[list[datetime], list[float]]:
    metric, period = stat["Metric"], int(stat["Period"])
    dimensions = tuple(sorted((part["Name"], part["Value"]) for part in metric.get("Dimensions", [])))
    points = index.metrics.get((metric["Namespace"], metric["MetricName"], dimensions))
    if points is None:
        return [], []
    with _writing:
        return _buckets(points.ready(), stat["Stat"], period, start, end)


def _buckets(points: Points, stat: str, period: int, start: float, end: float) -> tuple[list[datetime], list[float]]:
    times: list[datetime] = []
    values: list[float] = []
    at = bisect_left(points.times, start // period * period)
    last = bisect_left(points.times, end)
    while at < last:
        bucket = points.times[at] // period * period
        after = bisect_left(points.times, bucket + period, at, last)
        times.append(_EPOCH + timedelta(seconds=bucket))
        values.append(statistic(stat, points.values[at:after], points.counts[at:after]))
        at = after
    return times, values


def statistic(stat: str, values: Sequence[float], counts: Sequence[float]) -> float:
    """One statistic of a period's samples: Average, Sum, Minimum, Maximum, SampleCount or a percentile (`p99`)."""
    if stat == "Average":
        return math.fsum(value * count for value, count in zip(values, counts, strict=True)) / math.fsum(counts)
    if stat == "Sum":
        return math.fsum(value * count for value, count in zip(values, counts, strict=True))
    if stat == "Minimum":
        return min(values)
    if stat == "Maximum":
        return max(values)
    if stat == "SampleCount":
        return math.fsum(counts)
    if stat[:1] == "p" and stat[1:].replace(".", "", 1).isdigit() and float(stat[1:]) <= 100:
        return _percentile(float(stat[1:]) / 100, values, counts)
    raise ValidationError(f"The parameter Stat must be a value of Statistics or ExtendedStatistics, not {stat}.")


def _percentile(share: float, values: Sequence[float], counts: Sequence[float]) -> float:
    """The smallest value that this share of the samples does not exceed."""
    pairs = sorted(zip(values, counts, strict=True))
    rank, passed = share * math.fsum(counts), 0.0
    for value, count in pairs:
        passed += count
        if passed >= rank - 1e-9:
            return value
    return pairs[-1][0]


def get_filtered_metrics(
    self: CloudWatchBackend, metric_name: str, namespace: str, dimensions: list[dict[str, str]]
) -> list[Any]:
    """ListMetrics: each metric once, found in the index."""
    index = index_of(self)
    index.take(self.metric_data)
    wanted = [(part["Name"], part.get("Value")) for part in dimensions or []]
    return [
        SimpleNamespace(namespace=space, name=name, dimensions=[Dimension(key, value) for key, value in parts])
        for space, name, parts in list(index.metrics)
        if namespace in (None, space) and metric_name in (None, name) and _has_all(dict(parts), wanted)
    ]


def _has_all(parts: dict[str, str], wanted: list[tuple[str, str | None]]) -> bool:
    return all(name in parts and value in (None, parts[name]) for name, value in wanted)


def fill() -> None:
    """Assigns GetMetricData and what ListMetrics stands on."""
    for method in (get_metric_data, get_filtered_metrics):
        setattr(CloudWatchBackend, method.__name__, method)

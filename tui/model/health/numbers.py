"""Series made small enough to be judged in a moment, and the few statistics that the rules need.

The usual series of a job has a few hundred datapoints: plain Python takes less time for these than numpy takes to be
imported. Only a long one goes through numpy, which is imported with the first.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right, insort
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from tui.model.series import Series

MOST = 200
"""Values that a curve has at most: a longer series is judged by the means of as many equal parts."""
_LONG = 1000
_SIGMA = 1.4826  # of a normal distribution, over its median absolute deviation


@dataclass(frozen=True, slots=True)
class Curve:
    """The finite values of a series, at most `MOST` of them.

    Attributes:
        times: ms since the epoch; of a mean, that of its last value.
        values: As many.
        count: How many values these stand for.
        first: The highest of the first three values of the series: where it began, also where means hide that.
    """

    times: Sequence[float]
    values: Sequence[float]
    count: int
    first: float

    def __len__(self) -> int:
        return len(self.values)

    @property
    def minutes(self) -> float:
        """From its first value to its last."""
        return (self.times[-1] - self.times[0]) / 60_000 if self.times else 0.0

    def at(self, time_ms: float) -> int:
        """The index of the last value at that time or before it, 0 where there is none."""
        return max(bisect_right(self.times, time_ms) - 1, 0)


def curve(series: Series) -> Curve:
    """A series as a curve; NaN and infinity are left out."""
    times: Sequence[float] = series.times
    values: Sequence[float] = series.values
    if len(values) > _LONG:
        return _long(series)
    if not all(map(math.isfinite, values)):
        known = [(time, value) for time, value in zip(times, values, strict=True) if math.isfinite(value)]
        times, values = [time for time, _ in known], [value for _, value in known]
    count = len(values)
    first = max(values[:3], default=math.nan)
    if count > MOST:
        ends = [(place + 1) * count // MOST for place in range(MOST)]
        starts = [0, *ends[:-1]]
        values = [sum(values[a:b]) / (b - a) for a, b in zip(starts, ends, strict=True)]
        times = [times[end - 1] for end in ends]
    return Curve(times, values, count, first)


def _long(series: Series) -> Curve:
    import numpy as np

    values = np.frombuffer(series.values, dtype=np.float64)
    times = np.frombuffer(series.times, dtype=np.int64)
    finite = np.isfinite(values)
    if not finite.all():
        values, times = values[finite], times[finite]
    count = len(values)
    if not count:
        return Curve([], [], 0, math.nan)
    edges = np.linspace(0, count, min(MOST, count) + 1).astype(int)
    # Divided first: the sum of two large floats may be more than a float holds.
    means = np.add.reduceat(values / count, edges[:-1]) * (count / np.diff(edges))
    return Curve(times[edges[1:] - 1].tolist(), means.tolist(), count, float(values[:3].max()))


def not_finite(series: Series) -> list[int]:
    """The indices of NaN and infinities."""
    if len(series) > _LONG:
        import numpy as np

        return [int(place) for place in np.flatnonzero(~np.isfinite(np.frombuffer(series.values, dtype=np.float64)))]
    if all(map(math.isfinite, series.values)):
        return []
    return [place for place, value in enumerate(series.values) if not math.isfinite(value)]


def within(series: Series, start_ms: float, end_ms: float = math.inf) -> tuple[list[int], list[float]]:
    """Times and finite values with start ≤ time ≤ end."""
    first = bisect_left(series.times, start_ms)
    last = len(series) if end_ms == math.inf else bisect_right(series.times, end_ms)
    times, values = series.times[first:last].tolist(), series.values[first:last].tolist()
    if all(map(math.isfinite, values)):
        return times, values
    known = [place for place, value in enumerate(values) if math.isfinite(value)]
    return [times[place] for place in known], [values[place] for place in known]


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which a share of the values lies, between neighbours in proportion; NaN of none."""
    ordered = sorted(values)
    if not ordered:
        return math.nan
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def median(values: Sequence[float]) -> float:
    """The middle value, NaN of none."""
    ordered = sorted(values)
    half = len(ordered) // 2
    if not ordered:
        return math.nan
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def smoothed(values: Sequence[float], width: int) -> list[float]:
    """The running median of so many values; shorter at the ends."""
    reach, count = width // 2, len(values)
    window = sorted(values[:reach])
    found = []
    for place in range(count):
        if place + reach < count:
            insort(window, values[place + reach])
        if place > reach:
            del window[bisect_left(window, values[place - reach - 1])]
        half = len(window) // 2
        found.append(window[half] if len(window) % 2 else (window[half - 1] + window[half]) / 2)
    return found


def noise(values: Sequence[float], smooth: Sequence[float]) -> float:
    """The standard deviation of values around their smoothed curve, whatever a few outliers do.

    Where a curve is smoothed by three, each value has a part in its own median: then second differences, which no
    slope changes, say more, and the larger of the two counts.
    """
    around = median([abs(value - level) for value, level in zip(values, smooth, strict=True)])
    bends = [
        abs(before - 2 * value + after) for before, value, after in zip(values, values[1:], values[2:], strict=False)
    ]
    return _SIGMA * max(around, median(bends) / math.sqrt(6) if bends else 0.0)


def mean(values: Sequence[float]) -> float:
    """The mean, NaN of none."""
    return math.fsum(values) / len(values) if values else math.nan


def memory(values: Sequence[float]) -> float:
    """How much a value says of the next one: the autocorrelation at lag one, near 0 for noise, near 1 for a wave."""
    middle = mean(values)
    apart = [value - middle for value in values]
    total = math.fsum(value * value for value in apart)
    return math.fsum(one * other for one, other in pairwise(apart)) / total if total > 0 else 0.0

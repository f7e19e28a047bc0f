"""From datapoints to what a chart draws: the curve in a view, its gaps, and what is no number.

numpy is imported by the functions that need it, never with this module. Times are ms since the epoch.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from tui.model.series import Series
from tui.model.view import View

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Times = NDArray[np.int64]
    Values = NDArray[np.float64]

GAP_PERIODS = 2.5
"""Datapoints further apart than this many periods have others missing between them."""
LOG_GAP_PERIODS = 30
"""The same for a log, whose lines keep no period: a pause for a validation is no gap, a restart is."""
_HIGHEST = 1.7e308  # close to what a float holds


def arrays(series: Series) -> tuple[Times, Values]:
    """A copy of a series for numpy, taken at once, so that a source may go on filling the series meanwhile."""
    import numpy as np

    times = np.frombuffer(series.times.tobytes(), dtype=np.int64)
    values = np.frombuffer(series.values.tobytes(), dtype=np.float64)
    count = min(len(times), len(values))
    return times[:count], values[:count]


def gap_after(times: Times, *, logged: bool = False) -> float:
    """The distance in ms from which two datapoints are not joined; infinite while no period is known."""
    import numpy as np

    steps = np.diff(times)
    steps = steps[steps > 0]
    if len(steps) < 2:
        return math.inf
    return float(np.median(steps)) * (LOG_GAP_PERIODS if logged else GAP_PERIODS)


def drawable(values: Values, log: bool) -> NDArray[np.bool_]:
    """Which values have a place on the axis: numbers, and on a log scale those above 0."""
    import numpy as np

    return np.isfinite(values) & (values > 0) if log else np.isfinite(values)


@dataclass(frozen=True)
class Line:
    """The datapoints that are left of a series after decimation.

    Attributes:
        times: ms, never falling.
        values: As many, finite.
        joined: As many; whether a datapoint is joined to the one before it.
    """

    times: Times
    values: Values
    joined: NDArray[np.bool_]


def decimate(times: Times, values: Values, view: View, columns: int, gap: float = math.inf) -> Line:
    """The smallest and the largest value of each column of the view, in order, so that every spike stays.

    One datapoint before the view and one after it stay too, because lines lead to them.

    Args:
        times: ms, never falling.
        values: As many, NaN and infinity among them.
        view: What is shown; its `log` leaves out what is not above 0.
        columns: Into how many columns of equal time the view is cut.
        gap: Datapoints further apart than this, in ms, are not joined.
    """
    import numpy as np

    good = drawable(values, view.log)
    breaks = np.zeros(len(times), dtype=bool)
    breaks[1:] = np.diff(times) > gap
    piece = np.cumsum(breaks) + np.cumsum(~good)

    first = int(np.searchsorted(times, view.start, "left"))
    last = int(np.searchsorted(times, view.end, "right"))
    kept = np.flatnonzero(good[first:last]) + first
    if len(kept) > 2 * columns:
        kept = kept[_extremes(times[kept], values[kept], view, columns)]
    edges = [[first - 1] if first > 0 and good[first - 1] else [], [last] if last < len(times) and good[last] else []]
    kept = np.concatenate([np.asarray(edges[0], dtype=np.intp), kept, np.asarray(edges[1], dtype=np.intp)])

    joined = np.zeros(len(kept), dtype=bool)
    joined[1:] = piece[kept[1:]] == piece[kept[:-1]]
    return Line(times[kept], values[kept], joined)


def _extremes(times: Times, values: Values, view: View, columns: int) -> NDArray[np.intp]:
    import numpy as np

    edges = view.start + (view.end - view.start) / columns * np.arange(1, columns)
    cuts = [0, *np.searchsorted(times, edges, "left").tolist(), len(times)]
    kept: list[int] = []
    for left, right in pairwise(cuts):
        if left == right:
            continue
        column = values[left:right]
        low, high = left + int(column.argmin()), left + int(column.argmax())
        kept.extend((low,) if low == high else (min(low, high), max(low, high)))
    return np.asarray(kept, dtype=np.intp)


def value_range(series: Sequence[tuple[Times, Values]], view: View) -> tuple[float, float] | None:
    """The lowest and the highest value to show: the view's own edges, else what the data in it needs.

    A little air is added around the data, and a scale of its own around a curve that never moves. None while there
    is nothing that can be drawn.
    """
    import numpy as np

    if view.low is not None and view.high is not None:
        return view.low, view.high
    low, high = math.inf, -math.inf
    for times, values in series:
        part = values[np.searchsorted(times, view.start, "left") : np.searchsorted(times, view.end, "right")]
        part = part[drawable(part, view.log)]
        if len(part):
            low, high = min(low, float(part.min())), max(high, float(part.max()))
    if low > high:
        return None
    if view.log:
        return (low, high) if high / low > 1.01 else (max(low / 2, 5e-324), min(high * 2, _HIGHEST))
    # Air, but none below zero, where it would be a lie about values that are never negative.
    air = (high / 20 - low / 20) / 2
    if high / 2 - low / 2 <= max(abs(low), abs(high)) * 1e-12:
        air = abs(low) / 10 or 1.0
    foot = low - air if low < 0 or low > air else low
    return max(foot, -_HIGHEST), min(high + air, _HIGHEST)


def unit_values(values: Values, low: float, high: float, log: bool) -> Values:
    """Values as shares of the height: 0 at `low`, 1 at `high`; the range may be as wide as floats are."""
    import numpy as np

    if log:
        bottom = math.log10(low)
        return np.asarray((np.log10(values) - bottom) / (math.log10(high) - bottom))
    # Halves, because the distance of two floats may be more than a float holds; what is beyond that is out of sight.
    with np.errstate(over="ignore"):
        return np.asarray((values / 2 - low / 2) / (high / 2 - low / 2))


def share_of_value(value: float, low: float, high: float, log: bool) -> float:
    """One value as a share of the height."""
    if log:
        return (math.log10(value) - math.log10(low)) / (math.log10(high) - math.log10(low))
    return (value / 2 - low / 2) / (high / 2 - low / 2)


def bad_columns(times: Times, values: Values, view: View, columns: int) -> list[int]:
    """The columns in which a value has no place on the axis: NaN, infinity, and on a log scale 0 and below."""
    import numpy as np

    bad = times[~drawable(values, view.log)]
    bad = bad[(bad >= view.start) & (bad <= view.end)]
    places = ((bad - view.start) / (view.end - view.start) * columns).astype(np.int64)
    return [int(column) for column in np.unique(np.clip(places, 0, columns - 1))]


@dataclass(frozen=True)
class Curve:
    """A line in the unit square, cut at its edges: the only thing that a plotter is given.

    Attributes:
        x: Shares of the width, all within 0 … 1.
        y: Shares of the height, as many, all within 0 … 1.
        starts: The places in `x` where the pen was lifted.
    """

    x: tuple[float, ...]
    y: tuple[float, ...]
    starts: frozenset[int]


def curve(line: Line, view: View, low: float, high: float) -> Curve:
    """A line as seen in a view: what is outside is cut away where it crosses the edge, not bent."""
    import numpy as np

    x = (line.times - view.start) / (view.end - view.start)
    y = unit_values(line.values, low, high, view.log)
    inside = (x >= 0) & (x <= 1) & (y >= 0) & (y <= 1)
    if bool(inside.all()):
        starts = np.flatnonzero(~line.joined)
        return Curve(tuple(x.tolist()), tuple(y.tolist()), frozenset(starts.tolist()))

    xs: list[float] = []
    ys: list[float] = []
    lifted: set[int] = set()
    shown = False  # whether the datapoint before is the last one of xs
    points = list(zip(x.tolist(), y.tolist(), inside.tolist(), line.joined.tolist(), strict=True))
    for index, (px, py, within, joined) in enumerate(points):
        part = _cut(points[index - 1][0], points[index - 1][1], px, py) if joined else None
        if part is not None:
            if not shown:
                lifted.add(len(xs))
                xs.append(part[0])
                ys.append(part[1])
            xs.append(part[2])
            ys.append(part[3])
        elif within:
            lifted.add(len(xs))
            xs.append(px)
            ys.append(py)
        shown = within
    return Curve(tuple(xs), tuple(ys), frozenset(lifted))


def _cut(x0: float, y0: float, x1: float, y1: float) -> tuple[float, float, float, float] | None:
    """The part of a segment inside the unit square (Liang and Barsky), None where all of it is outside."""
    enter, leave = 0.0, 1.0
    dx, dy = x1 - x0, y1 - y0
    if not (math.isfinite(dx) and math.isfinite(dy)):
        return None
    for step, room in ((-dx, x0), (dx, 1 - x0), (-dy, y0), (dy, 1 - y0)):
        if step == 0:
            if room < 0:
                return None
        elif step < 0:
            enter = max(enter, room / step)
        else:
            leave = min(leave, room / step)
    if enter > leave:
        return None
    return _inside(x0 + enter * dx), _inside(y0 + enter * dy), _inside(x0 + leave * dx), _inside(y0 + leave * dy)


def _inside(share: float) -> float:
    """Rounding may step over the edge by a hair."""
    return min(max(share, 0.0), 1.0)


def smooth(values: Sequence[float] | Values, weight: float) -> Values:
    """The exponential moving average, corrected for its start, as TensorBoard and W&B draw it.

    Args:
        values: Any numbers; what is not finite stays as it is and does not count.
        weight: 0 (no smoothing) to below 1: how much of what was before stays in each value.
    """
    import numpy as np

    result = np.array(values, dtype=np.float64)
    good = np.isfinite(result)
    mean = result[good] * (1 - weight)
    # Each pass takes in as many values again as all before it: a loop over them would take a hundred times as long.
    reach, share = 1, weight
    while reach < len(mean) and share > 1e-17:
        mean[reach:] += share * mean[:-reach]
        reach, share = 2 * reach, share * share
    young = mean[: 2 * reach]  # later values stand on so many that what lies before the first one weighs nothing
    young /= 1 - weight ** np.arange(1, len(young) + 1)
    result[good] = mean
    return result


def nearest(series: Series, time_ms: float) -> int | None:
    """The place of the datapoint closest to a time, the earlier of two as close; None in an empty series."""
    from bisect import bisect_left

    if not len(series):
        return None
    right = bisect_left(series.times, time_ms)
    if right == len(series):
        return right - 1
    if right > 0 and time_ms - series.times[right - 1] <= series.times[right] - time_ms:
        return right - 1
    return right


def step_from(series: Sequence[Series], time_ms: float, distance: float, stops: Sequence[float] = ()) -> float | None:
    """Where a cursor goes from a time: the first datapoint at least `distance` ms on, the outermost where none is.

    Args:
        series: The series on the chart.
        time_ms: Where the cursor is.
        distance: Width of a column in ms; negative goes back.
        stops: Where it stops besides, if there are datapoints at all.
    """
    from bisect import bisect_left, bisect_right

    target = time_ms + distance
    ends = [one.times[-1] if distance > 0 else one.times[0] for one in series if len(one)]
    if not ends:
        return None
    found = [stop for stop in stops if (stop >= target if distance > 0 else stop <= target)]
    for one in series:
        if distance > 0 and (place := bisect_left(one.times, target)) < len(one):
            found.append(one.times[place])
        elif distance < 0 and (place := bisect_right(one.times, target)) > 0:
            found.append(one.times[place - 1])
    if found:
        return float(min(found) if distance > 0 else max(found))
    return float(max(ends) if distance > 0 else min(ends))


def place_of(series: Sequence[Series], view: View, what: str, after: float | None = None) -> float | None:
    """Where a value stands out in a view, in ms; None where there is none.

    Args:
        series: The series on the chart.
        view: What is shown.
        what: `min`, `max`, or `nan` for anything that has no place on the axis.
        after: For `nan`: the first one later than this, and again the first of all where none is later.
    """
    found: list[tuple[float, float]] = []  # what to be smallest, and its time
    for one in series:
        times, values = arrays(one)
        seen = (times >= view.start) & (times <= view.end)
        good = drawable(values, view.log)
        if what == "nan":
            bad = times[seen & ~good]
            later = bad[bad > after] if after is not None else bad
            bad = later if len(later) else bad
            if len(bad):
                found.append((float(bad[0] <= after if after is not None else 0), float(bad[0])))
            continue
        times, values = times[seen & good], values[seen & good]
        if len(values):
            place = int(values.argmin() if what == "min" else values.argmax())
            value = float(values[place])
            found.append((value if what == "min" else -value, float(times[place])))
    return min(found)[1] if found else None

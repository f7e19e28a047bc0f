"""What a chart counts along: time, steps or epochs. Off the clock, places are thousandths of a step or an epoch.

Whole numbers, because a series keeps its places in an array of those; thousandths, because epoch 3.25 has a place too.
numpy is imported by the functions that need it, never with this module.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from tui.model import plot
from tui.model.series import Series

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Axis = Literal["time", "step", "epoch"]
UNIT = 1000
"""Places a step, or an epoch."""
_FURTHEST = 9e12  # steps; beyond, thousandths of them are more than a whole number of 64 bits


def offered(series: Iterable[Series]) -> tuple[Axis, ...]:
    """The axes that at least one of these can be drawn along: time always."""
    known = list(series)
    found: list[Axis] = ["time"]
    found += ["step"] if any(_named(one.steps) for one in known) else []
    found += ["epoch"] if any(_named(one.epochs) for one in known) else []
    return tuple(found)


def _named(counts: array[float]) -> bool:
    if not counts:
        return False
    import numpy as np

    return bool(np.isfinite(np.frombuffer(counts.tobytes())).any())


def along(series: Series, axis: Axis) -> Series | None:
    """A series with its datapoints at their steps or epochs, lowest first; None where they name none.

    Of several datapoints at one step the one that was logged last counts: a job that begins again at a checkpoint
    goes through some steps twice, and an epoch without a fraction is as good as its end.
    """
    if axis == "time":
        return series
    import numpy as np

    places, rows = _places(series, axis)
    if not len(rows):
        return None
    values = plot.arrays(series)[1][rows]
    if not bool(np.all(places[1:] > places[:-1])):
        order = np.argsort(places, kind="stable")
        places, values = places[order], values[order]
        last = np.append(places[1:] != places[:-1], True)
        places, values = places[last], values[last]
    nothing: array[float] = array("d")
    return replace(
        series,
        times=array("q", places.tobytes()),
        values=array("d", values.tobytes()),
        steps=nothing,
        epochs=nothing,
    )


def place_of_time(series: Iterable[Series], axis: Axis, time_ms: float) -> float | None:
    """Where on the axis a moment (ms) is: at the datapoint that is nearest in time, None where none names a step."""
    if axis == "time":
        return time_ms
    import numpy as np

    best: tuple[float, float] | None = None
    for one in series:
        places, rows = _places(one, axis)
        if len(rows):
            away = np.abs(plot.arrays(one)[0][rows] - time_ms)
            row = int(away.argmin())
            best = min(best or (math.inf, 0.0), (float(away[row]), float(places[row])))
    return None if best is None else best[1]


def time_of_place(series: Iterable[Series], axis: Axis, place: float) -> int | None:
    """The moment (ms) of the datapoint nearest to a place on the axis, the latest where several are as near."""
    if axis == "time":
        return round(place)
    import numpy as np

    best: tuple[float, int] | None = None
    for one in series:
        places, rows = _places(one, axis)
        if len(rows):
            away = np.abs(places - place)
            row = len(away) - 1 - int(away[::-1].argmin())
            best = min(best or (math.inf, 0), (float(away[row]), -int(plot.arrays(one)[0][rows[row]])))
    return None if best is None else -best[1]


def _places(series: Series, axis: Axis) -> tuple[NDArray[np.int64], NDArray[np.intp]]:
    """The places of the datapoints that name a step, in the order of time, and which datapoints these are."""
    import numpy as np

    counts = np.frombuffer((series.steps if axis == "step" else series.epochs).tobytes(), dtype=np.float64)
    counts = counts[: len(series)]
    with np.errstate(invalid="ignore"):
        rows = np.flatnonzero(np.abs(counts) < _FURTHEST)  # NaN and infinity are not
    return np.rint(counts[rows] * UNIT).astype(np.int64), rows

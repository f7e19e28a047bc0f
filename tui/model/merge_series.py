"""Series of one metric made one: of several periods, and of several sources.

numpy is imported by the functions that need it, never with this module.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from tui.model.series import Series

if TYPE_CHECKING:
    from numpy.typing import NDArray

_COLUMNS = ("times", "values", "steps", "epochs")
_BEHIND_MS = 120_000
"""How much older the last value of a log may be than CloudWatch's before it tells too little."""


def union(kept: Series, new: Series) -> Series:
    """All datapoints of both, in order; at one time those of `new` count: CloudWatch's latest datapoint still grows.

    Several datapoints at one time, as a log has them, stay several.
    """
    if not len(kept):
        return new
    if not len(new) or (len(kept) == len(new) and same(kept, new)):
        return kept
    import numpy as np

    old, young = _columns(kept), _columns(new)
    stays = ~np.isin(old["times"], young["times"])
    return _series(new, _sorted([{name: column[stays] for name, column in old.items()}, young]))


def finest(pieces: Iterable[tuple[int, Series]]) -> Series:
    """One series of the same metric in several periods: at each time the shortest period that there is.

    Args:
        pieces: Each with its period in ms, 0 where each value stands for itself. At least one.
    """
    ordered = sorted(pieces, key=lambda piece: piece[0])
    filled = [piece for piece in ordered if len(piece[1])]
    if len(filled) < 2:
        return filled[0][1] if filled else ordered[0][1]
    import numpy as np

    taken = _columns(filled[0][1])
    for period, series in filled[1:]:
        more = _columns(series)
        # A minute's average says nothing new where one of its seconds is there.
        place = np.searchsorted(taken["times"], more["times"])
        following = np.append(taken["times"], np.iinfo(np.int64).max)[place]
        free = following >= more["times"] + max(period, 1)
        taken = _sorted([taken, {name: column[free] for name, column in more.items()}])
    return _series(filled[0][1], taken)


def by_source(measured: Sequence[Series], logged: Sequence[Series], final: Sequence[Series] = ()) -> tuple[Series, ...]:
    """The series of a job's metrics as they are shown, each metric from one source, told by `source`.

    The rule, for each name: the log's own values count where they go as far as CloudWatch's, which are averages of the
    same; of those only what is older than the log's first value is shown, which a log group forgets that keeps its
    events for some days. Where the log has none, or stops short, there is what was measured; where nobody has any, the
    final value that SageMaker kept.

    Args:
        measured: What the source answered (`cloudwatch`, `local`), empty series for what it has nothing of.
        logged: What was read out of the log, each without a gap up to its last value.
        final: One datapoint a metric, of FinalMetricDataList.
    """
    shown: list[Series] = []
    for name in dict.fromkeys(series.name for series in (*measured, *logged, *final)):
        of_log = [series for series in logged if series.name == name and len(series)]
        of_source = [series for series in measured if series.name == name]
        there = [series for series in of_source if len(series)]
        if of_log and _end(of_log) >= _end(there) - _BEHIND_MS:
            # This machine has its values from the same log, and forgets none of it.
            older = [series for series in there if series.source != "local"]
            shown += [*of_log, *_before(older, min(series.times[0] for series in of_log))]
        elif there:
            shown += there
        else:
            shown += [series for series in final if series.name == name] or of_source
    return tuple(shown)


def _end(found: Sequence[Series]) -> int:
    return max((series.times[-1] for series in found), default=0)


def _before(found: Sequence[Series], first_ms: int) -> list[Series]:
    """What of each series is of a time before another one begins."""
    cut: list[Series] = []
    for series in found:
        period = min((b - a for a, b in pairwise(series.times)), default=60_000)
        # A datapoint stands at the beginning of its period; two of one moment have none.
        count = bisect_right(series.times, first_ms - max(period, 1))
        if count:
            parts = {name: getattr(series, name)[:count] for name in _COLUMNS}
            cut.append(replace(series, **parts))
    return cut


def same(one: Series, other: Series) -> bool:
    """Whether they hold the same numbers; NaN equals NaN."""
    return all(getattr(one, name).tobytes() == getattr(other, name).tobytes() for name in _COLUMNS)


def in_order(series: Series) -> Series:
    """The same datapoints sorted by time, equals as they stood."""
    return _series(series, _sorted([_columns(series)]))


def thinned(series: Series) -> Series:
    """Half of the datapoints: of every four the least and the greatest.

    What is no number (the first and the last of four) goes before either.
    """
    import numpy as np

    columns = _columns(series)
    count = len(series) // 4 * 4
    values = columns["values"][:count].reshape(-1, 4)
    rows = np.arange(len(values))
    finite = np.isfinite(values)
    low = np.where(finite, values, np.inf).argmin(axis=1)
    high = np.where(finite, values, -np.inf).argmax(axis=1)
    odd = ~finite
    high = np.where(odd.any(axis=1), odd.argmax(axis=1), high)
    low = np.where(odd.sum(axis=1) > 1, 3 - odd[:, ::-1].argmax(axis=1), low)
    low = np.where(low == high, (high + 1) % 4, low)
    keep = np.zeros(len(series), dtype=bool)
    keep[rows * 4 + low] = True
    keep[rows * 4 + high] = True
    keep[count:] = True
    return _series(series, {name: column[keep] for name, column in columns.items()})


def _columns(series: Series) -> dict[str, NDArray[Any]]:
    import numpy as np

    count = len(series)
    columns: dict[str, NDArray[Any]] = {"times": np.frombuffer(series.times.tobytes(), dtype=np.int64)}
    for name in _COLUMNS[1:]:
        found = np.frombuffer(getattr(series, name).tobytes(), dtype=np.float64)
        columns[name] = found if len(found) == count else np.full(count, np.nan)
    return columns


def _sorted(parts: Sequence[dict[str, NDArray[Any]]]) -> dict[str, NDArray[Any]]:
    import numpy as np

    whole = {name: np.concatenate([part[name] for part in parts]) for name in _COLUMNS}
    order = np.argsort(whole["times"], kind="stable")
    return {name: column[order] for name, column in whole.items()}


def _series(like: Series, columns: dict[str, NDArray[Any]]) -> Series:
    import numpy as np

    named = [array("d", columns[name].tobytes()) for name in _COLUMNS[1:]]
    steps, epochs = (
        numbers if not bool(np.isnan(columns[name]).all()) else array("d")
        for name, numbers in zip(_COLUMNS[2:], named[1:], strict=True)
    )
    times = array("q", columns["times"].tobytes())
    return replace(like, times=times, values=named[0], steps=steps, epochs=epochs)

"""What was asked of a served model: the workers' records of invocations, as the series that CloudWatch would have."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tui.model.series import MetricQuery, Series
from tui.sources.local.samples import by_period

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

COUNTS = {
    "Invocations": (0, 600),
    "InvocationsPerInstance": (0, 600),
    "Invocation4XXErrors": (400, 500),
    "Invocation5XXErrors": (500, 600),
    "InvocationModelErrors": (400, 600),
}
"""Of each metric that counts invocations, which statuses: from, to."""
LATENCIES = {"ModelLatency": "model", "OverheadLatency": "besides"}


def series_of(files: Sequence[Path], query: MetricQuery, start_ms: int, end_ms: int) -> Series:
    """One of CloudWatch's endpoint metrics, of the invocations with start ≤ time < end.

    Counts are there with a 0 in every period between the first invocation and the last asked for: nothing asked is
    known, not missing. Latencies are in ms.
    """
    import numpy as np

    rows = _read(files)
    between = rows[(rows["time"] >= start_ms) & (rows["time"] < end_ms)]
    period_ms = max(query.period_s, 1) * 1000
    if query.metric in LATENCIES:
        values = between[LATENCIES[query.metric]] / 1000
        times, found = _by_period(between["time"], values, period_ms, query.stat)
        return Series(query.metric, times, found, "local", query.part, "ms", query.stat)
    low, high = COUNTS.get(query.metric, (0, 0))
    if not len(rows) or high == 0:
        return Series(query.metric, source="local", part=query.part, stat=query.stat)
    first = max(int(rows["time"][0]), start_ms) // period_ms
    slots = np.arange(first, max(-(-end_ms // period_ms), first))
    counted = between[(between["status"] >= low) & (between["status"] < high)]["time"] // period_ms - first
    counts = np.bincount(counted, minlength=len(slots))[: len(slots)]
    times, found = array("q"), array("d")
    times.frombytes((slots * period_ms).astype("<i8").tobytes())
    found.frombytes(counts.astype("<f8").tobytes())
    return Series(query.metric, times, found, "local", query.part, "", query.stat)


def _read(files: Sequence[Path]) -> NDArray[np.void]:
    """All invocations of all workers, oldest first."""
    import numpy as np

    dtype = np.dtype([("time", "<i8"), ("model", "<u4"), ("besides", "<u4"), ("status", "<u2"), ("", "<u2")])
    parts = []
    for file in files:
        try:
            content = file.read_bytes()
        except OSError:
            continue
        parts.append(np.frombuffer(content[: len(content) - len(content) % dtype.itemsize], dtype))
    rows = np.concatenate(parts) if parts else np.empty(0, dtype)
    return np.asarray(rows[np.argsort(rows["time"], kind="stable")])


def _by_period(
    times: NDArray[np.int64], values: NDArray[np.floating], period_ms: int, stat: str
) -> tuple[array[int], array[float]]:
    if not stat.startswith("p"):
        return by_period(times, values, period_ms, stat)
    import numpy as np

    share = float(stat[1:])
    slots = times // period_ms
    found_times, found = array("q"), array("d")
    for slot in np.unique(slots):
        found_times.append(int(slot) * period_ms)
        found.append(float(np.percentile(values[slots == slot], share)))
    return found_times, found

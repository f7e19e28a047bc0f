"""The last days' traffic of a variant, beside the numbers that a person is about to set for it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta

from tui.model.series import MetricQuery, Series
from tui.model.words import number, plural
from tui.mutations.scaling_rows import METRICS
from tui.sources.base import Source, SourceError

DAYS = 3
_ASKED = {
    METRICS["invocations"]: ("InvocationsPerInstance", "Sum", "invocations a minute and instance"),
    METRICS["concurrency"]: ("ConcurrentRequestsPerModel", "Maximum", "concurrent requests a model"),
}


def traffic_lines(source: Source, endpoint: str, variant: str, now: datetime) -> tuple[str, ...]:
    """What the metrics that a target value can be set for were: a line each, one where there was nothing.

    GetMetricData, one datapoint a minute. What fails is said in place of it: numbers can be set without.
    """
    queries = [MetricQuery("variant", endpoint, metric, variant, stat) for metric, stat, _ in _ASKED.values()]
    queries.append(MetricQuery("variant", endpoint, "Invocations", variant, "Sum"))
    start, end = now - timedelta(days=DAYS), now
    try:
        answers = source.metrics(queries, int(start.timestamp() * 1000), int(end.timestamp() * 1000))
    except SourceError as error:
        return (f"the last {plural(DAYS, 'day')} could not be read: {error.what}",)
    names = [words for _, _, words in _ASKED.values()] + ["invocations a minute, all instances"]
    lines = [_line(words, series) for words, series in zip(names, answers, strict=True) if len(series)]
    return tuple(lines) or (f"no traffic in the last {plural(DAYS, 'day')}",)


def _line(words: str, series: Series) -> str:
    ordered = sorted(value for value in series.values if math.isfinite(value))
    figures = ", ".join(f"{name} {number(_quantile(ordered, share))}" for name, share in _QUANTILES)
    return f"last {plural(DAYS, 'day')}, {words}: {figures}"


_QUANTILES = (("half below", 0.5), ("95% below", 0.95), ("at most", 1.0))


def _quantile(ordered: Sequence[float], share: float) -> float | None:
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)] if ordered else None

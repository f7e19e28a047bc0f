"""A metric over time."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["job", "host", "variant", "instance"]
"""What a metric is of: a job's own metric, a host's utilization, a variant's traffic, a variant's utilization."""


@dataclass(frozen=True, slots=True)
class MetricQuery:
    """One question of a GetMetricData call.

    Attributes:
        kind: `job` (algorithm metrics), `host` (utilization of a training host), `variant` (Invocations, latencies,
            errors of a production variant) or `instance` (utilization of a variant's instances).
        owner: The name of the job or of the endpoint.
        metric: The metric's name: `train:loss`, `GPUUtilization`, `ModelLatency` …
        part: The host (`algo-1`) or the variant's name; empty for a job's own metrics.
        stat: `Average`, `Sum`, `Maximum`, `p99` …
        period_s: Seconds a datapoint covers.
    """

    kind: Kind
    owner: str
    metric: str
    part: str = ""
    stat: str = "Average"
    period_s: int = 60


@dataclass(frozen=True, slots=True)
class Series:
    """Datapoints of one metric, oldest first.

    Attributes:
        name: The metric's name.
        times: ms since the epoch, never falling.
        values: As many, in the unit that the source gave; NaN and infinity are kept.
        source: Where it comes from, in a word: `cloudwatch`, `log`, `final`, `local`.
        part: The host or variant, empty where it is of the whole job.
        unit: `%`, `ms`, `/min` …, or empty.
        stat: The statistic, where the source computes one.
    """

    name: str
    times: array[int] = field(default_factory=lambda: array("q"))
    values: array[float] = field(default_factory=lambda: array("d"))
    source: str = "cloudwatch"
    part: str = ""
    unit: str = ""
    stat: str = ""

    def __len__(self) -> int:
        return len(self.times)

    @property
    def last(self) -> float | None:
        """The newest value, None while there is none."""
        return self.values[-1] if self.values else None

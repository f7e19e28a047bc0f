"""One training job, kept current: its description, its metrics and its hosts' use. Its log is `follow`'s."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tui.model.jobs import TrainingJob
from tui.model.series import MetricQuery, Series
from tui.sources.base import Source, SourceError
from tui.watch.clock import Clock, to_ms
from tui.watch.errors import Errors

DESCRIBE_EVERY_S = 5
METRICS_EVERY_S = 60
UTILIZATIONS = ("CPUUtilization", "MemoryUtilization", "GPUUtilization", "GPUMemoryUtilization", "DiskUtilization")
HOSTS_MEASURED = 32
"""How many hosts are measured, five metrics each: a call answers 500 queries, and each costs."""
POINTS = 1440
"""How many datapoints a curve is asked for at most: CloudWatch's one-minute metrics of a day."""


@dataclass(frozen=True, slots=True)
class JobView:
    """What the job screen shows beside the log.

    Attributes:
        job: The job, None before it was described once.
        metrics: Its own metrics, in the order of its metric definitions.
        hosts: Utilization by host and metric name.
        described: When the description came.
        measured: When the metrics came, None before they did.
        errors: What failed last; what it would have told is as it was before.
    """

    job: TrainingJob | None = None
    metrics: tuple[Series, ...] = ()
    hosts: Mapping[str, Mapping[str, Series]] = field(default_factory=dict)
    described: datetime | None = None
    measured: datetime | None = None
    errors: tuple[SourceError, ...] = ()


class JobWatch:
    """Asks a source for one training job. Not thread-safe: one Poller calls it."""

    def __init__(self, source: Source, name: str, now: Clock) -> None:
        self._source = source
        self._name = name
        self._now = now
        self._job: TrainingJob | None = None
        self._metrics: tuple[Series, ...] = ()
        self._hosts: dict[str, dict[str, Series]] = {}
        self._described: datetime | None = None
        self._measured: datetime | None = None
        self._tried: datetime | None = None
        self._errors = Errors()

    @property
    def view(self) -> JobView:
        """All that is known now."""
        return JobView(self._job, self._metrics, dict(self._hosts), self._described, self._measured, self._errors.now)

    @property
    def is_settled(self) -> bool:
        """Whether nothing is to be asked any more: the job has ended and its last metrics are in."""
        job = self._job
        if job is None or not job.is_ended or self._errors.now or self._measured is None:
            return False
        return job.ended is None or self._measured >= job.ended + timedelta(minutes=5)

    def describe(self) -> JobView:
        """Ask for the job's description (one request)."""
        with self._errors.of("job"):
            if self._job is None or not self._job.is_ended:
                self._job = self._source.describe_job(self._name)
                self._described = self._now()
        return self.view

    def measure(self) -> JobView | None:
        """Ask for all metrics in one request, if a minute has passed since the last time; None if not."""
        now, job = self._now(), self._job
        if job is None or job.started is None:
            return None
        if self._tried is not None and now - self._tried < timedelta(seconds=METRICS_EVERY_S):
            return None
        self._tried = now
        queries = _queries(job, now)
        end = job.ended + timedelta(minutes=2) if job.ended else now
        with self._errors.of("metrics"):
            answers = self._source.metrics(queries, to_ms(job.started) - 60_000, to_ms(end))
            found = list(zip(queries, answers, strict=True))
            self._metrics = tuple(series for query, series in found if query.kind == "job")
            hosts: dict[str, dict[str, Series]] = {host: {} for host in job.hosts[:HOSTS_MEASURED]}
            for query, series in found:
                if query.kind == "host":
                    hosts[query.part][query.metric] = series
            self._hosts = hosts
            self._measured = now
        return self.view


def _queries(job: TrainingJob, now: datetime) -> list[MetricQuery]:
    assert job.started is not None
    length_s = ((job.ended or now) - job.started).total_seconds()
    period = max(int(length_s / POINTS // 60 + 1) * 60, 60)
    own = [MetricQuery("job", job.name, definition.name, period_s=period) for definition in job.metric_definitions]
    hosts = [
        MetricQuery("host", job.name, metric, host, period_s=period)
        for host in job.hosts[:HOSTS_MEASURED]
        for metric in UTILIZATIONS
    ]
    return own + hosts

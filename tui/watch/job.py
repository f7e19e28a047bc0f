"""One training job, kept current: its description, its metrics and its hosts' use. Its log is `follow`'s."""

from __future__ import annotations

import threading
from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from tui.model.jobs import TrainingJob, is_local
from tui.model.markers import Marker
from tui.model.merge_series import by_source
from tui.model.periods import FINE_S, period_for
from tui.model.series import MetricQuery, Series
from tui.sources.base import Refused, Source, SourceError
from tui.watch.clock import Clock, to_ms
from tui.watch.errors import Errors
from tui.watch.history import History
from tui.watch.job_log import Batch, JobLog

if TYPE_CHECKING:
    from tui.archive import Archive

DESCRIBE_EVERY_S = 5
METRICS_EVERY_S = 60
LOCAL_EVERY_S = 1
"""A job on this machine is described and measured that often: it costs nothing, and nothing arrives late."""
UTILIZATIONS = ("CPUUtilization", "MemoryUtilization", "GPUUtilization", "GPUMemoryUtilization", "DiskUtilization")
HOSTS_MEASURED = 32
"""How many hosts are measured, five metrics each: a call answers 500 queries, and each costs."""
POINTS = 1440
"""How many datapoints a curve is asked for at most: CloudWatch's one-minute metrics of a day."""
PROFILE_PAGES = 5
"""How many pages of the profiler's files are read at a time: a hundred files each, a minute of one host a file."""
PROFILE_MS = 100
TELL_EVERY_S = 1
"""Seconds between two tellings of what a log that is being read has brought."""


@dataclass(frozen=True, slots=True)
class JobView:
    """What the job screen shows beside the log.

    Attributes:
        job: The job, None before it was described once.
        metrics: Its own metrics, each from one source, which `Series.source` tells: `log` and `recognised` (read out of
            its log, once that has been read from its start), `cloudwatch`, `local`, `final`, `profiler` (by host);
            `reading` is the log's of what nobody else has, while it is being read. Of CloudWatch's there may be what is
            older than the log's first value. In the order of the metric definitions, the profiler's last.
        hosts: Utilization by host and metric name.
        described: When the description came.
        measured: When the metrics came, None before they did.
        errors: What failed last; what it would have told is as it was before.
        markers: Checkpoints and restarts that the log tells.
        notices: What is wrong with a metric definition, and what was left out, in a sentence each. Text from outside.
    """

    job: TrainingJob | None = None
    metrics: tuple[Series, ...] = ()
    hosts: Mapping[str, Mapping[str, Series]] = field(default_factory=dict)
    described: datetime | None = None
    measured: datetime | None = None
    errors: tuple[SourceError, ...] = ()
    markers: tuple[Marker, ...] = ()
    notices: tuple[str, ...] = ()


class JobWatch:
    """Asks a source for one training job. One Poller calls it; `read` is for the follower's thread.

    Args:
        source: Whom to ask.
        name: The job's name.
        now: The clock.
        archive: Opens the archive, beside which the history of the metrics is kept; None where there is none.
        log: What reads metrics out of the job's log.
    """

    def __init__(
        self,
        source: Source,
        name: str,
        now: Clock,
        *,
        archive: Callable[[], Archive | None] = lambda: None,
        log: JobLog | None = None,
    ) -> None:
        self.log = log or JobLog()
        self._source = source
        self._name = name
        self._now = now
        self._lock = threading.Lock()  # of the history, which the poller and the follower both write
        self._history = History(archive)
        self._job: TrainingJob | None = None
        self._own: tuple[Series, ...] = ()
        self._before: tuple[Series, ...] = ()
        self._profiled: tuple[Series, ...] = ()
        self._hosts: dict[str, dict[str, Series]] = {}
        self._described: datetime | None = None
        self._measured: datetime | None = None
        self._tried: datetime | None = None
        self._told: datetime | None = None
        self._has_fine: bool | None = None
        self._has_profile = False
        self._errors = Errors()

    @property
    def view(self) -> JobView:
        """All that is known now."""
        return JobView(
            self._job,
            self._all_metrics(),
            dict(self._hosts),
            self._described,
            self._measured,
            self._errors.now,
            self.log.markers(),
            self.log.problems(),
        )

    @property
    def is_settled(self) -> bool:
        """Whether nothing is to be asked any more: the job has ended and its last metrics are in."""
        job = self._job
        if job is None or not job.is_ended or self._errors.now or self._measured is None:
            return False
        if job.profiler_path and not self._has_profile:
            return False
        late = timedelta(0) if is_local(self._name) else timedelta(minutes=5)
        return job.ended is None or self._measured >= job.ended + late

    def describe(self) -> JobView:
        """Ask for the job's description (one request)."""
        with self._errors.of("job"):
            if self._job is None or not self._job.is_ended:
                self.learn(self._source.describe_job(self._name))
        return self.view

    def learn(self, job: TrainingJob) -> None:
        """Take a description that somebody else has asked for."""
        self._job, self._described = job, self._now()
        self.log.job_is(job)
        with self._lock:
            self._history.begin(job)
            self._before = tuple(self._history.logged())
            self._profiled = tuple(self._history.all_of("host", "profiler"))

    def read(self, batch: Batch) -> JobView | None:
        """Take a batch of the job's log; returns the view when there is something to show, once a second at most."""
        if not self.log.take(batch) and batch.state != "ended":
            return None
        now = self._now()
        early = self._told is not None and now - self._told < timedelta(seconds=TELL_EVERY_S)
        if early and batch.state != "ended":
            return None
        self._told = now
        if batch.state == "ended":
            self._save()
        return self.view

    def measure(self) -> JobView | None:
        """Ask for all metrics in one request, if a minute has passed since the last time; None if not."""
        now, job = self._now(), self._job
        if job is None or job.started is None:
            return None
        every_s = LOCAL_EVERY_S if is_local(self._name) else METRICS_EVERY_S
        if self._tried is not None and now - self._tried < timedelta(seconds=every_s):
            return None
        with self._errors.of("metrics"):
            self._take(job, *self._answers(job, now))
            self._measured = now
        self._tried = now
        self._read_profile(job)
        self._save()
        return self.view

    def _read_profile(self, job: TrainingJob) -> None:
        """The next files of Debugger's profiler, last of all and only where the job has one."""
        if not job.profiler_path:
            return
        with self._errors.of("profiler"):
            for _ in range(PROFILE_PAGES):
                page = self._source.profile(job, self._history.profiled_to)
                self._has_profile = not page.items
                if self._has_profile:
                    break
                with self._lock:
                    self._history.profiled_to = page.cursor
                    for series in page.items:
                        self._history.take("host", PROFILE_MS, series)
        with self._lock:
            self._profiled = tuple(self._history.all_of("host", "profiler"))

    def _answers(self, job: TrainingJob, now: datetime) -> tuple[list[MetricQuery], Sequence[Series]]:
        assert job.started is not None
        start, end = to_ms(job.started) - 60_000, to_ms(job.ended + timedelta(minutes=2) if job.ended else now)
        age_s = (now - job.started).total_seconds() + 60
        # Nothing says whether CloudWatch has seconds of a metric: they are asked for once, and it is seen what comes.
        if self._has_fine is not False and age_s < FINE_S and job.metric_definitions and not is_local(job.name):
            queries = _queries(job, now, fine=True)
            try:
                answers = self._source.metrics(queries, start, end)
            except Refused:
                self._has_fine = False
            else:
                own = [series for query, series in zip(queries, answers, strict=True) if query.kind == "job"]
                self._has_fine = any(map(_has_seconds, own))
                if any(map(len, own)) or not job.is_ended:
                    return queries, answers
        queries = _queries(job, now, fine=False)
        return queries, self._source.metrics(queries, start, end)

    def _take(self, job: TrainingJob, queries: Sequence[MetricQuery], answers: Sequence[Series]) -> None:
        own: list[Series] = []
        hosts: dict[str, dict[str, Series]] = {host: {} for host in job.hosts[:HOSTS_MEASURED]}
        with self._lock:
            for query, series in zip(queries, answers, strict=True):
                if series.source != "local":  # this machine keeps its own
                    period_s = query.period_s if query.period_s >= 60 or _has_seconds(series) else 60
                    self._history.take(query.kind, period_s * 1000, series)
                    series = self._history.of(query.kind, series)
                if query.kind == "job":
                    own.append(series)
                else:
                    hosts[query.part][query.metric] = series
        self._own, self._hosts = tuple(own), hosts

    def _save(self) -> None:
        if (job := self._job) is not None and not is_local(job.name):
            with self._lock:
                self._history.save(job, self.log.series() if self.log.is_whole else ())

    def _all_metrics(self) -> tuple[Series, ...]:
        job, log = self._job, self.log
        if job is None:
            return ()
        logged = log.series()
        if not log.is_whole:
            # What an earlier look has told is whole up to its end. Of the rest there is no more than a part yet: where
            # anybody else has it, or may have it, it is not shown.
            known = {series.name for series in (*self._own, *self._before) if len(series)}
            if self._tried is None:
                known |= {definition.name for definition in job.metric_definitions}
            part = [replace(series, source="reading") for series in logged if series.name not in known]
            logged = (*self._before, *part)
        return by_source(self._own, logged, _final(job)) + self._profiled


def _queries(job: TrainingJob, now: datetime, *, fine: bool) -> list[MetricQuery]:
    assert job.started is not None
    length_s = ((job.ended or now) - job.started).total_seconds()
    age_s = (now - job.started).total_seconds() + 60
    own = period = period_for(age_s, max(int(length_s / POINTS // 60 + 1) * 60, 60))
    if is_local(job.name):
        # This machine has them all, and its own metrics with their steps where no period is asked for.
        # Utilization is measured ten times a second: what jumps that fast is drawn by the second.
        own, period = 0, int(length_s / POINTS) + 1
    elif fine:
        own = 1
    metrics = [MetricQuery("job", job.name, definition.name, period_s=own) for definition in job.metric_definitions]
    hosts = [
        MetricQuery("host", job.name, metric, host, period_s=period)
        for host in job.hosts[:HOSTS_MEASURED]
        for metric in UTILIZATIONS
    ]
    return metrics + hosts


def _has_seconds(series: Series) -> bool:
    """Whether there are datapoints nearer to each other than a minute."""
    return any(later - sooner < 60_000 for sooner, later in pairwise(series.times))


def _final(job: TrainingJob) -> tuple[Series, ...]:
    """FinalMetricDataList, a datapoint each."""
    return tuple(
        Series(
            metric.name,
            array("q", [to_ms(metric.time or job.ended or job.modified or job.created)]),
            array("d", [metric.value]),
            "final",
        )
        for metric in job.final_metrics
    )

"""The list of training jobs, kept current with at most three requests a refresh."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, tzinfo

from tui.model.findings import Finding
from tui.model.health.evidence import Evidence
from tui.model.health.examine import examine
from tui.model.health.thresholds import Thresholds, thresholds
from tui.model.instances import has_gpus
from tui.model.jobs import TrainingJob, is_local
from tui.model.series import MetricQuery, Series, leading_metric
from tui.sources.base import Source, SourceError
from tui.watch.clock import Clock, to_ms
from tui.watch.errors import Errors

METRICS_EVERY_S = 60
"""CloudWatch's metrics are one-minute metrics, and GetMetricData is never free."""
NEWEST = 10_000
"""How many jobs are loaded by themselves; an account with more has older ones on the command line."""
HOSTS_MEASURED = 4
"""A large cluster's use is estimated from its first hosts: each host is a metric that costs."""
SPARK_POINTS = 60
FIRST_ROWS = 40
"""How many rows stand in for those on screen before the screen has said which these are."""
DETAILS_A_REFRESH = 100
"""How many descriptions are asked for at once: more than a screen has rows, and what one Search answers."""


@dataclass(frozen=True, slots=True)
class JobSignals:
    """What the list shows of a job's metrics."""

    metric: Series | None = None
    """The leading metric."""
    use: Series | None = None
    """GPU use, or CPU use where the instances have no GPU, in percent of one GPU or core, summed over each host."""
    use_of: str = ""
    """`GPU` or `CPU`."""
    estimated: bool = False
    """Whether only some of the hosts were asked."""
    hosts: tuple[Series, ...] = ()
    """The use of each host that was asked, in AWS's units."""


@dataclass(frozen=True, slots=True)
class JobsView:
    """What the jobs screen shows.

    Attributes:
        jobs: Newest first.
        signals: By job name, for those that were visible once.
        findings: What is wrong with a job as far as these tell, by its name, the gravest first; none of the healthy.
        refreshed: When the newest page came, None before the first.
        loading: Whether older pages are still to come.
        cut: Whether there are older ones that are not loaded.
        errors: What failed last, the gravest first; what it would have told is as it was before.
    """

    jobs: tuple[TrainingJob, ...] = ()
    signals: Mapping[str, JobSignals] = field(default_factory=dict)
    findings: Mapping[str, tuple[Finding, ...]] = field(default_factory=dict)
    refreshed: datetime | None = None
    loading: bool = True
    cut: bool = False
    errors: tuple[SourceError, ...] = ()


class JobsWatch:
    """Asks a source for its training jobs. Not thread-safe: one Poller calls it.

    Args:
        source: Whom to ask.
        now: The clock.
        changes: The settings' thresholds of the health rules.
        zone: The zone of clock times in findings, None for the machine's own.
    """

    def __init__(
        self, source: Source, now: Clock, changes: Thresholds | None = None, zone: tzinfo | None = None
    ) -> None:
        self._source = source
        self._now = now
        self._limits = thresholds(changes)
        self._zone = zone
        self._examined: dict[str, tuple[TrainingJob, JobSignals | None]] = {}
        self._findings: dict[str, tuple[Finding, ...]] = {}
        self._jobs: dict[str, TrainingJob] = {}
        self._signals: dict[str, JobSignals] = {}
        self._measured: dict[str, datetime] = {}
        self._looked: set[str] = set()
        self._refreshed: datetime | None = None
        self._cursor: str | None = None
        self._paged = False
        self._errors = Errors()

    @property
    def view(self) -> JobsView:
        """All that is known now."""
        return JobsView(
            jobs=tuple(sorted(self._jobs.values(), key=lambda job: job.created, reverse=True)),
            signals=dict(self._signals),
            findings={name: found for name, found in self._findings.items() if found},
            refreshed=self._refreshed,
            loading=self.has_more or not self._paged,
            cut=self._cursor is not None and not self.has_more,
            errors=self._errors.now,
        )

    @property
    def has_more(self) -> bool:
        """Whether an older page is there to be loaded."""
        return self._cursor is not None and len(self._jobs) < NEWEST

    def refresh(self, visible: Sequence[str]) -> JobsView:
        """The newest page, the details of visible rows that lack them or may have changed, and their metrics.

        Args:
            visible: The names of the rows on screen. While none is known yet, those of the newest page stand in.
        """
        with self._errors.of("list"):
            self._newest_page()
        shown = list(visible) or [job.name for job in self.view.jobs[:FIRST_ROWS]]
        with self._errors.of("details"):
            self._details(shown)
        self._metrics(shown)
        self._examine(shown)
        return self.view

    def look(self, visible: Sequence[str]) -> JobsView | None:
        """What rows that have just come on screen lack, without asking for the list; None where they lack nothing."""
        new = [name for name in visible if name in self._jobs and name not in self._looked]
        if not new:
            return None
        self._looked.update(new)
        lacking = [name for name in new if not self._jobs[name].detailed]
        if lacking:
            with self._errors.of("details"):
                self._details(lacking, others=False)
        self._metrics(visible)
        self._examine(visible)
        return self.view

    def load_older(self) -> JobsView:
        """One page more, of jobs older than those known."""
        with self._errors.of("list"):
            page = self._source.list_jobs(cursor=self._cursor)
            self._cursor = page.cursor
            self._take(page.items)
        return self.view

    def _newest_page(self) -> None:
        page = self._source.list_jobs()
        if page.error is not None:
            # This machine's jobs are listed all the same; what is known of AWS's stays as it was.
            listed = {job.name for job in page.items}
            for name in [name for name in self._jobs if is_local(name) and name not in listed]:
                del self._jobs[name]
            self._take(page.items)
            raise page.error
        if page.items or page.cursor is None:
            # A job that should stand on this page and does not was deleted; on the only page all of them stand.
            oldest = page.items[-1].created if page.cursor is not None else None
            listed = {job.name for job in page.items}
            for name, job in list(self._jobs.items()):
                if name not in listed and (oldest is None or job.created > oldest):
                    del self._jobs[name]
        self._take(page.items)
        if not self._paged:
            self._cursor = page.cursor
            self._paged = True
        self._refreshed = self._now()

    def _take(self, summaries: Sequence[TrainingJob]) -> None:
        for summary in summaries:
            known = self._jobs.get(summary.name)
            if known is None or known.created != summary.created:
                self._jobs[summary.name] = summary
                self._signals.pop(summary.name, None)
                self._measured.pop(summary.name, None)
            elif summary.detailed:
                self._jobs[summary.name] = summary
            elif known.status != summary.status:
                # Its details are of another status: they are asked for again before they are believed.
                self._jobs[summary.name] = replace(
                    known,
                    status=summary.status,
                    secondary_status=summary.secondary_status or known.secondary_status,
                    modified=summary.modified,
                    ended=summary.ended,
                    detailed=False,
                )

    def _details(self, shown: Sequence[str], *, others: bool = True) -> None:
        wanted = [name for name in shown if (job := self._jobs.get(name)) and not (job.detailed and job.is_ended)]
        # Running jobs further down are few, and their status is what the counts on top are made of.
        running = [job.name for job in self._jobs.values() if others and not job.is_ended and job.name not in wanted]
        names = (wanted + running)[:DETAILS_A_REFRESH]
        if names:
            for job in self._source.describe_jobs(names):
                listed = self._jobs.get(job.name)
                # Search's index may lag behind the list: what the list says newer stands, and is asked for again.
                if listed and listed.modified and job.modified and job.modified < listed.modified:
                    job = replace(
                        job, status=listed.status, modified=listed.modified, ended=listed.ended, detailed=False
                    )
                self._jobs[job.name] = job

    def _metrics(self, shown: Sequence[str]) -> None:
        now = self._now()
        jobs = [job for name in shown if (job := self._jobs.get(name)) and job.detailed and job.started]
        due = {is_local(job.name) for job in jobs if self._is_due(job, now)}
        if not due:
            return
        # What is due decides whom to ask; what runs there comes along, so that one call a minute is enough for all.
        asked = [job for job in jobs if self._is_due(job, now) or (not job.is_ended and is_local(job.name) in due)]
        queries = [(job, query) for job in asked for query in _queries(job, now)]
        for job in asked:
            self._measured[job.name] = now
        if not queries:
            return
        # Within it nothing but the request: a refused one is not forgotten before it was asked again.
        with self._errors.of("metrics"):
            start = min(job.started or job.created for job in asked)
            answers = self._source.metrics([query for _, query in queries], to_ms(start), to_ms(now))
            for job in asked:
                found = [answer for (of, _), answer in zip(queries, answers, strict=True) if of is job]
                self._signals[job.name] = _signals(job, found)

    def _examine(self, shown: Sequence[str]) -> None:
        """The health rules over what is known of the rows on screen, where that has changed."""
        for name in self._findings.keys() - self._jobs.keys():
            del self._findings[name]
        for name in shown:
            job, signals = self._jobs.get(name), self._signals.get(name)
            if job is None or not job.detailed:
                continue
            known_job, known_signals = self._examined.get(name, (None, None))
            # New signals may hold the same datapoints: then time has passed without one.
            if known_job == job and known_signals is signals:
                continue
            self._examined[name] = (job, signals)
            known = signals or JobSignals()
            on = Evidence(
                job,
                to_ms(self._now()),
                (known.metric,) if known.metric is not None else (),
                {series.part: {series.name: series} for series in known.hosts},
                limits=self._limits,
                zone=self._zone,
            )
            self._findings[name] = examine(on)

    def _is_due(self, job: TrainingJob, now: datetime) -> bool:
        measured = self._measured.get(job.name)
        if measured is None:
            return True
        if is_local(job.name):
            return job.ended is None or measured < job.ended  # this machine is asked for nothing
        if job.ended is not None:
            # The last minutes of an ended job arrive after its end.
            return measured < job.ended + timedelta(minutes=5) and now - measured >= timedelta(seconds=METRICS_EVERY_S)
        return now - measured >= timedelta(seconds=METRICS_EVERY_S)


def _queries(job: TrainingJob, now: datetime) -> list[MetricQuery]:
    began = job.started or job.created
    length_s = int(((job.ended or now) - began).total_seconds())
    finest = 1 if is_local(job.name) else 60
    period = max(length_s // SPARK_POINTS // finest * finest, finest)
    queries = []
    name = leading_metric([definition.name for definition in job.metric_definitions])
    if name:
        queries.append(MetricQuery("job", job.name, name, period_s=period))
    use = _use_of(job)
    queries += [
        MetricQuery("host", job.name, f"{use}Utilization", host, period_s=period) for host in job.hosts[:HOSTS_MEASURED]
    ]
    return queries


def _use_of(job: TrainingJob) -> str:
    return "GPU" if any(has_gpus(group.type) for group in job.instances) else "CPU"


def _signals(job: TrainingJob, answers: Sequence[Series]) -> JobSignals:
    use = _use_of(job)
    metric = next((series for series in answers if not series.part), None)
    hosts = [series for series in answers if series.part and len(series)]
    return JobSignals(
        metric=metric,
        use=_mean(hosts) if hosts else None,
        use_of=use,
        estimated=len(job.hosts) > HOSTS_MEASURED,
        hosts=tuple(hosts),
    )


def _mean(hosts: Sequence[Series]) -> Series:
    sums: dict[int, tuple[float, int]] = {}
    for series in hosts:
        for time, value in zip(series.times, series.values, strict=True):
            total, count = sums.get(time, (0.0, 0))
            sums[time] = (total + value, count + 1)
    times = sorted(sums)
    return Series(
        hosts[0].name, array("q", times), array("d", [sums[time][0] / sums[time][1] for time in times]), unit="%"
    )

"""Several training jobs, kept current together: their descriptions in one request, their metrics in another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tui.model.compare import Compared
from tui.model.jobs import TrainingJob, is_local
from tui.model.merge_series import by_source
from tui.model.series import MetricQuery, Series
from tui.sources.base import Source, SourceError
from tui.watch.clock import Clock, to_ms
from tui.watch.errors import Errors
from tui.watch.history import History
from tui.watch.job import METRICS_EVERY_S, POINTS

if TYPE_CHECKING:
    from tui.archive import Archive

_LATE = timedelta(minutes=5)
"""How long after a job's end CloudWatch may still get datapoints of it."""


@dataclass(frozen=True, slots=True)
class CompareView:
    """What the comparison shows.

    Attributes:
        jobs: In the order in which they were asked for.
        described: When the descriptions came, None before they did.
        measured: When the metrics came.
        errors: What failed last; what it would have told is as it was before.
    """

    jobs: tuple[Compared, ...]
    described: datetime | None = None
    measured: datetime | None = None
    errors: tuple[SourceError, ...] = ()


class CompareWatch:
    """Asks a source for a few training jobs. Not thread-safe: one Poller calls it.

    Args:
        source: Whom to ask.
        names: The jobs' names.
        now: The clock.
        archive: Opens the archive, where what was read out of the jobs' logs is kept, with steps and epochs.
    """

    def __init__(
        self,
        source: Source,
        names: Sequence[str],
        now: Clock,
        archive: Callable[[], Archive | None] = lambda: None,
    ) -> None:
        self._source = source
        self._now = now
        self._archive = archive
        self._histories: dict[str, History] = {}
        self._view = CompareView(tuple(Compared(name) for name in names))
        self._errors = Errors()

    @property
    def view(self) -> CompareView:
        """All that is known now."""
        return replace(self._view, errors=self._errors.now)

    @property
    def is_settled(self) -> bool:
        """Whether nothing is to be asked any more: all jobs have ended and their last metrics are in."""
        view = self.view
        if view.errors or view.measured is None:
            return False
        jobs = [one.job for one in view.jobs if one.job]
        return all(job.is_ended and (job.ended is None or view.measured >= job.ended + _LATE) for job in jobs)

    def describe(self) -> CompareView:
        """Ask for those jobs that have not ended."""
        wanted = [one.name for one in self._view.jobs if one.job is None or not one.job.is_ended]
        if wanted:
            with self._errors.of("jobs"):
                found = {job.name: job for job in self._source.describe_jobs(wanted)}
                jobs = tuple(replace(one, job=found.get(one.name, one.job)) for one in self._view.jobs)
                self._view = replace(self._view, jobs=jobs, described=self._now())
        return self.view

    def measure(self) -> CompareView:
        """Ask for all metrics of all jobs in one request."""
        now = self._now()
        jobs = [one.job for one in self._view.jobs if one.job and one.job.started]
        queries = [query for job in jobs for query in _queries(job, now, jobs)]
        if not queries:
            self._view = replace(self._view, measured=now if self._view.described else None)
            return self.view
        start = min(job.started for job in jobs if job.started) - timedelta(minutes=1)
        end = max(job.ended + timedelta(minutes=2) if job.ended else now for job in jobs)
        with self._errors.of("metrics"):
            answers = self._source.metrics(queries, to_ms(start), to_ms(end))
            found: dict[str, dict[str, Series]] = {}
            for query, series in zip(queries, answers, strict=True):
                found.setdefault(query.owner, {})[query.metric] = series
            measured = tuple(
                replace(one, metrics=self._metrics(one.job, found.get(one.name, {}))) if one.job else one
                for one in self._view.jobs
            )
            self._view = replace(self._view, jobs=measured, measured=now)
        return self.view

    def _metrics(self, job: TrainingJob, measured: dict[str, Series]) -> dict[str, Series]:
        """One series a metric: what was read out of the job's log where that goes as far, else what was measured."""
        history = self._histories.get(job.name)
        if history is None:
            history = self._histories[job.name] = History(self._archive)
            history.begin(job)
        of_source = [history.of("job", series) for series in measured.values()]
        shown: dict[str, Series] = {}
        for series in by_source(of_source, history.logged()):
            shown.setdefault(series.name, series)  # of several hosts the first: the lines of a chart are jobs here
        return shown


EVERY_S = METRICS_EVERY_S


def _queries(job: TrainingJob, now: datetime, jobs: Sequence[TrainingJob]) -> list[MetricQuery]:
    """The metrics of one job, with a period that suits the longest of all: they are drawn on the same axis."""
    lengths = [((one.ended or now) - one.started).total_seconds() for one in jobs if one.started]
    period = 0 if is_local(job.name) else max(int(max(lengths) / POINTS // 60 + 1) * 60, 60)
    return [MetricQuery("job", job.name, definition.name, period_s=period) for definition in job.metric_definitions]

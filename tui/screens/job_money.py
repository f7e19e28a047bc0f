"""A job's time and money on its screen: what the log says of progress, and what the prices say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tui.follow import LogBatch
from tui.model.eta import Progress
from tui.model.jobs import TrainingJob, is_local
from tui.model.outlook import Outlook, header_words, money_rows, outlook
from tui.screens.context import Context
from tui.watch.clock import to_ms
from tui.watch.job import JobView
from tui.watch.prices import PriceBook


class JobMoney:
    """Gathers in the workers what the screen shows of one job's time and money."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._progress = Progress()
        self._book: PriceBook | None = None
        self.seen: Outlook | None = None
        """What can be said now; None before the job was described."""

    def learn(self, job: TrainingJob) -> bool:
        """Ask for the prices of the job's instances, in the poller's thread; returns whether more is known now."""
        if self._book is None and not is_local(job.name):
            self._book = self._context.prices()
        return self._book is not None and self._book.look_up(group.type for group in job.instances)

    def read(self, batch: LogBatch) -> None:
        """Look for progress in lines of the log, in the log's thread."""
        self._progress.take(batch.events)

    def update(self, view: JobView) -> bool:
        """Look at the job and at its progress anew, in the poller's thread; returns whether anything has changed."""
        job = view.job
        if job is None or not job.detailed:
            return False
        now = self._context.now()
        prices = self._book.known(group.type for group in job.instances) if self._book else {}
        hyperparameters, series = job.hyperparameters, view.metrics
        ends = None if job.is_ended else self._progress.estimate(hyperparameters, to_ms(now), series)
        before, self.seen = self.seen, outlook(job, prices, ends, now, view.hosts)
        if is_local(job.name):
            self.seen = replace(self.seen, bill=None)  # this machine sends none
        return self.seen != before

    @property
    def words(self) -> list[str]:
        """What the header says of it."""
        return header_words(self.seen) if self.seen else []

    @property
    def rows(self) -> Sequence[tuple[str, str]]:
        """What the facts say of it."""
        error = self._book.error if self._book else None
        return money_rows(self.seen, (error.hint or error.what) if error else "") if self.seen else ()

"""The training jobs, newest first: what runs, how it goes, what went wrong."""

from __future__ import annotations

import time
from functools import partial

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.content import Content

from tui.messages import JobsArrived
from tui.model.filters import Facts, Filter
from tui.model.jobs import TrainingJob
from tui.model.records import Record, job_record
from tui.model.status import job_word
from tui.model.words import plural
from tui.screens import later
from tui.screens.context import Context
from tui.screens.job_rows import COLUMNS, cells, sort_values
from tui.screens.monitor import MonitorScreen
from tui.screens.no_source import NoSource
from tui.sources.base import NoCredentials
from tui.watch.jobs import JobSignals, JobsView, JobsWatch
from tui.widgets.columns import Row
from tui.widgets.filter_bar import FilterBar
from tui.widgets.resource_table import ResourceTable

PAGE_EVERY_S = 0.5
"""ListTrainingJobs allows about two requests a second."""


class JobsScreen(MonitorScreen):
    """A table of training jobs that keeps itself current."""

    BINDINGS = [Binding("slash", "filter", "filter", key_display="/", id="screen.filter")]

    def __init__(self, context: Context) -> None:
        super().__init__(context, "jobs")
        self.view = JobsView()
        self._watch = JobsWatch(context.source, context.now)
        self._filter = Filter()
        self._visible: tuple[str, ...] = ()
        self._refresh_at = 0.0
        self._told_at = 0.0

    def body(self) -> ComposeResult:
        """The filter, which is there when it is asked for, and the table."""
        yield FilterBar()
        yield ResourceTable(COLUMNS, empty="Asking for the training jobs …")
        yield NoSource()

    def on_mount(self) -> None:
        """The table has the keys."""
        self.focus_first(ResourceTable)

    def action_filter(self) -> None:
        """Open the filter."""
        self.query_one(FilterBar).open()

    def action_refresh(self) -> None:
        """Ask for the newest page now."""
        self._refresh_at = 0.0
        super().action_refresh()

    # -- in the poller's thread ---------------------------------------------------------------------------------------

    def work(self) -> float:
        """The newest page when its time has come, else what the rows on screen lack, else an older page."""
        now = time.monotonic()
        if now >= self._refresh_at:
            self.tell(JobsArrived(self._watch.refresh(self._visible)))
            self._refresh_at = time.monotonic() + self.context.settings.refresh_s
            self._told_at = now
        elif (view := self._watch.look(self._visible)) is not None:
            self.tell(JobsArrived(view))
        elif self._watch.has_more:
            view = self._watch.load_older()
            # Ten thousand rows take a moment to sort: a page a time would keep the screen busy with itself.
            if now - self._told_at > 1 or not self._watch.has_more:
                self.tell(JobsArrived(view))
                self._told_at = now
        left = max(self._refresh_at - time.monotonic(), 0.05)
        return min(left, PAGE_EVERY_S) if self._watch.has_more and not self._watch.view.errors else left

    # -- in the app ---------------------------------------------------------------------------------------------------

    @on(JobsArrived)
    def _arrived(self, message: JobsArrived) -> None:
        self.view = message.view
        self.show_problems(self.view.errors)
        self._show()

    @on(FilterBar.Changed)
    def _filtered(self, message: FilterBar.Changed) -> None:
        self._filter = message.filter
        self._show()

    @on(ResourceTable.VisibleChanged)
    def _looked_at(self, message: ResourceTable.VisibleChanged) -> None:
        self._visible = message.keys
        self._poller.wake()

    @on(ResourceTable.Opened)
    def _opened(self, message: ResourceTable.Opened) -> None:
        self.app.push_screen(later.job(self.context, message.key, self._job(message.key)))

    def record(self) -> Record | None:
        """The job under the cursor."""
        job = self._job(self.query_one(ResourceTable).selected or "")
        return job_record(job) if job else None

    def _job(self, name: str) -> TrainingJob | None:
        return next((job for job in self.view.jobs if job.name == name), None)

    def _show(self) -> None:
        now, view = self.context.now(), self.view
        jobs = view.jobs
        if self._filter.active:
            jobs = tuple(job for job in jobs if self._filter.matches(_facts(job, now.timestamp())))
        nothing = JobSignals()
        rows = [
            Row(
                job.name,
                partial(cells, job, view.signals.get(job.name, nothing), self.context),
                sort_values(job, view.signals.get(job.name, nothing), now),
            )
            for job in jobs
        ]
        self.query_one(ResourceTable).show(rows, empty=self._nothing())
        without = any(isinstance(error, NoCredentials) for error in view.errors) and not view.jobs
        self.query_one(NoSource).show(view.errors[0] if without else None)
        self.query_one(ResourceTable).display = not without
        self.show_top()

    def _nothing(self) -> str:
        if self._filter.active and self.view.jobs:
            return f"No training jobs match {self._filter.text}"
        if self.view.errors:
            return "No training jobs to show: see below"
        if self.view.refreshed is None:
            return "Asking for the training jobs …"
        where = self.identity.region if self.identity else "this region"
        return f"No training jobs in {where} yet"

    def state(self) -> Content:
        """How many there are, how many run, how old that is."""
        view, table = self.view, self.query_one(ResourceTable)
        table.tick()
        running = sum(not job.is_ended for job in view.jobs)
        words = [f"{running} running"] if view.refreshed else []
        if self._filter.active:
            words.append(f"{table.row_count:,} of {len(view.jobs):,}")
        elif view.cut:
            words.append(f"newest {len(view.jobs):,}")
        elif view.refreshed:
            words.append(plural(len(view.jobs), "job") + ("…" if view.loading else ""))
        if self._watch_age():
            words.append(self._watch_age())
        return Content("  ".join(words))

    def _watch_age(self) -> str:
        return self.age(self.view.refreshed)


def _facts(job: TrainingJob, now: float) -> Facts:
    return Facts(
        name=job.name,
        statuses=(job.status, job.secondary_status, job_word(job)),
        types=tuple(group.type for group in job.instances),
        age_s=now - job.created.timestamp(),
    )

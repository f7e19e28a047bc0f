"""The training jobs, newest first: what runs, how it goes, what went wrong."""

from __future__ import annotations

import time
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.content import Content

from tui.messages import IdentityArrived, JobsArrived, Watched
from tui.model.words import plural
from tui.screens.change_keys import STOP
from tui.screens.context import Context
from tui.screens.monitor import MonitorScreen
from tui.sources.base import NoCredentials
from tui.widgets.columns import Column
from tui.widgets.findings_line import FindingsLine
from tui.widgets.resource_table import ResourceTable

# The first frame is an empty list: whatever a job, a filter or a missing account needs is imported with the first.
if TYPE_CHECKING:
    from tui.model.filters import Filter
    from tui.model.jobs import TrainingJob
    from tui.model.records import Record
    from tui.watch.jobs import JobsView, JobsWatch
    from tui.widgets.filter_bar import FilterBar

COLUMNS = (
    Column("name", "NAME", 16, most=48, cut="middle"),
    Column("badge", "", 1),
    Column("status", "STATUS", 11, most=14),
    Column("age", "AGE", 6, align="right", priority=4),
    Column("duration", "RAN", 6, align="right", priority=6, descending=True),
    Column("instances", "INSTANCES", 13, most=24, priority=5),
    Column("use", "USE", 8, align="right", priority=2, descending=True),
    Column("metric", "METRIC", 17, most=20, align="right", priority=1, cut="start"),
    Column("curve", "", 5, most=24, priority=3, cut="start"),
)
"""What `job_rows` fills."""
_ASKING = "Asking for the training jobs …"
PAGE_EVERY_S = 0.5
"""ListTrainingJobs allows about two requests a second."""


class JobsScreen(MonitorScreen):
    """A table of training jobs that keeps itself current."""

    BINDINGS = [
        Binding("slash", "filter", "filter", key_display="/", id="screen.filter"),
        Binding("escape", "clear_filter", "clear the filter", id="screen.clear-filter", show=False),
        Binding("c", "compare", "compare", id="jobs.compare", tooltip="Compare the marked jobs"),
        STOP,
    ]

    def __init__(self, context: Context) -> None:
        super().__init__(context, "jobs")
        self.view: JobsView | None = None
        """What there is to show, None before the first answer."""
        self._filter: Filter | None = None
        self._visible: tuple[str, ...] = ()
        self._refresh_at = 0.0
        self._told_at = 0.0

    def body(self) -> ComposeResult:
        """The table; the filter above it, and what is said instead of it, come when they are needed."""
        yield ResourceTable(COLUMNS, empty=_ASKING)
        yield FindingsLine()

    def on_mount(self) -> None:
        """The table has the keys."""
        self.focus_first(ResourceTable)

    async def action_filter(self) -> None:
        """Open the filter."""
        (await self._filter_bar()).open()

    def action_clear_filter(self) -> None:
        """Show all again."""
        from tui.widgets.filter_bar import FilterBar

        for bar in self.query(FilterBar):
            bar.clear()

    async def only(self, text: str) -> None:
        """Show what this filter leaves."""
        (await self._filter_bar()).hold(text)

    async def _filter_bar(self) -> FilterBar:
        from tui.widgets.filter_bar import FilterBar

        if not self.query(FilterBar):
            await self.mount(FilterBar(), before=self.query_one(ResourceTable))
        return self.query_one(FilterBar)

    def action_compare(self) -> None:
        """The curves of the marked jobs over one another."""
        from tui.model.compare import FEWEST, MOST

        marked = self.query_one(ResourceTable).marked
        names = [job.name for job in self.view.jobs if job.name in marked] if self.view else []
        if FEWEST <= len(names) <= MOST:
            from tui.screens.compare import CompareScreen

            self.app.push_screen(CompareScreen(self.context, names))
        else:
            said = plural(len(names), "job") if names else "none"
            self.app.notify(f"Mark {FEWEST} to {MOST} jobs with space to compare them.\nMarked: {said}.", markup=False)

    def action_change_stop(self) -> None:
        """Show what stopping the job under the cursor would send."""
        if (name := self.query_one(ResourceTable).selected) is not None:
            from tui.screens.change import stop

            self.app.push_screen(stop(self.context, name), self.was_changed)

    def action_refresh(self) -> None:
        """Ask for the newest page now."""
        self._refresh_at = 0.0
        super().action_refresh()

    # -- in the poller's thread ---------------------------------------------------------------------------------------

    @cached_property
    def _watch(self) -> JobsWatch:
        from tui.watch.jobs import JobsWatch

        context = self.context
        return JobsWatch(context.source, context.now, context.settings.thresholds, context.zone)

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
        self._tell_watched()
        self._show()

    @on(ResourceTable.Marked)
    def _tell_watched(self) -> None:
        # At once when it is marked: it may have ended by the time that AWS is asked again.
        if self.view is not None and (marked := self.query_one(ResourceTable).marked):
            self.post_message(Watched([job for job in self.view.jobs if job.name in marked]))

    @on(IdentityArrived)
    def _identified(self) -> None:
        self.call_later(self._show)  # an empty list says which region has none

    def on_resize(self) -> None:
        """Curves are longer on wide screens: once the table knows how wide it is."""
        self.call_after_refresh(self._show)

    def on_filter_bar_changed(self, message: FilterBar.Changed) -> None:
        """Show what the filter leaves."""
        self._filter = message.filter
        self._show()

    @on(ResourceTable.VisibleChanged)
    def _looked_at(self, message: ResourceTable.VisibleChanged) -> None:
        self._visible = message.keys
        self._poller.wake()

    @on(ResourceTable.Selected)
    def _show_findings(self) -> None:
        """What is wrong with the job under the cursor."""
        name = self.query_one(ResourceTable).selected or ""
        found = self.view.findings.get(name, ()) if self.view is not None else ()
        self.query_one(FindingsLine).show(found, of=name)

    @on(ResourceTable.Opened)
    def _opened(self, message: ResourceTable.Opened) -> None:
        from tui.screens.job import JobScreen

        self.app.push_screen(JobScreen(self.context, message.key, known=self._job(message.key)))

    def record(self) -> Record | None:
        """The job under the cursor."""
        from tui.model.records import job_record

        job = self._job(self.query_one(ResourceTable).selected or "")
        return job_record(job) if job else None

    def _job(self, name: str) -> TrainingJob | None:
        return next((job for job in self.view.jobs if job.name == name), None) if self.view else None

    def _show(self) -> None:
        view = self.view
        if view is None:
            return

        from tui.screens.job_rows import rows

        table = self.query_one(ResourceTable)
        table.show(rows(view, self._filter, self.context, table.width_of("curve")), empty=self._nothing(view))
        self._show_no_source(view)
        self._show_findings()
        self.show_top()

    def _show_no_source(self, view: JobsView) -> None:
        from tui.screens.no_source import NoSource

        table = self.query_one(ResourceTable)
        without = any(isinstance(error, NoCredentials) for error in view.errors) and not view.jobs
        if without and not self.query(NoSource):
            self.mount(NoSource(), after=table)
        for said in self.query(NoSource):
            said.show(view.errors[0] if without else None)
        table.display = not without

    def _nothing(self, view: JobsView) -> str:
        if self._filter is not None and self._filter.active and view.jobs:
            return f"No training jobs match {self._filter.text}"
        if view.errors:
            return "No training jobs to show: see below"
        if view.refreshed is None:
            return _ASKING
        where = self.identity.region if self.identity else "this region"
        return f"No training jobs in {where} yet"

    def state(self) -> Content:
        """How many there are, how many run, how old that is."""
        view, table = self.view, self.query_one(ResourceTable)
        table.tick()
        if view is None:
            return Content("")
        running = sum(not job.is_ended for job in view.jobs)
        words = [f"{running} running"] if view.refreshed else []
        if self._filter is not None and self._filter.active:
            words.append(f"{table.row_count:,} of {len(view.jobs):,}")
        elif view.cut:
            words.append(f"newest {len(view.jobs):,}")
        elif view.refreshed:
            words.append(plural(len(view.jobs), "job") + ("…" if view.loading else ""))
        # What went wrong days ago keeps its badge, but is not what one is called for.
        recent = self.context.now() - timedelta(days=1)
        if warned := sum(bool(view.findings.get(job.name)) for job in view.jobs if (job.ended or recent) >= recent):
            words.insert(1, plural(warned, "warning"))
        if age := self.age(view.refreshed):
            words.append(age)
        return Content("  ".join(words))

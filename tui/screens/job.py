"""One training job: what it says, what it measures, what it uses, and all that is known of it."""

from __future__ import annotations

import gc
import threading
from functools import partial

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal
from textual.content import Content

from tui.follow import Follower, LogBatch
from tui.messages import HealthArrived, JobArrived, LogsArrived, NothingThere, Noticed, Watched
from tui.model.findings import Finding
from tui.model.jobs import TrainingJob, is_local
from tui.model.logs import MANY_LINES, LogAddress
from tui.model.records import Record, job_record
from tui.model.status import sign, tone
from tui.model.words import span
from tui.screens.change_keys import STOP
from tui.screens.charts import ChartsPane
from tui.screens.context import Context
from tui.screens.hosts_pane import HostsPane
from tui.screens.job_facts import sections
from tui.screens.job_header import JobHeader
from tui.screens.job_money import JobMoney
from tui.screens.log_pane import LogPane
from tui.screens.one_clock import ClockedScreen
from tui.screens.strip import MetricStrip
from tui.sources.base import NotFound
from tui.watch.health import Health, JobHealth
from tui.watch.job import DESCRIBE_EVERY_S, LOCAL_EVERY_S, JobView, JobWatch
from tui.watch.job_log import JobLog
from tui.watch.kept import kept_definitions
from tui.widgets.facts import Facts
from tui.widgets.findings_line import FindingsLine
from tui.widgets.log_view import LogView
from tui.widgets.pane import Pane


class JobScreen(ClockedScreen):
    """A training job, running or ended. It shows what is there, loads the rest behind it, and follows while it runs.

    Args:
        context: Where things come from.
        name: The job's name.
        known: What the list knows of it: shown until its description has come.
        ask_above: How many lines of its log are read without a question.
    """

    BINDINGS = [
        Binding("f", "findings", "findings", id="screen.findings"),
        Binding("m", "workshop", "metric definitions", id="screen.workshop"),
        STOP,
    ]
    PANES = ("log", "charts", "hosts", "facts")

    def __init__(
        self, context: Context, name: str, *, known: TrainingJob | None = None, ask_above: int = MANY_LINES
    ) -> None:
        super().__init__(context, f"jobs ▸ {name}")
        self.view = JobView(job=known)
        self._name = name
        kept = partial(kept_definitions, context.settings.folders.config)
        self._watch = JobWatch(context.source, name, context.now, archive=context.archive, log=JobLog(kept))
        self._follower: Follower | None = None
        self._ask_above = ask_above
        self._log_state = ""
        self._money = JobMoney(context)
        self.health = Health()
        self._health = JobHealth(context.now, context.settings.thresholds, context.zone)
        self._stop = threading.Event()
        if known is None or not known.is_ended:
            self.hide_at_first("facts")

    def body(self) -> ComposeResult:
        """The job in three lines, then log beside charts, and hosts beside facts."""
        yield JobHeader()
        yield MetricStrip()
        with Horizontal(id="upper"):
            yield LogPane(self.context)
            yield ChartsPane(self.context)
        with Horizontal(id="lower"):
            yield HostsPane(self.context)
            yield Pane("facts", Facts(), id="facts")
        yield FindingsLine()

    def on_mount(self) -> None:
        """Show what the list knew."""
        self._show()

    def on_unmount(self) -> None:
        """The log is not read any more."""
        self._stop.set()

    def on_key(self) -> None:
        """Somebody is looking: new lines are asked for at once."""
        if self._follower is not None:
            self._follower.poke()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What has ended cannot be stopped."""
        if action == "change_stop" and self.view.job is not None and self.view.job.is_ended:
            return False
        return super().check_action(action, parameters)

    def action_change_stop(self) -> None:
        """Show what stopping this job would send."""
        from tui.screens.change import stop

        self.app.push_screen(stop(self.context, self._name or ""), self.was_changed)

    # -- in the poller's thread ---------------------------------------------------------------------------------------

    def work(self) -> float | None:
        """The description, then the metrics; nothing any more once the job has ended and all is in."""
        view = self._watch.describe()
        self.tell(JobArrived(view))
        if view.job is not None and self._follower is None and not self._stop.is_set():
            self._follow(view.job)
        elif view.job is not None and self._follower is not None:
            self._follower.job_changed(view.job)
        if (measured := self._watch.measure()) is not None:
            self.tell(JobArrived(measured))
        if view.job is not None:
            self._money.learn(view.job)
            if self._money.update(self._watch.view):
                self.tell(JobArrived(self._watch.view))
        self._tell_health(self._health.look(self._watch.view))
        if self._watch.is_settled:
            return None
        return LOCAL_EVERY_S if is_local(self._name or "") else DESCRIBE_EVERY_S

    def _tell_health(self, health: Health | None) -> None:
        if health is not None:
            self.tell(HealthArrived(health))

    def _follow(self, job: TrainingJob) -> None:
        archive = self.context.archive()
        if archive is None and self.context.settings.archive:
            self.tell(Noticed("Logs are read but not kept: the archive under the cache folder cannot be opened."))
        address = LogAddress("job", job.name)
        self._follower = Follower(self.context.source, address, job=job, archive=archive, ask_above=self._ask_above)
        threading.Thread(
            target=self._follower.run,
            args=(self._read, self._stop),
            name=f"log of {job.name}",
            daemon=True,
        ).start()

    def _read(self, batch: LogBatch) -> None:
        self._money.read(batch)
        if (view := self._watch.read(batch)) is not None:
            self.tell(JobArrived(view))
            if batch.state == "ended":  # then the poller may have ended too
                self._tell_health(self._health.look(view))
        self.tell(LogsArrived(batch))
        self._tell_health(self._health.take(batch))

    # -- in the app ---------------------------------------------------------------------------------------------------

    @on(JobArrived)
    def _arrived(self, message: JobArrived) -> None:
        missing = any(isinstance(error, NotFound) for error in message.view.errors)
        if missing and message.view.job is None:
            self.post_message(NothingThere(NotFound(f"there is no training job {self._name}")))
            return
        if message.view.job is not None:
            if self.view.job is None and message.view.job.is_ended:
                self.show_too("facts")
            ended = self.view.job is None or self.view.job.is_ended != message.view.job.is_ended
            self.view = message.view
            if ended:
                self.refresh_bindings()  # nothing is left to stop
            self.post_message(Watched([message.view.job]))
        self.show_problems(message.view.errors)
        self._show()

    @on(LogsArrived)
    def _logged(self, message: LogsArrived) -> None:
        self.query_one(LogPane).take(message.batch)
        if message.batch.state != self._log_state:
            self._log_state = message.batch.state
            if gc.get_freeze_count():
                gc.freeze()  # what it took to get here stays too: looking through it would hold up a key

    @on(LogView.Answered)
    def _answered(self, message: LogView.Answered) -> None:
        if self._follower is not None:
            self._follower.answer(message.read_all)

    @on(HealthArrived)
    def _examined(self, message: HealthArrived) -> None:
        self.health = message.health
        keys = (active.binding for active in self.active_bindings.values() if active.binding.id == "screen.findings")
        key = next(map(self.app.get_key_display, keys), "")
        self.query_one(FindingsLine).show(self.health.findings, key=key)
        self._show()

    def action_findings(self) -> None:
        """What is wrong, rule by rule; the one that is chosen leads to its moment."""
        from tui.screens.findings import FindingsScreen

        rules = self.view.job.rules if self.view.job else ()
        self.app.push_screen(FindingsScreen(self.health, rules, self.context), self._go_to_finding)

    def _go_to_finding(self, finding: Finding | None) -> None:
        if finding is not None and finding.time_ms is not None:
            self.go_to_moment(finding.time_ms)

    def action_workshop(self) -> None:
        """Write metric definitions, and see at once what the log gives."""
        if self.view.job is not None:
            from tui.screens.workshop import WorkshopScreen

            rows = self.query_one(LogPane).view.buffer
            self.app.push_screen(WorkshopScreen(self.context, self.view.job, lambda: rows.rows, self._redefine))

    def _redefine(self) -> None:
        """In a thread: read the log once more, by what is kept now."""
        job, folder = self.view.job, self.context.settings.folders.config
        if job is not None:
            kept = {definition.name: definition for definition in kept_definitions(folder, job.name)}
            own = [definition for definition in job.metric_definitions if definition.name not in kept]
            self._watch.log.redefine([*own, *kept.values()], self.query_one(LogPane).view.buffer.rows.events())
            self.tell(JobArrived(self._watch.view))

    def record(self) -> Record | None:
        """The job on screen."""
        return job_record(self.view.job) if self.view.job else None

    def _show(self) -> None:
        job, view = self.view.job, self.view
        if job is None:
            return
        self.query_one(JobHeader).show(job, self.context.now(), self._money.words)
        reason = not self.query_one(JobHeader).has_whole(job.failure_reason)
        known = sections(job, self.context.clock, self._money.rows, self.health.findings, reason=reason)
        self.query_one(Facts).show(known)
        self.query_one(MetricStrip).show(job, view, ascii=self.context.settings.ascii)
        self.query_one(ChartsPane).show(job, view, self.health.findings)
        self.keep_keys()
        if view.measured is not None:
            self.query_one(HostsPane).show(job, view)
            self.needs_rows("hosts", len(view.hosts) + 2)
        self._title_hosts()
        self.show_top()

    def _title_hosts(self) -> None:
        title = self.query_one("#hosts", Pane).title
        ends = [series.times[-1] for host in self.view.hosts.values() for series in host.values() if len(series)]
        if ends:
            last = self.context.local(max(ends) / 1000)
            if is_local(self._name or ""):
                title.show("measured here", f"to {last:%H:%M:%S}")
            else:
                title.show("one-minute data", f"to {last:%H:%M}")
        elif self.view.measured:
            title.show("no utilization yet")

    def state(self) -> Content:
        """The status, how long, and how old that is."""
        job = self.view.job
        if job is None:
            return Content("asking …")
        now = self.context.now()
        if not job.is_ended:
            self.query_one(JobHeader).show(job, now, self._money.words)
        word = job.secondary_status if not job.is_ended and job.secondary_status else job.status
        colour = {"good": "$text-success", "bad": "$text-error", "warning": "$text-warning", "busy": "$text-primary"}
        length = span(job.duration(now)) if job.started else ""
        fresh = "" if job.is_ended else self.age(self.view.described)
        mark = sign(job.status, ascii=self.context.settings.ascii)
        return Content.assemble(
            (f"{mark} {word}", colour.get(tone(job.status), "$text-muted")),
            "".join(f"  {part}" for part in (length, fresh) if part),
        )

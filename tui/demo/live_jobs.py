"""Training jobs in moto: those that ended, with their past, and those that go on."""

from __future__ import annotations

import functools
import heapq
import itertools
import math
from collections.abc import Callable, Iterable

from moto.logs.models import LogEvent

from tui.demo import put
from tui.demo.gaps_logs import drop_oldest, in_order, new_event, set_history
from tui.demo.gaps_metrics import Points, key_of
from tui.demo.gaps_sagemaker import settle, update_running
from tui.demo.jobs import Plan, When, describe, log, measured, utilization

Row = tuple[float, dict[str, float]]
"""A time and what was measured then."""

NAMESPACE = "/aws/sagemaker/TrainingJobs"
KEPT_EVENTS = 60_000
STEPS_A_TICK = 8
"""Lines of one host in a tick at most, however fast time goes."""


def show_ended(plan: Plan, when: When) -> None:
    """Puts a job that is over, with its log and its metrics."""
    put.job(describe(plan, 0.0, when))
    _write_past(plan, 0.0, when)


def _write_past(plan: Plan, until: float, when: When) -> None:
    """Says what a job's log and metrics were until now; they are written when they are first asked for."""
    if until < plan.trains:
        return
    hosts = range(1, plan.recipe.hosts + 1)
    for host in hosts:
        stream = put.log_stream(put.TRAINING_LOGS, plan.stream(host), when(plan.trains))
        set_history(stream, functools.partial(_past_events, plan, host, until, when))
    minutes = range(1, int((min(until, plan.trains + plan.training) - plan.trains) // 60) + 1)

    @functools.cache
    def own() -> list[Row]:
        return [(when(plan.trains + minute * 60), measured(plan, minute)) for minute in minutes]

    @functools.cache
    def used(host: int) -> list[Row]:
        return [(when(plan.trains + minute * 60), utilization(plan, host, minute)) for minute in minutes]

    metrics = put.metrics().metrics
    for name, _ in plan.recipe.metrics:
        history = functools.partial(_column, own, name)
        metrics[key_of(NAMESPACE, name, {"TrainingJobName": plan.name})] = Points(history)
    for host in hosts:
        for name in utilization(plan, host, 1):
            history = functools.partial(_column, functools.partial(used, host), name)
            metrics[key_of(NAMESPACE, name, {"Host": f"{plan.name}/algo-{host}"})] = Points(history)


def _column(rows: Callable[[], list[Row]], name: str) -> list[tuple[float, float, float]]:
    return [(time, row[name], 1.0) for time, row in rows() if name in row]


def _past_events(plan: Plan, host: int, until: float, when: When) -> list[LogEvent]:
    return [
        new_event(int(when(at) * 1000), message, int(when(ingested) * 1000))
        for at, ingested, message in log(plan, host, plan.began, until)
        if ingested <= until
    ]


class LiveJob:
    """A job under way, or one that is about to begin."""

    def __init__(self, plan: Plan, when: When) -> None:
        self.plan = plan
        self.has_ended = False
        """Whether another may take its place."""
        self._when = when
        self._hosts = range(1, plan.recipe.hosts + 1)
        self._stopped_at: float | None = None
        # What was printed and is not yet in CloudWatch: ingested, number, host, time, message.
        self._on_the_way: list[tuple[float, int, int, float, str]] = []
        self._printed = itertools.count()
        now = max(plan.began, 0.0)
        self._job = put.job(describe(plan, now, when))
        _write_past(plan, now, when)
        for host in self._hosts:
            self._print(host, (event for event in log(plan, host, now - 70, now) if event[1] > now))

    def advance(self, after: float, until: float) -> None:
        """What happens in (after, until] of simulated time."""
        plan = self.plan
        settle(self._job)
        if self._job.training_job_status != "InProgress" and until < plan.ends:
            self._go_down(until)
        else:
            if any(after < begins <= until for _, begins in plan.phases()):
                update_running(self._job, describe(plan, until, self._when))
            for host in self._hosts:
                self._print(host, log(plan, host, after, until, STEPS_A_TICK))
            self._measure(after, until)
            self.has_ended = until >= plan.ends and not self._on_the_way
        self._ingest(until)

    def write_past(self) -> None:
        """Writes the log's history now rather than when it is first asked for."""
        for host in self._hosts:
            if (stream := put.find_stream(put.TRAINING_LOGS, self.plan.stream(host))) is not None:
                in_order(stream)

    def _go_down(self, until: float) -> None:
        """Someone stopped it: the script has a moment to say so."""
        if self._stopped_at is None:
            self._stopped_at = until
            if until >= self.plan.trains:
                said = "SIGTERM received, saving a checkpoint to /opt/ml/checkpoints and leaving"
                for host in self._hosts:
                    self._print(host, [(until, until, said)])
        self.has_ended = until > self._stopped_at + 60

    def _print(self, host: int, events: Iterable[tuple[float, float, str]]) -> None:
        for at, ingested, message in events:
            heapq.heappush(self._on_the_way, (ingested, next(self._printed), host, at, message))

    def _ingest(self, until: float) -> None:
        while self._on_the_way and self._on_the_way[0][0] <= until:
            ingested, _, host, at, message = heapq.heappop(self._on_the_way)
            stream = put.log_stream(put.TRAINING_LOGS, self.plan.stream(host), self._when(at))
            put.log_event(stream, self._when(at), self._when(ingested), message)
            drop_oldest(stream, KEPT_EVENTS)

    def _measure(self, after: float, until: float) -> None:
        plan, index = self.plan, put.metrics()
        last = min(until, plan.trains + plan.training)
        first = max(0, math.floor((after - plan.trains) / 60))
        for minute in range(first + 1, math.floor((last - plan.trains) / 60) + 1):
            at = self._when(plan.trains + minute * 60)
            for name, value in measured(plan, minute).items():
                index.points(NAMESPACE, name, {"TrainingJobName": plan.name}).add(at, value)
            for host in self._hosts:
                for name, value in utilization(plan, host, minute).items():
                    index.points(NAMESPACE, name, {"Host": f"{plan.name}/algo-{host}"}).add(at, value)

"""The health of one training job: what its log said, and the rules over all that is known of it."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import tzinfo
from typing import TYPE_CHECKING

from tui.model.findings import Finding
from tui.model.health.coverage import NOT_LOOKED, Coverage, coverage
from tui.model.health.evidence import Evidence
from tui.model.health.examine import examine
from tui.model.health.log import LogScan
from tui.model.health.resources import Usage, usage
from tui.model.health.thresholds import Thresholds, thresholds
from tui.watch.clock import Clock, to_ms
from tui.watch.job_log import Batch

if TYPE_CHECKING:
    from tui.watch.job import JobView


@dataclass(frozen=True, slots=True)
class Health:
    """What is wrong with a job, and how its hosts were used.

    Attributes:
        findings: The gravest first; empty where nothing is wrong, or nothing is known.
        usage: Debugger's OverallSystemUsage, a line for each metric of each host.
        coverage: What was looked at.
    """

    findings: tuple[Finding, ...] = ()
    usage: tuple[Usage, ...] = ()
    coverage: Coverage = NOT_LOOKED


class JobHealth:
    """Gathers what is known of a job, and examines it. Thread-safe: a follower and a poller both feed it.

    Args:
        now: The clock.
        changes: The settings' thresholds.
        zone: The zone of clock times in sentences, None for the machine's own.
    """

    def __init__(self, now: Clock, changes: Thresholds | None = None, zone: tzinfo | None = None) -> None:
        self._now = now
        self._limits = thresholds(changes)
        self._zone = zone
        self._lock = threading.Lock()
        self._scan = LogScan()
        self._view: JobView | None = None
        self._health = Health()

    def take(self, batch: Batch) -> Health | None:
        """Looks at a batch of the log; what is wrong now, if the batch changed that, else None."""
        with self._lock:
            news = self._scan.take(batch.events)
            complete = batch.state in {"following", "ended"}
            news = news or complete != self._scan.complete
            self._scan.complete = complete
            return self._examined() if news else None

    def look(self, view: JobView) -> Health | None:
        """Looks at a job's description and metrics; what is wrong now, None where that is what it was."""
        with self._lock:
            self._view = view
            return self._examined()

    def _examined(self) -> Health | None:
        view = self._view
        if view is None or view.job is None:
            return None
        on = Evidence(
            view.job, to_ms(self._now()), view.metrics, view.hosts, self._scan.facts, self._limits, self._zone
        )
        health = Health(examine(on), usage(on), coverage(on))
        if health == self._health:
            return None
        self._health = health
        return health

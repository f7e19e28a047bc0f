"""What the rules of a training job look at, and how they say a moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from tui.model.health.log import NO_LOG, LogFacts
from tui.model.health.thresholds import DEFAULTS, Thresholds
from tui.model.jobs import TrainingJob
from tui.model.series import Series


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that is known of a training job; what is empty is not judged.

    Attributes:
        job: The job, as it was described last.
        now_ms: The present, ms since the epoch.
        metrics: The job's own metrics, from whatever source; several of one name are told apart by their `source`.
        hosts: Utilization by host and metric name, in AWS's units (100 for each core or GPU).
        log: What its log said.
        limits: The thresholds.
        zone: The zone of clock times in sentences, None for the machine's own.
    """

    job: TrainingJob
    now_ms: int
    metrics: tuple[Series, ...] = ()
    hosts: Mapping[str, Mapping[str, Series]] = field(default_factory=dict)
    log: LogFacts = NO_LOG
    limits: Thresholds = field(default_factory=lambda: DEFAULTS)
    zone: tzinfo | None = None

    def clock(self, time_ms: float) -> str:
        """A moment as the clock on the wall shows it: `14:03`, with its day where that is another."""
        return clock(time_ms, self.now_ms, self.zone)

    def phase(self, name: str) -> tuple[int, int] | None:
        """When the last phase of that name began and ended (now, while it lasts), in ms; None where there was none."""
        for phase in reversed(self.job.phases):
            if phase.name == name:
                end = phase.ended or self.job.ended
                return ms(phase.started), ms(end) if end else self.now_ms
        return None

    @property
    def own(self) -> tuple[Series, ...]:
        """The job's own metrics over time: not the last values alone, no part of a log, and not the profiler's."""
        return tuple(series for series in self.metrics if series.source not in {"final", "reading", "profiler"})

    @property
    def logged(self) -> tuple[Series, ...]:
        """Those that were read out of the log, to the millisecond."""
        return tuple(series for series in self.metrics if series.source in {"log", "recognised", "local"})

    @property
    def training(self) -> tuple[int, int] | None:
        """When the script ran, in ms: the phase Training, or all since the start where no phases are known."""
        if (found := self.phase("Training")) is not None:
            return found
        if self.job.started is None or self.job.phases:
            return None
        return ms(self.job.started), ms(self.job.ended) if self.job.ended else self.now_ms

    @property
    def is_training(self) -> bool:
        """Whether the script runs now."""
        return not self.job.is_ended and self.job.secondary_status in {"Training", ""} and self.training is not None


def clock(time_ms: float, now_ms: float, zone: tzinfo | None) -> str:
    """A moment as the clock on the wall shows it: `14:03`, with its day where that is another than now's."""
    moment = datetime.fromtimestamp(time_ms / 1000, zone)
    today = datetime.fromtimestamp(now_ms / 1000, zone)
    return f"{moment:%H:%M}" if moment.date() == today.date() else f"{moment:%b %d %H:%M}"


def ms(moment: datetime) -> int:
    """ms since the epoch."""
    return int(moment.timestamp() * 1000)

"""Training jobs: what DescribeTrainingJob says of one, in sagetop's words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

ENDED = frozenset({"Completed", "Failed", "Stopped"})
LOCAL = "local/"
"""What the names of this machine's own jobs begin with; no name on AWS has a slash."""


def is_local(name: str) -> bool:
    """Whether a name is that of a job on this machine."""
    return name.startswith(LOCAL)


@dataclass(frozen=True, slots=True)
class MetricDefinition:
    """A metric that SageMaker reads out of the log: its parentheses capture the value."""

    name: str
    regex: str


@dataclass(frozen=True, slots=True)
class Phase:
    """One of `SecondaryStatusTransitions`: Starting, Downloading, Training, Uploading, …"""

    name: str
    started: datetime
    ended: datetime | None = None
    message: str = ""


@dataclass(frozen=True, slots=True)
class InstanceGroup:
    """`count` instances of one type; a heterogeneous cluster has several groups."""

    type: str
    count: int
    name: str = ""


@dataclass(frozen=True, slots=True)
class FinalMetric:
    """One of `FinalMetricDataList`: the last value that SageMaker kept of a metric."""

    name: str
    value: float
    time: datetime | None = None


@dataclass(frozen=True, slots=True)
class RuleStatus:
    """What a Debugger or Profiler rule of the job says of it."""

    name: str
    status: str
    details: str = ""


@dataclass(frozen=True, slots=True)
class TrainingJob:
    """A training job.

    ListTrainingJobs gives the first block only; `detailed` says whether the rest was asked for
    (DescribeTrainingJob or Search). Times are aware, in UTC; what AWS did not say is None or empty.
    """

    name: str
    status: str
    created: datetime
    arn: str = ""
    modified: datetime | None = None
    ended: datetime | None = None

    detailed: bool = False
    secondary_status: str = ""
    started: datetime | None = None
    failure_reason: str = ""
    instances: tuple[InstanceGroup, ...] = ()
    volume_gb: int | None = None
    image: str = ""
    role: str = ""
    spot: bool = False
    max_runtime_s: int | None = None
    training_s: int | None = None
    billable_s: int | None = None
    warm_pool: str = ""
    warm_pool_s: int | None = None
    """ResourceRetainedBillableTimeInSeconds: what the instances were kept for after the job."""
    model_artifact: str = ""
    output_path: str = ""
    profiler_path: str = ""
    """S3OutputPath of ProfilerConfig: where Debugger's profiler writes what it measures; empty where it is off."""
    phases: tuple[Phase, ...] = ()
    metric_definitions: tuple[MetricDefinition, ...] = ()
    final_metrics: tuple[FinalMetric, ...] = ()
    rules: tuple[RuleStatus, ...] = ()
    hyperparameters: Mapping[str, str] = field(default_factory=dict)
    channels: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_ended(self) -> bool:
        """Whether the job has reached a final status."""
        return self.status in ENDED

    @property
    def final_at(self) -> datetime | None:
        """By when it had its final status: what failed early has no end of its own. None while it runs."""
        return (self.ended or self.modified) if self.is_ended else None

    @property
    def instance_type(self) -> str | None:
        """The instance type, the types joined by ` + ` in a heterogeneous cluster, None while unknown."""
        return " + ".join(group.type for group in self.instances) or None

    @property
    def instance_count(self) -> int | None:
        """How many instances in all, None while unknown."""
        return sum(group.count for group in self.instances) if self.instances else None

    @property
    def hosts(self) -> tuple[str, ...]:
        """`algo-1` … `algo-N`, as far as the number of instances is known."""
        return tuple(f"algo-{number}" for number in range(1, (self.instance_count or 0) + 1))

    def duration(self, now: datetime) -> timedelta | None:
        """From the start of training to its end, or to `now` while it runs; None before it started."""
        if self.started is None:
            return None
        return max((self.ended or now) - self.started, timedelta(0))

    def age(self, now: datetime) -> timedelta:
        """How long ago the job was created."""
        return max(now - self.created, timedelta(0))


@dataclass(frozen=True, slots=True)
class JobQuery:
    """Which training jobs to list; the newest come first whatever is asked."""

    status: str = ""
    name_contains: str = ""


ALL_JOBS = JobQuery()

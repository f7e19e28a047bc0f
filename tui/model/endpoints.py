"""Endpoints, their production variants, and what scales them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Serverless:
    """The settings of a serverless variant, which has no instances."""

    memory_mb: int
    max_concurrency: int
    provisioned_concurrency: int | None = None


@dataclass(frozen=True, slots=True)
class ProductionVariant:
    """One production (or shadow) variant of an endpoint: DescribeEndpoint's summary and its config together."""

    name: str
    instance_type: str = ""
    current_instances: int | None = None
    desired_instances: int | None = None
    current_weight: float | None = None
    desired_weight: float | None = None
    status: str = ""
    status_message: str = ""
    model: str = ""
    shadow: bool = False
    serverless: Serverless | None = None
    status_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class InferenceComponent:
    """A model with its copies on the instances of a variant: several may share them, and each scales by itself."""

    name: str
    variant: str
    status: str
    created: datetime
    modified: datetime
    model: str = ""
    model_data: str = ""
    current_copies: int | None = None
    desired_copies: int | None = None
    failure_reason: str = ""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An endpoint.

    ListEndpoints gives name, ARN, status and times; `detailed` says whether DescribeEndpoint and
    DescribeEndpointConfig were asked too. Times are aware, in UTC.
    """

    name: str
    status: str
    created: datetime
    modified: datetime
    arn: str = ""

    detailed: bool = False
    config: str = ""
    failure_reason: str = ""
    deployment: str = ""
    """A deployment under way, in a line: where to, and each variant's stage."""
    deploying_since: datetime | None = None
    variants: tuple[ProductionVariant, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def in_trouble(self) -> bool:
        """Whether its status alone says that someone should look."""
        return self.status in {"Failed", "OutOfService", "RollingBack", "UpdateRollbackFailed"}

    @property
    def is_changing(self) -> bool:
        """Whether a deployment or an update is under way."""
        return self.status in {"Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting"}


@dataclass(frozen=True, slots=True)
class Suspended:
    """Which kinds of scaling are suspended (Application Auto Scaling's SuspendedState)."""

    scale_out: bool = False
    scale_in: bool = False
    scheduled: bool = False

    @property
    def any(self) -> bool:
        """Whether at least one kind is suspended."""
        return self.scale_out or self.scale_in or self.scheduled

    @property
    def all(self) -> bool:
        """Whether all three are suspended: what sagetop calls off."""
        return self.scale_out and self.scale_in and self.scheduled


@dataclass(frozen=True, slots=True)
class ScalingPolicy:
    """One scaling policy of a target. Target tracking has a metric and a target value; step scaling has neither."""

    name: str
    type: str
    metric: str = ""
    target_value: float | None = None
    scale_out_cooldown_s: int | None = None
    scale_in_cooldown_s: int | None = None


@dataclass(frozen=True, slots=True)
class ScalableTarget:
    """What Application Auto Scaling may change of a variant, within which limits, by which policies.

    `resource_id` is `endpoint/NAME/variant/VARIANT`; `dimension` tells instances
    (`sagemaker:variant:DesiredInstanceCount`) from provisioned concurrency. What was suspended on this machine has
    `suspended_since`, and with a timer `on_again`; AWS knows nothing of either.
    """

    resource_id: str
    dimension: str
    min_capacity: int
    max_capacity: int
    suspended: Suspended = Suspended()
    policies: tuple[ScalingPolicy, ...] = ()
    suspended_since: datetime | None = None
    on_again: datetime | None = None

    def overdue(self, now: datetime) -> bool:
        """Whether it should be on again by its timer, and is not."""
        return self.on_again is not None and now >= self.on_again

    @property
    def endpoint(self) -> str:
        """The endpoint's name, empty for an inference component."""
        parts = self.resource_id.split("/")
        return parts[1] if parts[0] == "endpoint" and len(parts) == 4 else ""

    @property
    def variant(self) -> str:
        """The variant's name, empty for an inference component."""
        parts = self.resource_id.split("/")
        return parts[3] if parts[0] == "endpoint" and len(parts) == 4 else ""


@dataclass(frozen=True, slots=True)
class ScalingActivity:
    """One entry of DescribeScalingActivities."""

    resource_id: str
    started: datetime
    status: str
    description: str = ""
    cause: str = ""
    ended: datetime | None = None
    reason: str = ""
    """AWS's word on how it went (StatusMessage)."""


@dataclass(frozen=True, slots=True)
class AlarmChange:
    """An alarm went into a state: `OK`, `ALARM` or `INSUFFICIENT_DATA`."""

    time: datetime
    state: str


@dataclass(frozen=True, slots=True)
class Alarm:
    """A CloudWatch alarm on a metric of an endpoint's variant.

    Attributes:
        name: Its name.
        variant: The variant it is about, empty where it is about the whole endpoint.
        metric: The metric it looks at; empty for one over an expression.
        state: Its state now.
        since: Since when it is in that state.
        condition: When it goes off: `Sum > 5 for 3 × 60 s`.
        reason: AWS's word on why it is in that state.
        changes: The states it went into of late, oldest first.
    """

    name: str
    variant: str
    metric: str
    state: str
    since: datetime | None = None
    condition: str = ""
    reason: str = ""
    changes: tuple[AlarmChange, ...] = ()


@dataclass(frozen=True, slots=True)
class EndpointQuery:
    """Which endpoints to list; the newest come first whatever is asked."""

    status: str = ""
    name_contains: str = ""


ALL_ENDPOINTS = EndpointQuery()

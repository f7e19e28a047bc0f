"""The protocol that every source of jobs, endpoints, logs and metrics speaks, and how one fails.

A screen cannot tell one source from another. Every method may block for as long as its requests take, so none is
called on the UI thread; every method raises a `SourceError` and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Flag, auto
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    # The first frame needs this module, and has nothing to show of these.
    from datetime import datetime

    from tui.model.changes import Call
    from tui.model.endpoints import (
        Alarm,
        Endpoint,
        EndpointQuery,
        InferenceComponent,
        ScalableTarget,
        ScalingActivity,
    )
    from tui.model.invocation import Invocation, Response
    from tui.model.jobs import JobQuery, TrainingJob
    from tui.model.logs import LogAddress, LogPage, LogStream
    from tui.model.models import Model
    from tui.model.series import MetricQuery, Series

T = TypeVar("T")


class SourceError(Exception):
    """A request that failed for good, after the retries that made sense.

    Attributes:
        what: One line on what failed, cleaned of anything a terminal could take for an order.
        hint: One line on what to do about it, or empty.
    """

    def __init__(self, what: str, hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint


class NotFound(SourceError):
    """There is no such job, endpoint, stream or group."""


class Denied(SourceError):
    """IAM said no. `permission` is the missing action, e.g. `sagemaker:Search`."""

    def __init__(self, what: str, hint: str = "", *, permission: str = "") -> None:
        super().__init__(what, hint)
        self.permission = permission


class Expired(SourceError):
    """The credentials were good once and are not any more."""


class NoCredentials(SourceError):
    """There are no credentials, no region, or a profile that does not exist: nothing was sent."""


class Unreachable(SourceError):
    """No answer: no network, a closed port, a time-out, a region without the service."""


class Unanswered(Unreachable):
    """It was sent, and no answer that can be read came back: nobody knows whether it was carried out."""


class Throttled(SourceError):
    """The service's rate is used up, and was still used up after the retries."""


class Refused(SourceError):
    """The service understood the request and will not do it (a validation error, an unsupported operation)."""


class Broken(SourceError):
    """The service answered with an error of its own, or with something that is no answer."""


class ModelFailed(SourceError):
    """The model was asked and answered an error.

    Attributes:
        status: The HTTP status that the model gave.
        body: What it said, as it came: outside text.
    """

    def __init__(self, what: str, hint: str = "", *, status: int, body: str) -> None:
        super().__init__(what, hint)
        self.status = status
        self.body = body


class Can(Flag):
    """What a source is able to do beyond listing and showing."""

    NOTHING = 0
    ENDPOINTS = auto()
    SCALING = auto()
    DETAILS = auto()
    """It is an EndpointSource."""
    INVOKE = auto()
    STOP_JOBS = auto()
    DEPLOY = auto()


@dataclass(frozen=True, slots=True)
class Identity:
    """Who is asking, and where: sts GetCallerIdentity and the region."""

    account: str
    region: str
    arn: str = ""

    @property
    def role(self) -> str:
        """The role or user, as people call it: `MLOps` of `arn:aws:sts::123:assumed-role/MLOps/session`."""
        parts = self.arn.split("/")
        if len(parts) > 1 and "assumed-role" in parts[0]:
            return parts[1]
        return parts[-1].rsplit(":", 1)[-1] if self.arn else ""


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a listing; an empty page is not the end, only `cursor is None` is.

    `error` is what keeps away the items of another source, where several are listed together.
    """

    items: tuple[T, ...]
    cursor: str | None = None
    error: SourceError | None = None


class Source(Protocol):
    """Where jobs, endpoints, logs and metrics come from."""

    @property
    def name(self) -> str:
        """`aws`, `local`: what a screen calls it."""

    @property
    def can(self) -> Can:
        """What it is able to do."""

    @property
    def calls(self) -> int:
        """Requests sent so far, for the status bar and the request budget."""

    @property
    def metrics_asked(self) -> int:
        """Metrics asked for so far that cost something (GetMetricData's), for the request budget."""

    def now_ms(self) -> int:
        """The time by the source's own clock, ms since the epoch: what its log events are compared with."""

    def identity(self) -> Identity:
        """Who is asking, and where."""

    def list_jobs(self, query: JobQuery = ..., cursor: str | None = None) -> Page[TrainingJob]:
        """One page of training jobs, newest first: summaries, or more where it costs nothing. Without a query: all."""

    def describe_jobs(self, names: Sequence[str]) -> tuple[TrainingJob, ...]:
        """The detailed jobs of these names, in as few requests as possible; names that do not exist are left out."""

    def describe_job(self, name: str) -> TrainingJob:
        """One detailed job, as it is now. Raises NotFound."""

    def list_endpoints(self, query: EndpointQuery = ..., cursor: str | None = None) -> Page[Endpoint]:
        """One page of endpoints, newest first. Without a query: all."""

    def describe_endpoint(self, name: str) -> Endpoint:
        """One detailed endpoint with its variants and their instance types. Raises NotFound."""

    def scaling(self, endpoints: Sequence[str]) -> tuple[ScalableTarget, ...]:
        """The scalable targets of these endpoints' variants, with their policies."""

    def metrics(self, queries: Sequence[MetricQuery], start_ms: int, end_ms: int) -> tuple[Series, ...]:
        """The series of these queries, in their order, empty where there is nothing; 500 queries in one request."""

    def profile(self, job: TrainingJob, cursor: str | None = None) -> Page[Series]:
        """One page of what SageMaker Debugger's profiler measured of a job's hosts; no items: nothing more for now."""

    def log_streams(self, log: LogAddress) -> tuple[LogStream, ...]:
        """The streams of a log; none before its first event, even where its group does not exist yet."""

    def read_stream(
        self,
        log: LogAddress,
        stream: str,
        start_ms: int,
        end_ms: int,
        token: str | None = None,
        *,
        from_head: bool = True,
    ) -> LogPage:
        """One page of one stream's events with start ≤ time < end; from its oldest page, or from its newest."""

    def read_recent(
        self, log: LogAddress, start_ms: int, end_ms: int, token: str | None = None, *, from_head: bool = True
    ) -> LogPage:
        """One page of all streams' events with start ≤ time < end, with their `event_id`."""

    def invoke(
        self, endpoint: str, invocation: Invocation, on_part: Callable[[bytes], object] | None = None
    ) -> Response:
        """Ask a model, once: nothing is sent again, as nobody knows what a request costs or does.

        Args:
            endpoint: The endpoint's name.
            invocation: What is asked. Over 6 MiB it is Refused before anything is sent.
            on_part: Called with each piece of a stream as it comes.

        Raises:
            ModelFailed: The model answered an error.
            SourceError: It was not reached, or is not there: as ever.
        """

    def send(self, call: Call) -> Mapping[str, Any]:
        """Send one request as it stands, and give the answer.

        Only `tui.mutations` calls it. What changes something is never sent again once it may have arrived: Unanswered
        says so, and a look at the state afterwards tells. Raises Refused where the source does not know the operation.
        """


class EndpointSource(Source, Protocol):
    """A source that knows more of endpoints than their description: `Can.DETAILS`. Each method may be Denied alone."""

    def describe_endpoints(self, names: Sequence[str]) -> tuple[Endpoint, ...]:
        """The detailed endpoints of these names, in few requests; what is not known this way is left out."""

    def models(self, names: Sequence[str]) -> Mapping[str, str]:
        """Where the data of these models lies, empty where nowhere."""

    def list_models(self, name_contains: str = ..., cursor: str | None = ...) -> Page[Model]:
        """One page of models, newest first: summaries."""

    def describe_model(self, name: str) -> Model:
        """One detailed model. Raises NotFound."""

    def components(self, endpoint: str) -> tuple[InferenceComponent, ...]:
        """The inference components on an endpoint."""

    def activities(self, resource_ids: Sequence[str], since: datetime) -> tuple[ScalingActivity, ...]:
        """What scaling did to these resources since then, oldest first."""

    def alarms(self, endpoint: str, since: datetime) -> tuple[Alarm, ...]:
        """The alarms on an endpoint's metrics, with their changes of state since then."""

"""AWS as a Source: what screens ask, answered by boto3."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from tui.model.changes import Call
from tui.model.endpoints import (
    ALL_ENDPOINTS,
    Alarm,
    Endpoint,
    EndpointQuery,
    InferenceComponent,
    ScalableTarget,
    ScalingActivity,
)
from tui.model.invocation import Invocation, Response
from tui.model.jobs import ALL_JOBS, JobQuery, TrainingJob
from tui.model.logs import LogAddress, LogPage, LogStream
from tui.model.models import Model
from tui.model.prices import Component
from tui.model.series import MetricQuery, Series
from tui.sources.aws import alarms, changes, endpoints, invoke, jobs, metrics, pricing, profiler, scaling
from tui.sources.aws.clients import Clients, ClientSettings
from tui.sources.aws.errors import translate
from tui.sources.aws.logs import Logs
from tui.sources.base import Can, Expired, Identity, NoCredentials, Page


class AwsSource:
    """SageMaker, CloudWatch and Application Auto Scaling behind the Source protocol.

    After a request that failed for its credentials the next one is made with a fresh session, so that an SSO login or
    refreshed files are picked up without a restart.

    Attributes:
        clients: The boto3 clients, for what is AWS's alone.
    """

    def __init__(self, settings: ClientSettings) -> None:
        self.clients = Clients(settings)
        self._logs = Logs(self.clients)

    @property
    def name(self) -> str:
        """`aws`."""
        return "aws"

    @property
    def can(self) -> Can:
        """Endpoints and their scaling, besides jobs, which can be stopped."""
        return Can.ENDPOINTS | Can.SCALING | Can.DETAILS | Can.STOP_JOBS | Can.INVOKE

    @property
    def calls(self) -> int:
        """HTTP requests sent so far, retries included."""
        return self.clients.calls

    @property
    def metrics_asked(self) -> int:
        """Metrics that GetMetricData was asked for so far: what sagetop costs."""
        return self.clients.metrics_asked

    def prices(self, instance_types: Sequence[str], component: Component) -> dict[str, float | None]:
        """The Pricing API's USD an hour by instance type, None where it has none."""
        with self._asking():
            return pricing.prices(self.clients, instance_types, component)

    def now_ms(self) -> int:
        """The time by AWS's clock, as its answers tell it."""
        return self.clients.now_ms()

    def identity(self) -> Identity:
        """sts GetCallerIdentity and the region; asked once for a set of credentials."""
        with self._asking():
            learnt = self.clients.learnt
            if learnt.identity is None:
                answer = self.clients.call("sts", "GetCallerIdentity")
                learnt.identity = Identity(answer.get("Account", ""), self.clients.region, answer.get("Arn", ""))
            return learnt.identity

    def list_jobs(self, query: JobQuery = ALL_JOBS, cursor: str | None = None) -> Page[TrainingJob]:
        """One page of ListTrainingJobs, a hundred at most, newest first: summaries."""
        with self._asking():
            return jobs.list_jobs(self.clients, query, cursor)

    def describe_jobs(self, names: Sequence[str]) -> tuple[TrainingJob, ...]:
        """The detailed jobs of these names, by one Search for every hundred, else by DescribeTrainingJob."""
        with self._asking():
            return jobs.describe_jobs(self.clients, names)

    def describe_job(self, name: str) -> TrainingJob:
        """DescribeTrainingJob. Raises NotFound."""
        with self._asking():
            return jobs.describe_job(self.clients, name)

    def list_endpoints(self, query: EndpointQuery = ALL_ENDPOINTS, cursor: str | None = None) -> Page[Endpoint]:
        """One page of ListEndpoints, a hundred at most, newest first."""
        with self._asking():
            return endpoints.list_endpoints(self.clients, query, cursor)

    def describe_endpoint(self, name: str) -> Endpoint:
        """DescribeEndpoint, and DescribeEndpointConfig the first time a config is met. Raises NotFound."""
        with self._asking():
            return endpoints.describe_endpoint(self.clients, name)

    def scaling(self, endpoints: Sequence[str]) -> tuple[ScalableTarget, ...]:
        """DescribeScalableTargets and DescribeScalingPolicies for these endpoints' variants.

        Endpoints that were not described yet are described first; those that do not exist have no targets.
        """
        with self._asking():
            return scaling.scaling(self.clients, endpoints)

    def describe_endpoints(self, names: Sequence[str]) -> tuple[Endpoint, ...]:
        """Search, one request for every hundred names; it learns late of what is new."""
        with self._asking():
            return endpoints.describe_endpoints(self.clients, names)

    def models(self, names: Sequence[str]) -> Mapping[str, str]:
        """DescribeModel, once a model: where its data lies."""
        with self._asking():
            return endpoints.models(self.clients, names)

    def list_models(self, name_contains: str = "", cursor: str | None = None) -> Page[Model]:
        """One page of ListModels."""
        with self._asking():
            return endpoints.list_models(self.clients, name_contains, cursor)

    def describe_model(self, name: str) -> Model:
        """DescribeModel. Raises NotFound."""
        with self._asking():
            return endpoints.describe_model(self.clients, name)

    def components(self, endpoint: str) -> tuple[InferenceComponent, ...]:
        """ListInferenceComponents, and DescribeInferenceComponent for each."""
        with self._asking():
            return endpoints.components(self.clients, endpoint)

    def activities(self, resource_ids: Sequence[str], since: datetime) -> tuple[ScalingActivity, ...]:
        """DescribeScalingActivities."""
        with self._asking():
            return scaling.activities(self.clients, resource_ids, since)

    def alarms(self, endpoint: str, since: datetime) -> tuple[Alarm, ...]:
        """DescribeAlarms and DescribeAlarmHistory."""
        with self._asking():
            return alarms.alarms(self.clients, endpoint, since)

    def metrics(self, queries: Sequence[MetricQuery], start_ms: int, end_ms: int) -> tuple[Series, ...]:
        """GetMetricData, one request for every 500 queries."""
        with self._asking():
            return metrics.metrics(self.clients, queries, start_ms, end_ms)

    def profile(self, job: TrainingJob, cursor: str | None = None) -> Page[Series]:
        """A hundred of the profiler's files: ListObjectsV2 and GetObject."""
        with self._asking():
            return profiler.profile(self.clients, job, cursor)

    def log_streams(self, log: LogAddress) -> tuple[LogStream, ...]:
        """DescribeLogStreams."""
        with self._asking():
            return self._logs.log_streams(log)

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
        """One page of GetLogEvents."""
        with self._asking():
            return self._logs.read_stream(log, stream, start_ms, end_ms, token, from_head=from_head)

    def read_recent(
        self, log: LogAddress, start_ms: int, end_ms: int, token: str | None = None, *, from_head: bool = True
    ) -> LogPage:
        """One page of FilterLogEvents."""
        with self._asking():
            return self._logs.read_recent(log, start_ms, end_ms, token, from_head=from_head)

    def invoke(
        self, endpoint: str, invocation: Invocation, on_part: Callable[[bytes], object] | None = None
    ) -> Response:
        """InvokeEndpoint, or InvokeEndpointWithResponseStream where the request asks for a stream."""
        with self._asking():
            return invoke.invoke(self.clients, endpoint, invocation, on_part)

    def send(self, call: Call) -> Mapping[str, Any]:
        """One request as it stands; what changes something is sent once, unless it was throttled."""
        with self._asking():
            return changes.send(self.clients, call)

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """Nothing but SourceErrors gets out, and a fresh session comes after a failure of credentials."""
        try:
            yield
        except (Expired, NoCredentials):
            self.clients.renew()
            raise
        except Exception as error:
            raise translate(error, profile=self.clients.settings.profile) from error

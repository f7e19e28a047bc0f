"""Jobs and endpoints on AWS and on this machine behind one Source: the prefix `local/` says which is meant."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, cast

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
from tui.model.jobs import ALL_JOBS, JobQuery, TrainingJob, is_local
from tui.model.logs import LogAddress, LogPage, LogStream
from tui.model.series import MetricQuery, Series
from tui.sources.base import Can, EndpointSource, Identity, Page, Source, SourceError


class Joined:
    """Two sources as one: listings merged newest first, every other question asked of the one that it is about.

    What AWS cannot answer takes nothing away from what this machine can: a listing then has the local jobs and carries
    the error.

    Attributes:
        aws: Where names without the prefix live.
        local: Where those with it do.
    """

    def __init__(self, aws: Source, local: Source) -> None:
        self.aws = aws
        self.local = local

    @property
    def name(self) -> str:
        """That of AWS: where nothing is said, it is meant."""
        return self.aws.name

    @property
    def can(self) -> Can:
        """What either can."""
        return self.aws.can | self.local.can

    @property
    def calls(self) -> int:
        """Requests sent so far; reading a folder is none."""
        return self.aws.calls

    @property
    def metrics_asked(self) -> int:
        """Metrics asked for that cost something: AWS's."""
        return self.aws.metrics_asked

    def now_ms(self) -> int:
        """AWS's time."""
        return self.aws.now_ms()

    def identity(self) -> Identity:
        """Who asks AWS."""
        return self.aws.identity()

    def list_jobs(self, query: JobQuery = ALL_JOBS, cursor: str | None = None) -> Page[TrainingJob]:
        """One page of AWS's jobs, and among them the local ones that are as new."""
        # The cursor is AWS's, with the name of the last local job that was given before it.
        given, _, of_aws = (cursor or "|").partition("|")
        mine = _after(self._local_jobs(query), given)
        if "/" in query.name_contains:
            return Page(mine)  # no name on AWS has a slash, and AWS refuses to look for one
        try:
            page = self.aws.list_jobs(query, of_aws or None)
        except SourceError as error:
            if not mine or cursor is not None:
                raise
            return Page(mine, None, error)
        if page.cursor is not None:
            # Those older than this page wait for the page on which they belong; an empty page says nothing of ages.
            oldest = min((job.created for job in page.items), default=None)
            mine = tuple(job for job in mine if oldest is not None and job.created >= oldest)
        jobs = tuple(sorted((*page.items, *mine), key=lambda job: job.created, reverse=True)) if mine else page.items
        last = mine[-1].name if mine else given
        return replace(page, items=jobs, cursor=None if page.cursor is None else f"{last}|{page.cursor}")

    def describe_jobs(self, names: Sequence[str]) -> tuple[TrainingJob, ...]:
        """The detailed jobs of these names, in their order."""
        here = [name for name in names if is_local(name)]
        if not here:
            return self.aws.describe_jobs(names)
        there = [name for name in names if not is_local(name)]
        found = {job.name: job for job in self.local.describe_jobs(here)}
        if there:
            found |= {job.name: job for job in self.aws.describe_jobs(there)}
        return tuple(found[name] for name in names if name in found)

    def describe_job(self, name: str) -> TrainingJob:
        """One detailed job. Raises NotFound."""
        return self._of(name).describe_job(name)

    def list_endpoints(self, query: EndpointQuery = ALL_ENDPOINTS, cursor: str | None = None) -> Page[Endpoint]:
        """AWS's endpoints, on the first page those of this machine among them."""
        mine = self.local.list_endpoints(query).items if cursor is None else ()
        try:
            page = self.aws.list_endpoints(query, cursor)
        except SourceError as error:
            if not mine:
                raise
            return Page(mine, None, error)
        if not mine:
            return page
        return replace(
            page, items=tuple(sorted((*mine, *page.items), key=lambda endpoint: endpoint.created, reverse=True))
        )

    def describe_endpoint(self, name: str) -> Endpoint:
        """One detailed endpoint. Raises NotFound."""
        return self._of(name).describe_endpoint(name)

    def scaling(self, endpoints: Sequence[str]) -> tuple[ScalableTarget, ...]:
        """The scalable targets of these endpoints."""
        there = [name for name in endpoints if not is_local(name)]
        return self.aws.scaling(there) if there else ()

    def metrics(self, queries: Sequence[MetricQuery], start_ms: int, end_ms: int) -> tuple[Series, ...]:
        """The series of these queries, in their order; AWS is asked once, for its own."""
        here = [query for query in queries if is_local(query.owner)]
        if not here:
            return self.aws.metrics(queries, start_ms, end_ms)
        there = [query for query in queries if not is_local(query.owner)]
        local = iter(self.local.metrics(here, start_ms, end_ms))
        aws = iter(self.aws.metrics(there, start_ms, end_ms) if there else ())
        return tuple(next(local if is_local(query.owner) else aws) for query in queries)

    def profile(self, job: TrainingJob, cursor: str | None = None) -> Page[Series]:
        """One page of what a profiler measured."""
        return self._of(job.name).profile(job, cursor)

    def log_streams(self, log: LogAddress) -> tuple[LogStream, ...]:
        """The streams of a log."""
        return self._of(log.name).log_streams(log)

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
        """One page of one stream."""
        return self._of(log.name).read_stream(log, stream, start_ms, end_ms, token, from_head=from_head)

    def read_recent(
        self, log: LogAddress, start_ms: int, end_ms: int, token: str | None = None, *, from_head: bool = True
    ) -> LogPage:
        """One page of all streams of a log."""
        return self._of(log.name).read_recent(log, start_ms, end_ms, token, from_head=from_head)

    def invoke(
        self, endpoint: str, invocation: Invocation, on_part: Callable[[bytes], object] | None = None
    ) -> Response:
        """Ask a model."""
        return self._of(endpoint).invoke(endpoint, invocation, on_part)

    def send(self, call: Call) -> Mapping[str, Any]:
        """Sends one request to AWS."""
        return self.aws.send(call)

    # What a source says that knows more of endpoints: this machine's have none of it, AWS is asked for its own.

    def describe_endpoints(self, names: Sequence[str]) -> tuple[Endpoint, ...]:
        """The detailed endpoints of these names."""
        there = [name for name in names if not is_local(name)]
        here = self.local.list_endpoints().items
        found = self._more.describe_endpoints(there) if there else ()
        return (*found, *(endpoint for endpoint in here if endpoint.name in names))

    def models(self, names: Sequence[str]) -> Mapping[str, str]:
        """Where the data of these models lies; a local endpoint's model is a path, which is where."""
        there = [name for name in names if "/" not in name]
        return {**{name: name for name in names if "/" in name}, **(self._more.models(there) if there else {})}

    def components(self, endpoint: str) -> tuple[InferenceComponent, ...]:
        """The inference components on an endpoint."""
        return () if is_local(endpoint) else self._more.components(endpoint)

    def alarms(self, endpoint: str, since: datetime) -> tuple[Alarm, ...]:
        """The alarms on an endpoint's metrics."""
        return () if is_local(endpoint) else self._more.alarms(endpoint, since)

    def activities(self, resource_ids: Sequence[str], since: datetime) -> tuple[ScalingActivity, ...]:
        """What scaling did."""
        there = [name for name in resource_ids if not is_local(name.partition("/")[2])]
        return self._more.activities(there, since) if there else ()

    @property
    def _more(self) -> EndpointSource:
        return cast("EndpointSource", self.aws)

    def __getattr__(self, name: str) -> object:
        """What AWS alone can be asked: prices, an endpoint's alarms, its requests."""
        return getattr(self.aws, name)

    def _of(self, name: str) -> Source:
        return self.local if is_local(name) else self.aws

    def _local_jobs(self, query: JobQuery) -> tuple[TrainingJob, ...]:
        found: list[TrainingJob] = []
        cursor: str | None = None
        while True:
            page = self.local.list_jobs(query, cursor)
            found += page.items
            cursor = page.cursor
            if cursor is None:
                return tuple(found)


def _after(jobs: tuple[TrainingJob, ...], name: str) -> tuple[TrainingJob, ...]:
    """The jobs behind the one of this name; all of them where it is none's."""
    places = [place for place, job in enumerate(jobs) if job.name == name]
    return jobs[places[0] + 1 :] if places else jobs

"""Local jobs and endpoints as a Source: what screens ask, answered from their folders."""

from __future__ import annotations

import getpass
import platform
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tui.model.changes import Call
from tui.model.endpoints import ALL_ENDPOINTS, Endpoint, EndpointQuery, ScalableTarget
from tui.model.invocation import Invocation, Response
from tui.model.jobs import ALL_JOBS, LOCAL, JobQuery, TrainingJob
from tui.model.logs import LogAddress, LogPage, LogStream
from tui.model.series import MetricQuery, Series
from tui.sources.base import Broken, Can, Identity, NotFound, Page, Refused
from tui.sources.local import reading
from tui.sources.local.folders import JobFolder
from tui.sources.local.lines import HostLog
from tui.sources.local.metrics import JobMetrics, host_series
from tui.sources.local.serving.asking import ask
from tui.sources.local.serving.endpoints import LocalEndpoints
from tui.sources.local.spec import NAME
from tui.sources.local.store import training_job

PAGE = 100


class LocalSource:
    """The jobs and the endpoints of this machine behind the Source protocol.

    Args:
        jobs: The folder of all jobs; it need not exist. That of all endpoints is `endpoints` beside it.
        prefix: What names begin with in answers. In questions it may be left out.
    """

    def __init__(self, jobs: Path, prefix: str = LOCAL) -> None:
        self._jobs = jobs
        self._prefix = prefix
        self._endpoints = LocalEndpoints(jobs.with_name("endpoints"), prefix)
        self._calls = 0
        self._lock = threading.Lock()
        self._logs: dict[str, reading.JobLog] = {}
        self._metrics: dict[str, JobMetrics] = {}
        self._ended: dict[Path, tuple[int, TrainingJob]] = {}

    @property
    def name(self) -> str:
        """`local`."""
        return "local"

    @property
    def can(self) -> Can:
        """Jobs and endpoints."""
        return Can.ENDPOINTS | Can.INVOKE

    @property
    def calls(self) -> int:
        """Questions answered so far; none of them was sent anywhere."""
        return self._calls

    @property
    def metrics_asked(self) -> int:
        """None: what is measured here costs nothing."""
        return 0

    def now_ms(self) -> int:
        """The machine's time."""
        return int(time.time() * 1000)

    def identity(self) -> Identity:
        """Who runs this, and on which machine."""
        try:
            user = getpass.getuser()
        except (OSError, KeyError):
            user = "somebody"
        return Identity(user, platform.node() or "localhost")

    def list_jobs(self, query: JobQuery = ALL_JOBS, cursor: str | None = None) -> Page[TrainingJob]:
        """A hundred jobs, newest first, all details included."""
        with self._asking():
            found = sorted(self._all(query), key=lambda job: (job.created, job.name), reverse=True)
            at = int(cursor or 0)
            more = at + PAGE < len(found)
            return Page(tuple(found[at : at + PAGE]), str(at + PAGE) if more else None)

    def describe_jobs(self, names: Sequence[str]) -> tuple[TrainingJob, ...]:
        """The jobs of these names, without those that do not exist."""
        if not names:
            return ()
        with self._asking():
            return tuple(job for name in names if (job := self._read(self._folder(name))) is not None)

    def describe_job(self, name: str) -> TrainingJob:
        """One job. Raises NotFound."""
        with self._asking():
            return self._job(name)

    def list_endpoints(self, query: EndpointQuery = ALL_ENDPOINTS, cursor: str | None = None) -> Page[Endpoint]:
        """All of them, newest first, all details included."""
        del cursor
        with self._asking():
            return Page(self._endpoints.all(query))

    def describe_endpoint(self, name: str) -> Endpoint:
        """One of them. Raises NotFound."""
        with self._asking():
            return self._endpoints.one(name)

    def scaling(self, endpoints: Sequence[str]) -> tuple[ScalableTarget, ...]:
        """None."""
        del endpoints
        return ()

    def metrics(self, queries: Sequence[MetricQuery], start_ms: int, end_ms: int) -> tuple[Series, ...]:
        """What was measured and what the log says; a period of 0 s gives every datapoint as it was measured."""
        if not queries:
            return ()
        with self._asking():
            return tuple(self._series(query, start_ms, end_ms) for query in queries)

    def profile(self, job: TrainingJob, cursor: str | None = None) -> Page[Series]:
        """Nothing: this machine's own sampler measures as often."""
        del job
        return Page((), cursor)

    def log_streams(self, log: LogAddress) -> tuple[LogStream, ...]:
        """A stream a host that has written something."""
        with self._asking():
            hosts = self._hosts(log)
            return tuple(LogStream(host.stream, host.host, host.first_ms, host.last_ms) for host in hosts)

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
        """One page of a host's log: 10,000 events or 1 MB."""
        with self._asking():
            host = next((host for host in self._hosts(log) if host.stream == stream), None)
            if host is None:
                raise NotFound(f"there is no log stream {stream} of {log.name}")
            return reading.read_stream(host, start_ms, end_ms, token, from_head=from_head)

    def read_recent(
        self, log: LogAddress, start_ms: int, end_ms: int, token: str | None = None, *, from_head: bool = True
    ) -> LogPage:
        """One page of all hosts' logs, in the order of their times."""
        with self._asking():
            return reading.read_recent(self._hosts(log), start_ms, end_ms, token, from_head=from_head)

    def invoke(
        self, endpoint: str, invocation: Invocation, on_part: Callable[[bytes], object] | None = None
    ) -> Response:
        """One POST to the server of this endpoint, which nothing else waits for meanwhile."""
        with self._asking():
            port = self._endpoints.port(endpoint)
        return ask(endpoint, port, invocation, on_part)

    def send(self, call: Call) -> Mapping[str, Any]:
        """Raises Refused: this machine's jobs are changed through their folders."""
        raise Refused(f"{call.operation} is not for jobs on this machine", "see: sagetop local --help")

    # The folders

    def _folder(self, name: str) -> JobFolder:
        return JobFolder(self._jobs / name.removeprefix(self._prefix))

    def _all(self, query: JobQuery) -> Iterator[TrainingJob]:
        try:
            paths = list(self._jobs.iterdir())
        except FileNotFoundError:
            return
        for path in paths:
            # The folder's name is the job's: what does not match needs no look inside.
            if not NAME.fullmatch(path.name) or query.name_contains not in self._prefix + path.name:
                continue
            try:
                job = self._read(JobFolder(path))
            except (KeyError, TypeError, ValueError):
                continue  # somebody has written into its files: the others are as they were
            if job is not None and query.status in ("", job.status):
                yield job

    def _read(self, folder: JobFolder) -> TrainingJob | None:
        """The job of a folder; one that has ended is read once, as long as nobody writes to it."""
        if not NAME.fullmatch(folder.name) or folder.path.parent != self._jobs:
            return None  # no name leads out of the folder
        try:
            written = folder.state.stat().st_mtime_ns
        except OSError:
            return None
        known = self._ended.get(folder.path)
        if known is not None and known[0] == written:
            return known[1]
        job = training_job(folder, self._prefix)
        if job is not None and job.is_ended:
            self._ended[folder.path] = (written, job)
        return job

    def _job(self, name: str) -> TrainingJob:
        job = self._read(self._folder(name))
        if job is None:
            called = name.removeprefix(self._prefix)
            raise NotFound(f"there is no local job {called}", "to list them: sagetop local list")
        return job

    def _hosts(self, log: LogAddress) -> list[HostLog]:
        if log.kind == "endpoint":
            return self._endpoints.logs(log.name)
        job = self._job(log.name)
        # A job removed and made again under its name is another.
        key = f"{job.name} {job.created.timestamp()}"
        if key not in self._logs:
            self._logs[key] = reading.JobLog(self._folder(job.name), job.name)
        return self._logs[key].hosts()

    def _series(self, query: MetricQuery, start_ms: int, end_ms: int) -> Series:
        if query.kind in ("variant", "instance"):
            return self._endpoints.series(query, start_ms, end_ms)
        job = self._read(self._folder(query.owner))
        if job is None or query.kind not in ("job", "host"):
            return Series(query.metric, source="local", part=query.part, stat=query.stat)
        folder = self._folder(query.owner)
        if query.kind == "host":
            return host_series(folder, query, start_ms, end_ms)
        key = f"{job.name} {job.created.timestamp()} {hash(job.metric_definitions)}"
        if key not in self._metrics:
            self._metrics[key] = JobMetrics(job.metric_definitions)
        metrics = self._metrics[key]
        metrics.read(self._hosts(LogAddress("job", job.name)))
        return metrics.series(query, start_ms, end_ms)

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """One question at a time, and nothing but SourceErrors gets out."""
        with self._lock:
            self._calls += 1
            try:
                yield
            except (OSError, KeyError, TypeError, ValueError) as error:
                raise Broken(
                    f"the local jobs cannot be read ({type(error).__name__}: {error})", f"look into {self._jobs}"
                ) from error

"""What every Source does alike: one body over all of them, so that a screen cannot tell one from another."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, Protocol

import pytest

from tests.local_jobs import LocalJobs
from tests.moto_server import JOB_LOGS, Moto, ago, ms
from tui.model.endpoints import EndpointQuery
from tui.model.jobs import JobQuery, TrainingJob
from tui.model.logs import LogAddress, LogEvent, LogPage
from tui.model.series import MetricQuery
from tui.sources.aws.source import AwsSource
from tui.sources.base import Can, NotFound, Page, Source
from tui.sources.joined import Joined
from tui.sources.local.source import LocalSource

START = ago(hours=1).replace(second=0, microsecond=0)
END = START + timedelta(hours=1)


class World(Protocol):
    """A source, and how to put things where it finds them."""

    source: Source

    def add_job(self, name: str, status: str = "InProgress", created: datetime = START) -> None: ...
    def add_log(self, job: str, host: str, events: list[tuple[int, str]]) -> None: ...
    def add_metric(self, query: MetricQuery, points: list[tuple[int, float]]) -> None: ...
    def add_endpoint(self, name: str, created: datetime = START, status: str = "InService") -> None: ...
    def add_scaling(self, endpoint: str, low: int, high: int) -> None: ...


class AwsWorld:
    def __init__(self, request: pytest.FixtureRequest) -> None:
        self.moto: Moto = request.getfixturevalue("moto")
        self.source: Source = AwsSource(self.moto.settings())

    def add_job(self, name: str, status: str = "InProgress", created: datetime = START) -> None:
        self.moto.add_job(name, created=created, TrainingJobStatus=status)

    def add_log(self, job: str, host: str, events: list[tuple[int, str]]) -> None:
        self.moto.add_log(f"{job}/{host}-1700000000", events, group=JOB_LOGS)

    def add_metric(self, query: MetricQuery, points: list[tuple[int, float]]) -> None:
        dimensions = {
            "job": {"TrainingJobName": query.owner},
            "host": {"Host": f"{query.owner}/{query.part}"},
        }.get(query.kind, {"EndpointName": query.owner, "VariantName": query.part})
        namespace = {
            "variant": "AWS/SageMaker",
            "instance": "/aws/sagemaker/Endpoints",
        }.get(query.kind, "/aws/sagemaker/TrainingJobs")
        self.moto.add_metric(namespace, query.metric, dimensions, points)

    def add_endpoint(self, name: str, created: datetime = START, status: str = "InService") -> None:
        self.moto.add_endpoint(name, created=created, EndpointStatus=status)

    def add_scaling(self, endpoint: str, low: int, high: int) -> None:
        self.moto.add_scaling(endpoint, low=low, high=high)


class LocalWorld(LocalJobs):
    """The folders of local jobs; without the prefix, as this body names its jobs plainly."""

    def __init__(self, request: pytest.FixtureRequest) -> None:
        super().__init__(request.getfixturevalue("tmp_path") / "jobs")
        self.source: Source = LocalSource(self.jobs, prefix="")

    def add_endpoint(self, name: str, created: datetime = START, status: str = "InService") -> None:
        super().add_endpoint(name, created, status)

    def add_scaling(self, endpoint: str, low: int, high: int) -> None:
        raise NotImplementedError


class JoinedWorld(AwsWorld):
    """AWS behind what joins it with this machine's jobs, of which there are none."""

    def __init__(self, request: pytest.FixtureRequest) -> None:
        super().__init__(request)
        self.source = Joined(self.source, LocalSource(request.getfixturevalue("tmp_path") / "jobs"))


WORLDS: list[Callable[[pytest.FixtureRequest], World]] = [AwsWorld, LocalWorld, JoinedWorld]


@pytest.fixture(params=WORLDS)
def world(request: pytest.FixtureRequest) -> World:
    made: World = request.param(request)
    return made


def needs(world: World, ability: Can) -> None:
    if ability not in world.source.can:
        pytest.skip(f"{world.source.name} has no {ability}")


def all_jobs(source: Source, query: JobQuery = JobQuery()) -> list[TrainingJob]:  # noqa: B008  # it is frozen
    return [job for page in pages(lambda cursor: source.list_jobs(query, cursor)) for job in page.items]


def pages(ask: Callable[[str | None], Page[Any]]) -> Iterator[Page[Any]]:
    cursor: str | None = None
    while True:
        page = ask(cursor)
        yield page
        cursor = page.cursor
        if cursor is None:
            return


def test_it_says_who_it_is_and_counts_its_requests(world: World) -> None:
    before = world.source.calls
    identity = world.source.identity()
    assert world.source.name
    assert identity.account
    assert identity.region
    assert world.source.calls >= before


# Jobs


def test_no_jobs_are_one_empty_page(world: World) -> None:
    assert world.source.list_jobs() == Page((), None)


def test_jobs_come_newest_first(world: World) -> None:
    for hours, name in ((2, "second"), (5, "oldest"), (1, "newest")):
        world.add_job(name, created=ago(hours=hours))
    assert [job.name for job in world.source.list_jobs().items] == ["newest", "second", "oldest"]


def test_pages_give_every_job_once_and_newest_first_throughout(world: World) -> None:
    for number in range(230):
        world.add_job(f"job-{number:03d}", created=START - timedelta(minutes=number))
    assert [job.name for job in all_jobs(world.source)] == [f"job-{number:03d}" for number in range(230)]


def test_a_status_is_found_on_whatever_page_it_is(world: World) -> None:
    for number in range(150):
        status = "Failed" if number in (3, 140) else "Completed"
        world.add_job(f"job-{number:03d}", status, START - timedelta(minutes=number))
    assert [job.name for job in all_jobs(world.source, JobQuery(status="Failed"))] == ["job-003", "job-140"]


def test_jobs_are_found_by_a_part_of_their_name(world: World) -> None:
    for name in ("bert-1", "resnet-1", "big-bert"):
        world.add_job(name)
    assert {job.name for job in all_jobs(world.source, JobQuery(name_contains="bert"))} == {"bert-1", "big-bert"}


def test_a_listed_job_has_its_name_status_and_creation_time(world: World) -> None:
    world.add_job("job", "Failed", START)
    (job,) = world.source.list_jobs().items
    assert (job.name, job.status, job.created, job.is_ended) == ("job", "Failed", START, True)


def test_a_described_job_is_detailed(world: World) -> None:
    world.add_job("job", "InProgress")
    job = world.source.describe_job("job")
    assert (job.name, job.status, job.detailed) == ("job", "InProgress", True)
    assert job.instance_count == len(job.hosts) >= 1


def test_a_job_that_does_not_exist_is_not_found(world: World) -> None:
    with pytest.raises(NotFound) as caught:
        world.source.describe_job("nobody")
    assert caught.value.what


def test_many_jobs_are_described_in_the_order_asked_without_those_that_do_not_exist(world: World) -> None:
    names = [f"job-{number}" for number in range(45)]
    for name in names:
        world.add_job(name)
    found = world.source.describe_jobs([*reversed(names), "nobody"])
    assert [job.name for job in found] == list(reversed(names))
    assert all(job.detailed for job in found)


def test_describing_no_jobs_asks_nothing(world: World) -> None:
    before = world.source.calls
    assert world.source.describe_jobs([]) == ()
    assert world.source.calls == before


# Endpoints


def test_endpoints_come_newest_first(world: World) -> None:
    needs(world, Can.ENDPOINTS)
    for hours, name in ((2, "second"), (5, "oldest"), (1, "newest")):
        world.add_endpoint(name, created=ago(hours=hours))
    assert [endpoint.name for endpoint in world.source.list_endpoints().items] == ["newest", "second", "oldest"]


def test_endpoints_are_found_by_status_and_name(world: World) -> None:
    needs(world, Can.ENDPOINTS)
    world.add_endpoint("ranker-prod")
    world.add_endpoint("ranker-stage", status="Failed")
    world.add_endpoint("tagger", status="Failed")
    found = world.source.list_endpoints(EndpointQuery(status="Failed", name_contains="ranker"))
    assert [(endpoint.name, endpoint.status) for endpoint in found.items] == [("ranker-stage", "Failed")]


def test_a_described_endpoint_has_its_variants_with_their_instances(world: World) -> None:
    needs(world, Can.ENDPOINTS)
    world.add_endpoint("ranker")
    endpoint = world.source.describe_endpoint("ranker")
    assert endpoint.detailed
    (variant,) = endpoint.variants
    assert (variant.current_instances, variant.desired_instances) == (1, 1)
    assert (variant.name, variant.instance_type) in {("main", "ml.m5.xlarge"), ("AllTraffic", "local")}


def test_an_endpoint_that_does_not_exist_is_not_found(world: World) -> None:
    needs(world, Can.ENDPOINTS)
    with pytest.raises(NotFound):
        world.source.describe_endpoint("nobody")


def test_scaling_is_that_of_the_endpoints_asked_for(world: World) -> None:
    needs(world, Can.SCALING)
    for name in ("ranker", "tagger", "plain"):
        world.add_endpoint(name)
    world.add_scaling("ranker", 2, 8)
    world.add_scaling("tagger", 1, 3)
    found = world.source.scaling(["tagger", "plain", "nobody"])
    assert [(target.endpoint, target.variant, target.min_capacity, target.max_capacity) for target in found] == [
        ("tagger", "main", 1, 3)
    ]
    assert world.source.scaling([]) == ()


# Metrics


def test_series_come_in_the_order_of_their_queries_oldest_datapoint_first(world: World) -> None:
    world.add_job("job")
    loss = MetricQuery("job", "job", "train:loss")
    gpu = MetricQuery("host", "job", "GPUUtilization", part="algo-1")
    minutes = [ms(START) + 60_000 * minute for minute in range(5)]
    world.add_metric(gpu, [(at, 700.0 + number) for number, at in reversed(list(enumerate(minutes)))])
    world.add_metric(loss, [(at, 1.0 / (number + 1)) for number, at in enumerate(minutes)])
    nothing = MetricQuery("job", "job", "no:such:metric")

    first, second, third = world.source.metrics([gpu, nothing, loss], ms(START), ms(END))

    assert (first.name, first.part, first.unit) == ("GPUUtilization", "algo-1", "%")
    assert (list(first.times), list(first.values)) == (minutes, [700.0, 701.0, 702.0, 703.0, 704.0])
    assert (second.name, len(second), second.last) == ("no:such:metric", 0, None)
    assert (third.name, list(third.times)) == ("train:loss", minutes)
    assert third.values[1] == 0.5


def test_no_queries_and_no_time_are_no_series_and_empty_ones(world: World) -> None:
    assert world.source.metrics([], ms(START), ms(END)) == ()
    (empty,) = world.source.metrics([MetricQuery("job", "job", "loss")], ms(END), ms(END))
    assert len(empty) == 0


# Logs


def test_a_log_before_its_first_event_has_no_streams_and_no_events(world: World) -> None:
    world.add_job("job")
    log = LogAddress("job", "job")
    assert world.source.log_streams(log) == ()
    assert world.source.read_recent(log, ms(START), ms(END)) == LogPage((), None)


def test_a_log_has_the_streams_of_its_own_hosts_only(world: World) -> None:
    for job in ("job-1", "job-11"):
        world.add_job(job)
        for host in ("algo-1", "algo-2"):
            world.add_log(job, host, [(ms(START), f"{job} {host}")])
    log = LogAddress("job", "job-1")
    streams = world.source.log_streams(log)
    assert {stream.host for stream in streams} == {"algo-1", "algo-2"}
    assert {event.message for event in everything(world.source.read_recent, log, ms(START), ms(END))} == {
        "job-1 algo-1",
        "job-1 algo-2",
    }


@pytest.mark.parametrize("from_head", [True, False])
def test_a_stream_is_read_whole_from_either_end(world: World, from_head: bool) -> None:
    lines = [(ms(START) + number, f"line {number}") for number in range(10_500)]
    world.add_job("job")
    world.add_log("job", "algo-1", lines)
    log = LogAddress("job", "job")
    (stream,) = world.source.log_streams(log)

    def read(log: LogAddress, start_ms: int, end_ms: int, token: str | None = None) -> LogPage:
        return world.source.read_stream(log, stream.name, start_ms, end_ms, token, from_head=from_head)

    found = everything(read, log, ms(START), ms(START) + 10_500)
    assert sorted((event.timestamp, event.message) for event in found) == lines
    first_of_all = min if from_head else max
    assert first_of_all(event.timestamp for event in found) in {event.timestamp for event in found[:10_000]}


def test_a_log_is_read_from_its_start_up_to_but_not_at_its_end(world: World) -> None:
    at = ms(START)
    world.add_job("job")
    world.add_log("job", "algo-1", [(at + offset, str(offset)) for offset in (-1, 0, 1, 9, 10)])
    log = LogAddress("job", "job")
    (stream,) = world.source.log_streams(log)
    recent = everything(world.source.read_recent, log, at, at + 10)
    page = world.source.read_stream(log, stream.name, at, at + 10)
    assert [event.message for event in recent] == [event.message for event in page.events] == ["0", "1", "9"]
    assert len({event.event_id for event in recent}) == 3


def everything(read: Callable[..., LogPage], log: LogAddress, start_ms: int, end_ms: int) -> list[LogEvent]:
    found: list[LogEvent] = []
    token: str | None = None
    while True:
        page = read(log, start_ms, end_ms, token)
        found += page.events
        token = page.token
        if token is None:
            return found

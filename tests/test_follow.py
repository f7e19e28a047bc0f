"""Following a log over HTTP: complete and in order, through every fault, with and without an archive."""

from __future__ import annotations

import random
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.faults import FaultProxy, Faults
from tests.moto_server import REGION, Moto, now
from tests.patience import PATIENCE_S
from tui.archive import Archive
from tui.follow import Follower, LogBatch, Tempo
from tui.model.jobs import TrainingJob
from tui.model.logs import LogAddress, LogEvent, LogPage, event_order
from tui.sources.aws.clients import ClientSettings
from tui.sources.aws.source import AwsSource
from tui.sources.base import Denied, Expired, Unreachable

LOG = LogAddress("job", "job")
FAST = Tempo(poll=0.03, slow_poll=0.05, sweep=0.2, grace=0.1, backoff=0.02, longest_backoff=0.1, no_use=0.1)
MINUTE = 60_000


def ms() -> int:
    return int(time.time() * 1000)


class Reader:
    """A follower in its thread, and everything that it has said."""

    def __init__(self, source: AwsSource, job: TrainingJob | None, log: LogAddress = LOG, **options: object) -> None:
        self.batches: list[LogBatch] = []
        self.failure: BaseException | None = None
        self._changed = threading.Condition()
        self.stop = threading.Event()
        options.setdefault("tempo", FAST)
        self.follower = Follower(source, log, job=job, **options)  # type: ignore[arg-type]
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        try:
            self.follower.run(self._take, self.stop)
        except BaseException as error:
            self.failure = error
        with self._changed:
            self._changed.notify_all()

    def _take(self, batch: LogBatch) -> None:
        with self._changed:
            self.batches.append(batch)
            self._changed.notify_all()

    def __enter__(self) -> Reader:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()

    def until(self, said: Callable[[], bool]) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: said() or self.failure is not None, PATIENCE_S), self.batches[-1:]
        if self.failure is not None:
            raise self.failure

    def until_state(self, state: str) -> None:
        self.until(lambda: bool(self.batches) and self.batches[-1].state == state)

    def until_over(self) -> Reader:
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()
        return self

    @property
    def last(self) -> LogBatch:
        return self.batches[-1]

    @property
    def events(self) -> list[LogEvent]:
        return sorted((event for batch in self.batches for event in batch.events), key=event_order)

    @property
    def lines(self) -> list[str]:
        return [event.message for event in self.events]


def job_of(*, age: timedelta = timedelta(hours=2), ended: timedelta | None = None) -> TrainingJob:
    """A job created so long ago, and ended so long ago."""
    job = TrainingJob("job", "InProgress", now() - age, arn="arn:aws:sagemaker:eu-west-1:1:training-job/job")
    return job if ended is None else replace(job, status="Completed", ended=now() - ended)


def fill(moto: Moto, hosts: int = 3, lines: int = 2000, last: timedelta = timedelta(minutes=30)) -> list[str]:
    """Lines of an hour before `last`, several a millisecond; the truth, in order."""
    end = ms() - int(last.total_seconds() * 1000)
    truth = []
    for host in range(1, hosts + 1):
        made = [(end - 3_600_000 + number // 3 * 5, f"{host}:{number}") for number in range(lines)]
        moto.add_log(f"job/algo-{host}-17", made)
        truth += [(at, host, number, line) for number, (at, line) in enumerate(made)]
    return [line for *_, line in sorted(truth)]


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path / "logs.sqlite")


@pytest.fixture
def proxy(moto: Moto) -> Iterator[FaultProxy]:
    with FaultProxy(moto.url, seed=1) as proxy:
        yield proxy


def through(proxy: FaultProxy, moto: Moto, timeout_s: float = PATIENCE_S) -> AwsSource:
    return AwsSource(moto.settings(endpoint_url=proxy.url, timeout_s=timeout_s))


def test_an_ended_job_is_read_whole_and_in_order(aws: AwsSource, moto: Moto) -> None:
    truth = fill(moto, hosts=12)
    with Reader(aws, job_of(ended=timedelta(minutes=29))) as reader:
        reader.until_over()
    assert reader.lines == truth
    assert reader.last.state == "ended"
    assert reader.last.progress is None
    assert reader.last.hosts == tuple(f"algo-{number}" for number in range(1, 13))


def test_a_sealed_log_opens_without_a_request(aws: AwsSource, moto: Moto, archive: Archive) -> None:
    truth = fill(moto)
    job = job_of(ended=timedelta(minutes=29))
    with Reader(aws, job, archive=archive) as reader:
        reader.until_over()
    moto.reset()
    calls = aws.calls
    with Reader(aws, job, archive=archive) as again:
        again.until_over()
    assert aws.calls == calls
    assert again.lines == truth == reader.lines
    assert archive.job("job") == job


def test_the_last_screenful_comes_first(aws: AwsSource, moto: Moto, archive: Archive) -> None:
    truth = fill(moto, hosts=1, lines=25_000)
    job = job_of(ended=timedelta(minutes=29))
    for _ in range(2):  # from AWS, then from the archive
        with Reader(aws, job, archive=archive) as reader:
            reader.until_over()
        first = next(batch for batch in reader.batches if batch.events)
        assert first.events[-1].message == truth[-1]
        assert 300 <= len(first.events) < 25_000
        assert reader.lines == truth
        progress = [batch.progress for batch in reader.batches if batch.progress is not None]
        assert progress == sorted(progress)


def test_new_lines_and_new_hosts_are_followed_to_the_end_of_the_job(
    aws: AwsSource, moto: Moto, archive: Archive
) -> None:
    job = job_of(age=timedelta(minutes=1))
    with Reader(aws, job, archive=archive) as reader:
        reader.until_state("waiting")
        moto.add_log("job/algo-1-1", [(ms(), "first")])
        reader.until(lambda: "first" in reader.lines)
        moto.add_log("job/algo-10-1", [(ms(), "tenth")])
        moto.add_log("job/algo-2-1", [(ms(), "second")])
        reader.until(lambda: {"second", "tenth"} <= set(reader.lines))
        assert reader.last.hosts == ("algo-1", "algo-2", "algo-10")
        reader.follower.job_changed(replace(job, status="Completed", ended=now()))
        moto.add_log("job/algo-1-1", [(ms(), "last")])
        reader.until_over()
    assert sorted(reader.lines) == ["first", "last", "second", "tenth"]
    kept = archive.job("job")
    assert kept is not None
    assert kept.status == "Completed"


def test_a_late_line_is_put_where_it_belongs_and_marked(aws: AwsSource, moto: Moto) -> None:
    at = ms()
    moto.add_log("job/algo-1-1", [(at - 60_000, "a"), (at, "c")])
    with Reader(aws, job_of()) as reader:
        reader.until_state("following")
        assert reader.last.checked_to_ms >= at - 11 * MINUTE
        moto.add_log("job/algo-1-1", [(at - 50_000, "b")])  # beyond a poll: a sweep finds it
        reader.until(lambda: "b" in reader.lines)
    assert reader.lines == ["a", "b", "c"]
    late = [batch.events[index].message for batch in reader.batches for index in batch.late]
    assert late == ["b"]


def test_identical_lines_of_one_millisecond_are_all_kept(aws: AwsSource, moto: Moto, archive: Archive) -> None:
    old, new = ms() - 40 * MINUTE, ms()
    moto.add_log("job/algo-1-1", [(old, "same")] * 12_000 + [(new, "same")] * 7)
    job = job_of()
    for _ in range(2):
        with Reader(aws, job, archive=archive) as reader:
            reader.until_state("following")
        assert len(reader.lines) == 12_007


def test_a_job_made_again_under_its_name_keeps_its_lines_apart(aws: AwsSource, moto: Moto, archive: Archive) -> None:
    moto.add_log("job/algo-1-1", [(ms() - 90 * MINUTE, "of the first")])
    first = job_of(ended=timedelta(minutes=80))
    moto.add_log("job/algo-1-2", [(ms() - 50 * MINUTE, "of the second")])
    second = replace(job_of(age=timedelta(hours=1), ended=timedelta(minutes=40)), arn=first.arn)
    with Reader(aws, second, archive=archive) as reader:
        reader.until_over()
    assert reader.lines == ["of the second"]


def test_attaching_again_asks_only_for_what_is_new(aws: AwsSource, moto: Moto, archive: Archive) -> None:
    truth = fill(moto, hosts=4, lines=12_000)
    job = job_of()
    with Reader(aws, job, archive=archive) as reader:
        reader.until_state("following")
    moto.add_log("job/algo-1-17", [(ms(), "new")])
    anew = AwsSource(moto.settings())  # what the first one still asks is not this one's
    with Reader(anew, job, archive=archive, follow=False) as again:
        again.until_over()
    assert anew.calls <= 3
    assert again.lines == [*truth, "new"]


def test_an_endpoint_shows_its_last_hour_and_is_not_kept(aws: AwsSource, moto: Moto, archive: Archive) -> None:
    group = "/aws/sagemaker/Endpoints/ranker"
    moto.add_log("v1/i-0a", [(ms() - 61 * MINUTE, "old"), (ms() - 59 * MINUTE, "recent"), (ms(), "now")], group=group)
    with Reader(aws, None, LogAddress("endpoint", "ranker"), archive=archive) as reader:
        reader.until_state("following")
        moto.add_log("v2/i-0b", [(ms(), "other")], group=group)
        reader.until(lambda: "other" in reader.lines)
    assert reader.lines == ["recent", "now", "other"]
    assert archive.logs() == []


FAULTS = {
    "throttled": Faults(throttle=0.3),
    "broken": Faults(error=0.3),
    "reset": Faults(reset=0.2),
    "cut": Faults(cut=0.2),
    "all at once": Faults(throttle=0.1, error=0.1, reset=0.05, cut=0.05, latency_s=0.01),
}


@pytest.mark.parametrize("name", FAULTS)
def test_faults_lose_nothing_and_double_nothing(name: str, moto: Moto, proxy: FaultProxy, archive: Archive) -> None:
    truth = fill(moto, hosts=3, lines=12_000)
    proxy.faults = replace(FAULTS[name])
    job = job_of()
    with Reader(through(proxy, moto), job, archive=archive) as reader:
        reader.until_state("following")
        for number in range(5):
            moto.add_log("job/algo-1-17", [(ms(), f"live {number}")])
        truth += [f"live {number}" for number in range(5)]
        reader.until(lambda: len(reader.lines) == len(truth))
    assert reader.lines == truth
    assert sum(proxy.met.values()) > proxy.met["none"]
    log = archive.keep_job(job)
    assert [event.message for events in archive.read(log) for event in events] == truth


def test_an_answer_that_never_comes_is_asked_for_again(moto: Moto, proxy: FaultProxy) -> None:
    truth = fill(moto, hosts=2, lines=100)
    proxy.faults = Faults(hang=0.2)
    with Reader(through(proxy, moto, timeout_s=2), job_of(ended=timedelta(minutes=20))) as reader:
        reader.until_over()
    assert reader.lines == truth


def test_expired_credentials_keep_the_screen_and_resume_without_a_gap(
    moto: Moto, proxy: FaultProxy, clean_machine: Path
) -> None:
    keys = clean_machine / ".aws" / "credentials"
    keys.parent.mkdir()
    keys.write_text("[default]\naws_access_key_id = OLD\naws_secret_access_key = x\naws_session_token = t\n")
    source = AwsSource(ClientSettings(region=REGION, endpoint_url=proxy.url))
    with Reader(source, job_of(age=timedelta(minutes=5))) as reader:
        moto.add_log("job/algo-1-1", [(ms(), "before")])
        reader.until(lambda: reader.lines == ["before"])
        proxy.faults.expired = {"OLD"}
        reader.until(lambda: isinstance(reader.last.error, Expired))
        moto.add_log("job/algo-1-1", [(ms(), "meanwhile")])
        keys.write_text("[default]\naws_access_key_id = NEW\naws_secret_access_key = x\naws_session_token = t\n")
        proxy.until(lambda: "NEW" in proxy.keys)
        moto.add_log("job/algo-1-1", [(ms(), "after")])
        reader.until(lambda: "after" in reader.lines and reader.last.error is None)
    assert reader.lines == ["before", "meanwhile", "after"]
    assert proxy.keys == {"OLD", "NEW"}


def test_keys_that_work_again_after_a_while_leave_no_gap(moto: Moto, proxy: FaultProxy) -> None:
    with Reader(through(proxy, moto), job_of(age=timedelta(minutes=5))) as reader:
        reader.until_state("waiting")
        proxy.faults.expired = {"AKIAFALSE"}
        reader.until(lambda: isinstance(reader.last.error, Expired))
        moto.add_log("job/algo-1-1", [(ms() - 120_000, "late, too"), (ms(), "meanwhile")])
        proxy.faults.expired = set()
        reader.until(lambda: len(reader.lines) == 2)
    assert reader.lines == ["late, too", "meanwhile"]


def test_a_denied_permission_names_itself_and_leaves_the_rest_working(moto: Moto, proxy: FaultProxy) -> None:
    moto.add_log("job/algo-1-1", [(ms() - 40 * MINUTE, "old"), (ms() - MINUTE, "new")])
    proxy.faults.denied = {"GetLogEvents"}
    with Reader(through(proxy, moto), job_of()) as reader:
        reader.until(lambda: reader.lines == ["new"] and isinstance(reader.last.error, Denied))
        error = reader.last.error
        assert isinstance(error, Denied)
        assert error.permission == "logs:GetLogEvents"
        proxy.faults.denied = set()
        reader.until_state("following")
        assert reader.last.error is None
    assert reader.lines == ["old", "new"]


@pytest.mark.parametrize("log", [LOG, LogAddress("endpoint", "ranker")], ids=["job", "endpoint"])
def test_without_filter_log_events_each_host_is_followed_by_itself(
    moto: Moto, proxy: FaultProxy, archive: Archive, log: LogAddress
) -> None:
    group = "/aws/sagemaker/TrainingJobs" if log is LOG else "/aws/sagemaker/Endpoints/ranker"

    def add(host: int, *lines: str) -> None:
        moto.add_log(f"job/algo-{host}-1", [(ms(), line) for line in lines], group=group)

    add(1, "here")
    proxy.faults.denied = {"FilterLogEvents"}
    job = job_of() if log is LOG else None
    tempo = replace(FAST, each_stream=0.01)
    with Reader(through(proxy, moto), job, log, archive=archive, tempo=tempo) as reader:
        reader.until_state("following")
        assert reader.last.error is None
        assert "logs:FilterLogEvents is denied" in reader.last.notice
        add(1, "same", "same")
        reader.until(lambda: reader.lines == ["here", "same", "same"])
        add(2, "another host's")
        reader.until(lambda: len(reader.lines) == 4)
        proxy.faults.denied = set()
        reader.until(lambda: not reader.last.notice)
        add(1, "all together again")
        reader.until(lambda: len(reader.lines) == 5)
    assert reader.lines == ["here", "same", "same", "another host's", "all together again"]
    if job is not None:
        with Reader(through(proxy, moto), job, archive=archive, follow=False) as again:
            again.until_over()
        assert again.lines == reader.lines


class LateRefusal(AwsSource):
    """Says that FilterLogEvents is denied only once a stream was read."""

    read: threading.Event

    def read_recent(self, *asked: Any, **how: Any) -> LogPage:
        self.read.wait(PATIENCE_S)
        return super().read_recent(*asked, **how)

    def read_stream(self, *asked: Any, **how: Any) -> LogPage:
        page = super().read_stream(*asked, **how)
        if page.token is None:
            self.read.set()
        return page


def test_what_is_denied_late_is_read_stream_by_stream_all_the_same(moto: Moto, proxy: FaultProxy) -> None:
    proxy.faults.denied = {"FilterLogEvents"}
    moto.add_log("job/algo-1-1", [(ms() - 50 * MINUTE, "old"), (ms() - 2 * MINUTE, "recent")])
    source = LateRefusal(moto.settings(endpoint_url=proxy.url))
    source.read = threading.Event()
    with Reader(source, job_of(ended=timedelta(minutes=1)), follow=False) as reader:
        reader.until_over()
    assert reader.lines == ["old", "recent"]


def test_without_patience_a_denied_permission_ends_the_reading(moto: Moto, proxy: FaultProxy) -> None:
    proxy.faults.denied = {"DescribeLogStreams"}
    with Reader(through(proxy, moto), job_of(), follow=False) as reader:
        reader.until_over()
    assert isinstance(reader.failure, Denied)


def test_an_aws_that_is_not_there_is_given_up_after_a_while(moto: Moto) -> None:
    nowhere = AwsSource(moto.settings(endpoint_url="http://127.0.0.1:9", timeout_s=0.5))
    with Reader(nowhere, job_of(), follow=False, patience_s=0.3) as reader:
        reader.until_over()
    assert isinstance(reader.failure, Unreachable)


def test_a_full_disk_switches_the_archive_off_and_says_so(aws: AwsSource, moto: Moto, archive: Archive) -> None:
    truth = fill(moto)
    archive.keep_job(job_of())
    archive._file.rows("PRAGMA max_page_count = 18")
    with Reader(aws, job_of(ended=timedelta(minutes=29)), archive=archive) as reader:
        reader.until_over()
    assert reader.lines == truth
    assert "full" in reader.last.notice


def test_a_log_larger_than_the_archive_may_be_is_given_whole_and_says_so(
    aws: AwsSource, moto: Moto, tmp_path: Path
) -> None:
    truth = fill(moto, lines=12_000)
    small = Archive(tmp_path / "logs.sqlite", limit_bytes=200_000)
    with Reader(aws, job_of(ended=timedelta(minutes=29)), archive=small) as reader:
        reader.until_over()
    assert reader.lines == truth
    assert "archive_size_mb" in reader.last.notice


def test_two_followers_on_one_archive(aws: AwsSource, moto: Moto, tmp_path: Path) -> None:
    truth = fill(moto)
    job = job_of()
    one, two = (Archive(tmp_path / "logs.sqlite") for _ in range(2))
    with Reader(aws, job, archive=one) as first, Reader(aws, job, archive=two) as second:
        for number in range(20):
            moto.add_log("job/algo-1-17", [(ms(), f"live {number}")])
            truth.append(f"live {number}")
        for reader in (first, second):
            reader.until(lambda reader=reader: len(reader.lines) >= len(truth))
            assert reader.lines == truth
    log = one.keep_job(job)
    assert [event.message for events in one.read(log) for event in events] == truth


def test_a_key_asks_at_once(aws: AwsSource, moto: Moto) -> None:
    slow = replace(FAST, poll=1000.0, slow_poll=1000.0, sweep=1000.0)
    with Reader(aws, job_of(), tempo=slow) as reader:
        moto.add_log("job/algo-1-1", [(ms(), "there")])
        reader.until(lambda: bool(reader.batches) and reader.last.state in ("following", "waiting"))
        moto.add_log("job/algo-1-1", [(ms(), "typed")])
        reader.follower.poke()
        reader.until(lambda: "typed" in reader.lines)


def test_history_is_left_to_the_archive_where_nobody_asks_for_it(aws: AwsSource, moto: Moto, archive: Archive) -> None:
    truth = fill(moto)
    job = job_of(ended=timedelta(minutes=29))
    with Reader(aws, job, archive=archive, history=False, follow=False) as reader:
        reader.until_over()
    assert reader.lines == []
    log = archive.keep_job(job)
    assert [event.message for events in archive.read(log) for event in events] == truth


def test_before_very_many_lines_it_asks_and_follows_meanwhile(aws: AwsSource, moto: Moto, archive: Archive) -> None:
    lines = fill(moto, hosts=1, lines=24_000)
    with Reader(aws, job_of(), archive=archive, ask_above=20_000) as reader:
        reader.until(lambda: bool(reader.batches) and reader.last.question > 20_000)
        moto.add_log("job/algo-1-17", [(ms(), "new")])
        reader.until(lambda: "new" in reader.lines)
        assert (reader.last.question > 20_000, reader.last.state) == (True, "reading")
        assert reader.lines == [*lines[-len(reader.lines) + 1 :], "new"]
        assert len(reader.lines) < len(lines)
        reader.follower.answer(True)
        reader.until_state("following")
        assert reader.lines == [*lines, "new"]
        assert reader.last.question == 0


def test_where_the_newest_are_enough_the_rest_is_read_another_time(
    aws: AwsSource, moto: Moto, archive: Archive
) -> None:
    lines = fill(moto, hosts=1, lines=24_000)
    with Reader(aws, job_of(ended=timedelta(minutes=20)), archive=archive, ask_above=20_000) as reader:
        reader.until(lambda: bool(reader.batches) and reader.last.question > 0)
        reader.follower.answer(False)
        reader.until_over()
    assert (reader.last.state, reader.last.question) == ("ended", 0)
    assert reader.lines == lines[-len(reader.lines) :]
    assert 0 < len(reader.lines) < len(lines)
    with Reader(aws, job_of(ended=timedelta(minutes=20)), archive=archive) as again:
        again.until_over()
    assert again.lines == lines


def test_what_is_no_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "logs.sqlite").write_bytes(random.Random(1).randbytes(4096))
    with pytest.raises(sqlite3.DatabaseError):
        Archive(tmp_path / "logs.sqlite")

"""The archive: what was seen is kept as it came, once, whoever dies or writes beside."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import sqlite3
import stat
import subprocess
import sys
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.archive import FOREVER, Archive, Span
from tui.archive.codec import pack, pack_job, unpack, unpack_job
from tui.archive.coverage import minus, union
from tui.model.jobs import FinalMetric, InstanceGroup, MetricDefinition, Phase, RuleStatus, TrainingJob
from tui.model.logs import LogEvent, event_order, host_of

NOON = datetime(2026, 11, 21, 12, tzinfo=timezone.utc)
JOB = TrainingJob("job", "InProgress", NOON, arn="arn:job")
STREAMS = ("job/algo-1-1", "job/algo-2-1", "job/algo-10-1")


def event(time: int, message: str = "line", stream: str = STREAMS[0], event_id: str = "") -> LogEvent:
    return LogEvent(time, time + 1, host_of(stream), stream, message, event_id)


def everything(archive: Archive, log: int, start: int = 0, end: int = FOREVER) -> list[LogEvent]:
    return [found for some in archive.read(log, start, end) for found in some]


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path / "cache" / "logs.sqlite", "https://aws")


def test_only_its_owner_may_read_it(archive: Archive, tmp_path: Path) -> None:
    archive.keep_job(JOB)
    for path in (tmp_path / "cache").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "cache").stat().st_mode) == 0o700


def test_a_job_comes_back_as_it_was() -> None:
    job = replace(
        JOB,
        detailed=True,
        started=NOON,
        ended=NOON,
        modified=NOON,
        failure_reason="\ud800 \x1b[31m",
        instances=(InstanceGroup("ml.p4d.24xlarge", 2, "workers"),),
        phases=(Phase("Starting", NOON, NOON, "so"), Phase("Training", NOON)),
        metric_definitions=(MetricDefinition("loss", "loss=(.*)"),),
        final_metrics=(FinalMetric("loss", float("inf"), NOON), FinalMetric("acc", 0.5)),
        rules=(RuleStatus("Overfit", "IssuesFound", "yes"),),
        hyperparameters={"lr": "1e-3"},
        channels={"train": "s3://bucket"},
    )
    assert unpack_job(pack_job(job)) == job


def test_a_summary_does_not_overwrite_details(archive: Archive) -> None:
    archive.keep_job(replace(JOB, detailed=True, image="image"))
    archive.keep_job(JOB)
    found = archive.job("job")
    assert found is not None
    assert found.image == "image"


def test_jobs_of_one_name_are_kept_apart_by_arn_creation_and_place(archive: Archive, tmp_path: Path) -> None:
    elsewhere = Archive(tmp_path / "cache" / "logs.sqlite", "http://localhost:5000")
    numbers = {
        archive.keep_job(JOB),
        archive.keep_job(replace(JOB, created=NOON.replace(hour=13), status="Failed")),
        archive.keep_job(replace(JOB, arn="arn:other-account")),
        elsewhere.keep_job(JOB),
    }
    assert len(numbers) == 4
    newest = archive.job("job")
    assert newest is not None
    assert newest.status == "Failed"


@settings(deadline=None)
@given(messages=st.lists(st.text(st.characters(exclude_categories=()), max_size=20), max_size=8))
def test_any_message_comes_back_as_it_was(messages: list[str]) -> None:
    events = [event(number, message) for number, message in enumerate(messages)]
    assert unpack(pack(events), "algo-1", STREAMS[0]) == events


@given(
    whole=st.tuples(st.integers(0, 30), st.integers(0, 30)),
    covered=st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30))),
)
def test_ranges_are_sets_of_times(whole: tuple[int, int], covered: list[tuple[int, int]]) -> None:
    def times(ranges: list[tuple[int, int]]) -> set[int]:
        return {time for lo, hi in ranges for time in range(lo, hi)}

    assert times(union(covered)) == times(covered)
    assert times(minus(whole, covered)) == times([whole]) - times(covered)
    joined = union(covered)
    assert all(joined[index][1] < joined[index + 1][0] for index in range(len(joined) - 1))


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_reading_back_is_in_order_whatever_came_when(tmp_path_factory, data) -> None:
    archive = Archive(tmp_path_factory.mktemp("a") / "logs.sqlite")
    log = archive.keep_job(JOB)
    archive.plan(log, [], [Span(0, 100, "streams"), Span(100, FOREVER, "recent", 100)])
    truth: list[LogEvent] = []
    for stream in STREAMS:
        times = sorted(data.draw(st.lists(st.integers(0, 99), max_size=20)))
        made = [event(time, str(number), stream) for number, time in enumerate(times)]
        cut = data.draw(st.integers(0, 100))
        archive.add_piece(log, stream, (cut, 100), [e for e in made if e.timestamp >= cut])
        archive.add_piece(log, stream, (0, cut), [e for e in made if e.timestamp < cut])
        truth += made
    times = data.draw(st.lists(st.integers(100, 140), max_size=20))
    late = [event(time, str(n), STREAMS[n % 3], f"id-{n}") for n, time in enumerate(times)]
    archive.add_recent(log, late)
    truth += [made._replace(event_id="") for made in late]
    truth.sort(key=event_order)
    assert everything(archive, log) == truth
    start, end = data.draw(st.integers(0, 150)), data.draw(st.integers(0, 150))
    assert everything(archive, log, start, end) == [e for e in truth if start <= e.timestamp < end]
    count = data.draw(st.integers(1, 50))
    with archive.snapshot(log) as snapshot:
        tail = snapshot.tail_start(count)
    assert len([e for e in truth if e.timestamp >= tail]) >= min(count, len(truth))
    assert not archive.seal(log, STREAMS)
    archive.checked(log, (100, FOREVER))
    assert not archive.seal(log, (*STREAMS, "job/algo-3-1"))
    assert archive.seal(log, STREAMS)
    assert everything(archive, log) == truth
    archive.close()


def test_what_is_covered_is_not_kept_twice(archive: Archive) -> None:
    log = archive.keep_job(JOB)
    archive.plan(log, [], [Span(0, FOREVER, "streams")])
    events = [event(time, str(time)) for time in range(10)]
    archive.add_piece(log, STREAMS[0], (4, 8), events[4:8])
    archive.add_piece(log, STREAMS[0], (0, 10), events)
    archive.add_piece(log, STREAMS[0], (0, 10), events)
    assert everything(archive, log) == events
    with archive.snapshot(log) as snapshot:
        assert snapshot.kept().covered == {STREAMS[0]: ((0, 10),)}


def test_recent_events_are_kept_once_and_only_in_their_span(archive: Archive) -> None:
    log = archive.keep_job(JOB)
    archive.plan(log, [], [Span(0, 5, "streams"), Span(5, FOREVER, "recent", 5)])
    archive.add_recent(log, [event(4, event_id="a"), event(6, event_id="b")])
    archive.add_recent(log, [event(6, event_id="b"), event(6, event_id="c")])
    assert [found.timestamp for found in everything(archive, log)] == [6, 6]


def test_spans_change_only_as_they_were_seen(archive: Archive) -> None:
    log = archive.keep_job(JOB)
    first, second = [Span(0, FOREVER, "recent", 0)], [Span(0, FOREVER, "streams")]
    assert archive.plan(log, [], first)
    assert not archive.plan(log, [], second)
    archive.checked(log, (0, 9))
    archive.checked(log, (0, 7))
    archive.checked(log, (10, 12))  # what lies between was not looked at
    with archive.snapshot(log) as snapshot:
        assert snapshot.kept().spans == (Span(0, FOREVER, "recent", 9),)


def test_a_huge_line_and_many_events_come_back(archive: Archive) -> None:
    log = archive.keep_job(JOB)
    events = [event(number // 7, "x" * (262_144 if number == 500 else 10)) for number in range(5000)]
    archive.add_piece(log, STREAMS[0], (0, FOREVER), events)
    assert everything(archive, log) == events
    assert archive.count(log) == 5000


def test_the_log_longest_not_looked_at_goes_first(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "logs.sqlite", limit_bytes=4_000_000)
    noise = random.Random(1)
    for number in range(8):
        log = archive.keep_job(replace(JOB, name=f"job-{number}", arn=f"arn:{number}"))
        for piece in range(10):
            line = noise.randbytes(50_000).hex()
            archive.add_piece(log, STREAMS[0], (piece, piece + 1), [event(piece, line)])
    names = [summary.job.name for summary in archive.logs()]
    assert names[0] == "job-7"
    assert 2 <= len(names) < 8
    assert names == [f"job-{number}" for number in range(7, 7 - len(names), -1)]
    assert archive.size() <= 4_000_000 + 1_200_000
    assert archive.prune(0) == len(names)
    assert archive.logs() == []
    archive.close()
    assert (tmp_path / "logs.sqlite").stat().st_size < 1_000_000


def test_the_log_that_is_read_may_outgrow_the_limit_and_loses_nothing(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "logs.sqlite", limit_bytes=1_000_000)
    noise = random.Random(1)
    other = archive.keep_job(replace(JOB, name="other", arn="arn:other"))
    archive.add_piece(other, STREAMS[0], (0, 1), [event(0, noise.randbytes(100_000).hex())])
    assert not archive.is_overgrown
    log = archive.keep_job(JOB)
    truth = [event(piece, noise.randbytes(50_000).hex()) for piece in range(30)]
    for piece in truth:
        archive.add_piece(log, STREAMS[0], (piece.timestamp, piece.timestamp + 1), [piece])
    assert everything(archive, log) == truth
    assert [summary.job.name for summary in archive.logs()] == ["job"]
    assert archive.is_overgrown
    # Once another is read, it is the one longest not looked at.
    other = archive.keep_job(replace(JOB, name="other", arn="arn:other"))
    for piece in range(30):
        archive.add_piece(other, STREAMS[0], (piece, piece + 1), [event(piece, noise.randbytes(10_000).hex())])
    assert log not in [summary.log for summary in archive.logs()]


def test_a_full_disk_is_an_error_and_loses_nothing_kept(archive: Archive) -> None:
    log = archive.keep_job(JOB)
    archive.add_piece(log, STREAMS[0], (0, 1), [event(0)])
    archive._file.rows("PRAGMA max_page_count = 18")
    with pytest.raises(sqlite3.OperationalError, match="full"):
        archive.add_piece(log, STREAMS[0], (1, 2), [event(1, "x" * 1_000_000)])
    assert everything(archive, log) == [event(0)]
    with archive.snapshot(log) as snapshot:
        assert snapshot.kept().covered == {STREAMS[0]: ((0, 1),)}


WRITER = """
import sys
from pathlib import Path
sys.path.insert(0, {root!r})
from tests.test_archive import JOB, STREAMS, event
from tui.archive import Archive
archive = Archive(Path({path!r}))
log = archive.keep_job(JOB)
for time in range(int({begin}), 100_000):
    archive.add_piece(log, STREAMS[0], (time, time + 1), [event(time, "a"), event(time, "b")])
    if time == {begin} + 20:
        print("writing", flush=True)
"""


def test_killed_at_any_moment_what_is_covered_is_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "logs.sqlite"
    root = str(Path(__file__).parents[1])
    pause = random.Random(3)
    for round_ in range(4):
        # Two writers at once, both of the same times: the second may add nothing twice.
        programs = [
            subprocess.Popen(
                [sys.executable, "-c", WRITER.format(root=root, path=str(path), begin=round_ * 10)],
                stdout=subprocess.PIPE,
                env={**os.environ, "PYTHONPATH": root},
            )
            for _ in range(2)
        ]
        for program in programs:
            assert program.stdout is not None
            assert program.stdout.readline() == b"writing\n"
        with contextlib.suppress(subprocess.TimeoutExpired):
            programs[0].wait(timeout=pause.uniform(0, 0.1))
        for program in programs:
            program.send_signal(signal.SIGKILL)
            program.wait()
            assert program.stdout is not None
            program.stdout.close()
        archive = Archive(path)
        log = archive.keep_job(JOB)
        with archive.snapshot(log) as snapshot:
            covered = snapshot.kept().covered[STREAMS[0]]
            found = [(e.timestamp, e.message) for events in snapshot.read() for e in events]
        archive.close()
        assert found == [(time, said) for lo, hi in covered for time in range(lo, hi) for said in "ab"]
        assert len(found) > 40


def test_an_archive_of_the_first_version_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "logs.sqlite"
    archive = Archive(path)
    archive.add_piece(archive.keep_job(JOB), STREAMS[0], (0, 1), [event(0)])
    archive.close()
    with sqlite3.connect(path) as old:
        old.executescript(
            "ALTER TABLE logs DROP COLUMN asked; ALTER TABLE logs DROP COLUMN asker; PRAGMA user_version = 1"
        )
    old.close()
    for _ in range(2):
        archive = Archive(path)
        assert everything(archive, archive.keep_job(JOB, "me")) == [event(0)]
        archive.close()


def test_an_archive_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "logs.sqlite"
    Archive(path).close()
    with sqlite3.connect(path) as newer:
        newer.execute("PRAGMA user_version = 99")
    newer.close()
    with pytest.raises(sqlite3.DatabaseError, match="newer version"):
        Archive(path)


def test_who_was_told_of_a_job_whose_whole_log_is_kept(archive: Archive) -> None:
    log = archive.keep_job(JOB, "me")
    assert archive.complete_job("job", "me", 30) is None
    archive.plan(log, [], [Span(0, FOREVER, "streams")])
    assert archive.seal(log, ())
    assert archive.complete_job("job", "me", 30) == JOB
    assert archive.complete_job("job", "another", 30) is None
    assert archive.complete_job("job", "me", -1) is None
    # Once the name belongs to another job, the old one is not meant any more.
    archive.keep_job(replace(JOB, created=NOON.replace(hour=13)), "me")
    assert archive.complete_job("job", "me", 30) is None

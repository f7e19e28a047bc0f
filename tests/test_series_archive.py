"""The history of metrics on disk: at the finest resolution seen, by several programs at once, within its size."""

from __future__ import annotations

import math
import sqlite3
import stat
import subprocess
import sys
from array import array
from contextlib import closing
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from tui.archive import Archive
from tui.archive.series import _SCHEMA, KeptSeries, SeriesArchive
from tui.model.jobs import TrainingJob
from tui.model.merge_series import finest
from tui.model.series import Series

CREATED = datetime(2026, 11, 22, tzinfo=timezone.utc)
JOB = TrainingJob("job", "InProgress", CREATED, arn="arn:job")


def seen(points: dict[int, float], period_ms: int = 60_000, **changes: str) -> KeptSeries:
    given = {"name": "loss", "source": "cloudwatch", "unit": "%", "stat": "Average", **changes}
    return KeptSeries("job", period_ms, Series(times=array("q", points), values=array("d", points.values()), **given))


@pytest.fixture
def archive(tmp_path: Path) -> SeriesArchive:
    return SeriesArchive(tmp_path / "cache" / "metrics.sqlite", "here")


def test_what_was_kept_is_there_again_to_the_last_bit(archive: SeriesArchive) -> None:
    numbers = array("d", [0.1, math.nan, math.inf, -math.inf, -0.0, 5e-324])
    series = Series("a:b", array("q", range(6)), numbers, "log", "algo-2", "%", "p99", array("d", range(6)), numbers)
    archive.keep(JOB, [KeptSeries("host", 0, series)])
    (kept,) = archive.kept(JOB)
    assert (kept.kind, kept.period_ms) == ("host", 0)
    assert kept.series.values.tobytes() == numbers.tobytes()
    assert kept.series.epochs.tobytes() == numbers.tobytes()
    assert (kept.series.times, kept.series.steps) == (series.times, series.steps)
    assert (kept.series.name, kept.series.source, kept.series.part) == ("a:b", "log", "algo-2")
    assert (kept.series.unit, kept.series.stat) == ("%", "p99")


def test_what_comes_later_is_put_to_it_and_each_period_stays(archive: SeriesArchive) -> None:
    archive.keep(JOB, [seen({60_000: 1, 61_000: 2}, 1000)])
    archive.keep(JOB, [seen({0: 8, 60_000: 1.5}), seen({})])
    archive.keep(JOB, [seen({60_000: 1.6, 120_000: 3})])
    kept = archive.kept(JOB)
    assert {one.period_ms: dict(zip(one.series.times, one.series.values, strict=True)) for one in kept} == {
        1000: {60_000: 1, 61_000: 2},
        60_000: {0: 8, 60_000: 1.6, 120_000: 3},
    }
    whole = finest((one.period_ms, one.series) for one in kept)
    assert list(whole.times) == [0, 60_000, 61_000, 120_000]


def test_a_log_that_was_read_whole_replaces_what_was_kept_of_it(archive: SeriesArchive) -> None:
    archive.keep(JOB, [seen({1: 1, 2: 2}, 0, source="log")])
    archive.keep(JOB, [seen({2: 3}, 0, source="log")], whole=True)
    (kept,) = archive.kept(JOB)
    assert list(kept.series.times) == [2]


def test_jobs_of_one_name_are_told_apart_and_so_are_places(archive: SeriesArchive) -> None:
    again = TrainingJob("job", "InProgress", CREATED + timedelta(days=1), arn="arn:job")
    archive.keep(JOB, [seen({1: 1})])
    assert archive.kept(again) == []
    assert SeriesArchive(archive._file.path, "elsewhere").kept(JOB) == []
    assert len(archive.kept(JOB)) == 1


def test_it_lies_beside_the_logs_and_is_for_its_owner_alone(tmp_path: Path) -> None:
    logs = Archive(tmp_path / "cache" / "logs.sqlite", "here", limit_bytes=50_000_000)
    SeriesArchive.beside(logs).keep(JOB, [seen({1: 1})])
    path = tmp_path / "cache" / "metrics.sqlite"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert len(SeriesArchive(path, "here").kept(JOB)) == 1


def test_the_jobs_longest_not_looked_at_go_when_it_grows_too_large(tmp_path: Path) -> None:
    import random

    archive = SeriesArchive(tmp_path / "metrics.sqlite", limit_bytes=400_000)
    chance = random.Random(1)
    jobs = [TrainingJob(f"job-{n}", "Completed", CREATED, arn=f"arn:{n}") for n in range(8)]
    for job in jobs:
        archive.keep(job, [seen({n * 60_000: chance.random() for n in range(10_000)})])
        assert archive.size() <= 400_000
    kept = [bool(archive.kept(job)) for job in jobs]
    assert kept[-1]
    assert not kept[0]
    assert kept == sorted(kept)


def test_two_programs_that_write_at_once_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "metrics.sqlite"
    program = (
        "import sys; from pathlib import Path; from array import array\n"
        "from tests.test_series_archive import JOB, seen\n"
        "from tui.archive.series import SeriesArchive\n"
        "archive, first = SeriesArchive(Path(sys.argv[1])), int(sys.argv[2])\n"
        "for n in range(first, 100, 2): archive.keep(JOB, [seen({n: float(n)})])\n"
    )
    root = Path(__file__).parents[1]
    writers = [subprocess.Popen([sys.executable, "-c", program, str(path), str(first)], cwd=root) for first in range(2)]
    assert [writer.wait(60) for writer in writers] == [0, 0]
    (kept,) = SeriesArchive(path).kept(JOB)
    assert list(kept.series.values) == list(range(100))


def test_a_file_that_is_none_is_an_error_that_says_so(tmp_path: Path) -> None:
    (tmp_path / "metrics.sqlite").write_text("no database" * 100)
    with pytest.raises(sqlite3.DatabaseError):
        SeriesArchive(tmp_path / "metrics.sqlite")


def test_a_file_of_the_first_version_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "metrics.sqlite"
    with closing(sqlite3.connect(path)) as db:
        db.executescript(_SCHEMA.replace("profiled TEXT NOT NULL DEFAULT '',", "") + "PRAGMA user_version = 1;")
        db.execute(
            "INSERT INTO jobs (place, arn, created, used) VALUES ('', ?, ?, 0)", (JOB.arn, CREATED.timestamp() * 1000)
        )
        db.commit()
    archive = SeriesArchive(path)
    assert archive.profiled(JOB) == ""
    archive.keep(JOB, [seen({1: 1})], profiled="b")
    archive.keep(JOB, [], profiled="a")  # another program is not as far
    assert (archive.profiled(JOB), len(archive.kept(JOB))) == ("b", 1)

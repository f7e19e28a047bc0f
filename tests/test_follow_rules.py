"""Every event exactly once and in order, whatever arrives when, whoever else reads, and whenever someone dies."""

from __future__ import annotations

import random
import tempfile
from collections import Counter
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.simulated_log import JOB, T0, Clock, Driver, SimulatedLog, events, run
from tui.archive import Archive
from tui.model.logs import LogEvent, event_order

ENDED_S = 40 * 60
# (event time, delay until ingested, host, message): clustered, so that times and lines are often equal.
ARRIVALS = st.lists(
    st.tuples(
        st.one_of(st.integers(0, ENDED_S), st.sampled_from([0, 60, 61, 900, 1500, 1501, ENDED_S])),
        st.one_of(st.just(0), st.integers(0, 10), st.integers(0, 590)),
        st.sampled_from([1, 2, 2, 10, 11]),
        st.sampled_from(["same", "same", "other", "\ud800", ""]),
    ),
    max_size=40,
)
SOON = settings(max_examples=40, deadline=None)


def kept(path: Path) -> list[LogEvent]:
    archive = Archive(path)
    number = archive.keep_job(JOB)
    found = [event for events in archive.read(number) for event in events]
    archive.close()
    return found


def same(found: list[LogEvent], log: SimulatedLog) -> bool:
    """Whether all is there, once, and in order; events equal in order are compared as a bag."""
    ordered = [event_order(event) for event in found]
    return ordered == sorted(ordered) and sorted(found) == sorted(log.truth())


@SOON
@given(
    arrivals=ARRIVALS, attach_s=st.integers(0, ENDED_S * 2), seed=st.integers(0, 99), trouble=st.sampled_from([0, 0.3])
)
def test_one_attachment_gives_everything_once(arrivals, attach_s, seed, trouble) -> None:
    log = SimulatedLog(events(arrivals), random.Random(seed), trouble=trouble)
    clock = Clock(attach_s)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "logs.sqlite"
        first = Driver(log, clock, path, ENDED_S)
        run([first], clock)
        # What arrives after a follower has ended is there when the job is opened again.
        clock.seconds = max(clock.seconds, ENDED_S + 16 * 60)
        again = Driver(log, clock, path, ENDED_S)
        run([again], clock)
        assert same(sorted(again.given, key=event_order), log)
        assert same(kept(path), log)
        asked = log.requests
        sealed = Driver(log, clock, path, ENDED_S)
        assert not sealed.step()
        assert sorted(sealed.given) == sorted(log.truth())
        assert log.requests == asked


@SOON
@given(
    arrivals=ARRIVALS,
    deaths=st.lists(st.tuples(st.integers(0, ENDED_S), st.integers(0, ENDED_S)), max_size=4),
    seed=st.integers(0, 99),
)
def test_deaths_and_absences_lose_nothing(arrivals, deaths, seed) -> None:
    log = SimulatedLog(events(arrivals), random.Random(seed), trouble=0.1)
    clock = Clock(5)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "logs.sqlite"
        for alive_s, away_s in deaths:
            end = clock.seconds + alive_s
            run([Driver(log, clock, path, ENDED_S)], clock, until=lambda end=end: clock.seconds >= end)
            clock.seconds += away_s
        clock.seconds = max(clock.seconds, ENDED_S + 16 * 60)
        last = Driver(log, clock, path, ENDED_S)
        run([last], clock)
        assert same(sorted(last.given, key=event_order), log)
        assert same(kept(path), log)


@SOON
@given(
    arrivals=ARRIVALS,
    second_s=st.integers(0, ENDED_S),
    pause_s=st.sampled_from([0, 400, 1500]),
    seed=st.integers(0, 99),
)
def test_two_readers_share_one_archive(arrivals, second_s, pause_s, seed) -> None:
    log = SimulatedLog(events(arrivals), random.Random(seed))
    clock = Clock(3)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "logs.sqlite"
        one = Driver(log, clock, path, ENDED_S)
        run([one], clock, until=lambda: clock.seconds >= second_s)
        other = Driver(log, clock, path, ENDED_S)
        run([one, other], clock, until=lambda: clock.seconds >= second_s + 60)
        clock.seconds += pause_s  # both sleep, and both divide the time anew
        run([one, other], clock)
        there = sorted(event for event in log.truth() if event.ingestion_time <= T0 + (ENDED_S + 15) * 1000)
        for reader in (one, other):
            given_once = Counter(reader.given)
            assert not Counter(there) - given_once
            assert not given_once - Counter(log.truth())
        clock.seconds = max(clock.seconds, ENDED_S + 16 * 60)
        run([Driver(log, clock, path, ENDED_S)], clock)
        assert same(kept(path), log)


@SOON
@given(arrivals=ARRIVALS, pause_s=st.integers(0, 3600), seed=st.integers(0, 99))
def test_a_follower_that_slept_finds_what_it_missed(arrivals, pause_s, seed) -> None:
    log = SimulatedLog(events(arrivals), random.Random(seed))
    clock = Clock(5)
    with tempfile.TemporaryDirectory() as folder:
        follower = Driver(log, clock, Path(folder) / "logs.sqlite", ENDED_S * 3)
        run([follower], clock, until=lambda: clock.seconds > 700)
        clock.seconds += pause_s  # a closed lid
        run([follower], clock)
        assert same(sorted(follower.given, key=event_order), log)


@SOON
@given(
    arrivals=ARRIVALS,
    attach_s=st.integers(0, ENDED_S * 2),
    denied=st.lists(st.tuples(st.integers(0, ENDED_S * 2), st.integers(0, 1800)), min_size=1, max_size=3),
    deaths=st.lists(st.integers(0, ENDED_S), max_size=2),
    seed=st.integers(0, 99),
    trouble=st.sampled_from([0, 0.2]),
)
def test_without_filter_log_events_everything_comes_once_all_the_same(
    arrivals, attach_s, denied, deaths, seed, trouble
) -> None:
    """Also where the permission comes and goes, and whoever follows dies meanwhile."""

    def is_denied(now_ms: int) -> bool:
        return any(T0 + begin * 1000 <= now_ms < T0 + (begin + length) * 1000 for begin, length in denied)

    log = SimulatedLog(events(arrivals), random.Random(seed), trouble=trouble, denied=is_denied)
    clock = Clock(attach_s)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "logs.sqlite"
        for alive_s in deaths:
            end = clock.seconds + alive_s
            run([Driver(log, clock, path, ENDED_S)], clock, until=lambda end=end: clock.seconds >= end)
        run([Driver(log, clock, path, ENDED_S)], clock)
        clock.seconds = max(clock.seconds, ENDED_S * 4)
        last = Driver(log, clock, path, ENDED_S)
        run([last], clock)
        assert same(sorted(last.given, key=event_order), log)
        assert same(kept(path), log)


@SOON
@given(arrivals=ARRIVALS, attach_s=st.integers(0, ENDED_S), seed=st.integers(0, 99))
def test_where_filter_log_events_is_denied_for_ever_nothing_is_missing(arrivals, attach_s, seed) -> None:
    log = SimulatedLog(events(arrivals), random.Random(seed), denied=lambda now_ms: True)
    clock = Clock(attach_s)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "logs.sqlite"
        first = Driver(log, clock, path, ENDED_S)
        run([first], clock)
        assert first.agenda.is_denied
        assert first.agenda.error is None
        there = Counter(event for event in log.truth() if event.ingestion_time <= T0 + (ENDED_S + 15) * 1000)
        assert not there - Counter(first.given)
        assert not Counter(first.given) - Counter(log.truth())
        clock.seconds = max(clock.seconds, ENDED_S * 2)
        last = Driver(log, clock, path, ENDED_S)
        run([last], clock)
        assert same(sorted(last.given, key=event_order), log)
        assert same(kept(path), log)


def test_streams_polled_one_by_one_stay_within_the_services_rate() -> None:
    for hosts, most in ((1, 1.3), (4, 5.2), (40, 5.2)):  # of the ten a second that CloudWatch Logs allows
        made = [(second, 0, 1 + second % hosts, "line") for second in range(900)]
        log = SimulatedLog(events(made), random.Random(1), denied=lambda now_ms: True)
        log._size = lambda: 10_000  # type: ignore[method-assign]
        clock = Clock(300)
        with tempfile.TemporaryDirectory() as folder:
            follower = Driver(log, clock, Path(folder) / "l", ENDED_S)
            run([follower], clock, until=lambda c=clock: c.seconds >= 400)
            before = log.requests
            run([follower], clock, until=lambda c=clock: c.seconds >= 800)
        assert (log.requests - before) / 400 <= most
        assert len(follower.given) >= 800 - max(2, hosts // 2)


def test_a_late_event_is_marked_and_one_in_order_is_not() -> None:
    log = SimulatedLog(
        events([(100, 1, 1, "a"), (200, 1, 1, "b"), (150, 100, 1, "late"), (300, 1, 2, "c"), (298, 3, 1, "d")]),
        random.Random(1),
    )
    clock = Clock(5)
    with tempfile.TemporaryDirectory() as folder:
        follower = Driver(log, clock, Path(folder) / "logs.sqlite", ENDED_S)
        run([follower], clock)
    assert follower.late == {"id-2"}
    assert len(follower.given) == 5


def test_a_quiet_job_is_polled_seldom_and_a_busy_one_every_second() -> None:
    busy = SimulatedLog(events([(second, 0, 1, "line") for second in range(600)]), random.Random(1), page=10_000)
    quiet = SimulatedLog(events([(0, 0, 1, "line")]), random.Random(1), page=10_000)
    busy._size = quiet._size = lambda: 10_000  # type: ignore[method-assign]
    for log, most, least in ((busy, 59 * 10, 56 * 10), (quiet, 160, 60)):
        clock = Clock(1)
        with tempfile.TemporaryDirectory() as folder:
            run([Driver(log, clock, Path(folder) / "l", ENDED_S)], clock, until=lambda c=clock: c.seconds >= 601)
        assert least <= log.requests <= most

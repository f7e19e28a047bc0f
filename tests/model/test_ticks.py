"""Axes that can be read: round values, labels that differ, clock times that are round in their own zone."""

from __future__ import annotations

import math
from datetime import datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from tui.model.ticks import clock, count_ticks, count_words, since, time_ticks, value_ticks

UTC = timezone.utc
SECOND, MINUTE, HOUR, DAY = 1000, 60_000, 3_600_000, 86_400_000
START = datetime(2026, 11, 22, 11, 5, tzinfo=UTC).timestamp() * 1000


def labels(low: float, high: float, count: int, *, log: bool = False) -> list[str]:
    return [label for _, label in value_ticks(low, high, count, log=log)]


@pytest.mark.parametrize(
    ("low", "high", "count", "expected"),
    [
        (0, 1, 5, ["0", "0.25", "0.50", "0.75", "1.00"]),
        (0, 100, 5, ["0", "25", "50", "75", "100"]),
        (1.24, 6.95, 7, ["2", "3", "4", "5", "6"]),
        (0, 96_234, 5, ["0", "20k", "40k", "60k", "80k"]),
        (0, 9.2e9, 5, ["0", "2G", "4G", "6G", "8G"]),
        (1e-5, 9e-5, 5, ["2e-5", "4e-5", "6e-5", "8e-5"]),
        (0.4123, 0.4125, 3, ["0.4123", "0.4124", "0.4125"]),
        (-1, 1, 5, ["-1.0", "-0.5", "0", "0.5", "1.0"]),
    ],
)
def test_values_are_round(low: float, high: float, count: int, expected: list[str]) -> None:
    assert labels(low, high, count) == expected


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.001, 100, ["0.001", "0.1", "10"]),
        (1.0, 1000, ["1", "10", "100", "1000"]),
        (1.2, 6.9, ["2", "4", "6"]),
        (1e-9, 1e9, ["1e-9", "0.0001", "10", "1e6"]),
        (3.0, 3.3, ["3.0", "3.1", "3.2", "3.3"]),
    ],
)
def test_a_log_scale_is_marked_at_powers_of_ten_where_it_can(low: float, high: float, expected: list[str]) -> None:
    assert labels(low, high, 4, log=True) == expected


@given(st.floats(-1e300, 1e300), st.floats(-1e300, 1e300), st.integers(2, 8))
def test_ticks_are_few_within_the_axis_and_told_apart(low: float, high: float, count: int) -> None:
    low, high = min(low, high), max(low, high)
    assume(high / 2 - low / 2 > max(abs(low), abs(high)) * 1e-9 and high / 2 - low / 2 > 1e-290)
    ticks = value_ticks(low, high, count)
    room = (high / 2 - low / 2) * 1e-6
    assert 2 <= len(ticks) <= count
    assert all(low - room <= value <= high + room for value, _ in ticks)
    assert len({label for _, label in ticks}) == len(ticks)


def times(length: float, count: int = 6, **options: object) -> list[str]:
    return [label for _, label in time_ticks(START, START + length, count, UTC, **options)]  # type: ignore[arg-type]


def test_clock_times_are_as_exact_as_the_view_is_short() -> None:
    assert times(3 * HOUR) == ["11:30", "12:00", "12:30", "13:00", "13:30", "14:00"]
    assert times(MINUTE) == ["11:05:00", "11:05:10", "11:05:20", "11:05:30", "11:05:40", "11:05:50", "11:06:00"]
    assert times(200, 2) == ["11:05:00.000", "11:05:00.100", "11:05:00.200"]
    assert times(3 * DAY) == ["12:00", "Nov 23", "12:00", "Nov 24", "12:00", "Nov 25"]


def test_clock_times_are_round_in_the_zone_they_are_read_in() -> None:
    kathmandu = timezone(timedelta(hours=5, minutes=45))
    ticks = time_ticks(START, START + 3 * HOUR, 3, kathmandu)
    assert [label for _, label in ticks] == ["17:00", "18:00", "19:00"]
    assert clock(ticks[0][0], UTC, HOUR) == "11:15"


def test_times_since_a_start() -> None:
    assert times(3 * HOUR, origin=START) == ["0", "30m", "1h", "1h30m", "2h", "2h30m", "3h"]
    assert times(3 * HOUR, origin=START - 10 * MINUTE)[:2] == ["30m", "1h"]
    assert since(-90 * SECOND) == "-1m30s"
    assert since(1250, 250) == "1.250s"


@example(77231664002492.0, 2459808000001.0, 1, False)
@given(st.floats(-1e13, 1e14), st.floats(20, 1e13), st.integers(1, 20), st.booleans())
def test_moments_are_few_rise_and_lie_within_the_axis(start: float, length: float, count: int, relative: bool) -> None:
    ticks = time_ticks(start, start + length, count, UTC, start if relative else None)
    assert len(ticks) <= count + 1
    assert all(left < right for (left, _), (right, _) in pairwise(ticks))
    slack = length * 1e-6 + abs(start) * 1e-12
    assert all(start - slack <= moment <= start + length + slack for moment, _ in ticks)
    assert all(label and math.isfinite(moment) for moment, label in ticks)


def test_steps_and_epochs_are_round_and_lie_within() -> None:
    assert count_ticks(0, 3_000_000, 4) == [(0, "0"), (1_000_000, "1000"), (2_000_000, "2000"), (3_000_000, "3000")]
    assert [label for _, label in count_ticks(200, 2800, 5)] == ["0.5", "1.0", "1.5", "2.0", "2.5"]


@pytest.mark.parametrize(("place", "words"), [(0, "0"), (48_200_000, "48,200"), (3250, "3.25"), (-1500, "-1.5")])
def test_a_step_in_words(place: float, words: str) -> None:
    assert count_words(place) == words

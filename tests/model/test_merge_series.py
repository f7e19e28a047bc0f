"""Series made one: of several periods, of several sources, and fewer datapoints without losing what matters."""

from __future__ import annotations

import math
from array import array

from hypothesis import given
from hypothesis import strategies as st

from tui.model.merge_series import by_source, finest, in_order, thinned, union
from tui.model.series import Series


def series(points: dict[int, float], source: str = "cloudwatch", name: str = "loss", part: str = "") -> Series:
    return Series(name, array("q", points), array("d", points.values()), source, part)


def points(of: Series) -> dict[int, float]:
    return dict(zip(of.times, of.values, strict=True))


POINTS = st.dictionaries(st.integers(0, 50), st.floats(-9, 9)).map(lambda found: dict(sorted(found.items())))


class TestUnion:
    @given(POINTS, POINTS)
    def test_all_times_of_both_and_the_newer_value_at_one_time(
        self, kept: dict[int, float], new: dict[int, float]
    ) -> None:
        assert points(union(series(kept), series(new))) == {**kept, **new}

    @given(POINTS, POINTS)
    def test_it_is_in_order_and_once_more_changes_nothing(self, kept: dict[int, float], new: dict[int, float]) -> None:
        once = union(series(kept), series(new))
        assert list(once.times) == sorted(once.times)
        assert union(once, series(new)) == once

    def test_nan_steps_and_epochs_survive(self) -> None:
        kept = Series("loss", array("q", [1]), array("d", [math.nan]), steps=array("d", [10]))
        both = union(kept, series({2: math.inf}))
        assert math.isnan(both.values[0])
        assert both.values[1] == math.inf
        assert both.steps[0] == 10
        assert math.isnan(both.steps[1])
        assert len(both.epochs) == 0


class TestFinest:
    def test_a_longer_period_fills_only_where_a_shorter_has_nothing(self) -> None:
        seconds = series({60_000: 1, 61_000: 2, 125_000: 3})
        minutes = series({0: 9, 60_000: 9, 120_000: 9, 180_000: 9})
        hours = series({0: 7, 3_600_000: 7})
        merged = finest([(3_600_000, hours), (1000, seconds), (60_000, minutes)])
        assert points(merged) == {0: 9, 60_000: 1, 61_000: 2, 125_000: 3, 180_000: 9, 3_600_000: 7}

    def test_of_one_it_is_that_one(self) -> None:
        one = series({1: 1})
        assert finest([(60_000, one)]) is one
        assert len(finest([(60_000, series({})), (1000, series({}))])) == 0


class TestBySource:
    """Each metric from one source."""

    measured = series({1: 1})
    logged = series({2: 2}, "log")
    final = series({3: 3}, "final")

    def test_the_log_where_it_goes_as_far_as_cloudwatch(self) -> None:
        assert by_source([self.measured], [self.logged], [self.final]) == (self.logged,)

    def test_cloudwatch_where_the_log_stops_short(self) -> None:
        later = series({2: 2, 1_000_000: 1})
        assert by_source([later], [self.logged], [self.final]) == (later,)

    def test_and_cloudwatch_for_what_is_older_than_the_log(self) -> None:
        minutes = series({0: 9, 60_000: 8, 120_000: 7, 180_000: 6})
        shown = by_source([minutes], [series({150_000: 1, 190_000: 2}, "log")])
        assert [(one.source, list(one.times)) for one in shown] == [
            ("log", [150_000, 190_000]),
            ("cloudwatch", [0, 60_000]),
        ]

    def test_what_was_measured_where_the_log_says_nothing_of_it(self) -> None:
        other = series({2: 2}, "log", "other")
        assert by_source([self.measured], [other], [self.final]) == (self.measured, other)

    def test_the_final_value_where_nobody_has_any(self) -> None:
        assert by_source([series({})], [], [self.final]) == (self.final,)

    def test_an_empty_series_says_that_there_could_be_one(self) -> None:
        assert by_source([series({})], []) == (series({}),)

    def test_every_host_of_the_log_is_there(self) -> None:
        hosts = [series({2: 2}, "log", part="algo-1"), series({2: 3}, "log", part="algo-2")]
        assert by_source([self.measured], hosts) == tuple(hosts)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9))))
def test_sorting_keeps_equals_as_they_stood(rows: list[tuple[int, int]]) -> None:
    found = in_order(Series("x", array("q", [at for at, _ in rows]), array("d", [value for _, value in rows])))
    assert list(zip(found.times, found.values, strict=True)) == sorted(rows, key=lambda row: row[0])


@given(st.lists(st.floats(allow_nan=False), min_size=4, max_size=60))
def test_thinning_halves_and_keeps_the_extremes(values: list[float]) -> None:
    half = thinned(Series("x", array("q", range(len(values))), array("d", values)))
    assert len(half) == len(values) // 4 * 2 + len(values) % 4
    finite = [value for value in values if math.isfinite(value)]
    if len(finite) == len(values):
        assert (min(half.values), max(half.values)) == (min(values), max(values))
    assert list(half.times) == sorted(set(half.times))

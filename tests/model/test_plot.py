"""From datapoints to a curve: no spike is lost, no gap is bridged, and nothing but numbers reaches the plotter."""

from __future__ import annotations

import itertools
import math
import subprocess
import sys
from array import array
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from tui.model.plot import (
    arrays,
    bad_columns,
    curve,
    decimate,
    gap_after,
    nearest,
    place_of,
    share_of_value,
    smooth,
    step_from,
    value_range,
)
from tui.model.series import Series
from tui.model.view import Look, View, extent, zoomed_range

MINUTE = 60_000
NAN, INF = math.nan, math.inf


def series(values: Sequence[float], *, times: Sequence[int] | None = None, source: str = "cloudwatch") -> Series:
    moments = times if times is not None else [MINUTE * index for index in range(len(values))]
    return Series("loss", array("q", moments), array("d", values), source=source)


any_values = st.floats() | st.sampled_from([0.0, 1.0, -1.0, 1e308, -1e308, 5e-324, NAN, INF, -INF])


@st.composite
def any_series(draw: st.DrawFn) -> Series:
    times = sorted(draw(st.lists(st.integers(0, 10_000), max_size=80)))
    return series(draw(st.lists(any_values, min_size=len(times), max_size=len(times))), times=times)


@st.composite
def any_view(draw: st.DrawFn) -> View:
    start = draw(st.integers(-100, 10_000))
    return View(start, start + draw(st.integers(1, 10_000)), log=draw(st.booleans()))


# Decimation


@given(any_series(), any_view(), st.integers(1, 40))
def test_the_smallest_and_the_largest_value_of_every_column_stay(one: Series, view: View, columns: int) -> None:
    times, values = arrays(one)
    line = decimate(times, values, view, columns)
    edges = [view.start + (view.end - view.start) / columns * index for index in range(columns)] + [view.end + 0.5]
    left, right = (np.searchsorted(times, edge, "left") for edge in (view.start, view.end + 0.5))
    for low, high in itertools.pairwise(edges):
        column = [v for t, v in zip(times[left:right], values[left:right], strict=True) if low <= t < high]
        drawn = [v for v in column if math.isfinite(v) and (v > 0 or not view.log)]
        kept = [v for t, v in zip(line.times, line.values, strict=True) if low <= t < high]
        if drawn:
            assert min(kept) == min(drawn)
            assert max(kept) == max(drawn)


@given(any_series(), any_view(), st.integers(1, 40))
def test_what_stays_keeps_its_order_and_is_little(one: Series, view: View, columns: int) -> None:
    times, values = arrays(one)
    line = decimate(times, values, view, columns)
    assert len(line.times) <= 2 * columns + 2
    assert (np.diff(line.times) >= 0).all()
    before = list(zip(times.tolist(), values.tolist(), strict=True))
    place = 0
    for point in zip(line.times.tolist(), line.values.tolist(), strict=True):
        place = before.index(point, place) + 1


def test_a_single_spike_among_a_hundred_thousand_points_stays() -> None:
    values = [1.0] * 100_000
    values[54_321] = 99.0
    one = series(values)
    line = decimate(*arrays(one), View(0, one.times[-1]), 100)
    assert line.values.max() == 99.0
    assert len(line.times) <= 202


def test_lines_lead_to_the_datapoints_beside_the_view() -> None:
    one = series([0.0, 1.0, 2.0, 3.0, 4.0])
    line = decimate(*arrays(one), View(1.5 * MINUTE, 2.5 * MINUTE), 10)
    assert line.values.tolist() == [1.0, 2.0, 3.0]
    seen = curve(line, View(1.5 * MINUTE, 2.5 * MINUTE), 0.0, 4.0)
    assert seen.x == (0.0, 0.5, 1.0)
    assert seen.y == (1.5 / 4, 2.0 / 4, 2.5 / 4)


# Gaps


def test_datapoints_are_not_joined_over_missing_ones() -> None:
    one = series([1, 2, 3, 4, 5], times=[0, MINUTE, 2 * MINUTE, 9 * MINUTE, 10 * MINUTE])
    times, values = arrays(one)
    line = decimate(times, values, View(0, 10 * MINUTE), 100, gap_after(times))
    assert line.joined.tolist() == [False, True, True, False, True]


def test_two_periods_are_late_but_no_gap() -> None:
    one = series([1, 2, 3, 4], times=[0, MINUTE, 2 * MINUTE, 4 * MINUTE])
    times, values = arrays(one)
    assert decimate(times, values, View(0, 4 * MINUTE), 100, gap_after(times)).joined.tolist()[1:] == [True] * 3


def test_a_pause_in_a_log_is_no_gap_but_a_restart_is() -> None:
    moments = [*range(0, 10_000, 1000), *range(20_000, 30_000, 1000), *range(600_000, 610_000, 1000)]
    times, values = arrays(series([1.0] * len(moments), times=moments, source="log"))
    line = decimate(times, values, View(0, 610_000), 100, gap_after(times, logged=True))
    assert np.flatnonzero(~line.joined).tolist() == [0, 20]


def test_a_gap_is_known_even_where_decimation_left_nothing_at_its_edge() -> None:
    moments = [*range(0, 1000), *range(5000, 6000)]
    times, values = arrays(series([math.sin(t) for t in moments], times=moments))
    line = decimate(times, values, View(0, 6000), 12, gap_after(times))
    before = line.times[:-1][~line.joined[1:]]
    assert before.tolist()
    assert (before < 1000).all()


def test_nan_breaks_the_curve() -> None:
    one = series([1.0, 2.0, NAN, 3.0, 4.0])
    line = decimate(*arrays(one), View(0, 4 * MINUTE), 100)
    assert line.values.tolist() == [1.0, 2.0, 3.0, 4.0]
    assert line.joined.tolist() == [False, True, False, True]


# What is no number


def test_nan_and_infinity_are_marked_at_their_time() -> None:
    one = series([1.0, NAN, INF, -INF, 5.0])
    assert bad_columns(*arrays(one), View(0, 5 * MINUTE), 50) == [10, 20, 30]


def test_a_log_scale_has_no_place_for_zero() -> None:
    one = series([1.0, 0.0, -3.0, 5.0])
    assert bad_columns(*arrays(one), View(0, 4 * MINUTE, log=True), 40) == [10, 20]
    assert bad_columns(*arrays(one), View(0, 4 * MINUTE), 40) == []


@given(any_series(), any_view(), st.integers(1, 40), st.tuples(any_values, any_values) | st.none())
def test_nothing_but_numbers_in_the_unit_square_reaches_the_plotter(
    one: Series, view: View, columns: int, zoom: tuple[float, float] | None
) -> None:
    data = arrays(one)
    if zoom is not None:
        low, high = min(zoom), max(zoom)
        assume(math.isfinite(low) and math.isfinite(high) and high / 2 - low / 2 > 1e-300)
        assume(not view.log or low > 0)
        bounds: tuple[float, float] | None = (low, high)
    else:
        bounds = value_range([data], view)
    if bounds is None:
        return
    seen = curve(decimate(*data, view, columns), view, *bounds)
    assert len(seen.x) == len(seen.y)
    assert all(math.isfinite(share) and 0 <= share <= 1 for share in (*seen.x, *seen.y))
    assert seen.starts <= set(range(len(seen.x)))
    assert not seen.x or 0 in seen.starts


@given(any_series(), any_view())
@example(series([5e-324]), View(-1, 1, log=True))
def test_the_range_holds_every_value_in_view(one: Series, view: View) -> None:
    bounds = value_range([arrays(one)], view)
    seen = [v for t, v in zip(one.times, one.values, strict=True) if view.start <= t <= view.end]
    seen = [v for v in seen if math.isfinite(v) and (v > 0 or not view.log)]
    if bounds is None:
        assert not seen
    else:
        assert math.isfinite(bounds[0])
        assert math.isfinite(bounds[1])
        assert bounds[0] < bounds[1]
        assert bounds[0] > 0 or not view.log
        assert all(bounds[0] <= value <= bounds[1] for value in seen if abs(value) < 1.7e308)


_HOSTILE = """
import math, random
from array import array
from tui.model.series import Series
from tui.model.view import View
from tui.widgets.chart_canvas import Scene, draw
random.seed(7)
odd = [math.nan, math.inf, -math.inf, 0.0, -0.0, 1e308, -1e308, 5e-324, 1.0, 2.0, 3.5]
for turn in range(150):
    all_series = []
    for name in range(random.randrange(1, 4)):
        count = random.choice([0, 1, 2, 30, 500])
        times = array("q", sorted(random.randrange(0, 10**6) for _ in range(count)))
        values = array("d", [random.choice(odd) if turn % 2 else random.gauss(0, 1) for _ in range(count)])
        all_series.append(Series(str(name), times, values))
    start = random.randrange(-1000, 10**6)
    view = View(start, start + random.randrange(1, 10**6), log=bool(turn % 3 == 0))
    if turn % 5 == 0:
        view = View(view.start, view.end, 0.999, 1.001, view.log)
    scene = Scene(tuple(all_series), view, random.randrange(10, 100), random.randrange(2, 30), ascii_only=turn % 4 == 0)
    picture = draw(scene)
    for row in picture.rows:
        assert sum(len(text) for text, _ in row) == scene.width, (turn, row)
print("survived")
"""


def test_no_data_ends_the_program() -> None:
    """plotext aborts the process when it is given NaN, so this needs a process of its own."""
    done = subprocess.run([sys.executable, "-c", _HOSTILE], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "survived", "")


# Scales


def test_a_curve_has_air_around_it_but_none_below_zero() -> None:
    assert value_range([arrays(series([10.0, 12.0]))], View(0, MINUTE)) == (9.95, 12.05)
    assert value_range([arrays(series([0.0, 100.0]))], View(0, MINUTE)) == (0.0, 102.5)


def test_a_curve_that_never_moves_lies_in_the_middle() -> None:
    low, high = value_range([arrays(series([3.0, 3.0]))], View(0, MINUTE)) or (0, 0)
    assert low < 3.0 < high
    assert share_of_value(3.0, low, high, False) == pytest.approx(0.5)


def test_each_tenfold_takes_the_same_height_on_a_log_scale() -> None:
    assert share_of_value(10.0, 1.0, 100.0, True) == pytest.approx(0.5)


@given(st.floats(-1e300, 1e300), st.floats(-1e300, 1e300), st.sampled_from([0.5, 2.0]), st.booleans())
@settings(max_examples=50)
def test_values_can_be_zoomed_for_ever(low: float, high: float, factor: float, log: bool) -> None:
    low, high = min(low, high), max(low, high)
    assume(high / 2 - low / 2 > 1e-290 and (not log or low > 1e-290))
    for _ in range(100):
        low, high = zoomed_range(low, high, factor, log)
        assert math.isfinite(low)
        assert math.isfinite(high)
        assert low < high


# Smoothing


def test_smoothing_is_right_from_the_first_value_on() -> None:
    assert smooth([5.0, 5.0, 5.0], 0.9).tolist() == pytest.approx([5.0, 5.0, 5.0])
    assert smooth([0.0, 1.0], 0.5).tolist() == pytest.approx([0.0, 2 / 3])
    assert smooth([1.0, 2.0], 0.0).tolist() == [1.0, 2.0]


def test_smoothing_neither_hides_nan_nor_spreads_it() -> None:
    smoothed = smooth([1.0, NAN, INF, 1.0], 0.6)
    assert math.isnan(smoothed[1])
    assert smoothed[2] == INF
    assert smoothed[3] == pytest.approx(1.0)


# The cursor


def test_the_nearest_datapoint() -> None:
    one = series([1.0, 2.0, 3.0])
    assert [nearest(one, at) for at in (-5, 29_000, 30_000, 31_000, 10**9)] == [0, 0, 0, 1, 2]
    assert nearest(series([]), 5) is None


def test_the_cursor_steps_from_datapoint_to_datapoint_or_by_columns() -> None:
    both = [series([1.0, 2.0, 3.0]), series([1.0], times=[90_000])]
    assert step_from(both, 0, 1) == MINUTE
    assert step_from(both, MINUTE, 1) == 90_000
    assert step_from(both, 0, 70_000) == 90_000
    assert step_from(both, 2 * MINUTE, 1) == 2 * MINUTE
    assert step_from(both, 90_000, -1) == MINUTE
    assert step_from(both, 0, -1) == 0
    assert step_from([], 0, 1) is None


def test_jumps_to_the_minimum_the_maximum_and_what_is_no_number() -> None:
    one = series([3.0, 1.0, NAN, 5.0, INF, -1.0])
    view = View(0, 5 * MINUTE)
    assert place_of([one], view, "min") == 5 * MINUTE
    assert place_of([one], view, "max") == 3 * MINUTE
    assert place_of([one], view, "nan") == 2 * MINUTE
    assert place_of([one], view, "nan", after=2 * MINUTE) == 4 * MINUTE
    assert place_of([one], view, "nan", after=4 * MINUTE) == 2 * MINUTE
    assert place_of([one], View(0, MINUTE), "nan") is None
    assert place_of([one], View(0, 5 * MINUTE, log=True), "min") == MINUTE


# Looking


def test_a_lone_datapoint_has_a_minute_around_it() -> None:
    assert extent([series([1.0], times=[100_000])]) == (70_000, 130_000)
    assert extent([series([])]) is None


def test_zooming_in_keeps_the_newest_datapoint_and_out_again_shows_all() -> None:
    one = [series([1.0] * 11)]
    look = Look().zoomed(0.5, one)
    assert look.window == (5 * MINUTE, 10 * MINUTE)
    assert look.zoomed(2.0, one) == Look()


def test_zooming_around_the_cursor_keeps_it_in_its_place() -> None:
    one = [series([1.0] * 11)]
    assert Look().zoomed(0.5, one, around=2 * MINUTE).window == (MINUTE, 6 * MINUTE)


def test_panning_ends_where_the_data_ends() -> None:
    one = [series([1.0] * 11)]
    look = Look(window=(2 * MINUTE, 4 * MINUTE))
    assert look.moved(0.5, one).window == (3 * MINUTE, 5 * MINUTE)
    assert look.moved(99, one).window == (8 * MINUTE, 10 * MINUTE)
    assert look.moved(-99, one).window == (0, 2 * MINUTE)
    assert Look().moved(0.5, one) == Look()


def test_whoever_looks_at_the_newest_part_goes_on_looking_at_it() -> None:
    before, after = [series([1.0] * 11)], [series([1.0] * 13)]
    assert Look(window=(8 * MINUTE, 10 * MINUTE)).grown(before, after).window == (10 * MINUTE, 12 * MINUTE)
    assert Look(window=(2 * MINUTE, 4 * MINUTE)).grown(before, after).window == (2 * MINUTE, 4 * MINUTE)
    assert Look().grown(before, after) == Look()


def test_a_moment_comes_into_view() -> None:
    one = [series([1.0] * 11)]
    assert Look(window=(0, 2 * MINUTE)).showing(6 * MINUTE, one).window == (5 * MINUTE, 7 * MINUTE)
    assert Look(window=(0, 2 * MINUTE)).showing(MINUTE, one).window == (0, 2 * MINUTE)


@pytest.mark.parametrize("weight", [0.0, 0.6, 0.9, 0.98])
@pytest.mark.parametrize("count", [1, 2, 37, 5000])
def test_smoothing_many_values_at_once_is_smoothing_one_after_the_other(weight: float, count: int) -> None:
    values = [math.sin(number * number) for number in range(count)]
    expected, mean, left = [], 0.0, 1.0
    for value in values:
        mean, left = weight * mean + (1 - weight) * value, left * weight
        expected.append(mean / (1 - left))
    assert smooth(values, weight).tolist() == pytest.approx(expected)


def test_the_cursor_stops_at_what_is_marked_too() -> None:
    one = series([1.0, 2.0])
    assert step_from([one], 0, 1000, [30_000, 500]) == 30_000
    assert step_from([one], MINUTE, -1000, [30_000, 500]) == 30_000
    assert step_from([], 0, 1000, [30_000]) is None


def test_the_part_between_two_places() -> None:
    one = series([1.0] * 11)
    assert Look().between(8 * MINUTE, 2 * MINUTE, [one]).window == (2 * MINUTE, 8 * MINUTE)
    assert Look().between(0, 10 * MINUTE, [one]).window is None
    assert Look().between(MINUTE, MINUTE, [one]) == Look()

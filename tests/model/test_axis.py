"""Steps and epochs as the axis of a chart: where datapoints lie on it, and which moment a place on it is."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.model.axis import along, offered, place_of_time, time_of_place
from tui.model.series import Series

NAN = math.nan
MINUTE = 60_000


def logged(steps: Sequence[float], values: Sequence[float] | None = None, *, epochs: Sequence[float] = ()) -> Series:
    """A datapoint a minute."""
    values = range(len(steps)) if values is None else values
    times = array("q", [MINUTE * row for row in range(len(steps))])
    return Series("loss", times, array("d", values), "log", steps=array("d", steps), epochs=array("d", epochs))


def points(series: Series | None) -> list[tuple[int, float]]:
    assert series is not None
    return list(zip(series.times, series.values, strict=True))


def test_an_axis_is_offered_where_a_series_names_it() -> None:
    assert offered([Series("loss"), logged([NAN, NAN])]) == ("time",)
    assert offered([Series("loss"), logged([NAN, 2.0])]) == ("time", "step")
    assert offered([logged([1.0], epochs=[0.5])]) == ("time", "step", "epoch")


def test_along_time_a_series_is_as_it_is() -> None:
    one = logged([5.0])
    assert along(one, "time") is one


def test_places_are_thousandths_of_steps() -> None:
    assert points(along(logged([10.0, 20.0, 2.5]), "step")) == [(2500, 2.0), (10_000, 0.0), (20_000, 1.0)]


def test_datapoints_that_name_no_step_are_left_out() -> None:
    assert points(along(logged([NAN, 2.0, math.inf, 1e30]), "step")) == [(2000, 1.0)]


def test_a_series_that_names_none_has_no_place_there() -> None:
    assert along(logged([NAN]), "step") is None
    assert along(Series("loss", array("q", [1]), array("d", [1.0])), "step") is None


def test_what_was_logged_last_counts_after_a_restart() -> None:
    restarted = logged([100, 200, 300, 200, 300, 400], [9.0, 8.0, 7.0, 6.0, 5.0, 4.0])
    assert points(along(restarted, "step")) == [(100_000, 9.0), (200_000, 6.0), (300_000, 5.0), (400_000, 4.0)]


def test_nan_stays_a_value() -> None:
    assert math.isnan(points(along(logged([1.0], [NAN]), "step"))[0][1])


def test_epochs_have_fractions() -> None:
    one = logged([NAN, NAN], epochs=[3.0, 3.25])
    assert [place for place, _ in points(along(one, "epoch"))] == [3000, 3250]


def test_a_moment_is_at_the_nearest_datapoint_that_names_a_step() -> None:
    one = logged([10.0, NAN, 30.0])
    assert place_of_time([one], "step", 0.9 * MINUTE) == 10_000
    assert place_of_time([one], "step", 1.1 * MINUTE) == 30_000
    assert place_of_time([Series("other")], "step", 0) is None
    assert place_of_time([], "time", 17) == 17


def test_a_place_is_the_moment_of_the_nearest_datapoint_the_latest_of_several() -> None:
    restarted = logged([100, 200, 100, 200])
    assert time_of_place([restarted], "step", 120_000) == 2 * MINUTE
    assert time_of_place([restarted], "step", 1e9) == 3 * MINUTE
    assert time_of_place([Series("other")], "step", 0) is None


STEPS = st.lists(st.one_of(st.just(NAN), st.integers(0, 50).map(float)), max_size=60)


@given(STEPS)
def test_steps_rise_and_each_is_there_once_with_its_last_value(steps: list[float]) -> None:
    last = {round(step * 1000): float(row) for row, step in enumerate(steps) if math.isfinite(step)}
    drawn = along(logged(steps), "step")
    assert (points(drawn) if drawn else []) == sorted(last.items())


@given(STEPS.filter(lambda steps: any(map(math.isfinite, steps))), st.data())
def test_there_and_back_again(steps: list[float], data: st.DataObject) -> None:
    one = logged(steps)
    row = data.draw(st.sampled_from([row for row, step in enumerate(steps) if math.isfinite(step)]))
    place = place_of_time([one], "step", row * MINUTE)
    assert place == steps[row] * 1000
    time = time_of_place([one], "step", place)
    assert time is not None
    assert steps[time // MINUTE] == pytest.approx(steps[row])

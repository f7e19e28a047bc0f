"""A metric definition tried out: what it captures, and what it nearly finds, with the reason."""

from __future__ import annotations

import math

import pytest

from tui.model.patterns import BadPattern, TooSlow
from tui.model.trial import Hit, Near, Trial


def test_a_hit_says_where_and_what() -> None:
    hit = Trial(r"loss=(\S+)").look("a loss=0.5 b", 7)
    assert hit == Hit(7, 7, 10, 0.5)


@pytest.mark.parametrize(("text", "value"), [("nan", math.nan), ("-inf", -math.inf)])
def test_nan_and_infinity_are_values_that_are_odd(text: str, value: float) -> None:
    hit = Trial(r"loss=(\S+)").look(f"loss={text}")
    assert isinstance(hit, Hit)
    assert str(hit.value) == str(value)
    assert hit.is_odd


@pytest.mark.parametrize(("regex", "line"), [(r"loss=(\S+)", "loss=n/a"), (r"loss(=\d)?", "loss")])
def test_what_is_no_number_is_a_hit_without_a_value(regex: str, line: str) -> None:
    hit = Trial(regex).look(line)
    assert isinstance(hit, Hit)
    assert hit.value is None
    assert hit.start <= hit.end


@pytest.mark.parametrize(
    ("regex", "line", "why"),
    [
        (r"loss=([0-9.]+);", "loss=0.5", "'loss='"),
        (r"loss: ([0-9.]+)", "Loss: 0.5", "case"),
        (r"loss: ([0-9.]+)", "loss: n/a", "'loss:'"),
    ],
)
def test_a_near_miss_says_what_is_missing(regex: str, line: str, why: str) -> None:
    near = Trial(regex).look(line)
    assert isinstance(near, Near)
    assert why in near.why


def test_other_lines_are_nothing() -> None:
    assert Trial(r"loss=([0-9.]+)").look("accuracy=0.5") is None


def test_over_gives_those_lines_of_which_something_is_to_be_said() -> None:
    found = list(Trial(r"loss=([0-9.]+)").over(["x", "loss=1", "LOSS=2", "y", "loss=3"]))
    assert [(type(one).__name__, one.row) for one in found] == [("Hit", 1), ("Near", 2), ("Hit", 4)]


@pytest.mark.parametrize(("regex", "why"), [("loss=.*", "parentheses"), ("(", "missing )"), ("a" * 3000, "2000")])
def test_what_is_none_says_why(regex: str, why: str) -> None:
    with pytest.raises(BadPattern, match=why.replace(")", r"\)")):
        Trial(regex)


def test_one_that_never_ends_is_switched_off() -> None:
    with pytest.raises(TooSlow):
        Trial(r"(a+)+[bc]").look("a" * 5000 + "!")

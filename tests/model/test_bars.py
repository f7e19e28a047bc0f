"""Bars and sparklines: exact widths, honest ends, nothing hidden."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.model.bars import bar, sparkline


@pytest.mark.parametrize(
    ("fraction", "drawn"),
    [
        (0.0, "··········"),
        (1.0, "██████████"),
        (0.325, "███▎······"),
        (0.94, "█████████▍"),
        (0.001, "▏·········"),
        (2.0, "██████████"),
        (-1.0, "··········"),
        (None, "··········"),
        (math.nan, "··········"),
        (math.inf, "██████████"),
    ],
)
def test_a_bar_is_filled_to_an_eighth_of_a_character(fraction: float | None, drawn: str) -> None:
    assert bar(fraction, 10) == drawn


def test_a_bar_in_ascii() -> None:
    assert bar(0.3, 10, ascii_only=True) == "###......."
    assert bar(0.0, 0) == ""


@given(st.floats() | st.none(), st.integers(0, 60), st.booleans())
def test_a_bar_is_as_wide_as_asked(fraction: float | None, width: int, ascii_only: bool) -> None:
    drawn = bar(fraction, width, ascii_only=ascii_only)
    assert len(drawn) == width
    assert drawn.isascii() or not ascii_only


def test_a_sparkline_falls_with_its_values() -> None:
    assert sparkline([8, 7, 6, 5, 4, 3, 2, 1], 8) == "█▇▆▅▄▃▂▁"
    assert sparkline([8, 7, 6, 5, 4, 3, 2, 1], 4) == "█▆▃▁"
    assert sparkline([1, 2, 3], 3, ascii_only=True) == "_=#"


def test_a_sparkline_keeps_to_a_scale_of_its_own() -> None:
    assert sparkline([50, 50], 8, low=0, high=100) == "▅▅"
    assert sparkline([0, 400, 900], 8, low=0, high=800) == "▁▅█"


def test_a_value_that_never_moves_stands_in_the_middle() -> None:
    assert sparkline([3, 3, 3], 8) == "▄▄▄"


def test_what_is_no_number_is_seen() -> None:
    assert sparkline([1, 2, math.nan, math.inf], 8) == "▁█!!"
    assert sparkline([1, None, 2], 8) == "▁ █"
    assert sparkline([math.nan], 8) == "!"
    assert sparkline([], 8) == ""
    assert sparkline([1.0, 1.0, 1.0, math.nan, 2.0, 2.0], 3) == "▁!█"


@given(st.lists(st.floats() | st.none(), max_size=50), st.integers(0, 20), st.booleans())
def test_a_sparkline_is_never_wider_than_asked(values: list[float | None], width: int, ascii_only: bool) -> None:
    drawn = sparkline(values, width, ascii_only=ascii_only)
    assert len(drawn) == min(width, len(values))
    assert drawn.isascii() or not ascii_only

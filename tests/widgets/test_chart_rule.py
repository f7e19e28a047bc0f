"""The rule above a chart where there is room for little: which curve is which comes before its value."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from tui.widgets.chart_rule import rule

LATENCIES = [
    ("main average", "58.97 ms"),
    ("main p99", "160.1 ms"),
    ("next average", "54.69 ms"),
    ("next p99", "151.2 ms"),
]


def drawn(width: int, title: str = "latency in ms") -> str:
    return "".join(text for text, _ in rule(title, LATENCIES, width))


def test_values_stand_behind_the_names_where_both_have_room() -> None:
    assert "main average ● 58.97 ms  main p99 ▲ 160.1 ms" in drawn(120)


def test_values_go_before_names_do() -> None:
    assert "main average ●  main p99 ▲  next average ■  next p99 ◆ ──" in drawn(100)


def test_long_names_are_cut_and_short_ones_stay_whole() -> None:
    assert "── latency ── main …erage ●  main p99 ▲  next …erage ■  next p99 ◆" in drawn(68)


def test_a_title_is_its_first_word_where_names_need_the_room() -> None:
    assert "── latency ── main average ●  main p99 ▲  next average ■  next p99 ◆ ──" in drawn(72)
    assert "── latency in ms ── main average ●" in drawn(77)


@pytest.mark.parametrize("width", range(64, 140))
def test_it_is_as_wide_as_its_chart(width: int) -> None:
    assert cell_len(drawn(width)) == width

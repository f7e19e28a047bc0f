"""Metric definitions: SageMaker's rule on every line, whatever the expression and whatever the log."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.model.definitions import compile_definitions
from tui.model.jobs import MetricDefinition
from tui.model.logs import LogEvent
from tui.model.regex_shape import shape_of


def event(message: str, at: int = 1000, host: str = "algo-1") -> LogEvent:
    return LogEvent(at, at, host, f"job/{host}-1", message)


def values(regex: str, *messages: str) -> list[float]:
    definitions = compile_definitions([MetricDefinition("loss", regex)])
    found = [point.value for point in definitions.read([event(message) for message in messages])]
    assert not definitions.problems
    return found


def by_the_rule(regex: str, messages: list[str]) -> list[str]:
    """What the rule gives, as plainly as it can be written down; as text, so that NaN equals NaN."""
    found = []
    for message in messages:
        for line in re.split(r"\r\n|\n|\r", message):
            match = re.search(regex, line)
            if match:
                try:
                    found.append(str(float(match.group(1))))
                except (TypeError, ValueError):
                    continue
    return found


class TestTheRule:
    def test_group_1_of_the_first_match_in_a_line_is_the_value(self) -> None:
        assert values(r"loss=([0-9.]+)(s?)", "loss=0.5 loss=0.25", "no", "val_loss=1s") == [0.5, 1.0]

    def test_each_line_of_an_event_counts_for_itself(self) -> None:
        assert values(r"^loss=([0-9.]+)$", "loss=1\nloss=2\r\nloss=3\rloss=4", "loss=5\n") == [1, 2, 3, 4, 5]

    def test_case_counts_unless_the_expression_says_otherwise(self) -> None:
        assert values("loss=([0-9]+)", "Loss=1", "loss=2") == [2]
        assert values("(?i)loss=([0-9]+)", "Loss=1", "loss=2") == [1, 2]

    def test_what_is_no_number_is_no_value_and_nan_and_infinity_are(self) -> None:
        found = values(r"loss=(\S+)", "loss=n/a", "loss=nan", "loss=-inf", "loss=1e-5", "loss=.", "loss=Infinity")
        assert [str(value) for value in found] == ["nan", "-inf", "1e-05", "inf"]

    def test_a_group_that_took_no_part_is_no_value(self) -> None:
        assert values("a(1)?b", "ab", "a1b") == [1]

    def test_a_line_is_taken_as_it_was_logged(self) -> None:
        assert values(r"loss=\x1b\[1m([0-9.]+)", "loss=\x1b[1m0.5") == [0.5]
        assert values(r"loss=([0-9.]+)", "loss=\x1b[1m0.5") == []


def test_a_point_has_the_events_time_and_host_and_what_the_line_names() -> None:
    definitions = compile_definitions([MetricDefinition("a", "a=([0-9]+)"), MetricDefinition("b", "b=([0-9]+)")])
    points = list(definitions.read([event("step 120: a=1 b=2", 5, "algo-2"), event("Epoch 3/10 b=4", 6)]))
    assert [point[:5] for point in points[:2]] == [("a", 5, 1, "algo-2", 120), ("b", 5, 2, "algo-2", 120)]
    assert (points[2].metric, points[2].time_ms, points[2].value, points[2].epoch) == ("b", 6, 4, 3)
    assert all(math.isnan(number) for number in (points[0].epoch, points[1].epoch, points[2].step))


class TestWhatIsWrong:
    @pytest.mark.parametrize(
        ("regex", "why"), [("loss=[0-9]+", "parentheses"), ("loss=([0-9]+", "missing )"), ("loss", "parentheses")]
    )
    def test_it_is_said_and_the_others_work(self, regex: str, why: str) -> None:
        definitions = compile_definitions([MetricDefinition("bad", regex), MetricDefinition("good", "=([0-9]+)")])
        assert [problem.metric for problem in definitions.problems] == ["bad"]
        assert why in definitions.problems[0].text
        assert [point.value for point in definitions.read([event("loss=3")])] == [3]

    @pytest.mark.parametrize("regex", [r"(a+)+[bc]", r"^(a|aa)+$", r"(\d+)\d*\d*\d*\d*[xy]"])
    def test_an_expression_that_never_ends_is_switched_off(self, regex: str) -> None:
        definitions = compile_definitions([MetricDefinition("slow", regex), MetricDefinition("good", "=([0-9]+)")])
        bait = ("a" if "a" in regex else "1") * 5_000 + "!"
        points = definitions.read([event("x=1"), event(bait), event("x=2")])
        assert [point.value for point in points] == [1, 2]
        assert [problem.metric for problem in definitions.problems] == ["slow"]
        assert "switched off" in definitions.problems[0].text
        assert [point.value for point in definitions.read([event("x=3 ab 1y")])] == [3]

    def test_what_was_found_before_it_was_switched_off_stays(self) -> None:
        definitions = compile_definitions([MetricDefinition("slow", r"^(1)$|(a+)+b")])
        assert [point.value for point in definitions.read([event("1"), event("a" * 5_000), event("1")])] == [1]


NUMBERS = st.one_of(
    st.floats().map(str), st.integers(-999, 999).map(str), st.sampled_from(["", ".", "1e", "1_0", "-", "+.5"])
)
EXPRESSIONS = st.sampled_from(
    [
        r"loss: ([0-9\.]+)",
        r"loss: ([0-9]+\.[0-9]+)",
        r"'loss': (-?[0-9.]+(?:e[-+]?[0-9]+)?)",
        r".*\[[0-9]+\].*#011train-rmse:([-+]?[0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?).*",
        r"loss=(.*?);",
        r"(?:train |val )?loss[:=]\s*(\S+)",
        r"loss|acc: (.*)",
        r"^\s*(\S+)$",
        r"lo{1,2}s{2}\D*(\d+)",
        r"\bacc\b.(.+)",
        r"a?c?c: (\S+)?",
        r"(?i)LOSS: (\S+)",
        r"(?<=acc: )(\S+)",
        r"([\d.]+)(?!.*\d)",
        r"{'loss': (.*)}",
        r"\tloss:(.)",
    ]
)
WORDS = st.sampled_from(
    [
        "loss: ",
        "loss=",
        "'loss': ",
        "{'loss': ",
        "acc: ",
        "val ",
        ";",
        "}",
        "\t",
        "\n",
        "\r",
        " ",
        "[12]",
        "#011train-rmse:",
    ]
)
MESSAGES = st.lists(st.one_of(WORDS, NUMBERS, st.text(max_size=5)), max_size=12).map("".join)


@settings(max_examples=300, deadline=None)
@given(EXPRESSIONS, st.lists(MESSAGES, max_size=6))
def test_it_gives_what_the_rule_says(regex: str, messages: list[str]) -> None:
    assert [str(value) for value in values(regex, *messages)] == by_the_rule(regex, messages)


PIECES = st.sampled_from(
    ["a", "b", "ab", r"\.", "[ab]", ".", ".*", ".+?", "a*", "b+", "a?", "(?:ab)?", "(a)", "(b?)", "a{2}", "^", "x*?"]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, max_size=7).map("".join), st.text("ab.x", max_size=12))
def test_what_its_shape_says_is_true_of_every_match(regex: str, line: str) -> None:
    shape = shape_of(regex)
    found = re.search(regex, line)
    assert shape.literal in line or not found
    if shape.at_start:
        assert str(re.match(regex, line)) == str(found)


@pytest.mark.parametrize(
    ("regex", "literal", "quick_to"),
    [
        (r"loss: ([0-9\.]+)", "loss: ", 2_000_000),
        (r"loss=(\d+\.?\d*)", "loss=", 2_000_000),
        (r"loss=(\d+\.\d+)", "loss=", 1414),
        (r"a=(.*?);b=(.*?);", ";b=", 125),
        (r"(?:val_)?loss=(\d+)", "loss=", 1_000_000),
        (r"(a+)+b", "", 0),
        (r"loss|acc=(.*)", "", 1_000_000),
        (r".*loss=(\d+).*", "loss=", 2_000_000),
        (r"a.*loss=(\d+)", "loss=", 1414),
        (r"loss=(\d+)$", "loss=", 1414),
        ("(a?" + "a?" * 24 + ")b", "b", 0),
        (r"(?i)loss=(.*)", "", 0),
    ],
)
def test_the_shape_of(regex: str, literal: str, quick_to: int) -> None:
    shape = shape_of(regex)
    assert (shape.literal, shape.quick_to) == (literal, quick_to)

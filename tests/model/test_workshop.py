"""A metric definition tried on a log: what it gives, what nearly matches, what is wrong with it and where."""

from __future__ import annotations

import ast
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.model.definitions import compile_definitions
from tui.model.jobs import MetricDefinition
from tui.model.log_buffer import LogBuffer
from tui.model.logs import LogEvent
from tui.model.patterns import BadPattern
from tui.model.workshop import (
    MOST_LINES,
    Outcome,
    Trial,
    as_json,
    as_sdk,
    fault_of,
    longest_word,
    near_of,
)

LOSS = r"loss=([0-9.]+|nan)"


def events(*lines: str) -> list[LogEvent]:
    return [LogEvent(at * 1000, 0, "algo-1", "job/algo-1-1", line) for at, line in enumerate(lines)]


def tried(regex: str, *lines: str) -> Outcome:
    buffer = LogBuffer()
    buffer.extend(events(*lines))
    trial = Trial(MetricDefinition("m", regex))
    for block in reversed(buffer.rows.blocks):
        if not trial.take(block):
            break
    return trial.outcome()


# What it gives


def test_the_lines_that_match_the_captured_part_and_the_values() -> None:
    outcome = tried(LOSS, "step 1 loss=0.5", "other", "step 2 loss=0.25")
    assert outcome.matched == 2
    assert [(hit.time_ms, hit.line, hit.line[slice(*hit.span)], hit.value) for hit in outcome.hits] == [
        (2000, "step 2 loss=0.25", "0.25", 0.25),
        (0, "step 1 loss=0.5", "0.5", 0.5),
    ]
    assert (outcome.series.times.tolist(), outcome.series.values.tolist()) == ([0, 2000], [0.5, 0.25])


def test_what_is_captured_and_no_number_is_no_value() -> None:
    outcome = tried(r"loss=(\S+)", "loss=low", "loss=1")
    assert [hit.value for hit in outcome.hits] == [1.0, None]
    assert outcome.series.values.tolist() == [1.0]


def test_nan_is_a_value() -> None:
    assert math.isnan(tried(LOSS, "loss=nan").series.values[0])


def test_only_the_newest_lines_are_kept_but_all_are_counted() -> None:
    outcome = tried(LOSS, *[f"loss={number}" for number in range(3 * MOST_LINES)], "loss", "loss")
    assert outcome.matched == len(outcome.series) == 3 * MOST_LINES
    assert len(outcome.hits) == MOST_LINES
    assert outcome.hits[0].value == 3 * MOST_LINES - 1
    assert outcome.near == 2


LINES = st.lists(
    st.lists(
        st.sampled_from(["loss=1", "loss=2.5", "loss=x", "loss=nan", "Loss", "\r", "\x1b[31m", "\x1b", " ", "é"])
    ).map("".join),
    max_size=12,
)


@given(st.sampled_from([LOSS, r"loss=(\S+)", r"(\d+)$", r"^(?:Loss|loss)=(.)", r"\x1b\[31m.*=(.)", "(.*)"]), LINES)
def test_the_values_are_those_that_a_log_gives_anywhere_else(regex: str, lines: list[str]) -> None:
    points = compile_definitions([MetricDefinition("m", regex)]).read(events(*lines))
    series = tried(regex, *lines).series
    assert [(at, repr(value)) for at, value in zip(series.times, series.values, strict=True)] == [
        (point.time_ms, repr(point.value)) for point in points
    ]


# What nearly matches


def test_lines_with_the_longest_word_that_do_not_match() -> None:
    outcome = tried(LOSS, "loss=0.5", "LOSS: 0.4", "loss = 3", "accuracy=1")
    assert outcome.near_words == "with “loss” that do not match"
    assert [hit.line for hit in outcome.near_hits] == ["loss = 3", "LOSS: 0.4"]
    assert outcome.near == 2


def test_without_a_word_lines_that_match_up_to_what_is_captured() -> None:
    outcome = tried(r"\d+/\d+ (\d\.\d)", "1/2 x", "1/2 0.5", "1 0.5")
    assert outcome.near_words == r"that match as far as “\d+/\d+ ”"
    assert [hit.line for hit in outcome.near_hits] == ["1/2 x"]


@pytest.mark.parametrize("regex", [r"(\d+)", r"\s*(\d+)", "([0-9]+)", ".*(a)"])
def test_where_there_is_nothing_to_go_by_nothing_nearly_matches(regex: str) -> None:
    assert near_of(regex) == (None, "")
    assert tried(regex, "b").near == 0


@pytest.mark.parametrize(
    ("regex", "word"),
    [
        (r"loss=(\d+)", "loss"),
        (r"Epoch \d+ val_loss: (\d+)", "val_loss"),
        (r"(?P<value>\d+) it", "it"),
        (r"\bstep\s(\d+)", "step"),
        (r"[a-z]+=(\d)", ""),
        (r"losses?=(.*)", "losse"),
        (r"x{20}(a)", ""),
        (r"[^]word]+(\w)", ""),
        (r"(?:train|validation)-loss (.)", "validation"),
    ],
)
def test_the_longest_word_of_an_expression(regex: str, word: str) -> None:
    assert longest_word(regex) == word


REGEXES = st.lists(
    st.sampled_from([*"ab1=:( )[]{}?*+|\\^$.-_é", "loss", "step", r"\d+", r"\w", "(?P<n>", "(?:", "[^", r"\s"]),
    max_size=8,
).map("".join)


@given(REGEXES, LINES)
def test_no_line_both_matches_and_nearly_matches(regex: str, lines: list[str]) -> None:
    word = longest_word(regex)
    assert word == "" or (word in regex and word.isidentifier() and len(word) > 1)
    try:
        outcome = tried(regex, *lines)
    except (BadPattern, IndexError):
        assert fault_of(regex) is not None
        return
    matching = {(hit.time_ms, line) for hit in outcome.hits for line in [lines[hit.time_ms // 1000]]}
    nearly = {(hit.time_ms, hit.line) for hit in outcome.near_hits}
    assert not matching & nearly
    if word:
        assert all(word.lower() in hit.line.lower() for hit in outcome.near_hits)
        assert len(matching | nearly) >= sum(word in line and "\x1b" not in line for line in set(lines))


# What is wrong with it


@pytest.mark.parametrize(
    ("regex", "words", "place"),
    [
        ("loss=([0-9.]+", "this ( is never closed", 5),
        ("(a(b)(c", "this ( is never closed", 5),
        (r"\((a", "this ( is never closed", 2),
        ("[(](a", "this ( is never closed", 3),
        ("loss)=", "this ) closes nothing", 4),
        ("loss=([0-9", "this [ is never closed", 6),
        ("*a(b)", "there is nothing before it to repeat", 0),
        ("(a{2,1})", "the first number must not be greater", None),
        ("(a)\\", "a \\ at the end escapes nothing", 3),
        ("([z-a])", "the range runs backwards", None),
        (r"(a)\2", "no group of this number", None),
        ("(?i)loss=)", "this ) closes nothing", 9),
        ("loss=[0-9]+", "it needs parentheses around the value", None),
        ("(" + "a" * 3000 + ")", "more than 2000 characters", None),
    ],
)
def test_what_is_wrong_is_said_in_words_and_where(regex: str, words: str, place: int | None) -> None:
    fault = fault_of(regex)
    assert fault is not None
    assert words in fault.words
    if place is not None:
        assert fault.place == place


@given(REGEXES)
def test_a_place_is_one_of_the_expression(regex: str) -> None:
    fault = fault_of(regex)
    assert fault is None or fault.place is None or 0 <= fault.place < len(regex)
    assert fault is None or fault.words


def test_a_pattern_that_would_hang_is_switched_off_and_says_so() -> None:
    outcome = tried(r"((a+)+)$", "a 1", "a" * 5000 + "!", "a 2")
    assert outcome.fault is not None
    assert "switched off: over 200 ms on one line" in outcome.fault.words


# Copied out


DEFINITIONS = [MetricDefinition("train:loss", r'"loss": ([0-9.]+)'), MetricDefinition("é🚀", "\\s(')")]


def test_copied_as_sagemakers_json() -> None:
    text = as_json(DEFINITIONS)
    assert text.isascii()
    assert json.loads(text) == [{"Name": each.name, "Regex": each.regex} for each in DEFINITIONS]


def test_copied_as_the_sdks_argument() -> None:
    text = as_sdk(DEFINITIONS)
    assert text.isascii()
    name, _, value = text.partition("=")
    assert name == "metric_definitions"
    assert ast.literal_eval(value) == [{"Name": each.name, "Regex": each.regex} for each in DEFINITIONS]

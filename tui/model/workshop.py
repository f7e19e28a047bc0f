"""A metric definition tried on a log: what it matches, what it captures, what nearly matches, what is wrong with it.

By SageMaker's rule: the expression is searched in each line, group 1 of the first match is the value, and what `float`
does not take is none.
"""

from __future__ import annotations

import json
import re
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from tui.model.jobs import MetricDefinition
from tui.model.log_block import Block
from tui.model.patterns import BadPattern, Pattern, TooSlow
from tui.model.series import Series

MOST_LINES = 200
"""Lines of each kind that are kept to be shown, the newest."""

_WHY = (
    ("missing )", "this ( is never closed"),
    ("unbalanced parenthesis", "this ) closes nothing"),
    ("unterminated character set", "this [ is never closed"),
    ("nothing to repeat", "there is nothing before it to repeat; \\* and \\+ mean the characters themselves"),
    ("multiple repeat", "what is before it is repeated already"),
    ("min repeat greater", "the first number must not be greater than the second"),
    ("bad escape", "a \\ at the end escapes nothing; \\\\ means the character itself"),
    ("bad character range", "the range runs backwards"),
    ("invalid group reference", "there is no group of this number"),
    ("unknown group", "there is no group of this name"),
    ("bad character in group name", "a group's name begins with a letter"),
    ("missing >", "the group's name is not closed by >"),
    ("unknown property", "there is no such class of characters"),
    ("unknown extension", "(? is followed by what means nothing"),
)
_AT = re.compile(r" at position (\d+)$")
# What stands for other characters, or for none: escapes, classes, names of groups, repetitions.
_NO_WORDS = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\?P?<\w*>|\(\?[a-zA-Z]*|\w(?=[*?{])|\{[\d,]*\}", re.DOTALL)
_WORD = re.compile(r"[^\W\d]\w+")


class Fault(NamedTuple):
    """Why an expression is none that captures a value."""

    words: str
    place: int | None = None
    """The character of the expression that it is about, None for the whole."""


class Hit(NamedTuple):
    """A line that matches, or nearly."""

    time_ms: int
    line: str
    span: tuple[int, int] = (0, 0)
    """Where the captured part stands in it."""
    value: float | None = None
    """None where what is captured is no number."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a trial so far.

    Attributes:
        matched: Lines that match.
        hits: The newest of them, newest first.
        series: The values, oldest first.
        near: Lines that nearly match.
        near_hits: The newest of them, newest first.
        near_words: What makes a line one that nearly matches; empty where nothing can.
        fault: What is wrong, None when nothing is.
    """

    matched: int = 0
    hits: tuple[Hit, ...] = ()
    series: Series = field(default_factory=lambda: Series(""))
    near: int = 0
    near_hits: tuple[Hit, ...] = ()
    near_words: str = ""
    fault: Fault | None = None


class Trial:
    """One definition on its way through a log, from the newest block to the oldest.

    Raises:
        BadPattern: It cannot be used; `fault_of` says why.
    """

    def __init__(self, definition: MetricDefinition) -> None:
        self._name = definition.name
        self._pattern = Pattern.compile(definition.regex, smart_case=False)
        self._near, self._near_words = near_of(definition.regex)
        self._matched = self._nearly = 0
        self._hits: list[Hit] = []
        self._near_hits: list[Hit] = []
        self._values: list[list[tuple[int, float]]] = []
        self._fault: Fault | None = None

    def take(self, block: Block, cancelled: Callable[[], bool] = bool) -> bool:
        """Look at a block older than all before. False when there is no use in going on."""
        try:
            self._take(block, cancelled)
        except TooSlow as error:
            self._fault = Fault(str(error))
        return self._fault is None and not cancelled()

    def outcome(self) -> Outcome:
        """What came of it so far."""
        points = [point for values in reversed(self._values) for point in values]
        times, values = array("q", [time for time, _ in points]), array("d", [value for _, value in points])
        return Outcome(
            self._matched,
            tuple(self._hits),
            Series(self._name, times, values, "log"),
            self._nearly,
            tuple(self._near_hits),
            self._near_words,
            self._fault,
        )

    def _take(self, block: Block, cancelled: Callable[[], bool]) -> None:
        # An escape in a line is part of it, and a carriage return begins a line, as SageMaker reads it.
        plain = b"\x1b" not in block.text and b"\r" not in block.text
        rows = self._pattern.matching_rows(block.text, cancelled) if plain else range(len(block))
        values: list[tuple[int, float]] = []
        matched: set[int] = set()
        for row in reversed(rows):
            hits = [hit for hit in map(self._hit, *self._lines(block, row)) if hit is not None]
            if hits:
                matched.add(row)
                values += [(hit.time_ms, hit.value) for hit in reversed(hits) if hit.value is not None]
                self._matched += len(hits)
                self._hits += reversed(hits[: max(MOST_LINES - len(self._hits), 0)])
        values.reverse()
        self._values.append(values)
        if self._near is not None:
            self._take_near(block, matched, cancelled)

    def _take_near(self, block: Block, matched: set[int], cancelled: Callable[[], bool]) -> None:
        assert self._near is not None
        try:
            near = [row for row in self._near.matching_rows(block.text, cancelled) if row not in matched]
        except TooSlow:
            self._near, self._near_words = None, ""
            return
        self._nearly += len(near)
        for row in near[: -1 - max(MOST_LINES - len(self._near_hits), 0) : -1]:
            self._near_hits.append(Hit(block.times[row], _text(block, row)))

    def _lines(self, block: Block, row: int) -> tuple[list[int], list[str]]:
        lines = re.split(r"\r", _text(block, row))
        return [block.times[row]] * len(lines), lines

    def _hit(self, time_ms: int, line: str) -> Hit | None:
        match = self._pattern.search(line)
        if match is None:
            return None
        return Hit(time_ms, line, match.span(1), number_of(match[1]))


def number_of(captured: str | None) -> float | None:
    """What a captured part is worth; None where it is no number, or where the group took no part."""
    try:
        return float(captured or "")
    except ValueError:
        return None


def fault_of(regex: str) -> Fault | None:
    """What keeps an expression from being a metric's: in words, and where. None when nothing does."""
    try:
        pattern = Pattern.compile(regex, smart_case=False)
    except BadPattern as error:
        said = str(error)
        # The engine counts without a flag at the beginning, which is taken off before.
        place = int(at[1]) + 4 * regex.startswith("(?i)") if (at := _AT.search(said)) else None
        for beginning, words in _WHY:
            if said.startswith(beginning):
                return Fault(words, _place(regex, beginning, place))
        return Fault(_AT.sub("", said), None if place is None else _place(regex, "", place))
    if not pattern.groups:
        return Fault("it needs parentheses around the value: loss=([0-9.]+)")
    return None


def near_of(regex: str) -> tuple[Pattern | None, str]:
    """What a line holds that nearly matches: the longest word of the expression, case aside; or else its beginning.

    Returns:
        A pattern for it and the words that say so; nothing where there is nothing to go by.
    """
    if word := longest_word(regex):
        return Pattern.compile(word.lower(), literal=True), f"with “{word}” that do not match"
    start = regex[: _first_group(regex)]
    if start.strip():
        try:
            beginning = Pattern.compile(start, smart_case=False)
            if beginning.search("") is None:
                return beginning, f"that match as far as “{start}”"
        except (BadPattern, TooSlow):
            pass
    return None, ""


def longest_word(regex: str) -> str:
    """The longest word that stands in an expression as it is, the first of several; of two letters at least."""
    return max(_WORD.findall(_NO_WORDS.sub(" ", regex)), key=len, default="")


def as_json(definitions: Sequence[MetricDefinition]) -> str:
    """`AlgorithmSpecification.MetricDefinitions` in JSON, pure ASCII."""
    return json.dumps([{"Name": each.name, "Regex": each.regex} for each in definitions], indent=2)


def as_sdk(definitions: Sequence[MetricDefinition]) -> str:
    """The argument of an estimator of the SageMaker Python SDK, pure ASCII."""
    rows = [f'    {{"Name": {each.name!a}, "Regex": {each.regex!a}}},\n' for each in definitions]
    return f"metric_definitions=[\n{''.join(rows)}]"


def _text(block: Block, row: int) -> str:
    return block.row(row).decode("utf-8", "replace")


def _place(regex: str, what: str, place: int | None) -> int | None:
    """Where to look: at the bracket that is not closed rather than at the end, where that was noticed."""
    if what in ("missing )", "unterminated character set"):
        return _open_brackets(regex, "(" if what == "missing )" else "[")
    if place is None or not regex:
        return None
    return min(place, len(regex) - 1)


def _open_brackets(regex: str, wanted: str) -> int | None:
    """The last bracket of a kind that is never closed."""
    groups: list[int] = []
    at = 0
    while at < len(regex):
        if regex[at] == "\\":
            at += 1
        elif regex[at] == "[":
            closing = re.compile(r"\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL).match(regex, at)
            if closing is None:
                return at if wanted == "[" else (groups[-1] if groups else None)
            at = closing.end() - 1
        elif regex[at] == "(":
            groups.append(at)
        elif regex[at] == ")" and groups:
            groups.pop()
        at += 1
    return groups[-1] if groups and wanted == "(" else None


def _first_group(regex: str) -> int:
    """Where the first group that captures begins; the length where none does."""
    at = 0
    while at < len(regex):
        if regex[at] == "\\":
            at += 1
        elif regex[at] == "[" and (whole := re.compile(r"\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL).match(regex, at)):
            at = whole.end() - 1
        elif regex[at] == "(" and (regex[at + 1 : at + 2] != "?" or re.match(r"\(\?P?<\w", regex[at:])):
            return at
        at += 1
    return len(regex)

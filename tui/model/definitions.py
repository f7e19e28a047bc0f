r"""Metric definitions applied to a log as it is read, by SageMaker's rule.

`compile_definitions` takes a job's `MetricDefinitions` and gives something that reads events:

    definitions = compile_definitions(job.metric_definitions)
    points = definitions.read(batch.events)      # each Point, metric by metric
    definitions.problems                         # what is wrong with which definition, in a sentence each

The rule: the expression is searched in each line of an event's message (a carriage return begins a line as well); of
its first match in the line group 1 is the value, and what `float()` does not take is no value. NaN and infinities are
values: the log has them, though CloudWatch drops them. A line is taken as it was logged, its escapes included.

Nothing can hang it: an expression that needs more than 200 ms on one line is switched off and stands in `problems`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain, repeat
from typing import TYPE_CHECKING, NamedTuple

from tui.model.jobs import MetricDefinition
from tui.model.logs import LogEvent
from tui.model.patterns import BadPattern, Pattern, TooSlow
from tui.model.regex_shape import shape_of
from tui.model.steps import place_of

if TYPE_CHECKING:
    import regex

_LINE_ENDS = re.compile(r"\r\n|\n|\r")


class Point(NamedTuple):
    """One value that a line of a log gave."""

    metric: str
    time_ms: int
    """The event's time, ms since the epoch."""
    value: float
    """May be NaN or infinite."""
    host: str
    step: float
    """The step that the line names, NaN where it names none."""
    epoch: float
    """The epoch likewise."""


_POINT = partial(tuple.__new__, Point)  # as Point._make, which is a function of Python


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a definition gives nothing (any more), in a sentence. Its texts come from outside."""

    metric: str
    text: str


class Definitions:
    """Compiled definitions. Not thread-safe: one thread reads with it.

    Attributes:
        definitions: What it was made of, those that cannot be used included.
    """

    def __init__(self, definitions: Sequence[MetricDefinition]) -> None:
        self.definitions = tuple(definitions)
        self._problems: dict[int, Problem] = {}
        self._readers: dict[int, _Reader] = {}
        for number, definition in enumerate(self.definitions):
            try:
                self._readers[number] = _Reader(definition)
            except BadPattern as error:
                self._problems[number] = Problem(definition.name, str(error))

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong, in the order of the definitions; more may come with what is read."""
        return tuple(self._problems[number] for number in sorted(self._problems))

    def read(self, events: Iterable[LogEvent]) -> Iterator[Point]:
        """The values in these events' messages: those of one definition in the order of the events' lines.

        All is read when it is called; a point is made when it is asked for, so that never many are there at a time.
        """
        events = list(events)
        lines, owners = lines_of([event.message for event in events])
        found = [(reader.name, *reader.values(lines)) for reader in self._readers.values()]
        for number, reader in list(self._readers.items()):
            if reader.switched_off:
                del self._readers[number]
                self._problems[number] = Problem(reader.name, reader.switched_off)
        return chain.from_iterable(_points(events, lines, owners, found))


def _points(
    events: Sequence[LogEvent],
    lines: Sequence[str],
    owners: Sequence[int] | None,
    found: Sequence[tuple[str, list[int], list[float]]],
) -> Iterator[Iterator[Point]]:
    steps: dict[int, float] = {}
    epochs: dict[int, float] = {}
    for row in {row for _, rows, _ in found for row in rows}:
        steps[row], epochs[row] = place_of(lines[row])
    for name, rows, values in found:
        of = [events[row if owners is None else owners[row]] for row in rows]
        yield map(
            _POINT,
            zip(
                repeat(name),
                [event.timestamp for event in of],
                values,
                [event.host for event in of],
                map(steps.__getitem__, rows),
                map(epochs.__getitem__, rows),
            ),
        )


def compile_definitions(definitions: Sequence[MetricDefinition]) -> Definitions:
    """Makes definitions ready to read with; what is wrong with one of them stands in `problems`, nothing is raised."""
    return Definitions(definitions)


def lines_of(messages: Sequence[str]) -> tuple[Sequence[str], list[int] | None]:
    """The lines of all messages, and whose line each is: its message's index; None where each is one line."""
    together = "\n".join(messages)
    if "\r" not in together and together.count("\n") == len(messages) - 1:
        return messages, None
    lines: list[str] = []
    owners: list[int] = []
    for number, message in enumerate(messages):
        parts = _LINE_ENDS.split(message)
        lines += parts
        owners += [number] * len(parts)
    return lines, owners


class _Reader:
    """One definition, compiled.

    Raises:
        BadPattern: It is no expression, or captures nothing.
    """

    def __init__(self, definition: MetricDefinition) -> None:
        self.name = definition.name
        self.switched_off = ""
        self._watched = Pattern.compile(definition.regex, smart_case=False)
        if not self._watched.groups:
            raise BadPattern("it has no parentheses, and they capture the value")
        shape = shape_of(definition.regex)
        self._literal = shape.literal
        self._quick_to = shape.quick_to
        self._quick: Callable[[str], re.Match[str] | None] | None = None
        if self._quick_to:
            try:
                compiled = re.compile(definition.regex)
            except re.error:
                self._quick_to = 0
            else:
                self._quick = compiled.match if shape.at_start else compiled.search

    def values(self, lines: Sequence[str]) -> tuple[list[int], list[float]]:
        """Index and value of each line that has one; fewer, if it is switched off on the way."""
        among: Sequence[int] = range(len(lines))
        if self._literal:
            among = [row for row, line in enumerate(lines) if self._literal in line]
            lines = [lines[row] for row in among]
        texts = {row: match[1] for row, match in zip(among, self._matches(lines), strict=False) if match is not None}
        try:
            return list(texts), list(map(float, texts.values()))
        except (TypeError, ValueError):
            # A group that took no part, or no number: SageMaker drops both.
            numbers = {row: number for row, text in texts.items() if (number := _number(text)) is not None}
            return list(numbers), list(numbers.values())

    def _matches(self, lines: Sequence[str]) -> Iterator[re.Match[str] | regex.Match[str] | None]:
        """The first match in each line, up to where it is switched off."""
        if self._quick is not None and len(max(lines, key=len, default="")) <= self._quick_to:
            return map(self._quick, lines)
        return self._watched_matches(lines)

    def _watched_matches(self, lines: Sequence[str]) -> Iterator[re.Match[str] | regex.Match[str] | None]:
        for line in lines:
            try:
                yield (self._quick if self._quick and len(line) <= self._quick_to else self._watched.search)(line)
            except TooSlow as error:
                self.switched_off = str(error)
                return


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text is not None else None
    except ValueError:
        return None

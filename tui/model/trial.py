"""A metric definition tried on lines before it is used: what it finds in each, and which lines it nearly finds."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tui.model.patterns import BadPattern, Pattern
from tui.model.regex_shape import shape_of

_LEAST = 3
"""Characters of a text that are worth looking for in lines that do not match."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A line in which the expression is found.

    Attributes:
        row: The line's index.
        start: Where what was captured begins.
        end: The first place behind it; as `start` where the group took no part.
        value: What it says; None where that is no number.
    """

    row: int
    start: int
    end: int
    value: float | None

    @property
    def is_odd(self) -> bool:
        """Whether the value is NaN or infinite: it is kept here, and CloudWatch drops it."""
        return self.value is not None and not math.isfinite(self.value)


@dataclass(frozen=True, slots=True)
class Near:
    """A line in which it is not found, though it looks as if it were meant.

    Attributes:
        row: The line's index.
        why: What is missing, in some words; holds text of the expression.
    """

    row: int
    why: str


class Trial:
    """An expression that is tried out.

    Attributes:
        regex: As it was given.

    Raises:
        BadPattern: It is no expression, or has no parentheses; `str()` of it says why.
    """

    def __init__(self, regex: str) -> None:
        self.regex = regex
        self._pattern = Pattern.compile(regex, smart_case=False)
        if not self._pattern.groups:
            raise BadPattern("it has no parentheses, and they capture the value")
        self._any_case = None
        self._literal = shape_of(regex).literal.strip()
        if not regex.startswith("(?"):
            self._any_case = Pattern.compile(f"(?i){regex}", smart_case=False)

    def look(self, line: str, row: int = 0) -> Hit | Near | None:
        """What is to be said of one line. Raises `TooSlow` when it took more than its time."""
        match = self._pattern.search(line)
        if match is not None:
            start, end = match.span(1)
            if start < 0:
                start = end = match.end()
            try:
                value: float | None = float(match[1])
            except (TypeError, ValueError):
                value = None
            return Hit(row, start, end, value)
        if len(self._literal) >= _LEAST and self._literal in line:
            return Near(row, f"it holds {self._literal!r}, but what stands around it does not fit")
        if self._any_case is not None and self._any_case.search(line) is not None:
            return Near(row, "it would be found if case did not count: begin with (?i)")
        return None

    def over(self, lines: Sequence[str]) -> Iterator[Hit | Near]:
        """What is to be said of lines, in their order; nothing of the others. Raises `TooSlow`."""
        for row, line in enumerate(lines):
            found = self.look(line, row)
            if found is not None:
                yield found

"""Patterns that people or AWS give (`/`, `&`, `--grep`, MetricDefinitions): none of them may hang anything.

The `regex` package gives up after a time-out, also within one match, and can leave the interpreter to others while it
looks. It is loaded with the first pattern. Many lines at once are searched as one buffer, which is what makes a million
lines a matter of a quarter of a second.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from tui.model.clean import clean, without_escapes

if TYPE_CHECKING:
    import regex

TIME_LIMIT = 0.2
"""Seconds that a pattern may take on one line before it is switched off."""

_LONGEST = 2_000
_HEAVIEST = 20_000

# What is no letter of the text although it is written with one: escapes, and the names of groups.
_NOT_TEXT = re.compile(r"\\[pPN]\{[^}]*\}|\\.|\(\?P?[<=&][^>)]*[>)]", re.DOTALL)
# Characters given by number or class: lowering the text would hide from them what they mean.
_BY_NUMBER = re.compile(r"\\[xuUNpP0-9]|\[:")
# What may fail where lines stand next to each other although it would match on one of them alone.
_NEEDS_ONE_LINE = re.compile(r"\(\?(?!:|P?<[^=!])|\\[AZzGKRX]|[*+?}]\+|\{[^}]*[a-z]")
_SPECIAL = re.compile(r"[\\.^$*+?{}\[\]|()]")


class BadPattern(ValueError):
    """The text is no pattern; `str()` of it says why in one line."""


class TooSlow(Exception):
    """The pattern took more than `TIME_LIMIT` on one line and is switched off."""

    def __init__(self, pattern: str) -> None:
        super().__init__(f"pattern switched off: over {TIME_LIMIT * 1000:.0f} ms on one line: {clean(pattern)}")


class Pattern:
    """A literal or a regular expression, smart in case: it ignores case unless it holds a capital letter.

    Attributes:
        text: As it was given.
        slow: True once it has been switched off; every use from then on raises `TooSlow`.
    """

    __slots__ = ("_ignores_case", "_lowers", "_many", "_needle", "_one", "_spans_lines", "slow", "text")

    def __init__(self, text: str, source: str, *, needle: str | None, ignores_case: bool) -> None:
        self.text = text
        self.slow = False
        self._ignores_case = ignores_case
        # bytes.lower() and str.lower() agree on ASCII alone.
        self._needle = needle.encode("utf-8", "surrogatepass") if needle and needle.isascii() else None
        self._lowers = ignores_case and not _BY_NUMBER.search(source)
        self._spans_lines = not _NEEDS_ONE_LINE.search(source)
        self._one = _compile(source, ignores_case)
        self._many = _compile(source, False, lines=True) if self._spans_lines else None

    @classmethod
    def compile(cls, text: str, *, literal: bool = False, smart_case: bool = True) -> Pattern:
        """Make a pattern of what was typed.

        Args:
            text: A regular expression as the `regex` package reads it (a superset of Python's `re`).
            literal: Take every character as itself.
            smart_case: Ignore case when there is no capital letter in it; else case always counts.

        Raises:
            BadPattern: Not a regular expression, or one that would be gigantic.
        """
        if len(text) > _LONGEST:
            raise BadPattern(f"a pattern of more than {_LONGEST} characters")
        literal = literal or not _SPECIAL.search(text)
        letters = text if literal else _NOT_TEXT.sub("", text)
        ignores_case = smart_case and letters == letters.lower()
        source = re.escape(text) if literal else text
        if not literal and _weight(source) > _HEAVIEST:
            raise BadPattern("its repetitions multiply to more than can be searched")
        return cls(text, source, needle=text if literal else None, ignores_case=ignores_case)

    def search(self, line: str, start: int = 0) -> regex.Match[str] | None:
        """The first match in one line.

        Raises:
            TooSlow: It took more than `TIME_LIMIT`, now or before.
        """
        if self.slow:
            raise TooSlow(self.text)
        try:
            return self._one.search(line, start, timeout=TIME_LIMIT)
        except (TimeoutError, MemoryError):
            self.slow = True
            raise TooSlow(self.text) from None

    def spans(self, line: str) -> list[tuple[int, int]]:
        """Where it matches in one line, from left to right; empty matches are left out. Raises `TooSlow`."""
        found: list[tuple[int, int]] = []
        at = 0
        while at < len(line) and (match := self.search(line, at)):
            if match.end() > match.start():
                found.append(match.span())
            at = max(match.end(), match.start() + 1, at + 1)
        return found

    def matching_rows(self, data: bytes, cancelled: Callable[[], bool] = bool) -> list[int]:
        r"""The numbers of the rows in which it matches.

        Other threads run while it looks: call it from one that is not the UI's, with at most 256 KB at a time.

        Args:
            data: Rows in UTF-8, each ended by `\n`.
            cancelled: Asked from row to row when the pattern is slow; once it says True the answer is incomplete.

        Raises:
            TooSlow: It took more than `TIME_LIMIT` on one row, now or before.
        """
        if self.slow:
            raise TooSlow(self.text)
        escapes = b"\x1b" in data
        if self._needle is not None and not escapes:
            return self._literal_rows(data.lower() if self._ignores_case else data)
        text = without_escapes(data.decode("utf-8", "replace"))
        if not self._spans_lines or (self._ignores_case and not (self._lowers and text.isascii())):
            return self._rows_one_by_one(text, cancelled)
        return self._rows_at_once(text.lower() if self._ignores_case else text, text, cancelled)

    def _literal_rows(self, data: bytes) -> list[int]:
        needle = self._needle or b""
        rows: list[int] = []
        row = at = 0
        while (hit := data.find(needle, at)) >= 0:
            row += data.count(b"\n", at, hit)
            rows.append(row)
            at = data.find(b"\n", hit) + 1
            if not at:
                break
            row += 1
        return rows

    def _rows_at_once(self, text: str, original: str, cancelled: Callable[[], bool]) -> list[int]:
        """All rows as one text: a match that runs over a row's end is looked at again in its row alone."""
        assert self._many is not None
        rows: list[int] = []
        row = at = 0
        end = len(text)
        while at < end:
            try:
                match = self._many.search(text, at, timeout=TIME_LIMIT, concurrent=True)
            except (TimeoutError, MemoryError):
                rest = self._rows_one_by_one(original[at:], cancelled)
                return rows + [row + other for other in rest]
            if match is None:
                break
            start = match.start()
            row += text.count("\n", at, start)
            line_end = text.find("\n", start)
            if line_end < 0:
                if start < end:
                    rows.append(row)
                break
            line_start = text.rfind("\n", 0, start) + 1
            if match.end() <= line_end or self._matches(original[line_start:line_end]):
                rows.append(row)
            row += 1
            at = line_end + 1
        return rows

    def _rows_one_by_one(self, text: str, cancelled: Callable[[], bool]) -> list[int]:
        rows: list[int] = []
        for row, line in enumerate(text.removesuffix("\n").split("\n")):
            if cancelled():
                break
            if self._matches(line):
                rows.append(row)
        return rows

    def _matches(self, line: str) -> bool:
        try:
            return self._one.search(line, timeout=TIME_LIMIT, concurrent=True) is not None
        except (TimeoutError, MemoryError):
            self.slow = True
            raise TooSlow(self.text) from None


def _compile(source: str, ignores_case: bool, *, lines: bool = False) -> regex.Pattern[str]:
    import regex

    flags = (regex.IGNORECASE if ignores_case else 0) | (regex.MULTILINE if lines else 0)
    try:
        return regex.compile(source, flags)
    except regex.error as error:
        raise BadPattern(clean(str(error))) from None
    except (RecursionError, MemoryError, OverflowError, ValueError):
        raise BadPattern("too deeply nested") from None


def _weight(source: str) -> int:
    """How large the pattern grows when its counted repetitions are written out; compiling takes memory for each."""
    sizes = [0]  # of each open group
    last = 0
    at = 0
    while at < len(source):
        char = source[at]
        if char == "\\":
            at += 2
            last = 1
            sizes[-1] += 1
            continue
        if char == "[":
            closing = source.find("]", at + 2)
            at = closing if closing > 0 else len(source)
            last = 1
            sizes[-1] += 1
        elif char == "(":
            sizes.append(1)
        elif char == ")" and len(sizes) > 1:
            last = sizes.pop()
            sizes[-1] += last
        elif char == "{" and (counts := re.match(r"\{(\d*),?(\d*)\}", source[at:])):
            times = max((int(count[:9]) for count in counts.groups() if count), default=1)
            sizes[-1] += last * max(times - 1, 0)
            last *= max(times, 1)
            at += len(counts.group(0)) - 1
        else:
            last = 1
            sizes[-1] += 1
        at += 1
    return sum(sizes)

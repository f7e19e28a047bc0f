"""Patterns that people or AWS give (`/`, `&`, `--grep`, MetricDefinitions): none of them may hang anything.

The `regex` package gives up after a time-out, also within one match, and can leave the interpreter to others while it
looks. It is loaded with the first pattern. Many lines at once are searched as one buffer, which is what makes a million
lines a matter of a quarter of a second; where a pattern's text tells that it cannot take long, Python's own `re` does
it in half the time, without a clock.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import compress, islice
from math import comb
from typing import TYPE_CHECKING

from tui.model.clean import clean, without_escapes
from tui.model.regex_shape import Cost, needs_one_line, shape_of, takes_newlines, weight, within_line

if TYPE_CHECKING:
    import regex

TIME_LIMIT = 0.2
"""Seconds that a pattern may take on one line before it is switched off."""

_MOST_STEPS = 3_000_000
"""How many steps a search may take without a clock: some ten milliseconds."""

_HIT = b"\x01"
"""What a line that matches is made to end in."""
_ODD = (b"\x1b", b"\x1c", b"\x1d", b"\x1e", b"\x1f", _HIT)
"""What may not be in lines that are searched as bytes: escapes, and what is a blank only among characters."""
_BUT_SIGNS = bytes(byte for byte in range(256) if byte not in b"\x01\n")

_FIRST = 64
"""Where so many lines in question are more than half of the lines there, all are looked at as one text."""

_LONGEST = 2_000
_HEAVIEST = 20_000

# What is no letter of the text although it is written with one: escapes, and the names of groups.
_NOT_TEXT = re.compile(r"\\[pPN]\{[^}]*\}|\\.|\(\?P?[<=&][^>)]*[>)]", re.DOTALL)
# Characters given by number or class: lowering the text would hide from them what they mean.
_BY_NUMBER = re.compile(r"\\[xuUNpP0-9]|\[:|\[[^\]]*(?:[^\w\[\]^-]-[^\]]|-[^\w\]])")
_SPECIAL = re.compile(r"[\\.^$*+?{}\[\]|()]")


def load() -> None:
    """Load the engine ahead of the first pattern: for a thread, while the pattern is typed."""
    import regex  # noqa: F401


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

    __slots__ = (
        "_alone",
        "_cost",
        "_holds",
        "_ignores_case",
        "_lowers",
        "_many",
        "_needle",
        "_one",
        "_quick",
        "_source",
        "_takes_newlines",
        "slow",
        "text",
    )

    def __init__(self, text: str, source: str, *, needle: str | None, ignores_case: bool) -> None:
        self.text = text
        self.slow = False
        self._source = source
        self._ignores_case = ignores_case
        # bytes.lower() and str.lower() agree on ASCII alone.
        self._needle = needle.encode() if needle and needle.isascii() else None
        letters = _NOT_TEXT.sub("", source)
        self._lowers = ignores_case and letters == letters.lower() and not _BY_NUMBER.search(source)
        self._one = _compile(source, ignores_case)
        self._alone = needs_one_line(within_line(source))
        self._takes_newlines = takes_newlines(within_line(source))
        shape = shape_of(source)
        holds = shape.literals if self._lowers or not ignores_case else ()
        # Of which every line that matches holds one.
        self._holds = [text.encode() for text in holds] if all(map(str.isascii, holds)) else []
        self._cost: Cost | None = None
        self._quick: re.Pattern[bytes] | None = None
        if source.isascii() and not self._alone and not self._takes_newlines:
            self._cost = shape_of(shape.test).cost
        if self._cost is not None:
            flags = re.MULTILINE | (re.IGNORECASE if ignores_case and not self._lowers else 0)
            self._quick = re.compile(rb"(?:%s)[^\n]*" % within_line(shape.test).encode(), flags)
        self._many: dict[bool, regex.Pattern[str]] = {}  # by whether they ignore case themselves

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
        source = re.escape(text) if literal else text
        ignores_case = smart_case and letters == letters.lower()
        if not literal and source.startswith("(?i)"):
            source, ignores_case = source[4:], True
        if not literal and weight(source) > _HEAVIEST:
            raise BadPattern("its repetitions multiply to more than can be searched")
        return cls(text, source, needle=text if literal else None, ignores_case=ignores_case)

    @property
    def groups(self) -> int:
        """How many groups it captures."""
        return self._one.groups

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

    def spans(self, line: str, most: int = 1_000_000) -> list[tuple[int, int]]:
        """Where it matches in one line, from left to right, at most so often; no empty matches. Raises `TooSlow`."""
        found: list[tuple[int, int]] = []
        at = 0
        while at < len(line) and len(found) < most and (match := self.search(line, at)):
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
        if self._needle is not None and b"\x1b" not in data:
            return self._rows_with_needle(data.lower() if self._ignores_case else data)
        if not data.isascii() or any(sign in data for sign in _ODD):
            return self._rows_of_text(data, cancelled)
        lowered = data.lower() if self._lowers else data
        if self._holds:
            lines = _lines_with_one(self._holds, lowered)
            if lines is not None:
                picked = b"".join(data[start:stop] + b"\n" for _, start, stop in lines)
                return [lines[index][0] for index in self._rows_of(picked, picked.lower(), cancelled)] if lines else []
        return self._rows_of(data, lowered, cancelled)

    def _rows_with_needle(self, data: bytes) -> list[int]:
        assert self._needle is not None
        lines = _lines_with_one([self._needle], data)
        if lines is not None:
            return [row for row, _, _ in lines]
        if _HIT not in data:
            return _hit_rows(re.sub(re.escape(self._needle) + rb"[^\n]*", _HIT, data))
        return [row for row, _, _ in _lines_with(self._needle, data)]

    def _rows_of(self, data: bytes, lowered: bytes, cancelled: Callable[[], bool]) -> list[int]:
        """Of lines of ASCII without escapes: by Python's own engine, if that is sure to be quick."""
        if self._quick is not None and self._cost is not None and (most := _within(self._cost, data)):
            searched = lowered if self._lowers else data
            return _hit_rows(b"".join(self._quick.sub(_HIT, part) for part in _parts(searched, most)))
        return self._rows_of_text(data, cancelled)

    def _rows_of_text(self, data: bytes, cancelled: Callable[[], bool]) -> list[int]:
        """Of any lines, by the engine with the clock."""
        text = without_escapes(data.decode("utf-8", "replace"))
        if self._alone:
            return self._rows_one_by_one(text, cancelled)
        lowers = self._lowers and text.isascii()
        searched = text.lower() if lowers else text
        many = self._regex(self._ignores_case and not lowers)
        if self._takes_newlines:
            return self._rows_overrun(many, searched, text, cancelled)
        hit = _HIT.decode()
        if hit in text:
            return self._rows_one_by_one(text, cancelled)
        try:
            return _hit_rows(many.sub(hit, searched, timeout=TIME_LIMIT, concurrent=True).encode())
        except (TimeoutError, MemoryError):
            return self._rows_one_by_one(text, cancelled)

    def _regex(self, ignores_case: bool) -> regex.Pattern[str]:
        """What finds its lines in a text of many and takes the rest of the line too.

        Where a match may run over the line's end, the last group marks where it ends.
        """
        import regex

        if ignores_case not in self._many:
            source = within_line(self._source)
            rest = r"()[^\n]*\n?" if self._takes_newlines else r"[^\n]*"
            self._many[ignores_case] = _compile(f"(?:{source}){rest}", ignores_case, regex.MULTILINE)
        return self._many[ignores_case]

    def _rows_overrun(
        self, many: regex.Pattern[str], text: str, original: str, cancelled: Callable[[], bool]
    ) -> list[int]:
        """All rows as one text: a match that runs over its row's end is looked at again in that row alone."""
        rows: list[int] = []
        row = at = 0
        end_of_match = many.groups
        while at < len(text):
            try:
                for match in many.finditer(text, at, timeout=TIME_LIMIT, concurrent=True):
                    start, stop = match.span()
                    if start >= len(text):
                        return rows
                    row += text.count("\n", at, start)
                    line_end = text.find("\n", start)
                    runs_over = match.end(end_of_match) > line_end
                    if not runs_over or self._matches(original[text.rfind("\n", 0, start) + 1 : line_end]):
                        rows.append(row)
                    row += 1
                    at = line_end + 1
                    if stop != at:
                        break  # go on in the next row, not where the match ended
                else:
                    return rows
            except (TimeoutError, MemoryError):
                return rows + [row + other for other in self._rows_one_by_one(original[at:], cancelled)]
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


def _compile(source: str, ignores_case: bool, more_flags: int = 0) -> regex.Pattern[str]:
    import regex

    try:
        return regex.compile(source, more_flags | (regex.IGNORECASE if ignores_case else 0))
    except regex.error as error:
        raise BadPattern(clean(str(error))) from None
    except (RecursionError, MemoryError, OverflowError, ValueError):
        raise BadPattern("too deeply nested") from None


def _lines_with(needle: bytes, data: bytes) -> Iterator[tuple[int, int, int]]:
    """Number, start and stop of each line that holds this."""
    row = at = 0
    while (hit := data.find(needle, at)) >= 0:
        row += data.count(b"\n", at, hit)
        stop = data.find(b"\n", hit)
        if stop < 0:
            stop = len(data)
        yield row, data.rfind(b"\n", at, hit) + 1 or at, stop
        at = stop + 1
        row += 1


def _lines_with_one(needles: Sequence[bytes], data: bytes) -> list[tuple[int, int, int]] | None:
    """Number, start and stop of each line that holds one of these, in order; None where most lines do."""
    found: set[tuple[int, int, int]] = set()
    for needle in needles:
        lines = _lines_with(needle, data)
        first = list(islice(lines, _FIRST))
        if len(first) == _FIRST and first[-1][0] < 2 * _FIRST:
            return None
        found.update(first, lines)
    return sorted(found)


def _within(cost: Cost, data: bytes) -> int:
    """How many bytes may be searched at a time without a clock; 0 where a line is too long for that."""
    if not cost.repeats:
        return _MOST_STEPS // cost.choices
    widest = max(map(len, data.split(b"\n")))
    # Where a search begins and what each repetition takes are places in the line, one behind the other.
    each_line = cost.choices * comb(widest + cost.repeats, cost.repeats + 1)
    return max(widest, 1) * (_MOST_STEPS // max(each_line, 1))


def _parts(data: bytes, most: int) -> Iterator[bytes]:
    """The lines in parts of so many bytes or one line each."""
    start = 0
    while start < len(data):
        stop = len(data) if len(data) - start <= most else data.rfind(b"\n", start, start + most) + 1
        stop = stop or data.find(b"\n", start) + 1 or len(data)
        yield data[start:stop]
        start = stop


def _hit_rows(data: bytes) -> list[int]:
    """The numbers of the rows that end in `_HIT`."""
    if _HIT not in data:
        return []
    signs = data.translate(None, _BUT_SIGNS).split(b"\n")
    signs.pop()  # nothing, found behind the last row
    return list(compress(range(len(signs)), signs))

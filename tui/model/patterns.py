"""Patterns that people or AWS give (`/`, `&`, `--grep`, MetricDefinitions): none of them may hang anything.

The `regex` package gives up after a time-out, also within one match, and can leave the interpreter to others while it
looks. It is loaded with the first pattern. Many lines at once are searched as one buffer, which is what makes a million
lines a matter of a quarter of a second; where a pattern's text tells that it cannot take long, Python's own `re` does
it in half the time, without a clock.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import compress, islice
from typing import TYPE_CHECKING

from tui.model.clean import clean, without_escapes
from tui.model.pattern_shape import Cost, cost, needs_one_line, takes_newlines, weight, within_line
from tui.model.regex_shape import shape_of

if TYPE_CHECKING:
    import regex

TIME_LIMIT = 0.2
"""Seconds that a pattern may take on one line before it is switched off."""

_MOST_STEPS = 3_000_000
"""How many steps a search may take without a clock: some ten milliseconds."""

_HIT = "\x01"
"""What a line that matches is made to end in."""
_BUT_SIGNS = bytes(byte for byte in range(256) if byte not in b"\x01\n")

_FEW = 1024
"""Lines of so many bytes each, all of them in question, are looked at one by one; where there are more, all at once."""

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
        self._cost = None if self._takes_newlines else cost(source)
        holds = shape_of(source).literal if self._lowers or not ignores_case else ""
        self._holds = holds.encode() if holds.isascii() else b""  # what every line that matches holds
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
        escapes = b"\x1b" in data
        if self._needle is not None and not escapes:
            lowered = data.lower() if self._ignores_case else data
            return [row for row, _, _ in _lines_with(self._needle, lowered)]
        if self._holds and not escapes and data.isascii():
            lowered = data.lower() if self._ignores_case else data
            few = len(data) // _FEW + 1
            lines = list(islice(_lines_with(self._holds, lowered), few))
            if len(lines) < few:
                return [row for row, start, stop in lines if self._matches(data[start:stop].decode())]
        text = without_escapes(data.decode("utf-8", "replace"))
        if self._alone:
            return self._rows_one_by_one(text, cancelled)
        plain = text.isascii()
        lowers = self._lowers and plain
        searched = text.lower() if lowers else text
        ignores_case = self._ignores_case and not lowers
        if self._takes_newlines:
            return self._rows_overrun(self._regex(ignores_case), searched, text, cancelled)
        if _HIT in text:
            return self._rows_one_by_one(text, cancelled)
        if plain and self._cost is not None and (most := _within(self._cost, text)):
            quick = self._re(ignores_case)
            return _hit_rows("".join(quick.sub(_HIT, part) for part in _parts(searched, most)))
        try:
            return _hit_rows(self._regex(ignores_case).sub(_HIT, searched, timeout=TIME_LIMIT, concurrent=True))
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

    def _re(self, ignores_case: bool) -> re.Pattern[str]:
        """The same by Python's own engine, which knows no time-out."""
        flags = re.MULTILINE | (re.IGNORECASE if ignores_case else 0)
        return re.compile(f"(?:{within_line(self._source)})[^\\n]*", flags)

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


def _within(cost: Cost, text: str) -> int:
    """How many characters may be searched at a time without a clock; 0 where a line is too long for that."""
    widest = max(map(len, text.split("\n"))) if cost.repeats else 1
    each = cost.choices * max(widest, 1) ** cost.repeats
    return _MOST_STEPS // each if each * widest <= _MOST_STEPS else 0


def _parts(text: str, most: int) -> Iterator[str]:
    """The text in parts of whole lines, of so many characters or one line each."""
    start = 0
    while start < len(text):
        stop = len(text) if len(text) - start <= most else text.rfind("\n", start, start + most) + 1
        stop = stop or text.find("\n", start) + 1 or len(text)
        yield text[start:stop]
        start = stop


def _hit_rows(text: str) -> list[int]:
    """The numbers of the rows that end in `_HIT`."""
    if _HIT not in text:
        return []
    signs = text.encode().translate(None, _BUT_SIGNS).split(b"\n")
    signs.pop()  # nothing, found behind the last row
    return list(compress(range(len(signs)), signs))

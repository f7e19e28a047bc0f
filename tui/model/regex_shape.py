r"""What can be told of a regular expression from its text, without running it.

What every match holds: `text in line` tells most lines apart ten times as fast as any engine. How slow it can be: where
the steps are bounded no time-out is needed, which costs more than the search itself. What is enough to know whether a
line matches at all. And whether it stays within a line, so that many can be searched as one text.

All of it is read off the simple expressions that people write (`loss: ([0-9\.]+)`, `error|warn`); of any other nothing
is said, which is always right.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

_STEPS = 2_000_000
"""What an engine may take on one line without being watched: some hundredths of a second."""

_MOST_LITERALS = 8
_COUNTED_FAR = 20  # as good as endless

_TOKEN = re.compile(
    r"""
    (?P<set> \[\^?\]?(?:(?!--|&&|~~|\|\|)[^\]\\\[]|\\[dwsDWSnrtfv]|\\[^a-zA-Z0-9])*\] | \\[dDwWsS] | \. )
  | (?P<edge> [\^$] | \\b | \(\?<!(?:[\w ]+|\[[\w\\.:/?&-]+\])\) )
  | (?P<open> \((?:\?:|\?P<\w+>)? (?!\?) )
  | (?P<close> \) )
  | (?P<bar> \| )
  | (?P<repeat> (?:[*+?]|\{\d+(?:,\d*)?\})\?? (?![*+?{]) )
  | (?P<tab> \\t )
  | (?P<char> [^\\.^$*+?{}\[\]|()] | \\[^a-zA-Z0-9] | \{(?=['"]) | \} )
    """,
    re.VERBOSE | re.DOTALL,
)

# What means something else where lines stand next to each other, or cannot be told: ends of the text, flags, fuzziness.
_NEEDS_ONE_LINE = re.compile(r"\(\?(?!:|P?<[^=!]|<?[=!]|>)|\\[AZzGKRX]|\{[^}]*[a-z]")
# What may fail there although it would match on one line alone, if anything in the pattern takes a newline.
_COMMITS = re.compile(r"\(\?(?:<?[=!]|>)|[*+?}]\+")

_PIECE = re.compile(r"\\.|\[(?:\\.|[^\\\[\]])+\]|.", re.DOTALL)
_WITHIN_LINE = {r"\s": r"[^\S\n]", r"\D": r"[^\d\n]", r"\W": r"[^\w\n]"}
# A class that names what it takes, nothing below the blank and nothing by what it is not; or that leaves newlines out.
_HARMLESS_CLASS = re.compile(
    r"\[(?!\^)(?:\\[dwS.+*?()|{}$^/\[\]\\-]|[ -\[\]-\U0010ffff])+\]|\[\^(?:\\.|[^\\])*\\n\]", re.DOTALL
)
_HARMLESS = re.compile(r"\\[SwdbBtfa.+*?()|{}$^/\[\]\\-]|[^\\\[]", re.DOTALL)


class Cost(NamedTuple):
    """How many steps a search takes at most, from each place where it begins: `choices` × line length ^ `repeats`."""

    choices: int
    repeats: int


@dataclass(frozen=True, slots=True)
class Shape:
    """What is known of an expression without flags, as `re` and the `regex` package read it alike.

    Attributes:
        literals: One of these texts is in every line that matches; none where none are known.
        cost: What a search costs at most in any engine that backtracks; None where that cannot be told.
        at_start: Whether it begins with `.*` or the like, so that a match begins where the line does, or there is none.
        test: What matches in the same lines as the expression does, with less to try; the expression where nothing is
            known of it.
    """

    literals: tuple[str, ...] = ()
    cost: Cost | None = None
    at_start: bool = False
    test: str = ""

    @property
    def literal(self) -> str:
        """A text that is in every line that matches; empty where none is known."""
        return self.literals[0] if len(self.literals) == 1 else ""

    @property
    def quick_to(self) -> int:
        """Characters of a line up to which a search takes some hundredths of a second at most, 0 if unknown.

        What has its match at the start is not searched further on.
        """
        return int((_STEPS / self.cost.choices) ** (1 / (self.cost.repeats + (not self.at_start)))) if self.cost else 0


@dataclass(frozen=True, slots=True)
class _Piece:
    """A character, a set of them, an edge, or a group that is not just its content: each with its repetition."""

    text: str = ""
    char: str = ""  # the one character that it takes
    is_edge: bool = False
    branches: tuple[tuple[_Piece, ...], ...] = ()
    least: int = 1
    most: int | None = 1
    repeat: str = ""

    @property
    def is_needed(self) -> bool:
        """Whether the search can fail here."""
        return self.least > 0 or self.is_edge

    def source(self) -> str:
        """The piece as an expression."""
        if self.branches:
            return f"(?:{'|'.join(map(_source, self.branches))}){self.repeat}"
        return (re.escape(self.char) if self.char else self.text) + self.repeat


def shape_of(source: str) -> Shape:
    """The shape of an expression."""
    branches = _parsed(source)
    if branches is None:
        return Shape(test=source)
    pieces = branches[0] if len(branches) == 1 else (_Piece(branches=branches),)
    choices, repeats = _cost(pieces, at_end=True)
    at_start = repeats > 0 and pieces[0].text == "." and pieces[0].most is None
    return Shape(_literals(pieces), Cost(choices, repeats), at_start, _source(_within_ends(pieces)))


def _parsed(source: str) -> tuple[tuple[_Piece, ...], ...] | None:
    """Its alternatives; None if it is not simple: repeated groups, references, looks around, flags."""
    open_groups: list[list[list[_Piece]]] = [[[]]]
    at, repeatable = 0, False
    while at < len(source):
        token = _TOKEN.match(source, at)
        if token is None:
            return None
        kind, text = token.lastgroup, token.group()
        at = token.end()
        into = open_groups[-1][-1]
        if kind == "open":
            open_groups.append([[]])
        elif kind == "bar":
            open_groups[-1].append([])
        elif kind == "close":
            if len(open_groups) == 1:
                return None
            branches = open_groups.pop()
            optional = _TOKEN.match(source, at)
            if optional and optional.lastgroup == "repeat":
                if optional.group()[0] != "?":
                    return None
                at = optional.end()
                group = _Piece(branches=tuple(map(tuple, branches)), least=0, repeat=optional.group())
                open_groups[-1][-1].append(group)
            elif len(branches) == 1:
                open_groups[-1][-1].extend(branches[0])
            else:
                open_groups[-1][-1].append(_Piece(branches=tuple(map(tuple, branches))))
        elif kind == "repeat":
            if not repeatable:
                return None
            least, most = _times(text)
            last = into.pop()
            into.append(_Piece(last.text, last.char, least=least, most=most, repeat=text))
        elif kind == "edge":
            into.append(_Piece(text, is_edge=True, least=0, most=0))
        else:
            into.append(_Piece(text, {"char": text[-1], "tab": "\t"}.get(str(kind), "")))
        repeatable = kind in ("set", "char", "tab")
    return tuple(map(tuple, open_groups[0])) if len(open_groups) == 1 else None


def _times(text: str) -> tuple[int, int | None]:
    if text[0] != "{":
        return int(text[0] == "+"), 1 if text[0] == "?" else None
    low, comma, high = text.strip("{}?").partition(",")
    least = int(low[:6])
    return least, (int(high[:6]) if high else None if comma else least)


def _source(pieces: Sequence[_Piece]) -> str:
    return "".join(piece.source() for piece in pieces)


def _cost(pieces: Sequence[_Piece], *, at_end: bool) -> tuple[int, int]:
    """Choices and repeats. What is taken is given back piece by piece only if something behind it can fail."""
    choices, repeats = 1, 0
    for place, piece in enumerate(pieces):
        is_last = at_end and not any(other.is_needed for other in pieces[place + 1 :])
        if piece.branches:
            of_each = [_cost(branch, at_end=is_last) for branch in piece.branches]
            choices *= sum(each for each, _ in of_each) + (piece.least == 0)
            repeats += max(each for _, each in of_each)
        elif piece.most is None or piece.most > _COUNTED_FAR:
            choices *= max(piece.least, 1)
            repeats += not is_last
        elif piece.most > 1 or (piece.most > piece.least and not is_last):
            choices *= piece.most + (piece.least == 0)
    return choices, repeats


def _literals(pieces: Sequence[_Piece]) -> tuple[str, ...]:
    """The texts of which one is in every match: the longest row of single characters, or one of each alternative."""
    found: list[tuple[str, ...]] = []
    run = ""
    for piece in pieces:
        one = piece.char if (piece.least, piece.most) == (1, 1) else ""
        run = run + one if one else ""
        if run:
            found.append((run,))
        elif piece.branches and piece.least:
            each = [_literals(branch) for branch in piece.branches]
            if all(each):
                found.append(tuple(text for texts in each for text in texts))
    found = [texts for texts in found if len(texts) <= _MOST_LITERALS]
    return max(found, key=lambda texts: (min(map(len, texts)), -len(texts)), default=())


def _within_ends(pieces: Sequence[_Piece]) -> list[_Piece]:
    """Without what the first and the last pieces take beyond what they must: a line matches with it or without."""
    kept = list(pieces)
    for end in (0, -1):
        while kept and not kept[end].is_needed:
            kept.pop(end)
        if kept and not kept[end].branches and not kept[end].is_edge:
            first = kept[end]
            times = "" if first.least == 1 else f"{{{first.least}}}"
            kept[end] = _Piece(first.text, first.char, least=first.least, most=first.least, repeat=times)
    return kept


def needs_one_line(source: str) -> bool:
    """Whether it can only be searched in one line at a time."""
    return bool(_NEEDS_ONE_LINE.search(source) or (_COMMITS.search(source) and takes_newlines(source)))


def takes_newlines(source: str) -> bool:
    """Whether a match may run over the end of a line; True also where that cannot be told."""
    return "\n" in source or not all(
        _HARMLESS.fullmatch(piece) or _HARMLESS_CLASS.fullmatch(piece) for piece in _PIECE.findall(source)
    )


def within_line(source: str) -> str:
    """A pattern that finds the same in every single line, without taking newlines where that can be had."""

    pieces = _PIECE.findall(source)
    if "[" in pieces or "[^]" in pieces:  # a class that is not seen through
        return source
    return "".join(
        piece[:-1] + r"\n]" if piece.startswith("[^") else _WITHIN_LINE.get(piece, piece) for piece in pieces
    )


def weight(source: str) -> int:
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

"""What can be told of a regular expression from its text: whether it stays within a line, what it may cost at most."""

from __future__ import annotations

import re
from typing import NamedTuple

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

_PART = re.compile(
    r"(?P<open>\((?:\?:|\?P<\w+>|(?!\?)))|(?P<close>\)\??)|(?P<bar>\|)|(?P<edge>[\^$]|\\[bB])"
    r"|(?P<one>\\[dwsDWSt]|\\[^\w\s]|\[\^?(?:\\[dwsDWSnt]|\\[^\w\s]|[^\\\[\]\n&~|-]|(?<=\w)-(?=\w))+\]|[^\\\[(){}|*+?^$\n])"
    r"(?P<times>[*+?]\??|\{\d+(?:,\d*)?\}\??)?",
    re.ASCII,
)


class Cost(NamedTuple):
    """How many steps a search takes at most, from each place where it begins: `choices` × line length ^ `repeats`."""

    choices: int
    repeats: int


def needs_one_line(source: str) -> bool:
    """Whether it can only be searched in one line at a time."""
    return bool(_NEEDS_ONE_LINE.search(source) or (_COMMITS.search(source) and takes_newlines(source)))


def takes_newlines(source: str) -> bool:
    """Whether a match may run over the end of a line; True also where that cannot be told."""
    return not all(_HARMLESS.fullmatch(piece) or _HARMLESS_CLASS.fullmatch(piece) for piece in _PIECE.findall(source))


def within_line(source: str) -> str:
    """A pattern that finds the same in every single line, without taking newlines where that can be had."""

    pieces = _PIECE.findall(source)
    if "[" in pieces or "[^]" in pieces:  # a class that is not seen through
        return source
    return "".join(
        piece[:-1] + r"\n]" if piece.startswith("[^") else _WITHIN_LINE.get(piece, piece) for piece in pieces
    )


def cost(source: str) -> Cost | None:
    """What a search costs at most, for a pattern without surprises.

    Returns:
        None where a group is repeated, where it looks around or back, and where `re` may read it otherwise than the
        `regex` package does.
    """
    branches, choices, repeats, at = [1], 1, 0, 0
    ends_open = False
    while at < len(source):
        part = _PART.match(source, at)
        if part is None or not source.isascii():
            return None
        at = part.end()
        kind, times = part.lastgroup, part["times"]
        if kind == "open":
            branches.append(1)
        elif kind == "bar":
            branches[-1] += 1
        elif kind == "close":
            if len(branches) == 1:
                return None
            choices *= branches.pop() * (2 if part.group().endswith("?") else 1)
        if kind != "close":
            ends_open = False
        if times:
            least, comma, most = times.rstrip("?").strip("{}").partition(",")
            if times[0] == "?":
                choices *= 2
            elif times[0] in "*+" or (comma and not most):
                repeats += 1
                ends_open = True
            else:
                choices *= max(int(most or least), 1)
    # What stands at the very end takes what it can get: nothing behind it makes it try again.
    return Cost(choices * branches[0], repeats - ends_open) if len(branches) == 1 else None


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

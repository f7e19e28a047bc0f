r"""What can be told of a regular expression without running it: a text that every match holds, and how slow it can be.

A metric definition is tried on every line of a log, and hardly any line matches: `text in line` tells most of them
apart ten times as fast as any engine. And an expression whose steps are bounded needs no time-out, which costs more
than the search itself. Both are read off the simple expressions that definitions are made of
(`loss: ([0-9\.]+)`); of any other nothing is said, which is always right.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_STEPS = 2_000_000
"""What an engine may take on one line without being watched: some hundredths of a second."""

_TOKEN = re.compile(
    r"""
    (?P<set> \[\^?\]?(?:[^\]\\\[]|\\[^xuUNpPbB0-9])*\] | \\[dDwWsS] | \. )
  | (?P<edge> [\^$] | \\b | \(\?<!(?:[\w ]+|\[[\w\\.:/?&-]+\])\) )
  | (?P<open> \((?:\?:)? (?!\?) )
  | (?P<close> \) )
  | (?P<repeat> (?:[*+?]|\{\d+(?:,\d*)?\})\?? (?![*+?{]) )
  | (?P<tab> \\t )
  | (?P<char> [^\\.^$*+?{}\[\]|()] | \\[^a-zA-Z0-9] | \{(?=['"]) | \} )
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Shape:
    """What every match holds, and up to which length of a line the expression is surely quick.

    Attributes:
        literal: A text that is in every line that matches; empty where none is known.
        quick_to: Characters of a line up to which a search takes some hundredths of a second at most, in any engine
            that backtracks; 0 where that cannot be told.
    """

    literal: str = ""
    quick_to: int = 0


@dataclass(slots=True)
class _Item:
    char: str
    least: int = 1
    endless: bool = False
    depth: int = 0  # of optional groups around it: what is in one may be missing


def shape_of(source: str) -> Shape:
    """The shape of an expression as `re` reads it, without flags."""
    items = _items(source)
    if items is None:
        return Shape()
    needed = [place for place, item in enumerate(items) if item.least and not item.depth]
    last = needed[-1] if needed else -1
    # What is repeated without end is given back piece by piece only if something behind it can fail; and each place of
    # the line may be a start. Within an optional group the next item may fail.
    given_back = sum(
        item.endless and (place < last or (item.depth > 0 and _goes_on(items, place)))
        for place, item in enumerate(items)
    )
    longest = run = ""
    for item in items:
        one = item.least == 1 and not item.endless and not item.depth and item.char
        run = run + item.char if one else ""
        longest = max(longest, run, key=len)
    return Shape(longest, int(_STEPS ** (1 / (given_back + 1))))


def _goes_on(items: list[_Item], place: int) -> bool:
    """Whether the optional group that an item is in has another item behind it."""
    return place + 1 < len(items) and items[place + 1].depth >= items[place].depth


def _items(source: str) -> list[_Item] | None:
    """What it is a row of, None if it is not simple: alternatives, repeated groups, references, looks around, flags."""
    items: list[_Item] = []
    groups: list[int] = []
    at, repeatable = 0, False
    closed: int | None = None  # where the group that has just ended began
    while at < len(source):
        token = _TOKEN.match(source, at)
        if token is None:
            return None
        kind, text = token.lastgroup, token.group()
        at = token.end()
        if kind == "open":
            groups.append(len(items))
        elif kind == "close":
            if not groups:
                return None
            closed, repeatable = groups.pop(), True
            continue
        elif kind == "repeat":
            if not repeatable:
                return None
            if closed is not None:
                if text[0] != "?":
                    return None
                for item in items[closed:]:
                    item.depth += 1
            else:
                items[-1].least, items[-1].endless = _times(text)
        elif kind == "edge":
            # It ends a run of characters like a set that takes none of them.
            items.append(_Item("", least=0))
        else:
            items.append(_Item({"char": text[-1], "tab": "\t"}.get(str(kind), "")))
        repeatable, closed = kind in ("set", "char", "tab"), None
    return None if groups else items


def _times(text: str) -> tuple[int, bool]:
    if text[0] != "{":
        return int(text[0] == "+"), text[0] in "*+"
    low, _, high = text.strip("{}?").partition(",")
    least = min(int(low[:6]), 2)
    # Counted far it is as good as endless.
    return least, ("," in text and (not high or int(high[:6]) > 20)) or int(low[:6]) > 20

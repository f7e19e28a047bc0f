"""The colours of a log kept, everything else in it neutralised. Nothing here knows of Textual."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from tui.model.clean import clean

Colour = int | tuple[int, int, int] | None
"""One of the terminal's 256 colours, red-green-blue of 0–255 each, or the terminal's own."""


class Look(NamedTuple):
    """How a run of text is drawn: what an SGR sequence can say, without blinking, concealing and fonts."""

    foreground: Colour = None
    background: Colour = None
    bold: bool = False
    dim: bool = False
    italic: bool = False
    underline: bool = False
    reverse: bool = False
    strike: bool = False


PLAIN = Look()

_SGR = re.compile("(?:\x1b\\[|\x9b)([0-9;:]*)m")
_SWITCHES: dict[int, dict[str, bool]] = {
    1: {"bold": True},
    2: {"dim": True},
    3: {"italic": True},
    4: {"underline": True},
    7: {"reverse": True},
    9: {"strike": True},
    21: {"underline": True},
    22: {"bold": False, "dim": False},
    23: {"italic": False},
    24: {"underline": False},
    27: {"reverse": False},
    29: {"strike": False},
}


def styled(text: str) -> list[tuple[str, Look]]:
    """One line as runs of harmless text and their looks; the texts joined are what `clean(text)` gives.

    Runs are never empty, and neighbours differ in look.
    """
    if "\x1b[" not in text and "\x9b" not in text:
        text = clean(text)
        return [(text, PLAIN)] if text else []
    runs: list[tuple[str, Look]] = []
    look = PLAIN
    pieces = _SGR.split(text)
    for index, piece in enumerate(pieces):
        if index % 2:
            look = _apply(look, piece)
        elif shown := clean(piece):
            if runs and runs[-1][1] == look:
                runs[-1] = (runs[-1][0] + shown, look)
            else:
                runs.append((shown, look))
    return runs


def _apply(look: Look, parameters: str) -> Look:
    """The look after one SGR sequence, given what stands between its `[` and its `m`."""
    codes = iter(parameters.split(";"))
    for code in codes:
        head, *parts = code.split(":")
        number = _int(head)
        if number == 0:
            look = PLAIN
        elif number == 4 and parts:  # 4:0 none, 4:3 curly: all of them are a line below
            look = look._replace(underline=_int(parts[0]) != 0)
        elif number in _SWITCHES:
            look = look._replace(**_SWITCHES[number])
        elif number in (38, 48):
            colour = _colon_colour(parts) if parts else _semicolon_colour(codes)
            look = look._replace(foreground=colour) if number == 38 else look._replace(background=colour)
        elif 30 <= number <= 37 or 90 <= number <= 97:
            look = look._replace(foreground=number - 30 if number < 90 else number - 82)
        elif 40 <= number <= 47 or 100 <= number <= 107:
            look = look._replace(background=number - 40 if number < 100 else number - 92)
        elif number == 39:
            look = look._replace(foreground=None)
        elif number == 49:
            look = look._replace(background=None)
    return look


def _semicolon_colour(codes: Iterator[str]) -> Colour:
    """What follows 38 or 48 in the usual writing: `5;n` or `2;r;g;b`, taken from `codes`."""
    kind = _int(next(codes, ""))
    if kind == 5:
        return _palette(next(codes, ""))
    if kind == 2:
        return _rgb([next(codes, "") for _ in range(3)])
    return None


def _colon_colour(parts: list[str]) -> Colour:
    """The same in the standard's writing: `38:5:n`, `38:2::r:g:b` or `38:2:r:g:b`."""
    kind = _int(parts[0])
    if kind == 5 and len(parts) > 1:
        return _palette(parts[1])
    if kind == 2 and len(parts) > 3:
        return _rgb(parts[2:5] if len(parts) > 4 else parts[1:4])
    return None


def _palette(code: str) -> Colour:
    number = _int(code)
    return number if 0 <= number <= 255 else None


def _rgb(codes: list[str]) -> Colour:
    red, green, blue = (min(max(_int(code), 0), 255) for code in codes)
    return red, green, blue


def _int(code: str) -> int:
    """A parameter as a number: an empty one is 0, one that no terminal knows -1."""
    if not code:
        return 0
    return int(code) if len(code) <= 4 and code.isdigit() else -1

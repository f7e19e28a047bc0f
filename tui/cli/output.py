"""What is printed: tables for people, JSON lines for programs, and one line on stderr where something went wrong."""

from __future__ import annotations

import codecs
import contextlib
import math
import os
import shutil
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tui.model.clean import clean
from tui.model.words import cut

# Where the terminal's encoding has no such sign: one character for one, so that columns stay straight.
_PLAIN = {"×": "x", "–": "-", "…": "~", "→": ">", "·": "-", "≈": "~"}
_NARROWEST = 8


def prepare() -> None:
    """Makes stdout and stderr take every text in every LANG, and stands in for what was closed from the start."""
    codecs.register_error("sagetop", _plain)
    nowhere = Path(os.devnull)
    sys.stdin = sys.stdin or nowhere.open(encoding="utf-8")
    sys.stdout = sys.stdout or nowhere.open("w", encoding="utf-8")
    sys.stderr = sys.stderr or nowhere.open("w", encoding="utf-8")
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="sagetop")


def _plain(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    wrong = error.object[error.start : error.end]
    return "".join(_PLAIN.get(letter, "?") for letter in wrong), error.end


def emit(line: str = "") -> None:
    """One line to stdout, as it is."""
    sys.stdout.write(line + "\n")


def emit_json(record: Mapping[str, object]) -> None:
    """One object on one line, pure ASCII; what is no number in JSON becomes "NaN", "Infinity" or "-Infinity"."""
    import json

    emit(json.dumps(_numbers(record), ensure_ascii=True, allow_nan=False))


def flush() -> None:
    """Lets a pipe's reader have what there is."""
    sys.stdout.flush()


def complain(what: str, hint: str = "") -> None:
    """One line on stderr: `sagetop: WHAT: HINT`; a question keeps its mark, AWS's sentences lose their full stop."""
    said = what.rstrip(".") if hint else what
    text = clean(said + (" " if said.endswith("?") else ": ") + hint if hint else said)
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.write(f"sagetop: {text}\n")
        sys.stderr.flush()


def _numbers(value: object) -> object:
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, Mapping):
        return {key: _numbers(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_numbers(item) for item in value]
    return value


def terminal_width() -> int | None:
    """The columns that a table may use: the terminal's, or None (as many as it needs) into a pipe or a file."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def cells(text: str) -> int:
    """How many columns a terminal gives the text."""
    return sum(
        0 if unicodedata.combining(letter) else 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        for letter in text
    )


@dataclass(frozen=True, slots=True)
class Column:
    """A table's column: `right` aligns numbers, `gives` says that it is cut where the terminal is too narrow."""

    title: str
    right: bool = False
    gives: bool = False


def table(columns: Sequence[Column], chunks: Iterable[Sequence[Sequence[str]]], width: int | None) -> Iterator[str]:
    """The lines of a table whose rows arrive in chunks; a later chunk may widen a column but never waits.

    Args:
        columns: Titles and alignment.
        chunks: Rows as they come; every cell is cleaned here.
        width: What a line may take in columns of the terminal, None for no limit.

    Yields:
        The header with the first row, then a line a row; nothing where there are no rows.
    """
    natural = [len(column.title) for column in columns]
    titled = False
    for chunk in chunks:
        rows = [[clean(cell) for cell in row] for row in chunk]
        for row in rows:
            natural = [max(widest, cells(cell)) for widest, cell in zip(natural, row, strict=True)]
        widths = _squeezed(columns, natural, width)
        if rows and not titled:
            yield _line(columns, [column.title for column in columns], widths, width)
            titled = True
        for row in rows:
            yield _line(columns, row, widths, width)


def print_table(columns: Sequence[Column], chunks: Iterable[Sequence[Sequence[str]]], nothing: str = "") -> None:
    """A table to stdout, as wide as the terminal; where it has no rows, `nothing` is said on stderr."""
    empty = True
    for line in table(columns, chunks, terminal_width()):
        emit(line)
        empty = False
    if empty and nothing:
        complain(nothing)


def _squeezed(columns: Sequence[Column], natural: Sequence[int], width: int | None) -> list[int]:
    """The widths of the columns once those that give have given what is too much."""
    widths = list(natural)
    if width is None:
        return widths
    excess = sum(widths) + 2 * (len(widths) - 1) - width
    for index, column in enumerate(columns):
        if column.gives and excess > 0:
            given = min(excess, max(widths[index] - _NARROWEST, 0))
            widths[index] -= given
            excess -= given
    return widths


def _line(columns: Sequence[Column], row: Sequence[str], widths: Sequence[int], width: int | None) -> str:
    parts = []
    for column, cell, room in zip(columns, row, widths, strict=True):
        text = _fit(cell, room)
        blank = " " * (room - cells(text))
        parts.append(blank + text if column.right else text + blank)
    line = "  ".join(parts).rstrip()
    return line if width is None else _fit(line, width, middle=False)


def _fit(text: str, room: int, *, middle: bool = True) -> str:
    """The text cut to so many columns of the terminal."""
    length = min(len(text), room)
    short = text
    while cells(short) > room and length >= 0:
        short = cut(text, length) if middle else text[:length]
        length -= 1
    return short

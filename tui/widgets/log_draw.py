"""A row of a log as a strip of the screen: sign, time, host, text. Only what is in sight is cleaned and drawn."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone, tzinfo
from functools import lru_cache
from itertools import pairwise
from typing import Literal

from rich.cells import cell_len
from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tui.model.ansi import PLAIN, Colour, Look, styled
from tui.model.clean import clean, last_state
from tui.model.log_block import ERROR, LAST, LATE, LEVEL, OPEN, PART, WARNING, Stream
from tui.model.logs import variant_of
from tui.model.patterns import Pattern, TooSlow
from tui.model.words import cut

Times = Literal["local", "utc", "relative", "off"]
TIMES: tuple[Times, ...] = ("local", "utc", "relative", "off")

COMPONENTS = {
    "log--time",
    "log--late",
    "log--error",
    "log--warning",
    "log--fold",
    "log--hit",
    "log--more",
    *(f"log--host-{number}" for number in range(6)),
}

_NARROW = 40
_MOST_HITS = 200
_LONGEST_STATE = 64 * 1024


@dataclass(frozen=True)
class Setting:
    """How rows are drawn.

    Attributes:
        times: Which timestamps.
        zone: The zone of local ones, None for the machine's own.
        first_ms: What relative ones count from.
        hosts: The sign of each stream's host, empty where all streams are of one host.
        wrap: Whether long lines go on in the next line.
        narrow: Whether there is no room for timestamps.
    """

    times: Times = "local"
    zone: tzinfo | None = None
    first_ms: int = 0
    hosts: tuple[str, ...] = ()
    host_numbers: tuple[int, ...] = ()
    wrap: bool = False
    narrow: bool = False

    @property
    def clock_zone(self) -> tzinfo | None:
        """The zone of the timestamps on screen."""
        return timezone.utc if self.times == "utc" else self.zone

    def fitting(self, width: int) -> Setting:
        """The same in a view of so many columns."""
        return replace(self, narrow=width < _NARROW)


def setting_of_hosts(setting: Setting, table: Sequence[Stream]) -> Setting:
    """The same with the signs of these streams' hosts: `algo-2` is `2`, others keep the end of their name.

    Where there are several variants, or components, each has its name before that.
    """
    hosts = list(dict.fromkeys((variant_of(stream.name), stream.host) for stream in sorted(table)))
    if len(hosts) < 2:
        return replace(setting, hosts=(), host_numbers=())
    several = len({variant for variant, _ in hosts}) > 1
    signs = {}
    for variant, host in hosts:
        sign = match.group(1) if (match := _ALGO.match(host)) else clean(host)[-6:]
        signs[variant, host] = f"{cut(clean(variant), _VARIANT)} {sign}" if several else sign
    width = max(cell_len(sign) for sign in signs.values())
    keys = [(variant_of(stream.name), stream.host) for stream in table]
    return replace(
        setting,
        hosts=tuple(" " * (width - cell_len(signs[key])) + signs[key] for key in keys),
        host_numbers=tuple(hosts.index(key) for key in keys),
    )


_ALGO = re.compile(r"algo-(\d+)")
_VARIANT = 8
"""Cells of a variant's name before its host; the middle of a longer one is cut."""


@dataclass(frozen=True)
class Row:
    """What is drawn of a row."""

    text: bytes
    time_ms: int
    stream: int
    flags: int


def shown_text(row: bytes, cells: int) -> tuple[list[tuple[str, Look]], bool]:
    """The first so many cells of a row as runs of harmless text, and whether there is more.

    Of a progress bar its last state; of a huge row no more is looked at than is needed.
    """
    take = cells * 4 + 256
    most = take * 16
    if b"\r" in row:
        row = last_state(row[-_LONGEST_STATE:].decode("utf-8", "replace")).encode("utf-8", "replace")
    while True:
        whole = take >= len(row)
        text = row.decode("utf-8", "surrogatepass") if whole else row[:take].decode("utf-8", "ignore")
        runs = styled(text.expandtabs(4)[: take * 2])
        if whole or take >= most or sum(cell_len(run) for run, _ in runs) >= cells:
            return runs, not whole
        take *= 4


def draw(
    row: Row, start: int, width: int, setting: Setting, style: Callable[[str], Style], pattern: Pattern | None = None
) -> Strip:
    """One row.

    Args:
        row: What is drawn.
        start: How many cells of its text are scrolled out of sight on the left.
        width: Cells there are, the signs before the text included.
        setting: How.
        style: The style of a component class.
        pattern: What is searched, where this row is known to match.
    """
    before = _signs(row, setting, style)
    signs = sum(cell_len(segment.text) for segment in before)
    strip = Strip([*before, *_text(row, start, max(width - signs, 1), style, pattern)])
    return strip if signs < width else strip.crop(0, width)


def draw_wrapped(
    row: Row, height: int, width: int, setting: Setting, style: Callable[[str], Style], pattern: Pattern | None = None
) -> list[Strip]:
    """One row in as many lines as it needs, but no more than `height`; the last one then says that there is more."""
    before = _signs(row, setting, style)
    indent = sum(cell_len(segment.text) for segment in before)
    if indent > width // 2:
        indent = 0
    room = max(width - indent, 1)
    most = room * height
    runs, more = shown_text(row.text, most + 1)
    text = Strip(_segments(runs, row, style, pattern))
    lines = [text.crop(at, at + room) for at in range(0, max(min(text.cell_length, most), 1), room)]
    first = Strip(before) if indent else Strip([])
    blank = Strip([Segment(" " * indent)])
    strips = [Strip([*(first if at == 0 else blank), *line]) for at, line in enumerate(lines)]
    if (more or text.cell_length > most) and room > 3:
        rest = Segment(f"… {len(row.text) // 1024} KB" if room > 12 else "…", style("log--more"))
        kept = strips[-1].crop(0, width - cell_len(rest.text) - 1)
        strips[-1] = Strip([*kept, Segment(" "), rest])
    return strips


def signs_width(setting: Setting) -> int:
    """Cells before the text."""
    return 1 + _time_width(setting) + 1 + (cell_len(setting.hosts[0]) + 1 if setting.hosts else 0)


def _time_width(setting: Setting) -> int:
    if setting.narrow or setting.times == "off":
        return 0
    return 9 if setting.times == "utc" else 8


def time_text(time_ms: int, setting: Setting) -> str:
    """A timestamp in its column's width."""
    if setting.times == "relative":
        seconds = max(time_ms - setting.first_ms, 0) // 1000
        return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}".rjust(8)[-8:]
    try:
        text = f"{datetime.fromtimestamp(time_ms / 1000, setting.clock_zone):%H:%M:%S}"
    except (ValueError, OverflowError, OSError):
        text = "--:--:--"
    return text + "Z" if setting.times == "utc" else text


def _signs(row: Row, setting: Setting, style: Callable[[str], Style]) -> list[Segment]:
    """`▸14:03:11+2 `: folded or an error, when, late, which host."""
    level = row.flags & LEVEL
    if row.flags & LAST:
        sign = Segment("▾" if row.flags & OPEN else "▸", style("log--fold"))
    elif row.flags & PART:
        sign = Segment("│", style("log--fold"))
    elif level == ERROR:
        sign = Segment("!", style("log--error"))
    else:
        sign = Segment(" ")
    segments = [sign]
    if _time_width(setting):
        segments.append(Segment(time_text(row.time_ms, setting), style("log--time")))
    segments.append(Segment("+", style("log--late")) if row.flags & LATE else Segment(" "))
    if setting.hosts:
        number = setting.host_numbers[row.stream]
        segments += [Segment(setting.hosts[row.stream], style(f"log--host-{number % 6}")), Segment(" ")]
    return segments


def _text(row: Row, start: int, room: int, style: Callable[[str], Style], pattern: Pattern | None) -> list[Segment]:
    runs, more = shown_text(row.text, start + room + 1)
    segments = _segments(runs, row, style, pattern)
    is_plain = all(segment.text.isascii() for segment in segments)
    length = sum(len(segment.text) if is_plain else cell_len(segment.text) for segment in segments)
    goes_on = (more or length > start + room) and room > 1
    stop = start + room - goes_on
    line = _cut(segments, start, stop) if is_plain else [*Strip(segments, length).crop(start, stop)]
    if goes_on:
        line.append(Segment("›", style("log--more")))
    return line


def _cut(segments: list[Segment], start: int, stop: int) -> list[Segment]:
    """What `Strip.crop` gives, where each character takes one cell: most lines are such."""
    cut, at = [], 0
    for segment in segments:
        if text := segment.text[max(start - at, 0) : max(stop - at, 0)]:
            cut.append(Segment(text, segment.style))
        at += len(segment.text)
    return cut


def _segments(
    runs: list[tuple[str, Look]], row: Row, style: Callable[[str], Style], pattern: Pattern | None
) -> list[Segment]:
    level = row.flags & LEVEL
    base = style("log--error") if level == ERROR else style("log--warning") if level == WARNING else Style.null()
    hits: list[tuple[int, int]] = []
    if pattern is not None and not pattern.slow:
        try:
            hits = pattern.spans("".join(text for text, _ in runs), most=_MOST_HITS)
        except TooSlow:
            hits = []
    if not hits:
        return [Segment(text, base if look is PLAIN else base + _rich(look)) for text, look in runs]
    edges = [edge for hit in hits for edge in hit]
    segments: list[Segment] = []
    at = 0
    for text, look in runs:
        own = base + _rich(look)
        end = at + len(text)
        cuts = [at, *(edge for edge in edges if at < edge < end), end]
        for left, right in pairwise(cuts):
            inside = bisect_right(edges, left) % 2
            segments.append(Segment(text[left - at : right - at], own + style("log--hit") if inside else own))
        at = end
    return segments


@lru_cache(maxsize=1024)
def _rich(look: Look) -> Style:
    return Style(
        color=_colour(look.foreground),
        bgcolor=_colour(look.background),
        bold=look.bold or None,
        dim=look.dim or None,
        italic=look.italic or None,
        underline=look.underline or None,
        reverse=look.reverse or None,
        strike=look.strike or None,
    )


def _colour(colour: Colour) -> Color | None:
    if colour is None:
        return None
    return Color.from_ansi(colour) if isinstance(colour, int) else Color.from_rgb(*colour)

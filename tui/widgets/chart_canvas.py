"""One picture of a chart: plotext draws the curves, and what belongs around them is put there in plain text.

Nothing here knows of Textual or of colours: a picture is text with roles, which the widget colours from its theme.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import tzinfo
from functools import cache
from threading import Lock

from rich.cells import cell_len

from tui.model import plot
from tui.model.axis import Axis
from tui.model.clean import clean
from tui.model.markers import Marker, Tone
from tui.model.series import LOGGED, Series
from tui.model.ticks import count_ticks, time_ticks, value_ticks
from tui.model.view import View

MARKS = "●▲■◆○△□◇"
"""What marks a curve beside its colour, in the order of the series."""
ASCII_MARKS = "*#+ox@%&"
SMALLEST = (16, 3)
"""Below this many columns and rows there is no room for a curve."""
TONES: dict[Tone, str] = {tone: f"marker-{tone}" for tone in ("bad", "warning", "good", "busy", "plain")}
"""The role of each marker, the gravest first: its label is the last to be left out."""

_ONE_FIGURE = Lock()
_FIRST_COLOUR = 16
_INSIDE = 1 - 1e-9
_SGR = re.compile(r"\x1b\[([0-9;]*)m")


@cache
def chart_worker() -> ThreadPoolExecutor:
    """The one thread that draws every chart of the program, in turn: plotext has a single figure."""
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="chart")


@dataclass(frozen=True, eq=False)
class Scene:
    """Everything that a picture depends on.

    Attributes:
        series: What is drawn; the first lies on top.
        view: The part of the plane that is shown.
        width: Columns, axes included.
        height: Rows, axes included.
        zone: The zone of the clock times, the machine's own where None.
        origin: Where given (ms), the time axis says the time since it.
        ascii_only: Draw with ASCII characters alone.
        smoothing: Weight of the moving average, 0 for none; the raw curves stay behind it, faint.
        axis: What the `times` of the series are: ms, or thousandths of steps or epochs.
        markers: What is marked on it, each at a place of it.
    """

    series: tuple[Series, ...]
    view: View
    width: int
    height: int
    zone: tzinfo | None = None
    origin: float | None = None
    ascii_only: bool = False
    smoothing: float = 0.0
    axis: Axis = "time"
    markers: tuple[Marker, ...] = ()


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawn scene.

    Attributes:
        rows: Its rows from top to bottom; each a run of (text, role), a role being `s0` … `s7` for the series,
            `raw` for what was smoothed, `axis`, `label`, `bad`, one of TONES, or empty.
        left: The column where the curves' canvas begins.
        columns: How wide the canvas is.
        lines: How high it is; it begins at the first row.
        low: The value at its foot, None where nothing could be drawn.
        high: The value at its top.
        bad: How many columns hold a value that has no place on the axis.
    """

    rows: tuple[tuple[tuple[str, str], ...], ...]
    left: int
    columns: int
    lines: int
    low: float | None = None
    high: float | None = None
    bad: int = 0


def mark(index: int, *, ascii_only: bool = False) -> str:
    """The mark of a series, by its place among those on the chart."""
    marks = ASCII_MARKS if ascii_only else MARKS
    return marks[index % len(marks)]


def column_of(place: float, view: View, columns: int) -> int | None:
    """The column in which a view shows a place of its axis, None where it does not."""
    share = (place - view.start) / (view.end - view.start)
    return min(int(share * columns), columns - 1) if 0 <= share <= 1 and columns else None


def draw(scene: Scene) -> Picture:
    """Draw a scene. Takes some 10 ms, more at the first time, so it is called on `chart_worker`."""
    if scene.width < SMALLEST[0] or scene.height < SMALLEST[1]:
        return Picture((), 0, 0, 0)
    data = [plot.arrays(series) for series in scene.series]
    bounds = plot.value_range(data, scene.view)
    lines = scene.height - 2
    ticks = []
    if bounds is not None:
        ticks = value_ticks(*bounds, min(max(3, lines // 3 + 1), 8), log=scene.view.log)
    units = {series.unit for series in scene.series}
    unit = clean(units.pop()) if len(units) == 1 else ""
    # Long units stand in the rule alone, and so do those whose width a terminal may judge otherwise.
    labels = {value: f"{text}{unit}" if len(unit) <= 2 and unit.isascii() else text for value, text in ticks}
    left = max((len(text) for text in labels.values()), default=0) + 2
    columns = scene.width - left
    if columns < SMALLEST[0] // 2:
        labels, left, columns = {}, 1, scene.width - 1

    canvas = _Grid(columns, lines)
    bad: set[int] = set()
    for times, values in data:
        bad.update(plot.bad_columns(times, values, scene.view, columns))
    if bounds is not None:
        _draw_curves(canvas, scene, data, *bounds)
    frame = _frame(scene, canvas, labels, left, sorted(bad), bounds)
    low, high = bounds or (None, None)
    return Picture(frame, left, columns, lines, low, high, len(bad))


class _Grid:
    """Characters and their roles, before they are joined to runs."""

    def __init__(self, columns: int, lines: int) -> None:
        self.columns, self.lines = columns, lines
        self.text = [[" "] * columns for _ in range(lines)]
        self.role = [[""] * columns for _ in range(lines)]

    def put(self, column: int, line: int, text: str, role: str) -> None:
        if 0 <= column < self.columns and 0 <= line < self.lines:
            self.text[line][column] = text
            self.role[line][column] = role


def _draw_curves(
    canvas: _Grid,
    scene: Scene,
    data: Sequence[tuple[plot.Times, plot.Values]],
    low: float,
    high: float,
) -> None:
    dots = canvas.columns if scene.ascii_only else 2 * canvas.columns
    strokes: list[tuple[plot.Curve, str, str]] = []  # curve, mark, role; the last one lies on top
    for index in reversed(range(len(data))):
        times, values = data[index]
        own, role = mark(index, ascii_only=scene.ascii_only), f"s{index % len(MARKS)}"
        gap = plot.gap_after(times, logged=scene.series[index].source in LOGGED)
        raw = plot.curve(plot.decimate(times, values, scene.view, dots, gap), scene.view, low, high)
        if scene.smoothing:
            strokes.append((raw, "." if scene.ascii_only else own, "raw"))
            values = plot.smooth(values, scene.smoothing)
            raw = plot.curve(plot.decimate(times, values, scene.view, dots, gap), scene.view, low, high)
        strokes.append((raw, own, role))
    _plotext(canvas, strokes, scene.ascii_only)
    for index, (line, own, role) in enumerate(strokes):
        _mark(canvas, line, own, role, place=index, several=len(data) > 1 and role != "raw")


def _plotext(canvas: _Grid, strokes: Sequence[tuple[plot.Curve, str, str]], ascii_only: bool) -> None:
    """Let plotext draw the curves, bare of axes and in colours that stand for the strokes."""
    import plotext  # type: ignore[import-untyped]

    with _ONE_FIGURE:
        figure = plotext.figure
        figure.clear()
        plotext.terminal.limit(False, False)
        figure.plot_size(canvas.columns, canvas.lines)
        figure.canvas("default")
        figure.axes(False)
        for axis in ("x", "y"):
            figure.ruler(axis).lim(0, 1).frequency(0).alignment(lim="edge")
        for index, (line, own, _) in enumerate(strokes):
            if not line.x:
                continue
            pen = plotext.marker(own if ascii_only else "braille", plotext.pixel(foreground=_FIRST_COLOUR + index))
            # The far edges belong to the next cell.
            signal = figure.signal([x * _INSIDE for x in line.x], [y * _INSIDE for y in line.y], marker=pen)
            signal.lines()
            for start in line.starts:
                signal.line(start, False)
            figure.draw(signal)
        drawn = figure.build().string()
        figure.clear()
    for row, text in enumerate(drawn.split("\n")[: canvas.lines]):
        column, role = 0, ""
        for part, piece in enumerate(_SGR.split(text)):
            if part % 2:
                colour = piece.split(";")
                role = strokes[int(colour[2]) - _FIRST_COLOUR][2] if len(colour) == 3 else ""
                continue
            for character in piece:
                if character != " ":
                    canvas.put(column, row, character, role)
                column += 1


def _mark(canvas: _Grid, line: plot.Curve, own: str, role: str, *, place: int, several: bool) -> None:
    """Put a series' mark on its lone datapoints, and, beside other curves, here and there along its own."""
    count = len(line.x)
    spots = [
        index for index in range(count) if index in line.starts and (index + 1 == count or index + 1 in line.starts)
    ]
    if several and count:
        every = max(canvas.columns // 3, 12)
        wanted = [(number + 0.5) * every - 3 * place for number in range(canvas.columns // every + 1)]
        cells = [x * canvas.columns for x in line.x]
        for column in wanted:
            closest = min(range(count), key=lambda index: abs(cells[index] - column))
            if abs(cells[closest] - column) < every / 2:
                spots.append(closest)
        spots.append(count - 1)
    for index in spots:
        column = min(int(line.x[index] * canvas.columns), canvas.columns - 1)
        canvas.put(column, _row(line.y[index], canvas.lines), own, role)


def _row(share: float, lines: int) -> int:
    """The row of a height; what lies between two rows belongs to the lower one, as in plotext."""
    return lines - 1 - min(max(math.ceil(share * lines) - 1, 0), lines - 1)


def _frame(
    scene: Scene,
    canvas: _Grid,
    labels: dict[float, str],
    left: int,
    bad: Sequence[int],
    bounds: tuple[float, float] | None,
) -> tuple[tuple[tuple[str, str], ...], ...]:
    """The canvas with its axes, ticks and labels."""
    upright, tick, corner, flat, notch, wrong = "|++-+!" if scene.ascii_only else "│┤└─┬×"
    at_line: dict[int, str] = {}
    if bounds is not None:
        for value, text in labels.items():
            share = plot.share_of_value(value, *bounds, scene.view.log)
            at_line[_row(share, canvas.lines)] = text
    rows = []
    for line in range(canvas.lines):
        text = at_line.get(line, "")
        runs = [(text.rjust(left - 1), "label"), (tick if text else upright, "axis")]
        rows.append((*runs, *_runs(canvas.text[line], canvas.role[line])))

    axis = _Grid(canvas.columns, 1)
    axis.text[0] = [flat] * canvas.columns
    axis.role[0] = ["axis"] * canvas.columns
    under = [" "] * scene.width
    free = 0
    for moment, text in _fitting_ticks(scene, canvas.columns):
        column = column_of(moment, scene.view, canvas.columns)
        if column is None:
            continue
        begin = min(max(left + column - len(text) // 2, free), scene.width - len(text))
        if begin < free or not begin <= left + column <= begin + len(text):
            continue
        axis.put(column, 0, notch, "axis")
        under[begin : begin + len(text)] = text
        free = begin + len(text) + 1
    _mark_axis(axis, scene, bad)
    for column in bad:
        axis.put(column, 0, wrong, "bad")
    rows.append(((" " * (left - 1), "label"), (corner, "axis"), *_runs(axis.text[0], axis.role[0])))
    rows.append((("".join(under), "label"),))
    return tuple(rows)


def _mark_axis(axis: _Grid, scene: Scene, bad: Sequence[int]) -> None:
    """Put the markers on the axis, with the labels of those that have room, the gravest first."""
    taken = set(bad)
    for tone, role in TONES.items():
        placed: list[tuple[int, str]] = []
        for marker in scene.markers:
            column = column_of(marker.time_ms, scene.view, axis.columns) if marker.tone == tone else None
            if column is not None and column not in taken:
                taken.add(column)
                placed.append((column, f" {clean(marker.label)} "))
                axis.put(column, 0, "^" if scene.ascii_only else "┻", role)
        # A label goes before lesser markers, and may hide some; it stands to the right of its own, else to the left.
        for column, text in placed:
            if len(text) < 3 or cell_len(text) != len(text):
                continue
            for start in (column + 1, column - len(text)):
                cells = range(start, start + len(text))
                if start >= 0 and cells[-1] < axis.columns and taken.isdisjoint(cells):
                    taken.update(cells)
                    for cell, character in zip(cells, text, strict=True):
                        axis.put(cell, 0, character, role)
                    break


def _fitting_ticks(scene: Scene, columns: int) -> list[tuple[float, str]]:
    """Ticks of the time axis, fewer the longer their labels are."""
    start, end = scene.view.start, scene.view.end
    for count in range(max(columns // 9, 1), 0, -1):
        if scene.axis == "time":
            ticks = time_ticks(start, end, count, scene.zone, scene.origin)
        else:
            ticks = count_ticks(start, end, count)
        longest = max((len(text) for _, text in ticks), default=0)
        if len(ticks) * (longest + 2) <= columns or count == 1:
            return ticks
    return []


def _runs(text: Sequence[str], role: Sequence[str]) -> list[tuple[str, str]]:
    runs: list[tuple[str, str]] = []
    start = 0
    for index in range(1, len(text) + 1):
        if index == len(text) or role[index] != role[start]:
            runs.append(("".join(text[start:index]), role[start]))
            start = index
    return runs

"""What a chart holds and draws: series under a rule, and the picture of them, made off the UI thread."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Sequence
from datetime import datetime, tzinfo

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from tui.model import plot
from tui.model.axis import Axis
from tui.model.clean import clean
from tui.model.groups import Group, naming
from tui.model.markers import Marker
from tui.model.series import LOGGED, Series
from tui.model.ticks import clock, count_words, since
from tui.model.view import Look, View
from tui.model.words import cut, span
from tui.widgets.chart_canvas import MARKS, SMALLEST, TONES, Picture, Scene, chart_worker, column_of, draw
from tui.widgets.chart_rule import rule, value_at, value_words

WAITING = "no datapoints yet: CloudWatch is about a minute behind"
_STALE_S = 120
_ROLES = {"": "chart--text"}
_ROLES |= {role: f"chart--{role}" for role in ("axis", "label", "bad", "raw", "rule", "title", "note", "cursor")}
_ROLES |= {role: f"chart--{role.replace('marker', 'marked')}" for role in TONES.values()}
_ROLES |= {f"s{index}": f"chart--series-{index + 1}" for index in range(len(MARKS))}


class ChartBase(Widget, can_focus=True):
    """Series along an axis, under a rule that names them with their last values, or with those at the cursor."""

    COMPONENT_CLASSES = set(_ROLES.values())

    DEFAULT_CSS = """
    ChartBase { width: 1fr; height: 1fr; min-height: 3; }
    ChartBase > .chart--rule { color: $text-disabled; }
    ChartBase:focus > .chart--rule { color: $accent; }
    ChartBase > .chart--title { color: $text; text-style: bold; }
    ChartBase > .chart--text { color: $text; }
    ChartBase > .chart--note { color: $text-muted; }
    ChartBase > .chart--axis { color: $text-disabled; }
    ChartBase > .chart--label { color: $text-muted; }
    ChartBase > .chart--raw { color: $text-disabled; }
    ChartBase > .chart--bad { color: $text-error; text-style: bold; }
    ChartBase > .chart--cursor { color: $text-warning; }
    ChartBase > .chart--marked-plain { color: $text-muted; }
    ChartBase > .chart--marked-good { color: $text-success; }
    ChartBase > .chart--marked-busy { color: $text-primary; }
    ChartBase > .chart--marked-warning { color: $text-warning; }
    ChartBase > .chart--marked-bad { color: $text-error; text-style: bold; }
    ChartBase > .chart--series-1 { color: $text-primary; }
    ChartBase > .chart--series-2 { color: $text-warning; }
    ChartBase > .chart--series-3 { color: $text-success; }
    ChartBase > .chart--series-4 { color: $text-accent; }
    ChartBase > .chart--series-5 { color: $text-secondary; }
    ChartBase > .chart--series-6 { color: $foreground; }
    ChartBase > .chart--series-7 { color: $primary; }
    ChartBase > .chart--series-8 { color: $success; }
    """

    class Drawn(Message, namespace="chart"):
        """What was asked for is on screen."""

        def __init__(self, chart: ChartBase) -> None:
            super().__init__()
            self.chart = chart

        @property
        def control(self) -> ChartBase:
            """The chart, for `@on` with a selector."""
            return self.chart

    def __init__(self, *, ascii_only: bool = False, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.ascii_only = ascii_only
        self.axis: Axis = "time"
        self._smoothing = 0.0
        self._series: tuple[Series, ...] = ()
        self._title = ""
        self._labels: tuple[str, ...] = ()
        self._notes: tuple[str, ...] = ()
        self._markers: tuple[Marker, ...] = ()
        self._gaps: tuple[float, ...] | None = None
        self._print: object = None
        self._empty = WAITING
        self._stale = ""
        self._zone: tzinfo | None = None
        self._origin: float | None = None

        self._look = Look()
        self._past: list[Look] = []
        self._cursor: float | None = None
        self._pin: float | None = None

        self._wanted: Scene | None = None
        self._shown: tuple[Scene, Picture] | None = None
        self._drawing = False
        self._styles: dict[str, Style] = {}
        self._strips: tuple[Picture | None, int, list[Strip]] = (None, 0, [])

    # What is shown

    def show(
        self,
        series: Sequence[Series],
        *,
        title: str = "",
        labels: Sequence[str] = (),
        now: datetime | None = None,
        zone: tzinfo | None = None,
        origin: datetime | None = None,
        axis: Axis = "time",
        markers: Sequence[Marker] = (),
        notes: Sequence[str] = (),
        empty: str = WAITING,
    ) -> None:
        """Show these series; nothing is drawn where nothing changed.

        Args:
            series: One metric or several overlaid, the most important first: it lies on top.
            title: Stands in the rule; what the names have in common by default.
            labels: What tells the series apart there; found in their names, hosts and sources by default.
            now: Where given, the rule says how old the newest datapoint is once it is over two minutes.
            zone: The zone of the clock times, the machine's own by default.
            origin: Where given, the time axis says the time since it, not clock times.
            axis: What the `times` of the series are: ms, or places along `model.axis`.
            markers: What is marked on the axis, `time_ms` being a place on it.
            notes: What else the rule says of what is shown.
            empty: What is said while there are no datapoints.
        """
        before, self._series = self._series, tuple(series)
        said = (self._title, self._labels, self._notes, self._empty, self._stale)
        found, own = naming(Group(self._series, title, tuple(labels)))
        self._title, self._labels = clean(found), tuple(map(clean, own))
        self._notes = tuple(map(clean, notes))
        self._markers = tuple(markers)
        self._empty = clean(empty)
        self._stale = ""
        newest = max((one.times[-1] for one in series if len(one)), default=None)
        if now is not None and newest is not None and (age := now.timestamp() - newest / 1000) >= _STALE_S:
            self._stale = f"{span(age)} old"
        self._zone = zone
        self._origin = origin.timestamp() * 1000 if origin else None
        if axis == self.axis and _names(before) == _names(series):
            self._look = self._look.grown(before, series)
            self._past = [look.grown(before, series) for look in self._past]
        else:
            self.axis = axis
            self._look, self._past = Look(log=self._look.log), []
            self._cursor = self._pin = None
        said_instead = self._empty if newest is None else ""
        fingerprint = (tuple(map(_fingerprint, series)), zone, self._origin, axis, self._markers, said_instead)
        if fingerprint != self._print:
            self._print = fingerprint
            self._gaps = None
            self._redraw()
        elif (self._title, self._labels, self._notes, self._empty, self._stale) == said:
            return
        self.refresh(Region(0, 0, self.size.width, 1))

    @property
    def smoothing(self) -> float:
        """The weight of the moving average, 0 for none, below 1."""
        return self._smoothing

    @smoothing.setter
    def smoothing(self, weight: float) -> None:
        if weight != self._smoothing:
            self._smoothing = weight
            self._redraw()
            self.refresh()

    def set_cursor(self, place: float | None) -> None:
        """Put the cursor at a place of the axis, or take it away: for whoever moves it from outside. Says nothing."""
        if place != self._cursor:
            self._cursor = place
            if place is not None and (look := self._look.showing(place, self._series)) != self._look:
                self._look = look
                self._redraw()
            self.refresh()

    @property
    def cursor(self) -> int | None:
        """Where on the axis the cursor is, in ms on that of time; None while there is none."""
        return None if self._cursor is None else round(self._cursor)

    @property
    def view(self) -> View | None:
        """What is shown of the plane; None without datapoints."""
        return self._look.view(self._series)

    @property
    def name_of_file(self) -> str:
        """What a file with this chart may be called, without a suffix."""
        name = self._title or " ".join(self._labels)
        words = "".join(sign if sign.isalnum() or sign in "-_." else " " for sign in name).split()
        return "-".join(words)[:60].strip(".-") or "chart"

    def as_text(self) -> str:
        """What is on screen, as lines of plain text."""
        return "\n".join(self.render_line(y).text.rstrip() for y in range(self.size.height))

    @property
    def is_drawn(self) -> bool:
        """Whether the picture on screen is of the newest data, size and view."""
        return self._wanted is None or (self._shown is not None and self._shown[0] is self._wanted)

    # Drawing

    def _redraw(self) -> None:
        """Have a picture drawn of what is wanted now; the one on screen stays until it is there."""
        view, (width, height) = self.view, self.size
        if view is None or width < SMALLEST[0] or height - 1 < SMALLEST[1]:
            self._wanted = self._shown = None
            self.refresh()
            return
        self._wanted = Scene(
            self._series,
            view,
            width,
            height - 1,
            self._zone,
            self._origin,
            self.ascii_only,
            self._smoothing,
            self.axis,
            self._markers,
        )
        if not self._drawing and self.is_mounted:
            self._drawing = True
            self.run_worker(self._draw(), group="chart", description="draw a chart")

    async def _draw(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while not self.is_drawn and (scene := self._wanted) is not None:
                picture = await loop.run_in_executor(chart_worker(), draw, scene)
                if self._wanted is scene or (self._wanted is not None and _alike(scene, self._wanted)):
                    self._shown = (scene, picture)
                    self.refresh()
        finally:
            self._drawing = False
        self.post_message(self.Drawn(self))

    def on_mount(self) -> None:
        """Draw what was given before."""
        self._redraw()

    def on_resize(self) -> None:
        """Draw for the new size."""
        self._redraw()

    def on_focus(self) -> None:
        """The rule shows who has the keys."""
        self.refresh()

    def on_blur(self) -> None:
        """The rule shows who has the keys."""
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """One row: the rule, or a row of the picture with the cursor and the mark laid over it."""
        width = self.size.width
        if y == 0:
            return self._rule(width)
        notice = self._notice()
        if notice and y == max(1, self.size.height // 2):
            text = cut(notice, width)
            return Strip([Segment(text.center(width), self._style("chart--note"))])
        if self._shown is None or y > len(self._shown[1].rows):
            return Strip.blank(width, self._style(""))
        picture = self._shown[1]
        if self._strips[0] is not picture or self._strips[1] != width:
            self._strips = (picture, width, [self._strip(runs, width) for runs in picture.rows])
        strip = self._strips[2][y - 1]
        if y > picture.lines + 1:
            return strip
        cursor, pin = self._column(self._cursor), self._column(self._pin)
        if pin != cursor:
            strip = self._crossed(strip, pin, ":" if self.ascii_only else "┆")
        return self._crossed(strip, cursor, "|" if self.ascii_only else "│")

    def _crossed(self, strip: Strip, column: int | None, line: str) -> Strip:
        # While the terminal's size changes, the picture is still of the size from before.
        if column is None or column >= strip.cell_length:
            return strip
        left, cell, right = strip.crop(0, column), strip.crop(column, column + 1), strip.crop(column + 1)
        if not cell.text.strip():
            return Strip.join([left, Strip([Segment(line, self._style("chart--cursor"))]), right])
        return Strip.join([left, cell.apply_style(Style(reverse=True)), right])

    def _notice(self) -> str:
        """What to say where there is no curve to see."""
        if not any(len(one) for one in self._series):
            return self._empty
        if self._shown is None or not self._shown[1].rows or self._shown[1].low is not None:
            return ""
        if not self._shown[1].bad:
            return "no datapoints in view: 0 shows all"
        return "nothing above 0: L for a linear scale" if self._look.log else "nothing but nan and infinity here"

    def _rule(self, width: int) -> Strip:
        at = self._cursor
        near = [0.0 if at is None else max(self._gap(index), self._column_ms()) for index in range(len(self._series))]
        entries = [
            (label, value_words(value_at(one, at, distance), one.unit))
            for one, label, distance in zip(self._series, self._labels, near, strict=True)
        ]
        notes = (
            *self._notes,
            "" if self._pin is None else f"marked {self._words_of(self._pin)}, enter zooms to the part",
            "zoomed" if self._look.is_zoomed else "",
            "log" if self._look.log else "",
            f"smoothed {self._smoothing:g}" if self._smoothing else "",
            self._stale,
        )
        cursor = "" if at is None else " ".join([self._words_of(at), *self._marked_at(at)])
        line = "-" if self.ascii_only else "━" if self.has_focus else "─"
        runs = rule(self._title, entries, width, cursor=cursor, notes=notes, line=line, ascii_only=self.ascii_only)
        return self._strip(runs, width)

    def _strip(self, runs: Sequence[tuple[str, str]], width: int) -> Strip:
        """A line of exactly so many cells, from texts and their roles."""
        segments = [Segment(text, self._style(_ROLES[role])) for text, role in runs if text]
        return Strip(segments).adjust_cell_length(width, self._style(""))

    def _words_of(self, place: float) -> str:
        """A place on the axis in words."""
        if self.axis != "time":
            return f"{self.axis} {count_words(place)}"
        step = max(self._column_ms(), 1.0)
        # To the second at least, so that a line of the log is found by it.
        return clock(place, self._zone, min(step, 1000)) if self._origin is None else since(place - self._origin, step)

    def _marked_at(self, place: float) -> list[str]:
        """What is marked in the column of a place."""
        column = self._column(place)
        found = [clean(marker.label) for marker in self._markers if self._column(marker.time_ms) == column]
        return [cut(", ".join(dict.fromkeys(found)), 40)] if found and column is not None else []

    def _gap(self, index: int) -> float:
        if self._gaps is None:
            self._gaps = tuple(plot.gap_after(plot.arrays(one)[0], logged=one.source in LOGGED) for one in self._series)
        return self._gaps[index]

    def _style(self, name: str) -> Style:
        """The style of a component, kept until the theme or the focus changes; that of the widget itself for none."""
        style = self._styles.get(name)
        if style is None:
            style = self._styles[name] = self.get_component_rich_style(name) if name else self.rich_style
        return style

    def notify_style_update(self) -> None:
        """Another theme, or another focus."""
        super().notify_style_update()
        self._styles.clear()
        self._strips = (None, 0, [])

    def _column_ms(self) -> float:
        view = self.view
        columns = self._shown[1].columns if self._shown else 0
        return (view.end - view.start) / columns if view is not None and columns else 0.0

    def _column(self, place: float | None) -> int | None:
        """The column of a place on the widget, None where it is not to be seen."""
        if place is None or self._shown is None:
            return None
        (scene, picture) = self._shown
        column = column_of(place, scene.view, picture.columns)
        return None if column is None else picture.left + column


def _names(series: Sequence[Series]) -> list[tuple[str, str, str]]:
    return [(one.name, one.part, one.source) for one in series]


def _fingerprint(series: Series) -> tuple[object, ...]:
    """Changes with the data. Sums, because NaN is unlike itself and comparing all values would say so."""
    sums = zlib.adler32(series.times.tobytes()), zlib.adler32(series.values.tobytes())
    return series.name, series.part, series.unit, series.source, len(series), *sums


def _alike(drawn: Scene, wanted: Scene) -> bool:
    """Whether a picture may stand until the wanted one is drawn: of the same metrics and size, only older."""
    return (drawn.width, drawn.height, drawn.axis) == (wanted.width, wanted.height, wanted.axis) and (
        _names(drawn.series) == _names(wanted.series)
    )

"""A chart of one metric or of several together, with a cursor, zoom and pan; drawn off the UI thread."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, tzinfo

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from tui.model import plot
from tui.model.clean import clean
from tui.model.series import Series
from tui.model.ticks import clock, since
from tui.model.view import Look, View, zoomed_range
from tui.model.words import cut, span
from tui.widgets.chart_canvas import MARKS, SMALLEST, Picture, Scene, chart_worker, draw
from tui.widgets.chart_rule import names, rule, value_at, value_words

WAITING = "no datapoints yet: CloudWatch is about a minute behind"
_STALE_S = 120
_ROLES = {"": "chart--text"}
_ROLES |= {role: f"chart--{role}" for role in ("axis", "label", "bad", "raw", "rule", "title", "note", "cursor")}
_ROLES |= {f"s{index}": f"chart--series-{index + 1}" for index in range(len(MARKS))}


class Chart(Widget, can_focus=True):
    """Series over time, under a rule that names them with their last values, or with those at the cursor."""

    COMPONENT_CLASSES = set(_ROLES.values())

    DEFAULT_CSS = """
    Chart { width: 1fr; height: 1fr; min-height: 3; }
    Chart > .chart--rule { color: $text-disabled; }
    Chart:focus > .chart--rule { color: $accent; }
    Chart > .chart--title { color: $text; text-style: bold; }
    Chart > .chart--text { color: $text; }
    Chart > .chart--note { color: $text-muted; }
    Chart > .chart--axis { color: $text-disabled; }
    Chart > .chart--label { color: $text-muted; }
    Chart > .chart--raw { color: $text-disabled; }
    Chart > .chart--bad { color: $text-error; text-style: bold; }
    Chart > .chart--cursor { color: $text-warning; }
    Chart > .chart--series-1 { color: $text-primary; }
    Chart > .chart--series-2 { color: $text-warning; }
    Chart > .chart--series-3 { color: $text-success; }
    Chart > .chart--series-4 { color: $text-accent; }
    Chart > .chart--series-5 { color: $text-secondary; }
    Chart > .chart--series-6 { color: $foreground; }
    Chart > .chart--series-7 { color: $primary; }
    Chart > .chart--series-8 { color: $success; }
    """

    BINDINGS = [
        Binding("left", "cursor(-1)", "cursor back", id="chart.cursor-back", show=False),
        Binding("right", "cursor(1)", "cursor on", id="chart.cursor-on", show=False),
        Binding("plus", "zoom(0.5)", "zoom in", key_display="+", id="chart.zoom-in", show=False),
        Binding("minus", "zoom(2.0)", "zoom out", key_display="-", id="chart.zoom-out", show=False),
        Binding("equals_sign", "zoom_values(0.5)", "zoom values in", key_display="=", id="chart.values-in", show=False),
        Binding(
            "underscore", "zoom_values(2.0)", "zoom values out", key_display="_", id="chart.values-out", show=False
        ),
        Binding("shift+left", "pan(-0.25)", "pan back", id="chart.pan-back", show=False),
        Binding("shift+right", "pan(0.25)", "pan on", id="chart.pan-on", show=False),
        Binding("0", "reset", "show all", id="chart.reset", show=False),
        Binding("less_than_sign", "jump('min')", "to the minimum", key_display="<", id="chart.minimum", show=False),
        Binding("greater_than_sign", "jump('max')", "to the maximum", key_display=">", id="chart.maximum", show=False),
        Binding("exclamation_mark", "jump('nan')", "to the next NaN", key_display="!", id="chart.nan", show=False),
        Binding("L", "log", "log scale", id="chart.log"),
        Binding("escape", "leave_cursor", "leave the cursor", id="chart.leave-cursor", show=False),
    ]

    class CursorMoved(Message):
        """The cursor was moved, or left (`time_ms` is None then)."""

        def __init__(self, chart: Chart, time_ms: int | None) -> None:
            super().__init__()
            self.chart = chart
            self.time_ms = time_ms

        @property
        def control(self) -> Chart:
            """The chart, for `@on` with a selector."""
            return self.chart

    class Drawn(Message):
        """What was asked for is on screen."""

        def __init__(self, chart: Chart) -> None:
            super().__init__()
            self.chart = chart

        @property
        def control(self) -> Chart:
            """The chart, for `@on` with a selector."""
            return self.chart

    def __init__(self, *, ascii_only: bool = False, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.ascii_only = ascii_only
        self.smoothing = 0.0
        self._series: tuple[Series, ...] = ()
        self._title = ""
        self._labels: tuple[str, ...] = ()
        self._gaps: tuple[float, ...] | None = None
        self._print: object = None
        self._empty = WAITING
        self._stale = ""
        self._zone: tzinfo | None = None
        self._origin: float | None = None

        self._look = Look()
        self._cursor: float | None = None

        self._wanted: Scene | None = None
        self._shown: tuple[Scene, Picture] | None = None
        self._drawing = False

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
        empty: str = WAITING,
    ) -> None:
        """Show these series; nothing is drawn where nothing changed.

        Args:
            series: One metric or several overlaid, the most important first: it lies on top.
            title: Stands in the rule; what the names have in common by default.
            labels: What tells the series apart there; found in their names, or hosts and variants, by default.
            now: Where given, the rule says how old the newest datapoint is once it is over two minutes.
            zone: The zone of the clock times, the machine's own by default.
            origin: Where given, the time axis says the time since it, not clock times.
            empty: What is said while there are no datapoints.
        """
        before, self._series = self._series, tuple(series)
        said = (self._title, self._labels, self._empty, self._stale)
        found, own = names(series)
        self._title = clean(title) or found
        self._labels = tuple(clean(label) for label in labels) or own
        self._empty = clean(empty)
        self._stale = ""
        newest = max((one.times[-1] for one in series if len(one)), default=None)
        if now is not None and newest is not None and (age := now.timestamp() - newest / 1000) >= _STALE_S:
            self._stale = f"{span(age)} old"
        self._zone = zone
        self._origin = origin.timestamp() * 1000 if origin else None
        if [(one.name, one.part) for one in before] == [(one.name, one.part) for one in series]:
            self._look = self._look.grown(before, series)
        else:
            self._look, self._cursor = Look(log=self._look.log), None
        fingerprint = (tuple(_fingerprint(one) for one in series), zone, self._origin)
        if fingerprint != self._print:
            self._print = fingerprint
            self._gaps = None
            self._redraw()
        elif (self._title, self._labels, self._empty, self._stale) == said:
            return
        self.refresh(Region(0, 0, self.size.width, 1))

    def set_cursor(self, time_ms: float | None) -> None:
        """Put the cursor at a time, or take it away: for whoever moves it from outside. No message is sent."""
        if time_ms != self._cursor:
            self._cursor = time_ms
            if time_ms is not None:
                self._look_as(self._look.showing(time_ms, self._series))
            self.refresh()

    @property
    def cursor(self) -> int | None:
        """Where the cursor is, in ms; None while there is none."""
        return None if self._cursor is None else round(self._cursor)

    @property
    def view(self) -> View | None:
        """What is shown of the plane; None without datapoints."""
        return self._look.view(self._series)

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
            self._series, view, width, height - 1, self._zone, self._origin, self.ascii_only, self.smoothing
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
        """One row: the rule, or a row of the picture with the cursor laid over it."""
        width = self.size.width
        if y == 0:
            return self._rule(width)
        notice = self._notice()
        if notice and y == max(1, self.size.height // 2):
            text = cut(notice, width)
            return Strip([Segment(text.center(width), self._style("chart--note"))])
        if self._shown is None or y > len(self._shown[1].rows):
            return Strip.blank(width, self.rich_style)
        picture = self._shown[1]
        segments = [Segment(text, self._style(_ROLES[role])) for text, role in picture.rows[y - 1] if text]
        strip = Strip(segments).adjust_cell_length(width, self.rich_style)
        column = self._cursor_column()
        return strip if column is None or y > picture.lines + 1 else self._crossed(strip, column)

    def _crossed(self, strip: Strip, column: int) -> Strip:
        left, cell, right = strip.crop(0, column), strip.crop(column, column + 1), strip.crop(column + 1)
        style = self._style("chart--cursor")
        if not cell.text.strip():
            return Strip.join([left, Strip([Segment("|" if self.ascii_only else "│", style)]), right])
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
        at, cursor = self._cursor, ""
        if at is not None:
            step = max(self._column_ms(), 1.0)
            # To the second at least, so that a line of the log is found by it.
            cursor = clock(at, self._zone, min(step, 1000)) if self._origin is None else since(at - self._origin, step)
        near = [0.0 if at is None else max(self._gap(index), self._column_ms()) for index in range(len(self._series))]
        entries = [
            (label, value_words(value_at(one, at, distance), one.unit))
            for one, label, distance in zip(self._series, self._labels, near, strict=True)
        ]
        notes = (
            "zoomed" if self._look.is_zoomed else "",
            "log" if self._look.log else "",
            f"smoothed {self.smoothing:g}" if self.smoothing else "",
            self._stale,
        )
        line = "-" if self.ascii_only else "━" if self.has_focus else "─"
        runs = rule(self._title, entries, width, cursor=cursor, notes=notes, line=line, ascii_only=self.ascii_only)
        segments = [Segment(text, self._style(_ROLES[role])) for text, role in runs if text]
        return Strip(segments).adjust_cell_length(width, self.rich_style)

    def _gap(self, index: int) -> float:
        if self._gaps is None:
            self._gaps = tuple(plot.gap_after(plot.arrays(one)[0], logged=one.source == "log") for one in self._series)
        return self._gaps[index]

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(name)

    # Moving about

    def _column_ms(self) -> float:
        view = self.view
        columns = self._shown[1].columns if self._shown else 0
        return (view.end - view.start) / columns if view is not None and columns else 0.0

    def _cursor_column(self) -> int | None:
        """Where the cursor is on the widget, None where it is not to be seen."""
        if self._cursor is None or self._shown is None:
            return None
        (scene, picture) = self._shown
        share = (self._cursor - scene.view.start) / (scene.view.end - scene.view.start)
        if not 0 <= share <= 1 or not picture.columns:
            return None
        return picture.left + min(int(share * picture.columns), picture.columns - 1)

    def _move_cursor(self, time_ms: float | None) -> None:
        self.set_cursor(time_ms)
        self.post_message(self.CursorMoved(self, self.cursor))

    def _look_as(self, look: Look) -> None:
        if look != self._look:
            self._look = look
            self._redraw()
            self.refresh()

    def action_cursor(self, direction: int) -> None:
        """Move the cursor to the next datapoint, or a column where they lie closer; the first time, to the newest."""
        view = self.view
        if view is None:
            return
        if self._cursor is None:
            at = plot.step_from(self._series, view.end + 1, -1)
        else:
            at = plot.step_from(self._series, self._cursor, direction * max(self._column_ms(), 1.0))
        if at is not None:
            self._move_cursor(at)

    def action_leave_cursor(self) -> None:
        """Take the cursor away; the rule shows the last values again."""
        self._move_cursor(None)

    def action_jump(self, what: str) -> None:
        """Put the cursor at the lowest value in view, the highest, or the next that is no number."""
        view = self.view
        at = plot.place_of(self._series, view, what, self._cursor) if view else None
        if at is not None:
            self._move_cursor(at)

    def action_zoom(self, factor: float) -> None:
        """Show a shorter or a longer time around the cursor; without one, up to the newest datapoint."""
        self._look_as(self._look.zoomed(factor, self._series, self._cursor))

    def action_zoom_values(self, factor: float) -> None:
        """Show a smaller or a larger range of values around the middle of what is shown."""
        if self._shown is None or (picture := self._shown[1]).low is None or picture.high is None:
            return
        values = zoomed_range(picture.low, picture.high, factor, self._look.log)
        self._look_as(replace(self._look, values=values))

    def action_pan(self, share: float) -> None:
        """Show what was before or after; there is nothing to pan to while all is shown."""
        self._look_as(self._look.moved(share, self._series))

    def action_reset(self) -> None:
        """Show all there is."""
        self._look_as(Look(log=self._look.log))

    def action_log(self) -> None:
        """Change between a linear and a logarithmic scale of values."""
        self._look_as(replace(self._look, values=None, log=not self._look.log))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Escape belongs to the screen while there is no cursor."""
        del parameters
        return self._cursor is not None if action == "leave_cursor" else True

    def on_click(self, event: events.Click) -> None:
        """Put the cursor where the mouse points."""
        view = self.view
        if self._shown is None or view is None:
            return
        (_, picture) = self._shown
        column = event.x - picture.left
        if 0 <= column < picture.columns and event.y > 0:
            self._move_cursor(view.start + (column + 0.5) / picture.columns * (view.end - view.start))


def _fingerprint(series: Series) -> tuple[object, ...]:
    """Changes with the data. Sums, because NaN is unlike itself and comparing all values would say so."""
    sums = zlib.crc32(series.times.tobytes()), zlib.crc32(series.values.tobytes())
    return series.name, series.part, series.unit, series.source, len(series), *sums


def _alike(drawn: Scene, wanted: Scene) -> bool:
    """Whether a picture may stand until the wanted one is drawn: of the same metrics and size, only older."""
    return (drawn.width, drawn.height) == (wanted.width, wanted.height) and [
        (one.name, one.part) for one in drawn.series
    ] == [(one.name, one.part) for one in wanted.series]

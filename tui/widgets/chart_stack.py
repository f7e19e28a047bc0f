"""Charts one under the other, or side by side where they are many: one axis, one cursor, one smoothing for all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from pathlib import Path

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.message import Message

from tui.model.axis import Axis, along, offered, place_of_time, time_of_place
from tui.model.groups import Group, Layout, arranged, naming
from tui.model.markers import Marker
from tui.model.paths import path_of
from tui.model.series import Series
from tui.widgets.chart import WAITING, Chart
from tui.widgets.chart_keys import STACK_KEYS
from tui.widgets.chart_save import save
from tui.widgets.clipboard import copy
from tui.widgets.log_prompt import LogPrompt

WEIGHTS = (0.0, 0.6, 0.9, 0.98)
"""The weights of the moving average that the keys go through."""
LAYOUTS: dict[Layout, str] = {
    "grouped": "",
    "apart": "each on its own",
    "overlaid": "overlaid by unit and magnitude",
}
"""The arrangements that a key goes through, and what is said of them."""
_LEAST = 6  # rows below which a chart is not made smaller: its title, three of the curve, two of the axis
_NARROW = 44  # columns likewise


@dataclass(frozen=True)
class _Shown:
    """What `show` was given last."""

    groups: tuple[Group, ...] = ()
    markers: tuple[Marker, ...] = ()
    now: datetime | None = None
    zone: tzinfo | None = None
    origin: datetime | None = None
    empty: str = WAITING


class ChartStack(Vertical, can_focus=False):
    """Charts of groups of series; they share the height, and scroll where each would become too small to read."""

    BINDINGS = STACK_KEYS
    DEFAULT_CSS = """
    ChartStack { height: 1fr; }
    ChartStack > VerticalScroll { height: 1fr; scrollbar-size-vertical: 1; grid-gutter: 0 1; }
    """

    class CursorMoved(Message):
        """The cursor of all charts was moved to a moment (ms since the epoch), or left: None."""

        def __init__(self, stack: ChartStack, time_ms: int | None) -> None:
            super().__init__()
            self.stack = stack
            self.time_ms = time_ms

        @property
        def control(self) -> ChartStack:
            """The stack, for `@on` with a selector."""
            return self.stack

    class Changed(Message):
        """Arrangement, axis or smoothing are others now."""

    def __init__(self, *, ascii_only: bool = False) -> None:
        """Makes a stack.

        Args:
            ascii_only: Draw with ASCII characters alone.
        """
        super().__init__()
        self.layout_of_series: Layout = "grouped"
        self.axis: Axis = "time"
        self.cursor: int | None = None
        """The moment that all charts' cursors are at, None while there are none."""
        self._ascii_only = ascii_only
        self._smoothing = 0.0
        self._axes: tuple[Axis, ...] = ("time",)
        self._given = _Shown()
        self._charts: dict[object, Chart] = {}
        self._groups: dict[Chart, Group] = {}
        self._scroll = VerticalScroll(can_focus=False)

    def compose(self) -> ComposeResult:
        """The charts."""
        with self._scroll:
            yield from self._charts.values()

    # What is shown

    def show(
        self,
        groups: Sequence[Group],
        *,
        markers: Sequence[Marker] = (),
        now: datetime | None = None,
        zone: tzinfo | None = None,
        origin: datetime | None = None,
        empty: str = WAITING,
    ) -> None:
        """Draw a chart a group, or these series as the person has arranged them; charts there were keep their zoom.

        Args:
            groups: From top to bottom, in time.
            markers: What is marked on all of them.
            now: Where given, a rule says how old its newest datapoint is once it is over two minutes.
            zone: The zone of the clock times, the machine's own by default.
            origin: Where given, the time axes say the time since it, not clock times.
            empty: What is said while there are no datapoints.
        """
        self._given = _Shown(tuple(groups), tuple(markers), now, zone, origin, empty)
        if (axes := offered(self._series())) != self._axes:
            self._axes = axes
            self.refresh_bindings()
        self._show()

    def _show(self) -> None:
        given = self._given
        groups = {_key(group): group for group in arranged(given.groups, self.layout_of_series)}
        # What is no longer shown is used for what is new: a widget less to make, and whoever had the keys has them.
        spare = [chart for key, chart in self._charts.items() if key not in groups]
        new: list[Chart] = []
        charts: dict[object, Chart] = {}
        for key in groups:
            chart = self._charts.get(key) or (spare.pop(0) if spare else None)
            if chart is None:
                chart = Chart(ascii_only=self._ascii_only)
                new.append(chart)
            charts[key] = chart
        moved = bool(spare or new) or list(charts.values()) != list(self._charts.values())
        self._charts = charts
        lost_keys = any(chart.has_focus for chart in spare)
        for chart in spare:
            self._groups.pop(chart)
            chart.remove()
        for key, group in groups.items():
            chart = self._charts[key]
            self._groups[chart] = group
            chart.smoothing = self._smoothing
            self._draw(chart, group)
        shown = list(charts.values())
        if moved and self._scroll.is_attached:
            if new:
                self._scroll.mount(*new)
            order = {chart: place for place, chart in enumerate(shown)}
            self._scroll.sort_children(key=lambda widget: order.get(widget, -1))  # type: ignore[call-overload]
        if moved:
            self.call_after_refresh(self.share)
        if lost_keys and shown:
            shown[0].focus()

    def _draw(self, chart: Chart, group: Group) -> None:
        given = self._given
        axis = self.axis if self.axis in offered(group.series) else "time"
        title, labels = naming(group)
        drawn = [(along(one, axis), label) for one, label in zip(group.series, labels, strict=True)]
        without = [label for one, label in drawn if one is None]
        names = {one.name for one in group.series}
        own = [marker for marker in given.markers if not marker.subject or not names.isdisjoint(marker.subject)]
        places = ((place_of_time(group.series, axis, marker.time_ms), marker) for marker in own)
        chart.show(
            # A series without steps keeps its place, so that the others keep their marks.
            [
                there if there is not None else Series(one.name, source=one.source, part=one.part)
                for one, (there, _) in zip(group.series, drawn, strict=True)
            ],
            title=title,
            labels=labels,
            now=given.now if axis == "time" else None,
            zone=given.zone,
            origin=given.origin,
            axis=axis,
            markers=[replace(marker, time_ms=round(at)) for at, marker in places if at is not None],
            notes=[_sources(group, labels, self._series()), f"no {axis}: {', '.join(without)}" if without else ""],
            empty=given.empty,
        )
        chart.set_cursor(None if self.cursor is None else place_of_time(group.series, axis, self.cursor))

    def _series(self) -> list[Series]:
        return [one for group in self._given.groups for one in group.series]

    @property
    def words(self) -> tuple[str, ...]:
        """What is out of the ordinary: the arrangement, the axis."""
        return tuple(filter(None, (LAYOUTS[self.layout_of_series], f"by {self.axis}" if self.axis != "time" else "")))

    # The cursor

    def set_cursor(self, time_ms: int | None) -> None:
        """Put every chart's cursor at a moment (ms since the epoch), or take them away. No message is sent."""
        self.cursor = time_ms
        for chart, group in self._groups.items():
            chart.set_cursor(None if time_ms is None else place_of_time(group.series, chart.axis, time_ms))

    @on(Chart.CursorMoved)
    def _moved(self, message: Chart.CursorMoved) -> None:
        message.stop()
        moved, place = message.chart, message.place
        group = self._groups.get(moved)
        if group is None:
            return
        self.cursor = None if place is None else time_of_place(group.series, moved.axis, place)
        for chart, others in self._groups.items():
            if chart is moved:
                continue
            if place is None or self.cursor is None or chart.axis == moved.axis:
                chart.set_cursor(place)
            else:
                chart.set_cursor(place_of_time(others.series, chart.axis, self.cursor))
        self.post_message(self.CursorMoved(self, self.cursor))

    # Keys

    def action_focus_chart(self, step: int) -> None:
        """Give the keys to the chart below or above."""
        charts = list(self._charts.values())
        here = self._current()
        if here is not None:
            charts[min(max(charts.index(here) + step, 0), len(charts) - 1)].focus()

    def action_smooth(self, step: int) -> None:
        """Smooth all charts more, or less; each rule says it."""
        place = WEIGHTS.index(self._smoothing) + step
        self._smoothing = WEIGHTS[min(max(place, 0), len(WEIGHTS) - 1)]
        for chart in self._charts.values():
            chart.smoothing = self._smoothing
        self.post_message(self.Changed())

    def action_layout(self) -> None:
        """The next arrangement: as the series belong together, each on its own chart, or overlaid."""
        order = list(LAYOUTS)
        self.layout_of_series = order[(order.index(self.layout_of_series) + 1) % len(order)]
        self._show()
        self.call_after_refresh(self.share)
        self.post_message(self.Changed())

    def action_axis(self) -> None:
        """The next axis that these series can be drawn along."""
        here = self._axes.index(self.axis) if self.axis in self._axes else 0
        self.axis = self._axes[(here + 1) % len(self._axes)]
        self._show()
        self.post_message(self.Changed())

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Steps and epochs are offered where some series names them."""
        del parameters
        return len(self._axes) > 1 if action == "axis" else True

    def action_copy(self) -> None:
        """Copy the chart with the keys as text."""
        if (chart := self._current()) is not None:
            self.app.notify(copy(self.app, chart.as_text()), markup=False)

    async def action_save(self) -> None:
        """Ask for a file, and write the chart with the keys to it as text, as it is now."""
        if (chart := self._current()) is not None:
            self._to_save = chart, chart.as_text()
            if not self.query(LogPrompt):
                await self.mount(LogPrompt())
            self.query_one(LogPrompt).ask("save", f"{chart.name_of_file}.txt")

    @on(LogPrompt.Answered)
    def _answered(self, message: LogPrompt.Answered) -> None:
        message.stop()
        chart, text = self._to_save
        chart.focus()
        if message.answer:
            self._save(path_of(message.answer), text)

    @work(thread=True, group="chart-save")
    def _save(self, path: Path, text: str) -> None:
        words, severity = save(path, text)
        self.app.call_from_thread(self.app.notify, words, severity=severity, markup=False)

    def _current(self) -> Chart | None:
        return next((chart for chart in self._charts.values() if chart.has_focus), None)

    # Geometry

    def share(self) -> None:
        """Give each chart its part of the height, in columns where each series stands alone and there is room."""
        charts = list(self._charts.values())
        width, height = self._scroll.size
        if not charts or not height:
            return
        apart = self.layout_of_series == "apart"
        columns = min(max(width // _NARROW, 1), 3, len(charts)) if apart else 1
        rows = -(-len(charts) // columns)
        each = height // min(rows, max(height // _LEAST, 1))  # what there is no room for is below, whole charts
        self._scroll.styles.layout = "grid" if columns > 1 else "vertical"
        self._scroll.styles.grid_size_columns = columns
        self._scroll.styles.grid_rows = str(each)
        for chart in charts:
            chart.styles.height = each

    def on_resize(self) -> None:
        """The height changed."""
        self.call_after_refresh(self.share)


def _key(group: Group) -> object:
    return group.title, tuple((one.name, one.part, one.source) for one in group.series) if not group.title else ()


def _sources(group: Group, labels: Sequence[str], all_series: Sequence[Series]) -> str:
    """Where these come from, in their order, where not all charts have one source and no label says it."""
    own = [one.source for one in group.series]
    if len({one.source for one in all_series}) < 2:
        return ""
    if len(set(own)) > 1 and all(label.endswith(source) for label, source in zip(labels, own, strict=True)):
        return ""
    return " · ".join(own if len(set(own)) > 1 else set(own))

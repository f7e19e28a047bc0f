"""A chart of one metric or of several together, with a cursor, zoom and pan by keyboard."""

from __future__ import annotations

from dataclasses import replace

from textual import events
from textual.message import Message

from tui.model import plot
from tui.model.view import Look, zoomed_range
from tui.widgets.chart_base import WAITING, ChartBase
from tui.widgets.chart_keys import KEYS

__all__ = ["WAITING", "Chart"]

_MOST_PAST = 50


class Chart(ChartBase):
    """Series along an axis, under a rule that names them with their last values, or with those at the cursor."""

    BINDINGS = KEYS

    class CursorMoved(Message):
        """The cursor was moved to a place of the axis (ms on that of time), or left: `place` is None then."""

        def __init__(self, chart: Chart, place: int | None) -> None:
            super().__init__()
            self.chart = chart
            self.place = place

        @property
        def control(self) -> Chart:
            """The chart, for `@on` with a selector."""
            return self.chart

    def _move_cursor(self, place: float | None) -> None:
        self.set_cursor(place)
        self.post_message(self.CursorMoved(self, self.cursor))

    def _look_as(self, look: Look) -> None:
        if look != self._look:
            self._past = [*self._past[-_MOST_PAST:], self._look]
            self._look = look
            self._redraw()
            self.refresh()

    def action_cursor(self, direction: int) -> None:
        """Move the cursor to the next datapoint or marker, or a column where they lie closer; first to the newest."""
        view = self.view
        if view is None:
            return
        if self._cursor is None:
            at = plot.step_from(self._series, view.end + 1, -1)
        else:
            stops = [marker.time_ms for marker in self._markers]
            at = plot.step_from(self._series, self._cursor, direction * max(self._column_ms(), 1.0), stops)
        if at is not None:
            self._move_cursor(at)

    def action_leave_cursor(self) -> None:
        """Take the mark away, then the cursor; the rule shows the last values again."""
        if self._pin is not None:
            self._pin = None
            self.refresh()
        else:
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
        low, high = self._look.values or (picture.low, picture.high)  # the picture may still be the one before
        values = zoomed_range(low, high, factor, self._look.log)
        self._look_as(replace(self._look, values=values))

    def action_pan(self, share: float) -> None:
        """Show what was before or after; there is nothing to pan to while all is shown."""
        self._look_as(self._look.moved(share, self._series))

    def action_mark(self) -> None:
        """Mark the cursor's place as one end of a part to zoom to; without a cursor, bring it first."""
        if self._cursor is None:
            self.action_cursor(-1)
        self._pin = self._cursor
        self.refresh()

    def action_zoom_part(self) -> None:
        """Show what lies between the mark and the cursor."""
        if self._pin is not None and self._cursor is not None:
            look = self._look.between(self._pin, self._cursor, self._series)
            self._pin = None
            self._look_as(look)
            self.refresh()

    def action_zoom_back(self) -> None:
        """Show what was shown before the last zoom or pan."""
        if self._past:
            self._look = self._past.pop()
            self._redraw()
            self.refresh()

    def action_reset(self) -> None:
        """Show all there is."""
        self._look_as(Look(log=self._look.log))

    def action_log(self) -> None:
        """Change between a linear and a logarithmic scale of values."""
        self._look_as(replace(self._look, values=None, log=not self._look.log))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Escape belongs to the screen while there is no cursor, and enter while nothing is marked."""
        del parameters
        if action == "leave_cursor":
            return self._cursor is not None or self._pin is not None
        return self._pin is not None if action == "zoom_part" else True

    def on_click(self, event: events.Click) -> None:
        """Put the cursor where the mouse points."""
        view = self.view
        if self._shown is None or view is None:
            return
        (_, picture) = self._shown
        column = event.x - picture.left
        if 0 <= column < picture.columns and event.y > 0:
            self._move_cursor(view.start + (column + 0.5) / picture.columns * (view.end - view.start))

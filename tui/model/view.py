"""What part of a metric's plane a chart shows, and how one moves about in it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tui.model.series import Series

SHORTEST_MS = 20.0
"""No view is shorter: a log's clock has milliseconds."""


@dataclass(frozen=True, slots=True)
class View:
    """The part of the plane that a chart shows.

    Attributes:
        start: Its left edge, ms.
        end: Its right edge, ms, after `start`.
        low: Its lower edge in the unit of the values, None where it fits the data.
        high: Its upper edge.
        log: Whether each tenfold takes the same height.
    """

    start: float
    end: float
    low: float | None = None
    high: float | None = None
    log: bool = False

    def zoomed(self, factor: float, around: float | None = None) -> View:
        """This view with `factor` times its time, `around` (its middle by default) staying where it is."""
        length = self.end - self.start
        around = (self.start + self.end) / 2 if around is None else min(max(around, self.start), self.end)
        share = (around - self.start) / length
        length = max(length * factor, SHORTEST_MS)
        return replace(self, start=around - share * length, end=around + (1 - share) * length)

    def moved(self, share: float) -> View:
        """This view moved by a share of its length: 0.5 shows half of what follows."""
        step = (self.end - self.start) * share
        return replace(self, start=self.start + step, end=self.end + step)

    def within(self, start: float, end: float) -> View:
        """This view moved and cut so that it shows nothing outside `start` … `end`."""
        length = min(self.end - self.start, end - start)
        left = min(max(self.start, start), end - length)
        return replace(self, start=left, end=left + length)


def extent(series: Sequence[Series]) -> tuple[float, float] | None:
    """From the oldest datapoint to the newest; a minute around it where there is but one; None without any."""
    ends = [(one.times[0], one.times[-1]) for one in series if len(one)]
    if not ends:
        return None
    start, end = float(min(first for first, _ in ends)), float(max(last for _, last in ends))
    return (start, end) if end > start else (start - 30_000, end + 30_000)


def zoomed_range(low: float, high: float, factor: float, log: bool) -> tuple[float, float]:
    """A value range with `factor` times its height around its middle."""
    if log:
        low, high = zoomed_range(math.log10(low), math.log10(high), factor, False)
        return 10.0 ** max(low, -300), 10.0 ** min(high, 300)
    middle, half = low / 2 + high / 2, (high / 2 - low / 2) * factor
    half = max(half, abs(middle) * 1e-12, 1e-300)
    return max(middle - half, -1e308), min(middle + half, 1e308)


@dataclass(frozen=True, slots=True)
class Look:
    """What somebody chose to see of a chart whose data may grow.

    Attributes:
        window: From when to when (ms); None shows all there is.
        values: From what value to what value; None fits what is shown.
        log: Whether the values have a logarithmic scale.
    """

    window: tuple[float, float] | None = None
    values: tuple[float, float] | None = None
    log: bool = False

    @property
    def is_zoomed(self) -> bool:
        """Whether less is shown than there is."""
        return self.window is not None or self.values is not None

    def view(self, series: Sequence[Series]) -> View | None:
        """The view of these series; None without datapoints."""
        window = self.window or extent(series)
        if window is None:
            return None
        low, high = self.values or (None, None)
        return View(*window, low=low, high=high, log=self.log)

    def at(self, view: View, series: Sequence[Series]) -> Look:
        """The same with the time of a view, or of as much of it as there is."""
        whole = extent(series)
        if whole is None:
            return self
        view = view.within(*whole)
        window = (view.start, view.end)
        return replace(self, window=None if window == whole else window)

    def zoomed(self, factor: float, series: Sequence[Series], around: float | None = None) -> Look:
        """`factor` times the time, `around` staying where it is if it is seen, else the newest datapoint if that is."""
        view, whole = self.view(series), extent(series)
        if view is None or whole is None:
            return self
        if around is None or not view.start <= around <= view.end:
            around = view.end if view.end >= whole[1] else None
        return self.at(view.zoomed(factor, around), series)

    def moved(self, share: float, series: Sequence[Series]) -> Look:
        """Moved by a share of what is shown, as far as there is anything."""
        view = self.view(series)
        return self if view is None else self.at(view.moved(share), series)

    def between(self, one: float, other: float, series: Sequence[Series]) -> Look:
        """What lies between two places; nothing else where they are the same."""
        if one == other:
            return self
        left, right = sorted((one, other))
        middle, half = (left + right) / 2, max(right - left, SHORTEST_MS) / 2
        return self.at(View(middle - half, middle + half), series)

    def showing(self, time_ms: float, series: Sequence[Series]) -> Look:
        """Moved so that a moment is in view."""
        if self.window is None or self.window[0] <= time_ms <= self.window[1]:
            return self
        half = (self.window[1] - self.window[0]) / 2
        return self.at(View(time_ms - half, time_ms + half), series)

    def grown(self, before: Sequence[Series], after: Sequence[Series]) -> Look:
        """After the data grew: whoever looks at the newest part goes on looking at the newest part."""
        old, new = extent(before), extent(after)
        if self.window is None or old is None or new is None or self.window[1] < old[1]:
            return self
        more = new[1] - old[1]
        return replace(self, window=(self.window[0] + more, self.window[1] + more))

"""How busy each host is: CPU, memory, GPU, GPU memory and disk, as values, bars and a short history."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from rich.segment import Segment
from textual.binding import Binding
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.model.bars import bar, sparkline
from tui.model.clean import clean
from tui.model.instances import Scale, scale, shape
from tui.model.series import Series
from tui.model.words import DASH, cut

WAITING = "no utilization yet: CloudWatch is about a minute behind"
FULL = 0.95
"""From this share on, memory and disks are said to be close to full."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One column.

    Attributes:
        metric: CloudWatch's name of it.
        title: What stands above it.
        short: The same where there is little room.
        each: What counts as 100: `cpu`, `gpu`, or empty for a plain percentage.
        as_share: Whether to show it as a share of all rather than as the sum of its parts.
        fills: Whether it can run full, so that a high value is a warning.
        priority: The lower, the sooner it makes room.
    """

    metric: str
    title: str
    short: str
    each: str = ""
    as_share: bool = False
    fills: bool = False
    priority: int = 0


MEASURES = (
    Measure("CPUUtilization", "CPU %", "CPU", each="cpu", priority=3),
    Measure("MemoryUtilization", "memory", "mem", fills=True, priority=2),
    Measure("GPUUtilization", "GPU %", "GPU", each="gpu", priority=4),
    Measure("GPUMemoryUtilization", "GPU memory", "GPUm", each="gpu", as_share=True, fills=True, priority=1),
    Measure("DiskUtilization", "disk", "disk", fills=True, priority=0),
)

_VALUE = 5
_GAP = 2


@dataclass(frozen=True, slots=True)
class Layout:
    """How wide everything is: `host` columns for the names, then each measure with its bar and history."""

    host: int
    measures: tuple[Measure, ...]
    bar: int = 0
    history: int = 0

    def cell(self, measure: Measure) -> int:
        """Columns of one measure, without the gap before it."""
        return _VALUE + (1 + self.bar if self.bar else 0) + (1 + self.history if self.shows_history(measure) else 0)

    def shows_history(self, measure: Measure) -> bool:
        """Histories are for what goes up and down; how full something is changes slowly."""
        return self.history > 0 and not measure.fills

    @property
    def width(self) -> int:
        """Columns in all."""
        return 1 + self.host + sum(_GAP + self.cell(measure) for measure in self.measures)


def layout(width: int, longest_host: int, measures: tuple[Measure, ...]) -> Layout:
    """The richest layout that fits: bars and histories give way first, then the less telling columns."""
    host = min(longest_host, max(width // 6, 6))
    for bar_width, history in ((10, 16), (10, 8), (10, 0), (8, 0), (6, 0), (0, 0)):
        found = Layout(host, measures, bar_width, history)
        if found.width <= width:
            return found
    if len(measures) > 1:
        least = min(measures, key=lambda measure: measure.priority)
        return layout(width, longest_host, tuple(measure for measure in measures if measure is not least))
    return Layout(host, measures)


class Gauges(ScrollView, can_focus=True):
    """A row a host under a row of headers; what is above 100% (cores, GPUs) is measured against all of them."""

    COMPONENT_CLASSES = {
        "gauges--header",
        "gauges--host",
        "gauges--value",
        "gauges--bar",
        "gauges--history",
        "gauges--full",
        "gauges--note",
    }

    DEFAULT_CSS = """
    Gauges { width: 1fr; height: 1fr; scrollbar-size-vertical: 1; overflow-x: hidden; }
    Gauges > .gauges--header { color: $text-muted; }
    Gauges > .gauges--host { color: $text; }
    Gauges > .gauges--value { color: $text; }
    Gauges > .gauges--bar { color: $text-primary; }
    Gauges > .gauges--history { color: $text-muted; }
    Gauges > .gauges--full { color: $text-warning; text-style: bold; }
    Gauges > .gauges--note { color: $text-muted; }
    """

    BINDINGS = [
        Binding("j,down", "scroll_down", "down", id="hosts.down", show=False),
        Binding("k,up", "scroll_up", "up", id="hosts.up", show=False),
        Binding("g,home", "scroll_home", "top", id="hosts.top", show=False),
        Binding("G,end", "scroll_end", "bottom", id="hosts.bottom", show=False),
    ]

    def __init__(self, *, ascii_only: bool = False) -> None:
        super().__init__()
        self.ascii_only = ascii_only
        self._hosts: dict[str, Mapping[str, Series]] = {}
        self._scales: dict[str, Scale] = {}
        self._measures: tuple[Measure, ...] = ()
        self._empty = WAITING
        self._print: object = None

    def show(
        self, hosts: Mapping[str, Mapping[str, Series]], instance_type: str | None = None, *, empty: str = WAITING
    ) -> None:
        """Show these hosts, in their order; nothing is drawn where nothing changed.

        Args:
            hosts: For each host (`algo-1`) its series by the metric's name (`CPUUtilization` …).
            instance_type: `ml.p4d.24xlarge`, which says how many cores and GPUs 100% is of; without it, or where the
                type is not known, the full scale is estimated from what was seen and marked with `≈`.
            empty: What is said while there are no hosts.
        """
        kind = shape(instance_type)
        seen = [
            (host, metric, len(one), one.times[-1], repr(one.last))
            for host, series in hosts.items()
            for metric, one in series.items()
            if len(one)
        ]
        fingerprint = (kind, empty, tuple(hosts), tuple(seen))
        if fingerprint == self._print:
            return
        self._print = fingerprint
        self._hosts = dict(hosts)
        self._empty = clean(empty)
        units = {"cpu": kind.vcpus if kind else None, "gpu": kind.gpus if kind else None}
        measured = {metric for _, metric, *_ in seen}
        self._measures = tuple(one for one in MEASURES if one.each != "gpu" or one.metric in measured or units["gpu"])
        self._scales = {}
        for each in ("cpu", "gpu"):
            # GPU use and GPU memory are both of all GPUs.
            metrics = [one.metric for one in MEASURES if one.each == each]
            values = (max(one.values) for name in metrics for one in self._series(name) if len(one))
            self._scales[each] = scale(units[each], values)
        self.virtual_size = Size(self.size.width, len(self._hosts) + 1)
        self.refresh()

    def on_resize(self) -> None:
        """Rows are as wide as the widget."""
        self.virtual_size = Size(self.size.width, len(self._hosts) + 1)

    def _series(self, metric: str) -> list[Series]:
        return [series[metric] for series in self._hosts.values() if metric in series]

    def render_line(self, y: int) -> Strip:
        """The headers, which stay, or a host."""
        width = self.scrollable_content_region.width
        if not self._hosts:
            text = f" {self._empty}" if y == 0 else ""
            return self._strip([(text, "note")], width)
        plan = layout(width, max(len(clean(host)) for host in self._hosts), self._measures)
        if y == 0:
            return self._strip([(self._header(plan), "header")], width)
        place = y - 1 + self.scroll_offset.y
        names = list(self._hosts)
        if place >= len(names):
            return self._strip([], width)
        runs = [(f" {cut(clean(names[place]), plan.host).ljust(plan.host)}", "host")]
        for measure in plan.measures:
            runs += self._cell(plan, measure, self._hosts[names[place]].get(measure.metric))
        return self._strip(runs, width)

    def _strip(self, runs: list[tuple[str, str]], width: int) -> Strip:
        segments = [Segment(text, self.get_component_rich_style(f"gauges--{role}")) for text, role in runs if text]
        return Strip(segments).adjust_cell_length(width, self.rich_style)

    def _header(self, plan: Layout) -> str:
        text = " " * (1 + plan.host)
        for measure in plan.measures:
            room = plan.cell(measure)
            title = measure.title if len(measure.title) <= room else measure.short
            if measure.each and not measure.as_share and plan.bar:
                title = f"{title} of {self._scales[measure.each]}"
                if len(title) > room:
                    title = f"{measure.short} of {self._scales[measure.each]}"
            text += " " * _GAP + (title[:room].ljust(room) if plan.bar else title[:room].rjust(room))
        return text

    def _cell(self, plan: Layout, measure: Measure, series: Series | None) -> list[tuple[str, str]]:
        full = self._scales[measure.each] if measure.each else Scale(100.0, True)
        value = series.last if series is not None else None
        share = value / full.full if value is not None and math.isfinite(value) else None
        # Without a bar nothing says what it is of, so it is a share of all.
        as_share = measure.as_share or not measure.each or not plan.bar
        if value is None:
            text = DASH
        elif share is None:
            text = "nan" if math.isnan(value) else "inf"
        else:
            sign = "" if full.known or not as_share else "≈"
            text = f"{sign}{share * 100:.0f}%" if as_share else f"{value:.0f}"
        is_full = measure.fills and share is not None and share >= FULL
        if is_full and len(text) < _VALUE:
            text = f"!{text}"
        runs = [
            (" " * _GAP + text.rjust(_VALUE), "full" if is_full or (value is not None and share is None) else "value")
        ]
        if plan.bar:
            runs.append((" " + bar(share, plan.bar, ascii_only=self.ascii_only), "full" if is_full else "bar"))
        if plan.shows_history(measure):
            recent = list(series.values[-plan.history :]) if series is not None else []
            line = sparkline(recent, plan.history, low=0.0, high=full.full, ascii_only=self.ascii_only)
            runs.append((" " + line.rjust(plan.history), "history"))
        return runs

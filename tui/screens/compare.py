"""Two to eight training jobs over one another: their curves from the start of each, and in what they differ."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from tui.model.clean import clean
from tui.model.compare import MOST, curves, differing, metric_names, results, states
from tui.model.records import Record, job_record
from tui.model.words import cut, plural
from tui.screens.context import Context
from tui.screens.panes import PanesScreen
from tui.watch.compare import EVERY_S, CompareView, CompareWatch
from tui.widgets.chart_canvas import mark
from tui.widgets.chart_stack import ChartStack
from tui.widgets.chart_table import COLOURS, ChartTable
from tui.widgets.pane import Pane

_START = datetime(1970, 1, 1, tzinfo=timezone.utc)
_ASKING = "Asking for the metrics …"
_SHORTEST = 24  # columns of a name in the legend below which it has a line of its own


class ComparedArrived(Message):
    """The jobs' descriptions or metrics are there, or newer than they were."""

    def __init__(self, view: CompareView) -> None:
        super().__init__()
        self.view = view


class CompareScreen(PanesScreen):
    """Marked jobs, side by side. It keeps itself current while one of them runs.

    Args:
        context: Where things come from.
        names: The jobs' names, two to eight.
    """

    DEFAULT_CSS = """
    CompareScreen #legend { height: auto; padding: 0 1; }
    CompareScreen #curves Static { height: auto; }
    """
    BINDINGS = [
        Binding("n", "metric(1)", "next metric", id="compare.next-metric"),
        Binding("N", "metric(-1)", "metric before", id="compare.previous-metric", show=False),
    ]
    PANES = ("curves", "differences")
    AUTO_FOCUS = ""  # else the table has the keys, because it is there before the first chart

    def __init__(self, context: Context, names: Sequence[str]) -> None:
        assert len(names) <= MOST
        super().__init__(context, f"jobs ▸ {len(names)} compared")
        self._watch = CompareWatch(context.source, names, context.now, context.archive)
        self.view = self._watch.view
        self._metric = ""
        ascii_only = context.settings.ascii
        self._stack = ChartStack(ascii_only=ascii_only)
        self._table = ChartTable(ascii_only=ascii_only)
        self._legend = Static("", id="legend", markup=False)

    def body(self) -> ComposeResult:
        """Which job is which, then the charts, and the table below them."""
        yield self._legend
        with Horizontal(id="upper"):
            yield Pane("curves", self._stack, id="curves")
        with Horizontal(id="lower"):
            yield Pane("differences", self._table, id="differences")

    def on_mount(self) -> None:
        """Show their names."""
        self._show()

    def on_resize(self) -> None:
        """Names are as long as there is room."""
        self._show_legend()

    def action_metric(self, step: int) -> None:
        """The next metric alone; after the last one all of them again."""
        names = ("", *metric_names(self.view.jobs))
        here = names.index(self._metric) if self._metric in names else 0
        self._metric = names[(here + step) % len(names)]
        self._show()

    # -- in the poller's thread ---------------------------------------------------------------------------------------

    def work(self) -> float | None:
        """The descriptions, then the metrics; nothing any more once all jobs have ended and all is in."""
        self.tell(ComparedArrived(self._watch.describe()))
        self.tell(ComparedArrived(self._watch.measure()))
        return None if self._watch.is_settled else EVERY_S

    # -- in the app ---------------------------------------------------------------------------------------------------

    @on(ComparedArrived)
    def _arrived(self, message: ComparedArrived) -> None:
        self.view = message.view
        self.show_problems(message.view.errors)
        self._show()

    def record(self) -> Record | None:
        """All of the jobs, with their whole names."""
        return {
            "type": "comparison",
            "jobs": [job_record(one.job) if one.job else {"name": one.name} for one in self.view.jobs],
        }

    @on(ChartStack.Changed)
    def _tell(self) -> None:
        names = metric_names(self.view.jobs)
        which = f"{self._metric}, {names.index(self._metric) + 1} of {len(names)}" if self._metric in names else ""
        along = "" if self._stack.axis != "time" else "by time since the start of training"
        self.query_one("#curves", Pane).title.show(which or plural(len(names), "metric"), along, *self._stack.words)

    def _show(self) -> None:
        jobs, now = self.view.jobs, self.context.now()
        self._show_legend()
        names = metric_names(jobs)
        if self._metric not in names:
            self._metric = ""
        if names or self.view.measured:
            empty = "none of these jobs has datapoints of it" if self.view.measured else _ASKING
            self._stack.show(curves(jobs, self._metric), zone=self.context.zone, origin=_START, empty=empty)
        rows = {
            "hyperparameters": differing(jobs) if self.view.described else [],
            "metrics, last": results(jobs),
            "jobs": states(jobs, now) if self.view.described else [],
        }
        table = [(heading, [(row.title, row.cells) for row in found]) for heading, found in rows.items()]
        lines = self._table.show(table, len(jobs))
        note = "" if rows["hyperparameters"] or not self.view.described else "hyperparameters are all the same"
        self.query_one("#differences", Pane).title.show(note)
        self.needs_rows("differences", lines + 1)
        self._tell()
        self.keep_keys()
        self.show_top()

    def _show_legend(self) -> None:
        jobs, width = self.view.jobs, max(self.size.width - 2, 20)
        names = [clean(one.name) for one in jobs]
        longest = max(map(len, names)) + 6
        columns = min(max(width // max(min(longest, width), _SHORTEST), 1), len(jobs))
        room = width // columns - 6
        lines: list[Content] = []
        for first in range(0, len(jobs), columns):
            parts: list[tuple[str, str]] = []
            for place in range(first, min(first + columns, len(jobs))):
                own = mark(place, ascii_only=self.context.settings.ascii)
                parts += [(f"{place + 1} {own} ", COLOURS[place]), (f"{cut(names[place], room):<{room}}  ", "")]
            lines.append(Content.assemble(*parts))
        if any(len(name) > room for name in names):
            lines.append(Content.styled("names are cut: Y shows them whole", "$text-muted"))
        self._legend.update(Content("\n").join(lines))

    def state(self) -> Content:
        """How many of them run, and how old that is."""
        running = sum(1 for one in self.view.jobs if one.job and not one.job.is_ended)
        missing = [one for one in self.view.jobs if one.job is None] if self.view.described else []
        words = [f"{running} running" if running else "all ended" if self.view.described else "asking …"]
        if missing:
            words.append(f"{len(missing)} not found")
        if running and (age := self.age(self.view.described)):
            words.append(age)
        return Content("  ".join(words))

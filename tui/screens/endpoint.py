"""One endpoint: its traffic, its log, what its instances use, and all that is known of it."""

from __future__ import annotations

import threading
from dataclasses import replace

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Static

from tui.follow import Follower
from tui.messages import EndpointArrived, LogsArrived, NothingThere
from tui.model.clean import clean
from tui.model.endpoints import Endpoint
from tui.model.findings import Finding
from tui.model.logs import LogAddress
from tui.model.records import Record
from tui.model.status import sign, tone
from tui.model.words import beginning, span
from tui.screens.ask_key import ASK
from tui.screens.change_keys import SCALING, WEIGHTS
from tui.screens.change_timers import with_timers
from tui.screens.context import Context
from tui.screens.endpoint_rows import in_trouble
from tui.screens.log_pane import LogPane
from tui.screens.one_clock import ClockedScreen
from tui.screens.traffic import TrafficPane
from tui.sources.base import NotFound
from tui.watch.endpoint import DESCRIBE_EVERY_S, EndpointView, EndpointWatch
from tui.watch.endpoint_facts import sections
from tui.watch.endpoint_record import view_record
from tui.watch.health import Health
from tui.watch.prices import PriceBook
from tui.widgets.facts import Facts
from tui.widgets.findings_line import FindingsLine
from tui.widgets.gauges import Gauges
from tui.widgets.pane import Pane

MOST_LOGS = 8
"""Of how many inference components the log is read: each asks AWS for itself."""


class EndpointScreen(ClockedScreen):
    """An endpoint, watched for as long as it is on screen.

    Args:
        context: Where things come from.
        name: The endpoint's name.
        known: What the list knows of it: shown until its description has come.
    """

    DEFAULT_CSS = """
    EndpointScreen #reason { height: auto; max-height: 3; padding: 0 1; }
    """
    BINDINGS = [Binding("f", "findings", "findings", id="screen.findings"), SCALING, WEIGHTS, ASK]
    PANES = ("traffic", "log", "use", "facts")

    def __init__(self, context: Context, name: str, *, known: Endpoint | None = None) -> None:
        super().__init__(context, f"endpoints ▸ {name}")
        self.view = EndpointView(endpoint=known)
        self._name = name
        self._watch = EndpointWatch(context.source, name, context.now, context.settings.thresholds, context.zone)
        self._book: PriceBook | None = None
        self._prices: dict[str, float] = {}
        self._followers: dict[str, Follower] = {}
        self._stop = threading.Event()

    def body(self) -> ComposeResult:
        """A failure's reason, then traffic beside the log, and use beside facts."""
        yield Static("", id="reason", markup=False)
        with Horizontal(id="upper"):
            yield TrafficPane(self.context)
            yield LogPane(self.context)
        with Horizontal(id="lower"):
            yield Pane("instances", Gauges(ascii_only=self.context.settings.ascii), id="use")
            yield Pane("facts", Facts(), id="facts")
        yield FindingsLine()

    def on_mount(self) -> None:
        """Show what the list knew, and read the log of the last hour."""
        self._show()
        self.call_after_refresh(self._follow, LogAddress("endpoint", str(self._name)))

    def _follow(self, log: LogAddress) -> None:
        """Read a log into the pane: the endpoint's own, or that of a component on it."""
        of = log.name if log.kind == "component" else ""
        if of in self._followers or self._stop.is_set():
            return
        self._followers[of] = follower = Follower(self.context.source, log)
        threading.Thread(
            target=follower.run,
            args=(lambda batch: self.tell(LogsArrived(batch, of)), self._stop),
            name=f"log of {log.name}",
            daemon=True,
        ).start()

    def on_unmount(self) -> None:
        """The log is not read any more."""
        self._stop.set()

    def on_key(self) -> None:
        """Somebody is looking: new lines are asked for at once."""
        for follower in self._followers.values():
            follower.poke()

    def action_change_scaling(self) -> None:
        """Show what can be done about the auto-scaling of its variants."""
        from tui.screens.scaling import ScalingScreen

        known = self.view.endpoint.variants if self.view.endpoint else ()
        variants = [one.name for one in known if not one.shadow]
        self.app.push_screen(ScalingScreen(self.context, self._name or "", variants), self.was_changed)

    def action_ask(self) -> None:
        """Ask the model."""
        from tui.screens.invoke import InvokeScreen

        endpoint = self.view.endpoint
        variants = tuple(variant.name for variant in endpoint.variants) if endpoint else ()
        self.app.push_screen(InvokeScreen(self.context, str(self._name), variants))

    def action_change_weights(self) -> None:
        """Ask for other weights or instance counts."""
        if self.view.endpoint is not None and self.view.endpoint.variants:
            from tui.screens.weights import weights_form

            self.app.push_screen(weights_form(self.context, self.view.endpoint), self.was_changed)

    def was_changed(self, sent: bool | None) -> None:
        """Look at once, at what scales it too."""
        if sent:
            self._watch.was_changed()
        super().was_changed(sent)

    # -- in the poller's thread ---------------------------------------------------------------------------------------

    def work(self) -> float:
        """The description and what scales it, then the metrics."""
        self._tell_of(self._watch.describe())
        if (measured := self._watch.measure()) is not None:
            self._tell_of(measured)
        self._look_up_prices()
        return DESCRIBE_EVERY_S

    def _tell_of(self, view: EndpointView) -> None:
        if view.targets is not None:
            view = replace(view, targets=with_timers(self.context, view.targets))
        self.tell(EndpointArrived(view))

    def _look_up_prices(self) -> None:
        endpoint, book = self._watch.view.endpoint, self._book or self.context.prices()
        if endpoint is None or book is None:
            return
        self._book = book
        types = [variant.instance_type for variant in endpoint.variants]
        book.look_up(types, "Hosting")
        if (known := book.known(types, "Hosting")) != self._prices:
            self._prices = known
            self._tell_of(self._watch.view)

    # -- in the app ---------------------------------------------------------------------------------------------------

    @on(EndpointArrived)
    def _arrived(self, message: EndpointArrived) -> None:
        missing = any(isinstance(error, NotFound) for error in message.view.errors)
        if missing and message.view.endpoint is None:
            self.post_message(NothingThere(NotFound(f"there is no endpoint {self._name}")))
            return
        if message.view.endpoint is not None:
            self.view = message.view
            # What a component says stands in a log of its own; the variant's has nothing of it.
            for component in self.view.components[:MOST_LOGS]:
                self._follow(LogAddress("component", component.name))
        self.show_problems(message.view.errors)
        self._show()

    @on(LogsArrived)
    def _logged(self, message: LogsArrived) -> None:
        self.query_one(LogPane).take(message.batch, message.of)

    def action_findings(self) -> None:
        """Show all that is wrong; the one that is chosen leads to its moment."""
        from tui.screens.findings import FindingsScreen

        self.app.push_screen(FindingsScreen(Health(self.view.findings), (), self.context), self._go_to_finding)

    def _go_to_finding(self, finding: Finding | None) -> None:
        if finding is not None and finding.time_ms is not None:
            self.go_to_moment(finding.time_ms)

    def record(self) -> Record | None:
        """The endpoint on screen."""
        return view_record(self.view.endpoint, self.view) if self.view.endpoint else None

    def _show(self) -> None:
        endpoint, view = self.view.endpoint, self.view
        if endpoint is None:
            return
        reason = self.query_one("#reason", Static)
        reason.display = bool(endpoint.failure_reason or endpoint.deployment)
        if reason.display:
            why = beginning(endpoint.failure_reason or endpoint.deployment, 2048)
            colour = "$text-error" if endpoint.failure_reason else "$text-warning"
            reason.update(Content.styled(f"{'✕' if endpoint.failure_reason else '●'} {clean(why)}", colour))
        keys = (active.binding for active in self.active_bindings.values() if active.binding.id == "screen.findings")
        key = next(map(self.app.get_key_display, keys), "")
        self.query_one(FindingsLine).show(view.findings, key=key)
        self.query_one(Facts).show(sections(view, self.context.clock, self.context.now(), self._prices))
        self.query_one(TrafficPane).show(endpoint, view)
        if view.measured is not None:
            types = {variant.instance_type for variant in endpoint.variants if variant.instance_type}
            self.query_one(Gauges).show(view.use, next(iter(types)) if len(types) == 1 else None)
            self.needs_rows("use", len(view.use) + 2)
        self.show_top()

    def state(self) -> Content:
        """The status, since when, and how old that is."""
        endpoint = self.view.endpoint
        if endpoint is None:
            return Content("asking …")
        colour = {"good": "$text-success", "bad": "$text-error", "warning": "$text-warning", "busy": "$text-primary"}
        since = span((self.context.now() - endpoint.modified).total_seconds())
        fresh = self.age(self.view.described)
        mark, look = sign(endpoint.status, ascii=self.context.settings.ascii), tone(endpoint.status)
        # As in the list: one that answers 5XX is in trouble, whatever its status says.
        if look == "good" and in_trouble(endpoint, self.view.traffic, self.view.findings):
            mark, look = "!", "warning"
        return Content.assemble(
            (f"{mark} {endpoint.status}", colour.get(look, "$text-muted")),
            f"  {since}",
            f"  {fresh}" if fresh else "",
        )

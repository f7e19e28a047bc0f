"""The endpoints and their variants: what serves, how much, how fast, how often in vain."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial
from itertools import chain, islice

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.content import Content

from tui.messages import EndpointsArrived, IdentityArrived
from tui.model.endpoints import Endpoint
from tui.model.filters import Facts, Filter
from tui.model.records import Record, endpoint_record
from tui.model.words import plural
from tui.screens.ask_key import ASK
from tui.screens.change_keys import DEPLOY, SCALING, WEIGHTS
from tui.screens.change_timers import with_timers
from tui.screens.context import Context
from tui.screens.endpoint_rows import COLUMNS, cells, gravity, key, name_of, sort_values, variant_of
from tui.screens.monitor import MonitorScreen
from tui.screens.no_source import NoSource
from tui.sources.base import NoCredentials
from tui.watch.endpoints import EndpointsView, EndpointsWatch
from tui.widgets.columns import Row
from tui.widgets.filter_bar import FilterBar
from tui.widgets.findings_line import FindingsLine
from tui.widgets.resource_table import ResourceTable

PAGE_EVERY_S, PAGES_AT_ONCE = 0.2, 3


class EndpointsScreen(MonitorScreen):
    """A table of endpoints, a row a variant, that keeps itself current."""

    BINDINGS = [
        Binding("slash", "filter", "filter", key_display="/", id="screen.filter"),
        Binding("escape", "clear_filter", "clear the filter", id="screen.clear-filter", show=False),
        SCALING,
        WEIGHTS,
        DEPLOY,
        ASK,
    ]

    def __init__(self, context: Context) -> None:
        super().__init__(context, "endpoints")
        self.view = EndpointsView()
        self._watch = EndpointsWatch(context.source, context.now, context.settings.thresholds, context.zone)
        self._filter = Filter()
        self._visible: tuple[str, ...] = ()
        self._page_at = 0.0
        self._settled = False

    def body(self) -> ComposeResult:
        """The filter, which is there when it is asked for, and the table."""
        yield FilterBar()
        yield ResourceTable(COLUMNS, empty="Asking for the endpoints …", marking=False)
        yield NoSource()
        yield FindingsLine()

    def on_mount(self) -> None:
        """The table has the keys."""
        self.focus_first(ResourceTable)

    def action_filter(self) -> None:
        """Open the filter."""
        self.query_one(FilterBar).open()

    def action_clear_filter(self) -> None:
        """Show all again."""
        self.query_one(FilterBar).clear()

    def action_change_scaling(self) -> None:
        """Show what can be done about the auto-scaling of the variant under the cursor."""
        from tui.screens.scaling import ScalingScreen

        endpoint = self._selected()
        if endpoint is not None:
            variants = [one.name for one in endpoint.variants if not one.shadow]
            only = variant_of(self.query_one(ResourceTable).selected or "") or "".join(variants[:1])
            self.app.push_screen(ScalingScreen(self.context, endpoint.name, variants, only), self.was_changed)

    def action_ask(self) -> None:
        """Ask the model behind the selected endpoint."""
        if (endpoint := self._selected()) is not None:
            from tui.screens.invoke import InvokeScreen

            variants = tuple(variant.name for variant in endpoint.variants)
            self.app.push_screen(InvokeScreen(self.context, endpoint.name, variants))

    def action_change_deploy(self) -> None:
        """Deploy a model."""
        from tui.screens.deploy import deploy_form

        self.app.push_screen(deploy_form(self.context), self.was_changed)

    def action_change_weights(self) -> None:
        """Ask for other weights or instance counts of the endpoint under the cursor."""
        endpoint = self._selected()
        if endpoint is not None and endpoint.variants:
            from tui.screens.weights import weights_form

            self.app.push_screen(weights_form(self.context, endpoint), self.was_changed)

    def was_changed(self, sent: bool | None) -> None:
        """Look at once, at that endpoint anew."""
        if sent:
            self._watch.was_changed(name_of(self.query_one(ResourceTable).selected or ""))
        super().was_changed(sent)

    def _selected(self) -> Endpoint | None:
        name = name_of(self.query_one(ResourceTable).selected or "")
        return next((endpoint for endpoint in self.view.endpoints if endpoint.name == name), None)

    def action_refresh(self) -> None:
        """Ask for a page now."""
        self._page_at = 0.0
        super().action_refresh()

    # -- in the poller's thread ---------------------------------------------------------------------------------------

    def work(self) -> float:
        """A page of the list when its time has come, and what the rows on screen need."""
        if time.monotonic() >= self._page_at:
            # A fleet of a few hundred is listed in one go, before anything is asked of its rows.
            for _ in range(PAGES_AT_ONCE if self._watch.has_more else 1):
                view = self._watch.load_page()
                self._tell_of(view)
                if not self._watch.has_more or view.errors:
                    break
            every = PAGE_EVERY_S if self._watch.has_more and not view.errors else self.context.settings.refresh_s
            self._page_at = time.monotonic() + every
        self._tell_of(self._watch.glance(self._visible))
        self._tell_of(self._watch.look_closer(self._visible))
        return max(self._page_at - time.monotonic(), 0.05)

    def _tell_of(self, view: EndpointsView) -> None:
        timed = iter(with_timers(self.context, chain.from_iterable(view.targets.values())))
        targets = {name: tuple(islice(timed, len(of))) for name, of in view.targets.items()}
        self.tell(EndpointsArrived(replace(view, targets=targets)))

    # -- in the app ---------------------------------------------------------------------------------------------------

    @on(EndpointsArrived)
    def _arrived(self, message: EndpointsArrived) -> None:
        self.view = message.view
        self.show_problems(self.view.errors)
        self._show()

    @on(IdentityArrived)
    def _identified(self) -> None:
        self.call_later(self._show)  # an empty list says which region has none

    @on(FilterBar.Changed)
    def _filtered(self, message: FilterBar.Changed) -> None:
        self._filter = message.filter
        self._show()

    @on(ResourceTable.VisibleChanged)
    def _looked_at(self, message: ResourceTable.VisibleChanged) -> None:
        self._visible = tuple(dict.fromkeys(name_of(key) for key in message.keys))
        self._poller.wake()

    @on(ResourceTable.Selected)
    def _pointed_at(self) -> None:
        self._say_worst()

    @on(ResourceTable.Opened)
    def _opened(self, message: ResourceTable.Opened) -> None:
        from tui.screens.endpoint import EndpointScreen

        name = name_of(message.key)
        known = next((endpoint for endpoint in self.view.endpoints if endpoint.name == name), None)
        self.app.push_screen(EndpointScreen(self.context, name, known=known))

    def record(self) -> Record | None:
        """The endpoint under the cursor."""
        name = name_of(self.query_one(ResourceTable).selected or "")
        endpoint = next((endpoint for endpoint in self.view.endpoints if endpoint.name == name), None)
        return endpoint_record(endpoint, self.view.targets.get(name, ())) if endpoint else None

    def _show(self) -> None:
        now, view = self.context.now(), self.view
        rows = [
            Row(
                key(endpoint, number),
                partial(cells, endpoint, variant, view, self.context),
                sort_values(endpoint, variant, view, now),
            )
            for endpoint in sorted(view.endpoints, key=lambda endpoint: gravity(endpoint, view))
            if not self._filter.active or self._filter.matches(_facts(endpoint, now.timestamp()))
            for number, variant in enumerate(endpoint.variants or (None,))
        ]
        table = self.query_one(ResourceTable)
        # Trouble comes first, and what is wrong is known once it was looked at what scales them.
        table.show(rows, empty=self._nothing(), settled=self._settled)
        self._settled = self._settled or bool(not view.loading and view.targets)
        without = any(isinstance(error, NoCredentials) for error in view.errors) and not view.endpoints
        self.query_one(NoSource).show(view.errors[0] if without else None)
        table.display = not without
        self._say_worst()
        self.show_top()

    def _say_worst(self) -> None:
        """What is wrong with the endpoint under the cursor, else with the one that is in most trouble."""
        view = self.view
        selected = name_of(self.query_one(ResourceTable).selected or "")
        worst = sorted(
            view.findings, key=lambda name: (name != selected, view.findings[name][0].severity != "critical")
        )
        name = next(iter(worst), "")
        self.query_one(FindingsLine).show(view.findings.get(name, ()), of=name)

    def _nothing(self) -> str:
        if self._filter.active and self.view.endpoints:
            return f"No endpoints match {self._filter.text}"
        if self.view.errors:
            return "No endpoints to show: see below"
        if self.view.refreshed is None:
            return "Asking for the endpoints …"
        where = self.identity.region if self.identity else "this region"
        return f"No endpoints in {where}"

    def state(self) -> Content:
        """How many there are, how many need someone, how old that is."""
        view = self.view
        self.query_one(ResourceTable).tick()
        if view.refreshed is None:
            return Content("asking …")
        trouble = sum(gravity(endpoint, view) == 0 for endpoint in view.endpoints)
        words = [plural(len(view.endpoints), "endpoint") + ("…" if view.loading else ""), self.age(view.refreshed)]
        parts = Content("  ".join(word for word in words if word))
        return Content.assemble((f"✕ {trouble} in trouble  ", "$text-error"), parts) if trouble else parts


def _facts(endpoint: Endpoint, now: float) -> Facts:
    return Facts(
        name=endpoint.name,
        statuses=(endpoint.status,),
        types=tuple(variant.instance_type for variant in endpoint.variants),
        age_s=now - endpoint.created.timestamp(),
        shown=" ".join(variant.name for variant in endpoint.variants),
    )

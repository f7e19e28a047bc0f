"""Panes that share a screen: side by side where there is room, one at a time where there is not."""

from __future__ import annotations

from textual.binding import Binding
from textual.containers import Horizontal
from textual.widget import Widget

from tui.screens.context import Context
from tui.screens.monitor import MonitorScreen
from tui.widgets.pane import Pane

WIDE, HIGH = 100, 30


class PanesScreen(MonitorScreen):
    """A screen of numbered panes in two rows; `upper` and `lower` name them in the order of their numbers."""

    BINDINGS = [
        *(
            Binding(
                str(number), f"pane({number})", f"show or hide pane {number}", id=f"screen.pane-{number}", show=False
            )
            for number in range(1, 5)
        ),
        Binding("z", "zoom", "zoom pane", id="screen.zoom", show=False),
        Binding("tab", "next_pane(1)", "pane", id="screen.next-pane"),
        Binding("shift+tab", "next_pane(-1)", "previous pane", id="screen.previous-pane", show=False),
    ]
    PANES: tuple[str, ...] = ()
    """The ids of the panes; `1` is the first."""

    def __init__(self, context: Context, place: str) -> None:
        super().__init__(context, place)
        self._hidden: set[str] = set()
        self._alone: str | None = None
        self._current = self.PANES[0]
        self._short = ("", 0)

    def on_mount(self) -> None:
        """The first pane has the keys."""
        self._arrange()
        self._focus(self._current)

    def on_resize(self) -> None:
        """What fits may have changed."""
        self._arrange()

    def hide_at_first(self, *panes: str) -> None:
        """Do not show these unless asked for by their numbers."""
        self._hidden.update(panes)
        self._arrange()

    def show_too(self, *panes: str) -> None:
        """Show these after all, where there is room."""
        self._hidden.difference_update(panes)
        self._arrange()

    def keep_keys(self) -> None:
        """Give the keys to the current pane where nobody has them: when it was chosen, it was still empty."""
        if self.focused is None:
            self._focus(self._current)

    def needs_rows(self, pane: str, rows: int) -> None:
        """How high a pane of the lower row is, where it stands there alone: the rest is better used above it."""
        if (pane, rows) != self._short:
            self._short = (pane, rows)
            self._arrange()

    @property
    def is_narrow(self) -> bool:
        """Whether one pane is all that fits."""
        return self.size.width < WIDE

    def shown(self) -> tuple[str, ...]:
        """The ids of the panes on screen."""
        if self._alone is not None:
            return (self._alone,)
        if self.is_narrow:
            return (self._current,)
        low = {pane.id for pane in self.query("#lower Pane")} if self.size.height < HIGH else set()
        shown = tuple(name for name in self.PANES if name not in self._hidden and name not in low)
        return shown or (self._current,)

    def action_pane(self, number: int) -> None:
        """Where one pane fits, show that one; else show or hide it."""
        if number > len(self.PANES):
            return
        name = self.PANES[number - 1]
        if self.is_narrow or self._alone is not None or name not in self.shown():
            self._hidden.discard(name)
            self._current = name
            if self._alone is not None or name not in self.shown():
                self._alone = name
            self._arrange()
            self._focus(name)
        else:
            self._hidden.add(name)
            self._arrange()
            self._focus(self.shown()[0])

    def action_zoom(self) -> None:
        """The pane with the keys alone on the screen, or all of them again."""
        self._alone = None if self._alone is not None else self._focused()
        self._arrange()
        self._focus(self._alone or self._current)

    def action_next_pane(self, step: int) -> None:
        """The keys go to the next pane; where one fits, it is shown instead."""
        order = self.PANES if self.is_narrow or self._alone else self.shown()
        here = self._focused()
        place = order.index(here) if here in order else 0
        self._current = order[(place + step) % len(order)]
        if self._alone is not None:
            self._alone = self._current
        self._arrange()
        self._focus(self._current)

    def _focused(self) -> str:
        for widget in self.focused.ancestors_with_self if self.focused else ():
            if isinstance(widget, Pane) and widget.id:
                return widget.id
        return self._current

    def _focus(self, name: str) -> None:
        self._current = name
        target = next((widget for widget in self.query_one(f"#{name}", Pane).query("*") if widget.can_focus), None)
        if isinstance(target, Widget):
            target.focus(scroll_visible=False)

    def _arrange(self) -> None:
        if not self.is_mounted:
            return
        shown = self.shown()
        for name in self.PANES:
            self.query_one(f"#{name}", Pane).display = name in shown
        for number, name in enumerate(self.PANES, 1):
            others = [f"{place} {other}" for place, other in enumerate(self.PANES, 1) if other not in shown]
            self.query_one(f"#{name}", Pane).title.place(number, others if name == shown[-1] else [])
        for row in self.query(Horizontal):
            if row.id in {"upper", "lower"}:
                row.display = any(pane.id in shown for pane in row.query(Pane))
        lower = self.query_one("#lower")
        lower.set_class(not self.query_one("#upper").display, "-alone")
        pane, rows = self._short
        alone = [name for name in shown if self.query_one(f"#{name}") in lower.children] == [pane]
        lower.styles.height = (
            min(rows, self.size.height * 45 // 100) if alone and "-alone" not in lower.classes else None
        )
        self.set_class(len(shown) == 1, "-one-pane")

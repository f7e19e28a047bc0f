"""The line above a table in which one types what to see of it."""

from __future__ import annotations

from dataclasses import dataclass

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Static

from tui.model.clean import clean
from tui.model.filters import Filter

EXAMPLES = "text  !text  status:failed  name:x  type:p4d  age<2h"


class FilterInput(Input):
    """One line of text that can be shown: what is pasted is cleaned on its way in."""

    def validate_value(self, value: str) -> str:
        """The text as it may be drawn."""
        return clean(value)


class FilterBar(Horizontal):
    """`/` and a filter that takes effect while one types.

    Not there until `open` is called; it stays while its filter leaves anything out. Enter (or ↓) gives the keys
    back to whatever had them, escape clears the filter first.
    """

    DEFAULT_CSS = """
    FilterBar {
        height: 1;
        display: none;
        &.-open { display: block; }
        & > .sign { width: auto; padding: 0 1; color: $text-muted; }
        & > .problem { width: auto; padding: 0 1; color: $text-warning; }
        & > FilterInput { width: 1fr; min-width: 24; background: $background; }
        &:focus-within > .sign { color: $foreground; text-style: bold; }
    }
    """

    BINDINGS = [
        Binding("escape", "clear", "clear", id="filter.clear"),
        Binding("enter,down", "keep", "keep", id="filter.keep"),
    ]

    @dataclass
    class Changed(Message):
        """Another filter holds now."""

        bar: FilterBar
        filter: Filter

        @property
        def control(self) -> FilterBar:
            """The bar, for `@on` with a selector."""
            return self.bar

    def __init__(self) -> None:
        """Makes a bar that is not there yet."""
        super().__init__()
        self._filter = Filter()
        self._caller: Widget | None = None

    @property
    def filter(self) -> Filter:
        """The filter that holds."""
        return self._filter

    def compose(self) -> ComposeResult:
        """The sign, the text, and why some of it does not count."""
        yield Static("/ filter", classes="sign", markup=False)
        yield FilterInput(placeholder=EXAMPLES, compact=True, select_on_focus=False, disabled=True)
        yield Static("", classes="problem", markup=False)

    def open(self) -> None:
        """Shows the bar and takes the keys, to give them back later."""
        text = self.query_one(FilterInput)
        if self.screen.focused is not text:
            self._caller = self.screen.focused
        self.add_class("-open")
        text.disabled = False
        text.focus()

    def hold(self, text: str) -> None:
        """Shows the bar with this filter, which holds; the keys stay where they are."""
        field = self.query_one(FilterInput)
        self.add_class("-open")
        field.disabled = False
        field.value = text

    def clear(self) -> bool:
        """Takes the filter away and the bar with it; returns whether there was a filter."""
        had = bool(self._filter.text)
        self.query_one(FilterInput).value = ""
        self._apply("")
        self._give_back()
        return had

    def action_clear(self) -> None:
        """Takes the filter away and gives the keys back."""
        self.clear()

    def action_keep(self) -> None:
        """Gives the keys back; the filter stays."""
        self._give_back()

    def _give_back(self) -> None:
        if self.has_focus_within:
            caller = self._caller
            if caller is not None and caller.is_attached and caller.focusable:
                caller.focus()
            else:
                self.screen.focus_next()
        open_ = bool(self._filter.text.strip())
        self.set_class(open_, "-open")
        # Textual gives the keys of a widget that goes away to its neighbour, even to one that is not shown.
        self.query_one(FilterInput).disabled = not open_

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._apply(event.value)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._give_back()

    def _apply(self, text: str) -> None:
        """Says so where the text means something else than before."""
        if text == self._filter.text:
            return
        self._filter = Filter.parse(text)
        self.query_one(".problem", Static).update(clean(self._filter.problem))
        self.post_message(self.Changed(self, self._filter))

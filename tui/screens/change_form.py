"""A few numbers that a person gives, before they are planned into a change."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Input, Label, Static

from tui.model.clean import clean
from tui.mutations import Change, NotPossible
from tui.screens.change import ChangeScreen, Plan
from tui.screens.context import Context


@dataclass(frozen=True, slots=True)
class Field:
    """One line of a form.

    Attributes:
        key: What the value is called.
        label: What stands before it.
        now: How it is now: shown where nothing is typed, and what an empty line means.
    """

    key: str
    label: str
    now: str = ""


class FormScreen(ModalScreen[bool]):
    """Fields, what is known beside them, and enter to the preview; nothing is sent from here.

    Args:
        context: Where the change is sent.
        title: What is about to be set.
        fields: The fields from top to bottom.
        plan: Makes the change, or what plans one, of what was typed, by key; empty lines are left out. Raises
            NotPossible or ValueError.
        beside: What asks for lines that help with the numbers; called in a thread.
    """

    BINDINGS = [
        Binding("escape", "cancel", "leave all as it is", id="form.cancel"),
        Binding("down", "app.focus_next", "next", id="form.next", show=False),
        Binding("up", "app.focus_previous", "previous", id="form.previous", show=False),
    ]
    DEFAULT_CSS = """
    FormScreen { align: center middle; background: $background 60%; }
    FormScreen #form { width: 100; max-width: 100%; height: auto; max-height: 100%; padding: 1 2; background: $panel; }
    FormScreen VerticalScroll { height: auto; scrollbar-size-vertical: 1; }
    FormScreen Horizontal { height: 1; }
    FormScreen Label { width: 26; }
    FormScreen Input { width: 1fr; }
    FormScreen Static { height: auto; }
    FormScreen #fields { margin: 1 0; height: auto; }
    """

    class Beside(Message):
        """Lines that help with the numbers."""

        def __init__(self, lines: Sequence[str]) -> None:
            super().__init__()
            self.lines = lines

    def __init__(
        self,
        context: Context,
        title: str,
        fields: Sequence[Field],
        plan: Callable[[Mapping[str, str]], Change | Plan],
        beside: Callable[[], Sequence[str]] | None = None,
    ) -> None:
        super().__init__()
        self.context = context
        self._title = title
        self._fields = fields
        self._plan = plan
        self._beside = beside

    def compose(self) -> ComposeResult:
        """The title, a line a field, what helps, and what to press."""
        with Vertical(id="form"), VerticalScroll(can_focus=False):
            yield Static(Content.styled(clean(self._title), "bold"), markup=False)
            with Vertical(id="fields"):
                for field in self._fields:
                    with Horizontal():
                        yield Label(Content(clean(field.label)))
                        yield Input(placeholder=clean(field.now), id=f"field-{field.key}", compact=True)
            yield Static("asking for the traffic of the last days …" if self._beside else "", id="beside", markup=False)
            yield Static("enter shows what would be sent   tab next   esc leaves all as it is", id="say", markup=False)

    def on_mount(self) -> None:
        """The first field has the keys; what helps comes when it comes."""
        self.query(Input).first().focus()
        if self._beside is not None:
            threading.Thread(target=self._ask, args=(self._beside,), name="beside", daemon=True).start()

    def action_cancel(self) -> None:
        """Set nothing."""
        self.dismiss(False)

    def _ask(self, beside: Callable[[], Sequence[str]]) -> None:
        self.post_message(self.Beside(beside()))

    @on(Beside)
    def _came(self, message: Beside) -> None:
        self.query_one("#beside", Static).update(
            Content("\n").join(Content.styled(clean(line), "$text-primary") for line in message.lines)
        )

    @on(Input.Submitted)
    def _submitted(self, message: Input.Submitted) -> None:
        message.stop()
        typed = {field.key: self.query_one(f"#field-{field.key}", Input).value.strip() for field in self._fields}
        try:
            change = self._plan({key: value for key, value in typed.items() if value})
        except NotPossible as problem:
            self._say(problem.what + (f": {problem.hint}" if problem.hint else ""))
        except ValueError as error:
            self._say(str(error))
        else:
            self.app.push_screen(ChangeScreen(self.context, change), self._came_back)

    def _came_back(self, sent: bool | None) -> None:
        if sent:
            self.dismiss(True)

    def _say(self, words: str) -> None:
        self.query_one("#say", Static).update(Content.styled(clean(words), "$text-error"))

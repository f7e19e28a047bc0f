"""A change before it is sent: all of it to read, a word to send it, and what came of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.timer import Timer
from textual.widgets import Input, Static

from tui.model.clean import clean
from tui.mutations import Change, Guard, NotConfirmed, NotPossible, Outcome, agree, carry_out
from tui.mutations.change import Consent
from tui.mutations.preview import Line, preview, result
from tui.screens.context import Context
from tui.sources.base import Source, SourceError, Unanswered

QUIET_S = 0.4
"""How long the preview must have stood there, and no key been pressed, before a `y` counts."""

_STYLES = {
    "title": "bold",
    "where": "bold $text-warning on $warning-muted",
    "head": "$text-muted",
    "moves": "bold $text-accent",
    "note": "$text-warning",
    "call": "$text-primary",
    "detail": "$text-muted",
    "good": "bold $text-success",
    "bad": "bold $text-error",
}

Plan = Callable[[Guard, Source], Change]
"""Makes a change of what it sees; it may ask the source, and is called in a thread."""


def stop(context: Context, job: str) -> ChangeScreen:
    """The preview of stopping a training job."""
    from tui.mutations import jobs, see

    return ChangeScreen(context, lambda guard, source: jobs.stop(guard, see(source, jobs.JobSubject(job))))


def undo(context: Context) -> ChangeScreen:
    """The preview of putting the last change back."""
    from tui.mutations import undo as back

    return ChangeScreen(context, lambda guard, source: back.undo(guard, source))


def guard_of(context: Context) -> Guard:
    """What changes on screen are held against."""
    return Guard.of(context.settings, context.now)


def in_lines(lines: Iterator[Line]) -> Content:
    """Lines as a screen draws them."""
    return Content("\n").join(_drawn(look, text) for look, text in lines)


def _drawn(look: str, text: str) -> Content:
    if look == "where":
        text = f" {text} "
    return Content.styled(clean(text), _STYLES[look]) if look in _STYLES else Content(clean(text))


def _broke_off(error: Exception) -> str:
    return f"sagetop itself failed ({type(error).__name__}: {error})"


class ChangeScreen(ModalScreen[bool]):
    """A change, from its plan to what came of it; the answer is whether anything may be other than it was.

    Args:
        context: Where it is sent.
        planned: The change, or what makes one.
    """

    BINDINGS = [
        Binding("y", "confirm", "send", id="change.confirm"),
        Binding("escape,q", "close", "close", id="change.close"),
        Binding("j,down", "scroll(1)", "down", id="change.down", show=False),
        Binding("k,up", "scroll(-1)", "up", id="change.up", show=False),
    ]
    AUTO_FOCUS = ""
    DEFAULT_CSS = """
    ChangeScreen { align: center middle; background: $background 60%; }
    ChangeScreen #change {
        width: 100; max-width: 100%; height: auto; max-height: 100%; padding: 1 2; background: $panel;
    }
    ChangeScreen VerticalScroll { height: auto; scrollbar-size-vertical: 1; }
    ChangeScreen Static { height: auto; }
    ChangeScreen Input { display: none; margin-top: 1; width: 100%; }
    ChangeScreen #say { margin-top: 1; }
    """

    class Planned(Message):
        """The plan is there, or the reason why there is none."""

        def __init__(self, change: Change | None, why: NotPossible | SourceError | None = None) -> None:
            super().__init__()
            self.change = change
            self.why = why

    class Ended(Message):
        """It was sent, or could not be."""

        def __init__(self, outcome: Outcome | None, why: NotPossible | SourceError | None = None) -> None:
            super().__init__()
            self.outcome = outcome
            self.why = why

    def __init__(self, context: Context, planned: Change | Plan) -> None:
        super().__init__()
        self.context = context
        self.state = "asking"
        """`asking`, `preview`, `sending`, `ended`."""
        self._planned = planned
        self._change: Change | None = None
        self._armed = False
        self._arming: Timer | None = None
        self._sent = False

    def compose(self) -> ComposeResult:
        """What it is, a line to type the name into where that is needed, and what to press."""
        with Vertical(id="change"):
            with VerticalScroll(can_focus=False):
                yield Static("Asking AWS how it is now …", id="body", markup=False)
            yield Input(id="typed", compact=True)
            yield Static("esc leaves all as it is", id="say", markup=False)

    def on_mount(self) -> None:
        """Plan it, or show the plan."""
        self._fit()
        if isinstance(self._planned, Change):
            self.post_message(self.Planned(self._planned))
        else:
            threading.Thread(target=self._plan, args=(self._planned,), name="plan", daemon=True).start()

    def on_resize(self) -> None:
        """What does not fit scrolls."""
        self._fit()

    def on_key(self) -> None:
        """Keys that come in a burst confirm nothing: the quiet begins anew."""
        if self.state == "preview" and not self._armed:
            self._wait_for_quiet()

    def action_confirm(self) -> None:
        """Send it, if there was time to read."""
        if self.state == "preview" and self._armed and self._change is not None and not self._change.typed:
            self._agree(yes="y")

    def action_close(self) -> None:
        """Leave all as it is; or, once it was sent, go back."""
        if self.state != "sending":
            self.dismiss(self._sent)

    def action_scroll(self, rows: int) -> None:
        """Read on."""
        self.query_one(VerticalScroll).scroll_relative(y=rows, animate=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """`y` is told of only where it does something."""
        if action == "confirm":
            return self.state == "preview" and self._change is not None and not self._change.typed
        return super().check_action(action, parameters)

    # -- in threads of their own ------------------------------------------------------------------------------------

    def _plan(self, plan: Plan) -> None:
        try:
            self.post_message(self.Planned(plan(guard_of(self.context), self.context.source)))
        except (NotPossible, SourceError) as why:
            self.post_message(self.Planned(None, why))
        except Exception as error:  # whatever it is, nobody is left waiting
            self.post_message(self.Planned(None, NotPossible(_broke_off(error))))

    def _carry_out(self, consent: Consent) -> None:
        try:
            self.post_message(self.Ended(carry_out(self.context.source, guard_of(self.context), consent)))
        except (NotPossible, SourceError) as why:
            self.post_message(self.Ended(None, why))
        except Exception as error:
            self.post_message(self.Ended(None, Unanswered(_broke_off(error), "sagetop audit says what was sent")))

    # -- in the app ---------------------------------------------------------------------------------------------------

    @on(Planned)
    def _show_plan(self, message: Planned) -> None:
        if message.change is None:
            self._give_up(message.why)
            return
        self._change = message.change
        self.state = "preview"
        self._write(in_lines(preview(message.change)))
        if message.change.typed:
            field = self.query_one(Input)
            field.placeholder = f"type {clean(message.change.name)} to confirm"
            field.display = True
            field.focus()
            self._say("enter sends it   esc leaves all as it is   ↑ ↓ read on")
        else:
            self._say("y sends it   esc leaves all as it is   ↑ ↓ read on")
        self._fit()
        self.refresh_bindings()
        # Only once it is on screen: whoever typed ahead has not read it.
        self.call_after_refresh(self._wait_for_quiet)

    @on(Input.Submitted)
    def _typed(self, message: Input.Submitted) -> None:
        message.stop()
        if self.state == "preview" and self._armed:
            self._agree(typed=message.value)

    @on(Ended)
    def _show_end(self, message: Ended) -> None:
        outcome = message.outcome
        if outcome is None:
            self._give_up(message.why)
            return
        self._sent = outcome.verdict != "failed"
        self.state = "ended"
        self._write(in_lines(result(outcome)))
        self._say("esc goes back")
        self.refresh_bindings()

    def _agree(self, *, yes: str = "", typed: str | None = None) -> None:
        assert self._change is not None
        try:
            consent = agree(guard_of(self.context), self._change, yes=yes, typed=typed)
        except NotConfirmed as missing:
            self._say(missing.what, "$text-error")
            return
        except NotPossible as problem:
            self._give_up(problem)
            return
        self.state = "sending"
        self.query_one(Input).display = False
        self.set_focus(None)
        self._say("sending …")
        self.refresh_bindings()
        # No daemon: who quits meanwhile waits until it is known, and written down, what came of it.
        threading.Thread(target=self._carry_out, args=(consent,), name="change").start()

    def _give_up(self, why: NotPossible | SourceError | None) -> None:
        self.state = "ended"
        self.query_one(Input).display = False
        known = "It is not known whether anything was sent" if isinstance(why, Unanswered) else "Nothing was sent"
        parts = [("bad", f"{known}: {why.what}" if why else known)]
        if why is not None and why.hint:
            parts.append(("note", why.hint))
        if self._change is not None:
            parts.insert(0, ("title", self._change.title))
        self._write(Content("\n").join(_drawn(look, text) for look, text in parts))
        self._say("esc goes back")
        self.refresh_bindings()

    def _wait_for_quiet(self) -> None:
        if self._arming is not None:
            self._arming.stop()
        self._arming = self.set_timer(QUIET_S, self._arm)

    def _arm(self) -> None:
        self._armed = True

    def _write(self, content: Content) -> None:
        self.query_one("#body", Static).update(content)
        self.query_one(VerticalScroll).scroll_home(animate=False)

    def _say(self, words: str, style: str = "$text-muted") -> None:
        self.query_one("#say", Static).update(Content.styled(clean(words), style))

    def _fit(self) -> None:
        below = 6 + (2 if self._change is not None and self._change.typed else 0)
        self.query_one(VerticalScroll).styles.max_height = max(self.size.height - below, 3)

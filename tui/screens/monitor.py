"""What every full screen shares: the lines of identity, problems and keys, and a poller that rests unseen."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.binding import Binding
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen, Screen
from textual.widget import Widget

from tui.messages import IdentityArrived
from tui.model.budget import budget_words
from tui.model.words import span
from tui.screens.change_keys import PREFIX, UNDO, is_taken_away
from tui.screens.context import Context
from tui.sources.base import SourceError
from tui.watch.poller import Poller
from tui.widgets.key_line import KeyLine
from tui.widgets.problem_line import ProblemLine
from tui.widgets.top_line import TopLine

if TYPE_CHECKING:
    from tui.model.records import Record
    from tui.sources.base import Identity


BUDGET_WIDTH = 140
"""From how many columns on the line of identity has room for what the requests cost."""


class MonitorScreen(Screen[None]):
    """A full screen over one source. A subclass gives `body`, `work` and `state`."""

    BINDINGS = [
        Binding("r", "refresh", "refresh", id="screen.refresh", show=False),
        Binding("Y", "raw", "raw JSON", id="screen.raw", show=False),
        UNDO,
    ]
    EXPECTED_S = 15.0
    """How old the data may be before its age is said."""

    def __init__(self, context: Context, place: str) -> None:
        super().__init__()
        self.context = context
        self.place = place
        self.identity: Identity | None = None
        self._spent: tuple[int, int] | None = None
        self._poller = Poller(self._work, name=place)

    # -- for subclasses ---------------------------------------------------------------------------------------------

    def body(self) -> ComposeResult:
        """What stands between the line of identity and the keys."""
        raise NotImplementedError

    def work(self) -> float | None:
        """Ask for what is due, in the poller's thread, and post it. Returns the seconds to wait, None to end."""
        raise NotImplementedError

    def state(self) -> Content:
        """The right end of the line of identity."""
        raise NotImplementedError

    def record(self) -> Record | None:
        """What `Y` shows: the job or the endpoint that is on screen or under the cursor."""
        raise NotImplementedError

    # -- what is shared ---------------------------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        """Identity on top, problems and keys at the bottom, data between."""
        yield TopLine()
        yield from self.body()
        yield ProblemLine()
        yield KeyLine(keep=PREFIX)

    def on_mount(self) -> None:
        """Show where we are, then ask: the first frame does not wait for a request."""
        self.show_top()
        self.set_interval(1, self._tick)

    def on_screen_suspend(self) -> None:
        """Nothing is asked while another screen covers this one; a dialog does not cover it."""
        if not isinstance(self.app.screen, ModalScreen):
            self._poller.pause()

    def on_screen_resume(self) -> None:
        """Seen, for the first time or again: the poller starts behind the frame, whose time its imports would take."""
        # Not at once: Textual draws the first frame in several goes, a sixtieth of a second apart.
        self.call_after_refresh(self.set_timer, 0.05, self._look)

    def on_unmount(self) -> None:
        """Gone: whatever is still under way is given up."""
        self._poller.stop()

    def action_refresh(self) -> None:
        """Ask now."""
        self._poller.wake()

    def action_raw(self) -> None:
        """Show what is known of it as JSON."""
        if (record := self.record()) is not None:
            from tui.screens.raw import RawScreen

            self.app.push_screen(RawScreen(record))

    def action_change_undo(self) -> None:
        """Show what putting the last change back would send."""
        from tui.screens.change import undo

        self.app.push_screen(undo(self.context), self.was_changed)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """In read-only no key, no palette entry and no line of help leads to a change."""
        if is_taken_away(action, read_only=self.context.settings.read_only):
            return False
        return super().check_action(action, parameters)

    def was_changed(self, sent: bool | None) -> None:
        """Look at once, where something may have been sent."""
        if sent:
            self.action_refresh()

    def tell(self, message: Message) -> None:
        """Post a message from the poller's thread, unless it comes too late."""
        if not self._poller.stopped:
            self.post_message(message)

    def on_identity_arrived(self, message: IdentityArrived) -> None:
        """Show who is asking."""
        self.identity = message.identity
        self.show_top()

    def show_top(self) -> None:
        """Draw the line of identity; nothing is written when nothing changed."""
        if not self.query(TopLine):
            return
        who = (self.identity.account, self.identity.region, self.identity.role) if self.identity else ()
        # What does not fit is left out from the end: that nothing here is real, or can be changed, stays longest.
        words = ("demo" if self.context.demo else "", "read-only" if self.context.settings.read_only else "", *who)
        words = (*words, self._budget())
        self.query_one(TopLine).show(self.place, tuple(word for word in words if word), self.state())

    def _budget(self) -> str:
        """Requests of this session and what they cost, where there is room; as of the last request that cost."""
        # Requests that cost nothing come every few seconds: a line that counts them would never rest.
        if self.identity is None or self.size.width < BUDGET_WIDTH:
            return ""
        source = self.context.source
        if self._spent is None or self._spent[1] != source.metrics_asked:
            self._spent = (source.calls, source.metrics_asked)
        return budget_words(*self._spent)

    def show_problems(self, errors: Sequence[SourceError]) -> None:
        """Say what failed, or that nothing does."""
        self.query_one(ProblemLine).show(errors)

    def age(self, refreshed: datetime | None) -> str:
        """`live` while the data is as new as it should be, else its age."""
        if refreshed is None:
            return ""
        seconds = (self.context.now() - refreshed).total_seconds()
        return (
            "live" if seconds <= max(self.EXPECTED_S, 3 * self.context.settings.refresh_s) else f"{span(seconds)} old"
        )

    def focus_first(self, widget: type[Widget]) -> None:
        """Give the keys to the first widget of that kind."""
        self.query(widget).first().focus()

    @property
    def is_seen(self) -> bool:
        """Whether no other full screen covers this one; Textual's `is_current` counts the one just below as well."""
        return self is next(screen for screen in reversed(self.app.screen_stack) if not isinstance(screen, ModalScreen))

    def _tick(self) -> None:
        # Whatever changes below another screen would have Textual draw that one anew, all of it.
        if self.is_seen:
            self.show_top()

    def _look(self) -> None:
        if self.is_seen:
            self.show_top()
            self._poller.start()

    def _work(self) -> float | None:
        wait_s = self.work()
        if self.identity is None and not self._poller.stopped:
            # Whatever stands in its way stands in the way of the data too, and is said there.
            with suppress(SourceError):
                self.tell(IdentityArrived(self.context.source.identity()))
        return wait_s

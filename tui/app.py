"""The Textual app: which screens there are, and how one comes from one to another."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from textual import events
from textual.app import App
from textual.binding import Binding
from textual.filter import LineFilter
from textual.screen import Screen
from textual.theme import Theme

from tui.commands import SagetopCommands
from tui.messages import NothingThere, Noticed, Watched
from tui.model.clean import clean
from tui.screens.change_timers import Timers
from tui.screens.context import Context
from tui.screens.jobs import JobsScreen
from tui.sources.base import SourceError
from tui.watch.endings import Endings
from tui.widgets.ascii_filter import AsciiFilter, ColorlessFilter

DARK = Theme(
    name="sagetop-dark",
    primary="#5fafd7",
    secondary="#87afaf",
    accent="#ffaf5f",
    success="#87d787",
    warning="#ffd75f",
    error="#ff8787",
    foreground="#d7dadd",
    background="#101418",
    surface="#101418",
    panel="#1c232b",
    dark=True,
    # Textual's own are `auto 60%`, of which a Content keeps the contrast and loses the percentage.
    variables={"text-muted": "#9299a0", "text-disabled": "#4b4f53"},
)
LIGHT = Theme(
    name="sagetop-light",
    primary="#005f87",
    secondary="#3a6a6a",
    accent="#9a4f00",
    success="#1f7a1f",
    warning="#8a6500",
    error="#b3261e",
    foreground="#1c2024",
    background="#fbfbf9",
    surface="#fbfbf9",
    panel="#e9e9e4",
    dark=False,
    variables={"text-muted": "#5c6166", "text-disabled": "#b8b9b9"},
)


@dataclass(frozen=True, slots=True)
class Leave:
    """What the person asked for that needs another source: the command line makes it and opens the app again.

    Attributes:
        to: `demo`, or `switch` to the profile and region given.
        profile: The profile, None for the one there was.
        region: The region, None for the one there was.
    """

    to: Literal["demo", "switch"]
    profile: str | None = None
    region: str | None = None


class SagetopApp(App[Leave]):
    """The monitor.

    Args:
        context: Where things come from, the settings and the clock.
        open_job: The training job to open at once.
    """

    TITLE = "sagetop"
    CSS_PATH = "app.tcss"
    COMMANDS = {SagetopCommands}
    ENABLE_COMMAND_PALETTE = True
    DEFAULT_MODE = "jobs"
    BINDINGS = [
        Binding(
            "colon",
            "go",
            "go to",
            key_display=":",
            id="app.go",
            tooltip="Go to jobs, endpoints, a job by its name",
            priority=True,  # so that what is typed right behind it waits for its line
        ),
        Binding("question_mark", "help", "help", key_display="?", id="app.help"),
        Binding("escape", "back", "back", id="app.back", show=False),
        Binding("q", "back_or_quit", "back or quit", id="app.quit", show=False),
        Binding("ctrl+p", "command_palette", "palette", id="app.palette", show=False),
        Binding("ctrl+c", "interrupt", "quit", id="app.interrupt", show=False, priority=True),
        Binding("P", "switch('profile')", "profile", id="app.profile", show=False),
        Binding("R", "switch('region')", "region", id="app.region", show=False),
        Binding("ctrl+t", "other_theme", "light or dark", id="app.theme", show=False),
    ]
    PLACES = (
        *("jobs", "endpoints", "local", "job ", "endpoint ", "local "),
        *("demo", "profile ", "region ", "help", "quit"),
    )

    def __init__(self, context: Context, *, open_job: str | None = None) -> None:
        super().__init__()
        self.context = context
        self.fatal: SourceError | None = None
        """Why the app ended by itself: `attach` to a job that does not exist."""
        self._open_job = open_job
        self._endings = Endings()
        self._resumer = Timers(context, lambda words: self.post_message(Noticed(words)))
        self._attached: Screen[None] | None = None
        self._plain: list[LineFilter] = [AsciiFilter()] if context.settings.ascii else []
        if self.no_color:
            self._plain.append(ColorlessFilter())
        self.add_mode("jobs", lambda: JobsScreen(context))
        self.add_mode("endpoints", self._endpoints)
        for theme in (DARK, LIGHT):
            self.register_theme(theme)
        # Not `self.theme =`, which has all styles read once more: only the light one is not what Textual begins with.
        self.set_reactive(App.theme, DARK.name)
        if self._wants_light():
            self.theme = LIGHT.name
        self.set_keymap(dict(context.settings.keys))

    async def on_mount(self) -> None:
        """Open the job that was asked for above the list, so that `q` leads back to it."""
        if not self.is_headless:
            # The default would leave the terminal on the alternate screen, without a cursor.
            with suppress(NotImplementedError):  # Windows knows no SIGTERM
                asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self._end_by, signal.SIGTERM)
        if self.context.settings.keys:
            self.run_worker(self._check_keys, thread=True)
        if self._open_job is not None:
            self._attached = self._job(self._open_job)
            await self.push_screen(self._attached)

    def _check_keys(self) -> None:
        from tui.screens.every import binding_ids

        own = {binding.id for binding in self.BINDINGS if isinstance(binding, Binding)}
        if unknown := sorted(set(self.context.settings.keys) - binding_ids() - own):
            self.post_message(Noticed(f"[keys] in config.toml names what is no binding: {', '.join(unknown)}"))

    def on_ready(self) -> None:
        """The first frame is there: what it took stays, and is not looked through again for rubbish."""
        if not gc.isenabled():
            gc.freeze()
            # A key waits while rubbish is looked for: rarely, and never long among what is new.
            gc.set_threshold(20_000, 20, 50)
            gc.enable()
        self.set_timer(1, self._resumer.start)

    def on_unmount(self) -> None:
        """Suspensions are ended by another sagetop from now on."""
        self._resumer.stop()

    async def on_event(self, event: events.Event) -> None:
        """Clean what is pasted: whichever line has the keys, the palette's too, would draw it as it came."""
        if isinstance(event, events.Paste) and not event.is_forwarded:
            event.text = "\n".join(map(clean, event.text.split("\n")))
        await super().on_event(event)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """What is applied to each line before it is written: plain signs and no colours where that is asked for."""
        return [*super().get_line_filters(), *self._plain]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """No `:` where it is a sign like any other."""
        if action == "go" and self.focused is not None and self.focused.check_consume_key("colon", ":"):
            return False
        return super().check_action(action, parameters)

    async def action_go(self) -> None:
        """Ask for a place and go there; not from a dialog, which wants an answer first."""
        if self.screen.is_modal:
            return
        from tui.screens.go_to import GoTo

        # Waited for, with all keys behind it: the first of them would reach the screen below, or nobody.
        await self.push_screen(GoTo(self.PLACES), self.go_to)

    def go_to(self, place: str | None) -> None:
        """Go to one of PLACES, with a name behind it where it ends in a space."""
        word, _, name = (place or "").partition(" ")
        name = name.strip()
        if word in ("jobs", "job") and not name:
            self._to_root("jobs")
        elif word in ("endpoints", "endpoint") and not name:
            self._to_root("endpoints")
        elif word == "job":
            self.push_screen(self._job(name))
        elif word == "endpoint":
            self.push_screen(self._endpoint(name))
        elif word == "local":
            # As plain text rather than from the model, which the first frame does without.
            if name:
                self.push_screen(self._job("local/" + name.removeprefix("local/")))
            else:
                self._to_root("jobs")
                self.call_later(self._only_local)
        elif word == "demo":
            self.exit(Leave("demo"))
        elif word in ("profile", "region"):
            self.action_switch(word, name)
        elif word == "help":
            self.action_help()
        elif word in ("quit", "q"):
            self.exit()
        elif word:
            self.notify(
                f"There is no place called {clean(word)}: try jobs, endpoints or job NAME.",
                severity="warning",
                markup=False,
            )

    async def _only_local(self) -> None:
        if isinstance(self.screen, JobsScreen):
            await self.screen.only("name:local/")

    def action_help(self) -> None:
        """Show the keys that work here."""
        from tui.screens.help import HelpScreen

        self.push_screen(HelpScreen(self.screen.active_bindings))

    async def action_back(self) -> None:
        """One screen back; at the root nothing."""
        if len(self.screen_stack) > 1:
            self.pop_screen()

    def action_back_or_quit(self) -> None:
        """One screen back; at the root the end."""
        if len(self.screen_stack) > 1:
            self.pop_screen()
        else:
            self.exit()

    def action_interrupt(self) -> None:
        """The end, as of a program that ctrl-c has ended."""
        self._end_by(signal.SIGINT)

    def action_switch(self, what: str, name: str = "") -> None:
        """Ask for another profile or region, then start anew with it."""
        if self.context.demo:
            self.notify("The demo has no profiles and no regions.", markup=False)
        elif name:
            self._switch(what, name)
        else:
            from tui.screens.switch import SwitchScreen

            self.push_screen(SwitchScreen(what), lambda chosen: self._switch(what, chosen or ""))

    def action_other_theme(self) -> None:
        """Dark to light, light to dark."""
        self.theme = (LIGHT if self.current_theme.dark else DARK).name

    def on_identity_arrived(self) -> None:
        """The first data is on screen: the other screens are imported while nobody waits for them."""
        from tui.screens.every import preload

        self.run_worker(preload, thread=True)

    def on_noticed(self, message: Noticed) -> None:
        """Say it in a corner for a while."""
        self.notify(clean(message.words), severity="warning", markup=False, timeout=15)

    def on_watched(self, message: Watched) -> None:
        """Ring, and tell the desktop, when one of the jobs that somebody watches has ended."""
        from tui.model.orders import job_has_ended

        for job in self._endings.among(message.jobs):
            if self._driver is not None:
                self._driver.write(job_has_ended(job.name, job.status, os.environ))

    def on_nothing_there(self, message: NothingThere) -> None:
        """The job to attach to does not exist: end, and let the command line say so. Any other place: go back."""
        if self._attached is not None and self.screen is self._attached:
            self.fatal = message.error
            self.exit()
        elif len(self.screen_stack) > 1:
            self.pop_screen()
            self.notify(clean(message.error.what), severity="warning", markup=False)

    # The screens behind the first are imported when they are opened: the first frame need not wait for them.

    def _job(self, name: str) -> Screen[None]:
        from tui.screens.job import JobScreen

        return JobScreen(self.context, name)

    def _endpoints(self) -> Screen[None]:
        from tui.screens.endpoints import EndpointsScreen

        return EndpointsScreen(self.context)

    def _endpoint(self, name: str) -> Screen[None]:
        from tui.screens.endpoint import EndpointScreen

        return EndpointScreen(self.context, name)

    def _end_by(self, number: signal.Signals) -> None:
        self.exit(return_code=128 + number)

    def _switch(self, what: str, name: str) -> None:
        if name:
            self.exit(Leave("switch", **{what: name}))

    def _to_root(self, mode: str) -> None:
        while len(self.screen_stack) > 1:
            self.pop_screen()
        self.switch_mode(mode)

    def _wants_light(self) -> bool:
        theme = self.context.settings.theme
        # COLORFGBG is what terminals that know their colours tell: `15;0` is light on dark.
        background = os.environ.get("COLORFGBG", "").rpartition(";")[2]
        return theme == "light" or (theme == "auto" and background in {"7", "15"})

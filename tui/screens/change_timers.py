"""Suspensions whose time has come are ended by whichever monitor is open."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from tui.model.endpoints import ScalableTarget
from tui.screens.context import Context
from tui.sources.base import SourceError
from tui.watch.poller import Poller

EVERY_S = 15.0
"""How often the file of timers is looked at: another sagetop may have set one. AWS is asked for none but a due one."""
PATIENCE_S = 60.0
"""How long to wait after one that failed."""


class Timers:
    """Ends suspensions when their time has come, for as long as the monitor is open.

    Args:
        context: Where they are ended.
        tell: Takes a sentence for the person; called in the poller's thread.
    """

    def __init__(self, context: Context, tell: Callable[[str], object]) -> None:
        self._context = context
        self._tell = tell
        self._failure = ""
        self._poller = Poller(self._work, name="timers")

    def start(self) -> None:
        """Begin to look."""
        self._poller.start()

    def stop(self) -> None:
        """Look no more."""
        self._poller.stop()

    def _work(self) -> float | None:
        # Imported here, in the thread: the first frame does without.
        from tui.mutations import Guard
        from tui.mutations.timers import carry_out_due, next_due

        guard = Guard.of(self._context.settings, self._context.now)
        if guard.read_only:
            return None
        at = next_due(guard)
        if at is None:
            return EVERY_S
        if at > guard.now():
            return min((at - guard.now()).total_seconds(), EVERY_S)
        try:
            for outcome in carry_out_due(self._context.source, guard):
                said = f"{outcome.change.title}, by its timer: {outcome.said}"
                self._fail(said) if outcome.verdict != "done" else self._say(said)
        except SourceError as error:
            self._fail(f"A suspension is overdue and could not be ended: {error.what}")
        at = next_due(guard)
        return EVERY_S if at is None or at > guard.now() else PATIENCE_S

    def _fail(self, words: str) -> None:
        """Once: what fails is tried again and again."""
        if words != self._failure:
            self._failure = words
            self._say(words)

    def _say(self, words: str) -> None:
        if not self._poller.stopped:
            self._tell(words)


def with_timers(context: Context, targets: Iterable[ScalableTarget]) -> tuple[ScalableTarget, ...]:
    """These targets with what is remembered here of their suspensions; it may ask AWS, so not in the app's thread."""
    from tui.mutations.suspensions import with_timers

    found = tuple(targets)
    try:
        return with_timers(found, context.settings.folders.state, context.source.identity)
    except SourceError:
        return found  # the line of problems says what is wrong

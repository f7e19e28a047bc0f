"""Suspensions with a time to end: carried out once, by whichever sagetop is running when it comes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from tui.files import Busy, locked, private_folder
from tui.mutations import scaling_plans, suspensions
from tui.mutations.change import Consent, Guard, NothingToDo, NotPossible, see
from tui.mutations.guarded import Outcome, carry_out
from tui.mutations.suspensions import Key, Suspension
from tui.mutations.undo import subject_of
from tui.sources.base import Identity, NotFound, Source, SourceError

_LONGEST_WAIT_MIN = 60
"""Between two attempts of a timer that fails: a minute at first, then twice as long each time."""


def next_due(guard: Guard) -> datetime | None:
    """When the next timer on this machine ends, of whatever account, or one that failed is tried again; else None."""
    times = (one.due_at for one in suspensions.remembered(guard.state).values())
    return min((time for time in times if time is not None), default=None)


def due(guard: Guard, identity: Identity) -> tuple[Suspension, ...]:
    """The timers of this account and region whose time has come, to be carried out or to be tried again."""
    here = (identity.account, identity.region)
    return tuple(
        one for one in suspensions.remembered(guard.state).values() if one.key[:2] == here and _is_due(guard, one)
    )


def carry_out_due(source: Source, guard: Guard) -> Iterator[Outcome]:
    """Resume what is due in this account and region, each once: another sagetop at the same one is left to it.

    The person agreed when they set the timer. What somebody resumed or changed meanwhile is left as it is, and its
    timer forgotten. A timer that fails stays, is overdue, and is tried again, each time after a longer while; it has
    one entry in the audit log however often it fails, which says why it failed last.

    Yields:
        What came of each.

    Raises:
        SourceError: AWS could not be asked, for one of them at least; the others were seen to.
    """
    if guard.read_only:
        return
    failed: SourceError | None = None
    for one in due(guard, source.identity()):
        try:
            with locked(lock_of(guard, one.key), wait_s=0):
                outcome = _carried_out(source, guard, one.key)
        except (Busy, OSError):
            continue  # another one is at it, or nothing can be written down here: nothing was sent
        except NotPossible:
            _put_off(guard, one)
            continue
        except SourceError as error:
            _put_off(guard, one)
            failed = failed or error
            continue
        if outcome is not None:
            yield outcome
    if failed is not None:
        raise failed


def _carried_out(source: Source, guard: Guard, key: Key) -> Outcome | None:
    known = suspensions.remembered(guard.state).get(key)  # once more: whoever had the lock may have done it
    if known is None or not _is_due(guard, known):
        return None
    try:
        seen = see(source, subject_of(known.subject))
    except NotFound:
        suspensions.forget(guard.state, key)  # the endpoint is gone, and its auto-scaling with it
        return None
    if seen.state is None or scaling_plans.memory(guard, seen) is None:
        suspensions.forget(guard.state, key)
        return None
    try:
        change = scaling_plans.resume(guard, seen)
    except NothingToDo:
        suspensions.forget(guard.state, key)
        return None
    outcome = carry_out(source, guard, Consent(change, f"timer set {scaling_plans.clock(known.since)}"), known.tried)
    if outcome.verdict != "done":
        _put_off(guard, known, outcome.id)
    return outcome


def _is_due(guard: Guard, one: Suspension) -> bool:
    return one.due_at is not None and one.due_at <= guard.now()


def _put_off(guard: Guard, one: Suspension, tried: str = "") -> None:
    """Another time for one that failed, unless somebody has set or ended it anew meanwhile."""
    again_at = guard.now() + timedelta(minutes=min(2 ** min(one.tries, 6), _LONGEST_WAIT_MIN))
    later = replace(one, tried=tried or one.tried, tries=one.tries + 1, again_at=again_at)
    with suppress(OSError, Busy):
        if suspensions.remembered(guard.state).get(one.key) == one:
            suspensions.remember(guard.state, later)


def lock_of(guard: Guard, key: Key) -> Path:
    """What whoever carries out this timer holds meanwhile."""
    name = hashlib.sha256(" ".join(key).encode()).hexdigest()[:24]
    return private_folder(guard.state / "locks") / f"timer-{name}.lock"

"""Suspensions with a time to end: carried out once, by whichever sagetop is running when it comes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from tui.files import Busy, locked, private_folder
from tui.mutations import scaling_plans, suspensions
from tui.mutations.change import Consent, Guard, NothingToDo, NotPossible, see
from tui.mutations.guarded import Outcome, carry_out
from tui.mutations.suspensions import Key, Suspension
from tui.mutations.undo import subject_of
from tui.sources.base import Identity, NotFound, Source


def next_due(guard: Guard) -> datetime | None:
    """When the next timer on this machine ends, of whatever account; None where there is none. Asks nobody."""
    times = [one.until for one in suspensions.remembered(guard.state).values() if one.until is not None]
    return min(times, default=None)


def due(guard: Guard, identity: Identity) -> tuple[Suspension, ...]:
    """The timers of this account and region whose time has come."""
    now, here = guard.now(), (identity.account, identity.region)
    return tuple(
        one for one in suspensions.remembered(guard.state).values() if one.key[:2] == here and one.overdue(now)
    )


def carry_out_due(source: Source, guard: Guard) -> Iterator[Outcome]:
    """Resume what is due in this account and region, each once: another sagetop at the same one is left to it.

    The person agreed when they set the timer. What somebody resumed or changed meanwhile is left as it is, and its
    timer forgotten. A timer that fails stays, is overdue, and is tried again.

    Yields:
        What came of each.

    Raises:
        SourceError: AWS could not be asked.
    """
    if guard.read_only:
        return
    for one in due(guard, source.identity()):
        try:
            with locked(lock_of(guard, one.key), wait_s=0):
                outcome = _carried_out(source, guard, one.key)
        except Busy:
            continue
        if outcome is not None:
            yield outcome


def _carried_out(source: Source, guard: Guard, key: Key) -> Outcome | None:
    known = suspensions.remembered(guard.state).get(key)  # once more: whoever had the lock may have done it
    if known is None or not known.overdue(guard.now()):
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
    assert known.until is not None
    try:
        return carry_out(source, guard, Consent(change, f"timer set {scaling_plans.clock(known.since)}"))
    except NotPossible:
        return None


def lock_of(guard: Guard, key: Key) -> Path:
    """What whoever carries out this timer holds meanwhile."""
    name = hashlib.sha256(" ".join(key).encode()).hexdigest()[:24]
    return private_folder(guard.state / "locks") / f"timer-{name}.lock"

"""From a person's word to what AWS shows: look again, send, read back, write down."""

from __future__ import annotations

import hashlib
import json
import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from tui.files import Busy, locked, private_folder
from tui.model.changes import Row, Sent, State, Verdict
from tui.model.words import plural
from tui.mutations import audit
from tui.mutations.change import Change, Consent, Guard, NotPossible
from tui.sources.base import Source, SourceError, Unanswered

LOCK_WAIT_S = 20.0
"""How long another change of the same thing on this machine is waited for."""
LOOKS_S = (0.0, 0.3, 0.6, 1.2)
"""Waits before each look at what came of it: what was written is not always read at once."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a change.

    Attributes:
        id: The change's in the audit log.
        change: The change.
        verdict: How it ended.
        sent: What became of each call.
        after: What AWS shows now, None where it could not be asked.
        rows: How it was beside how it is now.
        said: The verdict in a sentence.
        error: What went wrong, if something did.
    """

    id: str
    change: Change
    verdict: Verdict
    sent: tuple[Sent, ...]
    after: State
    rows: tuple[Row, ...]
    said: str
    error: SourceError | None = None


def carry_out(source: Source, guard: Guard, consent: Consent, tried: str = "") -> Outcome:
    """Send a change that a person agreed to, and tell what came of it.

    Two sagetops on this machine change the same thing one after the other. Just before sending it looks once more: if
    anything that the change touches is not as the plan saw it, nothing is sent. After the first call that fails, or
    that nobody answers, the rest is not sent.

    Args:
        source: Where it is sent.
        guard: What it is held against.
        consent: A person's word for it.
        tried: The id of an earlier attempt. Where that was of exactly the same change, it stands in the audit log, and
            is added to where this one ends otherwise.

    Raises:
        NotPossible: Nothing may be changed here, another sagetop is at it, or the audit log cannot be written. Nothing
            was sent.
        SourceError: It could not be looked at once more. Nothing was sent.
    """
    change = consent.change
    if guard.read_only:
        raise NotPossible("nothing is changed: read-only")
    try:
        with locked(private_folder(guard.state / "locks") / f"{_key(change)}.lock", wait_s=LOCK_WAIT_S):
            return _alone(source, guard, consent, tried)
    except Busy:
        raise NotPossible(f"another sagetop is changing {change.name}: nothing was sent", "try again") from None
    except OSError as error:
        raise NotPossible(
            f"nothing was sent: {error.filename or guard.state} cannot be written ({error.strerror})",
            "a change is written down before it is sent",
        ) from error


def _alone(source: Source, guard: Guard, consent: Consent, tried: str) -> Outcome:
    change = consent.change
    before = audit.same_intent(guard.state, tried, change) if tried else None
    id = before.id if before else uuid.uuid4().hex[:12]
    now = change.subject.read(source)
    if not change.subject.same(change, now):
        rows = change.subject.tell(change.before, now)
        unsent = tuple(Sent(call, "not sent") for call in change.calls)
        said = "somebody changed it meanwhile: nothing was sent"
        if before is None:
            audit.intend(guard, consent, id)
        audit.ended(guard, id, "overtaken", now, said, before)
        return Outcome(id, change, "overtaken", unsent, now, rows, said)
    if before is None:
        audit.intend(guard, consent, id)
    try:
        change.subject.sending(guard, change)
    except (OSError, Busy):
        with suppress(OSError, Busy):
            audit.ended(guard, id, "failed", now, "nothing was sent: what had to be kept before could not be written")
        raise
    unwritten: list[str] = []

    def keep(write: Callable[[], None]) -> None:
        # From the first call on nothing can be taken back: what is not written down any more is told, not raised.
        try:
            write()
        except (OSError, Busy) as problem:
            unwritten.append(getattr(problem, "strerror", None) or "another sagetop holds it")

    results, error = _send(source, change, lambda number, one: keep(lambda: audit.sent(guard, id, number, one, before)))
    after, unread = _look_again(source, change)
    verdict, said = _judged(change, results, after, known=unread is None)
    if error is None and verdict in ("unknown", "differs"):
        error = unread
    arrived = {"done": True, "differs": True, "partly": True, "failed": False, "unknown": None}[verdict]
    keep(lambda: change.subject.ended(guard, change, after, arrived=arrived))
    keep(lambda: audit.ended(guard, id, verdict, after, said, before))
    if unwritten:
        said += f"; what came of it could not be written down ({unwritten[0]})"
    rows = change.subject.tell(change.before, after) if after is not None else ()
    return Outcome(id, change, verdict, tuple(results), after, rows, said, error)


def _send(
    source: Source, change: Change, tell: Callable[[int, Sent], None]
) -> tuple[Sequence[Sent], SourceError | None]:
    """Sends one call after the other until one is not answered well."""
    results: list[Sent] = []
    error: SourceError | None = None
    for number, call in enumerate(change.calls):
        if error is not None:
            results.append(Sent(call, "not sent"))
            continue
        try:
            source.send(call)
            results.append(Sent(call, "done"))
        except Unanswered as lost:
            error = lost
            results.append(Sent(call, "unknown", lost.what))
        except SourceError as refused:
            error = refused
            results.append(Sent(call, "failed", refused.what))
        tell(number, results[-1])
    return results, error


def _look_again(source: Source, change: Change) -> tuple[State, SourceError | None]:
    """How it is now; looks again for a moment while it is not as it was wanted."""
    after: State = None
    error: SourceError | None = None
    for wait_s in LOOKS_S:
        time.sleep(wait_s)
        try:
            after, error = change.subject.read(source), None
        except SourceError as problem:
            error = problem
            continue
        if change.subject.shows(change, after):
            break
    return after, error


def _judged(change: Change, results: Sequence[Sent], after: State, *, known: bool) -> tuple[Verdict, str]:
    """How it ended, by what was answered and by what is shown, if that is known; the latter counts."""
    went = [result for result in results if result.result == "done"]
    bad = next((result for result in results if result.result in ("failed", "unknown")), None)
    counted = f"{len(went)} of {plural(len(results), 'call')} went through"
    shown = known and change.subject.shows(change, after)
    if bad is None:
        if shown:
            return "done", "done: AWS shows it" if results else "done"
        if not known:
            return "unknown", "every call was answered, and how it is now could not be read"
        return "differs", "every call was answered, and AWS shows something else"
    if shown:
        return "done", f"{bad.call.operation} was not answered well, and AWS shows all as wanted: {bad.why}"
    if bad.result == "failed":
        if went:
            return "partly", f"{counted}, then {bad.why}"
        return "failed", f"nothing was changed: {bad.why}"
    if not known:
        return "unknown", f"nobody knows whether {bad.call.operation} arrived ({counted}): {bad.why}"
    if went or not change.subject.same(change, after):
        return "partly", f"{counted}; nobody knows of {bad.call.operation}: {bad.why}"
    return "unknown", f"no answer, and AWS shows nothing of it so far: {bad.why}"


def _key(change: Change) -> str:
    """One lock for each thing that can be changed."""
    what = json.dumps([change.identity.account, change.identity.region, change.subject.record()], sort_keys=True)
    return hashlib.sha256(what.encode()).hexdigest()[:24]

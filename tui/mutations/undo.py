"""The last change, put back: planned from what the audit log says was there before, and guarded like any other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tui.model.words import utc
from tui.mutations import audit, scaling_plans, weights
from tui.mutations.change import Change, Guard, NothingToDo, NotPossible, Seen, Subject, see
from tui.mutations.jobs import JobSubject
from tui.mutations.scaling import ScalingSubject
from tui.mutations.scaling_state import compared
from tui.mutations.weights import WeightsSubject
from tui.sources.base import Source


def subject_of(record: Mapping[str, Any]) -> Subject:
    """The subject that a record of the audit log or of a timer tells of.

    Raises:
        NotPossible: It tells of none that this version of sagetop knows.
    """
    try:
        if record["type"] == "scaling":
            return ScalingSubject(str(record["endpoint"]), str(record["variant"]), str(record["dimension"]))
        if record["type"] == "weights":
            return WeightsSubject(str(record["endpoint"]))
        if record["type"] == "job":
            return JobSubject(str(record["job"]))
    except KeyError:
        pass
    raise NotPossible("this version of sagetop does not know what was changed there", "see sagetop audit --json")


def undo(guard: Guard, source: Source, id: str = "") -> Change:
    """The plan that puts a change back: the last one of this account and region, or the one with this id.

    Raises:
        NotPossible: There is nothing to undo, or it cannot be undone.
        SourceError: How it is now could not be asked.
    """
    here = source.identity()
    if id:
        found = audit.find(guard.state, id)
        if len(found) != 1:
            raise NotPossible(f"{len(found) or 'no'} changes have an id that begins with {id}", "see sagetop audit")
        entry = found[0]
        if (entry.intent.get("account"), entry.intent.get("region")) != (here.account, here.region):
            where = f"{entry.intent.get('account')} {entry.intent.get('region')}"
            raise NotPossible(f"that change was made in {where}", "choose it with --profile and --region")
    else:
        last = audit.last(guard.state, here.account, here.region)
        if last is None:
            raise NothingToDo(f"nothing was changed by sagetop in {here.account} {here.region}, or all was undone")
        entry = last
    what = f"{entry.intent.get('title')} ({str(entry.intent.get('time'))[:16]}Z)"
    if entry.intent.get("undoable") is False:
        raise NotPossible(f"cannot be undone: {what}", "an earlier one is undone by its id: see sagetop audit")
    subject = subject_of(entry.intent.get("subject") or {})
    before = entry.intent.get("before")
    if not isinstance(before, Mapping):
        raise NotPossible(f"cannot be undone: {what}: it is not known how it was before")
    seen = see(source, subject)
    return replace(_planned(guard, seen, entry, before, what), undoes=entry.id)


def _planned(guard: Guard, seen: Seen, entry: audit.Entry, before: Mapping[str, Any], what: str) -> Change:
    after = entry.outcome.get("after")
    title = f"Undo: {what}"
    if isinstance(seen.subject, ScalingSubject):
        known, wanted = scaling_plans.memory(guard, seen), entry.intent.get("wanted") or {}
        timer = utc(known.until) if known and known.until else None
        moved = after is None or compared(after) != compared(seen.state or {}) or wanted.get("until", timer) != timer
        notes = ["it was changed again since: all of that goes as well"] if moved else []
        return scaling_plans.between(guard, seen, before, title, notes)
    return weights.put_back(guard, seen, before, entry.intent.get("wanted"), title)

"""The audit log: what was to be sent is on the disk before it is sent, what came of it after."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tui.files import append_line, private_folder, read_lines
from tui.model.changes import Sent, State, Verdict
from tui.model.words import utc
from tui.mutations.change import Change, Consent, Guard

FILE = "audit.jsonl"


def intend(guard: Guard, consent: Consent, id: str) -> None:
    """Write down what is about to be sent. Raises OSError: nothing may be sent then."""
    change = consent.change
    _write(
        guard,
        {
            "id": id,
            "event": "intent",
            "kind": change.kind,
            "title": change.title,
            "identity": change.identity.arn,
            "account": change.identity.account,
            "region": change.identity.region,
            "confirmed": consent.how,
            "subject": change.subject.record(),
            "request": _request(change),
            "before": change.before,
            "wanted": change.wanted,
            "undoable": change.undoable,
            **({"undoes": change.undoes} if change.undoes else {}),
            **({"until": utc(change.until)} if change.until else {}),
            **({"saved_to": str(change.save_to)} if change.save_to else {}),
        },
    )


def sent(guard: Guard, id: str, number: int, result: Sent, before: Entry | None = None) -> None:
    """Write down what became of one call, counted from 0, unless an earlier attempt says the same."""
    known = before.results.get(number, {}) if before else {}
    if (known.get("result"), known.get("why")) != (result.result, result.why):
        _write(guard, {"id": id, "event": "sent", "call": number, "result": result.result, "why": result.why})


def ended(guard: Guard, id: str, verdict: Verdict, after: State, said: str, before: Entry | None = None) -> None:
    """Write down how it all ended, unless an earlier attempt says the same."""
    known = before.outcome if before else {}
    if (known.get("outcome"), known.get("said")) != (verdict, said):
        _write(guard, {"id": id, "event": "outcome", "outcome": verdict, "after": after, "said": said})


def same_intent(state: Path, id: str, change: Change) -> Entry | None:
    """The entry of this id, if it is of an attempt to do exactly the same to the same."""
    entry = next((entry for entry in entries(state) if entry.id == id), None)
    now = json.loads(json.dumps([change.subject.record(), _request(change), change.before], default=str))
    then = [entry.intent.get(key) for key in ("subject", "request", "before")] if entry else None
    return entry if then == now else None


def _request(change: Change) -> list[dict[str, Any]]:
    return [
        {"service": call.service, "operation": call.operation, "parameters": call.parameters} for call in change.calls
    ]


def _write(guard: Guard, record: Mapping[str, Any]) -> None:
    append_line(private_folder(guard.state) / FILE, {"time": utc(guard.now()), **record})


@dataclass(slots=True)
class Entry:
    """One change as the audit log has it.

    Attributes:
        intent: What was about to be sent, and by whom.
        results: What became of each call, by its number; what is missing was not written down.
        outcome: How it ended; empty where sagetop ended first.
    """

    intent: dict[str, Any]
    results: dict[int, dict[str, Any]] = field(default_factory=dict)
    outcome: dict[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """Its id."""
        return str(self.intent["id"])

    @property
    def verdict(self) -> str:
        """How it ended in a word; `no outcome` where sagetop ended, or was killed, before it knew."""
        return str(self.outcome.get("outcome", "no outcome"))

    @property
    def ended(self) -> str:
        """When it ended, as far as is known, in ISO 8601: these sort as they are."""
        return str(self.outcome.get("time") or self.intent.get("time"))

    @property
    def may_have_changed(self) -> bool:
        """Whether something of it may have been carried out."""
        return self.verdict not in ("failed", "overtaken")

    def record(self) -> dict[str, Any]:
        """As `sagetop audit --json` prints it."""
        intent = {name: value for name, value in self.intent.items() if name != "event"}
        request = [
            {**call, **{key: self.results.get(number, {}).get(key) for key in ("result", "why")}}
            for number, call in enumerate(intent.get("request", ()))
        ]
        return {
            **intent,
            "request": request,
            "after": self.outcome.get("after"),
            "ended": self.outcome.get("time"),
            "outcome": self.verdict,
            "said": self.outcome.get("said"),
        }


def entries(state: Path) -> list[Entry]:
    """All changes in the audit log, the oldest first; lines that cannot be read are left out."""
    found: dict[str, Entry] = {}
    for record in read_lines(state / FILE):
        id, event = record.get("id"), record.get("event")
        if not isinstance(id, str):
            continue
        if event == "intent":
            found[id] = Entry(record)
        elif id in found and event == "sent" and isinstance(record.get("call"), int):
            found[id].results[record["call"]] = record
        elif id in found and event == "outcome":
            found[id].outcome = record
    return list(found.values())


def last(state: Path, account: str, region: str) -> Entry | None:
    """The last change of an account and region that may have changed something and was not undone, nor an undoing."""
    known = entries(state)
    undone = {entry.intent["undoes"] for entry in known if entry.verdict == "done" and "undoes" in entry.intent}
    fits = [
        entry
        for entry in known
        if (entry.intent.get("account"), entry.intent.get("region")) == (account, region)
        and entry.may_have_changed
        and entry.id not in undone
        and "undoes" not in entry.intent
    ]
    # By when they ended: a timer that failed for a while has had its entry for as long.
    return max(reversed(fits), key=lambda entry: entry.ended, default=None)


def find(state: Path, id: str) -> Sequence[Entry]:
    """The changes whose ids begin so."""
    return [entry for entry in entries(state) if entry.id.startswith(id)]

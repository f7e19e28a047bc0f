"""A change and what came of it in lines of text, the same on the command line and on the screen."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from tui.model.changes import Call, Row
from tui.mutations.change import Change
from tui.mutations.guarded import Outcome

Look = Literal["title", "where", "head", "row", "moves", "note", "call", "detail", "good", "bad", ""]
"""What a line is: where the account stands, a row that stays, a row that moves …; how it is drawn is the screen's."""
Line = tuple[Look, str]
"""Text from outside: it is cleaned where it is drawn."""

_SHORT = 30
_WIDTH = 74


def preview(change: Change) -> Iterator[Line]:
    """All that a person should see before they agree: where, now beside after, what else moves, the exact calls."""
    yield "title", change.title
    yield "where", where(change)
    yield "", ""
    yield from table(change.rows, "now", "after")
    yield "", ""
    for note in change.notes:
        yield from _wrapped("note", f"  {note}")
    yield "", ""
    yield "head", "  sends" if change.calls else "  sends nothing"
    for call in change.calls:
        yield from _call(call)


def where(change: Change) -> str:
    """Account, region and role, in a line of their own."""
    identity = change.identity
    role = f"   as {identity.role}" if identity.role else ""
    return f"ACCOUNT {identity.account}   REGION {identity.region}{role}"


def result(outcome: Outcome) -> Iterator[Line]:
    """What came of it: the verdict, each call, and how it is now."""
    change = outcome.change
    good = outcome.verdict == "done"
    yield "title", change.title
    yield "where", where(change)
    yield "", ""
    yield from _wrapped("good" if good else "bad", f"{outcome.said[:1].upper()}{outcome.said[1:]}")
    if outcome.error is not None and outcome.error.hint:
        yield from _wrapped("note", f"  {outcome.error.hint}")
    for sent in outcome.sent:
        why = f": {sent.why}" if sent.why and sent.why not in outcome.said else ""
        yield "call", f"  {sent.result:<9} {sent.call.operation}{why}"
    if outcome.rows:
        yield "", ""
        yield from table(outcome.rows, "before", "now")
    yield "", ""
    yield "detail", f"  in the audit log as {outcome.id}{_undoing(outcome)}"


def table(rows: Sequence[Row], now: str, after: str) -> Iterator[Line]:
    """Rows under their two heads; one that stays says so once."""
    if not rows:
        return
    short = [row for row in rows if len(row.now) <= _SHORT and len(row.after) <= _SHORT]
    name = max((len(row.name) for row in short), default=0)
    wide = max(len(now), *(len(row.now) for row in short), 0)
    yield "head", f"  {'':<{name}}  {now:<{wide}}  {after}"
    for row in rows:
        if row not in short:
            yield from _long(row, now, after)
        elif row.moves:
            yield "moves", f"  {row.name:<{name}}  {row.now:<{wide}}  {row.after}"
        else:
            yield "row", f"  {row.name:<{name}}  {row.now:<{wide}}  unchanged"


def _long(row: Row, now: str, after: str) -> Iterator[Line]:
    """A row whose values need lines of their own."""
    if not row.moves:
        yield from _wrapped("row", f"  {row.name}  unchanged: {row.now}")
        return
    yield "moves", f"  {row.name}"
    room = max(len(now), len(after))
    yield from _wrapped("row", f"    {now:<{room}}  {row.now}")
    yield from _wrapped("moves", f"    {after:<{room}}  {row.after}")


def _wrapped(look: Look, text: str) -> Iterator[Line]:
    """A text in lines that fit where it is narrowest."""
    for line in textwrap.wrap(text, _WIDTH, subsequent_indent="      ", break_on_hyphens=False, drop_whitespace=True):
        yield look, line


def _call(call: Call) -> Iterator[Line]:
    yield "call", f"  {call.service} {call.operation}"
    for name, value in _flat(call.parameters):
        yield "detail", f"    {name}  {value}"


def _flat(parameters: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    for name, value in parameters.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", value if isinstance(value, str) else json.dumps(value, default=str)


def _undoing(outcome: Outcome) -> str:
    if outcome.verdict in ("overtaken", "failed"):
        return ""
    return "; U, or sagetop undo, puts it back" if outcome.change.undoable else "; it cannot be undone"

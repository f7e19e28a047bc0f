"""What sagetop remembers of auto-scaling that it suspended: the flags from before, and when to put them back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from tui.files import locked, private_folder, read_json, write_json
from tui.model.endpoints import Suspended
from tui.model.words import utc

FILE = "suspensions.json"

Key = tuple[str, str, str, str]
"""Account, region, resource id and dimension."""


@dataclass(frozen=True, slots=True)
class Suspension:
    """One scalable target that was suspended here.

    Attributes:
        key: Which.
        subject: The same, as its subject's record.
        flags: Its flags before.
        since: When it was suspended.
        until: When it is to be resumed, None for when somebody does.
    """

    key: Key
    subject: Mapping[str, Any]
    flags: Suspended
    since: datetime
    until: datetime | None = None

    def overdue(self, now: datetime) -> bool:
        """Whether its time has passed."""
        return self.until is not None and now >= self.until


def remembered(state: Path) -> dict[Key, Suspension]:
    """All that is remembered."""
    found = {}
    for record in read_json(state / FILE).values():
        suspension = _parsed(record)
        if suspension is not None:
            found[suspension.key] = suspension
    return found


def remember(state: Path, suspension: Suspension) -> None:
    """Remember this one in place of what was remembered of the same target."""
    with _edited(state) as known:
        known[_name(suspension.key)] = {
            "key": list(suspension.key),
            "subject": dict(suspension.subject),
            "flags": {
                "scale_out": suspension.flags.scale_out,
                "scale_in": suspension.flags.scale_in,
                "scheduled": suspension.flags.scheduled,
            },
            "since": utc(suspension.since),
            "until": utc(suspension.until) if suspension.until else None,
        }


def forget(state: Path, key: Key) -> None:
    """Remember nothing of this one."""
    if key in remembered(state):
        with _edited(state) as known:
            known.pop(_name(key), None)


@contextmanager
def _edited(state: Path) -> Iterator[dict[str, Any]]:
    path = private_folder(state) / FILE
    with locked(path.with_suffix(".lock"), wait_s=10.0):
        known = read_json(path)
        yield known
        write_json(path, known)


def _name(key: Key) -> str:
    return " ".join(key)


def _parsed(record: object) -> Suspension | None:
    if not isinstance(record, dict):
        return None
    try:
        account, region, resource, dimension = record["key"]
        return Suspension(
            (account, region, resource, dimension),
            record["subject"],
            Suspended(*(bool(record["flags"][kind]) for kind in ("scale_out", "scale_in", "scheduled"))),
            _moment(record["since"]),
            _moment(record["until"]) if record.get("until") else None,
        )
    except (KeyError, TypeError, ValueError):
        return None


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))

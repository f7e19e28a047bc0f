"""What sagetop remembers of auto-scaling that it suspended: the flags from before, and when to put them back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from tui.files import locked, private_folder, read_json, write_json
from tui.model.endpoints import ScalableTarget, Suspended
from tui.model.words import utc
from tui.sources.base import Identity

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
        tried: The id in the audit log of the timer's attempts so far, empty where there was none.
        tries: How many of them failed.
        again_at: When the next one is due, None where none has failed.
    """

    key: Key
    subject: Mapping[str, Any]
    flags: Suspended
    since: datetime
    until: datetime | None = None
    tried: str = ""
    tries: int = 0
    again_at: datetime | None = None

    def overdue(self, now: datetime) -> bool:
        """Whether its time has passed."""
        return self.until is not None and now >= self.until

    @property
    def due_at(self) -> datetime | None:
        """When it is to be resumed, or tried once more."""
        return self.again_at if self.until is not None and self.again_at is not None else self.until


def remembered(state: Path) -> dict[Key, Suspension]:
    """All that is remembered."""
    found = {}
    for record in read_json(state / FILE).values():
        suspension = _parsed(record)
        if suspension is not None:
            found[suspension.key] = suspension
    return found


def with_timers(
    targets: Iterable[ScalableTarget], state: Path, identity: Callable[[], Identity]
) -> tuple[ScalableTarget, ...]:
    """These targets with what is remembered of those that are suspended: since when, and until when.

    Args:
        targets: As AWS tells of them.
        state: The folder of state.
        identity: Says whose they are; asked only where anything is remembered.

    Raises:
        SourceError: The identity could not be asked.
    """
    found, known = tuple(targets), remembered(state)
    if not known or not any(target.suspended.all for target in found):
        return found
    here = identity()

    def timed(target: ScalableTarget) -> ScalableTarget:
        one = known.get((here.account, here.region, target.resource_id, target.dimension))
        if one is None or not target.suspended.all:
            return target
        return replace(target, suspended_since=one.since, on_again=one.until)

    return tuple(timed(target) for target in found)


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
            "tried": suspension.tried,
            "tries": suspension.tries,
            "again_at": utc(suspension.again_at) if suspension.again_at else None,
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
            moment(record["since"]),
            moment(record["until"]) if record.get("until") else None,
            str(record.get("tried") or ""),
            int(record.get("tries") or 0),
            moment(record["again_at"]) if record.get("again_at") else None,
        )
    except (AttributeError, KeyError, TypeError, ValueError):
        return None


def moment(text: str) -> datetime:
    """The time that `utc` wrote down. Raises ValueError."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))

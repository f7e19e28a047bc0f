"""What a change is, what it is planned from, and a person's word for it."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Protocol

from tui.config import Settings
from tui.model.changes import Call, Row, State
from tui.mutations.together import together
from tui.sources.base import Identity, Source


class NotPossible(Exception):
    """It cannot be planned, or may not be sent: nothing was sent. `hint` says what to do instead, or is empty."""

    def __init__(self, what: str, hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint


class NothingToDo(NotPossible):
    """All is already as it was to be."""


class NotConfirmed(NotPossible):
    """Nobody gave their word for it, or not the word that it needs."""


@dataclass(frozen=True, slots=True)
class Guard:
    """What every change is held against.

    Attributes:
        state: The folder of the audit log, of remembered flags and of timers.
        read_only: Nothing may be changed.
        protected: Patterns of names and profiles whose change is confirmed by typing the name.
        profile: The AWS profile in use, empty where there is none.
        now: The time.
    """

    state: Path
    read_only: bool = False
    protected: tuple[str, ...] = ()
    profile: str = ""
    now: Callable[[], datetime] = lambda: datetime.now(timezone.utc)

    @classmethod
    def of(cls, settings: Settings, now: Callable[[], datetime] | None = None) -> Guard:
        """As the settings have it; `settings.profile` is the profile in use."""
        guard = cls(settings.folders.state, settings.read_only, settings.protected, settings.profile or "")
        return guard if now is None else cls(guard.state, guard.read_only, guard.protected, guard.profile, now)

    def protects(self, name: str) -> bool:
        """Whether this name, or the profile in use, is one that a mistake would be grave on."""
        return any(fnmatch.fnmatchcase(word, pattern) for pattern in self.protected for word in (name, self.profile))


class Subject(Protocol):
    """Whatever can be changed: a variant's auto-scaling, an endpoint's weights, a training job."""

    @property
    def name(self) -> str:
        """The endpoint's or the job's name: what is typed to confirm."""

    def record(self) -> dict[str, Any]:
        """What tells it again, as JSON: for the audit log, undoing and timers."""

    def read(self, source: Source) -> State:
        """How it is now. Raises SourceError."""

    def same(self, change: Change, now: State) -> bool:
        """Whether all that the change would touch is still as the plan saw it."""

    def shows(self, change: Change, now: State) -> bool:
        """Whether it is now as the change wanted it."""

    def tell(self, before: State, after: State) -> tuple[Row, ...]:
        """How it was beside how it is."""

    def sending(self, guard: Guard, change: Change) -> None:
        """What has to be on the disk before the first call is sent. Raises OSError: nothing is sent then."""

    def ended(self, guard: Guard, change: Change, after: State, *, arrived: bool | None) -> None:
        """Keep what is kept of it; `arrived` is None where nobody knows."""


@dataclass(frozen=True, slots=True)
class Seen:
    """How something was when somebody looked, and as whom they did."""

    identity: Identity
    subject: Subject
    state: State


@dataclass(frozen=True, slots=True)
class Change:
    """A change before it is sent.

    Attributes:
        kind: `scaling.suspend`, `weights`, `job.stop`, …
        title: In a line: `Suspend auto-scaling of ranker-prod / v12`.
        identity: As whom, in which account and region.
        subject: What is changed.
        before: How it was when the plan was made.
        wanted: How it is to be.
        calls: What is sent, in this order.
        rows: Now beside after, for people.
        notes: What else moves, and what a person should know before.
        typed: Whether it is confirmed by typing the subject's name only.
        until: When it is put back by itself, None for never.
        save_to: The file that keeps what would be lost, written before anything is sent.
        undoes: The id of the change that this one undoes.
        undoable: Whether it can be undone.
    """

    kind: str
    title: str
    identity: Identity
    subject: Subject
    before: State
    wanted: State
    calls: tuple[Call, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()
    typed: bool = False
    until: datetime | None = None
    save_to: Path | None = None
    undoes: str = ""
    undoable: bool = True

    @property
    def name(self) -> str:
        """What is typed to confirm."""
        return self.subject.name


@dataclass(frozen=True, slots=True)
class Consent:
    """A person's word for exactly this change; `how` they gave it is written to the audit log."""

    change: Change
    how: str


def see(source: Source, subject: Subject) -> Seen:
    """How it is now, and as whom one asks: all at once."""
    identity, state = together([source.identity, lambda: subject.read(source)])
    assert isinstance(identity, Identity)
    return Seen(identity, subject, state if isinstance(state, Mapping) else None)


def agree(guard: Guard, change: Change, *, yes: str = "", typed: str | None = None) -> Consent:
    """A person's word for a change.

    Args:
        guard: What it is held against.
        change: What they have seen.
        yes: How they said yes (`y`, `--yes`), empty where they did not.
        typed: The name that they typed.

    Raises:
        NotPossible: Nothing may be changed here at all.
        NotConfirmed: They said nothing, or a yes is not enough.
    """
    if guard.read_only:
        raise NotPossible("nothing is changed: read-only", "leave out --read-only, or set read_only = false")
    if typed is not None:
        if typed != change.name:
            raise NotConfirmed(f"{typed!r} is not {change.name}: nothing was sent")
        return Consent(change, "typed")
    if change.typed:
        raise NotConfirmed(f"this is confirmed by the name {change.name} only: nothing was sent")
    if not yes:
        raise NotConfirmed("nobody confirmed it: nothing was sent")
    return Consent(change, yes)

"""Stopping a training job: StopTrainingJob."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tui.model.changes import Call, Row, State
from tui.model.jobs import ENDED, is_local
from tui.model.phrases import instances
from tui.model.words import DASH
from tui.mutations.change import Change, Guard, NothingToDo, NotPossible, Seen
from tui.sources.base import Source


@dataclass(frozen=True, slots=True)
class JobSubject:
    """A training job, as far as its status goes."""

    job: str

    @property
    def name(self) -> str:
        """The job's name."""
        return self.job

    def record(self) -> dict[str, Any]:
        """As the audit log keeps it."""
        return {"type": "job", "job": self.job}

    def read(self, source: Source) -> State:
        """DescribeTrainingJob."""
        job = source.describe_job(self.job)
        return {
            "status": job.status,
            "secondary_status": job.secondary_status,
            "created": job.created.isoformat(),
            "instances": instances(job),
        }

    def same(self, change: Change, now: State) -> bool:
        """Whether it is the same job, and runs as it did; its phase goes on by itself."""
        before = change.before
        return before is not None and now is not None and all(before[key] == now[key] for key in ("status", "created"))

    def shows(self, change: Change, now: State) -> bool:
        """Whether it is stopping or stopped."""
        return change.wanted is not None and now is not None and now["status"] in (change.wanted["status"], "Stopped")

    def tell(self, before: State, after: State) -> tuple[Row, ...]:
        """Its status."""
        if before is None or after is None:
            return ()
        return (Row("status", _words(before), _words(after)), Row("instances", before["instances"], after["instances"]))

    def sending(self, guard: Guard, change: Change) -> None:
        """Nothing has to be kept but the audit log."""

    def ended(self, guard: Guard, change: Change, after: State, *, arrived: bool | None) -> None:
        """Nothing was kept."""


def stop(guard: Guard, seen: Seen) -> Change:
    """Stop a training job that runs.

    Raises:
        NothingToDo: It has ended, or is stopping.
    """
    state = seen.state
    assert state is not None
    name = seen.subject.name
    if is_local(name):
        raise NotPossible(f"{name} runs on this machine", "see: sagetop local --help")
    if state["status"] in {*ENDED, "Stopping"}:
        raise NothingToDo(f"{name} is {state['status']} already")
    wanted = {**state, "status": "Stopping", "secondary_status": ""}
    return Change(
        kind="job.stop",
        title=f"Stop training job {name}",
        identity=seen.identity,
        subject=seen.subject,
        before=state,
        wanted=wanted,
        calls=(Call("sagemaker", "StopTrainingJob", {"TrainingJobName": name}),),
        rows=seen.subject.tell(state, {**wanted, "status": "Stopping, then Stopped"}),
        notes=(
            "its container is sent SIGTERM and killed 120 s later; what it saved by then is uploaded",
            "this cannot be undone: a stopped job does not go on",
        ),
        typed=guard.protects(name),
        undoable=False,
    )


def _words(state: State) -> str:
    if state is None:
        return DASH
    more = state.get("secondary_status")
    return f"{state['status']}, {more}" if more not in (None, "", state["status"]) else str(state["status"])

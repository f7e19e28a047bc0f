"""What the supervisor knows of its job, as it lies in state.json, and what is true of it now."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tui.files import read_json, write_json
from tui.model.jobs import ENDED
from tui.sources.local.folders import JobFolder
from tui.sources.local.pids import Process

UNSUPERVISED = "Unsupervised"
"""The secondary status of a job whose hosts run on though their supervisor has died."""


@dataclass(frozen=True, slots=True)
class PhaseState:
    """One of SecondaryStatusTransitions; times in ms."""

    name: str
    started: int
    ended: int | None = None
    message: str = ""


@dataclass(slots=True)
class State:
    """What state.json holds.

    Attributes:
        status: As SageMaker says it.
        secondary: Its secondary status: the last phase, or why it ended (`MaxRuntimeExceeded`).
        supervisor: Who writes this file.
        created: Times are in ms since the epoch.
        started: When the first host was started.
        hosts: The hosts' processes, once they were started.
        exits: The exit codes of those that have ended; 128 + the signal's number as in a container.
        gpus: Which of the machine's GPUs each host has.
        cores: How many cores the job has reserved in all.
        waiting: Whether it waits for GPUs or cores.
        final_metrics: Name, value and time (ms) of each metric's last value.
    """

    status: str = "InProgress"
    secondary: str = "Starting"
    supervisor: Process = field(default_factory=lambda: Process(0, ""))
    created: int = 0
    started: int | None = None
    ended: int | None = None
    failure_reason: str = ""
    phases: list[PhaseState] = field(default_factory=list)
    hosts: dict[str, Process] = field(default_factory=dict)
    exits: dict[str, int] = field(default_factory=dict)
    gpus: dict[str, list[int]] = field(default_factory=dict)
    cores: int = 0
    waiting: bool = False
    final_metrics: list[tuple[str, float, int]] = field(default_factory=list)

    @property
    def is_ended(self) -> bool:
        """Whether the job has reached a final status."""
        return self.status in ENDED

    def enter(self, phase: str, now_ms: int, message: str = "") -> None:
        """A phase begins, and the one before it ends."""
        self.leave(now_ms)
        self.phases.append(PhaseState(phase, now_ms, None, message))
        self.secondary = phase

    def leave(self, now_ms: int) -> None:
        """The phase that there is ends."""
        if self.phases and self.phases[-1].ended is None:
            last = self.phases[-1]
            self.phases[-1] = PhaseState(last.name, last.started, now_ms, last.message)

    def save(self, folder: JobFolder) -> None:
        """Writes state.json.

        Raises:
            OSError: It cannot be written; what was there before still is.
        """
        write_json(
            folder.state,
            {
                "status": self.status,
                "secondary": self.secondary,
                "supervisor": self.supervisor.to_json(),
                "created": self.created,
                "started": self.started,
                "ended": self.ended,
                "failure_reason": self.failure_reason,
                "phases": [[phase.name, phase.started, phase.ended, phase.message] for phase in self.phases],
                "hosts": {host: process.to_json() for host, process in self.hosts.items()},
                "exits": self.exits,
                "gpus": self.gpus,
                "cores": self.cores,
                "waiting": self.waiting,
                "final_metrics": self.final_metrics,
            },
        )


def load(folder: JobFolder) -> State | None:
    """What state.json says, None while there is none."""
    value = read_json(folder.state)
    if not value:
        return None
    return State(
        status=str(value["status"]),
        secondary=str(value["secondary"]),
        supervisor=Process.from_json(value["supervisor"]),
        created=int(value["created"]),
        started=value["started"],
        ended=value["ended"],
        failure_reason=str(value["failure_reason"]),
        phases=[PhaseState(*phase) for phase in value["phases"]],
        hosts={host: Process.from_json(process) for host, process in value["hosts"].items()},
        exits=dict(value["exits"]),
        gpus=dict(value["gpus"]),
        cores=int(value["cores"]),
        waiting=bool(value["waiting"]),
        final_metrics=[_metric(item) for item in value["final_metrics"]],
    )


def true_state(folder: JobFolder) -> State | None:
    """What state.json says, corrected by what runs: a supervisor that was killed wrote nothing of it."""
    state = load(folder)
    if state is None or state.is_ended or state.supervisor.is_alive:
        return state
    # It may have ended between the two looks.
    state = load(folder)
    if state is None or state.is_ended or state.supervisor.is_alive:
        return state
    state.waiting = False
    stopping = folder.stop.exists()
    if any(host not in state.exits and process.is_alive for host, process in state.hosts.items()):
        state.status = "Stopping" if stopping else "InProgress"
        state.secondary = "Stopping" if stopping else UNSUPERVISED
        return state
    ended = _last_sign(folder, state)
    state.leave(ended)
    state.ended = ended
    if stopping:
        state.status = state.secondary = "Stopped"
    else:
        state.status = state.secondary = "Failed"
        state.failure_reason = _reason(state)
    return state


def _reason(state: State) -> str:
    if not state.supervisor.is_of_this_boot:
        return "InternalServerError: this machine was restarted while the job ran"
    if not state.hosts:
        return "InternalServerError: the job's supervisor ended before it had started a host"
    return "InternalServerError: the job's supervisor ended before its hosts did; how they ended is not known"


def _last_sign(folder: JobFolder, state: State) -> int:
    """When something of the job was last written: as near as can be told to when it ended."""
    paths: list[Path] = [folder.state, *(folder.log(host) for host in state.hosts)]
    times = [int(path.stat().st_mtime * 1000) for path in paths if path.exists()]
    return max([*times, state.created])


def _metric(item: Any) -> tuple[str, float, int]:
    name, value, time = item
    return str(name), float(value), int(time)

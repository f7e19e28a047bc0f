"""Whose turn it is: jobs that asked for GPUs or cores wait until there are enough, first come first served."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from tui.files import locked
from tui.sources.local.folders import JobFolder
from tui.sources.local.spec import Spec
from tui.sources.local.state import State, true_state


def cores_here() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def shared_out(gpus: Sequence[int], hosts: Sequence[str]) -> dict[str, list[int]]:
    """All GPUs, each to one host; where there are fewer than hosts, hosts share them."""
    if not gpus:
        return {host: [] for host in hosts}
    if len(gpus) < len(hosts):
        return {host: [gpus[number % len(gpus)]] for number, host in enumerate(hosts)}
    each, more = divmod(len(gpus), len(hosts))
    found, at = dict[str, list[int]](), 0
    for number, host in enumerate(hosts):
        count = each + (number < more)
        found[host] = list(gpus[at : at + count])
        at += count
    return found


def too_much(spec: Spec, gpus: Sequence[int]) -> str:
    """Why this machine can never run the job, empty if it can."""
    wanted = (spec.gpus or 0) * spec.instance_count
    if wanted > len(gpus):
        return f"{wanted} GPUs are wanted, and this machine has {len(gpus)}"
    if spec.wants_gpus and not gpus:
        return "GPUs are wanted, and this machine has none that can be seen"
    wanted = (spec.cores or 0) * spec.instance_count
    if wanted > cores_here():
        return f"{wanted} cores are wanted, and this machine has {cores_here()}"
    return ""


def take(folder: JobFolder, spec: Spec, state: State, gpus: Sequence[int]) -> bool:
    """Takes what the job needs, if it is its turn; what it has then stands in its state.

    Args:
        folder: The job's.
        spec: What it asks for.
        state: Where it is noted, and saved before another job looks.
        gpus: Those of the machine that may be used.
    """
    if spec.gpus is None and spec.cores is None:
        state.gpus = shared_out(gpus if spec.wants_gpus else (), spec.hosts)
        return True
    with locked(folder.path.parent / ".turns"):
        others = [other for path in folder.path.parent.iterdir() if path != folder.path and (other := _running(path))]
        state.waiting = True
        first = not any(other.waiting and _before(other, state) for other in others)
        taken = {gpu for other in others for given in other.gpus.values() for gpu in given}
        free = [gpu for gpu in gpus if gpu not in taken]
        cores = cores_here() - sum(other.cores for other in others)
        wanted_gpus = (spec.gpus or 0) * spec.instance_count
        wanted_cores = (spec.cores or 0) * spec.instance_count
        if first and wanted_gpus <= len(free) and (spec.cores is None or wanted_cores <= cores):
            if spec.gpus is None and spec.wants_gpus:
                state.gpus = shared_out(gpus, spec.hosts)
            else:
                state.gpus = shared_out(free[:wanted_gpus], spec.hosts)
            state.cores = wanted_cores
            state.waiting = False
        state.save(folder)
        return not state.waiting


def _before(other: State, state: State) -> bool:
    return (other.created, other.supervisor.pid) < (state.created, state.supervisor.pid)


def _running(path: Path) -> State | None:
    try:
        state = true_state(JobFolder(path)) if path.is_dir() else None
    except (KeyError, TypeError, ValueError):
        return None  # somebody has written into its files: others need not wait for it
    return state if state is not None and not state.is_ended else None

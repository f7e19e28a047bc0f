"""Starts local jobs, stops them and removes them. Everything goes through the job's folder."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path

from tui.files import write_json
from tui.sources.base import NotFound, Refused
from tui.sources.local.folders import JobFolder
from tui.sources.local.pids import Process, ourselves
from tui.sources.local.spec import Spec
from tui.sources.local.state import State, load, true_state

_STARTS_WITHIN_S = 30.0
_STEP_S = 0.005


def new_name(script: str, moment: datetime | None = None) -> str:
    """A name for a job nobody named: the script's, with the time to the millisecond."""
    stem = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in Path(script).stem)
    moment = moment or datetime.now(timezone.utc)
    stamp = f"{moment:%Y-%m-%d-%H-%M-%S}-{moment.microsecond // 1000:03}"
    return f"{stem.strip('-')[:39].rstrip('-') or 'job'}-{stamp}"


def start(spec: Spec, jobs: Path) -> JobFolder:
    """Starts a job under a supervisor of its own, and returns once the supervisor has it.

    Args:
        spec: The job.
        jobs: The folder of all jobs.

    Raises:
        Refused: The job cannot be run as it is, or there is one of its name.
        OSError: Its folder cannot be written.
    """
    spec.checked()
    folder = JobFolder(jobs / spec.name)
    try:
        folder.make()
    except FileExistsError as there:
        if there.filename != str(folder.path):
            raise  # something else is where the jobs should be
        raise Refused(f"there is a local job {spec.name} already", "give another --name") from None
    try:
        now_ms = int(time.time() * 1000)
        state = State(supervisor=ourselves(), created=now_ms)
        write_json(folder.request, spec.to_request() | {"CreationTime": now_ms})
        state.save(folder)
        error = os.open(folder.path / "supervisor.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    except BaseException:
        shutil.rmtree(folder.path, ignore_errors=True)  # half a job would only take its name
        raise
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", "tui.sources.local.supervisor", str(folder.path)],
            stdin=subprocess.DEVNULL,
            stdout=error,
            stderr=error,
            start_new_session=True,
        )
    finally:
        os.close(error)
    _until_supervised(folder, process)
    return folder


def stop(folder: JobFolder, grace_s: float | None = None) -> None:
    """Asks for a job's end: SIGTERM, and SIGKILL after the grace (two minutes if none is given).

    Where its supervisor has died, or the disk has no room for the wish, the hosts are told by the caller, who then
    waits for their end, and ends what they have left running.

    Raises:
        NotFound: There is no such job.
    """
    state = true_state(folder)
    if state is None:
        raise NotFound(f"there is no local job {folder.name}", "to list them: sagetop local list")
    if state.is_ended:
        if not state.supervisor.is_alive:
            _end_strays(folder)
        return
    try:
        write_json(folder.stop, {} if grace_s is None else {"grace_s": grace_s})
        if state.supervisor.is_alive:
            return
    except OSError:
        _tell([state.supervisor] if state.supervisor.is_alive else [], signal.SIGTERM)
    until = time.monotonic() + (120 if grace_s is None else grace_s)
    _tell(_left(state), signal.SIGTERM)
    while (left := _left(state)) and time.monotonic() < until:
        time.sleep(0.05)
    _tell(left, signal.SIGKILL)
    _end_strays(folder)


def remove(folder: JobFolder) -> None:
    """Removes an ended job and all that it left.

    Raises:
        NotFound: There is no such job.
        Refused: It still runs.
        OSError: Something cannot be removed.
    """
    state = true_state(folder)
    if not folder.path.is_dir():
        raise NotFound(f"there is no local job {folder.name}", "to list them: sagetop local list")
    if state is not None and not state.is_ended:
        raise Refused(f"{folder.name} still runs", f"stop it first: sagetop local stop {folder.name}")
    # Out of sight at once, whole: what takes long is done to a folder that is no job any more.
    gone = folder.path.with_name(f".{folder.name}.{os.getpid()}")
    folder.path.rename(gone)
    shutil.rmtree(gone)


def _left(state: State) -> list[Process]:
    return [process for host, process in state.hosts.items() if host not in state.exits and process.is_alive]


def _tell(processes: list[Process], number: signal.Signals) -> None:
    for process in processes:
        with suppress(ProcessLookupError, PermissionError):
            if number == signal.SIGKILL:
                os.killpg(process.pid, number)
            else:
                os.kill(process.pid, number)


def _end_strays(folder: JobFolder) -> None:
    """SIGKILL to what a job's scripts have started and nobody has waited for: with a container it would end too."""
    import psutil

    hosts = f"{folder.path / 'hosts'}{os.sep}"
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if process.environ().get("SAGEMAKER_BASE_DIR", "").startswith(hosts):
                process.kill()


def _until_supervised(folder: JobFolder, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _STARTS_WITHIN_S
    while time.monotonic() < until:
        state = load(folder)
        if state is not None and state.supervisor.pid != os.getpid():
            process.returncode = 0  # it is not waited for: it outlives this process
            return
        if process.poll() is not None:
            break
        time.sleep(_STEP_S)
    process.kill()  # one that takes so long would start it behind the back of whoever was told that it did not
    said = (folder.path / "supervisor.log").read_text(encoding="utf-8", errors="replace").strip()
    raise Refused(f"the job's supervisor did not start: {said.rpartition(chr(10))[2] or 'it says nothing'}")

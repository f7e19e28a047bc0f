"""A job's hosts: the folders they get, the processes they are, how they are told to end, what they leave."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from tui.sources.local.code import code_of
from tui.sources.local.contract import Host, arguments, split, variables, write_config
from tui.sources.local.folders import JobFolder
from tui.sources.local.spec import Channel, Spec


def prepare(spec: Spec, hosts: Iterable[Host]) -> None:
    """Makes each host's /opt/ml: the code copied, the channels linked to where their data lies, the config files.

    Raises:
        OSError: Something cannot be read or written.
    """
    files = code_of(spec).files
    hosts = list(hosts)
    for number, host in enumerate(hosts):
        host.layout.make()
        for path in files:
            to = host.layout.code / path
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(spec.source / path, to)
        if not spec.script.endswith(".py"):
            (host.layout.code / spec.script).chmod(0o700)  # it is run by itself, as a container does it
        for channel in spec.channels:
            _link(channel, host.layout.data / channel.name, number, len(hosts))
        write_config(spec, host)


def _link(channel: Channel, to: Path, number: int, count: int) -> None:
    """Data is not copied: a channel is a link to its folder, or a folder of links to files."""
    if channel.path.is_dir() and not channel.sharded:
        to.symlink_to(channel.path, target_is_directory=True)
        return
    if channel.path.is_dir():
        files = [path for path in sorted(channel.path.rglob("*")) if path.is_file()]
        root = channel.path
    else:
        files, root = [channel.path], channel.path.parent
    to.mkdir(mode=0o700)
    for path in files[number::count] if channel.sharded else files:
        place = to / path.relative_to(root)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(path)


def command(spec: Spec, host: Host, python: str) -> list[str]:
    """What is run: Python for a .py, the file itself for anything else, and a shell for a .sh that names none."""
    script = host.layout.code / spec.script
    given = arguments(split(spec.hyperparameters)[0])
    if spec.script.endswith(".py"):
        return [python, str(script), *given]
    with script.open("rb") as file:
        bare = spec.script.endswith(".sh") and file.read(2) != b"#!"
    return ["/bin/sh", str(script), *given] if bare else [str(script), *given]


def start(spec: Spec, host: Host, log: Path, python: str, environ: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Starts a host's script, in a session of its own, writing into its log by itself.

    Raises:
        OSError: There is no such interpreter, or the script may not be run.
    """
    environment = variables(spec, host, environ)
    if Path(python).is_absolute() and "PATH" not in spec.environment:
        # What a script calls `python`, `torchrun` or `accelerate` is of the interpreter's environment too.
        environment["PATH"] = os.pathsep.join([str(Path(python).parent), environment.get("PATH", os.defpath)])
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        return subprocess.Popen(
            command(spec, host, python),
            cwd=host.layout.code,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=handle,
            stderr=handle,
            start_new_session=True,
        )
    finally:
        os.close(handle)


def free_port() -> int:
    """A port of this machine that nobody has."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def ask_to_end(pid: int, script: str) -> None:
    """SIGTERM: to the script, which may want its children while it writes a checkpoint; a shell passes nothing on."""
    with suppress(ProcessLookupError, PermissionError):
        if script.endswith(".py"):
            os.kill(pid, signal.SIGTERM)
        else:
            os.killpg(pid, signal.SIGTERM)


def kill_group(pid: int) -> None:
    """SIGKILL to a host and to all that it started in its session."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def adopt_orphans() -> None:
    """Makes what hosts leave behind this process's children, as a container's first process has them (Linux)."""
    if sys.platform == "linux":
        import ctypes

        set_child_subreaper = 36
        ctypes.CDLL(None).prctl(set_child_subreaper, 1, 0, 0, 0)


def kill_descendants() -> None:
    """SIGKILL to whatever is left below this process: what ran in a container ends with it."""
    import psutil

    for _ in range(10):
        left = psutil.Process().children(recursive=True)
        if not left:
            return
        for process in left:
            with suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(left, timeout=1)


def ended(hosts: Mapping[int, str], on_end: Callable[[int], None]) -> dict[str, int]:
    """The hosts that have ended since the last time, with their exit codes as a container has them.

    Args:
        hosts: Their pids.
        on_end: Called for a pid that has ended while its number is still its own.
    """
    found = {}
    while (pid := _ended_child(hosts)) is not None:
        if pid in hosts:
            on_end(pid)
        status = os.waitpid(pid, 0)[1]
        if pid in hosts:
            code = os.waitstatus_to_exitcode(status)
            found[hosts[pid]] = code if code >= 0 else 128 - code
    return found


def _ended_child(hosts: Mapping[int, str]) -> int | None:
    if sys.platform == "linux":
        try:
            seen = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return None
        return seen.si_pid if seen else None
    import psutil

    for pid in hosts:
        with suppress(psutil.Error):
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return pid
    return None


def pack(to: Path, folders: Sequence[Path]) -> None:
    """Packs the folders' contents into one archive; of two files of one name the first host's is taken.

    Links are packed as what they lead to (`best.pt` → `checkpoint-3/model.pt`), if need be twice; pipes, sockets and
    links to folders elsewhere (a data set) not at all: there are files and folders in it only, so it can be served.

    Raises:
        OSError: It cannot be written, or something not read.
    """
    beside = to.with_name(f".{to.name}")
    seen: set[str] = set()
    try:
        with tarfile.open(beside, "w:gz", compresslevel=1, dereference=True) as archive:
            for folder in folders:
                for path in _contents(folder, os.path.realpath(folder), frozenset()):
                    name = path.relative_to(folder).as_posix()
                    if name not in seen:
                        seen.add(name)
                        archive.add(path, name, recursive=False)
        beside.replace(to)
    finally:
        beside.unlink(missing_ok=True)  # what a full disk cut off


def _contents(folder: Path, root: str, above: frozenset[str]) -> Iterator[Path]:
    """All files and folders below, without links that lead nowhere, to a folder they lie in or to one elsewhere."""
    above |= {os.path.realpath(folder)}
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.is_file():
            yield path
        elif path.is_dir() and (real := os.path.realpath(path)) not in above and real.startswith(root + os.sep):
            yield path
            yield from _contents(path, root, above)


def size_of(folder: JobFolder) -> int:
    """The bytes that a job's folder takes on the disk; what its links point to is not in it."""
    total = 0
    for root, _, files in os.walk(folder.path):
        for name in files:
            with suppress(OSError):
                total += os.lstat(f"{root}/{name}").st_blocks * 512
    return total

"""Files that several sagetops write at once, and that survive one which is killed in the middle of it."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tui.config import private_folder

_EVERY_S = 0.02


class Busy(Exception):
    """Another process holds the lock, and went on holding it."""


@contextmanager
def locked(path: Path, *, wait_s: float) -> Iterator[None]:
    """Hold a lock between processes and threads; the system gives it back when its holder dies, however it dies.

    Args:
        path: The lock's file, made where it is missing, and left there.
        wait_s: How long to wait for another holder.

    Raises:
        Busy: Another one had it all that time.
        OSError: The file cannot be made.
    """
    import fcntl

    _private_parents(path)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        until = time.monotonic() + wait_s
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= until:
                    raise Busy(path.name) from None
                time.sleep(_EVERY_S)
        yield
    finally:
        os.close(handle)


def append_line(path: Path, record: Mapping[str, Any]) -> None:
    """Add one JSON object as a line of its own, on the disk when this returns; 0600.

    A line that a killed process left unfinished is ended first, so that it takes none of the next one with it.
    """
    line = json.dumps(record, ensure_ascii=True, default=str).encode() + b"\n"
    with locked(path.with_suffix(".lock"), wait_s=10.0):
        handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "rb+", buffering=0) as file:
            end = file.seek(0, os.SEEK_END)
            if end:
                file.seek(end - 1)
                if file.read(1) != b"\n":
                    line = b"\n" + line
            while line:
                line = line[file.write(line) :]
            os.fsync(file.fileno())


def write_private(path: Path, record: Mapping[str, Any]) -> None:
    """Put a JSON object in place of a file: all of it or, whatever happens, what was there before; 0600."""
    _private_parents(path)
    beside = path.with_name(f".{path.name}.{os.getpid()}.{time.monotonic_ns()}")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            json.dump(record, file, ensure_ascii=True, indent=2, sort_keys=True, default=str)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def read_json(path: Path) -> dict[str, Any]:
    """The JSON object in a file, empty where there is no file or no object in it."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _private_parents(path: Path) -> None:
    """Makes the folder of a file, and the one above it, where they are missing."""
    if not path.parent.parent.exists():
        private_folder(path.parent.parent)
    private_folder(path.parent)

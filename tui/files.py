"""Small files that several sagetops read and write at once: whole or not at all, and for their owner alone."""

from __future__ import annotations

import errno
import fcntl
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_EVERY_S = 0.02


class Busy(Exception):
    """Another process holds the lock, and went on holding it."""


def private_folder(folder: Path) -> Path:
    """Makes the folder, and those above it that are missing, for their owner alone (0700).

    Raises:
        OSError: It cannot be made.
    """
    if not folder.parent.exists():
        private_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def write_text(path: Path, text: str) -> None:
    """Puts a text in place of a file (0600): all of it or, whatever happens, what was there before.

    Raises:
        OSError: It cannot be written; what was there before still is.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}.{time.monotonic_ns()}")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Puts a JSON object in place of a file, as `write_text` does; what JSON does not know is written as its `str`."""
    import json

    write_text(path, json.dumps(value, indent=2, default=str) + "\n")


def read_json(path: Path) -> dict[str, Any]:
    """The JSON object in a file, empty where there is no file or no object in it."""
    try:
        return _object(path.read_bytes())
    except OSError:
        return {}


def append_line(path: Path, record: Mapping[str, Any]) -> None:
    """Adds one JSON object as a line of its own (0600), on the disk when this returns.

    A line that a killed process left unfinished is ended first, so that it takes none of the next one with it.

    Raises:
        Busy: Another process has been writing for ten seconds.
        OSError: It cannot be written.
    """
    import json

    line = json.dumps(record, default=str).encode() + b"\n"
    with locked(path.with_suffix(".lock"), wait_s=10.0):
        handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(handle, "rb+", buffering=0) as file:
            end = file.seek(0, os.SEEK_END)
            if end:
                file.seek(end - 1)
                if file.read(1) != b"\n":
                    line = b"\n" + line
            while line:
                line = line[file.write(line) :]
            os.fsync(file.fileno())


def append_records(handle: int, records: bytes, size: int) -> None:
    """Adds records of one size to a file of nothing else: half of one would shift all behind it.

    Raises:
        OSError: There is no room for all of them.
    """
    if os.write(handle, records) < len(records):
        end = os.fstat(handle).st_size
        os.ftruncate(handle, end - end % size)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The JSON objects in a file of one a line; lines that hold none are left out, and all where there is no file."""
    try:
        content = path.read_bytes()
    except OSError:
        return
    for line in content.splitlines():
        if record := _object(line):
            yield record


@contextmanager
def locked(path: Path, *, wait_s: float | None = None) -> Iterator[None]:
    """Holds a lock between processes and threads; the system gives it back when its holder dies, however it dies.

    Args:
        path: The lock's file, made where it is missing, and left there.
        wait_s: How long to wait for another holder; None for as long as it takes.

    Raises:
        Busy: Another one had it all that time.
        OSError: The file cannot be made.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if wait_s is None:
            fcntl.flock(handle, fcntl.LOCK_EX)
        else:
            _lock(handle, path, time.monotonic() + wait_s)
        yield
    finally:
        os.close(handle)


def _lock(handle: int, path: Path, until: float) -> None:
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() >= until:
                raise Busy(path.name) from None
            time.sleep(_EVERY_S)


def _object(content: bytes) -> dict[str, Any]:
    import json

    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}

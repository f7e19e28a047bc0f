"""What was asked of models before, to be asked again: a file in the state folder, its owner's alone."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tui.config import private_folder
from tui.model.invocation import Invocation

_MOST = 200
_LARGEST = 64_000
"""Bytes of a body that is kept."""


def history(folder: Path, endpoint: str) -> tuple[Invocation, ...]:
    """What was asked of an endpoint, the newest first, each request once."""
    found: dict[Invocation, None] = {}
    for name, invocation in reversed(_read(folder)):
        if name == endpoint:
            found.setdefault(invocation)
    return tuple(found)


def remember(folder: Path, endpoint: str, invocation: Invocation) -> None:
    """Keeps a request; one that is no text, or too long, is not kept.

    Raises:
        OSError: It cannot be written.
    """
    try:
        invocation.body.decode("utf-8")
    except UnicodeDecodeError:
        return
    if len(invocation.body) > _LARGEST:
        return
    private_folder(folder)
    with _alone(folder):
        entries = [entry for entry in _read(folder) if entry != (endpoint, invocation)]
        lines = [_line(*entry) for entry in (*entries, (endpoint, invocation))][-_MOST:]
        beside = folder / f".asked.{os.getpid()}"
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.writelines(lines)
        beside.replace(_file(folder))


def _file(folder: Path) -> Path:
    return folder / "asked.jsonl"


def _line(endpoint: str, invocation: Invocation) -> str:
    return (
        json.dumps(
            {
                "endpoint": endpoint,
                "body": invocation.body.decode("utf-8"),
                "content_type": invocation.content_type,
                "accept": invocation.accept,
                "variant": invocation.variant,
            }
        )
        + "\n"
    )


def _read(folder: Path) -> list[tuple[str, Invocation]]:
    """All that is kept, the oldest first; what is no such line is passed over."""
    try:
        lines = _file(folder).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return []
    found = []
    for line in lines:
        try:
            value = json.loads(line)
            invocation = Invocation(
                str(value["body"]).encode("utf-8"),
                str(value["content_type"]),
                str(value["accept"]),
                str(value["variant"]),
            )
            found.append((str(value["endpoint"]), invocation))
        except (ValueError, KeyError, TypeError):
            continue
    return found


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    handle = os.open(folder / ".asked.lock", os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)

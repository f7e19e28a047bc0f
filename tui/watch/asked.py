"""What was asked of models before, to be asked again: a file in the state folder, its owner's alone."""

from __future__ import annotations

import json
from pathlib import Path

from tui.files import locked, private_folder, read_lines, write_text
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
    with locked(folder / ".asked.lock"):
        entries = [entry for entry in _read(folder) if entry != (endpoint, invocation)]
        lines = [_line(*entry) for entry in (*entries, (endpoint, invocation))]
        write_text(_file(folder), "".join(lines[-_MOST:]))


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
    found = []
    for value in read_lines(_file(folder)):
        try:
            invocation = Invocation(
                str(value["body"]).encode("utf-8"),
                str(value["content_type"]),
                str(value["accept"]),
                str(value["variant"]),
            )
            found.append((str(value["endpoint"]), invocation))
        except (KeyError, UnicodeEncodeError):
            continue
    return found

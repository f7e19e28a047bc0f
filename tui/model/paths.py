"""Paths as people write them."""

from __future__ import annotations

from pathlib import Path


def path_of(text: str) -> Path:
    """The path that a person means, `~` and `~name` in front of it included; one of no such home is as it stands."""
    try:
        return Path(text).expanduser()
    except RuntimeError:
        return Path(text)

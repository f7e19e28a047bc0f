"""Saving a chart to a file as plain text."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from tui.model.clean import clean


def save(path: Path, text: str) -> tuple[str, Literal["information", "warning"]]:
    """Write a chart to a new file, UTF-8.

    Returns:
        What to say about it, and how loud. A file that exists is left alone.
    """
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(f"{text}\n")
    except OSError as error:
        return f"Not saved: {clean(str(error))}", "warning"
    return f"Saved the chart to {clean(str(path))}", "information"

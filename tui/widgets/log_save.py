"""Saving a log to a file, byte for byte what was logged."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from tui.model.clean import clean
from tui.model.log_buffer import LogRows
from tui.model.log_lines import LogLines


def save(path: Path, lines: LogLines | None, rows: LogRows) -> tuple[str, Literal["information", "warning"]]:
    """Write the lines shown, or all rows when there are none, to a new file.

    Returns:
        What to say about it, and how loud. A file that exists is left alone.
    """
    try:
        with path.open("xb") as file:
            if lines is None:
                for block in rows.blocks:
                    file.write(block.text)
                count = len(rows)
            else:
                count = len(lines)
                for line in range(count):
                    number, index = lines.place(line)
                    file.write(lines.rows.blocks[number].row(index) + b"\n")
    except OSError as error:
        return f"Not saved: {clean(str(error))}", "warning"
    return f"Saved {count:,} lines to {clean(str(path))}", "information"

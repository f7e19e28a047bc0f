"""Copying out of a terminal: to its clipboard by OSC 52 where the text is small enough, else to a file."""

from __future__ import annotations

import base64
import os
import tempfile
from pathlib import Path

from textual.app import App

from tui.model.orders import passed_on

LARGEST = 74_994
"""Characters of base64 that terminals take in one OSC 52; xterm and those like it drop longer ones."""


def copy(app: App[object], text: str) -> str:
    """Copy text that has been cleaned, and say where it is now.

    Inside tmux or screen the terminal outside is told too. Larger texts go to a file that only the user can read.
    """
    data = text.encode("utf-8", "replace")
    if (len(data) + 2) // 3 * 4 <= LARGEST:
        app.copy_to_clipboard(data.decode())
        wrapped = wrapped_osc52(data, dict(os.environ))
        if wrapped and app._driver is not None:
            app._driver.write(wrapped)
        lines = text.count("\n") + 1
        return f"Copied {lines:,} line{'s' if lines != 1 else ''} to the terminal's clipboard."
    handle, name = tempfile.mkstemp(prefix="sagetop-", suffix=".txt")  # 0600
    os.close(handle)
    Path(name).write_bytes(data)
    return f"Too large for the terminal's clipboard: written to {name}"


def wrapped_osc52(data: bytes, environment: dict[str, str]) -> str:
    """The order to copy, as the terminal around tmux or screen gets to see it; empty outside of them."""
    return passed_on(f"\x1b]52;c;{base64.b64encode(data).decode()}\x07", environment)

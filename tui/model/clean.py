"""What a terminal may be shown: the one border that all outside text crosses before it is drawn or printed."""

from __future__ import annotations

import re

# Sequences that end with BEL or ST first (OSC, DCS, APC, PM, SOS), then CSI, then any other escape.
_ESCAPES = re.compile(
    r"(?:\x1b[\]PX^_]|[\x90\x98\x9d\x9e\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"
    r"|\x1b[ -/]*[0-~]?"
)
# C0 but for tab and newline, DEL, C1, and the marks that turn the direction of what follows.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def clean(text: str) -> str:
    """One line of text that means nothing to a terminal: no escapes, no controls, no newline, no direction marks."""
    text = _ESCAPES.sub("", text)
    return _CONTROLS.sub("", text.replace("\n", " ").replace("\t", " "))

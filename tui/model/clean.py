"""What a terminal may be shown: the one border that all outside text crosses before it is drawn or printed.

A sequence that is complete is taken out as a terminal would; of one that never ends only its introducer goes, so
that a stray `ESC ]` hides nothing of what was logged. Every pattern here is linear in the length of the text.
"""

from __future__ import annotations

import re

# Strings that a terminal obeys (OSC, DCS, APC, PM, SOS) up to BEL or ST. Whatever would end or restart one inside a
# terminal (another escape, CAN, SUB, a newline) may not stand in its body.
_STRING = "(?:\x1b[\\]PX^_]|[\x90\x98\x9d\x9e\x9f])[^\x07\x0a\x18\x1a\x1b\x80-\x9f]*(?:\x07|\x1b\\\\|\x9c)"
_CSI = "(?:\x1b\\[|\x9b)[0-?]*[ -/]*[@-~]"
_OTHER = "\x1b[ -/]*[0-~]"
_ESCAPES = re.compile(f"{_STRING}|{_CSI}|{_OTHER}")

# What becomes a blank: tab and everything that some terminal takes for the end of a line.
_BLANKS = re.compile("\r\n|[\t\n\x0b\x0c\r\x85\u2028\u2029]")

# What is dropped. Besides C0, DEL and C1: marks that turn the direction of what follows, and characters without a
# width of their own, on whose place no two terminals agree (zero-width spaces and joiners, variation selectors, tags).
_DROPPED = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
    "\xad\u034f\u180b-\u180f\u200b-\u200d\u2060-\u2065\u206a-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e0fff]"
)
_SURROGATES = re.compile("[\ud800-\udfff]")

# Marks that pile up on one character: four are more than any language writes.
_MARK = "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
_PILES = re.compile(f"({_MARK}{{4}}){_MARK}+")

_MOST_STATES = 10_000  # empty ones, one after the other, before a line is taken as it is

_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"
    "\xad\u034f\u180b-\u180f\u200b-\u200d\u2060-\u2065\u206a-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffb"
    f"\ud800-\udfff\U000e0000-\U000e0fff]|{_MARK}{{5}}"
)


def clean(text: str) -> str:
    """One line of text that means nothing to a terminal: no escapes, no controls, no newline, no direction marks.

    Tabs and newlines become a blank each, lone surrogates U+FFFD. Text that holds none of these is returned as it is.
    """
    if (text.isascii() and text.isprintable()) or _UNSAFE.search(text) is None:
        return text
    text = _BLANKS.sub(" ", _ESCAPES.sub("", text))
    text = _SURROGATES.sub("\ufffd", _DROPPED.sub("", text))
    return _PILES.sub(r"\1", text)


def without_escapes(text: str) -> str:
    """`text` without its escape sequences but with its newlines: what is searched, so that no colour hides a word."""
    return _ESCAPES.sub("", text) if "\x1b" in text else text


def last_state(line: str) -> str:
    r"""What a progress bar showed last: what follows the last `\r` that has something to show behind it."""
    end = len(line)
    for _ in range(_MOST_STATES):
        start = line.rfind("\r", 0, end)
        if start < 0:
            break
        part = line[start + 1 : end]
        if clean(part).strip():
            return part
        end = start
    return line[:end]

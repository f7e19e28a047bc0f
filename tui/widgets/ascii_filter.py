"""Draws sagetop's own signs with characters that every terminal has."""

from __future__ import annotations

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

_PLAIN = str.maketrans(
    {
        **dict.fromkeys("─━╌╸╺", "-"),
        **dict.fromkeys("│┃▏▎▍▌▋▊▉█▇▆▅▄", "|"),
        **dict.fromkeys("┌┐└┘├┤┬┴┼", "+"),
        **dict.fromkeys("▁▂▃", "_"),
        **dict.fromkeys("▸▶→›»", ">"),
        **dict.fromkeys("◂◀←‹«", "<"),
        **dict.fromkeys("▲↑", "^"),
        **dict.fromkeys("▼↓", "v"),
        "⏎": "<",
        "●": "*",
        "○": "o",
        "✓": "+",
        "✕": "x",
        "×": "x",
        "·": ".",
        "…": "~",
        "–": "-",
        "—": "-",
        "≈": "~",
    }
)


class AsciiFilter(LineFilter):
    """Replaces the signs in what is about to be written, one character for one; letters of any script stay."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The segments with plain signs, whatever they are drawn upon."""
        del background
        return [
            segment
            if segment.text.isascii()
            else Segment(segment.text.translate(_PLAIN), segment.style, segment.control)
            for segment in segments
        ]

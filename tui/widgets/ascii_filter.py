"""For terminals that can do less: sagetop's own signs as plain characters, and nothing in colour."""

from __future__ import annotations

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

_PLAIN = str.maketrans(
    {
        **dict.fromkeys("─━╌╸╺▔", "-"),
        **dict.fromkeys("│┃▏▎▍▌▋▊▉█▇▆▅▄", "|"),
        **dict.fromkeys("┌┐└┘├┤┬┴┼", "+"),
        **dict.fromkeys("▁▂▃", "_"),
        **dict.fromkeys("▸▶→›»", ">"),
        **dict.fromkeys("◂◀←‹«", "<"),
        **dict.fromkeys("▲↑", "^"),
        **dict.fromkeys("▼↓", "v"),
        "⏎": "<",
        "⌫": "<",
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
        "🔎": "? ",  # the palette's, two cells wide
    }
)


class AsciiFilter(LineFilter):
    """Replaces the signs in what is about to be written, cell for cell; letters of any script stay."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The segments with plain signs, whatever they are drawn upon."""
        del background
        return [
            segment
            if segment.text.isascii()
            else Segment(segment.text.translate(_PLAIN), segment.style, segment.control)
            for segment in segments
        ]


class ColorlessFilter(LineFilter):
    """Drops colours and keeps the rest (bold, reverse, underline): Textual's own answer to NO_COLOR sends greys."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The segments without foreground and background colours."""
        del background
        return [
            Segment(text, None if style is None else style.without_color, control) for text, style, control in segments
        ]

"""What is on screen, as text: what the compositor would send to the terminal, without its colours."""

from __future__ import annotations

import unicodedata

from textual.app import App
from textual.strip import Strip


def screen_strips(app: App[object]) -> list[Strip]:
    """The screen's lines as drawn now."""
    return list(app.screen._compositor.render_strips())


def screen_text(app: App[object]) -> str:
    """The screen's lines, blanks at their ends left out."""
    return "\n".join(strip.text.rstrip() for strip in screen_strips(app))


def assert_harmless(app: App[object]) -> None:
    """Nothing on screen means anything to a terminal but what Textual itself sends, and every line has its width."""
    for y, strip in enumerate(screen_strips(app)):
        for segment in strip:
            assert segment.control is None, f"line {y}: a control segment {segment!r}"
            for char in segment.text:
                category = unicodedata.category(char)
                assert category not in ("Cc", "Cs", "Zl", "Zp"), f"line {y}: {char!r} in {segment.text!r}"
                assert not (category == "Cf" and unicodedata.bidirectional(char) not in ("AL", "AN", "ON", "L")), (
                    f"line {y}: {char!r} turns the direction of {segment.text!r}"
                )
        assert strip.cell_length == app.size.width, f"line {y} has {strip.cell_length} cells"

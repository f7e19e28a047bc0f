"""Names and values under headings: all that is known of a thing, to be scrolled through."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from rich.cells import cell_len, chop_cells
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tui.model.clean import clean
from tui.model.words import beginning, cut

_LONGEST = 4096
"""Characters of a value: more than AWS allows anywhere."""

_PARTS = re.compile(r"(?:[^ /:,]|,(?=\d{3}\b))*(?:[/:,]+|$| +)|[^ ]+")  # not within 6,000

Section = tuple[str, Sequence[tuple[str, str]]]
"""A heading and its names and values, as they came from outside."""


class Facts(VerticalScroll, can_focus=True):
    """Sections of names and values."""

    BINDINGS = [
        Binding("j,down", "scroll_down", "down", id="facts.down", show=False),
        Binding("k,up", "scroll_up", "up", id="facts.up", show=False),
        Binding("g,home", "scroll_home", "top", id="facts.top", show=False),
        Binding("G,end", "scroll_end", "bottom", id="facts.bottom", show=False),
        Binding("ctrl+d", "page_down", "page down", id="facts.page-down", show=False),
        Binding("ctrl+u", "page_up", "page up", id="facts.page-up", show=False),
    ]
    DEFAULT_CSS = """
    Facts { padding: 0 1; scrollbar-size-vertical: 1; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._static = Static("", markup=False)
        self._shown: list[tuple[str, list[tuple[str, str]]]] = []

    def compose(self) -> ComposeResult:
        """One text."""
        yield self._static

    def show(self, sections: Sequence[Section]) -> None:
        """Draw these, if they differ from what is there; sections without entries are left out."""
        wanted = [(title, list(entries)) for title, entries in sections if entries]
        if wanted != self._shown:
            self._shown = wanted
            self._draw()

    def on_resize(self) -> None:
        """Long values are folded where the pane ends."""
        self._draw()

    def _draw(self) -> None:
        lines: list[Content] = []
        for title, entries in self._shown:
            width = min(max(len(clean(name)) for name, _ in entries), 24)
            lines.append(Content.styled(title, "bold $accent"))
            room = max(self.content_size.width - width - 5, 12)
            for name, value in entries:
                head, *rest = folded(clean(beginning(value, _LONGEST)), room)
                lines.append(Content.assemble((f"  {cut(clean(name), width):<{width}}  ", "$text-muted"), head))
                lines += [Content(" " * (width + 4) + line) for line in rest]
        self._static.update(Content("\n").join(lines))


def folded(text: str, room: int) -> list[str]:
    """A text in lines of so many cells, folded between words; what is longer than a line behind a `/`, `:` or `,`."""
    lines: list[str] = []
    line = ""
    for part in _PARTS.findall(text):
        if cell_len(line + part.rstrip(" ")) <= room:
            line += part
            continue
        if line:
            lines.append(line.rstrip(" "))
        *full, line = chop_cells(part, room) or [""]
        lines += full
    return [*lines, line.rstrip(" ")] if line or not lines else lines


def pairs(values: Mapping[str, str]) -> list[tuple[str, str]]:
    """A mapping's entries in the order of their names."""
    return sorted(values.items())

"""A titled part of a screen: a rule with words above it, and no box around it."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widget import Widget

from tui.model.clean import clean


class PaneTitle(Widget):
    """`── log ── algo-1 algo-2 ── following ─────`: the title, then notes, then the rule to the end."""

    DEFAULT_CSS = """
    PaneTitle { height: 1; width: 100%; color: $text-muted; }
    """

    def __init__(self, title: str) -> None:
        super().__init__()
        self._title = title
        self._notes: tuple[Content, ...] = ()
        self._number = 0
        self._others = ""
        self.lit = False

    def show(self, *notes: str | Content) -> None:
        """Draw these notes behind the title, if they differ from what is there."""
        wanted = tuple(Content(clean(note)) if isinstance(note, str) else note for note in notes if note)
        if wanted != self._notes:
            self._notes = wanted
            self.refresh()

    def place(self, number: int, others: Sequence[str]) -> None:
        """Show the number that leads to this pane, and at the right end the panes that are not on screen."""
        wanted = (number, "  ".join(others))
        if wanted != (self._number, self._others):
            self._number, self._others = wanted
            self.refresh()

    def light(self, lit: bool) -> None:
        """Show whether the pane has the keys."""
        if lit != self.lit:
            self.lit = lit
            self.refresh()

    def render(self) -> Content:
        """The rule, as wide as the pane."""
        line = "━" if self.lit else "─"
        rule = "$accent" if self.lit else "$text-disabled"
        parts: list[Content | tuple[str, str]] = [(line * 2, rule)]
        if self._number:
            parts.append((f" {self._number}", "$text-muted"))
        parts.append((f" {self._title} ", "bold $text"))
        for note in self._notes:
            parts += [(line * 2, rule), Content(" "), note, Content(" ")]
        text = Content.assemble(*parts)
        others = f" {self._others} " if self._others else ""
        width = self.size.width - len(others)
        if text.cell_length > width:
            text = text.truncate(max(width, 0), ellipsis=True)
        return Content.assemble(text, (line * (width - text.cell_length), rule), (others, "$text-muted"))


class Pane(Vertical):
    """A part of a screen with its title; it is lit while one of its widgets has the focus."""

    DEFAULT_CSS = """
    Pane { width: 1fr; height: 1fr; }
    """

    def __init__(self, title: str, *children: Widget, id: str) -> None:
        super().__init__(id=id)
        self.title = PaneTitle(title)
        self._parts = children

    def compose(self) -> ComposeResult:
        """The rule and what stands below it."""
        yield self.title
        yield from self._parts

    def on_descendant_focus(self) -> None:
        """The keys come here now."""
        self.title.light(True)

    def on_descendant_blur(self) -> None:
        """The keys go elsewhere, if not to another widget in here."""
        self.title.light(self.has_focus_within)

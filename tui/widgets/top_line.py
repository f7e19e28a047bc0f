"""The line of identity on top of every screen: where one is, as whom, and how old the data is."""

from __future__ import annotations

from rich.cells import cell_len
from textual.content import Content
from textual.widget import Widget

from tui.model.clean import clean
from tui.model.words import cut


class TopLine(Widget):
    """Left: the place. Middle: account, region, role. Right: counts and the age of the data.

    What does not fit is left out from the middle first; the place is cut in its own middle.
    """

    DEFAULT_CSS = """
    TopLine { height: 1; width: 100%; background: $panel; color: $text; dock: top; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._parts: tuple[str, tuple[str, ...], Content] = ("", (), Content(""))

    def show(self, place: str, identity: tuple[str, ...], state: Content) -> None:
        """Draw these, if they differ from what is there."""
        if (place, identity, state) != self._parts:
            self._parts = (place, identity, state)
            self.refresh()

    def render(self) -> Content:
        """One line as wide as the screen."""
        place, identity, state = self._parts
        width = self.size.width
        if state.cell_length > width - 12:
            state = state.truncate(max(width - 12, 0), ellipsis=True)
        room = width - state.cell_length - 1
        head = " sagetop  "
        place = cut(clean(place), max(room - len(head) - 1, 1))
        parts = [clean(part) for part in identity if part]
        while parts and len(head) + cell_len(place) + 3 + cell_len(" · ".join(parts)) + 2 > room:
            parts.pop()
        middle = " · ".join(parts)
        left = Content.assemble((head, "bold $accent"), (place, "bold"))
        gap = room - left.cell_length - cell_len(middle)
        before = min(max(gap // 2, 0), 6) if middle else 0
        after = max(gap - before, 0)
        return Content.assemble(left, " " * before, (middle, "$text-muted"), " " * after, state, " ")

"""The keys that work here, on the last line of every screen."""

from __future__ import annotations

from textual import events
from textual.binding import ActiveBinding
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget

GAP = 2
"""Cells between two keys."""


class KeyLine(Widget):
    """The bindings that are shown, made from the bindings themselves; a click presses the key.

    One line drawn at once: Textual's Footer mounts a widget for every key, and mounts them all anew whenever the
    focus moves, which is the better part of a first frame. Keys that find no room are left out rather than cut: the
    app's own, and those that `keep` names, are the last to go.

    Args:
        keep: What the names of actions begin with whose keys must find room.
    """

    ALLOW_SELECT = False
    DEFAULT_CSS = "KeyLine { height: 1; width: 100%; dock: bottom; background: $panel; }"

    def __init__(self, keep: str = "") -> None:
        super().__init__()
        self._keep = keep
        self._drawn = Content("")
        self._places: list[tuple[range, str]] = []

    def on_mount(self) -> None:
        """The keys change with the focus, and with what a screen allows."""
        self.screen.bindings_updated_signal.subscribe(self, self._changed)

    def render(self) -> Content:
        """Each key once, with what it does."""
        found: list[tuple[ActiveBinding, Content]] = []
        seen: set[str] = set()
        for active in self.screen.active_bindings.values():
            binding = active.binding
            if not binding.show or binding.action in seen:
                continue
            seen.add(binding.action)
            key = Content.styled(self.app.get_key_display(binding), "bold $footer-key-foreground")
            part = Content.assemble(key, f" {binding.description}  ")
            found.append((active, part if active.enabled else part.stylize("dim")))
        parts: list[Content] = []
        self._places = []
        column = 0
        for active, part in self._fitting(found):
            if active.enabled:
                self._places.append((range(column, column + part.cell_length - GAP), active.binding.key))
            parts.append(part)
            column += part.cell_length
        self._drawn = Content("").join(parts)
        return self._drawn

    def _fitting(self, found: list[tuple[ActiveBinding, Content]]) -> list[tuple[ActiveBinding, Content]]:
        def must(active: ActiveBinding) -> bool:
            return active.node is self.app or (bool(self._keep) and active.binding.action.startswith(self._keep))

        room = self.size.width + GAP - sum(part.cell_length for active, part in found if must(active))
        fitting = []
        for active, part in found:
            if not must(active):
                if part.cell_length > room:
                    continue
                room -= part.cell_length
            fitting.append((active, part))
        return fitting

    async def on_click(self, event: events.Click) -> None:
        """As if the key had been pressed."""
        for place, key in self._places:
            if event.x in place:
                self.app.simulate_key(key)

    def _changed(self, screen: Screen[object]) -> None:
        # What a terminal that lost the focus would show is no news.
        if self.app.app_focus and screen is self.screen:
            before = self._drawn
            if self.render() != before:
                self.refresh()

"""The keys that work here, on the last line of every screen."""

from __future__ import annotations

from textual import events
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget


class KeyLine(Widget):
    """The bindings that are shown, made from the bindings themselves; a click presses the key.

    One line drawn at once: Textual's Footer mounts a widget for every key, and mounts them all anew whenever the
    focus moves, which is the better part of a first frame.
    """

    ALLOW_SELECT = False
    DEFAULT_CSS = "KeyLine { height: 1; width: 100%; dock: bottom; background: $panel; }"

    def __init__(self) -> None:
        super().__init__()
        self._drawn = Content("")
        self._places: list[tuple[range, str]] = []

    def on_mount(self) -> None:
        """The keys change with the focus, and with what a screen allows."""
        self.screen.bindings_updated_signal.subscribe(self, self._changed)

    def render(self) -> Content:
        """Each key once, with what it does."""
        parts: list[Content] = []
        self._places = []
        seen: set[str] = set()
        column = 0
        for active in self.screen.active_bindings.values():
            binding = active.binding
            if not binding.show or binding.action in seen:
                continue
            seen.add(binding.action)
            key = Content.styled(self.app.get_key_display(binding), "bold $footer-key-foreground")
            part = Content.assemble(key, f" {binding.description}  ")
            if active.enabled:
                self._places.append((range(column, column + part.cell_length - 2), binding.key))
            parts.append(part if active.enabled else part.stylize("dim"))
            column += part.cell_length
        self._drawn = Content("").join(parts)
        return self._drawn

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

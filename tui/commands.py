"""The command palette: every place and every key's action, found by typing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Protocol, runtime_checkable

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.types import IgnoreReturnCallbackType


@runtime_checkable
class GoesTo(Protocol):
    """The app, as the palette knows it."""

    PLACES: Sequence[str]

    def go_to(self, place: str | None) -> None:
        """Go to one of PLACES."""


class SagetopCommands(Provider):
    """Offers the places that need no name, and what the bindings of the screen below offer, by their descriptions."""

    def _commands(self) -> Iterator[tuple[str, str, IgnoreReturnCallbackType]]:
        app = self.app
        assert isinstance(app, GoesTo)
        for place in app.PLACES:
            if not place.endswith(" "):
                yield f"go to {place}", f"key :{place}", partial(app.go_to, place)
        seen = set()
        for active in self.screen.active_bindings.values():
            binding = active.binding
            if not binding.description or not active.enabled or binding.action in seen or binding.system:
                continue
            seen.add(binding.action)
            run = partial(self.app.run_action, binding.action, default_namespace=active.node)
            yield binding.description, f"key {self.app.get_key_display(binding)}", run

    async def discover(self) -> Hits:
        """All of them, before anything is typed."""
        for name, help_text, run in self._commands():
            yield DiscoveryHit(name, run, help=help_text)

    async def search(self, query: str) -> Hits:
        """Those that match."""
        matcher = self.matcher(query)
        for name, help_text, run in self._commands():
            if (score := matcher.match(name)) > 0:
                yield Hit(score, matcher.highlight(name), run, help=help_text)

"""All keys that work where one is, made from the bindings themselves: it cannot tell of a key that is not there."""

from __future__ import annotations

from collections import defaultdict

from textual.app import ComposeResult
from textual.binding import ActiveBinding, Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

_TITLES = {"app": "everywhere", "screen": "this screen"}


class HelpScreen(ModalScreen[None]):
    """The bindings of the screen below, grouped by the first part of their ids."""

    BINDINGS = [Binding("escape,q,question_mark", "dismiss", "close", id="help.close")]

    def __init__(self, bindings: dict[str, ActiveBinding]) -> None:
        super().__init__()
        self._active = bindings

    def compose(self) -> ComposeResult:
        """One line a binding; it scrolls where there is no room."""
        with VerticalScroll():
            yield Static(self._table(), markup=False)

    def on_mount(self) -> None:
        """Arrows scroll."""
        self.query_one(VerticalScroll).focus()

    def _table(self) -> Content:
        groups: dict[str, dict[str, tuple[Binding, list[str]]]] = defaultdict(dict)
        for active in self._active.values():
            binding = active.binding
            if not binding.id or not binding.description or not active.enabled:
                continue  # those without an id are Textual's own, as every program made with it has them
            _, keys = groups[binding.id.partition(".")[0]].setdefault(binding.id, (binding, []))
            keys.append(self.app.get_key_display(binding))
        title = Content.assemble(("Keys that work here", "bold"), ("   esc closes", "$text-muted"))
        lines: list[Content] = [title, Content("")]
        for group in sorted(groups, key=lambda group: (group == "app", group == "screen", group)):
            lines.append(Content.styled(_TITLES.get(group, group), "bold $accent"))
            for binding, keys in groups[group].values():
                said = " ".join(dict.fromkeys(keys))
                words = binding.tooltip or binding.description
                lines.append(Content.assemble((f"  {said:<16} ", "$text-accent"), words))
            lines.append(Content(""))
        lines.append(
            Content.styled("Every key can be changed by its id in config.toml: see the README.", "$text-muted")
        )
        return Content("\n").join(lines)

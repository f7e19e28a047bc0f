"""One line that says what failed and what to do; not there while nothing is wrong."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.widgets import Static

from tui.model.clean import clean
from tui.sources.base import SourceError


class ProblemLine(Static):
    """Shows the errors of failed refreshes above the keys, the first one in full."""

    DEFAULT_CSS = """
    ProblemLine {
        height: auto; max-height: 3; width: 100%; padding: 0 1; display: none;
        color: $text-error; background: $error-muted;
        &.-there { display: block; }
    }
    """

    def __init__(self) -> None:
        super().__init__("", markup=False)
        self._said = ""

    def show(self, errors: Sequence[SourceError]) -> None:
        """Say these errors, or nothing where there is none."""
        said = ""
        if errors:
            first = errors[0]
            said = f"! {clean(first.what)}" + (f" — {clean(first.hint)}" if first.hint else "")
            if len(errors) > 1:
                said += f"  (and {len(errors) - 1} more: {clean(errors[1].what)})"
        if said != self._said:
            self._said = said
            self.update(Content(said))
            self.set_class(bool(said), "-there")

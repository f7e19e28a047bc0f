"""One line that says what is wrong with what is on screen; not there while nothing is."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.widgets import Static

from tui.model.clean import clean
from tui.model.findings import Finding

COLOURS = {"critical": "$text-error", "warning": "$text-warning"}
"""Of a finding's severity."""


class FindingsLine(Static):
    """`! algo-2 GPU fluctuates (p95 98%, p5 4%)  and 2 more  → f`, above the keys."""

    DEFAULT_CSS = """
    FindingsLine {
        height: 1; width: 100%; padding: 0 1; display: none; text-overflow: ellipsis; text-wrap: nowrap;
        &.-there { display: block; }
    }
    """

    def __init__(self) -> None:
        super().__init__("", markup=False)
        self._said: Content | None = None

    def show(self, findings: Sequence[Finding], *, of: str = "", key: str = "") -> None:
        """Say the gravest of them, or nothing where there is none.

        Args:
            findings: The gravest first.
            of: Whose they are, where that is not what the screen is about.
            key: What leads to all of them.
        """
        said: Content | None = None
        if findings:
            first = findings[0]
            colour = COLOURS[first.severity]
            more = f"  and {len(findings) - 1} more" if len(findings) > 1 else ""
            said = Content.assemble(
                ("! ", f"bold {colour}"),
                (f"{clean(of)}  " if of else "", "bold"),
                (clean(first.sentence), colour),
                (more, "$text-muted"),
                (f"  → {key}" if key else "", "bold $accent"),
            )
        if said != self._said:
            self._said = said
            self.update(said or Content(""))
            self.set_class(said is not None, "-there")

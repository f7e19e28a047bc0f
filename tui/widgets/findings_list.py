"""Findings one below the other, each with its evidence, to be gone to."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.binding import Binding
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from tui.model.clean import clean
from tui.model.findings import Finding
from tui.widgets.findings_line import COLOURS

_LONGEST = 400  # characters of one line of evidence


class FindingsList(OptionList):
    """A list of findings; the one that is opened is told as `OptionSelected`, with its number.

    Args:
        findings: The gravest first.
        clock: How a moment in ms is written.
    """

    BINDINGS = [
        Binding("j,down", "cursor_down", "down", id="findings.down", show=False),
        Binding("k,up", "cursor_up", "up", id="findings.up", show=False),
        Binding("g,home", "first", "top", id="findings.top", show=False),
        Binding("G,end", "last", "bottom", id="findings.bottom", show=False),
    ]
    DEFAULT_CSS = """
    FindingsList { height: auto; max-height: 100%; border: none; padding: 0; background: transparent; }
    FindingsList:focus { border: none; }
    FindingsList > .option-list--option { padding: 0 1 1 1; }
    """

    def __init__(self, findings: Sequence[Finding], clock: Callable[[int], str]) -> None:
        super().__init__(*(Option(_told(finding, clock)) for finding in findings), markup=False)


def _told(finding: Finding, clock: Callable[[int], str]) -> Content:
    about = [finding.rule, f"Debugger's {finding.debugger}" if finding.debugger else ""]
    if finding.time_ms is not None:
        about.append(clock(finding.time_ms))
    lines = [
        Content.assemble(("! ", f"bold {COLOURS[finding.severity]}"), (clean(finding.sentence), "bold")),
        Content.styled("  " + " · ".join(filter(None, about)), "$text-muted"),
        *(Content(f"  {clean(one[:_LONGEST])}") for one in finding.evidence if one),
    ]
    return Content("\n").join(lines)

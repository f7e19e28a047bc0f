"""What the workshop shows of a trial: lines with the captured part lit, faults in the expression, the definitions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tui.model.clean import clean
from tui.model.jobs import MetricDefinition
from tui.model.words import cut, number, plural
from tui.model.workshop import Fault, Hit, Outcome

Origin = Literal["job", "kept", "recognised"]
_AROUND = 16
"""Characters of a line that are shown before the captured part, where not all of it fits."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A definition to begin with.

    Attributes:
        definition: The definition.
        origin: The job's own, kept by the person, or recognised in the log.
        kept_for: The pattern that it is kept for.
    """

    definition: MetricDefinition
    origin: Origin
    kept_for: str = ""

    def shown(self, width: int) -> Content:
        """Name and origin, in one line."""
        word = {"job": "job's", "kept": "kept", "recognised": "found"}[self.origin]
        room = max(width - len(word) - 2, 4)
        return Content.assemble(cut(clean(self.definition.name), room).ljust(room), " ", (word, "$text-muted"))


class Lines(VerticalScroll, can_focus=True):
    """Lines of a log, newest first."""

    DEFAULT_CSS = """
    Lines { height: 1fr; scrollbar-size-vertical: 1; }
    Lines Static { height: auto; text-wrap: nowrap; text-overflow: ellipsis; }
    """

    def compose(self) -> ComposeResult:
        """One text."""
        yield Static("", markup=False)

    def show(self, hits: Sequence[Hit], clock: Callable[[int], str]) -> None:
        """Draw these lines."""
        room = max(self.size.width - 10, 20)
        self.query_one(Static).update(Content("\n").join(line_of(hit, clock, room) for hit in hits))


def line_of(hit: Hit, clock: Callable[[int], str], room: int) -> Content:
    """`14:03:11 … loss=1.2431 lr=…`: the time, then the line from a little before the captured part."""
    start, stop = hit.span
    begin = 0 if stop <= room else max(start - _AROUND, 0)
    before = ("…" if begin else "") + clean(hit.line[begin:start])
    lit = "reverse $text-success" if hit.value is not None else "reverse $text-error"
    return Content.assemble(
        (clock(hit.time_ms), "$text-muted"),
        " ",
        before,
        (clean(hit.line[start : min(stop, start + 200)]), lit),
        clean(hit.line[stop : stop + 2 * room]),
        ("  no number" if stop > start and hit.value is None else "", "$text-error"),
    )


def fault_words(fault: Fault, regex: str) -> Content:
    """`! loss=(▮0-9.]+ this [ is never closed`: the place lit, a little of what stands around it, and the words."""
    if fault.place is None:
        return Content.assemble(("! ", "bold $text-error"), clean(fault.words))
    at = fault.place
    return Content.assemble(
        ("! ", "bold $text-error"),
        (f"character {at + 1}: ", "$text-muted"),
        "…" if at > _AROUND else "",
        clean(regex[max(at - _AROUND, 0) : at]),
        (clean(regex[at : at + 1]), "reverse $text-error"),
        clean(regex[at + 1 : at + _AROUND]),
        f"   {clean(fault.words)}",
    )


def verdict(outcome: Outcome, done: bool) -> Content:
    """`12 lines match, 11 values, the last 0.314`."""
    values = outcome.series
    words = [f"{plural(outcome.matched, 'line')} {'matches' if outcome.matched == 1 else 'match'}"]
    if outcome.matched:
        words.append(plural(len(values), "value"))
    if values.last is not None:
        words.append(f"the last {number(values.last)}")
    return Content(", ".join(words) + ("" if done else " …"))

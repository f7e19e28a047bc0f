"""A training job in three lines: its phases, what it runs on, and why it failed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rich.cells import cell_len
from textual.content import Content
from textual.widgets import Static

from tui.model.clean import clean
from tui.model.jobs import TrainingJob
from tui.model.words import beginning, plural, span

_ARROW = (" ▸ ", "$text-muted")


class JobHeader(Static):
    """Phases with their durations, instances, spot saving, time left; below it the FailureReason where there is one."""

    DEFAULT_CSS = """
    JobHeader { height: auto; max-height: 4; width: 100%; padding: 0 1; }
    """

    def __init__(self) -> None:
        super().__init__("", markup=False)
        self._said: Content | None = None
        self._given: tuple[TrainingJob, datetime, Sequence[str]] | None = None

    def on_resize(self) -> None:
        """Another width has room for more words, or for fewer; an ended job is not shown again by itself."""
        if self._given is not None:
            self.show(*self._given)

    def show(self, job: TrainingJob, now: datetime, money: Sequence[str] = ()) -> None:
        """Draw the job and what is said of its time and money, if it looks different from what is there."""
        self._given = job, now, money
        words = facts(job, now)
        lines = [self._fitting(phases(job, now), [*words[:1], *money, *words[1:]])]
        if job.failure_reason:
            why = clean(beginning(job.failure_reason, 2048))
            lines.append(Content.assemble(("✕ ", "bold $text-error"), (why, "$text-error")))
        said = Content("\n").join(lines)
        if said != self._said:
            self._said = said
            self.update(said)

    def has_whole(self, text: str) -> bool:
        """Whether a failure reason stands there from its beginning to its end."""
        return cell_len(clean(text)) + 2 <= 2 * self.content_size.width

    def _fitting(self, line: Content, words: list[str]) -> Content:
        """The phases, and as many of the facts as stand beside them in one line."""
        for word in words:
            longer = Content.assemble(line, "   ", (word, "$text-muted"))
            if longer.cell_length > max(self.content_size.width, 40):
                break
            line = longer
        return line


def phases(job: TrainingJob, now: datetime) -> Content:
    """`Starting 3m ▸ Downloading 11m ▸ Training 2h58m …`: an end is no phase."""
    parts: list[Content | str | tuple[str, str]] = []
    last = len(job.phases) - 1
    for number, phase in enumerate(job.phases):
        length = (phase.ended or job.ended or now) - phase.started
        current = number == last and not job.is_ended
        if number == last and job.is_ended and phase.name in {job.status, job.secondary_status}:
            # The final status is listed like a phase, but it is an end, not a length.
            parts += [_ARROW, (clean(phase.name), "bold")] if parts else [(clean(phase.name), "bold")]
            continue
        if parts:
            parts.append(_ARROW)
        parts += [(clean(phase.name), "bold" if current else ""), f" {span(length)}"]
        if current:
            parts.append((" …", "$text-accent"))
    if not parts:
        parts = [(clean(job.secondary_status or job.status), "bold")]
    return Content.assemble(*parts)


def facts(job: TrainingJob, now: datetime) -> list[str]:
    """`2 × ml.p4d.24xlarge`, `spot, 64% saved`, `max runtime in 4h48m`: the most important first."""
    words = [" + ".join(f"{group.count} × {clean(group.type)}" for group in job.instances)]
    if job.spot:
        saved = ""
        if job.training_s and job.billable_s is not None:
            saved = f", {(1 - job.billable_s / job.training_s) * 100:.0f}% saved"
        words.append(f"spot{saved}")
    if job.billable_s is not None:
        words.append(f"billed {span(job.billable_s)}" + (f" × {job.instance_count}" if job.instance_count else ""))
    if job.warm_pool:
        words.append(f"warm pool {clean(job.warm_pool)}")
    if job.max_runtime_s and job.started and not job.is_ended:
        left = job.max_runtime_s - (now - job.started).total_seconds()
        words.append(f"max runtime in {span(left)}" if left > 0 else "max runtime reached")
    rules = [rule for rule in job.rules if rule.status == "IssuesFound"]
    if rules:
        words.append(f"{plural(len(rules), 'Debugger rule')} found issues")
    return [word for word in words if word]

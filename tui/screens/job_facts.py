"""All that is known of a training job, as sections of names and values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from tui.model.findings import Finding
from tui.model.jobs import RuleStatus, TrainingJob
from tui.model.words import number, span
from tui.widgets.facts import Section, pairs


def sections(
    job: TrainingJob,
    clock: Callable[[datetime], str],
    money: Sequence[tuple[str, str]] = (),
    findings: Sequence[Finding] = (),
    *,
    reason: bool = True,
) -> list[Section]:
    """Final metrics and rules first: they are what one looks for in an ended job.

    Args:
        job: The job.
        clock: How a moment is written.
        money: What is known of its time and money.
        findings: What is wrong with it; the job's own Debugger rules of the same kind stand beside them.
        reason: Whether the failure reason is wanted: not where it stands in full on the same screen.
    """
    times = [("created", job.created), ("started", job.started), ("ended", job.ended)]
    about = [
        ("name", job.name),
        ("status", " · ".join(dict.fromkeys(filter(None, (job.status, job.secondary_status))))),
        *((name, clock(moment)) for name, moment in times if moment),
        ("role", job.role),
        ("image", job.image),
        ("output", job.output_path),
        ("model", job.model_artifact),
        ("volume", f"{job.volume_gb} GB" if job.volume_gb is not None else ""),
        ("max runtime", span(job.max_runtime_s) if job.max_runtime_s else ""),
        ("ARN", job.arn),
    ]
    return [
        ("final metrics", [(metric.name, number(metric.value, 12)) for metric in job.final_metrics]),
        ("failure", [("reason", job.failure_reason)] if job.failure_reason and reason else []),
        ("health", _health(job.rules, findings)),
        ("time and money", money),
        ("job", [(name, value) for name, value in about if value]),
        ("hyperparameters", pairs(job.hyperparameters)),
        ("channels", pairs(job.channels)),
        ("metric definitions", [(definition.name, definition.regex) for definition in job.metric_definitions]),
    ]


def _health(rules: Sequence[RuleStatus], findings: Sequence[Finding]) -> list[tuple[str, str]]:
    """Each finding, behind it the job's own rules that it stands for; then its other rules."""
    rows: list[tuple[str, str]] = []
    left = {rule.name: rule for rule in rules}

    def own(name: str) -> None:
        rule = left.pop(name)
        rows.append((f"Debugger {rule.name}", f"{rule.status} {rule.details}".rstrip()))

    for finding in findings:
        rows.append((finding.rule, finding.sentence))
        for name in [name for name in left if finding.debugger and finding.debugger.lower() in name.lower()]:
            own(name)
    for name in list(left):
        own(name)
    return rows

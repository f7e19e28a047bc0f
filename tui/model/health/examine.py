"""All rules of a training job, run over what is known of it."""

from __future__ import annotations

from tui.model.findings import Finding
from tui.model.health import curves, resources, said, steps
from tui.model.health.evidence import Evidence


def examine(on: Evidence) -> tuple[Finding, ...]:
    """What is wrong with a training job, the gravest first; nothing where nothing is known.

    About a millisecond for a usual job: half a dozen metrics and two hosts at one datapoint a minute for a few hours.
    """
    ways = curves.ways(on.own)
    hosts = resources.uses(on)
    found = [
        *said.logged(on),
        *curves.nan(on),
        *said.interruptions(on),
        *curves.divergence(on, ways),
        *curves.overfitting(on, ways),
        *curves.overtraining(on, ways),
        *curves.plateau(on, ways),
        *curves.oscillation(on, ways),
        *curves.gradients(on),
        *said.stalled(on),
        *said.silent(on),
        *resources.memory(on, hosts),
        *resources.disk(on, hosts),
        *resources.gpus(on, hosts),
        *resources.balance(on, hosts),
        *steps.slow_hosts(on),
        *steps.step_outliers(on),
        *said.slow_start(on),
    ]
    return tuple(sorted(_once(on, found), key=lambda finding: finding.severity != "critical"))


def _once(on: Evidence, found: list[Finding]) -> list[Finding]:
    """Without what says again what another has said better."""
    rules = {finding.rule for finding in found}
    measured = {series.name for series in on.metrics}
    nan_measured = any(finding.rule == "nan" and measured.intersection(finding.subject) for finding in found)
    kept: dict[tuple[str, tuple[str, ...]], Finding] = {}
    for finding in found:
        if finding.rule == "nan" and nan_measured and not measured.intersection(finding.subject):
            continue
        if finding.rule == "log-silent" and "stalled" in rules:
            continue
        if finding.rule == "oscillation" and "divergence" in rules:
            continue
        if finding.rule in {"plateau", "stalled"} and "nan" in rules:
            continue
        kept.setdefault((finding.rule, finding.subject), finding)
    return list(kept.values())

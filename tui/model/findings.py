"""What a health rule found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["warning", "critical"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with a training job or an endpoint.

    Attributes:
        rule: The rule's name, as the settings' thresholds and `sagetop health` know it: `overfitting`, `idle-gpu` …
        severity: `critical` where work is being lost, else `warning`.
        sentence: One sentence for a person, numbers included: `overfits since 14:02: validation +18%, train −31%`.
        evidence: What it stands on: values, times, the line of the log. Text from outside.
        time_ms: The moment that a chart or a log jumps to, None where there is none.
        subject: The metrics, the host or the variant that it is about, in the order of their weight.
        debugger: The SageMaker Debugger rule that it stands for (`Overfit`), empty where there is none.
    """

    rule: str
    severity: Severity
    sentence: str
    evidence: tuple[str, ...] = ()
    time_ms: int | None = None
    subject: tuple[str, ...] = ()
    debugger: str = ""

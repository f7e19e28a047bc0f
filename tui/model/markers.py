"""What happened at one moment, as a chart's time axis marks it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Tone = Literal["good", "bad", "warning", "busy", "plain"]


@dataclass(frozen=True, slots=True)
class Marker:
    """A moment that is drawn on a chart: a phase change, a restart, a checkpoint, a scaling activity, a finding.

    Attributes:
        time_ms: When, ms since the epoch.
        label: What, in a word or two: `Uploading`, `checkpoint`, `6 → 8`, `overfitting`. Text from outside.
        tone: How grave it is; the label says it as well.
        subject: The metrics on whose charts it belongs; on all where it is empty.
    """

    time_ms: int
    label: str
    tone: Tone = "plain"
    subject: tuple[str, ...] = ()

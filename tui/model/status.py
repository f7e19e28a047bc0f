"""A status in a word, a sign and a tone: colour never says it alone."""

from __future__ import annotations

from typing import Literal

from tui.model.jobs import TrainingJob

Tone = Literal["busy", "good", "bad", "warning", "muted"]
"""`busy` under way, `good` as wanted, `bad` someone should look, `warning` on its way to it, `muted` over."""

_TONES: dict[str, Tone] = {
    "InProgress": "busy",
    "Completed": "good",
    "Failed": "bad",
    "Stopping": "warning",
    "Stopped": "muted",
    "InService": "good",
    "Creating": "busy",
    "Updating": "busy",
    "SystemUpdating": "busy",
    "RollingBack": "warning",
    "Deleting": "warning",
    "OutOfService": "bad",
    "UpdateRollbackFailed": "bad",
}
_SIGNS: dict[Tone, str] = {"busy": "●", "good": "✓", "bad": "✕", "warning": "!", "muted": "○"}
_ASCII: dict[Tone, str] = {"busy": "*", "good": "+", "bad": "x", "warning": "!", "muted": "-"}
# Secondary statuses that need more room than a column has.
_SHORT = {
    "LaunchingMLInstances": "Launching",
    "PreparingTrainingStack": "Preparing",
    "DownloadingTrainingImage": "Download",
    "Downloading": "Download",
    "MaxRuntimeExceeded": "Max runtime",
    "MaxWaitTimeExceeded": "Max wait",
    "InProgress": "Running",
}


def tone(status: str) -> Tone:
    """The tone of a status; one that is not known (AWS adds some) is muted."""
    return _TONES.get(status, "muted")


def sign(status: str, *, ascii: bool = False) -> str:
    """The one-character sign that stands before a status."""
    return (_ASCII if ascii else _SIGNS)[tone(status)]


def job_word(job: TrainingJob) -> str:
    """The secondary status while the job runs, as it says more; else the status. Shortened to fit a column."""
    word = job.status if job.is_ended or not job.secondary_status else job.secondary_status
    return _SHORT.get(word, word)

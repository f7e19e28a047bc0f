"""What workers tell the screens: a Textual Message carrying one frozen value."""

from __future__ import annotations

from textual.message import Message

from tui.follow import LogBatch
from tui.watch.job import JobView
from tui.watch.jobs import JobsView


class JobsArrived(Message):
    """The list of training jobs is there, or newer than it was."""

    def __init__(self, view: JobsView) -> None:
        super().__init__()
        self.view = view


class JobArrived(Message):
    """A training job's description or metrics are there, or newer than they were."""

    def __init__(self, view: JobView) -> None:
        super().__init__()
        self.view = view


class LogsArrived(Message):
    """One batch of log events, or news of how the reading goes."""

    def __init__(self, batch: LogBatch) -> None:
        super().__init__()
        self.batch = batch

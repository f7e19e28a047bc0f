"""What workers tell the screens: a Textual Message carrying one frozen value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui.follow import LogBatch
    from tui.model.jobs import TrainingJob
    from tui.sources.base import Identity, SourceError
    from tui.watch.endpoint import EndpointView
    from tui.watch.endpoints import EndpointsView
    from tui.watch.health import Health
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
    """One batch of log events, or news of how the reading goes; `of` tells several logs on one screen apart."""

    def __init__(self, batch: LogBatch, of: str = "") -> None:
        super().__init__()
        self.batch = batch
        self.of = of


class IdentityArrived(Message):
    """Who is asking, and where, is known."""

    def __init__(self, identity: Identity) -> None:
        super().__init__()
        self.identity = identity


class HealthArrived(Message):
    """What is wrong with a training job is another than it was."""

    def __init__(self, health: Health) -> None:
        super().__init__()
        self.health = health


class NothingThere(Message):
    """What a screen was opened for does not exist."""

    def __init__(self, error: SourceError) -> None:
        super().__init__()
        self.error = error


class EndpointsArrived(Message):
    """The list of endpoints is there, or newer than it was."""

    def __init__(self, view: EndpointsView) -> None:
        super().__init__()
        self.view = view


class EndpointArrived(Message):
    """An endpoint's description or metrics are there, or newer than they were."""

    def __init__(self, view: EndpointView) -> None:
        super().__init__()
        self.view = view


class Noticed(Message):
    """Something a person should know once; it takes nothing away from what is on screen."""

    def __init__(self, words: str) -> None:
        super().__init__()
        self.words = words


class Watched(Message):
    """How the jobs are that somebody watches: the one on screen, those that are marked."""

    def __init__(self, jobs: Sequence[TrainingJob]) -> None:
        super().__init__()
        self.jobs = jobs

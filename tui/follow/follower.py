"""The loop that asks a source for a log's events and hands what is new to a sink."""

from __future__ import annotations

import threading
from collections.abc import Callable

from tui.follow.batch import LogBatch
from tui.model.jobs import TrainingJob
from tui.model.logs import LogAddress
from tui.sources.base import Source


class Follower:
    """Reads one log for as long as it grows; one follower a log, however many panes show it.

    Args:
        source: Where the events come from.
        log: Whose log.
        job: The training job of that log, for its creation time, its end and its place in the archive. None for an
            endpoint, whose last hour is read and not archived.
    """

    def __init__(self, source: Source, log: LogAddress, *, job: TrainingJob | None = None) -> None:
        self._source = source
        self._log = log
        self._job = job
        self._poked = threading.Event()

    def run(self, sink: Callable[[LogBatch], None], stop: threading.Event) -> None:
        """Reads and follows until the job has ended or `stop` is set; made for a daemon thread, from which `sink` is called."""
        raise NotImplementedError

    def poke(self) -> None:
        """Someone is looking (a key was pressed): polls at once."""
        self._poked.set()

    def job_changed(self, job: TrainingJob) -> None:
        """The job was described again; a follower ends by itself some seconds after the job did."""
        self._job = job

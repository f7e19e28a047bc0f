"""Which of the jobs that somebody watches have ended since they were first seen."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # The first frame needs this module, and has nothing to show of these.
    from datetime import datetime

    from tui.model.jobs import TrainingJob


class Endings:
    """Remembers the jobs that were seen while they ran; a job that was made again under its name is another one."""

    def __init__(self) -> None:
        self._running: set[tuple[str, datetime | None]] = set()

    def among(self, jobs: Iterable[TrainingJob]) -> list[TrainingJob]:
        """Those of these jobs that ran when they were last seen and have ended: each once."""
        ended = []
        for job in jobs:
            key = (job.name, job.created)
            if not job.is_ended:
                self._running.add(key)
            elif key in self._running:
                self._running.remove(key)
                ended.append(job)
        return ended

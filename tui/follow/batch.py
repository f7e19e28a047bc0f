"""What a follower says: the events that are new, and how far its reading has come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tui.model.logs import LogEvent
from tui.sources.base import SourceError

State = Literal["waiting", "reading", "following", "ended"]
"""`waiting`: no stream yet. `reading`: older events still come. `following`: all is read, new ones are asked for.
`ended`: the job has ended, its last lines are out, and no further batch comes."""


@dataclass(frozen=True, slots=True)
class LogBatch:
    """One word of a follower to its sink; a batch without events tells a change of state.

    Events never repeat over all batches of a follower. A batch is in the order of `event_order`, but batches are not
    in order among each other: the last screenful comes first, older events behind it, late ones when they arrive.
    Whoever keeps a merged log puts each event where `event_order` wants it, behind its equals.

    Attributes:
        events: In order.
        late: Indices into `events` of those that arrived after a later line had been given.
        state: How far the follower is.
        progress: The part of the older events that is read, 0 to 1; None once all are.
        read: How many of the older events are read: with `progress`, how many there may be.
        checked_to_ms: No event older than this (ms) can still come, however late; 0 before the first full reading.
        certain_to_ms: Where the oldest events are read first: all of them before this time (ms) have been given.
        hosts: All hosts known so far, `algo-2` before `algo-10`.
        question: About how many older events there may be, while the rest of them waits for an answer; else 0.
        error: What went wrong last, None when all is well again. The follower goes on trying.
        notice: A word on what is not as usual (`the log is read but not kept: disk full`), or empty.
    """

    events: tuple[LogEvent, ...] = ()
    late: frozenset[int] = frozenset()
    state: State = "following"
    progress: float | None = None
    read: int = 0
    checked_to_ms: int = 0
    certain_to_ms: int = 0
    hosts: tuple[str, ...] = ()
    question: int = 0
    error: SourceError | None = None
    notice: str = ""

    def foresees(self, limit: int) -> int:
        """About how many older events there may be where that is more than a limit, else 0.

        Of a few that are read nobody can tell how many there will be.
        """
        if not self.progress or self.read < limit / 20:
            return 0
        expected = round(self.read / self.progress)
        return expected if expected > limit else 0

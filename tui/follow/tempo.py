"""How fast a follower goes, and how it waits after a failure."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Literal

from tui.sources.base import Denied, NotFound, Refused, SourceError, Throttled

Kind = Literal["list", "stream", "recent"]
"""What is asked for, as each has a rate of its own: the list of streams, one stream, all streams together."""


@dataclass(frozen=True, slots=True)
class Tempo:
    """Times in seconds, as they suit CloudWatch Logs; a test may hurry them.

    Attributes:
        poll: Between two polls while lines come.
        slow_poll: Between two polls when none has come for long.
        look_back: How far back a poll looks.
        sweep: Between two sweeps over all that may still come late.
        grace: After a job's final status, before the polls that may end the following.
        settle: After a job's end, when a full sweep seals its log.
        late: How much later than its event time an event may arrive.
        backoff: The first wait after a failure; it doubles with each further one.
        longest_backoff: The longest.
        each_stream: Between two requests of streams that are polled one by one, as FilterLogEvents is denied; the
            service allows ten GetLogEvents a second for all of an account.
        no_use: The wait after a failure that time alone does not mend: a denied permission.
        readers: How many streams are read at once.
    """

    poll: float = 1.05  # with a sweep and six looks at the job, 64 requests a minute
    slow_poll: float = 10.0
    look_back: float = 30.0
    sweep: float = 60.0
    grace: float = 15.0
    settle: float = 15 * 60.0
    late: float = 10 * 60.0
    backoff: float = 0.5
    longest_backoff: float = 8.0
    each_stream: float = 0.25
    no_use: float = 30.0
    readers: int = 8


LOCAL = Tempo(poll=0.1, slow_poll=0.5, look_back=1.0, sweep=5.0, grace=0.0, settle=3.0, late=3.0)
"""A log on this machine: nothing arrives late, and a poll costs nothing."""

_SLOWEST = 5.0
_FASTEST = 0.05


@dataclass(slots=True)
class Pace:
    """When the next request of one kind may go out, by a clock that never goes back.

    Requests go out as fast as there are hands for them until the service throttles; then spaced, the space growing with
    every further refusal and shrinking with every answer, which settles at the rate that the service allows.
    """

    tempo: Tempo
    error: SourceError | None = None
    _failures: int = 0
    _until: float = 0.0
    _gap: float = 0.0
    _last: float = 0.0
    _chance: random.Random = field(default_factory=random.Random)

    def due(self) -> float:
        """The time from which on the next request may go out."""
        return max(self._until, self._last + self._gap)

    def sent(self, now: float) -> None:
        """A request goes out."""
        self._last = now

    def well(self) -> None:
        """A request was answered."""
        self.error = None
        self._failures = 0
        self._gap = self._gap * 0.9 if self._gap > _FASTEST else 0.0

    def failed(self, error: SourceError, sent: float, now: float) -> None:
        """A request that went out at `sent` has failed."""
        self.error = error
        if sent < self._until:
            return  # one of several that met the same trouble: it counts once
        self._failures += 1
        if isinstance(error, Throttled):
            self._gap = min(_SLOWEST, max(0.1, self._gap * 2))
        if isinstance(error, Denied | Refused | NotFound):
            wait = self.tempo.no_use
        else:
            wait = min(self.tempo.longest_backoff, self.tempo.backoff * 2 ** min(self._failures - 1, 10))
        self._until = now + wait * self._chance.uniform(0.5, 1.0)

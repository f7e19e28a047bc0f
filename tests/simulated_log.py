"""A log in a simulated CloudWatch, and a follower driven by a simulated clock: years of waiting in milliseconds."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path

from tui.archive import FOREVER, Archive
from tui.follow.agenda import Agenda, Ask
from tui.follow.keeper import Keeper
from tui.follow.ledger import SPLIT_MS, Ledger, named_by_content
from tui.follow.tempo import Tempo
from tui.model.jobs import TrainingJob
from tui.model.logs import LogEvent, LogPage, event_order, host_of
from tui.sources.base import Denied, SourceError, Throttled

T0 = 1_700_000_000_000
MINUTE = 60_000


@dataclass
class SimulatedLog:
    """Events that appear when they are ingested, given out in small pages, some of them empty, some twice."""

    events: list[LogEvent]
    chance: random.Random
    page: int = 3
    trouble: float = 0.0
    denied: Callable[[int], bool] = lambda now_ms: False
    requests: int = 0

    def truth(self) -> list[LogEvent]:
        return sorted((event._replace(event_id="") for event in self.events), key=event_order)

    def answer(self, ask: Ask, now_ms: int) -> LogPage | list[str]:
        self.requests += 1
        if self.chance.random() < self.trouble:
            raise Throttled("slow down")
        there = [event for event in self.events if event.ingestion_time <= now_ms]
        if ask.kind == "list":
            return sorted({event.stream for event in there})
        if ask.kind == "recent" and self.denied(now_ms):
            raise Denied("denied", permission="logs:FilterLogEvents")
        if ask.stream:
            lo, hi = ask.within
            found = [e for e in there if e.stream == ask.stream and lo <= e.timestamp < hi]
            found.sort(key=lambda event: (event.timestamp, event.ingestion_time))
            return self._page(found, ask.token)
        if ask.reading is not None:
            reading = ask.reading
            found = [e for e in there if e.stream == reading.stream and reading.lo <= e.timestamp < reading.hi]
            found = sorted(found, key=lambda event: event.timestamp)
            end = len(found) if reading.token is None else int(reading.token)
            begin = max(0, end - self._size())
            page = [event._replace(event_id="") for event in found[begin:end]]
            return LogPage(tuple(page), None if begin == 0 and end == 0 else str(begin))
        found = sorted(
            (e for e in there if ask.within[0] <= e.timestamp < ask.within[1]),
            key=lambda event: (event.timestamp, event.ingestion_time),
        )
        # A token names an event, so that what arrives meanwhile moves nothing; the last one may be given again.
        ids = [event.event_id for event in found]
        begin = 0 if ask.token is None else ids.index(ask.token)
        end = begin + self._size() + 1
        return LogPage(tuple(found[begin:end]), ids[end - 1] if end < len(found) else None)

    def _page(self, found: list[LogEvent], token: str | None) -> LogPage:
        """A page of a stream from its oldest event; its token names the first of the next, and nothing comes twice."""
        ids = [event.event_id for event in found]
        begin = 0 if token is None else ids.index(token)
        end = begin + self._size()
        page = tuple(event._replace(event_id="") for event in found[begin:end])
        return LogPage(page, ids[end] if end < len(found) else None)

    def _size(self) -> int:
        return self.chance.choice([0, 1, self.page])


@dataclass
class Clock:
    """Seconds and milliseconds that pass only when told to."""

    seconds: float = 0.0

    @property
    def ms(self) -> int:
        return T0 + int(self.seconds * 1000)


@dataclass
class Driver:
    """What `Follower` does, without threads: one attachment to a log."""

    log: SimulatedLog
    clock: Clock
    path: Path
    ended_s: float
    follow: bool = True
    given: list[LogEvent] = field(default_factory=list)
    late: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.archive = Archive(self.path)
        self.keeper = Keeper(self.archive, JOB)
        self.ledger = Ledger(T0)
        kept, _ = self.keeper.replay(self._give, history=True)
        self.ledger.know(kept)
        self.agenda = Agenda(self.ledger, Tempo(readers=2), follow=self.follow, now=self.clock.seconds)
        self.sealed = kept.sealed

    def _give(self, events: Sequence[LogEvent]) -> None:
        self.ledger.gave(events)
        self.given += [event._replace(event_id="") for event in events]

    def step(self) -> bool:
        """One round of requests and answers; False when there is nothing left to do."""
        if self.sealed or self.agenda.is_over:
            return False
        now, now_ms = self.clock.seconds, self.clock.ms
        ended_ms = T0 + int(self.ended_s * 1000)
        if now_ms >= ended_ms and self.agenda.ended_ms is None:
            self.agenda.ended_ms = ended_ms
        if self.agenda.may_divide:
            before = list(self.ledger.spans)
            split = FOREVER if self.agenda.has_settled(now_ms) else now_ms - SPLIT_MS
            after = self.ledger.divide(split, polled=self.agenda.is_denied)
            if after != before:
                self.keeper.plan(before, after)
                self.ledger.spans = after
                self.agenda.streams = None
        for ask in self.agenda.due(now, now_ms):
            try:
                answer = self.log.answer(ask, now_ms)
            except SourceError as error:
                self.agenda.failed(ask, error, now)
                continue
            self._take(ask, answer)
        if self.agenda.is_complete:
            self.keeper.seal(self.agenda.streams or ())
            self.sealed = True
        self.keeper.flush()
        return True

    def _take(self, ask: Ask, answer: LogPage | list[str]) -> None:
        if isinstance(answer, list):
            self.agenda.listed(answer)
        elif ask.reading is not None:
            covers, events = ask.reading.take(answer)
            if covers[0] < covers[1]:
                self.keeper.add_piece(ask.reading.stream, covers, events)
                self.ledger.take_piece(ask.reading.stream, covers)
                self._give(events)
            self.agenda.paged(ask.reading)
        elif ask.is_probe:
            self.agenda.probed()
        else:
            named = named_by_content(answer.events, ask.seen) if ask.stream else answer.events
            new = self.ledger.take_recent(named)
            self.keeper.add_recent(new)
            if self.agenda.was_swept(ask.span):
                self.late |= self.ledger.late_ones(new)
            self._give(new)
            if self.agenda.looked(ask, new, answer.token, self.clock.seconds) and ask.sweep:
                settled = self.agenda.has_settled(ask.begun_ms)
                self.keeper.checked(*self.ledger.swept(ask.span, ask.begun_ms, settled=settled))


def run(drivers: Sequence[Driver], clock: Clock, until: Callable[[], bool] = lambda: False) -> None:
    """Lets the drivers go on, and time pass between their requests, until all have ended or `until` says so."""
    for _ in range(100_000):
        busy = [driver.step() for driver in drivers]
        if not any(busy) or until():
            return
        due = min(driver.agenda.next_due() for driver in drivers)
        clock.seconds = max(clock.seconds + 0.01, min(due, clock.seconds + 5))
    raise AssertionError("never ended")


JOB = TrainingJob(
    "job",
    "InProgress",
    datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(milliseconds=T0),
    arn="arn:aws:sagemaker:eu-west-1:123456789012:training-job/job",
)


def events(made: Sequence[tuple[int, int, int, str]]) -> list[LogEvent]:
    """Events of (seconds after the start, seconds until ingested, host, message), with ids."""
    found = []
    for number, (second, delay, host, message) in enumerate(made):
        stream = f"job/algo-{host}-1"
        time_ms = T0 + second * 1000
        found.append(LogEvent(time_ms, time_ms + delay * 1000, host_of(stream), stream, message, f"id-{number}"))
    return found

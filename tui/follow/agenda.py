"""Which request goes out when: readings, sweeps and polls of one log, by clocks that the caller reads."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tui.archive import FOREVER, Range, Span
from tui.follow.ledger import Ledger, Reading
from tui.follow.tempo import Kind, Pace, Tempo
from tui.model.logs import LogEvent
from tui.sources.base import Refused, SourceError


@dataclass(slots=True, eq=False)
class Ask:
    """One request.

    Attributes:
        kind: What is asked for: the streams, a page of one (`reading`), or a page of all of them together.
        reading: The reading of a `stream` request.
        span: The beginning of the span that a `recent` request is for.
        sweep: Whether it goes over all of the span that is open, and not only a little back.
        begun_ms: The source's time when the first page was asked for.
        within: The range of a `recent` request.
        token: Its next page.
        sent: When it went out, by the agenda's clock.
    """

    kind: Kind
    reading: Reading | None = None
    span: int = 0
    sweep: bool = False
    begun_ms: int = 0
    within: Range = (0, 0)
    token: str | None = None
    sent: float = 0.0


class Agenda:
    """What is under way, what is due, and whether all is done. Its times are seconds of a clock that never goes back.

    Args:
        ledger: What is known of the log.
        tempo: How fast to go.
        follow: Whether to poll for what is new.
        now: The time.

    Attributes:
        streams: The streams of the log, None while they must be asked for.
        ended_ms: The end of the job, None while it runs.
    """

    def __init__(self, ledger: Ledger, tempo: Tempo, *, follow: bool, now: float) -> None:
        self.streams: tuple[str, ...] | None = None
        self.ended_ms: int | None = None
        self._ledger = ledger
        self._tempo = tempo
        self._follow = follow
        self._paces: dict[Kind, Pace] = {kind: Pace(tempo) for kind in ("list", "stream", "recent")}
        self._listing = self._sweeping = self._polling = False
        self._unread: list[tuple[int, int, Reading]] = []
        self._under_way: list[Reading] = []
        self._tickets = 0
        self._next_pages: list[Ask] = []
        self._swept: set[int] = set()
        self._sweep_due = self._poll_due = 0.0
        self._polled_ms = 0
        self._last_line = now
        self._quiet_polls = 0
        self._last_sweep = False

    # What is due

    @property
    def may_divide(self) -> bool:
        """Whether the spans may be changed: not while something is under way that is for one of them."""
        return not self._sweeping and not self._polling

    def due(self, now: float, now_ms: int) -> list[Ask]:
        """The requests that go out now; each must be reported by one of the methods below."""
        asks: list[Ask] = []
        if self.streams is None and not self._listing and now >= self._paces["list"].due():
            self._listing = True
            asks.append(Ask("list"))
        stream, recent = self._paces["stream"], self._paces["recent"]
        while self._unread and len(self._under_way) < self._tempo.readers and now >= stream.due():
            reading = heapq.heappop(self._unread)[2]
            self._under_way.append(reading)
            asks.append(Ask("stream", reading))
            stream.sent(now)
        while self._next_pages and now >= recent.due():
            asks.append(self._next_pages.pop())
            recent.sent(now)
        span = self._to_sweep()
        if span is not None and not self._sweeping and now >= max(self._sweep_due, recent.due()):
            self._sweeping = True
            self._polled_ms = self._polled_ms or now_ms
            asks.append(Ask("recent", None, span.lo, True, now_ms, (span.checked, span.hi)))
            recent.sent(now)
        if self._polls() and not self._polling and now >= max(self._poll_due, recent.due()):
            self._polling = True
            newest = self._ledger.spans[-1]
            since = max(newest.checked, self._polled_ms - int(self._tempo.look_back * 1000))
            asks.append(Ask("recent", None, newest.lo, False, now_ms, (since, FOREVER)))
            recent.sent(now)
        for ask in asks:
            ask.sent = now
        return asks

    def next_due(self) -> float:
        """When something may be due, infinity if only an answer or a word from outside can change that."""
        recent = self._paces["recent"].due()
        times = [recent if self._next_pages else float("inf")]
        if self.streams is None and not self._listing:
            times.append(self._paces["list"].due())
        if self._unread and len(self._under_way) < self._tempo.readers:
            times.append(self._paces["stream"].due())
        if not self._sweeping and self._to_sweep() is not None:
            times.append(max(self._sweep_due, recent))
        if self._polls() and not self._polling:
            times.append(max(self._poll_due, recent))
        return min(times)

    def hurry(self) -> None:
        """Somebody looks: the next poll is due at once."""
        self._poll_due = 0.0

    def _to_sweep(self) -> Span | None:
        spans = self._ledger.open_spans()
        # What was never looked at comes first, then a closed span, which will be done with.
        return next((span for span in spans if span.lo not in self._swept), spans[0] if spans else None)

    def _polls(self) -> bool:
        spans = self._ledger.spans
        return self._follow and self._polled_ms > 0 and bool(spans) and not spans[-1].is_final

    # What came

    def listed(self, streams: Sequence[str]) -> None:
        """The streams are known: what is missing of them is to be read."""
        self._listing = False
        self._paces["list"].well()
        self.streams = tuple(streams)
        begun = [*self._under_way, *(entry[2] for entry in self._unread)]
        for reading in self._ledger.readings(streams, begun):
            self._later(reading)

    def paged(self, reading: Reading) -> None:
        """A page of a reading was taken."""
        self._under_way.remove(reading)
        self._paces["stream"].well()
        if not reading.done:
            self._later(reading)

    def looked(self, ask: Ask, new: Sequence[LogEvent], token: str | None, now: float) -> bool:
        """A page of a sweep or a poll was taken.

        Args:
            ask: The request.
            new: What it brought.
            token: The next page, None if there is none.
            now: The time.

        Returns:
            Whether that was its last page.
        """
        self._paces["recent"].well()
        if new:
            self._last_line = now
            self._quiet_polls = 0
            self._last_sweep = False
        if token is not None:
            self._next_pages.append(replace(ask, token=token))
            return False
        if ask.sweep:
            self._sweep_done(ask)
        else:
            self._poll_done(ask, quiet=not new, now=now)
        return True

    def _sweep_done(self, ask: Ask) -> None:
        self._sweeping = False
        self._swept.add(ask.span)
        fresh = all(span.lo in self._swept for span in self._ledger.open_spans())
        self._sweep_due = ask.sent + self._tempo.sweep if fresh else 0.0
        if self.ended_ms is not None and ask.within[1] == FOREVER:
            self._last_sweep = self._quiet_polls >= 2

    def _poll_done(self, ask: Ask, *, quiet: bool, now: float) -> None:
        self._polling = False
        self._polled_ms = ask.begun_ms
        silence = now - self._last_line
        self._poll_due = ask.sent + min(max(self._tempo.poll, silence / 10), self._tempo.slow_poll)
        if self.ended_ms is None or ask.begun_ms < self.ended_ms + self._tempo.grace * 1000:
            return
        self._poll_due = ask.sent + self._tempo.poll
        self._quiet_polls += quiet
        if self._quiet_polls == 2:
            self._sweep_due = 0.0

    def failed(self, ask: Ask, error: SourceError, now: float) -> None:
        """A request has failed, and will be made again."""
        self._paces[ask.kind].failed(error, ask.sent, now)
        if ask.kind == "list":
            self._listing = False
        elif ask.reading is not None:
            self._under_way.remove(ask.reading)
            if isinstance(error, Refused):
                ask.reading.restart()
            self._later(ask.reading)
        elif ask.token is not None and not isinstance(error, Refused):
            self._next_pages.append(ask)
        elif ask.sweep:
            self._sweeping = False
        else:
            self._polling = False

    def _later(self, reading: Reading) -> None:
        # The newest range first, over all streams: what a person sees first is complete first.
        self._tickets += 1
        heapq.heappush(self._unread, (-reading.hi, self._tickets, reading))

    # How it stands

    @property
    def error(self) -> SourceError | None:
        """The last failure that nothing has mended yet."""
        return next((pace.error for pace in self._paces.values() if pace.error is not None), None)

    def has_settled(self, now_ms: int) -> bool:
        """Whether the job has ended so long ago that nothing more can arrive."""
        return self.ended_ms is not None and now_ms >= self.ended_ms + self._tempo.settle * 1000

    def was_swept(self, span: int) -> bool:
        """Whether the span that begins there was looked at completely once, so that what comes now is new."""
        return span in self._swept

    @property
    def is_read(self) -> bool:
        """Whether everything older is read, and all that is newer was looked at once."""
        return (
            self.streams is not None
            and not self._unread
            and not self._under_way
            and all(span.lo in self._swept for span in self._ledger.open_spans())
        )

    @property
    def is_complete(self) -> bool:
        """Whether all is read and nothing can come any more."""
        return self.is_read and not self._ledger.open_spans()

    @property
    def is_over(self) -> bool:
        """Whether there is nothing left to wait for."""
        return self.is_read and (not self._follow or self._last_sweep or self.is_complete)

"""Which request goes out when: readings, sweeps and polls of one log, by clocks that the caller reads."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from tui.archive import FOREVER, Range, Span
from tui.follow.ledger import Ledger, Reading
from tui.follow.tempo import Kind, Pace, Tempo
from tui.model.logs import LogEvent
from tui.sources.base import Denied, Refused, SourceError


@dataclass(slots=True, eq=False)
class Ask:
    """One request.

    Attributes:
        kind: What is asked for: the streams, a page of one, or a page of all of them together.
        reading: The reading of a page that is asked for once.
        span: The beginning of the span that is looked at, by a poll or a sweep: none of the following is a reading's.
        sweep: Whether it goes over all of the span that is open, and not only a little back.
        begun_ms: The source's time when the first page was asked for.
        within: The range.
        token: Its next page.
        sent: When it went out, by the agenda's clock.
        stream: Of a `polled` span: whose page it is. One request for each stream is what one for all is elsewhere.
        seen: What has come of that stream in this round, for the names of its events.
        is_probe: Whether it only asks if streams may be asked all together again.
    """

    kind: Kind
    reading: Reading | None = None
    span: int = 0
    sweep: bool = False
    begun_ms: int = 0
    within: Range = (0, 0)
    token: str | None = None
    sent: float = 0.0
    stream: str = ""
    seen: Counter[str] = field(default_factory=Counter)
    is_probe: bool = False


class Agenda:
    """What is under way, what is due, and whether all is done. Its times are seconds of a clock that never goes back.

    Args:
        ledger: What is known of the log.
        tempo: How fast to go.
        follow: Whether to poll for what is new.
        forward: Whether the oldest lines are read first, else the newest.
        now: The time.

    Attributes:
        streams: The streams of the log, None while they must be asked for.
        ended_ms: The end of the job, None while it runs.
        held: Whether what is older waits; what is new is looked at all the same.
    """

    def __init__(self, ledger: Ledger, tempo: Tempo, *, follow: bool, now: float, forward: bool = False) -> None:
        self.streams: tuple[str, ...] | None = None
        self.ended_ms: int | None = None
        self.held = False
        self._ledger = ledger
        self._tempo = tempo
        self._follow = follow
        self._forward = forward
        self._paces: dict[Kind, Pace] = {kind: Pace(tempo) for kind in ("list", "stream", "recent")}
        self._listing = self._sweeping = self._polling = self._probing = False
        self._list_again = self._fresh = False
        self._list_asked_ms = self._listed_ms = 0
        self._unread: list[tuple[int, int, Reading]] = []
        self._under_way: list[Reading] = []
        self._tickets = 0
        self._pages: dict[Kind, list[Ask]] = {"stream": [], "recent": []}
        self._looks = 0
        self._left = {True: 0, False: 0}
        self._swept: set[int] = set()
        self._sweep_due = self._poll_due = 0.0
        self._polled_ms = 0
        self._last_line = now
        self._quiet_polls = 0
        self._heard = False
        self._last_sweep = False

    # What is due

    @property
    def may_divide(self) -> bool:
        """Whether the spans may be changed: not while something is under way that is for one of them."""
        return not self._sweeping and not self._polling

    def due(self, now: float, now_ms: int) -> list[Ask]:
        """The requests that go out now; each must be reported by one of the methods below."""
        asks: list[Ask] = []
        if now >= self._list_due():
            self._listing = True
            self._list_asked_ms = now_ms
            asks.append(Ask("list"))
        stream, recent = self._paces["stream"], self._paces["recent"]
        while self._unread and not self.held and self._hands() > 0 and now >= stream.due():
            reading = heapq.heappop(self._unread)[2]
            self._under_way.append(reading)
            asks.append(Ask("stream", reading))
            stream.sent(now)
        span = self._to_sweep()
        if span is not None and self._is_known(span) and now >= self._next_sweep(span):
            self._sweeping, self._fresh = True, False
            self._polled_ms = self._polled_ms or now_ms
            # A stream that began after the list was asked for is missing: what was late in it is not yet looked for.
            begun_ms = now_ms if span.way == "recent" else self._listed_ms
            self._look(Ask("recent", None, span.lo, True, begun_ms, (span.checked, span.hi)), span, now)
        if self._polls() and not self._polling and now >= max(self._poll_due, self._pace(self._ledger.spans[-1]).due()):
            self._polling, self._heard = True, False
            newest = self._ledger.spans[-1]
            since = max(newest.checked, self._polled_ms - int(self._tempo.look_back * 1000))
            self._look(Ask("recent", None, newest.lo, False, now_ms, (since, FOREVER)), newest, now)
        if self.is_denied and not self._probing and now >= recent.due():
            self._probing = True
            self._pages["recent"].append(Ask("recent", within=(now_ms - 1000, now_ms), is_probe=True))
        for pages, pace in ((self._pages["recent"], recent), (self._pages["stream"], stream)):
            while pages and (pace is recent or self._hands() > 0) and now >= pace.due():
                self._looks += pace is stream
                asks.append(pages.pop())
                pace.sent(now)
        for ask in asks:
            ask.sent = now
        return asks

    def _look(self, ask: Ask, span: Span, now: float) -> None:
        """Has a span looked at: by one request over all streams, or by one for each."""
        if span.way == "recent":
            self._pages["recent"].append(ask)
            return
        streams = self.streams or ()
        ask = replace(ask, kind="stream", sent=now)
        self._left[ask.sweep] = len(streams)
        self._pages["stream"] += [replace(ask, stream=name, seen=Counter()) for name in streams]
        if not streams:
            self._done(ask, now)  # no host has logged yet

    def next_due(self) -> float:
        """When something may be due, infinity if only an answer or a word from outside can change that."""
        recent = self._paces["recent"].due()
        times = [recent if self._pages["recent"] or (self.is_denied and not self._probing) else float("inf")]
        times.append(self._list_due())
        if ((self._unread and not self.held) or self._pages["stream"]) and self._hands() > 0:
            times.append(self._paces["stream"].due())
        span = self._to_sweep()
        if span is not None and self._is_known(span):
            times.append(self._next_sweep(span))
        if self._polls() and not self._polling:
            times.append(max(self._poll_due, self._pace(self._ledger.spans[-1]).due()))
        return min(times)

    def hurry(self) -> None:
        """Somebody looks: the next poll is due at once."""
        self._poll_due = 0.0

    def leave_out(self) -> None:
        """What is older than all that is read of every stream is not wanted."""
        readings = [*self._under_way, *(entry[2] for entry in self._unread)]
        self._ledger.since = max((reading.hi for reading in readings), default=self._ledger.since)
        self._unread.clear()

    def _hands(self) -> int:
        """How many more streams may be asked now."""
        return self._tempo.readers - len(self._under_way) - self._looks

    def _next_sweep(self, span: Span) -> float:
        return float("inf") if self._sweeping else max(self._sweep_due, self._pace(span).due())

    def _pace(self, span: Span) -> Pace:
        return self._paces["recent" if span.way == "recent" else "stream"]

    def _list_due(self) -> float:
        """When the streams are to be asked for: once; where each is polled by itself, again before each sweep."""
        pace = self._paces["list"]
        if self._listing:
            return float("inf")
        if self.streams is None or self._list_again:
            return pace.due()
        span = None if self._sweeping else self._to_sweep()
        return float("inf") if span is None or self._is_known(span) else max(self._sweep_due, pace.due())

    def _is_known(self, span: Span) -> bool:
        """Whether a sweep over the span would miss no stream."""
        return span.way == "recent" or (self._fresh and self.streams is not None)

    def _readable(self) -> list[Span]:
        """The open spans that can be looked at: what was begun by eventId cannot be where that is denied."""
        return [span for span in self._ledger.open_spans() if span.way == "polled" or not self.is_denied]

    def _to_sweep(self) -> Span | None:
        spans = self._readable()
        # What was never looked at comes first, then a closed span, which will be done with.
        return next((span for span in spans if span.lo not in self._swept), spans[0] if spans else None)

    def _polls(self) -> bool:
        spans = self._ledger.spans
        return (
            self._follow
            and self._polled_ms > 0
            and bool(spans)
            and not spans[-1].is_final
            and (self.streams is not None if spans[-1].way == "polled" else not self.is_denied)
        )

    # What came

    def listed(self, streams: Sequence[str]) -> None:
        """The streams are known: what is missing of them is to be read."""
        self._listing = self._list_again = False
        self._fresh, self._listed_ms = True, self._list_asked_ms
        self._paces["list"].well()
        self.streams = tuple(streams)
        begun = [*self._under_way, *(entry[2] for entry in self._unread)]
        for reading in self._ledger.readings(streams, begun, forward=self._forward):
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
        self._paces[ask.kind].well()
        self._looks -= ask.kind == "stream"
        if new:
            self._last_line = now
            self._quiet_polls = 0
            self._heard = True
            self._last_sweep = False
        if token is not None:
            self._pages[ask.kind].append(replace(ask, token=token))
            return False
        if ask.kind == "stream":
            self._left[ask.sweep] -= 1
            if self._left[ask.sweep] > 0:
                return False
        self._done(ask, now)
        return True

    def _done(self, ask: Ask, now: float) -> None:
        self._list_again = ask.kind == "stream" and not self.streams
        if ask.sweep:
            self._sweep_done(ask)
        else:
            self._poll_done(ask, now)

    def probed(self) -> None:
        """Streams may be asked all together again."""
        self._probing = False
        self._paces["recent"].well()

    def _sweep_done(self, ask: Ask) -> None:
        self._sweeping = False
        self._swept.add(ask.span)
        fresh = all(span.lo in self._swept for span in self._readable())
        self._sweep_due = ask.sent + max(self._tempo.sweep, 4 * self._round(ask)) if fresh else 0.0
        if self.ended_ms is not None and ask.within[1] == FOREVER:
            self._last_sweep = self._quiet_polls >= 2

    def _poll_done(self, ask: Ask, now: float) -> None:
        self._polling = False
        self._polled_ms = ask.begun_ms
        silence = now - self._last_line
        shortest = max(self._tempo.poll, self._round(ask))
        self._poll_due = ask.sent + max(shortest, min(silence / 10, self._tempo.slow_poll))
        if self.ended_ms is None or ask.begun_ms < self.ended_ms + self._tempo.grace * 1000:
            return
        self._poll_due = ask.sent + shortest
        self._quiet_polls += not self._heard
        if self._quiet_polls == 2:
            self._sweep_due, self._fresh = 0.0, False

    def _round(self, ask: Ask) -> float:
        """How long a round of requests takes of the service's rate."""
        return self._tempo.each_stream * len(self.streams or ()) if ask.kind == "stream" else 0.0

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
        elif ask.is_probe:
            self._probing = False
        elif ask.kind == "stream":
            self._looks -= 1
            again = replace(ask, token=None, seen=Counter()) if isinstance(error, Refused) else ask
            self._pages["stream"].append(again)
        elif ask.token is not None and not isinstance(error, Refused):
            self._pages["recent"].append(ask)
        elif ask.sweep:
            self._sweeping = False
        else:
            self._polling = False

    def _later(self, reading: Reading) -> None:
        if reading.hi <= self._ledger.since:
            return
        # One end first, over all streams: what a person sees first is complete first.
        self._tickets += 1
        heapq.heappush(self._unread, (reading.lo if self._forward else -reading.hi, self._tickets, reading))

    # How it stands

    @property
    def is_denied(self) -> bool:
        """Whether streams may not be asked all together, so that each is asked by itself."""
        return isinstance(self._paces["recent"].error, Denied)

    @property
    def error(self) -> SourceError | None:
        """The last failure that nothing has mended yet, and that nothing stands in for."""
        errors = [pace.error for kind, pace in self._paces.items() if not (kind == "recent" and self.is_denied)]
        return next((error for error in errors if error is not None), None)

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
            and all(span.lo in self._swept for span in self._readable())
        )

    @property
    def certain_to_ms(self) -> int:
        """Before which time all is read, but for what may still come late; 0 while the streams are not known."""
        if self.streams is None:
            return 0
        begun = [*self._under_way, *(entry[2] for entry in self._unread)]
        unread = [reading.lo for reading in begun]
        unread += [span.lo for span in self._readable() if span.lo not in self._swept]
        return min(unread, default=FOREVER)

    @property
    def is_complete(self) -> bool:
        """Whether all is read and nothing can come any more."""
        return self.is_read and not self._ledger.open_spans()

    @property
    def is_over(self) -> bool:
        """Whether there is nothing left to wait for."""
        return self.is_read and (not self._follow or self._last_sweep or self.is_complete)

"""What is known of a log, what of it is final, and what comes next: pure bookkeeping, without a clock or a request.

A log's time is divided into spans. What lies more than 15 minutes back is read stream by stream (GetLogEvents), once.
What is newer is read over all streams together (FilterLogEvents), again and again until nothing can come late any
more, and told apart by its eventId; where that is denied, stream by stream all the same, and told apart by what is in
it. Each event time is read in one of these ways only, so nothing is ever matched between them.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from operator import itemgetter

from tui.archive import FOREVER, OWN_NAME, Kept, Range, Span, Way
from tui.archive.coverage import minus, union
from tui.model.logs import LogEvent, LogPage

LATE_MS = 10 * 60 * 1000
"""How much later than its event time an event may arrive, where nothing else is said."""
SPLIT_MS = 15 * 60 * 1000
"""What is older than this is complete, and read stream by stream."""
SLACK_MS = 5 * 60 * 1000
"""How much more may be read over all streams before the time is divided anew: not for every moment that passes."""
BEHIND_MS = 10_000
"""An event that much older than the newest one given counts as late, though its own stream is in order."""

_time = itemgetter(0)


@dataclass(slots=True, eq=False)
class Reading:
    """A range of one stream, read page by page from its newest event to its oldest, or `forward`.

    The last events of a page may go on in the next one with the same time, so they wait for it: what is covered
    always ends between two times.
    """

    stream: str
    lo: int
    hi: int
    forward: bool = False
    token: str | None = None
    waiting: list[LogEvent] = field(default_factory=list)
    done: bool = False

    def take(self, page: LogPage) -> tuple[Range, list[LogEvent]]:
        """The range that this page completes, and all of its events."""
        events = sorted(page.events, key=_time)
        del events[bisect_left(events, self.hi, key=_time) :], events[: bisect_left(events, self.lo, key=_time)]
        events = self.waiting + events if self.forward else events + self.waiting
        self.token = page.token
        if page.token is None:
            covers = (self.lo, self.hi)
            self.waiting, self.done = [], True
            return covers, events
        if not events:
            return (self.hi, self.hi), []
        if self.forward:
            newest = events[-1].timestamp
            cut = bisect_left(events, newest, key=_time)
            covers = (self.lo, newest)
            self.waiting, self.lo = events[cut:], newest
            return covers, events[:cut]
        oldest = events[0].timestamp
        cut = bisect_right(events, oldest, key=_time)
        covers = (oldest + 1, self.hi)
        self.waiting, self.hi = events[:cut], oldest + 1
        return covers, events[cut:]

    def restart(self) -> None:
        """The token is void: reads what is not covered yet from its first page again."""
        self.token, self.waiting = None, []


class Ledger:
    """The bookkeeping of one log.

    Args:
        start_ms: Events before this time belong to another job of the same name.
        since_ms: Nothing older has to be read; what is read of it all the same counts as ever.
        late_ms: How much later than its event time an event may arrive.

    Attributes:
        spans: How the log's time is divided, in order and without holes; none before the first division.
        since: Nothing older has to be read (ms since the epoch).
    """

    def __init__(self, start_ms: int, since_ms: int = 0, late_ms: int = LATE_MS) -> None:
        self.spans: list[Span] = []
        self._late_ms = late_ms
        self._start = start_ms
        self.since = since_ms
        self._covered: dict[str, list[Range]] = {}
        self._ids: dict[str, int] = {}
        self._newest: int | None = None
        self._given: dict[str, int] = {}
        self._newest_given = 0

    def know(self, kept: Kept) -> None:
        """Takes over what an archive knows; once, at the beginning."""
        self.spans = list(kept.spans)
        self._covered = {name: list(ranges) for name, ranges in kept.covered.items()}
        self._ids = dict(kept.ids)
        self._newest = kept.newest

    # What comes next

    def divide(self, split: int, *, polled: bool = False) -> list[Span]:
        """The spans as they should be at this time; the ledger itself is changed by setting `spans`.

        Args:
            split: What is older is complete, and read stream by stream; FOREVER once nothing can arrive any more.
            polled: Whether streams cannot be asked all together.
        """
        way: Way = "polled" if polled else "recent"
        if not self.spans:
            first = max(self._start, split)
            return _without_empty([Span(self._start, split, "streams"), Span(first, FOREVER, way, first)])
        last = self.spans[-1]
        if last.way == "streams":
            return self.spans
        # What was seen so far is completed as it was begun, the rest is read in another way: by stream where nobody
        # looked for a while, and by whatever is allowed where that has changed.
        seen = max(last.checked, (self._newest or 0) + 1)
        if last.checked < split - SLACK_MS and seen < split:
            more = [Span(seen, split, "streams"), Span(split, FOREVER, way, split)]
        elif last.way != way:
            more = [Span(seen, FOREVER, way, seen)]
        else:
            return self.spans
        return _without_empty([*self.spans[:-1], replace(last, hi=seen), *more])

    def readings(
        self, streams: Iterable[str], begun: Iterable[Reading] = (), *, forward: bool = False
    ) -> list[Reading]:
        """What is still to be read stream by stream, but for what is being read already."""
        taken = {stream: list(ranges) for stream, ranges in self._covered.items()}
        for reading in begun:
            taken.setdefault(reading.stream, []).append((reading.lo, reading.hi))
        return [
            Reading(stream, lo, hi, forward)
            for stream in streams
            for span in self.spans
            if span.way == "streams"
            for lo, hi in minus((max(span.lo, self.since), span.hi), taken.get(stream, ()))
        ]

    def progress(self, streams: Sequence[str], now_ms: int) -> float:
        """The part of the time of all streams that is read, 0 to 1."""
        whole = missing = 0
        for span in self.spans:
            if span.way == "streams":
                begin = min(max(span.lo, self.since), span.hi)
                limits = (begin, min(span.hi, max(now_ms, begin + 1)))
                for stream in streams:
                    whole += limits[1] - limits[0]
                    missing += sum(hi - lo for lo, hi in minus(limits, self._covered.get(stream, ())))
        return 1 - missing / whole if whole else 1.0

    def open_spans(self) -> list[Span]:
        """The spans that are not final: each wants a sweep over [checked, hi)."""
        return [span for span in self.spans if not span.is_final]

    @property
    def checked_ms(self) -> int:
        """Up to where nothing can come late any more, once all readings are done."""
        last = self.spans[-1] if self.spans else None
        if last is None:
            return 0
        return last.hi if last.way == "streams" else last.checked

    # What came

    def take_piece(self, stream: str, covers: Range) -> None:
        """A range of a stream is read."""
        self._covered[stream] = union([*self._covered.get(stream, ()), covers])

    def take_recent(self, events: Iterable[LogEvent]) -> list[LogEvent]:
        """Those of the events that are new, in the order of their arrival."""
        # What is older than `checked` was seen, though its id is forgotten: a poll under way may still bring it.
        ranges = [(span.checked, span.hi) for span in self.open_spans()]
        new: list[LogEvent] = []
        for event in events:
            if event.event_id in self._ids or not any(lo <= event.timestamp < hi for lo, hi in ranges):
                continue
            self._ids[event.event_id] = event.timestamp
            new.append(event)
        if new:
            self._newest = max(self._newest or 0, max(event.timestamp for event in new))
        return new

    def swept(self, lo: int, begun_ms: int, *, settled: bool) -> tuple[Range, Way]:
        """A sweep over all that was open of the span beginning at `lo` is complete.

        Args:
            lo: The span.
            begun_ms: The source's time when its first page was asked for.
            settled: Whether the job had ended so long before that nothing more can come at all.

        Returns:
            The range in which nothing new can come any more since this sweep, and the way in which it was read.
        """
        index = next(i for i, span in enumerate(self.spans) if span.lo == lo)
        span = self.spans[index]
        checked = max(span.checked, span.hi if settled else min(span.hi, begun_ms - self._late_ms))
        self.spans[index] = replace(span, checked=checked)
        since = min((open_.checked for open_ in self.open_spans()), default=FOREVER)
        self._ids = {event: time for event, time in self._ids.items() if time >= since}
        return (span.checked, checked), span.way

    def late_ones(self, events: Iterable[LogEvent]) -> frozenset[str]:
        """The eventIds of those, newly arrived, that belong above a line given already."""
        return frozenset(
            event.event_id
            for event in events
            if event.timestamp < self._given.get(event.stream, 0) or event.timestamp < self._newest_given - BEHIND_MS
        )

    def gave(self, events: Iterable[LogEvent]) -> None:
        """These events have been given to the reader."""
        for event in events:
            if event.timestamp > self._given.get(event.stream, 0):
                self._given[event.stream] = event.timestamp
                self._newest_given = max(self._newest_given, event.timestamp)


def named_by_content(events: Iterable[LogEvent], seen: Counter[str]) -> list[LogEvent]:
    """The events with an `event_id` that each reading of their stream gives them again.

    Args:
        events: Of one stream, in the order of that reading, which began between two times.
        seen: How often what was in them has come before in that reading; it is changed.
    """
    named = []
    for event in events:
        said = f"{event.stream}\0{event.timestamp}\0{event.ingestion_time}\0{event.message}"
        content = blake2b(said.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()
        seen[content] += 1
        named.append(event._replace(event_id=f"{OWN_NAME}{content}.{seen[content]}"))
    return named


def _without_empty(spans: Iterable[Span]) -> list[Span]:
    return [span for span in spans if span.lo < span.hi]

"""What of a log is kept for good: half-open ranges of event time, and the two ways of reading them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

FOREVER = 1 << 60
"""The end of a range that has none, in ms."""

Range = tuple[int, int]
"""lo ≤ event time < hi, in ms."""

Way = Literal["streams", "recent", "polled"]
"""`streams`: stream by stream (GetLogEvents), once. `recent`: all together (FilterLogEvents), keyed by eventId.
`polled`: in place of `recent` where that is denied: stream by stream, again and again, keyed by `named_by_content`."""

OWN_NAME = "~"
"""How an `event_id` begins that was made of the event's content: AWS's own begin otherwise."""


@dataclass(frozen=True, slots=True)
class Span:
    """A range of a log's time and the one way in which it is read, so that the two never meet.

    Attributes:
        lo: Its first ms.
        hi: The first ms behind it, FOREVER for the span that still grows.
        way: How it is read.
        checked: Up to where nothing new can come any more (ms); unused in a `streams` span.
    """

    lo: int
    hi: int
    way: Way
    checked: int = 0

    @property
    def is_final(self) -> bool:
        """Whether nothing of it comes a second time."""
        return self.way == "streams" or self.checked >= self.hi


@dataclass(frozen=True, slots=True)
class Kept:
    """What an archive knows of one log when a follower begins.

    Attributes:
        spans: In order, without holes; none before the first reading.
        covered: The ranges that are kept of each stream, of the `streams` spans.
        ids: Event time by eventId of those events that can be met again.
        newest: The newest event time of those with an `event_id`, None before the first.
        sealed: Whether the whole log is kept, and nothing is to be asked ever again.
    """

    spans: tuple[Span, ...] = ()
    covered: Mapping[str, tuple[Range, ...]] = field(default_factory=dict)
    ids: Mapping[str, int] = field(default_factory=dict)
    newest: int | None = None
    sealed: bool = False


def union(ranges: Iterable[Range]) -> list[Range]:
    """The same ranges in order, those that touch joined, empty ones left out."""
    joined: list[Range] = []
    for lo, hi in sorted(ranges):
        if lo >= hi:
            continue
        if joined and lo <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(hi, joined[-1][1]))
        else:
            joined.append((lo, hi))
    return joined


def minus(whole: Range, covered: Iterable[Range]) -> list[Range]:
    """What of `whole` lies in none of `covered`, in order."""
    gaps: list[Range] = []
    at, end = whole
    for lo, hi in union(covered):
        if lo >= end:
            break
        if lo > at:
            gaps.append((at, lo))
        at = max(at, hi)
    if at < end:
        gaps.append((at, end))
    return gaps

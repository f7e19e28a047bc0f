"""What a log says of a job's health, found by looking for a few literals: the price of a log is its reading, not this.

`LogScan` is fed with batches of events, in any order among each other; `facts` is what it has found. Not thread-safe:
`tui.watch.health` puts a lock around it.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise

from tui.model.clean import without_escapes
from tui.model.logs import LogEvent

_LONGEST = 500  # characters of a line that are kept
_COUNTED = 1000  # hits of a kind that are looked at one by one
_MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class _Sign:
    """What a kind of trouble looks like: one of the literals, and then the pattern too."""

    kind: str
    literals: tuple[str, ...]
    pattern: re.Pattern[str]


# A line is looked at only where one of the literals stands in it, in these very letters; long ones are found soonest.
# A metric that is NaN is not looked for here: whoever reads metrics out of the log knows it by its name and its value.
_SIGNS = (
    _Sign(
        "cuda-oom",
        ("out of memory", "OOM when allocating"),
        re.compile(r"(?:CUDA|HIP).{0,40}out of memory|OutOfMemoryError|OOM when allocating", re.I),
    ),
    _Sign("traceback", ("Traceback (most",), re.compile(r"Traceback \(most recent call last\)")),
    _Sign(
        "spot-interruption",
        ("SIGTERM", "nterruption"),
        re.compile(
            r"spot.{0,60}interrupt|interruption notice|(?:received|got|caught).{0,12}SIGTERM|SIGTERM.{0,24}received",
            re.I,
        ),
    ),
    _Sign(
        "nccl",
        ("Watchdog caught", "NCCL error"),
        re.compile(r"collective operation timeout|NCCL error"),
    ),
    _Sign(
        "killed",
        ("Killed", "signal SIGKILL"),
        re.compile(r"^\s*Killed\s*$|Killed process|OOMKilled|signal SIGKILL", re.M),
    ),
    _Sign(
        "nan",
        (" is nan", "oss is NaN", "nvalid loss"),
        re.compile(r"\bloss\b.{0,60}\bis nan\b|Invalid loss, terminating", re.I),
    ),
    _Sign(
        "slow-loader",
        ("ataloader", "ataLoader"),
        re.compile(r"dataloader.{0,40}(?:slow|wait|timed? ?out)", re.I),
    ),
)


@dataclass(frozen=True, slots=True)
class LogHit:
    """How often a kind of trouble was logged.

    Attributes:
        count: How many events, at least; what comes after the first thousand is only counted by batches.
        first_ms: Event time of the first one.
        last_ms: Event time of the last one.
        host: The first one's host.
        line: The first one's text, as it was logged; of a traceback the line that says what was raised.
    """

    count: int
    first_ms: int
    last_ms: int
    host: str
    line: str


@dataclass(frozen=True, slots=True)
class LogFacts:
    """What a log said so far.

    Attributes:
        hits: By kind: `cuda-oom`, `traceback`, `spot-interruption`, `nccl`, `killed`, `nan`, `slow-loader`.
        last_ms: Event time of the newest line, None before the first.
        longest_gap_ms: The longest time between two lines, to the minute.
        complete: Whether all lines up to now have been seen: until then nothing is silent.
    """

    hits: Mapping[str, LogHit] = field(default_factory=dict)
    last_ms: int | None = None
    longest_gap_ms: int = 0
    complete: bool = False


NO_LOG = LogFacts()
"""Of a log that nobody has read."""


class LogScan:
    """Finds what matters in the events it is fed."""

    def __init__(self) -> None:
        self._hits: dict[str, LogHit] = {}
        self._minutes: set[int] = set()
        self._last_ms: int | None = None
        self.complete = False

    @property
    def facts(self) -> LogFacts:
        """What was found so far."""
        minutes = sorted(self._minutes)
        gaps = (after - before for before, after in pairwise(minutes))
        return LogFacts(dict(self._hits), self._last_ms, max(gaps, default=0) * _MINUTE_MS, self.complete)

    def take(self, events: Sequence[LogEvent]) -> bool:
        """Looks at events that are in the order of their time; returns whether there is a first hit of some kind."""
        if not events:
            return False
        self._note_times(events)
        before = len(self._hits)
        text = "\n".join([event.message for event in events])
        starts: list[int] = []
        for sign in _SIGNS:
            known = self._hits.get(sign.kind)
            if known is not None and known.count >= _COUNTED:
                self._note_last(sign, events, text)
                continue
            if not any(literal in text for literal in sign.literals):
                continue
            starts = starts or [0, *accumulate(len(event.message) + 1 for event in events)]
            for index in _hits(sign, events, text, starts):
                self._note(sign, events, index)
        return len(self._hits) > before

    def _note_times(self, events: Sequence[LogEvent]) -> None:
        # From minute to minute rather than from line to line.
        at = 0
        while at < len(events):
            minute = events[at].timestamp // _MINUTE_MS
            self._minutes.add(minute)
            at = bisect_left(events, (minute + 1) * _MINUTE_MS, at + 1, key=_time)
        self._last_ms = max(self._last_ms or 0, events[-1].timestamp)

    def _note(self, sign: _Sign, events: Sequence[LogEvent], index: int) -> None:
        event, known = events[index], self._hits.get(sign.kind)
        if known is None or event.timestamp < known.first_ms:
            line = _raised(events, index) if sign.kind == "traceback" else _line(sign, event.message)
            known = LogHit(
                known.count if known else 0,
                event.timestamp,
                known.last_ms if known else event.timestamp,
                event.host,
                line[:_LONGEST],
            )
        last = max(known.last_ms, event.timestamp)
        self._hits[sign.kind] = LogHit(known.count + 1, known.first_ms, last, known.host, known.line)

    def _note_last(self, sign: _Sign, events: Sequence[LogEvent], text: str) -> None:
        if any(literal in text for literal in sign.literals):
            known = self._hits[sign.kind]
            last = max(known.last_ms, events[-1].timestamp)
            self._hits[sign.kind] = LogHit(known.count + 1, known.first_ms, last, known.host, known.line)


def _time(event: LogEvent) -> int:
    return event.timestamp


def _hits(sign: _Sign, events: Sequence[LogEvent], text: str, starts: Sequence[int]) -> list[int]:
    """The indices of the events that show the sign, in order."""
    found: set[int] = set()
    for literal in sign.literals:
        at = text.find(literal)
        while at >= 0 and len(found) < _COUNTED:
            index = bisect_right(starts, at) - 1
            if index not in found and sign.pattern.search(without_escapes(events[index].message[:16_384])):
                found.add(index)
            at = text.find(literal, starts[index + 1])
    return sorted(found)


def _line(sign: _Sign, message: str) -> str:
    """The line of a message that shows the sign."""
    lines = re.split(r"[\r\n]+", message[:16_384])
    return next((line for line in lines if sign.pattern.search(without_escapes(line))), lines[0])


def _raised(events: Sequence[LogEvent], index: int) -> str:
    """The line of a traceback that says what was raised: the first behind it that is not indented."""
    event = events[index]
    lines = event.message[:65_536].split("\n")
    head = next(place for place, line in enumerate(lines) if "Traceback (most" in line)
    rest = lines[head + 1 :]
    for other in events[index + 1 : index + 400]:
        if other.stream == event.stream:
            rest += other.message[:65_536].split("\n")
    return next((line for line in rest if line[:1].strip() and not line.startswith("Traceback")), lines[head])

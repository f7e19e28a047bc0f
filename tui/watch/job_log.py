"""The metrics and the marks of a training job that its log tells, as the log is read."""

from __future__ import annotations

import re
import threading
from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from tui.model.definitions import Definitions, Point, compile_definitions, lines_of
from tui.model.jobs import MetricDefinition, TrainingJob
from tui.model.logs import LogEvent, host_number
from tui.model.markers import Marker
from tui.model.merge_series import in_order, thinned
from tui.model.recognise import Recogniser
from tui.model.series import Series

POINTS = 100_000
"""Datapoints a series has at most."""
_ALL_POINTS = 2_000_000
_HOSTS = 16
"""Hosts whose values are kept apart, for each metric."""
_HELD = 20_000
_COMPARED = 500
_LAG = 50
_MARKS = 200

_SAVED = re.compile(r"\b(?:sav|writ|stor|upload|export)(?:ed|ing|ten)\b|\bwrote\b", re.IGNORECASE)
_RESUMED = re.compile(r"\b(?:resum|restor|continu)(?:ed|ing)\b", re.IGNORECASE)

Key = tuple[str, str, str]
"""A series: its metric, its source, its host."""


@dataclass(slots=True)
class _Curve:
    """The values of one metric on one host, in the order in which they came."""

    times: array[int] = field(default_factory=lambda: array("q"))
    values: array[float] = field(default_factory=lambda: array("d"))
    steps: array[float] = field(default_factory=lambda: array("d"))
    epochs: array[float] = field(default_factory=lambda: array("d"))
    seen: int = 0
    sorted: bool = True

    def add(self, point: Point) -> None:
        self.sorted = self.sorted and not (self.times and point.time_ms < self.times[-1])
        self.times.append(point.time_ms)
        self.values.append(point.value)
        self.steps.append(point.step)
        self.epochs.append(point.epoch)
        self.seen += 1

    def tidy(self, most: int) -> None:
        """Sorted, and no more than so many."""
        if self.sorted and len(self.times) <= most:
            return
        series = in_order(Series("", self.times, self.values, steps=self.steps, epochs=self.epochs))
        while len(series) > most:
            series = thinned(series)
        nothing = array("d", [float("nan")]) * len(series)
        self.times, self.values = series.times, series.values
        self.steps, self.epochs = series.steps or nothing[:], series.epochs or nothing[:]
        self.sorted = True

    def series(self, name: str, source: str, part: str) -> Series:
        """A copy, which does not change any more."""
        return Series(
            name, self.times[:], self.values[:], source, part, "", "", _or_nothing(self.steps), _or_nothing(self.epochs)
        )


class Batch(Protocol):
    """As much as counts here of what a follower says: `tui.follow.LogBatch`, in a room beside this one."""

    @property
    def events(self) -> Sequence[LogEvent]:
        """New events, in order."""

    @property
    def state(self) -> str:
        """`waiting`, `reading`, `following` or `ended`."""


class JobLog:
    """Reads metrics out of a follower's batches, in whatever order they come. Thread-safe.

    A job's own definitions are used, and those that somebody has kept for it: of one name the kept one counts. Where
    there are none at all, common formats are recognised, and the series' source is `recognised` rather than `log`.

    Of several hosts that report one metric each has a series of its own, unless they all print the same values and
    none is far behind.

    Args:
        kept: The definitions that somebody has kept for the job, by the job's name.
    """

    def __init__(self, kept: Callable[[str], tuple[MetricDefinition, ...]] = lambda _: ()) -> None:
        self._kept = kept
        self._lock = threading.RLock()
        self._definitions: Definitions = compile_definitions(())
        self._recogniser: Recogniser | None = None
        self._held: list[LogEvent] = []
        self._curves: dict[Key, _Curve] = {}
        self._refused: set[tuple[str, str]] = set()
        self._marks: dict[tuple[int, str], Marker] = {}
        self._streams: dict[str, tuple[str, int]] = {}
        self._made: tuple[Series, ...] | None = ()
        self._whole = False
        self._known = False

    def job_is(self, job: TrainingJob) -> None:
        """Whose log it is; to be said once, before the first batch is taken."""
        with self._lock:
            if not self._known and job.detailed:
                self._known = True
                kept = {definition.name: definition for definition in self._kept(job.name)}
                own = [definition for definition in job.metric_definitions if definition.name not in kept]
                self._use([*own, *kept.values()])

    def redefine(self, definitions: Sequence[MetricDefinition], events: Iterable[LogEvent]) -> None:
        """Uses other definitions from now on, and reads what was read before once more.

        Args:
            definitions: All of them; none means that metrics are recognised.
            events: The log so far: this object keeps no lines.
        """
        with self._lock:
            self._known = True
            self._curves.clear()
            self._refused.clear()
            self._made = None
            self._use(definitions)
            self._read(list(events))

    def take(self, batch: Batch) -> bool:
        """Takes a batch, in the follower's thread; returns whether there is anything new to show."""
        with self._lock:
            whole = self._whole or batch.state in ("following", "ended")
            changed = whole != self._whole
            self._whole = whole
            if batch.events:
                changed = self._read(batch.events) or changed
                changed = self._mark(batch.events) or changed
            return changed

    @property
    def is_whole(self) -> bool:
        """Whether the log has been read from its start."""
        return self._whole

    @property
    def definitions(self) -> tuple[MetricDefinition, ...]:
        """What is used to read it, recognised ones included."""
        with self._lock:
            return self._definitions.definitions

    @property
    def is_recognised(self) -> bool:
        """Whether nobody defined these metrics: they were recognised."""
        return self._recogniser is not None

    def series(self) -> tuple[Series, ...]:
        """What was read so far, in the order of the definitions, sorted by time; copies that do not change any more."""
        with self._lock:
            if self._made is None:
                most = min(POINTS, max(_ALL_POINTS // max(len(self._curves), 1), 1_000))
                for curve in self._curves.values():
                    curve.tidy(most)
                order = {definition.name: place for place, definition in enumerate(self._definitions.definitions)}
                keys = sorted(self._curves, key=lambda key: (order.get(key[0], len(order)), host_number(key[2])))
                made = [self._curves[key].series(*key) for key in keys]
                names = dict.fromkeys(one.name for one in made)
                self._made = tuple(one for name in names for one in _apart([one for one in made if one.name == name]))
            return self._made

    def markers(self) -> tuple[Marker, ...]:
        """Checkpoints and restarts, oldest first."""
        with self._lock:
            return tuple(sorted(self._marks.values(), key=lambda mark: mark.time_ms))

    def problems(self) -> tuple[str, ...]:
        """What is wrong with a definition or was left out, a sentence each; text from outside is in it."""
        with self._lock:
            said = [f"{problem.metric}: {problem.text}" for problem in self._definitions.problems]
            for (name, _, host), curve in self._curves.items():
                if curve.seen > len(curve.times):
                    whose = f"{name} of {host}" if host else name
                    said.append(
                        f"{whose}: {curve.seen:,} values, thinned to {len(curve.times):,} that keep every peak and dip"
                    )
            said += [f"{name}: the values of {_HOSTS} hosts are kept" for name in sorted({n for n, _ in self._refused})]
            return tuple(said)

    # -- within the lock ----------------------------------------------------------------------------------------------

    def _use(self, definitions: Sequence[MetricDefinition]) -> None:
        self._definitions = compile_definitions(definitions)
        self._recogniser = None if definitions else Recogniser()
        self._held = []

    def _read(self, events: Sequence[LogEvent]) -> bool:
        changed = False
        if self._recogniser is not None:
            lines, owners = lines_of([event.message for event in events])
            rows = self._recogniser.take(lines)
            before, now = self._definitions.definitions, self._recogniser.definitions
            if now != before:
                names = {definition.name for definition in before}
                # What was held back may hold values of what is only now known to be a metric.
                new = compile_definitions([definition for definition in now if definition.name not in names])
                changed = self._add(new.read(self._held))
                self._definitions = compile_definitions(now)
            found = dict.fromkeys(rows if owners is None else (owners[row] for row in rows))
            self._held += [events[row] for row, _ in zip(found, range(_HELD - len(self._held)), strict=False)]
        return self._add(self._definitions.read(events)) or changed

    def _add(self, points: Iterable[Point]) -> bool:
        source = "recognised" if self._recogniser is not None else "log"
        changed = False
        for point in points:
            key = (point.metric, source, point.host)
            curve = self._curves.get(key)
            if curve is None:
                if (point.metric, point.host) in self._refused:
                    continue
                if sum(name == point.metric for name, _, _ in self._curves) >= _HOSTS:
                    self._refused.add((point.metric, point.host))
                    continue
                curve = self._curves[key] = _Curve()
            curve.add(point)
            changed = True
            if len(curve.times) > 2 * POINTS:
                curve.tidy(POINTS)
        if changed:
            self._made = None
        return changed

    def _mark(self, events: Sequence[LogEvent]) -> bool:
        changed = False
        for event in events:
            said = event.message
            if "heckpoint" in said or "HECKPOINT" in said:
                label = "resumed" if _RESUMED.search(said) else "checkpoint" if _SAVED.search(said) else ""
                # Several lines, and several hosts, tell of one.
                key = event.timestamp // 5000, label
                known = self._marks.get(key)
                if label and (event.timestamp < known.time_ms if known else len(self._marks) < _MARKS):
                    self._marks[key] = Marker(event.timestamp, label)
                    changed = True
        for event in {event.stream: event for event in reversed(events)}.values():
            _, first = self._streams.get(event.stream, ("", event.timestamp))
            self._streams[event.stream] = (event.host, min(first, event.timestamp))
        return self._restarts() or changed

    def _restarts(self) -> bool:
        """A host that writes into another stream was started anew, as after a spot interruption."""
        by_host: dict[str, list[int]] = {}
        for host, first in self._streams.values():
            by_host.setdefault(host, []).append(first)
        found = {first for firsts in by_host.values() if len(firsts) > 1 for first in sorted(firsts)[1:]}
        marks = {key: mark for key, mark in self._marks.items() if mark.label != "restart"}
        for first in sorted(found)[:_MARKS]:
            # The hosts of a cluster start within a minute.
            if not any(mark.label == "restart" and first - mark.time_ms < 60_000 for mark in marks.values()):
                marks[first, "restart"] = Marker(first, "restart", "warning")
        changed, self._marks = marks != self._marks, marks
        return changed


def _apart(hosts: Sequence[Series]) -> Sequence[Series]:
    """A metric's series by host, or one of them where all hosts print the same: a loss that they have agreed on."""
    longest = max(hosts, key=len)
    if all(_says_the_same(one, longest) and not _lags(one, longest) for one in hosts if one is not longest):
        return [replace(longest, part="")]
    return hosts


def _says_the_same(one: Series, other: Series) -> bool:
    mine, others = _latest(one), _latest(other)
    common = mine.keys() & others.keys()
    return bool(common) and all(mine[place] == others[place] for place in common)


def _lags(one: Series, other: Series) -> bool:
    """Whether a host is far behind another: it works for itself, though on the same."""
    if not one.steps or not other.steps:
        return False
    first, last = sorted((one.steps[-1], other.steps[-1]))
    return last - first > max(_LAG, last / 10)


def _latest(series: Series) -> dict[float, str]:
    """The latest values by the step that their lines name, else by their number; as text, so that NaN equals NaN."""
    places: Sequence[float] = series.steps or range(len(series))
    first = max(len(series) - _COMPARED, 0)
    return {places[n]: str(series.values[n]) for n in range(first, len(series)) if places[n] == places[n]}


def _or_nothing(counts: array[float]) -> array[float]:
    return counts[:] if any(count == count for count in counts) else array("d")

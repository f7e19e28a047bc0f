"""When a training job will be done, from how far its log says it is. An estimate, and only where it is a steady one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from tui.model.jobs import TrainingJob
from tui.model.logs import LogEvent
from tui.model.series import Series

STEADY = 0.25
"""How much the two halves of what is looked at may differ in speed."""
FEWEST_POINTS, SHORTEST_MS = 4, 120_000
SILENT_MS = 300_000
"""How long nothing may be heard, where lines come more often, before the job is no longer taken to go on."""
RESTART, RESTARTS = 0.02, 2
"""A fall of progress by more than this is a restart, as after a spot interruption; by less it is noise. What falls more
often than so many times counts something else than the whole job."""
_RECENT_MS = 3_600_000
_LONGEST_LINE = 2000
_MOST_MARKS = 20_000
_TRIES = 8

_CODES = re.compile(r"\x1b\[[0-9;]*m")
_EPOCH = re.compile(r"\bepochs?\b[\"']?\s*[:=#]?\s*(\[?)\s*(\d+(?:\.\d+)?)\s*(?:(?:/|of)\s*(\d+))?(\]|:\s+\d+%)?", re.I)
_STEP = re.compile(
    r"\b(?:global_?step|step|iter|iteration)\b[\"']?\s*[:=#]?\s*\[?\s*(\d+)\s*(?:(?:/|of)\s*(\d+))?", re.I
)
_PART = re.compile(r"\[\s*(\d+)\s*/\s*(\d+)\b|\|\s*(\d+)/(\d+)\s*\[|^\s*(\d+)/(\d+)\s+\[")
_ROUND = re.compile(r"^\s*(?:\S+ )?\[(\d+)\](?:#011|\s+)\S*(?:train|valid|test|eval)", re.I)

_EPOCH_NAMES = ("num_train_epochs", "max_epochs", "num_epochs", "n_epochs", "epochs")
_STEP_NAMES = ("max_steps", "max_train_steps", "num_train_steps", "total_steps", "train_steps", "num_steps")
_ROUND_NAMES = ("num_round", "num_rounds", "num_boost_round", "n_estimators")


class Totals(NamedTuple):
    """What the hyperparameters say there is to do in all; None where they do not."""

    epochs: float | None = None
    steps: float | None = None
    rounds: float | None = None


class Mark(NamedTuple):
    """What one line says of how far the job is.

    `epoch` is the number of the epoch under way, counted from 1, or from 0 where `zero` says so; `part` is the share of
    it that is done.
    """

    time_ms: int
    epoch: float | None = None
    epochs: float | None = None
    zero: bool = False
    step: float | None = None
    steps: float | None = None
    part: float | None = None
    round: float | None = None


class Point(NamedTuple):
    """At `time_ms`, this share (0 to 1) of the whole job was done."""

    time_ms: int
    done: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """When the job will be done at the pace it has (ms since the epoch), and which share is."""

    ends_ms: int
    done: float


def totals(hyperparameters: Mapping[str, str]) -> Totals:
    """Epochs, steps and boosting rounds in all: `epochs`, `num_train_epochs`, `max_steps`, `num_round` and the like."""
    known = {name.lower().replace("-", "_").lstrip("_"): value for name, value in hyperparameters.items()}

    def first(names: Sequence[str]) -> float | None:
        for name in names:
            try:
                value = float(known.get(name, "").strip().strip("\"'"))
            except ValueError:
                continue
            if 0 < value < 1e12:  # -1 is Hugging Face's word for no limit
                return value
        return None

    return Totals(first(_EPOCH_NAMES), first(_STEP_NAMES), first(_ROUND_NAMES))


def mark(time_ms: int, line: str) -> Mark | None:
    """What a line says of progress: `Epoch 12/40`, `step 48200/100000`, `[640/60000]`, `'epoch': 1.23`, a tqdm bar.

    Of a line that is drawn over itself with carriage returns, the last state counts.
    """
    text = line.rstrip("\r\n").rpartition("\r")[2][:_LONGEST_LINE]
    if "\x1b" in text:
        text = _CODES.sub("", text)
    epoch, step, boost = _EPOCH.search(text), _STEP.search(text), _ROUND.match(text)
    # The brackets of `Epoch [3/5], Step [100/600]` are taken already.
    taken = max(found.end() for found in (epoch, step) if found) - 1 if epoch or step else 0
    part = _PART.search(text, taken)
    found = Mark(time_ms)
    if epoch:
        number = float(epoch[2])
        # `Epoch: [12][640/9600]` and `Epoch 12: 45%|` count from 0, and 12.4 is what is done.
        bare = not epoch[3] and epoch[4] is not None and (epoch[1] == "[" or epoch[4] != "]")
        zero = number == 0 or bare or "." in epoch[2]
        found = found._replace(epoch=number // 1, epochs=float(epoch[3]) if epoch[3] else None, zero=zero)
        if number % 1:
            found = found._replace(part=number % 1)
    if step:
        found = found._replace(step=float(step[1]), steps=float(step[2]) if step[2] else None)
    if part:
        done, of = (float(value) for value in part.groups() if value is not None)
        if of > 0 and done <= of:
            found = found._replace(part=done / of)
    if boost:
        found = found._replace(round=float(boost[1]) + 1)
    return None if found == Mark(time_ms) else found


def points(marks: Sequence[Mark], whole: Totals) -> tuple[Point, ...]:
    """How much of the job was done when, of marks in the order of time.

    Steps count most, then epochs with their parts. A bar that nothing says how often it will be filled tells nothing.
    """
    marks = _told_apart(marks)
    steps = next((one.steps for one in reversed(marks) if one.steps), None) or whole.steps
    if steps and any(one.step is not None for one in marks):
        return _rising(Point(one.time_ms, one.step / steps) for one in marks if one.step is not None)
    if whole.rounds and any(one.round is not None for one in marks):
        return _rising(Point(one.time_ms, one.round / whole.rounds) for one in marks if one.round is not None)
    epochs = next((one.epochs for one in reversed(marks) if one.epochs), None) or whole.epochs
    return _rising(_by_epochs(marks, epochs)) if epochs else ()


def points_of(series: Sequence[Series], whole: Totals) -> tuple[Point, ...]:
    """The same of series whose datapoints have steps or epochs: of the one that reaches furthest."""
    found: list[tuple[Point, ...]] = []
    for one in series:
        for column, total in ((one.steps, whole.steps), (one.epochs, whole.epochs)):
            if total and column:
                pairs = zip(one.times, column, strict=True)
                found.append(_rising(Point(time, value / total) for time, value in pairs if value == value))
    return max(found, key=lambda way: way[-1].time_ms if way else 0, default=())


def estimate(way: Sequence[Point], now_ms: int) -> Estimate | None:
    """When the whole will be done; None where that cannot be told.

    It cannot while there are fewer than four points or two minutes, where the pace of the newer half of the way differs
    by more than a quarter from that of the half before, or when nothing has been heard for much longer than usual.
    """
    if len(way) < FEWEST_POINTS or way[-1].done >= 1:
        return None
    # The newer half of the time says more of what is to come than how it began.
    middle_ms = (way[0].time_ms + way[-1].time_ms) // 2
    recent = [point for point in way if point.time_ms >= middle_ms]
    recent = recent if len(recent) >= FEWEST_POINTS else list(way[-FEWEST_POINTS:])
    first, half, last = recent[0], recent[len(recent) // 2], recent[-1]
    if last.time_ms - first.time_ms < SHORTEST_MS:
        return None
    before, after = _pace(first, half), _pace(half, last)
    if min(before, after) <= 0 or abs(before - after) > STEADY * max(before, after):
        return None
    usual_gap = (last.time_ms - first.time_ms) / (len(recent) - 1)
    if now_ms - last.time_ms > max(3 * usual_gap, SILENT_MS):
        return None
    ends_ms = last.time_ms + (1 - last.done) / _pace(first, last)
    return Estimate(max(round(ends_ms), now_ms), last.done)


def stopped_early(job: TrainingJob, ends: Estimate | None) -> timedelta | None:
    """How long before its end MaxRuntimeInSeconds will stop the job; None where it will not, or nobody can tell.

    What is within a fiftieth of the way is within the error of the estimate, and not said.
    """
    if ends is None or job.started is None or not job.max_runtime_s or job.is_ended:
        return None
    needs = ends.ends_ms / 1000 - job.started.timestamp()
    over = needs - job.max_runtime_s
    return timedelta(seconds=over) if over > needs / 50 else None


class Progress:
    """What a job's log says of how far the job is, gathered as its lines come, in whichever order they do.

    Only one host is listened to: all of them do the same steps.
    """

    def __init__(self) -> None:
        self._marks: list[Mark] = []
        self._host = ""

    def take(self, events: Iterable[LogEvent]) -> None:
        """Look at these lines: at one a second of the newest hour, at one in half a minute of what is older."""
        newest = self._marks[-1].time_ms if self._marks else 0
        slot, tries = -1, 0
        found: list[Mark] = []
        for event in events:
            every = 1000 if event.timestamp > newest - _RECENT_MS else 30_000
            if event.timestamp // every != slot:
                slot, tries = event.timestamp // every, _TRIES
            if not tries or (self._host and event.host != self._host):
                continue
            tries -= 1
            if (said := mark(event.timestamp, event.message)) is not None:
                found.append(said)
                self._host = event.host
                # A line that only names the epoch leaves the second to the bar behind it.
                tries = 0 if said.part is not None or said.step is not None else tries
        if found:
            # Replaced, never changed: another thread may be reading it.
            self._marks = sorted([*self._marks, *found], key=lambda one: one.time_ms)[-_MOST_MARKS:]

    def estimate(
        self, hyperparameters: Mapping[str, str], now_ms: int, series: Sequence[Series] = ()
    ) -> Estimate | None:
        """When the job will be done, by its log, else by the steps and epochs of its series."""
        whole = totals(hyperparameters)
        return estimate(points(self._marks, whole), now_ms) or estimate(points_of(series, whole), now_ms)


def ended_at(ends: Estimate | None, now: datetime) -> datetime | None:
    """The moment that an estimate names, in the time zone of `now`."""
    return datetime.fromtimestamp(ends.ends_ms / 1000, now.tzinfo) if ends else None


def _told_apart(marks: Sequence[Mark]) -> Sequence[Mark]:
    """Steps of an epoch made its parts: those of `Epoch [3/5], Step [100/600]` begin anew with each epoch."""
    both = [one for one in marks if one.epoch is not None and one.epochs and one.step is not None and one.steps]
    if all(
        abs((one.epoch or 0) / (one.epochs or 1) - (one.step or 0) / (one.steps or 1)) <= 1 / (one.epochs or 1)
        for one in both
    ):
        return marks
    return [
        one._replace(part=one.step / one.steps, step=None, steps=None) if one.step is not None and one.steps else one
        for one in marks
    ]


def _by_epochs(marks: Sequence[Mark], epochs: float) -> Iterable[Point]:
    zero = any(one.zero for one in marks)
    done: float | None = None
    for one in marks:
        if one.epoch is not None:
            done = one.epoch if zero else max(one.epoch - 1, 0)
        if done is not None:
            yield Point(one.time_ms, (done + (one.part or 0)) / epochs)


def _rising(way: Iterable[Point]) -> tuple[Point, ...]:
    """The points at which more was done than ever before, since the last restart."""
    rising: list[Point] = []
    restarts = 0
    for point in way:
        if rising and point.done < rising[-1].done - RESTART:
            rising, restarts = [point], restarts + 1
            if restarts > RESTARTS:
                return ()
        elif not rising or point.done > rising[-1].done:
            rising.append(point)
    return tuple(rising)


def _pace(first: Point, last: Point) -> float:
    return (last.done - first.done) / max(last.time_ms - first.time_ms, 1)

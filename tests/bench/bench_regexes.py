"""Metric definitions over a log: lines a second of three definitions, and of a log whose job has none."""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Callable, Sequence

from tui.model.definitions import compile_definitions, lines_of
from tui.model.jobs import MetricDefinition
from tui.model.logs import LogEvent
from tui.model.recognise import Recogniser

LINES = 200_000
BATCH = 5_000
"""Events that are read at once: what a follower hands over while it reads a large log."""

_DEFINITIONS = {
    "simple": (r"train:loss=([0-9.]+)", r"validation:loss=([0-9.]+)", r"accuracy=([0-9.]+)"),
    "as the guide has them": (
        r".*train:loss=([-+]?[0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?).*",
        r".*validation:loss=([-+]?[0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?).*",
        r".*accuracy=([-+]?[0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?).*",
    ),
}


def log(every: int) -> list[LogEvent]:
    """A log in which every so many lines measure something, all three metrics at once."""
    chance = random.Random(7)
    other = (
        "2026-11-22 10:00:00,123 INFO data: shard 00017-of-00128 of the corpus took 1.2 s, 4096 samples in the queue"
    )
    return [
        LogEvent(
            at,
            at,
            "algo-1",
            "job/algo-1-1",
            other
            if at % every
            else f"2026-11-22 10:00:00,123 INFO trainer: step {at} train:loss={chance.random():.6f}"
            f" validation:loss={chance.random():.6f} accuracy={chance.random():.4f} lr=0.001",
        )
        for at in range(LINES)
    ]


def rate(events: Sequence[LogEvent], read: Callable[[Sequence[LogEvent]], object]) -> float:
    """Lines a second of this process's own time, the best of three."""
    best = float("inf")
    for _ in range(3):
        begun = time.process_time()
        for first in range(0, len(events), BATCH):
            read(events[first : first + BATCH])
        best = min(best, time.process_time() - begun)
    return len(events) / best


def run() -> list[tuple[str, object, str]]:
    """Rows of (what, measured, wanted)."""
    rows: list[tuple[str, object, str]] = []
    for every, said in ((10, "one line in ten measures"), (1, "every line measures all three")):
        events = log(every)
        for name, regexes in _DEFINITIONS.items():
            definitions = compile_definitions([MetricDefinition(f"m{n}", regex) for n, regex in enumerate(regexes)])
            read = round(rate(events, lambda some, by=definitions: deque(by.read(some), maxlen=0)))
            rows.append((f"lines/s, three definitions, {name}; {said}", read, "≥ 200,000"))
            assert not definitions.problems
        recogniser = Recogniser()
        recognised = rate(events, lambda some, to=recogniser: to.take(lines_of([event.message for event in some])[0]))
        rows.append((f"lines/s, metrics recognised; {said}", round(recognised), ""))
    return rows

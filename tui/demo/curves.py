"""How the demo's losses, accuracies and gauges go: pure functions of a seed and a place in time."""

from __future__ import annotations

import functools
import math
import random
from typing import NamedTuple

_chance = random.Random(20_170)
# Drawn once: a log of twenty thousand lines is written in the moment that it is asked for.
_DRAWN = [sum(_chance.random() for _ in range(3)) / 1.5 - 1 for _ in range(4096)]


def wobble(seed: int, step: int) -> float:
    """A number between -1 and 1, mostly near 0, that is always the same for one seed and step."""
    return _DRAWN[(step * 0x9E3779B1 + seed * 0x85EBCA6B >> 9) & 4095]


@functools.lru_cache(maxsize=256)
def _shape(seed: int) -> tuple[float, float, float]:
    """How fast a loss falls, where it begins and where it ends."""
    return 4.0 + 2.0 * wobble(seed, 1), 4.0 + 1.5 * wobble(seed, 2), 0.25 + 0.15 * wobble(seed, 3)


class Values(NamedTuple):
    """What a training step or epoch measured."""

    loss: float
    accuracy: float
    valid_loss: float
    valid_accuracy: float
    rate: float


def learn(kind: str, seed: int, progress: float, step: int) -> Values:
    """What is measured at a step.

    Args:
        kind: `healthy`, `overfit` (validation turns at 30% and rises), or `nan` (the loss is none from 55% on).
        seed: The job's own.
        progress: From 0, the start, to 1, the planned end.
        step: Which step, for what differs from step to step.
    """
    slope, top, floor = _shape(seed)
    if kind == "overfit":
        slope *= 2  # it has learnt what there is to learn when the validation turns
    loss = floor + (top - floor) * math.exp(-slope * progress)
    accuracy = 0.93 - 0.85 * math.exp(-slope * 0.8 * progress)
    valid_loss = loss * 1.08 + 0.02
    valid_accuracy = accuracy - 0.025
    if kind == "overfit":
        loss *= 1 - 0.6 * progress
        turned = max(0.0, progress - 0.3)
        valid_loss = max(valid_loss, floor * 1.3) + 5.0 * turned
        valid_accuracy -= 0.25 * turned
    if kind == "nan":
        loss *= 1 + 0.5 * max(0.0, progress - 0.5) / 0.05  # it grows before it is lost
        if progress > 0.55:
            loss = valid_loss = math.nan
            accuracy = valid_accuracy = 0.001
    noise = wobble(seed, step + 17)
    return Values(
        loss=loss * (1 + 0.12 * noise),
        accuracy=min(0.999, max(0.001, accuracy + 0.03 * wobble(seed, step + 31))),
        valid_loss=valid_loss * (1 + 0.02 * wobble(seed, step + 57)),
        valid_accuracy=min(0.999, max(0.001, valid_accuracy + 0.006 * wobble(seed, step + 83))),
        rate=3e-4 * 0.5 * (1 + math.cos(math.pi * min(progress, 1.0))) + 1e-6,
    )


def gauge(level: float, spread: float, seed: int, minute: int, top: float = 1.0) -> float:
    """A share between 0 and `top` around `level`."""
    return min(top, max(0.0, level + spread * wobble(seed, minute)))


def swing(seconds: float) -> float:
    """Traffic over a day as a share of its peak: the demo begins on the way up, an hour and a half before the peak."""
    return 0.55 + 0.45 * math.cos(2 * math.pi * (seconds / 86_400 - 1 / 16))

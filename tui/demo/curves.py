"""How the demo's losses, accuracies and gauges go: pure functions of a seed and a place in time."""

from __future__ import annotations

import math
from typing import NamedTuple

_MASK = 0xFFFFFFFF


def wobble(seed: int, step: int) -> float:
    """A number between -1 and 1, mostly near 0, that is always the same for one seed and step."""
    mixed = (step * 0x9E3779B1 ^ seed * 0x85EBCA6B) & _MASK
    total = 0
    for _ in range(3):
        mixed = ((mixed ^ mixed >> 15) * 0x2C1B3C6D) & _MASK
        mixed = ((mixed ^ mixed >> 12) * 0x297A2D39) & _MASK
        total += mixed
    return total / (1.5 * _MASK) - 1


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
        kind: `healthy`, `overfit` (validation turns at 35% and rises), or `nan` (the loss is none from 55% on).
        seed: The job's own.
        progress: From 0, the start, to 1, the planned end.
        step: Which step, for what differs from step to step.
    """
    slope = 4.0 + 2.0 * wobble(seed, 1)
    top = 4.0 + 1.5 * wobble(seed, 2)
    floor = 0.25 + 0.15 * wobble(seed, 3)
    loss = floor + (top - floor) * math.exp(-slope * progress)
    accuracy = 0.93 - 0.85 * math.exp(-slope * 0.8 * progress)
    valid_loss = loss * 1.08 + 0.02
    valid_accuracy = accuracy - 0.025
    if kind == "overfit":
        loss *= 1 - 0.6 * progress
        turned = max(0.0, progress - 0.35)
        valid_loss += 2.4 * turned
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


def swing(seconds: float, day: float = 86_400.0) -> float:
    """Traffic over a day as a share of its peak: the demo begins on the way up, an hour and a half before the peak."""
    return 0.55 + 0.45 * math.cos(2 * math.pi * (seconds - day / 16) / day)

"""Synthetic training runs, as a job's metrics and its hosts' use look: good ones of many shapes, bad ones of each kind.

Each is a function of a random generator; none depends on anything else, so that a seed repeats it.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import numpy as np
import numpy.typing as npt

from tui.model.health.evidence import Evidence
from tui.model.health.log import LogFacts, LogHit
from tui.model.jobs import InstanceGroup, MetricDefinition, Phase, TrainingJob
from tui.model.series import Series

Floats = npt.NDArray[np.float64]
Random = np.random.Generator
BEGAN = datetime(2040, 1, 15, 6, 0, tzinfo=timezone.utc)
BEGAN_MS = int(BEGAN.timestamp() * 1000)
MINUTE = 60_000


def series(name: str, minutes: Floats, values: Floats, *, source: str = "cloudwatch", part: str = "") -> Series:
    """A series whose times are minutes since training began."""
    times = array("q", (BEGAN_MS + minutes * MINUTE).astype(np.int64).tobytes())
    return Series(name, times, array("d", np.asarray(values, dtype=np.float64).tobytes()), source=source, part=part)


def job(*, hosts: int = 1, instance: str = "ml.g5.2xlarge", metrics: tuple[str, ...] = ("train:loss",)) -> TrainingJob:
    """A job whose script began at BEGAN and still runs."""
    return TrainingJob(
        "job",
        "InProgress",
        BEGAN - timedelta(minutes=8),
        detailed=True,
        secondary_status="Training",
        started=BEGAN - timedelta(minutes=5),
        instances=(InstanceGroup(instance, hosts),),
        phases=(
            Phase("Starting", BEGAN - timedelta(minutes=8), BEGAN - timedelta(minutes=5)),
            Phase("Downloading", BEGAN - timedelta(minutes=5), BEGAN),
            Phase("Training", BEGAN),
        ),
        metric_definitions=tuple(MetricDefinition(name, "(.*)") for name in metrics),
    )


def evidence(*metrics: Series, until: float, hosts: dict[str, dict[str, Series]] | None = None) -> Evidence:
    """A job with these metrics, looked at so many minutes after training began."""
    used = hosts or {}
    names = tuple(one.name for one in metrics)
    count = max(len(used), len({one.part for one in metrics if one.part}), 1)
    return Evidence(job(hosts=count, metrics=names), BEGAN_MS + int(until * MINUTE), metrics, used, zone=timezone.utc)


def upto(on: Evidence, minute: float) -> Evidence:
    """The same run as it was seen at a minute."""
    end = BEGAN_MS + minute * MINUTE

    def cut(one: Series) -> Series:
        count = int(np.searchsorted(np.frombuffer(one.times, dtype=np.int64), end, "right")) if len(one) else 0
        return replace(one, times=one.times[:count], values=one.values[:count], steps=one.steps[:count])

    hosts = {host: {name: cut(one) for name, one in use.items()} for host, use in on.hosts.items()}
    return replace(on, now_ms=int(end), metrics=tuple(map(cut, on.metrics)), hosts=hosts)


# -- shapes of curves, over a share of the run from 0 to 1


def falling(random: Random, share: Floats) -> Floats:
    """A loss as it falls: by a power, or exponentially, from a top to a floor."""
    top, floor = random.uniform(1, 8), random.uniform(0.05, 0.9)
    if random.random() < 0.5:
        return floor + (top - floor) * np.exp(-random.uniform(3, 9) * share)
    return floor + (top - floor) / (1 + random.uniform(5, 60) * share) ** random.uniform(0.5, 1.0)


def noisy(random: Random, values: Floats, size: float) -> Floats:
    """Noise that grows with the level and is never negative."""
    return values * np.exp(random.normal(0, size, len(values)))


def wiggle(random: Random, count: int, size: float, memory: float = 0.6) -> Floats:
    """Noise that remembers: what a validation on little data does from epoch to epoch."""
    steps = random.normal(0, size * np.sqrt(1 - memory**2), count)
    found = np.empty(count)
    level = random.normal(0, size)
    for place, step in enumerate(steps):
        level = memory * level + step
        found[place] = level
    return found


def grid(random: Random, minutes: float) -> tuple[Floats, str]:
    """When a training metric has datapoints: one a minute (CloudWatch), or every few seconds (the log)."""
    if random.random() < 0.6:
        return np.arange(1, int(minutes) + 1, dtype=np.float64), "cloudwatch"
    return np.arange(0.05, minutes, max(minutes / 3000, random.uniform(0.03, 0.3))), "log"


def epochs(random: Random, minutes: float) -> Floats:
    """The ends of epochs."""
    count = int(random.integers(10, 60))
    return np.linspace(minutes / count, minutes, count)


# -- good runs

Run = Callable[[Random, float], tuple[Series, ...]]


def paired(
    random: Random, minutes: float, size: float, shape: Callable[[Floats], Floats], valid: float
) -> tuple[Series, ...]:
    """Training with noise, and validation a little above it, epoch by epoch."""
    at, source = grid(random, minutes)
    ends = epochs(random, minutes)
    gap = random.uniform(1.02, 1.25)
    quiet = valid * np.exp(-1.0 * ends / minutes)
    return (
        series("train:loss", at, noisy(random, shape(at / minutes), size), source=source),
        series("validation:loss", ends, gap * shape(ends / minutes) * np.exp(quiet * random.normal(0, 1, len(ends)))),
    )


def shape_of(random: Random) -> Callable[[Floats], Floats]:
    seed = int(random.integers(1 << 30))
    return lambda share: falling(np.random.default_rng(seed), share)


def sgd(random: Random, minutes: float) -> tuple[Series, ...]:
    return paired(random, minutes, random.uniform(0.03, 0.25), shape_of(random), random.uniform(0.005, 0.03))


def cosine(random: Random, minutes: float) -> tuple[Series, ...]:
    base, cycles, kick = shape_of(random), int(random.integers(2, 8)), random.uniform(0.05, 0.35)

    def shape(share: Floats) -> Floats:
        place = (share * cycles) % 1
        bump = kick * (1 + np.cos(np.pi * place)) / 2 * np.minimum(share * cycles, 1)
        return base(share) * (1 + bump)

    return paired(random, minutes, random.uniform(0.02, 0.1), shape, 0.01)


def warm_up(random: Random, minutes: float) -> tuple[Series, ...]:
    base, until = shape_of(random), random.uniform(0.02, 0.08)

    def shape(share: Floats) -> Floats:
        return base(np.maximum(share - until, 0)) * (1 + 0.1 * np.exp(-(((share - until / 2) / until) ** 2) * 8))

    return paired(random, minutes, random.uniform(0.02, 0.1), shape, 0.01)


def step_decay(random: Random, minutes: float) -> tuple[Series, ...]:
    drops = np.sort(random.uniform(0.2, 0.8, 2))
    base = shape_of(random)

    def shape(share: Floats) -> Floats:
        return base(np.minimum(share * 2, 1)) * np.where(share > drops[0], 0.7, 1) * np.where(share > drops[1], 0.8, 1)

    return paired(random, minutes, random.uniform(0.03, 0.15), shape, 0.02)


def small_data(random: Random, minutes: float) -> tuple[Series, ...]:
    ends = epochs(random, minutes)
    shape, count = shape_of(random), len(ends)
    accuracy = 0.95 - 0.6 * np.exp(-4 * ends / minutes) + wiggle(random, count, 0.012)
    return (
        series("loss", ends, noisy(random, shape(ends / minutes), 0.03), source="log"),
        series(
            "val_loss", ends, 1.15 * shape(ends / minutes) * np.exp(wiggle(random, count, random.uniform(0.02, 0.06)))
        ),
        series("accuracy", ends, np.clip(accuracy + 0.02, 0, 1), source="log"),
        series("val_accuracy", ends, np.clip(accuracy, 0, 1), source="log"),
    )


def early_plateau(random: Random, minutes: float) -> tuple[Series, ...]:
    base, until = shape_of(random), random.uniform(0.45, 0.8)
    return paired(random, minutes, random.uniform(0.02, 0.15), lambda share: base(np.minimum(share, until)), 0.015)


def fine_tuning(random: Random, minutes: float) -> tuple[Series, ...]:
    top, low, pace = random.uniform(0.6, 1.2), random.uniform(0.25, 0.45), random.uniform(3, 8)
    return paired(
        random, minutes, random.uniform(0.15, 0.45), lambda share: low + (top - low) * np.exp(-pace * share), 0.015
    )


def boosting(random: Random, minutes: float) -> tuple[Series, ...]:
    at = np.arange(1, minutes + 1)
    share = at / minutes
    floor = random.uniform(0.2, 0.4)
    train = floor * (0.5 + 0.5 * np.exp(-5 * share)) + np.exp(-12 * share)
    valid = floor * (1 + 0.02 * np.maximum(share - 0.5, 0)) + np.exp(-12 * share)
    return (
        series("train:rmse", at, noisy(random, train, 0.002)),
        series("validation:rmse", at, noisy(random, valid, 0.004)),
    )


def language_model(random: Random, minutes: float) -> tuple[Series, ...]:
    at, source = grid(random, minutes)
    loss = 1.8 + 8.5 / (1 + 400 * at / minutes) ** random.uniform(0.4, 0.6)
    norm = np.exp(random.normal(0, 0.4, len(at))) * np.where(random.random(len(at)) < 0.005, 20, 1)
    norm[random.random(len(at)) < 0.002] = np.inf
    return (
        series("loss", at, noisy(random, loss, 0.02), source=source),
        series("perplexity", at, np.exp(noisy(random, loss, 0.01)), source=source),
        series("grad_norm", at, norm, source=source),
        series("learning_rate", at, 3e-4 * np.minimum(at / minutes * 20, 1), source=source),
    )


def gan(random: Random, minutes: float) -> tuple[Series, ...]:
    at, source = grid(random, minutes)
    swing = np.sin(at / random.uniform(3, 12))
    return (
        series("loss_G", at, 2 + 0.8 * swing + 0.5 * at / minutes + random.normal(0, 0.3, len(at)), source=source),
        series("loss_D", at, 0.6 - 0.2 * swing + random.normal(0, 0.1, len(at)), source=source),
        series("discriminator_real_loss", at, 0.5 + random.normal(0, 0.2, len(at)), source=source),
    )


def reinforcement(random: Random, minutes: float) -> tuple[Series, ...]:
    at, source = grid(random, minutes)
    reward = 200 * (1 - np.exp(-3 * at / minutes)) + 60 * wiggle(random, len(at), 1.0, 0.9)
    return (
        series("episode_reward_mean", at, reward, source=source),
        series("policy_loss", at, random.normal(0, 0.05, len(at)), source=source),
        series(
            "value_loss",
            at,
            5 + 20 * np.exp(-((at / minutes - 0.4) ** 2) * 30) + random.normal(0, 1, len(at)),
            source=source,
        ),
        series("entropy", at, 1.4 - at / minutes + random.normal(0, 0.05, len(at)), source=source),
    )


GOOD: dict[str, Run] = {
    one.__name__: one
    for one in (
        sgd, cosine, warm_up, step_decay, small_data, early_plateau, fine_tuning, boosting, language_model, gan,
        reinforcement,
    )
}  # fmt: skip


def good_hosts(random: Random, minutes: float) -> dict[str, dict[str, Series]]:
    """One to four hosts that are busy, each in its way, with the usual pauses."""
    at = np.arange(1, int(minutes) + 1, dtype=np.float64)
    count = int(random.choice([1, 1, 2, 4]))
    level, every = random.uniform(42, 97), int(random.integers(15, 60))
    paused = (at % every == 0) & (random.random() < 0.5)
    memory = random.uniform(10, 80)
    taken = random.uniform(55, 96)
    disk = random.uniform(5, 50)
    hosts = {}
    for host in range(1, count + 1):
        gpu = np.clip(level + random.normal(0, 4, len(at)), 0, 100)
        gpu[paused] *= random.uniform(0.05, 0.8)
        gpu[:4] *= 0.1  # until the first batch
        saved = 2 * ((at // every) % 5)
        hosts[f"algo-{host}"] = {
            "GPUUtilization": series("GPUUtilization", at, gpu),
            "CPUUtilization": series(
                "CPUUtilization", at, 8 * np.clip(random.uniform(10, 85) + random.normal(0, 5, len(at)), 0, 100)
            ),
            "GPUMemoryUtilization": series(
                "GPUMemoryUtilization",
                at,
                np.clip(taken * np.minimum(0.7 + at / 10, 1) + random.normal(0, 0.4, len(at)), 0, 100),
            ),
            "MemoryUtilization": series(
                "MemoryUtilization",
                at,
                np.clip(memory + 8 * (1 - np.exp(-at / 60)) + random.normal(0, 1, len(at)), 0, 92),
            ),
            "DiskUtilization": series("DiskUtilization", at, disk + saved + random.normal(0, 0.2, len(at))),
        }
    return hosts


def good(random: Random, kind: str) -> tuple[Evidence, float]:
    """A healthy run of a kind, and how many minutes it lasts."""
    minutes = float(random.integers(25, 600))
    on = evidence(*GOOD[kind](random, minutes), until=minutes, hosts=good_hosts(random, minutes))
    lines = LogFacts({"slow-loader": LogHit(3, BEGAN_MS, BEGAN_MS, "algo-1", "dataloader worker slow")}, on.now_ms)
    return replace(on, log=replace(lines, complete=True)), minutes

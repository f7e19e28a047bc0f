"""Synthetic training runs that go wrong, one kind a rule: what the rule has to catch."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from tests.model.health.runs import (
    BEGAN_MS,
    MINUTE,
    Floats,
    Random,
    epochs,
    evidence,
    falling,
    good_hosts,
    grid,
    noisy,
    series,
    shape_of,
    wiggle,
)
from tui.model.health.evidence import Evidence
from tui.model.health.log import LogFacts, LogHit
from tui.model.series import Series

Sick = Callable[[Random], Evidence]


def length(random: Random) -> float:
    return float(random.integers(90, 600))


# -- curves


def overfitting(random: Random) -> Evidence:
    minutes, turn, shape = length(random), random.uniform(0.2, 0.55), shape_of(random)
    at, source = grid(random, minutes)
    ends = epochs(random, minutes)
    rise = random.uniform(0.3, 1.2)
    train = shape(at / minutes) * (1 - 0.5 * at / minutes)
    turned = np.maximum(ends / minutes - turn, 0) / (1 - turn)
    valid = 1.1 * shape(np.minimum(ends / minutes, turn)) * (1 + rise * turned)
    valid *= np.exp(wiggle(random, len(ends), random.uniform(0.005, 0.02)))
    return evidence(
        series("train:loss", at, noisy(random, train, random.uniform(0.03, 0.15)), source=source),
        series("validation:loss", ends, valid),
        until=minutes,
    )


def overfitting_accuracy(random: Random) -> Evidence:
    minutes = length(random)
    ends = epochs(random, minutes)
    share = ends / minutes
    train = 0.99 - 0.7 * np.exp(-5 * share)
    valid = 0.85 - 0.6 * np.exp(-8 * share) - random.uniform(0.08, 0.2) * np.maximum(share - 0.35, 0)
    return evidence(
        series("train_acc", ends, np.clip(train + wiggle(random, len(ends), 0.004), 0, 1)),
        series("val_acc", ends, np.clip(valid + wiggle(random, len(ends), 0.004), 0, 1)),
        until=minutes,
    )


def overtraining(random: Random) -> Evidence:
    minutes, shape = float(random.integers(240, 900)), shape_of(random)
    at, source = grid(random, minutes)
    ends = np.linspace(minutes / 40, minutes, 40)
    flat = random.uniform(0.1, 0.25)

    def loss(share: Floats) -> Floats:
        return shape(np.minimum(share * random.uniform(1, 1.0001), flat))

    return evidence(
        series("train:loss", at, noisy(random, loss(at / minutes), random.uniform(0.01, 0.05)), source=source),
        series("validation:loss", ends, 1.1 * loss(ends / minutes) * np.exp(random.normal(0, 0.01, 40))),
        until=minutes,
    )


def divergence(random: Random) -> Evidence:
    minutes, turn = length(random), random.uniform(0.3, 0.75)
    at, source = grid(random, minutes)
    share = at / minutes
    loss = falling(random, np.minimum(share, turn))
    top = loss[0] * random.uniform(1.0, 4)
    loss = loss + (top - loss[-1]) * (1 - np.exp(-random.uniform(8, 40) * np.maximum(share - turn, 0)))
    return evidence(
        series("train:loss", at, noisy(random, loss, random.uniform(0.03, 0.2)), source=source), until=minutes
    )


def nan(random: Random) -> Evidence:
    minutes = length(random)
    at, _ = grid(random, minutes)
    loss = noisy(random, falling(random, at / minutes), 0.1)
    loss[at / minutes > random.uniform(0.3, 0.99)] = random.choice([np.nan, np.inf])
    return evidence(series("train:loss", at, loss, source="log"), until=minutes)


def plateau(random: Random) -> Evidence:
    minutes = length(random)
    at, source = grid(random, minutes)
    level = random.choice([0.6931, 2.3026, 6.9, 10.8])
    loss = noisy(random, np.full(len(at), level), random.uniform(0.003, 0.06))
    return evidence(series("train:loss", at, loss, source=source), until=minutes)


def oscillation(random: Random) -> Evidence:
    minutes = length(random)
    at, source = grid(random, minutes)
    period = minutes / random.uniform(16, 30)
    level, size = random.uniform(0.5, 4), random.uniform(0.5, 0.8)
    loss = level * np.exp(size * np.sin(2 * np.pi * at / period))
    return evidence(series("train:loss", at, noisy(random, loss, 0.08), source=source), until=minutes)


def stalled(random: Random) -> Evidence:
    minutes = length(random)
    at, source = grid(random, minutes)
    loss = noisy(random, falling(random, at / minutes), 0.1)
    return evidence(series("train:loss", at, loss, source=source), until=minutes + random.uniform(31, 300))


def exploding_gradient(random: Random) -> Evidence:
    minutes = length(random)
    at, source = grid(random, minutes)
    norm = np.exp(random.normal(0, 0.4, len(at)))
    norm[at / minutes > random.uniform(0.6, 0.9)] *= random.uniform(300, 1e6)
    return evidence(series("train/grad_norm", at, norm, source=source), until=minutes)


def vanishing_gradient(random: Random) -> Evidence:
    minutes = length(random)
    at, source = grid(random, minutes)
    norm = np.exp(random.normal(0, 0.4, len(at))) * 10.0 ** (-12 * np.minimum(2 * at / minutes, 1))
    return evidence(series("gradient_norm", at, norm, source=source), until=minutes)


# -- hosts


def hosts_of(
    random: Random, minutes: float, count: int, **levels: Callable[[Floats], Floats]
) -> dict[str, dict[str, Series]]:
    """Healthy hosts of which the last one has these instead, in percent of one processor."""
    at = np.arange(1, int(minutes) + 1, dtype=np.float64)
    names = {
        "gpu": "GPUUtilization",
        "cpu": "CPUUtilization",
        "gpu_memory": "GPUMemoryUtilization",
        "memory": "MemoryUtilization",
        "disk": "DiskUtilization",
    }
    base = next(iter(good_hosts(random, minutes).values()))
    hosts = {f"algo-{number}": dict(base) for number in range(1, count + 1)}
    for what, level in levels.items():
        full = 8 if what == "cpu" else 1
        hosts[f"algo-{count}"][names[what]] = series(names[what], at, full * np.clip(level(at), 0, 100))
    return hosts


def about(random: Random, level: float, spread: float = 3.0) -> Callable[[Floats], Floats]:
    return lambda at: level + random.normal(0, spread, len(at))


def idle_gpu(random: Random) -> Evidence:
    minutes, level = length(random), random.uniform(0, 18)
    return evidence(until=minutes, hosts=hosts_of(random, minutes, 1, gpu=about(random, level), cpu=about(random, 60)))


def fluctuating_gpu(random: Random) -> Evidence:
    minutes, share = length(random), random.uniform(0.3, 0.6)

    def bursts(at: Floats) -> Floats:
        return np.where(random.random(len(at)) < share, 97, 3) + random.normal(0, 1, len(at))

    return evidence(until=minutes, hosts=hosts_of(random, minutes, 1, gpu=bursts))


def cpu_bottleneck(random: Random) -> Evidence:
    minutes = length(random)
    return evidence(
        until=minutes, hosts=hosts_of(random, minutes, 1, gpu=about(random, 3, 1), cpu=about(random, 97, 1))
    )


def io_bottleneck(random: Random) -> Evidence:
    minutes, level = length(random), random.uniform(35, 60)
    on = evidence(until=minutes, hosts=hosts_of(random, minutes, 1, gpu=about(random, level), cpu=about(random, 30)))
    hit = LogHit(40, BEGAN_MS, on.now_ms - MINUTE, "algo-1", "[W] dataloader worker 3 slow: 812 ms")
    return replace(on, log=LogFacts({"slow-loader": hit}, on.now_ms, complete=True))


def batch_size(random: Random) -> Evidence:
    minutes = length(random)
    levels = {"gpu": about(random, 38), "cpu": about(random, 25), "gpu_memory": about(random, 30, 1)}
    return evidence(until=minutes, hosts=hosts_of(random, minutes, 1, **levels))


def gpu_memory_increase(random: Random) -> Evidence:
    minutes, low = length(random), random.uniform(20, 50)
    top = low + random.uniform(20, 40)
    return evidence(
        until=minutes,
        hosts=hosts_of(
            random, minutes, 1, gpu_memory=lambda at: low + (top - low) * at / minutes + random.normal(0, 0.5, len(at))
        ),
    )


def gpu_memory_full(random: Random) -> Evidence:
    minutes, low = length(random), random.uniform(40, 80)
    return evidence(
        until=minutes,
        hosts=hosts_of(
            random, minutes, 1, gpu_memory=lambda at: np.minimum(low + (99 - low) * 1.3 * at / minutes, 98.6)
        ),
    )


def memory_full(random: Random) -> Evidence:
    minutes = length(random)
    return evidence(
        until=minutes,
        hosts=hosts_of(random, minutes, 2, memory=lambda at: 40 + 58 * at / minutes + random.normal(0, 0.3, len(at))),
    )


def disk_filling(random: Random) -> Evidence:
    minutes, end = float(random.integers(150, 600)), random.uniform(75, 95)
    return evidence(
        until=minutes,
        hosts=hosts_of(random, minutes, 1, disk=lambda at: end - (minutes - at) * random.uniform(0.08, 0.0801)),
    )


def load_balancing(random: Random) -> Evidence:
    minutes, low = length(random), random.uniform(35, 60)
    hosts = hosts_of(random, minutes, 3, gpu=about(random, low))
    busy = hosts_of(random, minutes, 2, gpu=about(random, 93))["algo-2"]["GPUUtilization"]
    for host in ("algo-1", "algo-2"):
        hosts[host]["GPUUtilization"] = busy
    return evidence(until=minutes, hosts=hosts)


# -- steps, starts and silence


def stepped(random: Random, took: Floats, part: str = "") -> Series:
    """A loss logged at each step, given the seconds that each took."""
    minutes = 1 + np.cumsum(took) / 60
    one = series(
        "train:loss", minutes, noisy(random, falling(random, minutes / minutes[-1]), 0.1), source="log", part=part
    )
    return replace(one, steps=array("d", range(len(took))))


def step_outlier(random: Random) -> Evidence:
    took = random.uniform(0.5, 4) * np.exp(random.normal(0, 0.05, 2000))
    slow = random.choice(2000, int(random.integers(20, 40)), replace=False)
    took[slow] *= random.uniform(15, 60)
    return evidence(stepped(random, took), until=2 + took.sum() / 60)


def slow_host(random: Random) -> Evidence:
    usual = random.uniform(0.5, 2)
    minutes = 60.0
    hosts = []
    for host, pace in (("algo-1", 1.0), ("algo-2", 1.0), ("algo-3", random.uniform(1.2, 3))):
        count = int(minutes * 60 / (usual * pace))
        hosts.append(stepped(random, usual * pace * np.exp(random.normal(0, 0.05, count)), host))
    return evidence(*hosts, until=minutes + 2)


def slow_start(random: Random) -> Evidence:
    minutes = float(random.integers(25, 60))
    at = np.arange(minutes - 3, minutes)
    metrics = [series("train:loss", at, falling(random, at / minutes))] if random.random() < 0.5 else []
    on = evidence(*metrics or [series("train:loss", at[:0], at[:0])], until=minutes)
    return replace(on, hosts=hosts_of(random, minutes, 1, gpu=lambda at: np.where(at < minutes - 3, 0.5, 90)))


def log_silent(random: Random) -> Evidence:
    minutes = length(random)
    on = evidence(until=minutes)
    return replace(on, log=LogFacts({}, on.now_ms - int(random.uniform(31, 90)) * MINUTE, 3 * MINUTE, complete=True))


SICK: dict[str, Sick] = {
    one.__name__.replace("_", "-"): one
    for one in (
        overfitting, overtraining, divergence, nan, plateau, oscillation, stalled, exploding_gradient,
        vanishing_gradient, idle_gpu, fluctuating_gpu, cpu_bottleneck, io_bottleneck, batch_size, gpu_memory_increase,
        gpu_memory_full, memory_full, disk_filling, load_balancing, step_outlier, slow_host, slow_start, log_silent,
    )
}  # fmt: skip
"""By the rule that has to catch them."""

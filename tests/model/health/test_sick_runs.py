"""Each rule catches its kind of sick run, with the name, the sentence and the evidence that a person needs."""

from __future__ import annotations

import re

import numpy as np
import pytest

from tests.model.health.runs import BEGAN_MS
from tests.model.health.sick import SICK, Sick, overfitting_accuracy
from tui.model.findings import Finding
from tui.model.health.examine import examine

RUNS = 40
# A sick host may be sick in two ways: one that waits for its CPU idles too.
ALONG = {"cpu-bottleneck": {"idle-gpu"}}


def found_in(sick: Sick, rule: str, seed: int) -> tuple[Finding | None, set[str]]:
    findings = examine(sick(np.random.default_rng([7, seed])))
    return next((one for one in findings if one.rule == rule), None), {one.rule for one in findings} - {rule}


@pytest.mark.parametrize("rule", SICK)
def test_a_sick_run_is_caught_and_nothing_else_is_said_of_it(rule: str) -> None:
    caught, others = 0, list[set[str]]()
    for seed in range(RUNS):
        finding, rest = found_in(SICK[rule], rule, seed)
        caught += finding is not None
        others.append(rest - ALONG.get(rule, set()))
    assert caught >= 0.95 * RUNS
    assert sum(map(bool, others)) <= 0.05 * RUNS, others


def test_overfitting_is_seen_in_accuracies_too() -> None:
    assert sum(found_in(overfitting_accuracy, "overfitting", seed)[0] is not None for seed in range(RUNS)) > 0.95 * RUNS


@pytest.mark.parametrize("rule", SICK)
def test_a_finding_says_what_where_and_when(rule: str) -> None:
    finding = next(one for seed in range(9) if (one := found_in(SICK[rule], rule, seed)[0]) is not None)
    assert re.search(r"\d", finding.sentence)
    assert len(finding.sentence) < 110
    assert finding.evidence
    assert all(finding.evidence)
    assert finding.time_ms is not None
    assert BEGAN_MS <= finding.time_ms <= BEGAN_MS + 1_000 * 60_000


DEBUGGER = {
    "overfitting": "Overfit",
    "overtraining": "Overtraining",
    "divergence": "LossNotDecreasing",
    "plateau": "LossNotDecreasing",
    "nan": "ExplodingTensor",
    "exploding-gradient": "ExplodingTensor",
    "vanishing-gradient": "VanishingGradient",
    "stalled": "StalledTraining",
    "log-silent": "StalledTraining",
    "idle-gpu": "LowGPUUtilization",
    "fluctuating-gpu": "LowGPUUtilization",
    "cpu-bottleneck": "CPUBottleneck",
    "io-bottleneck": "IOBottleneck",
    "batch-size": "BatchSize",
    "gpu-memory-increase": "GPUMemoryIncrease",
    "gpu-memory-full": "GPUMemoryIncrease",
    "load-balancing": "LoadBalancing",
    "slow-host": "LoadBalancing",
    "step-outlier": "StepOutlier",
    "slow-start": "MaxInitializationTime",
    "oscillation": "",
    "memory-full": "",
    "disk-filling": "",
}


@pytest.mark.parametrize("rule", SICK)
def test_the_rule_of_debugger_that_it_stands_for_is_named(rule: str) -> None:
    finding = next(one for seed in range(9) if (one := found_in(SICK[rule], rule, seed)[0]) is not None)
    assert finding.debugger == DEBUGGER[rule]

"""The demo's jobs under the rules: whoever is meant to be sick is found, whoever is not is left in peace."""

from __future__ import annotations

import math
import re
from array import array
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from functools import lru_cache

import pytest

from tui.demo.jobs import Plan, log, measured, utilization
from tui.demo.recipes import RECIPES
from tui.demo.world import _UNDER_WAY
from tui.model.definitions import compile_definitions
from tui.model.health.evidence import Evidence
from tui.model.health.examine import examine
from tui.model.health.log import LogScan
from tui.model.jobs import InstanceGroup, MetricDefinition, Phase, TrainingJob
from tui.model.logs import LogEvent
from tui.model.series import Series

NOW = datetime(2040, 1, 15, 14, 0, tzinfo=timezone.utc)
SICK = {
    "bert-sentiment-ft": {"overfitting"},
    "yolo-parts": {"cpu-bottleneck", "idle-gpu"},
    "wav2vec2-base-de": {"nan"},
    "resnet50-imagenet": {"fluctuating-gpu", "io-bottleneck", "load-balancing"},
}
"""What is said of those that are under way when the demo begins; nothing of all others."""


def when(t: float) -> datetime:
    return NOW + timedelta(seconds=t)


def ms(t: float) -> int:
    return round(when(t).timestamp() * 1000)


@lru_cache(maxsize=8)
def seen(family: str) -> Evidence:
    """A job under way, its log read."""
    return evidence(under_way(family, 4711), read_log=True)


def evidence(plan: Plan, *, read_log: bool) -> Evidence:
    """All that the demo shows of a job now, through its log as well or CloudWatch alone."""
    recipe = plan.recipe
    phases = [(name, began) for name, began in plan.phases() if began <= 0]
    job = TrainingJob(
        plan.name,
        "InProgress",
        when(plan.began),
        detailed=True,
        secondary_status=phases[-1][0],
        started=when(plan.began + plan.starting),
        spot=recipe.spot,
        instances=(InstanceGroup(recipe.instance, recipe.hosts),),
        phases=tuple(
            Phase(name, when(began), when(following[1]) if following else None)
            for (name, began), following in zip(phases, [*phases[1:], None], strict=True)
        ),
        metric_definitions=tuple(MetricDefinition(name, regex) for name, regex in recipe.metrics),
    )
    minutes = range(1, int(-plan.trains // 60) + 1)
    own = {minute: measured(plan, minute) for minute in minutes}
    metrics = [
        Series(name, array("q", [ms(plan.trains + 60 * m) for m in at]), array("d", [own[m][name] for m in at]))
        for name, _ in recipe.metrics
        if (at := [minute for minute in minutes if name in own[minute]])
    ]
    hosts = {}
    for host in range(1, recipe.hosts + 1):
        used = [utilization(plan, host, minute) for minute in minutes]
        times = array("q", [ms(plan.trains + 60 * minute) for minute in minutes])
        hosts[f"algo-{host}"] = {
            name: Series(name, times, array("d", [one[name] for one in used])) for name in (used[0] if used else ())
        }
    scan = LogScan()
    since = -3600 if recipe.hosts > 1 else -math.inf  # forty thousand lines say no more than ten thousand
    if read_log:
        events = [
            LogEvent(ms(at), 0, f"algo-{host}", plan.stream(host), line)
            for host in range(1, recipe.hosts + 1)
            for at, _, line in log(plan, host, max(plan.began, since), 0)
        ]
        events.sort(key=lambda event: event.timestamp)
        scan.take(events)
        scan.complete = True
        points = [p for p in compile_definitions(job.metric_definitions).read(events) if p.host == "algo-1"]
        metrics = [
            Series(
                name,
                array("q", [p.time_ms for p in points if p.metric == name]),
                array("d", [p.value for p in points if p.metric == name]),
                "log",
            )
            for name, _ in recipe.metrics
        ]
    return Evidence(job, ms(0), tuple(metrics), hosts, scan.facts, zone=timezone.utc)


def under_way(family: str, seed: int) -> Plan:
    _, age, *phases = next(one for one in _UNDER_WAY if one[0] == family)
    return Plan(RECIPES[family], 1, seed, -age, *phases)


FAMILIES = [one[0] for one in _UNDER_WAY]


@pytest.mark.parametrize("family", FAMILIES)
def test_a_job_under_way_is_found_to_be_what_it_is_meant_to_be(family: str) -> None:
    found = {finding.rule for finding in examine(seen(family))}
    assert found == SICK.get(family, set())


@pytest.mark.parametrize("family", FAMILIES)
def test_by_cloudwatch_alone_it_is_no_other(family: str) -> None:
    """What only the log knows (NaN, a slow data loader) is missing, and nothing else is said instead."""
    wanted = SICK.get(family, set()) - {"nan", "io-bottleneck"}
    for seed in range(8):
        assert {finding.rule for finding in examine(evidence(under_way(family, seed), read_log=False))} == wanted, seed


def test_the_sentences_are_those_that_a_colleague_would_say() -> None:
    said = {family: [finding.sentence for finding in examine(seen(family))] for family in SICK}
    assert re.match(r"overfits since \d\d:\d\d: validation \+\d+%, train −\d+%", said["bert-sentiment-ft"][0])
    assert re.match(r"train:loss is NaN since \d\d:\d\d", said["wav2vec2-base-de"][0])
    assert any(re.match(r"algo-1 GPU idles \(p95 \d%\)", one) for one in said["yolo-parts"])
    assert any(re.match(r"algo-2 GPU fluctuates \(p95 9\d%, p5 \d%\)", one) for one in said["resnet50-imagenet"])


def test_a_demo_job_that_failed_says_that_it_ran_out_of_memory() -> None:
    on = evidence(under_way("mnist-keras", 1), read_log=False)
    from tui.demo.scripts import FAILURE

    failed = replace(on.job, status="Failed", ended=NOW, failure_reason=FAILURE)
    assert [finding.rule for finding in examine(replace(on, job=failed))] == ["cuda-oom"]

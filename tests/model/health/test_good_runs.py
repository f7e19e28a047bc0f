"""A false alarm is a bug: of a hundred healthy runs at most one raises any alarm, however often one looks."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from tests.model.health.runs import GOOD, Evidence, good, upto
from tui.model.health.examine import examine

RUNS = 506
LOOKS = (0.2, 0.5, 0.8, 1.0)
"""How far the run is when one looks: an alarm at any of them counts."""


def alarms(seed: int, kind: str) -> list[str]:
    on, minutes = good(np.random.default_rng([2040, seed]), kind)
    found = []
    for share in LOOKS:
        seen = upto(on, minutes * share)
        seen = replace(seen, log=replace(seen.log, last_ms=seen.now_ms))
        found += [f"{kind} #{seed} at {share}: {finding.sentence}" for finding in examine(seen)]
    return found


def test_at_most_one_in_a_hundred_healthy_runs_raises_any_alarm() -> None:
    kinds = list(GOOD)
    found = [said for seed in range(RUNS) if (said := alarms(seed, kinds[seed % len(kinds)]))]
    assert len(found) <= RUNS // 100, "\n".join(said[0] for said in found)
    # Nor may the alarms of one shape hide among the others.
    by_kind = Counter(said[0].split()[0] for said in found)
    assert all(count <= max(1, RUNS // len(kinds) // 25) for count in by_kind.values()), by_kind


@pytest.mark.parametrize("kind", GOOD)
def test_each_shape_is_judged_at_all(kind: str) -> None:
    """A rule that never looks raises no alarm either: the same run with a NaN at its end does."""
    on, _ = good(np.random.default_rng([1, 2]), kind)
    series = on.metrics[0]
    values = series.values[:]
    values[-3:] = type(values)("d", [float("nan")] * 3)
    sick: Evidence = replace(on, metrics=(replace(series, values=values), *on.metrics[1:]))
    assert [finding.rule for finding in examine(sick)] == ["nan"]

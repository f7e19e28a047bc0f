"""Training jobs beside one another: what they share a chart by, which hyperparameters differ, how each one ended."""

from __future__ import annotations

import math
import re
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from tui.model.groups import Group
from tui.model.jobs import TrainingJob
from tui.model.series import Series, leading_metric
from tui.model.words import DASH, number, span

FEWEST, MOST = 2, 8
"""How many jobs can be compared: there are eight marks and colours."""
_WORDS = re.compile(r"[fF]1|[rR]2|[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_LOWER = frozenset(
    {
        *("loss", "losses", "logloss", "mlogloss", "nll", "cost", "crossentropy", "entropy", "deviance"),
        *("error", "errors", "err", "merror", "rmse", "rmsle", "mae", "mape", "mse", "perplexity", "ppl", "wer", "cer"),
    }
)
_HIGHER = frozenset(
    {
        *("accuracy", "acc", "auc", "f1", "precision", "recall", "score", "reward"),
        *("bleu", "rouge", "map", "ndcg", "r2", "iou", "dice"),
    }
)


@dataclass(frozen=True, slots=True)
class Compared:
    """One of the jobs that are compared.

    Attributes:
        name: Its name.
        job: Its description, None where there is no such job or it has not been asked for.
        metrics: Its series by name.
    """

    name: str
    job: TrainingJob | None = None
    metrics: Mapping[str, Series] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table: what it is of, and a cell a job."""

    title: str
    cells: tuple[str, ...]


def since_start(series: Series, start: datetime) -> Series:
    """A series with the time since a moment (ms) in the place of the time."""
    begin = round(start.timestamp() * 1000)
    return replace(series, times=array("q", (time - begin for time in series.times)))


def metric_names(jobs: Sequence[Compared]) -> tuple[str, ...]:
    """The metrics that at least one of the jobs has, the one that says most of a job first."""
    names = dict.fromkeys(name for one in jobs for name in one.metrics)
    first = leading_metric(list(names))
    return tuple(sorted(names, key=lambda name: name != first))


def curves(jobs: Sequence[Compared], metric: str = "") -> tuple[Group, ...]:
    """A chart a metric, or that of one: a curve a job, in their order, counted from the start of each.

    A job without the metric keeps its place with an empty curve, so that each has the same mark on all charts.
    """
    groups = []
    for name in (metric,) if metric else metric_names(jobs):
        found = []
        for number_of_job, one in enumerate(jobs, 1):
            series, start = one.metrics.get(name), one.job.started if one.job else None
            shifted = since_start(series, start) if series is not None and start is not None else Series(name)
            found.append(replace(shifted, part=str(number_of_job)))
        groups.append(Group(tuple(found), name, tuple(one.part for one in found)))
    return tuple(groups)


def states(jobs: Sequence[Compared], now: datetime) -> list[Row]:
    """How each job is doing, and for how long it has trained."""
    status = tuple((one.job.status if one.job else "not found") for one in jobs)
    ran = tuple(span(one.job.duration(now)) if one.job else DASH for one in jobs)
    kinds = tuple((one.job.instance_type or DASH).removeprefix("ml.") if one.job else DASH for one in jobs)
    counts = tuple(str(one.job.instance_count or DASH) if one.job else DASH for one in jobs)
    rows = [Row("status", status), Row("trained for", ran)]
    return rows + [Row(title, cells) for title, cells in (("instance", kinds), ("instances", counts)) if differ(cells)]


def differing(jobs: Sequence[Compared]) -> list[Row]:
    """The hyperparameters that are not the same in all jobs, by name; a dash where a job has none of that name."""
    names = sorted({name for one in jobs if one.job for name in one.job.hyperparameters})
    rows = [
        Row(name, tuple(one.job.hyperparameters.get(name, DASH) if one.job else DASH for one in jobs)) for name in names
    ]
    return [row for row in rows if differ(row.cells)]


def results(jobs: Sequence[Compared]) -> list[Row]:
    """Each metric's last value in every job, and its best where its name says which way is better."""
    names = list(metric_names(jobs))
    finals = [{final.name: final.value for final in one.job.final_metrics} if one.job else {} for one in jobs]
    names += [name for name in dict.fromkeys(name for final in finals for name in final) if name not in names]
    rows = []
    for name in names:
        last = []
        for one, final in zip(jobs, finals, strict=True):
            series = one.metrics.get(name)
            last.append(number(series.last if series is not None and len(series) else final.get(name)))
        rows.append(Row(name, tuple(last)))
        if which := better(name):
            rows.append(Row(f"  {which}", tuple(number(_extreme(one.metrics.get(name), which)) for one in jobs)))
    return rows


def better(name: str) -> Literal["lowest", "highest", ""]:
    """Which value of a metric of that name is the best one; empty where the name does not say."""
    words = {word.lower() for word in _WORDS.findall(name)}
    return "lowest" if words & _LOWER else "highest" if words & _HIGHER else ""


def _extreme(series: Series | None, which: str) -> float | None:
    values = [value for value in series.values if math.isfinite(value)] if series is not None else []
    return (min if which == "lowest" else max)(values, default=None)


def differ(cells: Sequence[str]) -> bool:
    """Whether they are not all the same."""
    return len(set(cells)) > 1

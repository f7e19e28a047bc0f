"""A metric over time."""

from __future__ import annotations

import re
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

Kind = Literal["job", "host", "variant", "instance", "component", "copy"]
"""What a metric is of: a job's own metric, a host's utilization, a variant's traffic and its instances' utilization, an
inference component's traffic and its copies' utilization."""


LOGGED = frozenset({"log", "recognised", "reading"})
"""Sources that have each line's value at its own time, where others have periods."""


@dataclass(frozen=True, slots=True)
class MetricQuery:
    """One question of a GetMetricData call.

    Attributes:
        kind: `job` (algorithm metrics), `host` (utilization of a training host), `variant` (Invocations, latencies,
            errors of a production variant), `instance` (utilization of a variant's instances), and of an inference
            component `component` and `copy` likewise.
        owner: The name of the job or of the endpoint.
        metric: The metric's name: `train:loss`, `GPUUtilization`, `ModelLatency` …
        part: The host (`algo-1`), the variant's or the component's name; empty for a job's own metrics.
        stat: `Average`, `Sum`, `Maximum`, `p99` …
        period_s: Seconds a datapoint covers.
    """

    kind: Kind
    owner: str
    metric: str
    part: str = ""
    stat: str = "Average"
    period_s: int = 60


@dataclass(frozen=True, slots=True)
class Series:
    """Datapoints of one metric, oldest first.

    Attributes:
        name: The metric's name.
        times: ms since the epoch, never falling.
        values: As many, in the unit that the source gave; NaN and infinity are kept.
        source: Where it comes from, in a word: `cloudwatch`, `log`, `recognised`, `reading`, `local`, `profiler`,
            `final`.
        part: The host or variant, empty where it is of the whole job.
        unit: `%`, `ms`, `/min` …, or empty.
        stat: The statistic, where the source computes one.
        steps: The step that each datapoint's line named, NaN where it named none; empty where none did.
        epochs: The epoch likewise.
    """

    name: str
    times: array[int] = field(default_factory=lambda: array("q"))
    values: array[float] = field(default_factory=lambda: array("d"))
    source: str = "cloudwatch"
    part: str = ""
    unit: str = ""
    stat: str = ""
    steps: array[float] = field(default_factory=lambda: array("d"))
    epochs: array[float] = field(default_factory=lambda: array("d"))

    def __len__(self) -> int:
        return len(self.times)

    @property
    def last(self) -> float | None:
        """The newest value, None while there is none."""
        return self.values[-1] if self.values else None


_SEPARATORS = ":/_-. "
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_TRAIN = frozenset({"train", "training", "trn", "tr"})
_VALIDATION = frozenset({"validation", "valid", "validate", "val", "eval", "evaluation", "dev", "holdout"})
_TEST = frozenset({"test", "testing"})
_SAME = {"acc": "accuracy", "err": "error", "ppl": "perplexity"}
_LOSS = frozenset({"loss", "logloss", "mlogloss", "nll", "crossentropy", "entropy", "cost"})
_ERROR = frozenset(
    {"error", "errors", "merror", "rmse", "rmsle", "mae", "mape", "mse", "perplexity", "wer", "cer", "deviance"}
)


@lru_cache(maxsize=4096)
def _reading(name: str) -> tuple[int, tuple[str, ...]]:
    """What a metric's name says: 0 train, 1 nothing, 2 validation, 3 test; and of what, in words."""
    words = [word.lower() for word in _WORD.findall(name)]
    place, role = next(
        (
            (place, role)
            for place, word in enumerate(words)
            for role, known in ((0, _TRAIN), (2, _VALIDATION), (3, _TEST))
            if word in known
        ),
        (None, 1),
    )
    if place is None:
        return 1, tuple(_SAME.get(word, word) for word in words)
    rest = words[:place] + words[place + 1 :]
    # The set's number in XGBoost and LightGBM (validation_0-rmse), their genitive (training's l2), Lightning's suffix.
    if rest[place:] and rest[place].isdigit():
        del rest[place]
    rest = [_SAME.get(word, word) for word in rest if word not in {"s", "epoch"}]
    return role, tuple(rest)


def pair_series(names: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """Metrics that belong on one chart: train against validation, in groups in the order of their first names.

    `train:loss` goes with `validation:loss`, `Train_error` with `Valid_error`, `loss` with `val_loss`; within a group
    training comes first. What has no counterpart is a group of its own.
    """
    readings = {name: _reading(name) for name in names}
    groups: dict[tuple[str, ...], list[str]] = {}
    for name in dict.fromkeys(names):
        groups.setdefault(readings[name][1] or (name,), []).append(name)
    pairs: list[tuple[str, ...]] = []
    for group in groups.values():
        roles = {readings[name][0] for name in group}
        # Of one role they still belong together if both say so: validation_0 and validation_1 are sets of their own.
        if len(roles) > 1 or 1 not in roles:
            pairs.append(tuple(sorted(group, key=lambda name: readings[name][0])))
        else:
            pairs.extend((name,) for name in group)
    order = {name: place for place, name in reversed(list(enumerate(names)))}
    return tuple(sorted(pairs, key=lambda pair: min(order[name] for name in pair)))


def leading_metric(names: Sequence[str]) -> str | None:
    """The metric that says most of a job: a loss or an error on validation, else on test, else any, else the first.

    A loss goes before an error; among equals the first one counts; None where there are no names.
    """

    def rank(name: str) -> int:
        role, words = _reading(name)
        kind = 0 if _LOSS.intersection(words) else 1 if _ERROR.intersection(words) else 2
        if kind == 2:
            return 6
        return kind + {2: 0, 3: 2}.get(role, 4)

    return min(names, key=rank, default=None)


def role_of(name: str) -> Literal["train", "", "validation", "test"]:
    """Which set a metric's name says it was measured on, empty where it says none."""
    roles: tuple[Literal["train", "", "validation", "test"], ...] = ("train", "", "validation", "test")
    return roles[_reading(name)[0]]


def words_of(name: str) -> tuple[str, ...]:
    """What a metric's name says it measures, in small words without the set's: `val_cross_entropy` → cross, entropy."""
    return _reading(name)[1]


def short_labels(names: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """What metrics on one chart have in common, and what tells each apart: `loss`, (`train`, `validation`)."""
    if len(set(names)) < 2:
        return (names[0] if names else ""), tuple(names)
    head, tail = _common_head(names), _common_head([name[::-1] for name in names])[::-1]
    # Cut at separators only: `train` and `trainer` share no word.
    head = head[: max(head.rfind(mark) for mark in _SEPARATORS) + 1]
    places = [place for mark in _SEPARATORS if (place := tail.find(mark)) >= 0]
    tail = tail[min(places) :] if places else ""
    labels = [name[len(head) : len(name) - len(tail)] for name in names]
    common = (head + tail[1:] if head else tail).strip(_SEPARATORS)
    if not common or not all(labels):
        return next((name for name in names if all(other.endswith(name) for other in names)), ""), tuple(names)
    return common, tuple(labels)


def _common_head(names: Sequence[str]) -> str:
    # What the first and the last in order share, all between them share too.
    first, last = min(names), max(names)
    different = (place for place, (one, other) in enumerate(zip(first, last, strict=False)) if one != other)
    return first[: next(different, len(first))]

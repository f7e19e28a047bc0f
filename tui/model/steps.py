"""Which step and which epoch a line of a log names: the x axes that a training run has beside the clock."""

from __future__ import annotations

import re
from typing import NamedTuple

# In lower case, and each begun by its word, which the engine finds at once. `steps`, `max_step` and `steps_per_epoch`
# name how many there are, not which one this is.
_AFTER = r"['\"]?\s{0,3}[:=#]?\s{0,3}[\[(]?\s{0,3}"
_COUNT = r"(\d{1,3}(?:,\d{3})+(?![\d,])|\d{1,12}(?!\d))"
_STEPS = tuple(
    (word, re.compile(word + rest + _AFTER + _COUNT)) for word, rest in (("step", ""), ("iter", "(?:ation)?"))
)
_EPOCH = re.compile("epoch" + _AFTER + r"(\d{1,9}(?:\.\d+)?)(?!\d)")
_BEFORE = re.compile(r"(?:^|[^a-z0-9_])(?:global|train|training|current)?[_ ]?$")
# XGBoost and LightGBM: `[12]<tab>train-rmse:0.5`, where SageMaker's containers write the tab as #011.
_ROUND = re.compile(r"(?:^|[\]\s])\[(\d{1,9})\](?:\s|#011)")

_APART = frozenset(" \t'\"[({|,;")

NAN = float("nan")


class Place(NamedTuple):
    """Where in a run a line stands; NaN where it does not say."""

    step: float
    epoch: float


def place_of(line: str) -> Place:
    """The step and the epoch that a line names: `Step 120`, `'epoch': 1.25`, `Epoch [3/10]`, `[12]<tab>loss:1`."""
    low = line.lower()
    step = epoch = NAN
    for word, pattern in _STEPS:
        if word in low and (text := _named(pattern, low)):
            step = float(text.replace(",", ""))
            break
    else:
        if "[" in low and (found := _ROUND.search(low)):
            step = float(found[1])
    if "epoch" in low and (text := _named(_EPOCH, low)):
        epoch = float(text)
    return Place(step, epoch)


def _named(pattern: re.Pattern[str], line: str) -> str:
    """The number behind a word that stands by itself."""
    match = pattern.search(line)
    while match is not None:
        start = match.start()
        if start == 0 or line[start - 1] in _APART or _BEFORE.search(line[max(start - 10, 0) : start]):
            return match[1]
        match = pattern.search(line, match.end())
    return ""

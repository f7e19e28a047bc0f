r"""Metrics recognised in a log whose job defines none: the formats that trainers print by themselves.

Keras (`loss: 0.4 - val_loss: 0.6`), Hugging Face (`{'loss': 0.5, 'epoch': 1.0}`), Lightning's progress bar
(`[00:12<00:15, 35.7it/s, loss=0.512]`), XGBoost (`[12]<tab>train-rmse:0.5`), LightGBM, PyTorch's examples
(`Train Epoch: 1 [640/60000 (1%)]<tab>Loss: 0.5`) and plain `key=value`. What is found is offered as metric definitions.

A name counts if one of its words is what a metric is called (loss, accuracy, rmse …). Another counts only if it stands
beside one or beside a step, again and again, with values that are no whole numbers: an address, a version, a size or a
time is none. Learning rates, gradient norms and speeds come after what tells how good a model is; steps and epochs are
no metrics but the x axis.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from tui.model.jobs import MetricDefinition
from tui.model.steps import place_of

MOST = 20
"""How many definitions are offered at most; SageMaker takes 40."""

_LONGEST = 2_000
_SKELETONS = 20_000
_OFTEN = 3

NUMBER = "([-+.0-9eEnaifN]*[0-9nfN])"
"""What captures a value, `nan` and `inf` included; `float()` refuses what else it takes."""

_BEFORE = r"(?<![\w.:/?&-])"
_ROLE = r"[Tt]rain(?:ing)?|[Vv]al(?:id(?:ation)?)?|[Ee]val(?:uation)?|[Tt]est|[Dd]ev|TRAIN|VAL|EVAL|TEST|\w{1,40}'s"
_KEY = r"[A-Za-z](?:[\w/@.-]{0,80}\w)?"
_FOUND = re.compile(
    rf"(?P<before>#011|{_BEFORE})(?:(?P<role>{_ROLE}) )?"
    rf"(?P<quote>['\"]?)(?P<key>{_KEY}(?::{_KEY})?)(?P=quote)"
    r"(?P<sep>[ \t]{0,2}[=:][ \t]{0,3}|[ ]{1,3}(?=-?\d+\.\d|nan|inf))"
    r"(?P<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|[-+]?(?:[nN]a[nN]|inf))"
    # An address, a version, a time, a date, a length with its unit and a part of something are no values.
    r"(?![\w:/]|\.\w|-\w)"
)
# PyTorch's examples: whose loss it is stands at the other end of the line.
_EXAMPLES = tuple(
    (name, regex, re.compile(regex))
    for name, regex in (
        ("train:loss", "Train Epoch: .*Loss: " + NUMBER),
        ("test:loss", "Test set: .*loss: " + NUMBER),
        ("test:accuracy", r"Test set: .*Accuracy: [0-9]+/[0-9]+ \(([0-9.]+)%"),
    )
)


_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_QUALITY = _words(
    "loss losses acc accuracy rmse rmsle mae mape smape mse auc auroc auprc logloss mlogloss merror perplexity ppl nll"
    " elbo f1 fbeta recall iou miou dice bleu rouge wer cer mrr ndcg r2 top1 top5 kappa mcc bce crossentropy psnr ssim"
)
# What is called so is often something else: it has to come again, and with values that are no whole numbers.
_PERHAPS = _words(
    "error err errors score cost objective reward return entropy map kl kld deviance metric margin precision l1 l2 fid"
)
_BESIDES = _words("lr learning rate norm gradnorm throughput speed sec second samples tokens images ips tps wps")
# What makes of any name a setting, a count or a time: loss_scale, grad_acc_steps, accuracy_threshold.
_SETTINGS = _words(
    "time elapsed took eta duration runtime seconds secs ms minutes hours date clock mem memory gb mb kb bytes size"
    " port pid version ver id seed count rank rounds steps epochs iters num weight weights scale threshold alpha beta"
    " gamma eps epsilon patience delta factor coef decay dropout type fn function smoothing warmup workers line code"
    " status exit ratio len length dim layers heads target"
)
_ALONE = _words(
    "step epoch iter iteration batch total device gpu gpus cpu cpus cuda node local host min max started ended at utc"
    " temp temperature data day month year split seq momentum percent progress"
)


@dataclass(slots=True)
class _Seen:
    """One name, how it is written, and how its values look."""

    name: str
    rank: int
    regex: str = ""
    before: str = ""
    role: str = ""
    quoted: str = ""
    key: str = ""
    seps: dict[str, None] = field(default_factory=dict)
    count: int = 0
    broken: bool = False
    values: set[str] = field(default_factory=set)

    def saw(self, number: str) -> None:
        self.broken = self.broken or not number.lstrip("+-").isdigit()
        if len(self.values) < _OFTEN:
            self.values.add(number)

    @property
    def is_offered(self) -> bool:
        if self.rank == 0:
            return True
        # A setting is printed again and again too, but with one value.
        enough = (0, 2, _OFTEN, _OFTEN)[self.rank]
        return self.broken and self.count >= enough and len(self.values) >= (3 if self.rank == 3 else 2)


class Recogniser:
    """Looks at a log line after line; what it has recognised depends on nothing but those lines."""

    def __init__(self) -> None:
        self._seen: dict[str, _Seen] = {}
        self._skeletons: dict[str, tuple[int, tuple[_Seen, ...]]] = {}

    def take(self, lines: Iterable[str]) -> list[int]:
        """Looks at lines; returns the indices of those that hold something that may be a metric."""
        rows: list[int] = []
        for row, line in enumerate(lines):
            # Lines that differ in their digits only hold the same names: a look at some of them is enough.
            start = line[:_LONGEST]
            skeleton = start.translate(_NO_DIGITS)
            looked, names = self._skeletons.get(skeleton, (0, ()))
            if looked < _OFTEN:
                names = tuple(self._names_in(start))
                if looked or len(self._skeletons) < _SKELETONS:
                    self._skeletons[skeleton] = (looked + 1, names)
            for name in names:
                name.count += 1
            if names:
                rows.append(row)
        return rows

    @property
    def definitions(self) -> tuple[MetricDefinition, ...]:
        """What is offered: what tells how good a model is first, and of its kind what was met most often first."""
        offered = [seen for seen in self._seen.values() if seen.is_offered]
        offered.sort(key=lambda seen: (max(seen.rank, 1), -seen.count))
        return tuple(MetricDefinition(seen.name, seen.regex or self._regex(seen)) for seen in offered[:MOST])

    def _names_in(self, line: str) -> Iterator[_Seen]:
        examples = [(name, regex, match) for name, regex, known in _EXAMPLES if (match := known.search(line))]
        for name, regex, match in examples:
            seen = self._seen.setdefault(name, _Seen(name, 0, regex))
            seen.saw(match[1])
            yield seen
        if examples:
            return
        found = {_name(match): (match, _rank(match)) for match in reversed(list(_FOUND.finditer(line)))}
        told = any(rank < 2 for _, rank in found.values()) or any(number == number for number in place_of(line))
        for name, (match, rank) in reversed(found.items()):
            if rank < 3 or (rank == 3 and told):
                seen = self._seen.setdefault(name, _Seen(name, rank))
                if not seen.key:
                    seen.before, seen.role = match["before"], match["role"] or ""
                    seen.key, seen.quoted = match["key"], match["quote"]
                seen.seps.setdefault(match["sep"])
                seen.saw(match["number"])
                yield seen

    def _regex(self, seen: _Seen) -> str:
        """An expression that reads this value, and none of a name that only ends in the same way."""
        key = seen.key.replace(".", r"\.")
        if seen.quoted:
            before = ""
        elif seen.role:
            before = (seen.before or _BEFORE) + seen.role + " "
        else:
            others = [other.role for other in self._seen.values() if other.role and other.key == seen.key]
            before = (seen.before or _BEFORE) + "".join(f"(?<!{role} )" for role in dict.fromkeys(others))
        seps = [sep.replace("\t", r"\t") for sep in seen.seps]
        sep = seps[0] if len(seps) == 1 else r"\s{0,3}[=:]?\s{0,3}"
        return f"{before}{seen.quoted}{key}{seen.quoted}{sep}{NUMBER}"


_NO_DIGITS = dict.fromkeys(map(ord, "0123456789."))


def recognise(lines: Iterable[str]) -> tuple[MetricDefinition, ...]:
    """The metrics that these lines seem to print, as definitions that read them, the most frequent losses first."""
    recogniser = Recogniser()
    recogniser.take(lines)
    return recogniser.definitions


def _rank(match: re.Match[str]) -> int:
    """0 a metric, 1 perhaps one, 2 what is told beside one, 3 a name that says nothing by itself, 4 no metric."""
    words = [word.lower() for word in _WORD.findall(match["key"])]
    known = {*words, *(one + two for one, two in pairwise(words))}
    spaced = match["sep"].isspace()
    if not _SETTINGS.isdisjoint(words):
        return 4
    if not _QUALITY.isdisjoint(known) or (match["role"] and not _PERHAPS.isdisjoint(known)):
        return 0
    if spaced:
        return 4
    if not _PERHAPS.isdisjoint(known):
        return 1
    if not _BESIDES.isdisjoint(known):
        return 2
    return 4 if match["role"] or not _ALONE.isdisjoint(words) else 3


def _name(match: re.Match[str]) -> str:
    """`val_loss` of `val_loss: 0.5`, `train:loss` of `Train Loss: 0.5`, `valid_0's l2` as it stands."""
    role, key = match["role"], match["key"]
    if not role:
        return key
    return f"{role} {key}" if role.endswith("'s") else f"{role.lower()}:{key.lower()}"

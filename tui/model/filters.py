"""The filter language of the lists: `resnet !test status:failed age<2h`, for jobs and endpoints alike."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

KEYS = ("name", "status", "type", "age")

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_COMPARE: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}

# `!`, then `key:` or `key<`, then a value that quotes may hold together; each part may be missing.
_TERM = re.compile(
    r"(?P<negated>!?)"
    r"(?:(?P<key>[A-Za-z_]+)(?P<sign>:|<=|>=|<|>))?"
    r'(?:"(?P<quoted>[^"]*)"?|(?P<word>\S+))?'
)
_LENGTH = re.compile(r"(?:[0-9]+(?:\.[0-9]*)?[smhdw])+")
_PART = re.compile(r"([0-9]+(?:\.[0-9]*)?)([smhdw])")


@dataclass(frozen=True, slots=True)
class Facts:
    """What a filter may ask of one row, be it a job or an endpoint.

    Attributes:
        name: The resource's name.
        statuses: Its status and its secondary status, in AWS's words.
        types: Its instance types, as AWS writes them (`ml.p4d.24xlarge`).
        age_s: Seconds since it was created, None while unknown.
        shown: Whatever else the row shows; plain text looks there too.
    """

    name: str
    statuses: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    age_s: float | None = None
    shown: str = ""


@dataclass(frozen=True, slots=True)
class Term:
    """One word of a filter. An empty key is plain text; `limit_s` belongs to `age` alone."""

    value: str
    key: str = ""
    sign: str = ":"
    negated: bool = False
    limit_s: float = 0.0

    def matches(self, facts: Facts) -> bool:
        """Whether the row has what the term asks for, or lacks it where the term is negated."""
        return self._found(facts) is not self.negated

    def _found(self, facts: Facts) -> bool:
        if self.key == "age":
            return facts.age_s is not None and _COMPARE[self.sign](facts.age_s, self.limit_s)
        if self.key == "status":
            wanted = self.value.lower()
            return any(status.lower().startswith(wanted) for status in facts.statuses)
        if self.key == "type":
            wanted = self.value.lower()
            return any(wanted in kind.lower() for kind in facts.types)
        texts = [facts.name] if self.key else [facts.name, facts.shown, *facts.statuses]
        if self.value == self.value.lower():  # smart case
            return any(self.value in text.lower() for text in texts)
        return any(self.value in text for text in texts)


@dataclass(frozen=True, slots=True)
class Filter:
    """Terms that must all hold. Made by `parse`; the empty filter matches everything.

    Attributes:
        text: What was typed.
        terms: What of it is understood and complete.
        problem: Why the first of the other terms does not count yet, in a line; empty when all of them count.
    """

    text: str = ""
    terms: tuple[Term, ...] = ()
    problem: str = ""

    @classmethod
    def parse(cls, text: str) -> Filter:
        """Reads a filter as it is being typed. Never raises.

        The terms, all of which must hold:
            `text`, `"two words"`: in the name, a status or anything else shown; ignores case unless it has a capital.
            `status:failed`: the status or secondary status begins so. `name:x`, `type:p4d`: contained.
            `age<2h`, `age>=1d12h`: in s, m, h, d, w.
            `!` before any of these turns it round.
        A term that is half-typed (`status:`, `age<`) or not understood leaves every row in; `problem` names it.
        """
        terms: list[Term] = []
        problem = ""
        for match in _TERM.finditer(text):
            made = _term(match)
            if isinstance(made, Term):
                terms.append(made)
            else:
                problem = problem or made
        return cls(text, tuple(terms), problem)

    @property
    def active(self) -> bool:
        """Whether it can leave out anything."""
        return bool(self.terms)

    def matches(self, facts: Facts) -> bool:
        """Whether every term holds for the row."""
        return all(term.matches(facts) for term in self.terms)


def _term(match: re.Match[str]) -> Term | str:
    """The term, or why it does not count (empty where there is nothing to say)."""
    key, sign, negated = (match["key"] or "").lower(), match["sign"] or ":", bool(match["negated"])
    value = match["quoted"] if match["quoted"] is not None else match["word"] or ""
    if not key:
        return Term(value, negated=negated) if value else ""
    if key not in KEYS:
        return f'{key}{sign} is not a key ({", ".join(KEYS)}); in quotes it is text: "{key}{sign}{value}"'
    if key == "age":
        limit_s = _seconds(value)
        if sign == ":" or limit_s is None:
            return "age takes < or > and a time: age<2h"
        return Term(value, key, sign, negated, limit_s)
    if sign != ":":
        return f"{key} takes a colon: {key}:{value}"
    return Term(value, key, sign, negated) if value else f"{key}: waits for a word"


def _seconds(text: str) -> float | None:
    """`90s`, `1.5h`, `1d12h` in seconds; None for anything else."""
    text = text.lower()
    if not _LENGTH.fullmatch(text):
        return None
    return sum(float(count) * _UNITS[unit] for count, unit in _PART.findall(text))

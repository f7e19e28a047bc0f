"""What Search is asked: things of any of these names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

FILTERS = 20
"""Conditions in one list of a SearchExpression; AWS allows no more."""


def any_of(field: str, names: Sequence[str]) -> dict[str, Any]:
    """The SearchExpression for what has any of these names in a field, at most twenty conditions in a list."""
    if len(names) > FILTERS:
        parts = [any_of(field, names[start : start + FILTERS]) for start in range(0, len(names), FILTERS)]
        return {"SubExpressions": parts, "Operator": "Or"}
    return {"Filters": [{"Name": field, "Operator": "Equals", "Value": name} for name in names], "Operator": "Or"}

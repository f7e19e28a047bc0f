"""`sagetop weights`: how an endpoint's traffic is split, and on how many instances."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from tui.cli.change import Mutation, change, confirming
from tui.cli.exits import WrongUsage, no_such
from tui.cli.options import Options
from tui.cli.shared import shared
from tui.sources.base import NotFound, Source

if TYPE_CHECKING:
    from tui.mutations import Guard

N = TypeVar("N", int, float)

_EPILOG = """\
\b
Examples:
  sagetop weights ranker-prod v12=0.5 v13=0.5
  sagetop weights ranker-prod --instances v13=4
"""


@click.command(cls=Mutation, epilog=_EPILOG)
@click.argument("endpoint")
@click.argument("weights", nargs=-1, metavar="[VARIANT=WEIGHT]...")
@click.option("--instances", metavar="VARIANT=N", multiple=True, help="The number of instances of one variant.")
@confirming
@shared
def weights(
    options: Options,
    *,
    endpoint: str,
    weights: Sequence[str],
    instances: Sequence[str],
    yes: bool,
    confirm: str | None,
    as_json: bool,
) -> int:
    """Change the split of traffic, or a variant's instances."""
    split = _pairs(weights, float, "a weight of 0 or more: v12=0.5")
    counts = _pairs(instances, int, "a number of instances: v12=4")
    if not split and not counts:
        raise WrongUsage("which weights?", f"say sagetop weights {endpoint} VARIANT=WEIGHT, or --instances VARIANT=N")

    def plan(guard: Guard, source: Source) -> Any:
        from tui.mutations import see
        from tui.mutations.weights import WeightsSubject, set_weights

        try:
            seen = see(source, WeightsSubject(endpoint))
        except NotFound:
            raise no_such(endpoint, ["endpoint"]) from None
        return set_weights(guard, seen, split, counts)

    return change(options, plan, yes=yes, confirm=confirm, as_json=as_json)


def _pairs(texts: Sequence[str], kind: Callable[[str], N], wanted: str) -> dict[str, N]:
    found: dict[str, N] = {}
    for text in texts:
        name, _, value = text.rpartition("=")
        try:
            number = kind(value)
        except ValueError:
            number = kind("-1")
        if not name or name in found or not 0 <= number < math.inf:
            raise WrongUsage(f"{text!r} is not what is wanted", f"it has to be VARIANT=, once, and {wanted}")
        found[name] = number
    return found

"""`W` — weights and instance counts of an endpoint's variants; nothing is sent from here."""

from __future__ import annotations

from collections.abc import Mapping

from tui.model.endpoints import Endpoint
from tui.mutations import Change, Guard, see
from tui.mutations.weights import WeightsSubject, set_weights
from tui.screens.change import Plan
from tui.screens.change_form import Field, FormScreen
from tui.screens.context import Context
from tui.sources.base import Source


def weights_form(context: Context, endpoint: Endpoint) -> FormScreen:
    """A line for each variant's weight and each one's number of instances."""
    variants = [one for one in endpoint.variants if not one.shadow]
    fields = [
        Field(f"weight-{number}", f"{one.name} weight", "" if one.desired_weight is None else f"{one.desired_weight:g}")
        for number, one in enumerate(variants)
    ]
    fields += [
        Field(f"count-{number}", f"{one.name} instances", str(one.desired_instances))
        for number, one in enumerate(variants)
        if one.desired_instances is not None
    ]

    def plan(typed: Mapping[str, str]) -> Change | Plan:
        weights = {one.name: _weight(typed[key]) for n, one in enumerate(variants) if (key := f"weight-{n}") in typed}
        counts = {one.name: _count(typed[key]) for n, one in enumerate(variants) if (key := f"count-{n}") in typed}
        if not weights and not counts:
            raise ValueError("nothing is to be changed: type a weight or a number of instances")

        def planned(guard: Guard, source: Source) -> Change:
            return set_weights(guard, see(source, WeightsSubject(endpoint.name)), weights, counts)

        return planned

    return FormScreen(context, f"Weights and instances of {endpoint.name}", fields, plan)


def _weight(text: str) -> float:
    try:
        weight = float(text)
    except ValueError:
        weight = -1.0
    if not 0 <= weight < 1e9:
        raise ValueError(f"{text!r} is no weight of 0 or more")
    return weight


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 7):
        raise ValueError(f"{text!r} is no number of instances")
    return int(text)

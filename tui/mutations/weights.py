"""The weights and instance counts of an endpoint's production variants: UpdateEndpointWeightsAndCapacities."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from tui.model.changes import Call, Row, State
from tui.model.jobs import is_local
from tui.model.words import DASH, number, percent
from tui.mutations.change import Change, Guard, NothingToDo, NotPossible, Seen
from tui.mutations.together import together
from tui.sources.base import Can, Refused, Source, SourceError


@dataclass(frozen=True, slots=True)
class WeightsSubject:
    """An endpoint, as far as its variants' weights and instances go."""

    endpoint: str

    @property
    def name(self) -> str:
        """The endpoint's name."""
        return self.endpoint

    def record(self) -> dict[str, Any]:
        """As the audit log keeps it."""
        return {"type": "weights", "endpoint": self.endpoint}

    def read(self, source: Source) -> State:
        """DescribeEndpoint, and which variants scale by themselves where that may be asked: one round trip."""
        if is_local(self.endpoint):
            raise Refused(f"{self.endpoint} is served by this machine: it has no weights")
        asks: list[Callable[[], Any]] = [
            partial(source.describe_endpoint, self.endpoint),
            partial(_scaled, source, self.endpoint),
        ]
        described, scaled = together(asks)
        return {
            "endpoint_status": described.status,
            "scaled": scaled,
            "variants": {
                one.name: {"weight": one.desired_weight, "instances": one.desired_instances}
                for one in described.variants
                if not one.shadow
            },
        }

    def same(self, change: Change, now: State) -> bool:
        """Whether the variants, and what the change sets of them, are as they were, and the endpoint in service."""
        if change.before is None or change.wanted is None or now is None:
            return False
        old, new = change.before["variants"], now["variants"]
        touched = change.wanted["variants"]
        return (
            old.keys() == new.keys()
            and now["endpoint_status"] == change.before["endpoint_status"]
            and all(new[name][key] == old[name][key] for name, fields in touched.items() for key in fields)
        )

    def shows(self, change: Change, now: State) -> bool:
        """Whether all that was set is so."""
        if change.wanted is None or now is None:
            return False
        known = now["variants"]
        return all(
            name in known and known[name][key] == value
            for name, fields in change.wanted["variants"].items()
            for key, value in fields.items()
        )

    def tell(self, before: State, after: State) -> tuple[Row, ...]:
        """Now beside after, a row a variant and kind; a weight with its share of the traffic."""
        if before is None or after is None:
            return ()
        old, new = before["variants"], after["variants"]
        rows = []
        for name in old:
            rows.append(Row(f"{name} weight", _weight(old, name), _weight(new, name)))
        for name in old:
            rows.append(Row(f"{name} instances", _count(old, name), _count(new, name)))
        return tuple(rows)

    def sending(self, guard: Guard, change: Change) -> None:
        """Nothing has to be kept but the audit log."""

    def ended(self, guard: Guard, change: Change, after: State, *, arrived: bool | None) -> None:
        """Nothing was kept."""


def set_weights(guard: Guard, seen: Seen, weights: Mapping[str, float], instances: Mapping[str, int]) -> Change:
    """Other weights, or another number of instances of one variant.

    Args:
        guard: What it is held against.
        seen: The endpoint.
        weights: The new weight of each variant that gets one.
        instances: The number of instances of one variant.

    Raises:
        NotPossible: AWS would refuse, or nothing is different.
    """
    wanted: dict[str, dict[str, float | int]] = {}
    for name, weight in weights.items():
        wanted.setdefault(name, {})["weight"] = float(weight)
    for name, count in instances.items():
        wanted.setdefault(name, {})["instances"] = count
    if (weights and instances) or len(instances) > 1:
        raise NotPossible(
            "AWS takes weights, or the instances of one variant, in one update",
            "one after the other, when it is in service",
        )
    return _planned(
        guard, seen, "weights", f"Change {'weights' if weights else 'instances'} of {seen.subject.name}", wanted, []
    )


def put_back(guard: Guard, seen: Seen, before: State, touched: State, title: str) -> Change:
    """What a change set, as it was before it: how it is undone. What was set again since is named."""
    assert before is not None
    assert touched is not None
    assert seen.state is not None
    now = seen.state["variants"]
    words = {"weight": "weight", "instances": "number of instances"}
    notes = [
        f"the {words[key]} of {name} was changed again since, from {number(value)} to {number(now[name][key])}: "
        "that goes as well"
        for name, fields in touched["variants"].items()
        for key, value in fields.items()
        if name in now and now[name][key] != value
    ]
    wanted = {
        name: {key: before["variants"][name][key] for key in fields}
        for name, fields in touched["variants"].items()
        if name in before["variants"]
    }
    return _planned(guard, seen, "weights.undo", title, wanted, notes)


def _planned(
    guard: Guard, seen: Seen, kind: str, title: str, wanted: Mapping[str, Mapping[str, Any]], notes: list[str]
) -> Change:
    assert seen.state is not None
    known: Mapping[str, Any] = seen.state["variants"]
    name = seen.subject.name
    if unknown := [variant for variant in wanted if variant not in known]:
        raise NotPossible(f"{name} has no variant {unknown[0]}", f"there is {', '.join(known)}")
    for variant, fields in wanted.items():
        if "instances" in fields and known[variant]["instances"] is None:
            raise NotPossible(f"{variant} of {name} is serverless: it has no instances")
    merged = {variant: {**fields, **wanted.get(variant, {})} for variant, fields in known.items()}
    if merged == known:
        raise NothingToDo(f"{name} is so already")
    if seen.state["endpoint_status"] != "InService":
        raise NotPossible(
            f"{name} is {seen.state['endpoint_status']}: AWS takes this only while it is InService", "wait until it is"
        )
    if not any(fields["weight"] for fields in merged.values()):
        raise NotPossible("all weights would be 0: no variant would get any traffic", "leave one above 0")
    after = {**seen.state, "variants": merged}
    return Change(
        kind=kind,
        title=title,
        identity=seen.identity,
        subject=seen.subject,
        before=seen.state,
        wanted={"variants": {variant: dict(fields) for variant, fields in wanted.items()}},
        calls=(_call(name, wanted),),
        rows=seen.subject.tell(seen.state, after),
        notes=("the endpoint is Updating until it is done, and stays in service", *notes, *_notes(seen.state, wanted)),
        typed=guard.protects(name),
    )


def _call(endpoint: str, wanted: Mapping[str, Mapping[str, Any]]) -> Call:
    names = {"weight": "DesiredWeight", "instances": "DesiredInstanceCount"}
    parts = [
        {"VariantName": variant, **{names[key]: value for key, value in fields.items()}}
        for variant, fields in wanted.items()
    ]
    parameters = {"EndpointName": endpoint, "DesiredWeightsAndCapacities": parts}
    return Call("sagemaker", "UpdateEndpointWeightsAndCapacities", parameters)


def _notes(state: Mapping[str, Any], wanted: Mapping[str, Mapping[str, Any]]) -> list[str]:
    notes = []
    for variant, fields in wanted.items():
        if "weight" in fields and fields["weight"] == 0:
            notes.append(f"{variant} gets no traffic any more; its instances go on costing")
        if "instances" in fields and state["scaled"] is None:
            notes.append(f"whether {variant} scales by itself could not be asked: if so, it may move again")
        elif "instances" in fields and variant in state["scaled"]:
            notes.append(f"{variant} scales by itself, and may be moved again at once: suspend it first")
    return notes


def _scaled(source: Source, endpoint: str) -> list[str] | None:
    """The variants that scale by themselves, None where that may not be asked."""
    if Can.SCALING not in source.can:
        return []
    try:
        return sorted({target.variant for target in source.scaling([endpoint]) if not target.suspended.all})
    except SourceError:
        return None


def _weight(variants: Mapping[str, Any], name: str) -> str:
    weight = variants.get(name, {}).get("weight")
    total = sum(fields["weight"] or 0 for fields in variants.values())
    return DASH if weight is None else f"{number(weight)} ({percent(100 * weight / total) if total else DASH})"


def _count(variants: Mapping[str, Any], name: str) -> str:
    count = variants.get(name, {}).get("instances")
    return DASH if count is None else str(count)

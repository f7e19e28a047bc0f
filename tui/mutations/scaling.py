"""Auto-scaling of one variant (or component), and how endpoints are looked through for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from tui.files import private_folder, write_json
from tui.model.changes import Call, Row, State
from tui.model.endpoints import Endpoint
from tui.model.jobs import is_local
from tui.mutations import suspensions
from tui.mutations.change import Change, Guard, Seen
from tui.mutations.scaling_rows import rows_between
from tui.mutations.scaling_state import (
    COPIES,
    INSTANCES,
    compared,
    flags_of,
    pages,
    read_scaling,
    scheduled_actions,
    state_of,
)
from tui.mutations.suspensions import Key, Suspension
from tui.mutations.together import together
from tui.sources.base import Identity, Refused, Source

CONCURRENCY = "sagemaker:variant:DesiredProvisionedConcurrency"


@dataclass(frozen=True, slots=True)
class ScalingSubject:
    """What Application Auto Scaling calls a scalable target, whether there is one yet or not.

    Attributes:
        endpoint: The endpoint's name.
        variant: The variant's name, or the inference component's.
        dimension: What is scaled: instances, provisioned concurrency, copies.
    """

    endpoint: str
    variant: str
    dimension: str = INSTANCES

    @property
    def name(self) -> str:
        """The endpoint's name."""
        return self.endpoint

    @property
    def label(self) -> str:
        """`ranker-prod / v12`."""
        return f"{self.endpoint} / {self.variant}"

    @property
    def resource_id(self) -> str:
        """As AWS calls it."""
        if self.dimension == COPIES:
            return f"inference-component/{self.variant}"
        return f"endpoint/{self.endpoint}/variant/{self.variant}"

    def key(self, identity: Identity) -> Key:
        """What it is remembered under."""
        return (identity.account, identity.region, self.resource_id, self.dimension)

    def record(self) -> dict[str, Any]:
        """As the audit log keeps it."""
        return {
            "type": "scaling",
            "endpoint": self.endpoint,
            "variant": self.variant,
            "dimension": self.dimension,
        }

    def read(self, source: Source) -> State:
        """Its target, policies and scheduled actions, and the variant's instances: one round trip."""
        return read_scaling(source, self.resource_id, self.dimension, self.endpoint, self.variant)

    def same(self, change: Change, now: State) -> bool:
        """Whether limits, flags, policies and scheduled actions are as they were; instances move by themselves."""
        return change.before is not None and now is not None and compared(change.before) == compared(now)

    def shows(self, change: Change, now: State) -> bool:
        """Whether limits, flags, policies and scheduled actions are as wanted."""
        return change.wanted is not None and now is not None and compared(change.wanted) == compared(now)

    def tell(self, before: State, after: State) -> tuple[Row, ...]:
        """Now beside after."""
        return rows_between(before, after) if before is not None and after is not None else ()

    def sending(self, guard: Guard, change: Change) -> None:
        """Remember the flags that a suspension takes away and its timer, and save what a removal does."""
        if change.save_to is not None:
            private_folder(change.save_to.parent)
            write_json(change.save_to, saved(change))
        assert change.before is not None
        assert change.wanted is not None
        if change.wanted["target"] is None or not flags_of(change.wanted).all:
            return
        key = self.key(change.identity)
        known = suspensions.remembered(guard.state).get(key)
        if not flags_of(change.before).all or known is None:
            known = Suspension(key, self.record(), flags_of(change.before), guard.now())
        suspensions.remember(guard.state, replace(known, until=change.until, tried="", tries=0, again_at=None))

    def ended(self, guard: Guard, change: Change, after: State, *, arrived: bool | None) -> None:
        """Forget the flags once it is not suspended any more, or never was."""
        wanted = change.wanted if change.wanted is not None and arrived else None
        shown = after if after is not None else wanted
        if shown is not None and (shown["target"] is None or not flags_of(shown).all) and arrived is not None:
            suspensions.forget(guard.state, self.key(change.identity))


def saved(change: Change) -> dict[str, Any]:
    """What `set --from FILE` reads: a target with all that hangs on it."""
    assert change.before is not None
    return {
        "sagetop": "scaling",
        "account": change.identity.account,
        "region": change.identity.region,
        "subject": change.subject.record(),
        "state": compared(change.before),
    }


def survey(source: Source, endpoint: str, variants: Sequence[str] = ()) -> list[Seen]:
    """All that scales an endpoint, a variant after the other; one where there is nothing yet is there as well.

    Args:
        source: AWS.
        endpoint: The endpoint's name.
        variants: The names of its production variants where they are known: all is asked in one round trip then.

    Raises:
        SourceError: There is no such endpoint, or it cannot be asked for.
    """
    if is_local(endpoint):
        raise Refused(f"{endpoint} is served by this machine: nothing scales it")
    if not variants:
        described = source.describe_endpoint(endpoint)
        variants = [one.name for one in described.variants if not one.shadow]
    ids = [f"endpoint/{endpoint}/variant/{variant}" for variant in variants]
    asks: list[Any] = [
        source.identity,
        partial(source.describe_endpoint, endpoint),
        partial(pages, source, "DescribeScalableTargets", ResourceIds=ids),
        *(partial(pages, source, "DescribeScalingPolicies", ResourceId=one) for one in ids),
        *(partial(scheduled_actions, source, ResourceId=one) for one in ids),
    ]
    identity, described, targets, *rest = together(asks)
    assert isinstance(described, Endpoint)
    found: list[Seen] = []
    for number, variant in enumerate(variants):
        policies, scheduled = rest[number], rest[len(ids) + number]
        own = [target for target in targets if target["ResourceId"] == ids[number]]
        for dimension in [target["ScalableDimension"] for target in own] or [_usual(described, variant)]:
            subject = ScalingSubject(endpoint, variant, dimension)
            mine = [None if kind is None else _of(dimension, kind) for kind in (own, policies, scheduled)]
            state = state_of(mine[0] or [], mine[1] or [], mine[2], described, variant)
            found.append(Seen(identity, subject, state))
    if any(not one.model and one.serverless is None for one in described.variants):
        found += _components(source, identity, endpoint)
    return found


def _usual(endpoint: Endpoint, variant: str) -> str:
    serverless = any(one.name == variant and one.serverless is not None for one in endpoint.variants)
    return CONCURRENCY if serverless else INSTANCES


def _of(dimension: str, found: list[Any]) -> list[Any]:
    return [one for one in found if one.get("ScalableDimension") == dimension]


def _components(source: Source, identity: Identity, endpoint: str) -> list[Seen]:
    """The inference components that scale; an endpoint whose variants have no model of their own holds them."""
    answer = source.send(Call("sagemaker", "ListInferenceComponents", {"EndpointNameEquals": endpoint}))
    names = [str(one["InferenceComponentName"]) for one in answer.get("InferenceComponents") or ()]
    subjects = [ScalingSubject(endpoint, name, COPIES) for name in names]
    states = together([partial(subject.read, source) for subject in subjects])
    seen = (Seen(identity, subject, state) for subject, state in zip(subjects, states, strict=True))
    return [one for one in seen if one.state is not None and one.state["target"] is not None]

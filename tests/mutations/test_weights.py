"""Weights and instance counts of an endpoint's variants."""

from __future__ import annotations

from typing import Any

import pytest

from tests.moto_server import ACCOUNT, REGION
from tests.mutations.conftest import World
from tui.mutations import NothingToDo, NotPossible, agree, carry_out, see
from tui.mutations.scaling_plans import suspend
from tui.mutations.undo import undo
from tui.mutations.weights import WeightsSubject, set_weights

SPLIT = WeightsSubject("split")


@pytest.fixture
def variants(world: World) -> Any:
    """moto's own record of the variants of an endpoint with two of them."""
    parts = [
        {"VariantName": "old", "InstanceType": "ml.m5.xlarge", "InitialVariantWeight": 0.9, "InitialInstanceCount": 4},
        {"VariantName": "new", "InstanceType": "ml.m5.xlarge", "InitialVariantWeight": 0.1, "InitialInstanceCount": 2},
    ]
    return world.moto.add_endpoint("split", parts, EndpointStatus="InService").production_variants


def set_(world: World, weights: dict[str, float], instances: dict[str, int] | None = None) -> Any:
    change = set_weights(world.guard, see(world.source, SPLIT), weights, instances or {})
    return carry_out(world.source, world.guard, agree(world.guard, change, yes="y"))


def weights_of(variants: Any) -> list[float]:
    return [variant["DesiredWeight"] for variant in variants]


def test_weights_are_shown_with_their_share_and_set_in_one_call(world: World, variants: Any) -> None:
    change = set_weights(world.guard, see(world.source, SPLIT), {"old": 0.5, "new": 0.5}, {})
    (call,) = change.calls
    assert call.operation == "UpdateEndpointWeightsAndCapacities"
    assert [(row.name, row.now, row.after) for row in change.rows if row.moves] == [
        ("old weight", "0.9 (90%)", "0.5 (50%)"),
        ("new weight", "0.1 (10%)", "0.5 (50%)"),
    ]
    assert set_(world, {"old": 0.5, "new": 0.5}).verdict == "done"
    assert weights_of(variants) == [0.5, 0.5]


def test_a_variant_that_is_not_named_keeps_its_weight(world: World, variants: Any) -> None:
    set_(world, {"new": 0.3})
    assert weights_of(variants) == [0.9, 0.3]


def test_instances_of_one_variant(world: World, variants: Any) -> None:
    assert set_(world, {}, {"new": 3}).verdict == "done"
    assert [variant["DesiredInstanceCount"] for variant in variants] == [4, 3]
    assert weights_of(variants) == [0.9, 0.1]


def test_instances_that_auto_scaling_may_move_again_are_said_to(world: World, variants: Any) -> None:
    world.moto.add_scaling("split", "new", 1, 5)
    notes = set_weights(world.guard, see(world.source, SPLIT), {}, {"new": 3}).notes
    assert any("new scales by itself" in note for note in notes)


@pytest.mark.parametrize(
    ("weights", "instances", "why"),
    [
        ({"nope": 1.0}, {}, "no variant nope"),
        ({"old": 0, "new": 0}, {}, "no variant would get any traffic"),
        ({"old": 1.0}, {"new": 3}, "weights, or the instances of one variant"),
        ({}, {"old": 1, "new": 3}, "weights, or the instances of one variant"),
    ],
)
def test_what_aws_would_refuse_is_not_sent(
    world: World, variants: Any, weights: dict[str, float], instances: dict[str, int], why: str
) -> None:
    with pytest.raises(NotPossible, match=why):
        set_(world, weights, instances)


def test_nothing_is_sent_to_an_endpoint_that_is_updating(world: World, variants: Any) -> None:
    from moto.sagemaker.models import sagemaker_backends

    from tui.demo.gaps_sagemaker import set_fields

    set_fields(sagemaker_backends[ACCOUNT][REGION].endpoints["split"], {"EndpointStatus": "Updating"})
    with pytest.raises(NotPossible, match="only while it is InService"):
        set_(world, {"old": 1.0})


def test_what_is_so_already_is_not_sent(world: World, variants: Any) -> None:
    with pytest.raises(NothingToDo):
        set_(world, {"old": 0.9})


def test_weights_are_put_back_and_nothing_else_with_them(world: World, variants: Any) -> None:
    set_(world, {"old": 0.5, "new": 0.5})
    variants[1]["DesiredInstanceCount"] = variants[1]["CurrentInstanceCount"] = 5  # somebody else
    change = undo(world.guard, world.source)
    assert not any("changed again" in note for note in change.notes)
    variants[1]["DesiredWeight"] = 0.7
    change = undo(world.guard, world.source)
    assert "the weight of new was changed again since, from 0.5 to 0.7: that goes as well" in change.notes
    assert carry_out(world.source, world.guard, agree(world.guard, change, yes="y")).verdict == "done"
    assert weights_of(variants) == [0.9, 0.1]
    assert variants[1]["DesiredInstanceCount"] == 5


def test_weights_of_one_endpoint_do_not_wait_for_another(world: World, variants: Any) -> None:
    assert set_(world, {"new": 0.2}).verdict == "done"
    assert world.do(suspend).verdict == "done"

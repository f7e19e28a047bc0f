"""`sagetop weights`: the split of an endpoint's traffic, and instances."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cli.conftest import Sagetop
from tests.moto_server import Moto


@pytest.fixture
def variants(moto: Moto) -> Any:
    parts = [
        {"VariantName": "old", "InstanceType": "ml.m5.xlarge", "InitialVariantWeight": 0.9, "InitialInstanceCount": 4},
        {"VariantName": "new", "InstanceType": "ml.m5.xlarge", "InitialVariantWeight": 0.1},
    ]
    return moto.add_endpoint("split", parts, EndpointStatus="InService").production_variants


def test_weights_are_shown_as_shares_and_set(moto: Moto, variants: Any, sagetop: Sagetop) -> None:
    out = sagetop("weights", "split", "old=0.5", "new=0.5", "--yes", at=moto.url).lines
    assert any("0.9 (90%)" in line and "0.5 (50%)" in line for line in out)
    assert [variant["DesiredWeight"] for variant in variants] == [0.5, 0.5]


def test_instances_are_set_and_undone(moto: Moto, variants: Any, sagetop: Sagetop) -> None:
    assert sagetop("weights", "split", "--instances", "new=3", "--yes", at=moto.url).code == 0
    assert variants[1]["DesiredInstanceCount"] == 3
    assert sagetop("undo", "--yes", at=moto.url).code == 0
    assert variants[1]["DesiredInstanceCount"] == 1


@pytest.mark.parametrize("wrong", ["old", "old=", "=1", "old=-1", "old=inf", "old=nan", "old=x"])
def test_what_is_no_weight_is_wrong_usage(moto: Moto, variants: Any, sagetop: Sagetop, wrong: str) -> None:
    assert "VARIANT=" in sagetop("weights", "split", "--yes", "--", wrong, at=moto.url).failed(2)


def test_an_endpoint_that_is_updating_is_left_alone(moto: Moto, variants: Any, sagetop: Sagetop) -> None:
    moto.add_endpoint("moving", EndpointStatus="Updating")
    ended = sagetop("weights", "moving", "main=2", "--yes", at=moto.url)
    assert "AWS takes this only while it is InService" in ended.failed(5)

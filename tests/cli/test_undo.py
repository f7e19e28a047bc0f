"""`sagetop undo`: the last change put back."""

from __future__ import annotations

import json
from typing import Any

from tests.cli.conftest import Sagetop
from tests.moto_server import Moto


def limits(moto: Moto) -> tuple[int, int]:
    found: Any = moto.client("application-autoscaling").describe_scalable_targets(ServiceNamespace="sagemaker")
    (target,) = found["ScalableTargets"]
    return target["MinCapacity"], target["MaxCapacity"]


def test_nothing_to_undo(moto: Moto, sagetop: Sagetop) -> None:
    (line,) = sagetop("undo", "--yes", at=moto.url).lines
    assert line.startswith("nothing to do: nothing was changed by sagetop in 123456789012 eu-west-1")


def test_the_last_one_or_one_by_its_id_with_the_same_preview(moto: Moto, sagetop: Sagetop) -> None:
    moto.add_endpoint("ranker", EndpointStatus="InService")
    moto.add_scaling("ranker", low=2, high=8)
    for most in ("9", "10"):
        sagetop("scaling", "ranker", "set", "--max", most, "--yes", at=moto.url)
    first, _ = (json.loads(line)["id"] for line in sagetop("audit", "--json").lines)
    preview = sagetop("undo", at=moto.url)
    preview.failed(2)
    assert "Undo: Set auto-scaling of ranker / main" in preview.out
    assert limits(moto) == (2, 10)
    assert sagetop("undo", "--yes", at=moto.url).code == 0
    assert limits(moto) == (2, 9)
    assert sagetop("undo", first[:5], "--yes", at=moto.url).code == 0
    assert limits(moto) == (2, 8)

"""How many cores and GPUs an instance type has, and what is full when nobody knows."""

from __future__ import annotations

import math

import pytest

from tui.model.instances import Scale, Shape, has_gpus, scale, shape


@pytest.mark.parametrize(
    ("instance_type", "vcpus", "gpus"),
    [
        ("ml.t3.medium", 2, 0),
        ("ml.m5.large", 2, 0),
        ("ml.m5.4xlarge", 16, 0),
        ("ml.c5.9xlarge", 36, 0),
        ("ml.c5.18xlarge", 72, 0),
        ("ml.m6i.32xlarge", 128, 0),
        ("ml.r7i.48xlarge", 192, 0),
        ("ml.g4dn.xlarge", 4, 1),
        ("ml.g4dn.12xlarge", 48, 4),
        ("ml.g5.2xlarge", 8, 1),
        ("ml.g5.48xlarge", 192, 8),
        ("ml.g6e.24xlarge", 96, 4),
        ("ml.p2.16xlarge", 64, 16),
        ("ml.p3.2xlarge", 8, 1),
        ("ml.p3.16xlarge", 64, 8),
        ("ml.p3dn.24xlarge", 96, 8),
        ("ml.p4d.24xlarge", 96, 8),
        ("ml.p5.48xlarge", 192, 8),
        ("ml.trn1.32xlarge", 128, 0),
        ("ml.inf2.xlarge", 4, 0),
        ("ml.p9x.48xlarge", 192, None),
        ("p4d.24xlarge", 96, 8),
    ],
)
def test_instance_types(instance_type: str, vcpus: int, gpus: int | None) -> None:
    assert shape(instance_type) == Shape(vcpus, gpus)


@pytest.mark.parametrize("name", [None, "", "local", "ml.m5.4xlarge + ml.g5.xlarge", "ml..xlarge", "ml.m5.metal"])
def test_what_is_no_single_instance_type_has_no_shape(name: str | None) -> None:
    assert shape(name) is None


def test_full_scale_is_known_by_the_number_of_cores() -> None:
    assert scale(96, [3120.0]) == Scale(9600.0, known=True)
    assert str(scale(96, [])) == "9600"


@pytest.mark.parametrize(
    ("seen", "full"),
    [([], 100), ([12.0], 100), ([100.0], 100), ([100.1], 200), ([751.0, 3.0], 800), ([math.nan, math.inf, 5.0], 100)],
)
def test_full_scale_is_estimated_from_what_was_seen(seen: list[float], full: float) -> None:
    assert scale(None, seen) == Scale(full, known=False)
    assert str(scale(None, seen)).startswith("≈")


def test_gpus_are_expected_of_every_gpu_family() -> None:
    assert [has_gpus(name) for name in ("ml.g5.xlarge", "ml.p9x.48xlarge", "ml.m5.large", "local")] == [
        True,
        True,
        False,
        False,
    ]

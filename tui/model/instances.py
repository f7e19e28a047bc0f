"""What an ml.* instance type is made of, as far as its utilization needs it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

_TYPE = re.compile(r"(?:ml\.)?(?P<family>[a-z][a-z0-9-]*)\.(?P<size>(?P<times>\d*)xlarge|large|medium)")

# GPUs by family and size in xlarges; 0 stands for every size that is not named.
_GPUS: dict[str, dict[int, int]] = {
    "g4dn": {0: 1, 12: 4},
    "g5": {0: 1, 12: 4, 24: 4, 48: 8},
    "g6": {0: 1, 12: 4, 24: 4, 48: 8},
    "g6e": {0: 1, 12: 4, 24: 4, 48: 8},
    "gr6": {0: 1},
    "g7e": {0: 1, 12: 2, 24: 4, 48: 8},
    "p2": {1: 1, 8: 8, 16: 16},
    "p3": {2: 1, 8: 4, 16: 8},
    "p3dn": {24: 8},
    "p4d": {24: 8},
    "p4de": {24: 8},
    "p5": {4: 1, 48: 8},
    "p5e": {48: 8},
    "p5en": {48: 8},
    "p6-b200": {48: 8},
    "p6-b300": {48: 8},
}


@dataclass(frozen=True, slots=True)
class Shape:
    """Processors of an instance type.

    Attributes:
        vcpus: Virtual CPUs, each 100 of CPUUtilization.
        gpus: GPUs, each 100 of GPUUtilization and of GPUMemoryUtilization; None where the family is not known.
    """

    vcpus: int
    gpus: int | None


def shape(instance_type: str | None) -> Shape | None:
    """The processors of `ml.p4d.24xlarge`; None for a name that is no instance type.

    AWS sizes every family that trains or serves alike: an xlarge has 4 vCPUs, an Nxlarge N times as many.
    """
    found = _TYPE.fullmatch(instance_type or "")
    if found is None:
        return None
    family, size = found["family"], found["size"]
    times = int(found["times"] or 1) if size.endswith("xlarge") else 0
    if family in _GPUS:
        sizes = _GPUS[family]
        gpus = sizes.get(times, sizes.get(0))
    else:
        # Families named g… and p… that came after this table have GPUs, but nobody here knows how many.
        gpus = None if family[0] in "gp" else 0
    return Shape(times * 4 if times else 2, gpus)


@dataclass(frozen=True, slots=True)
class Scale:
    """Full scale of a utilization that counts each core or GPU as 100.

    Attributes:
        full: 100, 800, 9600 …
        known: Whether the instance type says so; otherwise it is the least that what was seen needs.
    """

    full: float
    known: bool

    def __str__(self) -> str:
        return f"{'' if self.known else '≈'}{self.full:.0f}"


def scale(units: int | None, seen: Iterable[float]) -> Scale:
    """Full scale for so many cores or GPUs; for an unknown number, 100 × ceil(largest value / 100).

    Args:
        units: Cores or GPUs, None where unknown.
        seen: Values measured so far; NaN and infinity do not count.
    """
    if units:
        return Scale(100.0 * units, True)
    most = max((value for value in seen if math.isfinite(value)), default=0.0)
    return Scale(100.0 * max(math.ceil(most / 100), 1), False)


def has_gpus(instance_type: str) -> bool:
    """Whether an instance type has GPUs; a family named g… or p… that is not known here is taken to have some."""
    kind = shape(instance_type)
    return kind is not None and kind.gpus != 0

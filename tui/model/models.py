"""Models: what SageMaker keeps of one, and what deploying one takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Model:
    """A model, as DescribeModel tells of it; ListModels knows the first block only.

    `image` and `data` are those of its containers, joined by `, ` where it has several.
    """

    name: str
    created: datetime
    arn: str = ""

    detailed: bool = False
    image: str = ""
    data: str = ""
    role: str = ""


@dataclass(frozen=True, slots=True)
class Deployment:
    """What is made of a model archive: a model, an endpoint configuration and an endpoint of one name.

    Attributes:
        name: The name of all three.
        data: Where the archive lies, or will lie once it is uploaded: `s3://…`.
        image: The container.
        role: The ARN of the role that SageMaker takes on.
        instance_type: `ml.m5.large`.
        instance_count: How many of them.
        variant: The name of the production variant.
        environ: The container's variables.
    """

    name: str
    data: str
    image: str
    role: str
    instance_type: str
    instance_count: int = 1
    variant: str = "AllTraffic"
    environ: Mapping[str, str] = field(default_factory=dict)

"""Endpoints as pure functions of time: their variants, traffic, latencies, errors, use and access logs."""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from tui.demo.curves import gauge, swing, wobble

HISTORY_S = 86_400.0
LOG_HISTORY_S = 5_400.0
_BULK = tuple(math.exp(0.35 * z) for z in (-1.6, -1.0, -0.67, -0.39, -0.13, 0.13, 0.39, 0.67, 1.0, 1.6))


@dataclass(frozen=True, slots=True)
class Variant:
    """A production variant.

    Attributes:
        peak: Requests a minute at the top of its day.
        latency_us: Usual model latency in microseconds.
        failing: The share of requests answered 5xx.
        refused: The share answered 4xx.
        instance: Its type; empty for a serverless variant.
        wave: Seconds of a wave on top of the day's, 0 for none: what makes its scaling visible.
    """

    endpoint: str
    name: str
    peak: float
    latency_us: float
    instance: str = "ml.g5.xlarge"
    vcpus: int = 4
    gpus: int = 1
    count: int = 1
    weight: float = 1.0
    failing: float = 0.0
    refused: float = 0.001
    wave: float = 0.0
    model: str = ""

    @property
    def seed(self) -> int:
        """What makes its noise its own."""
        return zlib.crc32(f"{self.endpoint}/{self.name}".encode())

    @property
    def resource_id(self) -> str:
        """What Application Auto Scaling calls it."""
        return f"endpoint/{self.endpoint}/variant/{self.name}"

    def requests(self, minute: int, seed: int) -> float:
        """Requests in a minute of simulated time."""
        seconds = minute * 60.0
        rate = self.peak * swing(seconds) * (1 + 0.05 * wobble(self.seed + seed, minute))
        if self.wave:
            rate *= 0.62 + 0.38 * math.sin(2 * math.pi * seconds / self.wave)
        return float(round(rate))

    def instance_id(self, number: int) -> str:
        """The id of its n-th instance, as its log stream is called."""
        return f"i-{zlib.crc32(f'{self.resource_id}#{number}'.encode()):08x}{self.seed & 0xFFFFFFFF:08x}0"


@dataclass(frozen=True, slots=True)
class EndpointPlan:
    """An endpoint: its variants, and how long ago it was made."""

    name: str
    age_s: float
    variants: tuple[Variant, ...]
    serverless: dict[str, int] = field(default_factory=dict)
    updating: bool = False
    shadow: Variant | None = None
    """A variant that is given a copy of the requests, whose answers nobody sees."""
    components: tuple[tuple[str, int], ...] = ()
    """Inference components, and how many copies each has: then the variant has no model of its own."""

    @property
    def all_variants(self) -> tuple[Variant, ...]:
        """Production variants, and the shadow."""
        return (*self.variants, self.shadow) if self.shadow else self.variants

    @property
    def served(self) -> tuple[Variant, ...]:
        """Its inference components, each like a variant: with its part of the requests, and copies for instances."""
        (holder, *_) = self.variants
        whole = sum(copies for _, copies in self.components)
        return tuple(
            replace(holder, name=name, peak=holder.peak * copies / whole, count=copies)
            for name, copies in self.components
        )


# fmt: off
ENDPOINTS = (
    EndpointPlan("ranker-prod", 41 * 86_400, (
        Variant("ranker-prod", "v12", 41_000, 34_000, "ml.c6i.4xlarge", 16, 0, 8, 0.9, 0.0004, model="ranker-12"),
        Variant("ranker-prod", "v13", 4_600, 29_500, "ml.c6i.4xlarge", 16, 0, 2, 0.1, 0.0002, model="ranker-13"),
    )),
    EndpointPlan("embed-prod", 12 * 86_400, (
        Variant("embed-prod", "main", 1_150, 11_200, count=3, wave=900.0, model="embed-small-4"),
    )),
    EndpointPlan("chat-shared", 5 * 86_400, (
        Variant("chat-shared", "main", 340, 820_000, "ml.g5.2xlarge", 8, 1, 2),
    ), components=(("chat-mistral-7b", 2), ("chat-guard-2b", 1))),
    EndpointPlan("tagger-stage", 9 * 86_400, (
        Variant("tagger-stage", "main", 180, 142_000, "ml.g4dn.xlarge", count=1, failing=0.23, model="tagger-rc2"),
    )),
    EndpointPlan("intent-serverless", 3 * 86_400, (
        Variant("intent-serverless", "main", 46, 61_000, instance="", model="intent-7"),
    ), serverless={"MemorySizeInMB": 4096, "MaxConcurrency": 20}),
    EndpointPlan("reranker-canary", 2 * 3_600, (
        Variant("reranker-canary", "main", 620, 48_000, "ml.g5.2xlarge", 8, 1, 2, model="reranker-5"),
    ), updating=True, shadow=(
        Variant("reranker-canary", "next", 620, 44_500, "ml.g5.2xlarge", 8, 1, 1, model="reranker-6")
    )),
)
# fmt: on

Samples = list[tuple[float, float]]
"""Values, and how often each was measured."""


def traffic(variant: Variant, minute: int, seed: int, instances: int) -> dict[str, Samples]:
    """The metrics of namespace AWS/SageMaker in a minute; latencies in microseconds."""
    requests = variant.requests(minute, seed)
    if not requests:
        return {"Invocations": [(0.0, 1.0)]}
    noise = wobble(variant.seed + seed + 3, minute)
    failing = variant.failing * (1 + 0.6 * wobble(variant.seed + seed + 5, minute))
    failed = min(requests, float(round(requests * failing)))
    refused = min(requests - failed, float(round(requests * variant.refused * (1 + noise))))
    # The more an instance has to do, the longer it takes.
    crowd = 1.0 + 0.6 * max(0.0, requests / max(instances, 1) / (variant.peak / max(variant.count, 1)) - 0.8)
    usual = variant.latency_us * crowd * (1 + 0.06 * noise)
    cold = 4.0 if not variant.instance and minute % 7 == 0 else 1.0
    share = requests / 100
    latency = [(usual * factor, 9.7 * share) for factor in _BULK]
    latency += [(usual * 3.1, 2 * share), (usual * (6.5 + 2 * noise) * cold, share)]
    found: dict[str, Samples] = {
        "Invocations": [(1.0, requests)],
        "ModelLatency": latency,
        "OverheadLatency": [(usual * 0.04 + 1800, 0.97 * requests), (usual * 0.2 * cold + 9000, 0.03 * requests)],
        "Invocation4XXErrors": _share(refused, requests),
        "Invocation5XXErrors": _share(failed, requests),
        "InvocationModelErrors": _share(failed, requests),
    }
    if variant.instance:
        found["InvocationsPerInstance"] = [(1 / max(instances, 1), requests)]
    return found


def _share(number: float, requests: float) -> Samples:
    return [(value, count) for value, count in ((1.0, number), (0.0, requests - number)) if count]


def use(variant: Variant, minute: int, seed: int, instances: int) -> dict[str, Samples]:
    """The metrics of namespace /aws/sagemaker/Endpoints in a minute, as the average over the instances."""
    if not variant.instance:
        return {}
    load = variant.requests(minute, seed) / max(instances, 1) / (variant.peak / variant.count)
    noise = variant.seed + seed
    found = {
        "CPUUtilization": 100 * variant.vcpus * gauge(0.05 + 0.72 * load, 0.02, noise + 11, minute),
        "MemoryUtilization": 100 * gauge(0.46, 0.004, noise + 12, minute),
        "DiskUtilization": 100 * gauge(0.21, 0.002, noise + 13, minute),
    }
    if variant.gpus:
        found["GPUUtilization"] = 100 * variant.gpus * gauge(0.03 + 0.8 * load, 0.03, noise + 14, minute)
        found["GPUMemoryUtilization"] = 100 * variant.gpus * gauge(0.62, 0.003, noise + 15, minute)
    return {name: [(value, 1.0)] for name, value in found.items()}


def component_traffic(component: Variant, minute: int, seed: int) -> dict[str, Samples]:
    """The same of an inference component."""
    found = traffic(component, minute, seed, component.count)
    found["InvocationsPerCopy"] = found.pop("InvocationsPerInstance", [(0.0, 1.0)])
    busy = component.requests(minute, seed) / 60 * component.latency_us / 1e6 / component.count
    found["ConcurrentRequestsPerCopy"] = [(float(math.ceil(3 * busy)), 1.0)]
    return found


def component_use(component: Variant, minute: int, seed: int) -> dict[str, Samples]:
    """What its copies use, in percent of what is reserved for them."""
    parts = {"CPU": component.vcpus, "Memory": 1, "GPU": component.gpus, "GPUMemory": component.gpus}
    of = use(component, minute, seed, component.count)
    return {
        f"{what}UtilizationNormalized": [(value / parts[what], times) for value, times in of[f"{what}Utilization"]]
        for what in parts
    }


def metric_names(variant: Variant) -> tuple[tuple[str, str], ...]:
    """Namespace and name of every metric that a variant has."""
    serving = [*traffic(variant, 0, 0, 1)]
    using = [*use(variant, 0, 0, 1)]
    return (*(("AWS/SageMaker", name) for name in serving), *(("/aws/sagemaker/Endpoints", name) for name in using))


def access_log(variant: Variant, number: int, after: float, until: float) -> Iterator[tuple[float, str]]:
    """What one instance writes in (after, until] of simulated time: a line a second or so, and what goes wrong."""
    for second in range(math.floor(after) + 1, math.floor(until) + 1):
        chance = wobble(variant.seed + number, second)
        if chance < -0.1:
            continue
        took = int(variant.latency_us / 1000 * (1 + 0.4 * chance)) + 1
        if second % 30 == 0:
            yield second, '169.254.178.2 "GET /ping HTTP/1.1" 200 0 "-" "AHC/2.0"'
        elif variant.failing and wobble(variant.seed + 7, second) > 0.33:
            yield second, f'169.254.178.2 "POST /invocations HTTP/1.1" 500 64 "-" "AHC/2.0" {took} ms'
            yield from ((second + 0.001 * at, line) for at, line in enumerate(_ERROR, 1))
        else:
            yield second, f'169.254.178.2 "POST /invocations HTTP/1.1" 200 812 "-" "AHC/2.0" {took} ms'


_ERROR = (
    "[ERROR] Exception on /invocations [POST]",
    "Traceback (most recent call last):",
    '  File "/opt/ml/model/code/inference.py", line 48, in predict_fn',
    "    return model(tokens.to(device))",
    "torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.10 GiB",
)

"""What a training job costs: billable time by the price of its instances, and what of it was for nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from tui.model.instances import scale, shape
from tui.model.jobs import TrainingJob
from tui.model.series import Series

IDLE_BELOW = 0.05
"""A GPU whose use is below this share of its full scale does nothing."""
Prices = Mapping[str, float]
"""USD an hour by instance type; a type whose price is not known is missing."""


@dataclass(frozen=True, slots=True)
class Bill:
    """What a job has cost so far, or in all once it has ended.

    Attributes:
        instance_hours: Billed hours times instances, the warm pool's included.
        usd: What they cost at the price of the instances; None where a price is not known.
        projected_usd: What it will have cost in the end, where that can be told.
        estimated: Whether AWS has not said yet how long it bills: then time since the start is taken for it.
        warm_pool_usd: What of `usd` the retained instances cost after the job.
    """

    instance_hours: float
    usd: float | None
    projected_usd: float | None
    estimated: bool
    warm_pool_usd: float | None = None


def hourly(job: TrainingJob, prices: Prices) -> float | None:
    """USD an hour for all of a job's instances; None where they or one of their prices are not known."""
    if not job.instances or any(group.type not in prices for group in job.instances):
        return None
    return sum(prices[group.type] * group.count for group in job.instances)


def bill(job: TrainingJob, prices: Prices, now: datetime, ends: datetime | None = None) -> Bill | None:
    """What a job costs: BillableTimeInSeconds × instances × price, while it runs the time since TrainingStartTime.

    Storage and data are not in it, nor the discount of a spot job that runs: AWS tells that at its end.

    Args:
        job: The job.
        prices: USD an hour by instance type.
        now: The time.
        ends: When it will be done, where that can be told; MaxRuntimeInSeconds ends it at the latest.

    Returns:
        None before the job has started or where its instances are not known.
    """
    count = job.instance_count
    if not count:
        return None
    estimated = job.billable_s is None
    if job.billable_s is not None:
        seconds = float(job.billable_s)
    elif job.started is not None:
        seconds = max(((job.ended or now) - job.started).total_seconds(), 0.0)
    else:
        return None
    rate, retained = hourly(job, prices), float(job.warm_pool_s or 0)
    projected = None
    if rate is not None and ends is not None and job.started is not None and not job.is_ended:
        length = (ends - job.started).total_seconds()
        projected = rate * min(length, job.max_runtime_s or length) / 3600
    return Bill(
        instance_hours=(seconds + retained) * count / 3600,
        usd=None if rate is None else rate * (seconds + retained) / 3600,
        projected_usd=projected,
        estimated=estimated,
        warm_pool_usd=rate * retained / 3600 if rate is not None and retained else None,
    )


def spot_saving(job: TrainingJob) -> float | None:
    """What a spot job saved, in percent: (1 − billable / training) × 100; None where AWS has not said yet."""
    if not job.spot or not job.training_s or job.billable_s is None:
        return None
    return (1 - job.billable_s / job.training_s) * 100


def idle_gpu_s(use: Series, full: float) -> float:
    """For how many seconds a host's GPUs did nothing: datapoints below a twentieth of full scale, a period each.

    Args:
        use: GPUUtilization of one host.
        full: Its full scale: 100 a GPU.
    """
    if len(use) < 2:
        return 0.0
    period_s = median(later - sooner for sooner, later in zip(use.times, use.times[1:], strict=False)) / 1000
    return period_s * sum(value < IDLE_BELOW * full for value in use.values)


@dataclass(frozen=True, slots=True)
class Idle:
    """GPUs that did nothing: for how many seconds, over all hosts, and what that cost where a price is known."""

    instance_s: float
    usd: float | None


def idle_gpus(job: TrainingJob, hosts: Mapping[str, Mapping[str, Series]], prices: Prices) -> Idle | None:
    """How long the job's GPUs did nothing, and what that cost; None where it has none or none was measured.

    Args:
        job: The job.
        hosts: Utilization by host and metric name; hosts that were not measured are taken to be as the others.
        prices: USD an hour by instance type.
    """
    found = [metrics["GPUUtilization"] for metrics in hosts.values() if len(metrics.get("GPUUtilization", ())) > 1]
    if not found or not job.instance_count:
        return None
    kind = shape(job.instances[0].type)
    units = kind.gpus if kind else None
    idle = sum(idle_gpu_s(use, scale(units, use.values).full) for use in found) * job.instance_count / len(found)
    rate = hourly(job, prices)
    return Idle(idle, None if rate is None else rate / job.instance_count * idle / 3600)


def hours(instance_hours: float) -> str:
    """`6.4 instance-hours`."""
    return f"{instance_hours:,.1f} instance-hours"


def endpoint_hourly(types: Sequence[tuple[str, int]], prices: Prices) -> float | None:
    """USD an hour for an endpoint's instances, (type, count) each; None where one of their prices is not known."""
    if not types or any(kind not in prices for kind, _ in types):
        return None
    return sum(prices[kind] * count for kind, count in types)

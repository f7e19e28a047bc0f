"""Rules of an endpoint: errors and latencies that rise, scaling at its end or forgotten, instances without traffic."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import tzinfo

from tui.model.endpoints import Endpoint, ProductionVariant, ScalableTarget, ScalingActivity
from tui.model.findings import Finding
from tui.model.health.evidence import clock, ms
from tui.model.health.numbers import mean, median, quantile, within
from tui.model.health.thresholds import DEFAULTS, Thresholds
from tui.model.instances import scale, shape
from tui.model.series import Series
from tui.model.words import number, span

_MINUTE_MS = 60_000
_HOUR_MS = 3_600_000
_NOW_MS = 10 * _MINUTE_MS
"""The last minutes: long enough that one bad minute is no trend."""

BySeries = Mapping[str, Mapping[str, Series]]


@dataclass(frozen=True, slots=True)
class EndpointEvidence:
    """All that is known of an endpoint; what is empty is not judged.

    Attributes:
        endpoint: The endpoint, as it was described last.
        now_ms: The present, ms since the epoch.
        asked_from_ms: From when on `traffic` was asked for: no datapoints since then are no requests since then.
        traffic: By variant and metric: Invocations and Invocation5XXErrors (sums), ModelLatency (ms), …
        use: Utilization of the instances by variant and metric, in AWS's units.
        targets: Its variants' scalable targets.
        activities: What its scaling did, in any order.
        limits: The thresholds.
        zone: The zone of clock times in sentences, None for the machine's own.
    """

    endpoint: Endpoint
    now_ms: int
    asked_from_ms: int | None = None
    traffic: BySeries = field(default_factory=dict)
    use: BySeries = field(default_factory=dict)
    targets: tuple[ScalableTarget, ...] = ()
    activities: tuple[ScalingActivity, ...] = ()
    limits: Thresholds = field(default_factory=lambda: DEFAULTS)
    zone: tzinfo | None = None

    def clock(self, time_ms: float) -> str:
        """A moment as the clock on the wall shows it."""
        return clock(time_ms, self.now_ms, self.zone)

    def series(self, variant: str, metric: str) -> Series:
        """A series of a variant, empty where there is none."""
        for known in (self.traffic, self.use):
            if metric in known.get(variant, {}):
                return known[variant][metric]
        return Series(metric)


def examine_endpoint(on: EndpointEvidence) -> tuple[Finding, ...]:
    """What is wrong with an endpoint, the gravest first."""
    found = [*updating(on)]
    for variant in on.endpoint.variants:
        found += [*errors(on, variant), *latency(on, variant), *at_maximum(on, variant)]
    for target in on.targets:
        found += suspended(on, target)
    for variant in on.endpoint.variants:
        found += no_traffic(on, variant)
    return tuple(sorted(found, key=lambda finding: finding.severity != "critical"))


def errors(on: EndpointEvidence, variant: ProductionVariant) -> Iterator[Finding]:
    """More requests are answered 5XX than before, or simply many."""
    limits, name = on.limits, variant.name
    share, requests = _share(on, name, on.now_ms - _NOW_MS, on.now_ms)
    if requests < limits["endpoint-errors.requests"] or share < limits["endpoint-errors.percent"]:
        return
    before, _ = _share(on, name, 0, on.now_ms - _NOW_MS)
    if share < limits["endpoint-errors.factor"] * before and share < 5 * limits["endpoint-errors.percent"]:
        return
    times, failed = within(on.series(name, "Invocation5XXErrors"), 0)
    since = next((time for time, count in zip(times, failed, strict=True) if count and time > on.now_ms - _HOUR_MS), 0)
    yield Finding(
        "endpoint-errors",
        "critical",
        f"{name} answers {share:.1f}% of requests with 5XX, {before:.1f}% before",
        (f"{number(requests)} requests in the last 10 min", f"limit {limits['endpoint-errors.percent']:g}%"),
        since or on.now_ms - _NOW_MS,
        (name,),
    )


def _share(on: EndpointEvidence, variant: str, start: float, end: float) -> tuple[float, float]:
    """5XX in percent of the requests of a time, and these; 0 where there are none."""
    requests = sum(within(on.series(variant, "Invocations"), start, end)[1])
    failed = sum(within(on.series(variant, "Invocation5XXErrors"), start, end)[1])
    return (100 * failed / requests if requests else 0.0), requests


def latency(on: EndpointEvidence, variant: ProductionVariant) -> Iterator[Finding]:
    """The model takes much longer than before."""
    limits, series = on.limits, on.series(variant.name, "ModelLatency")
    _, last = within(series, on.now_ms - _NOW_MS)
    times, values = within(series, 0, on.now_ms - _NOW_MS)
    # What has risen for half an hour is not what is usual.
    _, earlier = within(series, 0, on.now_ms - 4 * _NOW_MS)
    if len(last) < 3 or len(earlier) < 15:
        return
    now, usual = median(last), median(earlier)
    # What its day brings now and then is not news.
    if now < max(limits["endpoint-latency.factor"] * usual, usual + limits["endpoint-latency.ms"]):
        return
    if now < 1.1 * quantile(earlier, 0.95):
        return
    calm = [time for time, value in zip(times, values, strict=True) if value < (now + usual) / 2]
    since = calm[-1] if calm else times[-1]
    yield Finding(
        "endpoint-latency",
        "warning",
        f"{variant.name} takes {number(now)} ms, usually {number(usual)} ms, since {on.clock(since)}",
        (
            f"{series.stat or 'Average'} ModelLatency, medians of the last 10 min and of before",
            f"p95 of before: {number(quantile(earlier, 0.95))} ms",
        ),
        since,
        (variant.name,),
    )


def at_maximum(on: EndpointEvidence, variant: ProductionVariant) -> Iterator[Finding]:
    """It has as many instances as its scaling allows, and still too few."""
    limits = on.limits
    target = next((one for one in on.targets if one.variant == variant.name and _is_instances(one)), None)
    current = variant.current_instances
    if target is None or current is None or current < target.max_capacity:
        return
    minutes = limits["endpoint-at-maximum.minutes"]
    start = on.now_ms - _MINUTE_MS * minutes
    hot = _hot(on, variant, target, start)
    if hot:
        yield Finding(
            "endpoint-at-maximum",
            "critical",
            f"{variant.name} is at its maximum of {target.max_capacity} and still hot: {hot}",
            (f"for the last {minutes:g} min", f"limits {target.min_capacity}–{target.max_capacity}"),
            int(start),
            (variant.name,),
        )


def _is_instances(target: ScalableTarget) -> bool:
    return target.dimension.endswith("DesiredInstanceCount")


def _hot(on: EndpointEvidence, variant: ProductionVariant, target: ScalableTarget, start: float) -> str:
    """What is above its target or nearly full all the time since then, in words; empty where nothing is."""
    wanted = next((policy.target_value for policy in target.policies if policy.target_value is not None), None)
    _, each = within(on.series(variant.name, "InvocationsPerInstance"), start)
    by_requests = any("Invocations" in policy.metric for policy in target.policies)
    if wanted is not None and by_requests and len(each) >= 3 and min(each) > wanted:
        return f"{number(mean(each))} requests a minute and instance, target {number(wanted)}"
    kind = shape(variant.instance_type)
    for metric, word, units in (
        ("CPUUtilization", "CPU", kind.vcpus if kind else None),
        ("GPUUtilization", "GPU", kind.gpus if kind else None),
    ):
        _, values = within(on.series(variant.name, metric), start)
        full = scale(units, values).full
        if len(values) >= 3 and min(values) >= on.limits["endpoint-at-maximum.cpu"] * full / 100:
            return f"{word} at {100 * mean(values) / full:.0f}%"
    return ""


def suspended(on: EndpointEvidence, target: ScalableTarget) -> Iterator[Finding]:
    """Its scaling was suspended, and nobody has switched it on again."""
    if not target.suspended.any:
        return
    seen = [ms(activity.started) for activity in on.activities if activity.resource_id == target.resource_id]
    since = max(seen) if seen else ms(on.endpoint.modified)
    length = on.now_ms - since
    if length < on.limits["endpoint-suspended.hours"] * _HOUR_MS:
        return
    kinds = (("out", target.suspended.scale_out), ("in", target.suspended.scale_in))
    which = "scaling" if target.suspended.all else f"scaling {' and '.join(word for word, off in kinds if off)}"
    if which == "scaling ":
        which = "scheduled scaling"
    name = target.variant or target.resource_id
    last = "its last scaling activity" if seen else "the endpoint's last change: no scaling activity is known"
    yield Finding(
        "endpoint-suspended",
        "warning",
        f"{name}: {which} is suspended, and nothing has scaled for {span(length / 1000)}",
        (f"counted from {last}", f"limits {target.min_capacity}–{target.max_capacity}"),
        since,
        (name,),
    )


def no_traffic(on: EndpointEvidence, variant: ProductionVariant) -> Iterator[Finding]:
    """Instances that nobody has sent a request to for days."""
    if on.asked_from_ms is None or on.endpoint.status != "InService" or not variant.current_instances or variant.shadow:
        return
    times, counts = within(on.series(variant.name, "Invocations"), 0)
    if not times and variant.instance_type and not variant.model:
        return  # it serves inference components, and CloudWatch may count their requests by component alone
    last = next((time for time, count in zip(reversed(times), reversed(counts), strict=True) if count), None)
    begun = max(on.asked_from_ms, ms(on.endpoint.created))
    length = on.now_ms - (begun if last is None else last)
    if length < on.limits["endpoint-no-traffic.hours"] * _HOUR_MS:
        return
    hours = length / _HOUR_MS * variant.current_instances
    least = "" if last is not None else "at least "
    yield Finding(
        "endpoint-no-traffic",
        "warning",
        f"{variant.name} has had no request for {least}{span(length / 1000)}: {hours:,.0f} instance-hours for nothing",
        (f"{variant.current_instances} × {variant.instance_type or 'instances'}",),
        last,
        (variant.name,),
    )


def updating(on: EndpointEvidence) -> Iterator[Finding]:
    """A status that should pass and does not."""
    length = on.now_ms - ms(on.endpoint.modified)
    if not on.endpoint.is_changing or length < on.limits["endpoint-updating.minutes"] * _MINUTE_MS:
        return
    messages = tuple(f"{one.name}: {one.status_message}" for one in on.endpoint.variants if one.status_message)
    yield Finding(
        "endpoint-updating",
        "warning",
        f"{on.endpoint.status} for {span(length / 1000)}, since {on.clock(ms(on.endpoint.modified))}",
        messages or (f"more than {on.limits['endpoint-updating.minutes']:g} min is long",),
        ms(on.endpoint.modified),
    )

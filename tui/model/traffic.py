"""What a variant's series say now: its requests a minute, its latency, the share of its errors."""

from __future__ import annotations

from collections.abc import Mapping

from tui.model.series import Series
from tui.model.words import DASH, number, percent

Traffic = Mapping[str, Series]
"""A variant's or an inference component's series by name: `Invocations`, `ModelLatency`, `ModelLatency p99` …"""

TOO_MANY = 1.0
"""From how many percent of requests answered with 5XX on an endpoint is in trouble, whatever its status."""
_RECENT_MS = 5 * 60_000


def last(traffic: Traffic, metric: str) -> float | None:
    """The newest datapoint that is whole: CloudWatch's last minute is still being counted."""
    series = traffic.get(metric)
    if series is None or not len(series):
        return None
    return series.values[-2] if len(series) > 1 else series.values[-1]


def share(traffic: Traffic, metric: str) -> float | None:
    """Errors in percent of the requests, over the last five minutes with datapoints."""
    requests, errors = traffic.get("Invocations"), traffic.get(metric)
    if requests is None or not len(requests):
        return None
    since = requests.times[-1] - _RECENT_MS
    total = _sum(requests, since)
    return 100 * (_sum(errors, since) if errors else 0.0) / total if total else None


def _sum(series: Series, since: int) -> float:
    return sum(value for time, value in zip(series.times, series.values, strict=True) if time >= since)


def is_failing(traffic: Traffic) -> bool:
    """Whether too many requests are answered with 5XX."""
    failed = share(traffic, "Invocation5XXErrors")
    return failed is not None and failed >= TOO_MANY


def fraction(value: float | None) -> str:
    """A small percentage: `0`, `<0.1%`, `4.2%`, `23%`; a dash where it is not known."""
    if value is None:
        return DASH
    if value == 0:
        return "0"
    return "<0.1%" if value < 0.1 else f"{value:.1f}%" if value < 10 else f"{value:.0f}%"


def traffic_rows(traffic: Traffic) -> list[tuple[str, str]]:
    """The traffic of a variant or a component in names and values; nothing of what has no datapoints."""
    rows = []
    if (requests := last(traffic, "Invocations")) is not None:
        shares = (("an instance", "InvocationsPerInstance"), ("a copy", "InvocationsPerCopy"))
        each = [f", {number(value)} {word}" for word, metric in shares if (value := last(traffic, metric))]
        rows.append(("requests", f"{number(requests)} a minute{''.join(each)}"))
    for name, metric in (("latency", "ModelLatency"), ("overhead", "OverheadLatency")):
        found = [
            f"{word} {number(value)}"
            for word, key in (("average", metric), *((stat, f"{metric} {stat}") for stat in ("p50", "p90", "p99")))
            if (value := last(traffic, key)) is not None
        ]
        if found:
            rows.append((name, f"{', '.join(found)} ms"))
    errors = [
        f"{word} {fraction(value)}"
        for word, metric in (
            ("4XX", "Invocation4XXErrors"),
            ("5XX", "Invocation5XXErrors"),
            ("model", "InvocationModelErrors"),
        )
        if metric in traffic and len(traffic[metric]) and (value := share(traffic, metric)) is not None
    ]
    if errors:
        rows.append(("errors", ", ".join(errors)))
    for of, metric in (("", "ConcurrentRequestsPerModel"), (" a copy", "ConcurrentRequestsPerCopy")):
        if (at_once := last(traffic, metric)) is not None:
            rows.append((f"at once{of}", f"{number(at_once)} at most in a minute"))
    return rows


def use_words(use: Traffic) -> str:
    """What the copies of a component use, in percent of what is reserved for them: `CPU 31%, memory 40%`."""
    words = (("CPU", "CPU"), ("memory", "Memory"), ("GPU", "GPU"), ("GPU memory", "GPUMemory"))
    known = ((word, last(use, f"{metric}UtilizationNormalized")) for word, metric in words)
    return ", ".join(f"{word} {percent(value)}" for word, value in known if value is not None)

"""What sagetop itself asks of AWS, in requests and in money."""

from __future__ import annotations

from tui.model.words import DASH

USD_PER_METRIC = 0.01 / 1000
"""What CloudWatch asks for each metric of a GetMetricData request, of which none is free."""


def requests_usd(metrics_asked: int) -> float:
    """What the metrics asked for so far cost; all else that sagetop asks is free."""
    return metrics_asked * USD_PER_METRIC


def budget_words(calls: int, metrics_asked: int) -> str:
    """`212 calls ≈ $0.004`: what was asked in this session, and what that costs."""
    cost = f" ≈ {money(requests_usd(metrics_asked))}" if metrics_asked else ""
    return f"{calls:,} {'call' if calls == 1 else 'calls'}{cost}"


def money(usd: float | None) -> str:
    """`$412`, `$4.12`, `$0.004`, `$0.0002`; a dash where it is not known."""
    if usd is None:
        return DASH
    if usd >= 100:
        return f"${usd:,.0f}"
    if usd >= 0.1 or usd == 0:
        return f"${usd:.2f}"
    if usd >= 0.001:
        return f"${usd:.3f}"
    return f"${usd:.4f}" if usd >= 0.0001 else "<$0.0001"

"""Time and money of one training job, in a few words: what it costs, when it will be done, what was for nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tui.model.budget import money
from tui.model.cost import Bill, Idle, Prices, bill, hourly, hours, idle_gpus, spot_saving
from tui.model.eta import Estimate, ended_at, stopped_early
from tui.model.jobs import TrainingJob
from tui.model.series import Series
from tui.model.words import DASH, span

MINUTE = timedelta(minutes=1)
WORTH_SAYING_S = 300
"""Idle GPUs are spoken of from so many seconds on."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is known of a job's time and money, as of a full minute: it is drawn again no more often than that.

    Attributes:
        left: How long it will take, where its log tells; rounded to minutes.
        done: Which share of it is done, where `left` is known.
        stopped: How long before its end MaxRuntimeInSeconds will stop it, where it will.
        bill: What it costs, None where nobody can tell.
        rate: USD an hour, None where a price is not known.
        idle: GPUs that did nothing.
        saved: What being a spot job saved, in percent.
    """

    left: timedelta | None = None
    done: float | None = None
    stopped: timedelta | None = None
    bill: Bill | None = None
    rate: float | None = None
    idle: Idle | None = None
    saved: float | None = None


def outlook(
    job: TrainingJob,
    prices: Prices,
    ends: Estimate | None,
    now: datetime,
    hosts: Mapping[str, Mapping[str, Series]] | None = None,
) -> Outlook:
    """What can be said of a job now.

    Args:
        job: The job.
        prices: USD an hour by instance type, as far as they are known.
        ends: When it will be done, by its log.
        now: The time.
        hosts: Utilization by host and metric name.
    """
    now = now.replace(second=0, microsecond=0)
    ends = None if job.is_ended else ends
    end = ended_at(ends, now)
    idle = idle_gpus(job, hosts or {}, prices)
    return Outlook(
        left=max(round((end - now) / MINUTE), 1) * MINUTE if end else None,
        done=ends.done if ends else None,
        stopped=stopped_early(job, ends),
        bill=bill(job, prices, now, end),
        rate=hourly(job, prices),
        idle=idle if idle and idle.instance_s >= WORTH_SAYING_S else None,
        saved=spot_saving(job),
    )


def header_words(seen: Outlook) -> list[str]:
    """What stands in a job's header, the gravest first: `≈ $295 of $412, ETA 1h05m`. Nothing where nothing is known."""
    words = [f"≈ {stopped_words(seen.stopped)}"] if seen.stopped else []
    parts = []
    if seen.bill is not None and seen.bill.usd is not None:
        whole = seen.bill.projected_usd
        parts.append(money(seen.bill.usd) + (f" of {money(whole)}" if whole is not None else ""))
    if seen.left is not None:
        parts.append(f"ETA {span(seen.left)}")
    if parts:
        is_estimate = seen.left is not None or (seen.bill is not None and seen.bill.estimated)
        words.append(("≈ " if is_estimate else "") + ", ".join(parts))
    return words


def stopped_words(over: timedelta) -> str:
    """`will be stopped about 40m before it finishes`."""
    return f"will be stopped about {span(over)} before it finishes"


def money_rows(seen: Outlook, why_no_price: str = "") -> Sequence[tuple[str, str]]:
    """The same at length, as names and values of the facts.

    Args:
        seen: What is known.
        why_no_price: Why no price is known, where that is known.
    """
    rows = []
    if seen.left is not None:
        rows.append(("ETA", f"≈ {span(seen.left)}, {100 * (seen.done or 0):.0f}% done"))
    if seen.stopped is not None:
        rows.append(("max runtime", f"≈ {stopped_words(seen.stopped)}"))
    if seen.bill is not None:
        rows += _cost(seen, seen.bill, why_no_price)
    if seen.saved is not None:
        rows.append(("spot", f"{seen.saved:.0f}% saved"))
    if seen.idle is not None:
        cost = "" if seen.idle.usd is None else f", {money(seen.idle.usd)}"
        rows.append(("idle GPUs", f"≈ {span(seen.idle.instance_s)} of an instance's time{cost}"))
    return rows


def _cost(seen: Outlook, said: Bill, why_no_price: str) -> list[tuple[str, str]]:
    about = "≈ " if said.estimated else ""
    time = f"{about}{hours(said.instance_hours)}"
    if said.usd is None or seen.rate is None:
        return [("cost", f"{DASH}, {time}"), *([("price", why_no_price)] if why_no_price else [])]
    whole = f", ≈ {money(said.projected_usd)} in all" if said.projected_usd is not None else ""
    so_far = " so far" if said.estimated else ""
    rows = [
        ("cost", f"{about}{money(said.usd)}{so_far}{whole}"),
        ("time", time),
        ("price", f"{money(seen.rate)} an hour"),
    ]
    if said.warm_pool_usd is not None:
        rows.append(("warm pool", f"{money(said.warm_pool_usd)} of it"))
    return rows

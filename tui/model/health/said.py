"""Rules on what a log and a description said: out of memory, tracebacks, interruptions, silence, a slow start."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from tui.model.findings import Finding, Severity
from tui.model.health.evidence import Evidence, ms
from tui.model.health.log import LogHit
from tui.model.health.numbers import within
from tui.model.words import beginning, plural, span

_OOM = ("cuda out of memory", "outofmemoryerror", "oom when allocating")


def logged(on: Evidence) -> Iterator[Finding]:
    """What the log said in so many words, and what the failure reason says where the log is not read."""
    job, hits = on.job, on.log.hits
    reason = job.failure_reason
    if (hit := hits.get("cuda-oom")) is not None:
        yield _said(on, "cuda-oom", "critical", f"{hit.host} ran out of GPU memory at {on.clock(hit.first_ms)}", hit)
    elif any(word in reason.lower() for word in _OOM):
        yield _reason(on, "cuda-oom", "ran out of GPU memory")
    if (hit := hits.get("nccl")) is not None:
        yield _said(on, "nccl", "critical", f"NCCL failed on {hit.host} at {on.clock(hit.first_ms)}", hit)
    elif "nccl" in reason.lower():
        yield _reason(on, "nccl", "NCCL failed")
    if (hit := hits.get("killed")) is not None and job.status not in {"Stopped", "Stopping"}:
        what = f"a process on {hit.host} was killed at {on.clock(hit.first_ms)}: out of memory, as a rule"
        yield _said(on, "killed", "critical", what, hit)
    # Out of memory comes with a traceback of its own, and a completed job got over whatever it printed.
    hit = hits.get("traceback")
    if hit is not None and job.status != "Completed" and "cuda-oom" not in hits:
        severity: Severity = "critical" if job.status == "Failed" else "warning"
        yield _said(on, "traceback", severity, f"traceback on {hit.host} at {on.clock(hit.first_ms)}", hit)
    if (hit := hits.get("nan")) is not None:
        what = f"the log says that the loss is NaN {'since' if hit.count > 2 else 'at'} {on.clock(hit.first_ms)}"
        yield _said(on, "nan", "critical" if hit.count > 2 else "warning", what, hit, "ExplodingTensor")


def interruptions(on: Evidence) -> Iterator[Finding]:
    """A spot instance was taken away: the phase Interrupted, or a SIGTERM that nobody asked for."""
    job = on.job
    interrupted = [phase for phase in job.phases if phase.name == "Interrupted"]
    if interrupted:
        last = interrupted[-1]
        times = "" if len(interrupted) == 1 else f", {plural(len(interrupted), 'time')} in all"
        yield Finding(
            "spot-interruption",
            "warning",
            f"interrupted at {on.clock(ms(last.started))}{times}: the spot instance was taken away",
            tuple(filter(None, (last.message, "it goes on from its last checkpoint, if it writes any"))),
            ms(last.started),
        )
        return
    hit = on.log.hits.get("spot-interruption")
    asked_for = job.status in {"Stopped", "Stopping"} or job.secondary_status.startswith("Max") or not job.spot
    if hit is not None and not asked_for:
        yield _said(on, "spot-interruption", "warning", f"{hit.host} is told to end at {on.clock(hit.first_ms)}", hit)


def _said(on: Evidence, rule: str, severity: Severity, what: str, hit: LogHit, debugger: str = "") -> Finding:
    times = (f"{plural(hit.count, 'time')}, last at {on.clock(hit.last_ms)}",) if hit.count > 1 else ()
    return Finding(rule, severity, what, (hit.line, *times), hit.first_ms, (hit.host,), debugger)


def _reason(on: Evidence, rule: str, what: str) -> Finding:
    ended = ms(on.job.ended) if on.job.ended else None
    when = f" at {on.clock(ended)}" if ended else ""
    return Finding(rule, "critical", f"{what}{when}", (beginning(on.job.failure_reason, 1024),), ended)


def stalled(on: Evidence) -> Iterator[Finding]:
    """No metric of the job has had a datapoint for half an hour, and for twice its longest pause before."""
    newest = [series for series in on.own if len(series)]
    if not on.is_training or not newest:
        return
    last = max(series.times[-1] for series in newest)
    times = max(newest, key=len).times[-5000:]
    pause = max(after - before for before, after in pairwise([(on.training or (times[0], 0))[0], *times]))
    silent = on.now_ms - last
    if silent < max(1000 * on.limits["stalled.seconds"], 2 * pause):
        return
    which = max(newest, key=lambda series: series.times[-1])
    logs_on = on.log.last_ms is not None and on.log.last_ms > last + silent / 2
    yield Finding(
        "stalled",
        "critical",
        f"no datapoint for {span(silent / 1000)}, the last at {on.clock(last)}",
        (
            f"last: {which.name} ({which.source})",
            f"longest pause before: {span(pause / 1000)}",
            "its log goes on: CloudWatch takes no NaN, and no line that the regexes do not match" if logs_on else "",
        )[: 3 if logs_on else 2],
        last,
        (which.name,),
        "StalledTraining",
    )


def silent(on: Evidence) -> Iterator[Finding]:
    """The log of a training job says nothing for half an hour, and for twice its longest silence before."""
    last = on.log.last_ms
    if not on.is_training or not on.log.complete or last is None:
        return
    length = on.now_ms - last
    if length < max(1000 * on.limits["log-silent.seconds"], 2 * on.log.longest_gap_ms):
        return
    yield Finding(
        "log-silent",
        "warning",
        f"the log is silent for {span(length / 1000)}, since {on.clock(last)}",
        (f"longest silence before: {span(on.log.longest_gap_ms / 1000)}",),
        last,
        (),
        "StalledTraining",
    )


def slow_start(on: Evidence) -> Iterator[Finding]:
    """Twenty minutes of starting or downloading; or of training without a first step while the GPUs idle."""
    job, limit_ms = on.job, 60_000 * on.limits["slow-start.minutes"]
    if not job.is_ended and job.phases and job.phases[-1].name in {"Starting", "Downloading", "Pending"}:
        phase = job.phases[-1]
        took = on.now_ms - ms(phase.started)
        if took >= limit_ms:
            yield _slow(on, f"{phase.name} for {span(took / 1000)}", (phase.message,), ms(phase.started))
        return
    ran = on.training
    if ran is None or not job.metric_definitions or not on.own:
        return
    firsts = [series.times[0] for series in on.own if len(series)]
    until = min(firsts) if firsts else ran[1]
    took = until - ran[0]
    # Hours without a datapoint are no slow start where an epoch takes that long: then the GPUs are busy.
    idle = _idle_from(on, *ran, until)
    if took >= limit_ms and idle:
        what = f"no first step after {span(took / 1000)} of training"
        if firsts:
            what = f"its first step came {span(took / 1000)} after the start of training"
        yield _slow(on, what, (idle,), ran[0])


def _slow(on: Evidence, what: str, evidence: tuple[str, ...], time_ms: int) -> Finding:
    limit = f"{on.limits['slow-start.minutes']:g} min or more is a slow start"
    return Finding(
        "slow-start", "warning", what, (*filter(None, evidence), limit), time_ms, (), "MaxInitializationTime"
    )


def _idle_from(on: Evidence, start: int, end: int, until: int) -> str:
    """Says that nothing was computed until then; empty where something was, or where nobody knows."""
    for metric, word, most in (("GPUUtilization", "GPU", 5.0), ("CPUUtilization", "CPU", 25.0)):
        use = [within(hosts[metric], start, min(until, end))[1] for hosts in on.hosts.values() if metric in hosts]
        values = sorted(value for one in use for value in one)
        if values:
            return f"{word} at {values[len(values) // 2]:.0f} all the while" if values[len(values) // 2] < most else ""
    return ""

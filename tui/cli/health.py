"""`sagetop health`: what the health rules find in a training job; 10 where they find anything."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone
from typing import TYPE_CHECKING

import click

from tui.cli import sources
from tui.cli.exits import Exit
from tui.cli.log_reading import of_job, read_now
from tui.cli.options import Options
from tui.cli.output import complain, emit, emit_json
from tui.cli.shared import shared
from tui.model.clean import clean
from tui.model.jobs import TrainingJob
from tui.model.words import utc
from tui.sources.base import SourceError
from tui.watch.clock import utc_now

if TYPE_CHECKING:
    from tui.follow import LogBatch
    from tui.watch.health import Health

_EPILOG = """\
\b
Examples:
  sagetop health resnet50-2026-11-21
  sagetop health resnet50-2026-11-21 --json | jq -r .findings[].sentence
  sagetop health resnet50-2026-11-21 || echo someone should look
"""
_WORDS = {"gpu": "GPU", "cpu": "CPU", "gpu_memory": "GPU memory", "memory": "memory", "disk": "disk"}


@click.command(epilog=_EPILOG)
@click.argument("job")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@shared
def health(options: Options, *, job: str, as_json: bool) -> int:
    """Say what is wrong with a training job.

    It looks at its curves, its hosts' use, its whole log and its description, and says what it could not look at.
    Ends with 0 where nothing is wrong, with 10 where something is.
    """
    from tui.watch.health import JobHealth
    from tui.watch.job import JobWatch

    settings = options.settings()
    source = sources.of(options, settings)
    log = of_job(source, options.job(job), options, settings, 0, ask=True)
    assert log.job is not None
    watch = JobWatch(source, log.job.name, utc_now)
    checked = JobHealth(utc_now, settings.thresholds, timezone.utc)

    def take(batch: LogBatch) -> None:
        watch.log.take(batch)
        checked.take(batch)

    problems = list[SourceError]()
    view = sources.within(options.timeout, watch.describe, lambda: source.calls)
    problems += view.errors
    try:
        read_now(log, take)
    except SourceError as error:
        problems.append(error)  # what could be looked at counts all the same
    try:
        sources.within(options.timeout, watch.measure, lambda: source.calls)
    except SourceError as error:
        problems.append(error)
    problems += watch.view.errors
    found = checked.look(watch.view)
    shown = watch.view.job or log.job
    if found is not None and as_json:
        emit_json(record(shown, found, utc_now()))
    elif found is not None:
        for line in lines(shown, found):
            emit(line)
    if problems:
        for problem in problems[1:]:
            complain(problem.what, problem.hint)
        raise problems[0]
    return Exit.WARNINGS if found is not None and found.findings else Exit.DONE


def lines(job: TrainingJob, found: Health) -> Iterator[str]:
    """What is printed for people; clock times are in UTC."""
    yield clean(f"training job {job.name}  {job.status}")
    if not found.findings:
        yield "nothing is wrong as far as can be seen"
    for finding in found.findings:
        yield ""
        yield clean(f"! {finding.sentence}")
        about = [finding.rule, finding.severity, f"Debugger's {finding.debugger}" if finding.debugger else ""]
        about.append(_utc(finding.time_ms) or "")
        yield clean(f"    {' · '.join(filter(None, about))}")
        yield from (clean(f"    {one}") for one in finding.evidence if one)
    if job.rules:
        yield ""
        yield "Debugger and Profiler rules of the job"
        yield from (clean(f"    {rule.name}  {rule.status}  {rule.details}".rstrip()) for rule in job.rules)
    if found.usage:
        yield ""
        yield f"{'use while training, %':<26}{'p50':>6}{'p90':>6}{'p99':>6}{'min':>6}{'max':>6}"
        for one in found.usage:
            values = (one.p50, one.p90, one.p99, one.least, one.most)
            yield clean(f"    {one.host + ' ' + _WORDS[one.what]:<22}" + "".join(f"{value:>6.0f}" for value in values))
    yield ""
    yield from (clean(f"looked at   {one}") for one in found.coverage.looked)
    yield from (clean(f"not seen    {one}") for one in found.coverage.lacking)


def record(job: TrainingJob, found: Health, now: datetime) -> dict[str, object]:
    """What `--json` prints."""
    return {
        "type": "health",
        "name": job.name,
        "status": job.status,
        "checked": utc(now),
        "healthy": not found.findings,
        "findings": [
            {
                "rule": finding.rule,
                "severity": finding.severity,
                "sentence": finding.sentence,
                "evidence": [one for one in finding.evidence if one],
                "timestamp": finding.time_ms,
                "subject": list(finding.subject),
                "debugger": finding.debugger or None,
            }
            for finding in found.findings
        ],
        "rules": [{"name": rule.name, "status": rule.status, "details": rule.details or None} for rule in job.rules],
        "usage": [
            {
                "host": one.host,
                "metric": one.what,
                **{"p50": one.p50, "p90": one.p90, "p99": one.p99, "min": one.least, "max": one.most},
            }
            for one in found.usage
        ],
        "looked_at": list(found.coverage.looked),
        "not_seen": list(found.coverage.lacking),
    }


def _utc(time_ms: int | None) -> str | None:
    return None if time_ms is None else utc(datetime.fromtimestamp(time_ms // 1000, timezone.utc))

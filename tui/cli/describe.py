"""`sagetop describe`: all that AWS says of one training job or endpoint."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timezone
from functools import partial
from typing import TypeVar

import click

from tui.cli import sources
from tui.cli.exits import WrongUsage, no_such
from tui.cli.options import Options
from tui.cli.output import complain, emit, emit_json
from tui.cli.shared import shared
from tui.config import Settings
from tui.model.clean import clean
from tui.model.endpoints import Endpoint
from tui.model.jobs import TrainingJob
from tui.model.phrases import instances
from tui.model.records import job_record
from tui.model.words import number, span, utc
from tui.sources.base import NotFound, Source, SourceError
from tui.watch.clock import utc_now
from tui.watch.endpoint import EndpointView, EndpointWatch
from tui.watch.endpoint_facts import Section, sections
from tui.watch.endpoint_record import view_record

T = TypeVar("T")

_EPILOG = """\
\b
Examples:
  sagetop describe resnet50-2026-11-21
  sagetop describe ranker-prod --type endpoint --json | jq .variants
"""


@click.command(epilog=_EPILOG)
@click.argument("name")
@click.option("--type", "kind", type=click.Choice(["job", "endpoint"]), help="What it is, where a name is both.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@shared
def describe(options: Options, *, name: str, kind: str | None, as_json: bool) -> None:
    """Show all that AWS says of a training job or an endpoint."""
    settings = options.settings()
    source = sources.of(options, settings)
    name = options.job(name) if kind != "endpoint" else name
    now = datetime.now(timezone.utc)
    found = _find(source, options.timeout, name, kind)
    if isinstance(found, TrainingJob):
        if as_json:
            emit_json(job_record(found))
        else:
            _print(f"training job {found.name}", _job_sections(found, now))
        return
    view = _looked_at(source, found, settings, options.timeout)
    if as_json:
        emit_json(view_record(found, view))
    else:
        _print(f"endpoint {found.name}", _endpoint_sections(view, now))
    for problem in view.errors[1:]:
        complain(problem.what, problem.hint)
    if view.errors:
        raise view.errors[0]


def _looked_at(source: Source, endpoint: Endpoint, settings: Settings, timeout: float) -> EndpointView:
    """All that the monitor shows of an endpoint, as of now; its errors are what could not be asked."""
    from tui.mutations.suspensions import with_timers

    watch = EndpointWatch(source, endpoint.name, utc_now, settings.thresholds, timezone.utc)
    watch.learn(endpoint)

    def look() -> EndpointView:
        watch.look_around()
        watch.measure()
        targets = watch.view.targets
        if targets is None:
            return watch.view
        return replace(watch.view, targets=with_timers(targets, settings.folders.state, source.identity))

    return sources.within(timeout, look, lambda: source.calls)


def _find(source: Source, timeout: float, name: str, kind: str | None) -> TrainingJob | Endpoint:
    """The job or the endpoint of that name; both are asked for where the person did not say which.

    Raises:
        SourceError: There is neither, or what would tell could not be asked.
        WrongUsage: There are both.
    """
    asks: dict[str, Callable[[], TrainingJob | Endpoint]] = {
        "job": partial(source.describe_job, name),
        "endpoint": partial(source.describe_endpoint, name),
    }
    kinds = [kind] if kind else list(asks)
    answers = list(sources.each(timeout, _or_error, [asks[kind] for kind in kinds]))
    found = [answer for answer in answers if not isinstance(answer, SourceError)]
    if len(found) == 2:
        raise WrongUsage(f"{name} is a training job and an endpoint", "say --type job or --type endpoint")
    if found:
        return found[0]
    for answer in answers:
        if isinstance(answer, SourceError) and not isinstance(answer, NotFound):
            raise answer
    raise no_such(name, kinds)


def _or_error(ask: Callable[[], T]) -> T | SourceError:
    try:
        return ask()
    except SourceError as error:
        return error


def _print(title: str, sections: Iterator[Section]) -> None:
    emit(clean(title))
    for heading, rows in sections:
        if not rows:
            continue
        emit()
        if heading:
            emit(heading)
        pairs = [(clean(label), clean(value)) for label, value in rows]
        room = min(max(len(label) for label, _ in pairs), 40)
        for label, value in pairs:
            emit(f"  {label:<{room}}  {value}".rstrip())


def _job_sections(job: TrainingJob, now: datetime) -> Iterator[Section]:
    status = job.status
    if job.secondary_status not in ("", job.status):
        status = f"{status}, {job.secondary_status}"
    duration = job.duration(now)
    facts = [
        ("status", status),
        ("failure", job.failure_reason),
        ("created", _moment(job.created, now)),
        ("started", _moment(job.started, now)),
        ("ended", _moment(job.ended, now)),
        ("duration", span(duration) if duration is not None else ""),
        ("max runtime", span(job.max_runtime_s) if job.max_runtime_s is not None else ""),
        ("billable", _billable(job)),
        ("instances", instances(job) if job.instances else ""),
        ("volume", f"{job.volume_gb} GB" if job.volume_gb is not None else ""),
        ("warm pool", job.warm_pool),
        ("image", job.image),
        ("role", job.role),
        ("output", job.output_path),
        ("model", job.model_artifact),
        ("arn", job.arn),
    ]
    yield "", [(label, value) for label, value in facts if value]
    yield (
        "phases",
        [
            (phase.name, f"{_clock(phase.started)}  {span((phase.ended or now) - phase.started):<6}  {phase.message}")
            for phase in job.phases
        ],
    )
    yield (
        "final metrics",
        [
            (metric.name, f"{number(metric.value):<7}  {_clock(metric.time) if metric.time else ''}")
            for metric in job.final_metrics
        ],
    )
    yield "metric definitions", [(definition.name, definition.regex) for definition in job.metric_definitions]
    yield "rules", [(rule.name, f"{rule.status}  {rule.details}") for rule in job.rules]
    yield "hyperparameters", sorted(job.hyperparameters.items())
    yield "channels", sorted(job.channels.items())


def _billable(job: TrainingJob) -> str:
    if job.billable_s is None:
        return ""
    text = span(job.billable_s)
    if job.spot and job.training_s:
        text += f", spot, {100 * (1 - job.billable_s / job.training_s):.0f}% saved"
    return text


def _endpoint_sections(view: EndpointView, now: datetime) -> Iterator[Section]:
    *beside, (_, about) = sections(view, _clock, now)
    yield "", about
    yield from ((clean(heading), entries) for heading, entries in beside)


def _moment(moment: datetime | None, now: datetime) -> str:
    return f"{_clock(moment)}  ({span(now - moment)} ago)" if moment else ""


def _clock(moment: datetime) -> str:
    return utc(moment.replace(microsecond=0))

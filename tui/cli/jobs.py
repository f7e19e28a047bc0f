"""`sagetop jobs`: training jobs, newest first."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone
from functools import partial

import click

from tui.cli import sources
from tui.cli.exits import WrongUsage
from tui.cli.options import Options
from tui.cli.output import Column, complain, emit, emit_json, flush, table, terminal_width
from tui.cli.shared import shared
from tui.model.jobs import JobQuery, TrainingJob
from tui.model.phrases import instances
from tui.model.records import job_record
from tui.model.words import span
from tui.sources.base import Source, SourceError

STATUSES = ("InProgress", "Completed", "Failed", "Stopping", "Stopped", "Deleting")

_COLUMNS = (
    Column("NAME", gives=True),
    Column("STATUS"),
    Column("PHASE"),
    Column("AGE", right=True),
    Column("DURATION", right=True),
    Column("INSTANCES"),
)
_EPILOG = """\
\b
Examples:
  sagetop jobs                               the newest 100
  sagetop jobs --status failed --name-contains bert
  sagetop jobs --all --json | jq -r 'select(.spot) | .name'
"""


@click.command(epilog=_EPILOG)
@click.option(
    "--status",
    type=click.Choice(STATUSES, case_sensitive=False),
    metavar="STATUS",
    help=f"Only jobs with this status: {', '.join(STATUSES)}.",
)
@click.option("--name-contains", metavar="TEXT", default="", help="Only jobs with this in their name.")
@click.option("--limit", metavar="N", type=click.IntRange(min=1), help="How many at most.  [default: 100]")
@click.option("--all", "everything", is_flag=True, help="All of them, however many there are.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@shared
def jobs(
    options: Options, *, status: str | None, name_contains: str, limit: int | None, everything: bool, as_json: bool
) -> None:
    """List training jobs, newest first."""
    if everything and limit is not None:
        raise WrongUsage("--all and --limit exclude each other", "say one of them")
    source = sources.of(options, options.settings())
    query = JobQuery(status or "", name_contains)
    print_jobs(source, options.timeout, query, None if everything else limit or 100, as_json=as_json)


def print_jobs(source: Source, timeout: float, query: JobQuery, limit: int | None, *, as_json: bool) -> None:
    """Prints the jobs that a source has, as a table or as JSON lines.

    Raises:
        SourceError: They cannot be listed, or once they are out, their details could not be had.
    """
    listing = _listing(source, timeout, query, limit)
    if as_json:
        for chunk in listing:
            for job in chunk:
                emit_json(job_record(job))
            flush()
        return
    now, lines = datetime.now(timezone.utc), 0
    for line in table(_COLUMNS, ([_row(job, now) for job in chunk] for chunk in listing), terminal_width()):
        emit(line)
        lines += 1
    if not lines:
        complain("no such training jobs")


def _listing(source: Source, timeout: float, query: JobQuery, limit: int | None) -> Iterator[list[TrainingJob]]:
    """The jobs page by page, with their details as long as those can be had.

    Raises:
        SourceError: A page failed; or, once all pages are out, what kept their details away.
    """
    problem: SourceError | None = None
    cursor: str | None = None
    while True:
        page = sources.within(timeout, partial(source.list_jobs, query, cursor))
        problem = problem or page.error
        # AWS has them in this order; what stands in for AWS may forget it.
        jobs = sorted(page.items, key=lambda job: job.created, reverse=True)[:limit]
        if jobs and problem is None:
            names = [job.name for job in jobs if not job.detailed]
            try:
                found = sources.within(timeout, partial(source.describe_jobs, names), lambda: source.calls)
            except SourceError as error:
                problem = error
            else:
                detailed = {job.name: job for job in found}
                jobs = [detailed.get(job.name, job) for job in jobs]
        yield jobs
        limit = None if limit is None else limit - len(jobs)
        cursor = page.cursor
        if cursor is None or limit == 0:
            break
    if problem is not None:
        raise problem


def _row(job: TrainingJob, now: datetime) -> tuple[str, ...]:
    return (
        job.name,
        job.status,
        job.secondary_status if job.secondary_status != job.status else "",
        span(job.age(now)),
        span(job.duration(now)),
        instances(job),
    )

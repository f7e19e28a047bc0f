"""`sagetop jobs`: training jobs, newest first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timezone
from functools import partial

import click

from tui.cli import sources
from tui.cli.listing import listing, pages, print_listing
from tui.cli.options import Options
from tui.cli.output import Column
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
@listing(100)
@shared
def jobs(options: Options, *, status: str | None, name_contains: str, limit: int | None, as_json: bool) -> None:
    """List training jobs, newest first."""
    source = sources.of(options, options.settings())
    print_jobs(source, options.timeout, JobQuery(status or "", name_contains), limit, as_json=as_json)


def print_jobs(source: Source, timeout: float, query: JobQuery, limit: int | None, *, as_json: bool) -> None:
    """Prints the jobs that a source has, as a table or as JSON lines.

    Raises:
        SourceError: They cannot be listed, or once they are out, their details could not be had.
    """
    now = datetime.now(timezone.utc)
    print_listing(
        _detailed(source, timeout, query, limit),
        as_json=as_json,
        records=lambda chunk: map(job_record, chunk),
        columns=_COLUMNS,
        rows=lambda chunk: (_row(job, now) for job in chunk),
        nothing="no such training jobs",
    )


def _detailed(source: Source, timeout: float, query: JobQuery, limit: int | None) -> Iterator[Sequence[TrainingJob]]:
    """The jobs page by page, with their details as long as those can be had.

    Raises:
        SourceError: A page failed; or, once all pages are out, what kept their details away.
    """
    problem: SourceError | None = None
    for page in pages(timeout, partial(source.list_jobs, query), limit):
        problem = problem or page.error
        jobs: Sequence[TrainingJob] = page.items
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

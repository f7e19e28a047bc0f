"""`sagetop endpoints`: endpoints with their variants, instances and auto-scaling."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timezone
from functools import partial

import click

from tui.cli import sources
from tui.cli.exits import WrongUsage
from tui.cli.options import Options
from tui.cli.output import Column, complain, emit, emit_json, flush, table, terminal_width
from tui.cli.shared import shared
from tui.model.endpoints import Endpoint, EndpointQuery, ScalableTarget
from tui.model.phrases import capacity, scaling_word
from tui.model.records import endpoint_record, target_of
from tui.model.words import DASH, span
from tui.sources.base import Can, NotFound, Source, SourceError

STATUSES = (
    "InService",
    "Creating",
    "Updating",
    "SystemUpdating",
    "RollingBack",
    "Deleting",
    "Failed",
    "OutOfService",
    "UpdateRollbackFailed",
)

_COLUMNS = (
    Column("NAME", gives=True),
    Column("STATUS"),
    Column("VARIANT", gives=True),
    Column("INSTANCES", right=True),
    Column("TYPE"),
    Column("SCALING"),
    Column("AGE", right=True),
)
_EPILOG = """\
\b
Examples:
  sagetop endpoints                          the newest 100
  sagetop endpoints --status failed
  sagetop endpoints --json | jq -r 'select(.variants[].scaling == null) | .name'
"""


@click.command(epilog=_EPILOG)
@click.option(
    "--status",
    type=click.Choice(STATUSES, case_sensitive=False),
    metavar="STATUS",
    help=f"Only endpoints with this status: {', '.join(STATUSES)}.",
)
@click.option("--name-contains", metavar="TEXT", default="", help="Only endpoints with this in their name.")
@click.option("--limit", metavar="N", type=click.IntRange(min=1), help="How many at most.  [default: 100]")
@click.option("--all", "everything", is_flag=True, help="All of them, however many there are.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@shared
def endpoints(
    options: Options, *, status: str | None, name_contains: str, limit: int | None, everything: bool, as_json: bool
) -> None:
    """List endpoints, newest first, with their variants."""
    if everything and limit is not None:
        raise WrongUsage("--all and --limit exclude each other", "say one of them")
    source = sources.of(options, options.settings())
    query = EndpointQuery(status or "", name_contains)
    listing = _listing(source, options.timeout, query, None if everything else limit or 100)
    if as_json:
        for chunk, targets in listing:
            for endpoint in chunk:
                emit_json(endpoint_record(endpoint, targets))
            flush()
        return
    now, lines = datetime.now(timezone.utc), 0
    rows = ([row for endpoint in chunk for row in _rows(endpoint, targets, now)] for chunk, targets in listing)
    for line in table(_COLUMNS, rows, terminal_width()):
        emit(line)
        lines += 1
    if not lines:
        complain("no such endpoints")


def _listing(
    source: Source, timeout: float, query: EndpointQuery, limit: int | None
) -> Iterator[tuple[list[Endpoint], tuple[ScalableTarget, ...]]]:
    """The endpoints page by page, with their details and scalable targets as long as those can be had.

    Raises:
        SourceError: A page failed; or, once all pages are out, what kept details away.
    """
    denied: dict[str, SourceError] = {}
    cursor: str | None = None
    while True:
        page = sources.within(timeout, partial(source.list_endpoints, query, cursor))
        if page.error is not None:
            denied["listing"] = page.error
        # AWS has them in this order; what stands in for AWS may forget it.
        chunk = sorted(page.items, key=lambda endpoint: endpoint.created, reverse=True)[:limit]
        targets: tuple[ScalableTarget, ...] = ()
        if chunk and "details" not in denied:
            try:
                chunk = list(sources.each(timeout, partial(_detailed, source), chunk))
            except SourceError as error:
                denied["details"] = error
        if chunk and "scaling" not in denied and Can.SCALING in source.can:
            names = [endpoint.name for endpoint in chunk]
            try:
                targets = sources.within(timeout, partial(source.scaling, names), lambda: source.calls)
            except SourceError as error:
                denied["scaling"] = error
        yield chunk, targets
        limit = None if limit is None else limit - len(chunk)
        cursor = page.cursor
        if cursor is None or limit == 0:
            break
    for problem in denied.values():
        raise problem


def _detailed(source: Source, endpoint: Endpoint) -> Endpoint:
    try:
        return endpoint if endpoint.detailed else source.describe_endpoint(endpoint.name)
    except NotFound:
        return endpoint  # deleted since it was listed


def _rows(endpoint: Endpoint, targets: Sequence[ScalableTarget], now: datetime) -> Iterator[tuple[str, ...]]:
    """A row a variant; what is the endpoint's own stands in the first alone."""
    first = (endpoint.name, endpoint.status)
    age = span(now - endpoint.created)
    if not endpoint.variants:
        yield (*first, DASH, DASH, DASH, DASH, age)
    for variant in endpoint.variants:
        target = target_of(endpoint, variant, targets)
        name = f"{variant.name} (shadow)" if variant.shadow else variant.name
        yield (*first, name, capacity(variant), variant.instance_type or DASH, scaling_word(target), age)
        first, age = ("", ""), ""

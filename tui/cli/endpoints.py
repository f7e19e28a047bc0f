"""`sagetop endpoints`: endpoints with their variants, instances and auto-scaling."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import NamedTuple

import click

from tui.cli import sources
from tui.cli.listing import listing, pages, print_listing
from tui.cli.options import Options
from tui.cli.output import Column
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
@listing(100)
@shared
def endpoints(options: Options, *, status: str | None, name_contains: str, limit: int | None, as_json: bool) -> None:
    """List endpoints, newest first, with their variants."""
    settings = options.settings()
    source = sources.of(options, settings)
    now = datetime.now(timezone.utc)
    print_listing(
        _detailed(source, options.timeout, EndpointQuery(status or "", name_contains), limit, settings.folders.state),
        as_json=as_json,
        records=lambda chunk: (endpoint_record(endpoint, chunk.targets) for endpoint in chunk.endpoints),
        columns=_COLUMNS,
        rows=lambda chunk: (row for endpoint in chunk.endpoints for row in _rows(endpoint, chunk.targets, now)),
        nothing="no such endpoints",
    )


class _Chunk(NamedTuple):
    endpoints: Sequence[Endpoint]
    targets: tuple[ScalableTarget, ...]


def _detailed(source: Source, timeout: float, query: EndpointQuery, limit: int | None, state: Path) -> Iterator[_Chunk]:
    """The endpoints page by page, with their details and scalable targets as long as those can be had.

    Raises:
        SourceError: A page failed; or, once all pages are out, what kept details away.
    """
    from tui.mutations.suspensions import with_timers

    denied: dict[str, SourceError] = {}
    for page in pages(timeout, partial(source.list_endpoints, query), limit):
        if page.error is not None:
            denied["listing"] = page.error
        endpoints: Sequence[Endpoint] = page.items
        targets: tuple[ScalableTarget, ...] = ()
        if endpoints and "details" not in denied:
            try:
                endpoints = list(sources.each(timeout, partial(_described, source), endpoints))
            except SourceError as error:
                denied["details"] = error
        if endpoints and "scaling" not in denied and Can.SCALING in source.can:
            names = [endpoint.name for endpoint in endpoints]
            try:
                targets = sources.within(timeout, partial(source.scaling, names), lambda: source.calls)
                targets = sources.within(timeout, partial(with_timers, targets, state, source.identity))
            except SourceError as error:
                denied["scaling"] = error
        yield _Chunk(endpoints, targets)
    for problem in denied.values():
        raise problem


def _described(source: Source, endpoint: Endpoint) -> Endpoint:
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
        yield (*first, name, capacity(variant), variant.instance_type or DASH, scaling_word(target, now), age)
        first, age = ("", ""), ""

"""`sagetop models`: what SageMaker keeps of models."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone
from functools import partial
from typing import cast

import click

from tui.cli import sources
from tui.cli.exits import WrongUsage
from tui.cli.options import Options
from tui.cli.output import Column, complain, emit, emit_json, flush, table, terminal_width
from tui.cli.shared import shared
from tui.model.models import Model
from tui.model.words import DASH, span
from tui.sources.base import EndpointSource, NotFound, SourceError

_COLUMNS = (
    Column("NAME", gives=True),
    Column("AGE", right=True),
    Column("DATA", gives=True),
    Column("IMAGE", gives=True),
)
_EPILOG = """\
\b
Examples:
  sagetop models --name-contains churn
  sagetop models --json | jq -r .data
"""


@click.command(epilog=_EPILOG)
@click.option("--name-contains", metavar="TEXT", default="", help="Only models with this in their name.")
@click.option("--limit", metavar="N", type=click.IntRange(min=1), help="How many at most.  [default: 50]")
@click.option("--all", "everything", is_flag=True, help="All of them, however many there are.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@shared
def models(options: Options, *, name_contains: str, limit: int | None, everything: bool, as_json: bool) -> None:
    """List models, newest first, with where their data lies and what runs them."""
    if everything and limit is not None:
        raise WrongUsage("--all and --limit exclude each other", "say one of them")
    source = cast("EndpointSource", sources.aws(options, options.settings()))
    listing = _listing(source, options.timeout, name_contains, None if everything else limit or 50)
    if as_json:
        for chunk in listing:
            for model in chunk:
                emit_json(_record(model))
            flush()
        return
    now, lines = datetime.now(timezone.utc), 0
    for line in table(_COLUMNS, ([_row(model, now) for model in chunk] for chunk in listing), terminal_width()):
        emit(line)
        lines += 1
    if not lines:
        complain("no such models")


def _listing(source: EndpointSource, timeout: float, name_contains: str, limit: int | None) -> Iterator[list[Model]]:
    """The models page by page, with their details as long as those can be had.

    Raises:
        SourceError: A page failed; or, once all pages are out, what kept details away.
    """
    denied: SourceError | None = None
    cursor: str | None = None
    while True:
        page = sources.within(timeout, partial(source.list_models, name_contains, cursor))
        chunk = list(page.items[:limit])
        if denied is None:
            try:
                chunk = list(sources.each(timeout, partial(_detailed, source), chunk))
            except SourceError as error:
                denied = error
        yield chunk
        limit = None if limit is None else limit - len(chunk)
        cursor = page.cursor
        if cursor is None or limit == 0:
            break
    if denied is not None:
        raise denied


def _detailed(source: EndpointSource, model: Model) -> Model:
    try:
        return source.describe_model(model.name)
    except NotFound:
        return model  # deleted since it was listed


def _row(model: Model, now: datetime) -> tuple[str, ...]:
    return model.name, span(now - model.created), model.data or DASH, model.image.rpartition("/")[2] or DASH


def _record(model: Model) -> dict[str, object]:
    return {
        "name": model.name,
        "created": model.created.isoformat().replace("+00:00", "Z"),
        "arn": model.arn or None,
        "image": model.image or None,
        "data": model.data or None,
        "role": model.role or None,
    }

"""`sagetop models`: what SageMaker keeps of models."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timezone
from functools import partial
from typing import cast

import click

from tui.cli import sources
from tui.cli.listing import listing, pages, print_listing
from tui.cli.options import Options
from tui.cli.output import Column
from tui.cli.shared import shared
from tui.model.models import Model
from tui.model.words import DASH, span, utc
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
@listing(50)
@shared
def models(options: Options, *, name_contains: str, limit: int | None, as_json: bool) -> None:
    """List models, newest first, with their data and image."""
    source = cast("EndpointSource", sources.aws(options, options.settings()))
    now = datetime.now(timezone.utc)
    print_listing(
        _detailed(source, options.timeout, name_contains, limit),
        as_json=as_json,
        records=lambda chunk: map(_record, chunk),
        columns=_COLUMNS,
        rows=lambda chunk: (_row(model, now) for model in chunk),
        nothing="no such models",
    )


def _detailed(
    source: EndpointSource, timeout: float, name_contains: str, limit: int | None
) -> Iterator[Sequence[Model]]:
    """The models page by page, with their details as long as those can be had.

    Raises:
        SourceError: A page failed; or, once all pages are out, what kept details away.
    """
    denied: SourceError | None = None
    for page in pages(timeout, partial(source.list_models, name_contains), limit):
        models: Sequence[Model] = page.items
        if denied is None:
            try:
                models = list(sources.each(timeout, partial(_described, source), models))
            except SourceError as error:
                denied = error
        yield models
    if denied is not None:
        raise denied


def _described(source: EndpointSource, model: Model) -> Model:
    try:
        return source.describe_model(model.name)
    except NotFound:
        return model  # deleted since it was listed


def _row(model: Model, now: datetime) -> tuple[str, ...]:
    return model.name, span(now - model.created), model.data or DASH, model.image.rpartition("/")[2] or DASH


def _record(model: Model) -> dict[str, object]:
    return {
        "name": model.name,
        "created": utc(model.created),
        "arn": model.arn or None,
        "image": model.image or None,
        "data": model.data or None,
        "role": model.role or None,
    }

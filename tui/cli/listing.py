"""What the commands that list things share: how many they list, page by page, and as what they print them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

import click

from tui.cli import sources
from tui.cli.exits import WrongUsage
from tui.cli.output import Column, emit_json, flush, print_table
from tui.sources.base import Page


class _Made(Protocol):
    @property
    def created(self) -> datetime: ...


C = TypeVar("C")
M = TypeVar("M", bound=_Made)
Command = Callable[..., object]


def listing(newest: int) -> Callable[[Command], Command]:
    """Gives a command `--limit`, `--all` and `--json`: it gets `limit`, None for all of them, and `as_json`."""

    def decorate(function: Command) -> Command:
        @functools.wraps(function)
        def limited(*args: object, limit: int | None, everything: bool, **rest: object) -> object:
            if everything and limit is not None:
                raise WrongUsage("--all and --limit exclude each other", "say one of them")
            return function(*args, limit=None if everything else limit or newest, **rest)

        command: Command = limited
        for option in (
            click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line."),
            click.option("--all", "everything", is_flag=True, help="All of them, however many there are."),
            click.option(
                "--limit", metavar="N", type=click.IntRange(min=1), help=f"How many at most.  [default: {newest}]"
            ),
        ):
            command = option(command)
        return command

    return decorate


def pages(timeout: float, ask: Callable[[str | None], Page[M]], limit: int | None) -> Iterator[Page[M]]:
    """What `ask` has page by page, each newest first, until `limit` items are out.

    Raises:
        SourceError: A page failed.
    """
    cursor: str | None = None
    while True:
        page = sources.within(timeout, functools.partial(ask, cursor))
        # AWS has them in this order; what stands in for AWS may forget it.
        items = sorted(page.items, key=lambda item: item.created, reverse=True)[:limit]
        yield Page(tuple(items), page.cursor, page.error)
        limit = None if limit is None else limit - len(items)
        cursor = page.cursor
        if cursor is None or limit == 0:
            return


def print_listing(
    chunks: Iterable[C],
    *,
    as_json: bool,
    records: Callable[[C], Iterable[Mapping[str, object]]],
    columns: Sequence[Column],
    rows: Callable[[C], Iterable[Sequence[str]]],
    nothing: str,
) -> None:
    """Prints chunks as they come, as JSON lines or as a table; where that has no rows, `nothing` is said on stderr."""
    if not as_json:
        print_table(columns, (list(rows(chunk)) for chunk in chunks), nothing)
        return
    for chunk in chunks:
        for record in records(chunk):
            emit_json(record)
        flush()

"""`sagetop undo`: puts the last change back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from tui.cli.change import Mutation, change, confirming
from tui.cli.options import Options
from tui.cli.shared import shared
from tui.sources.base import Source

if TYPE_CHECKING:
    from tui.mutations import Guard

_EPILOG = """\
\b
Examples:
  sagetop undo                 the last change of this account and region
  sagetop undo 3f9c1a          the one that sagetop audit calls so
"""


@click.command(cls=Mutation, epilog=_EPILOG)
@click.argument("change_id", metavar="[ID]", default="")
@confirming
@shared
def undo(options: Options, *, change_id: str, yes: bool, confirm: str | None, as_json: bool) -> int:
    """Put the last change back as it was before.

    With the same preview. Once more goes one further back.
    """

    def plan(guard: Guard, source: Source) -> Any:
        from tui.mutations import undo

        return undo.undo(guard, source, change_id)

    return change(options, plan, yes=yes, confirm=confirm, as_json=as_json)

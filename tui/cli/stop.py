"""`sagetop stop`: stops a training job."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from tui.cli.change import Mutation, change, confirming
from tui.cli.exits import WrongUsage, no_such
from tui.cli.options import Options
from tui.cli.shared import shared
from tui.model.jobs import is_local
from tui.sources.base import NotFound, Source

if TYPE_CHECKING:
    from tui.mutations import Guard

_EPILOG = """\
\b
Examples:
  sagetop stop resnet50-2026-11-21
  sagetop stop resnet50-2026-11-21 --yes && sagetop wait resnet50-2026-11-21
"""


@click.command(cls=Mutation, epilog=_EPILOG)
@click.argument("job")
@confirming
@shared
def stop(options: Options, *, job: str, yes: bool, confirm: str | None, as_json: bool) -> int:
    """Stop a training job. It cannot be undone."""

    if is_local(job):
        raise WrongUsage(f"{job} runs on this machine", f"say: sagetop local stop {job}")

    def plan(guard: Guard, source: Source) -> Any:
        from tui.mutations import jobs, see

        try:
            seen = see(source, jobs.JobSubject(job))
        except NotFound:
            raise no_such(job, ["job"]) from None
        return jobs.stop(guard, seen)

    return change(options, plan, yes=yes, confirm=confirm, as_json=as_json)

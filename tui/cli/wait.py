"""`sagetop wait`: waits for training jobs to end, without a word."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import partial

import click

from tui.cli import sources
from tui.cli.exits import Exit, no_such
from tui.cli.options import Options
from tui.cli.output import complain
from tui.cli.shared import shared
from tui.model.jobs import TrainingJob, is_local
from tui.model.orders import job_has_ended
from tui.sources.base import Denied, NotFound, Source, SourceError

_EVERY_S = 5.0
_EVERY_LOCAL_S = 0.2

_EPILOG = """\
\b
Examples:
  sagetop wait resnet50-2026-11-21 && ./deploy
  sagetop wait bert-a bert-b bert-c; echo $?
"""


@click.command(epilog=_EPILOG)
@click.argument("jobs", nargs=-1, required=True, metavar="JOB...")
@shared
def wait(options: Options, *, jobs: tuple[str, ...]) -> int:
    """Wait until training jobs have ended.

    Ends with 0 if all are Completed, with 1 if one Failed or was Stopped. Prints nothing. On a terminal it rings,
    and tells the desktop, as each of them ends.
    """
    source = sources.of(options, options.settings())
    waiting = list(dict.fromkeys(map(options.job, jobs)))
    found = _described(source, options.timeout, waiting)
    said = ""
    good = True
    while True:
        for job in found:
            if job.is_ended:
                waiting.remove(job.name)
                good = good and job.status == "Completed"
                _tell(job)
        if not waiting:
            return Exit.DONE if good else Exit.JOB_FAILED
        time.sleep(_EVERY_LOCAL_S if all(map(is_local, waiting)) else _EVERY_S)
        try:
            found, said = _described(source, options.timeout, waiting), ""
        except SourceError as error:
            if isinstance(error, Denied | NotFound):
                raise
            found = []
            if said != type(error).__name__:
                said = type(error).__name__
                complain(error.what, error.hint)


def _described(source: Source, timeout: float, names: Sequence[str]) -> Sequence[TrainingJob]:
    """The jobs of these names.

    Raises:
        SourceError: One does not exist, or they cannot be asked for.
    """
    jobs = sources.within(timeout, partial(source.describe_jobs, names), lambda: source.calls)
    for name in names:
        if name not in {job.name for job in jobs}:
            raise no_such(name, ["job"])
    return jobs


def _tell(job: TrainingJob) -> None:
    """Rings, and sends the desktop a message (OSC 9), if somebody may be at the terminal."""
    if not sys.stderr.isatty():
        return
    with suppress(OSError, ValueError):
        sys.stderr.write(job_has_ended(job.name, job.status, os.environ))
        sys.stderr.flush()

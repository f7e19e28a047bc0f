"""`sagetop archive`: the logs that are kept on this machine. Nothing here asks AWS anything."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from tui.cli import sources
from tui.cli.change import Changing, Group
from tui.cli.exits import Exit, WrongUsage
from tui.cli.log_output import LogWriter, form_for
from tui.cli.log_printing import write_kept
from tui.cli.logs import since_when
from tui.cli.options import Options
from tui.cli.output import Column, complain, emit, emit_json, print_table
from tui.cli.shared import shared
from tui.config import Settings
from tui.model.words import plural, size, span, utc
from tui.sources.base import Broken, NotFound

if TYPE_CHECKING:
    from tui.archive import Archive, LogSummary

_COLUMNS = (
    Column("JOB", gives=True),
    Column("STATUS"),
    Column("LOG"),
    Column("LINES", right=True),
    Column("SIZE", right=True),
    Column("CREATED"),
    Column("USED", right=True),
)

_EPILOG = """\
\b
Examples:
  sagetop archive list
  sagetop archive prune --older-than 30d
  sagetop archive export resnet50-2026-11-21 --to resnet50.log
"""
_LIST_EPILOG = """\
\b
Examples:
  sagetop archive list
  sagetop archive list --json | jq -r 'select(.complete) | .name'
"""
_PRUNE_EPILOG = """\
\b
Examples:
  sagetop archive prune --older-than 30d
  sagetop archive prune --job resnet50-2026-11-21 --yes
"""
_EXPORT_EPILOG = """\
\b
Examples:
  sagetop archive export resnet50-2026-11-21 > resnet50.log
  sagetop archive export resnet50-2026-11-21 --json --to resnet50.jsonl
"""


@click.group(cls=Group, epilog=_EPILOG)
@shared
def archive(options: Options) -> None:
    """List, remove or export the logs kept on this machine.

    It works offline.
    """
    del options  # the commands take them


@archive.command("list", epilog=_LIST_EPILOG)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@shared
def list_logs(options: Options, *, as_json: bool) -> None:
    """List the kept logs, the last used first."""
    with _opened(options.settings()) as kept:
        logs = kept.logs() if kept else []
    if as_json:
        for log in logs:
            emit_json(_record(log))
        return
    print_table(_COLUMNS, [[_row(log) for log in logs]], "no logs are kept")


@archive.command(cls=Changing, epilog=_PRUNE_EPILOG)
@click.option("--older-than", metavar="30d|TIME", help="Logs that nobody has looked at for so long, or since then.")
@click.option("--job", metavar="NAME", help="The logs of a training job, by name or ARN.")
@click.option("--all", "everything", is_flag=True, help="All logs.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@shared
def prune(options: Options, *, older_than: str | None, job: str | None, everything: bool, yes: bool) -> int:
    """Remove kept logs, and give their room back to the disk. What AWS has of them stays there."""
    if everything == (older_than is not None or job is not None):
        raise WrongUsage("which logs?", "say --older-than, --job or both, or --all")
    settings = options.settings()
    before = since_when(older_than, int(time.time() * 1000), "--older-than") / 1000 if older_than else None
    with _opened(settings) as kept:
        logs = [log for log in kept.logs() if _is_meant(log, job, before)] if kept else []
        if kept is None or not logs:
            complain("there are no such logs")
            return Exit.DONE
        what = f"{plural(len(logs), 'log')}, {size(sum(log.bytes for log in logs))}"
        if not yes and not _agreed(f"Remove {what}?"):
            complain("nothing was removed", "to remove without a question: --yes")
            return Exit.NOT_CHANGED
        for log in logs:
            kept.remove(log.log)
    emit(f"removed {what}")
    return Exit.DONE


@archive.command(epilog=_EXPORT_EPILOG)
@click.argument("job")
@click.option("--to", metavar="FILE", type=click.Path(path_type=Path), help="A new file, in place of stdout.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@shared
def export(options: Options, *, job: str, to: Path | None, as_json: bool) -> None:
    """Print what is kept of a job's log.

    The job is named as ever, or by its ARN. It is printed as `sagetop logs` would, from this machine alone.
    """
    with _opened(options.settings()) as kept:
        logs = [log for log in kept.logs() if _is_meant(log, job, None)] if kept else []
        if kept is None or not logs:
            raise NotFound(f"no log of {job} is kept", "to list what is: sagetop archive list")
        log = max(logs, key=lambda log: log.job.created)
        with _output(to) as file, kept.snapshot(log.log) as snapshot:
            form = form_for(as_json=as_json, cleaned=None if to is None else False)
            write_kept(snapshot, log.job, LogWriter(form, to=file))
    if not log.sealed:
        complain("that is what was read of it so far", f"for the whole log: sagetop logs {job}")


@contextmanager
def _opened(settings: Settings) -> Iterator[Archive | None]:
    """The archive, None where nothing was ever kept.

    Raises:
        Broken: It is there and cannot be used.
    """
    import sqlite3

    path = sources.archive_file(settings)
    try:
        if not path.exists():
            yield None
            return
        kept = sources.open_archive(settings)
        try:
            yield kept
        finally:
            kept.close()
    except sqlite3.Error as error:
        raise Broken(f"the archive {path} cannot be used: {error}", "move it away; AWS has what was in it") from error


@contextmanager
def _output(to: Path | None) -> Iterator[BinaryIO | None]:
    """A new file, which is taken away again if it could not be written to its end; None for stdout."""
    if to is None:
        yield None
        return
    try:
        file = to.open("xb")
    except OSError as error:
        raise WrongUsage(f"{to} cannot be made: {error.strerror}", "name a new file") from None
    with file:
        try:
            yield file
        except BaseException:
            to.unlink()
            raise


def _is_meant(log: LogSummary, job: str | None, before: float | None) -> bool:
    return (job is None or job in (log.job.name, log.job.arn)) and (before is None or log.used < before)


def _agreed(question: str) -> bool:
    return sys.stdin is not None and sys.stdin.isatty() and click.confirm(question, err=True)


def _record(log: LogSummary) -> dict[str, object]:
    return {
        "name": log.job.name,
        "arn": log.job.arn,
        "status": log.job.status,
        "created": utc(log.job.created),
        "complete": log.sealed,
        "lines": log.events,
        "bytes": log.bytes,
        "used": utc(datetime.fromtimestamp(log.used, timezone.utc)),
    }


def _row(log: LogSummary) -> tuple[str, ...]:
    return (
        log.job.name,
        log.job.status,
        "complete" if log.sealed else "so far",
        f"{log.events:,}",
        size(log.bytes),
        utc(log.job.created.replace(microsecond=0)),
        span(max(time.time() - log.used, 0)),
    )

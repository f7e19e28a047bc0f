"""`sagetop doctor`: who is asking, what is allowed, and what this machine and its terminal can do."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, TypeVar, cast

import click

from tui.cli import sources
from tui.cli.options import Options
from tui.cli.output import emit, emit_json
from tui.cli.shared import shared
from tui.cli.surroundings import folders, terminal, versions
from tui.model.clean import clean
from tui.model.permissions import PERMISSIONS, Permission, policy
from tui.model.words import size
from tui.sources.base import Denied, Expired, NoCredentials, SourceError, Unreachable

if TYPE_CHECKING:
    from tui.sources.aws.source import AwsSource

T = TypeVar("T")
Record = dict[str, object]

SKEW_S = 60
"""From so many seconds on the clock is said to be wrong; AWS refuses requests at 300."""

_SIGNS = {"allowed": "✓", "denied": "✕", "failed": "!", "not tried": "·"}
_EPILOG = """\
\b
Examples:
  sagetop doctor
  sagetop doctor --policy read > sagetop-policy.json
  sagetop doctor --json | jq '.permissions[] | select(.state == "denied")'
"""


@click.command(epilog=_EPILOG)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option(
    "--policy",
    "which",
    type=click.Choice(["read", "full"]),
    help="Print the IAM policy for all that reads, or for all there is, and ask nothing.",
)
@shared
def doctor(options: Options, *, as_json: bool, which: str | None) -> None:
    """Show who is asking, what is allowed, and what is missing.

    Each permission to read is tried by the smallest request there is; what would change something is listed and
    never tried. This machine, its terminal and sagetop's folders are shown as well. Ends with 3 where AWS cannot be
    asked or a permission that every screen needs is missing.
    """
    if which is not None:
        emit(json.dumps(policy("full" if which == "full" else "read"), indent=2))
        return
    settings = options.settings()
    record: Record = {
        "versions": versions(),
        "terminal": terminal(os.environ),
        "folders": folders(settings, os.environ),
        "read_only": settings.read_only,
    }
    problem = None
    if options.local:
        record |= _unknown("not asked for, as --local says")
        record["requests"] = {"calls": 0, "metrics": 0}
    else:
        source = cast("AwsSource", sources.aws(options, settings))
        problem = _ask(record, source, options.timeout)
        record["requests"] = {"calls": source.calls, "metrics": source.metrics_asked}
    if as_json:
        emit_json(record)
    else:
        for line in _lines(record):
            emit(line)
    if problem is not None:
        raise problem


def _ask(record: Record, source: AwsSource, timeout: float) -> SourceError | None:
    """Fill in who is asking and what is allowed; returns what stands in the way."""
    from tui.sources.aws.doctor import TRIED, allowed, clock_skew_s, names

    try:
        skew = sources.within(timeout, partial(_answered, source, partial(clock_skew_s, source.clients)))
        identity = sources.within(timeout, source.identity)
    except SourceError as error:
        record |= _unknown(error.what)
        return error
    record["identity"] = {
        "account": identity.account,
        "region": identity.region,
        "role": identity.role,
        "arn": identity.arn,
    }
    record["clock_skew_seconds"] = None if skew is None else round(skew, 1)
    job, endpoint = sources.within(timeout, partial(_answered, source, partial(names, source.clients)))

    def state(permission: Permission) -> tuple[Permission, str, SourceError | None]:
        if permission.action == "sts:GetCallerIdentity":
            return permission, "allowed", None
        if permission.action not in TRIED:
            return permission, "not tried", None
        try:
            _answered(source, partial(allowed, source.clients, permission.action, job, endpoint))
        except Denied as error:
            return permission, "denied", error
        except SourceError as error:
            return permission, "failed", error
        return permission, "allowed", None

    # Each request gives up by itself after `timeout`: this waits for them to say so.
    found = list(sources.each(timeout + 5, state, PERMISSIONS))
    record["permissions"] = [
        {
            "action": permission.action,
            "state": said,
            "for": permission.use,
            "kind": permission.kind,
            "error": error.what if error else None,
        }
        for permission, said, error in found
    ]
    needed = [(said, error) for permission, said, error in found if error and permission.kind == "read"]
    missing = [error for said, error in needed if said == "denied"]
    lost = [error for _, error in needed if isinstance(error, Expired | NoCredentials | Unreachable)]
    return next(iter([*lost, *missing]), None)


def _answered(source: AwsSource, ask: Callable[[], T]) -> T:
    """What it returns; what it raises is a SourceError."""
    from tui.sources.aws.errors import translate

    try:
        return ask()
    except Exception as error:
        raise translate(error, profile=source.clients.settings.profile) from error


def _unknown(why: str) -> Record:
    return {"identity": None, "clock_skew_seconds": None, "error": why, "permissions": []}


def _lines(record: Record) -> Iterator[str]:
    yield from _identity(record)
    yield ""
    yield from _terminal(cast("Record", record["terminal"]))
    yield ""
    yield "versions"
    for name, version in cast("Record", record["versions"]).items():
        yield f"  {name:<12}  {version or 'not installed'}"
    yield ""
    where = cast("Record", record["folders"])
    yield "folders"
    yield clean(f"  settings      {where['config']}{'' if where['config_exists'] else ' (none)'}")
    yield clean(f"  cache         {where['cache']}")
    yield clean(f"  state         {where['state']}")
    if where["archive"]:
        used, limit = (cast("float", where[key]) for key in ("archive_bytes", "archive_limit_bytes"))
        yield f"  log archive   {size(used)} of {size(limit)}"
    else:
        yield "  log archive   off"


def _identity(record: Record) -> Iterator[str]:
    identity = cast("Record | None", record["identity"])
    if identity is None:
        yield "identity"
        yield clean(f"  none          {record['error']}")
        return
    yield "identity"
    for name in ("account", "region", "role", "arn"):
        yield clean(f"  {name:<12}  {identity[name]}")
    skew = cast("float | None", record["clock_skew_seconds"])
    if skew is not None:
        word = "" if abs(skew) < SKEW_S else ": set it, AWS refuses requests five minutes off"
        yield f"  clock         {'as AWS has it' if abs(skew) < 2 else f'{abs(skew):.0f} s {_side(skew)} AWS'}{word}"
    yield f"  read-only     {'yes' if record['read_only'] else 'no'}"
    yield ""
    yield "permissions"
    permissions = cast("list[Record]", record["permissions"])
    room = max(len(str(one["action"])) for one in permissions)
    for one in permissions:
        yield clean(f"  {_SIGNS[str(one['state'])]} {one['action']:<{room}}  {one['state']:<9}  {one['for']}")
    yield "  what is not tried changes something or needs a bucket; the policy for it: sagetop doctor --policy full"


def _side(skew: float) -> str:
    return "ahead of" if skew > 0 else "behind"


def _terminal(record: Record) -> Iterator[str]:
    yield "terminal"
    if record["is_terminal"]:
        yield f"  size          {record['columns']} × {record['rows']}"
    else:
        yield "  size          this output is no terminal"
    yield clean(f"  TERM          {record['term'] or 'not set'}")
    yield f"  colours       {record['colours']}"
    yield clean(f"  signs         {'all' if record['unicode'] else 'plain: set ascii = true'} ({record['encoding']})")
    yield f"  clipboard     {record['clipboard']}"
    if record["ssh"]:
        yield "  connection    SSH"

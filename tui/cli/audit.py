"""`sagetop audit`: what sagetop changed from this machine. Asks AWS nothing."""

from __future__ import annotations

import click

from tui.cli.options import Options
from tui.cli.output import Column, emit_json, print_table
from tui.cli.shared import shared

_EPILOG = """\
\b
Examples:
  sagetop audit
  sagetop audit --json | jq 'select(.outcome != "done")'
"""
_COLUMNS = (
    Column("TIME"),
    Column("ID"),
    Column("OUTCOME"),
    Column("WHAT", gives=True),
    Column("ACCOUNT"),
    Column("REGION"),
    Column("WHO", gives=True),
)


@click.command(epilog=_EPILOG)
@click.option("--limit", metavar="N", type=click.IntRange(min=1), help="The newest so many only.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a change, with requests and states.")
@shared
def audit(options: Options, *, limit: int | None, as_json: bool) -> None:
    """List what sagetop changed from this machine, the newest last."""
    from tui.mutations.audit import FILE, Entry, entries

    folder = options.settings().folders.state
    found = entries(folder)[-limit:] if limit else entries(folder)
    if as_json:
        for entry in found:
            emit_json(entry.record())
        return

    def row(entry: Entry) -> tuple[str, ...]:
        words = [str(entry.intent.get(key, "")) for key in ("time", "title", "account", "region", "identity")]
        time, title, account, region, who = words
        return (time[:19] + "Z", entry.id, entry.verdict, title, account, region, who.rpartition(":")[2])

    file = folder / FILE
    unread = f"{file} holds no change that can be read"
    none = f"nothing was changed: there is no {file}"
    print_table(_COLUMNS, [[row(entry) for entry in found]], unread if file.exists() else none)

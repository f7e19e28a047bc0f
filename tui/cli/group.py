"""`sagetop` itself: the commands, and the monitor where none is named."""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib import import_module

import click
from click.formatting import wrap_text
from click.shell_completion import shell_complete

from tui import __version__
from tui.cli import COMPLETE
from tui.cli.change import ASKED_READ_ONLY, Group
from tui.cli.exits import MEANING
from tui.cli.opening import open_monitor
from tui.cli.options import Options
from tui.cli.shared import shared

_COMMANDS = {
    "archive": "archive",
    "attach": "monitor",
    "audit": "audit",
    "completion": "completion",
    "demo": "monitor",
    "deploy": "deploy",
    "describe": "describe",
    "doctor": "doctor",
    "endpoints": "endpoints",
    "invoke": "invoke",
    "health": "health",
    "jobs": "jobs",
    "local": "local",
    "logs": "logs",
    "metrics": "metrics",
    "models": "models",
    "regex": "regex",
    "scaling": "scaling",
    "serve": "serve",
    "stop": "stop",
    "train": "train",
    "undo": "undo",
    "wait": "wait",
    "weights": "weights",
}
"""The module under `tui.cli` that each command is in, under its own name."""

_EPILOG = """\
\b
Examples:
  sagetop                                    open the monitor
  sagetop demo                               open it on an AWS of its own
  sagetop attach resnet50-2026-11-21         open it at a training job
  sagetop jobs --status Failed --limit 20    list training jobs
  sagetop --region eu-west-1 endpoints --json | jq .variants

\b
Exit codes:
""" + "\n".join(
    wrap_text(f"{meaning.split(';')[0].replace('`', '')}", 76, f"  {code.value:>3}  ", " " * 7)
    for code, meaning in MEANING.items()
)


class Commands(Group):
    """Imports a command when it is asked for: the monitor's first frame waits for none of them."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Notes `--read-only` first: help, which is read before it, leaves out what changes anything."""
        ctx.meta[ASKED_READ_ONLY] = "--read-only" in args
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Their names; without importing one."""
        del ctx
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """One of them, imported."""
        del ctx
        module = _COMMANDS.get(cmd_name)
        found = getattr(import_module(f"tui.cli.{module}"), cmd_name) if module else None
        return found if isinstance(found, click.Command) else None


@click.group(
    cls=Commands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=_EPILOG,
)
@click.version_option(__version__, message="%(prog)s %(version)s")
@shared
@click.pass_context
def sagetop(context: click.Context, options: Options) -> int:
    """Watch Amazon SageMaker in the terminal: training jobs, endpoints, logs and metrics.

    Without a command it opens the monitor. Credentials and region come from where the AWS CLI takes them.
    """
    return open_monitor(options) if context.invoked_subcommand is None else 0


def invoke(arguments: Sequence[str]) -> int:
    """Runs a command line and returns its exit code. Whatever goes wrong is raised, a closed pipe too.

    Not `sagetop.main()`, which answers a closed pipe by itself, and with 1.
    """
    if instruction := os.environ.get(COMPLETE):
        return shell_complete(sagetop, {}, "sagetop", COMPLETE, instruction)
    try:
        with sagetop.make_context("sagetop", list(arguments)) as context:
            return int(sagetop.invoke(context) or 0)
    except click.exceptions.Exit as end:
        return end.exit_code

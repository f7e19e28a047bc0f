"""`sagetop attach` and `sagetop demo`: the commands that open the monitor, beside the bare `sagetop`."""

from __future__ import annotations

import click

from tui.cli.exits import WrongUsage
from tui.cli.opening import DEFAULT_SEED, open_demo, open_monitor
from tui.cli.options import Options
from tui.cli.shared import Number, shared

_ATTACH_EPILOG = """\
\b
Example:
  sagetop attach resnet50-2026-11-21
"""
_DEMO_EPILOG = """\
\b
Examples:
  sagetop demo                         jobs and endpoints that live
  sagetop demo --seed 7 --speed 10     the same again, ten times as fast
"""


@click.command(epilog=_ATTACH_EPILOG)
@click.argument("job")
@shared
def attach(options: Options, *, job: str) -> int:
    """Open the monitor at a training job."""
    return open_monitor(options, options.job(job))


@click.command(epilog=_DEMO_EPILOG)
@click.option(
    "--seed", type=int, default=DEFAULT_SEED, metavar="N", help="The same seed makes the same jobs.", show_default=True
)
@click.option(
    "--speed", type=Number(0.1, 1000), default=1.0, metavar="X", help="How fast time goes.", show_default=True
)
@shared
def demo(options: Options, *, seed: int, speed: float) -> int:
    """Open the monitor on an AWS of its own, with live jobs.

    It runs on this machine, needs no account and reaches none: its keys, settings and folders are its own
    and end with it.
    """
    for name in ("profile", "region", "endpoint_url"):
        if getattr(options, name) is not None:
            option = "--" + name.replace("_", "-")
            raise WrongUsage("the demo has an AWS of its own", f"leave out {option}")
    return open_demo(options, seed=seed, speed=speed)

"""`sagetop`, `sagetop attach` and `sagetop demo`: what opens the screens."""

from __future__ import annotations

import importlib.util
import io
import signal
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from tui.cli import sources
from tui.cli.exits import Exit, WrongUsage, no_such
from tui.cli.options import Options, shared
from tui.config import Folders, Settings
from tui.sources.base import NotFound, Source

if TYPE_CHECKING:
    from tui.app import Leave

DEFAULT_SEED = 1

_ATTACH_EPILOG = """\
\b
Example:
  sagetop attach resnet50-2026-11-21
"""
_DEMO_EPILOG = """\
\b
Examples:
  sagetop demo                               jobs and endpoints that live, no AWS account
  sagetop demo --seed 7 --speed 10           the same again, ten times as fast
"""


def open_monitor(options: Options, job: str | None = None) -> int:
    """Opens the monitor on AWS, at a job where one is named. Sends nothing before the first frame."""
    _need_a_terminal(f"try: sagetop describe {job}" if job else "try: sagetop jobs")
    while True:
        settings = options.settings()
        leave = _show(sources.aws(options, settings), settings, job)
        if leave is None:
            return Exit.DONE
        if leave.to == "demo":
            return _open_demo(options, seed=DEFAULT_SEED, speed=1.0)
        # Another profile or region is another source, and a fresh app on it.
        options = replace(options, profile=leave.profile or options.profile, region=leave.region or options.region)
        job = None


@click.command(epilog=_ATTACH_EPILOG)
@click.argument("job")
@shared
def attach(options: Options, *, job: str) -> int:
    """Open the monitor at a training job."""
    return open_monitor(options, job)


@click.command(epilog=_DEMO_EPILOG)
@click.option(
    "--seed", type=int, default=DEFAULT_SEED, metavar="N", help="The same seed makes the same jobs.", show_default=True
)
@click.option(
    "--speed", type=click.FloatRange(0.1, 1000), default=1.0, metavar="X", help="How fast time goes.", show_default=True
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
    return _open_demo(options, seed=seed, speed=speed)


def _open_demo(options: Options, *, seed: int, speed: float) -> int:
    if missing := [name for name in ("moto", "flask", "flask_cors") if importlib.util.find_spec(name) is None]:
        raise WrongUsage(f"the demo needs {', '.join(missing)}", "run: pip install 'sagetop[demo]'")
    _need_a_terminal("run it in one")

    from tui.demo.launch import ACCESS_KEY, REGION, SECRET_KEY, Demo

    with Demo(seed=seed, speed=speed) as running:
        source = sources.demo(running.url, ACCESS_KEY, SECRET_KEY, REGION, options.timeout)
        settings = Settings(read_only=options.read_only, folders=Folders.under(running.folder))
        _show(source, settings, demo=True)
    return Exit.DONE


def _need_a_terminal(hint: str) -> None:
    # Textual reads stdin and draws on stderr; a person who redirects stdout wants no screen either.
    if not all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):
        raise WrongUsage("the monitor needs a terminal", hint)


def _show(source: Source, settings: Settings, job: str | None = None, *, demo: bool = False) -> Leave | None:
    """Runs the app until it is left, for good or for another source.

    Raises:
        SourceError: The app ended by itself, as what was asked for cannot be had.
    """
    from rich.console import Console

    from tui.app import SagetopApp
    from tui.screens.context import Context

    app = SagetopApp(Context(source, settings, archive=sources.archive(settings), demo=demo), open_job=job)
    # Textual prints its traceback there, with every local variable: it belongs into the file, not on the terminal.
    failure = io.StringIO()
    app.error_console = Console(file=failure, width=160)
    leave = app.run()
    if job is not None and isinstance(app.fatal, NotFound):
        raise no_such(job, ["job"])
    if app.fatal is not None:
        raise app.fatal
    if app.return_code == Exit.INTERRUPTED:
        raise KeyboardInterrupt
    if app.return_code == 128 + signal.SIGTERM:
        # The screen is as it was: now end as whoever sent it expects.
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.raise_signal(signal.SIGTERM)
    if app.return_code:
        details = failure.getvalue().rstrip()
        raise RuntimeError(details.rpartition("\n")[2] or "the screen ended") from RuntimeError(details)
    return leave

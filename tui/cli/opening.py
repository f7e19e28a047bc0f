"""What opens the screens, on AWS or on the demo's. No click here: the bare `sagetop` does without."""

from __future__ import annotations

import io
import os
import signal
import sys
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from tui.cli import sources
from tui.cli.exits import Exit, WrongUsage, no_such
from tui.cli.options import Options
from tui.config import Folders, Settings
from tui.sources.base import NotFound, Source
from tui.sources.late import late

if TYPE_CHECKING:
    from tui.app import Leave

DEFAULT_SEED = 1


def open_monitor(options: Options, job: str | None = None) -> int:
    """Opens the monitor on AWS, at a job where one is named. Sends nothing before the first frame."""
    _need_a_terminal(f"try: sagetop describe {job}" if job else "try: sagetop jobs")
    while True:
        settings = options.settings()
        source = late(partial(sources.of, options, settings))
        leave = _show(source, options.in_use(settings, os.environ), job, place=sources.place(options))
        if leave is None:
            return Exit.DONE
        if leave.to == "demo":
            return open_demo(options, seed=DEFAULT_SEED, speed=1.0)
        # Another profile or region is another source, and a fresh app on it.
        options = replace(options, profile=leave.profile or options.profile, region=leave.region or options.region)
        job = None


def open_demo(options: Options, *, seed: int, speed: float) -> int:
    """Opens the monitor on an AWS of its own, which ends with it."""
    import importlib.util

    if missing := [name for name in ("moto", "flask", "flask_cors") if importlib.util.find_spec(name) is None]:
        raise WrongUsage(f"the demo needs {', '.join(missing)}", "run: pip install 'sagetop[demo]'")
    _need_a_terminal("run it in one")

    from tui.demo.launch import ACCESS_KEY, REGION, SECRET_KEY, Demo

    with Demo(seed=seed, speed=speed) as running:
        source = late(partial(sources.demo, running.url, ACCESS_KEY, SECRET_KEY, REGION, options.timeout))
        settings = Settings(read_only=options.read_only, folders=Folders.under(running.folder))
        _show(source, settings, demo=True)
    return Exit.DONE


def _need_a_terminal(hint: str) -> None:
    # Textual reads stdin and draws on stderr; a person who redirects stdout wants no screen either.
    if not all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):
        raise WrongUsage("the monitor needs a terminal", hint)


def _show(
    source: Source, settings: Settings, job: str | None = None, *, place: str = "", demo: bool = False
) -> Leave | None:
    """Runs the app until it is left, for good or for another source.

    Raises:
        SourceError: The app ended by itself, as what was asked for cannot be had.
    """
    from rich.console import Console

    from tui.app import SagetopApp
    from tui.screens.context import Context

    prices = sources.demo_prices if demo else sources.prices(source, settings)
    context = Context(source, settings, archive=sources.archive(settings, place), prices=prices, demo=demo)
    app = SagetopApp(context, open_job=job)
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

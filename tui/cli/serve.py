"""`sagetop serve`: a model.tar.gz answers on this machine, as an endpoint would."""

from __future__ import annotations

import re
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tui.cli.change import Changing
from tui.cli.exits import Exit, WrongUsage, no_such
from tui.cli.options import Options
from tui.cli.output import complain
from tui.cli.shared import shared
from tui.cli.sources import jobs_folder, local_endpoints
from tui.model.clean import clean
from tui.model.jobs import LOCAL, is_local
from tui.sources.local.folders import JobFolder

if TYPE_CHECKING:
    from tui.sources.local.serving.server import Server

_EPILOG = """\
\b
Examples:
  sagetop serve model.tar.gz
  sagetop serve local/tutorial     what the job tutorial on this machine has left
  sagetop serve model.tar.gz --entry-point src/inference.py --workers 2
  sagetop invoke local/model --data '[[1, 2, 3]]'
"""
_BLOCK = 1 << 20
_NAME = re.compile(r"[A-Za-z0-9](?:-?[A-Za-z0-9]){0,62}")


@click.command(cls=Changing, epilog=_EPILOG)
@click.argument("archive", type=click.Path(path_type=Path))
@click.option("--name", metavar="NAME", help="The endpoint's name.  [default: the archive's]")
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="0 takes a free one.")
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="How many processes answer.")
@click.option(
    "--entry-point",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The script with model_fn and its like.  [default: code/inference.py in the archive]",
)
@click.option("--python", default=sys.executable, metavar="PROGRAM", help="The Python that has what the model needs.")
@shared
def serve(
    options: Options,
    *,
    archive: Path,
    name: str | None,
    port: int,
    workers: int,
    entry_point: Path | None,
    python: str,
) -> int:
    """Serve a model on this machine.

    By the contract of SageMaker's inference toolkit. ARCHIVE is a model.tar.gz, or local/JOB for what a job on this
    machine has left. It answers GET /ping and POST /invocations on 127.0.0.1 until ctrl-c, and is an endpoint in
    the monitor and for `sagetop invoke` meanwhile, under the name local/NAME.
    """
    from tui.sources.local.serving.server import NotServed, Request, Server, opened

    settings = options.settings()
    job = str(archive).removeprefix(LOCAL) if is_local(str(archive)) else ""
    if job:
        folder = JobFolder(jobs_folder(settings) / job)
        if not folder.path.is_dir():
            raise no_such(str(archive), ["job"])
        archive = folder.model
    if not archive.is_file():
        why = f"the job {job} has left no model" if job else f"there is no file {archive}"
        raise WrongUsage(why, "name a model.tar.gz, or local/JOB for what a job on this machine has left")
    if entry_point is not None and not entry_point.is_file():
        raise WrongUsage(f"there is no file {entry_point}", "--entry-point names a Python script")
    called = (name or job or _name_of(archive)).removeprefix("local/")
    if not _NAME.fullmatch(called):
        raise WrongUsage(f"{called!r} is no name for an endpoint", "letters, digits and hyphens, up to 63: --name")
    server = Server(local_endpoints(settings), Request(called, archive, port, workers, entry_point, python))
    try:
        with _ending(), opened(server):
            return _serve(server, Printer(server))
    except NotServed as error:
        raise WrongUsage(str(error), "see sagetop serve --help") from None
    except BrokenPipeError:
        raise
    except OSError as error:
        what = f"{called} cannot be served ({error.strerror}: {error.filename or archive})"
        raise WrongUsage(what, "look there") from None
    except _EndedError:
        return Exit.DONE


def _serve(server: Server, printer: Printer) -> int:
    """Until it is ended, or cannot be."""
    said = False
    try:
        while True:
            serving = server.look()
            printer.print()
            if serving.status == "Failed":
                complain(f"the model cannot be served: {serving.failure_reason}", "what it said is above")
                return Exit.MODEL_ERROR
            if serving.status == "InService" and not said:
                said = True
                count = f"{serving.workers} workers" if serving.workers > 1 else "1 worker"
                name, url = f"local/{server.folder.name}", f"http://127.0.0.1:{server.port}"
                complain(f"{name} answers on {url} ({count}); ctrl-c ends it")
    finally:
        server.stop()
        printer.print()


class Printer:
    """Prints what the workers write, line by line: cleaned on a terminal, as it is into a pipe."""

    def __init__(self, server: Server) -> None:
        self._folder = server.folder
        self._printed: dict[str, int] = {}

    def print(self) -> None:
        """Prints the lines that came since the last time."""
        for worker in self._folder.workers:
            with self._folder.log(worker).open("rb") as log:
                log.seek(self._printed.get(worker, 0))
                while content := log.read(_BLOCK):
                    # What has no end for so long is printed as it stands.
                    end = content.rfind(b"\n") + 1 or (len(content) if len(content) == _BLOCK else 0)
                    if not end:
                        break
                    for line in content[:end].splitlines():
                        text = line.decode("utf-8", "replace")
                        click.echo(f"[{worker}] {clean(text) if sys.stdout.isatty() else text}")
                    self._printed[worker] = log.seek(self._printed.get(worker, 0) + end)


def _name_of(archive: Path) -> str:
    """`churn` of churn.tar.gz; of a model.tar.gz the folder's name says more."""
    stem = archive.name.split(".")[0]
    found = archive.absolute().parent.name if stem == "model" else stem
    return re.sub(r"[^A-Za-z0-9]+", "-", found).strip("-")[:63] or "model"


class _EndedError(Exception):
    """Somebody asked for the end."""


@contextmanager
def _ending() -> Iterator[None]:
    """Ctrl-c and SIGTERM end it well: it is how a server is ended, no failure."""

    def end(*_: object) -> None:
        raise _EndedError

    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # nohup has its way
        numbers.append(signal.SIGHUP)
    before = {number: signal.signal(number, end) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

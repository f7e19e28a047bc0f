"""`sagetop local`: the training jobs of this machine, listed, stopped, removed, and what their runs were like."""

from __future__ import annotations

import click

from tui.cli import sources
from tui.cli.change import Changing, Group
from tui.cli.exits import WrongUsage, no_such
from tui.cli.jobs import print_jobs
from tui.cli.options import Options
from tui.cli.output import emit
from tui.cli.shared import Number, shared
from tui.config import Settings
from tui.model.clean import clean
from tui.model.jobs import LOCAL, JobQuery
from tui.sources.base import NotFound
from tui.sources.local.folders import JobFolder

_EPILOG = """\
\b
Examples:
  sagetop local list
  sagetop local stop train-2026-11-22-21-03-11-123
  sagetop local report train-2026-11-22-21-03-11-123
  sagetop local rm train-2026-11-22-21-03-11-123
"""


@click.group(cls=Group, epilog=_EPILOG)
@shared
def local(options: Options) -> None:
    """Show, stop and remove the training jobs of this machine. `sagetop train` starts them."""
    del options  # those of the subcommand count, and hold these


@local.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@shared
def list_(options: Options, *, as_json: bool) -> None:
    """List them, newest first."""
    source = sources.local(options.settings())
    print_jobs(source, options.timeout, JobQuery(), None, as_json=as_json)


@local.command(cls=Changing)
@click.argument("jobs", nargs=-1, required=True, metavar="JOB...")
@click.option(
    "--grace",
    metavar="SECONDS",
    type=Number(0, 86400),
    help="How long a script has to end by itself before it is killed.  [default: 120]",
)
@shared
def stop(options: Options, *, jobs: tuple[str, ...], grace: float | None) -> None:
    """Stop jobs.

    SIGTERM to their scripts, SIGKILL to what is left after the grace. It returns at once; `sagetop wait` waits for
    the end. Asked again with a shorter grace, that one counts.
    """
    from tui.sources.local import launch

    settings = _changing(options)
    folders = [_folder(settings, job) for job in jobs]
    for folder in folders:
        launch.stop(folder, grace)


@local.command(cls=Changing)
@click.argument("jobs", nargs=-1, required=True, metavar="NAME...")
@click.option("--endpoint", is_flag=True, help="Remove what a killed `sagetop serve` has left, not a job.")
@shared
def rm(options: Options, *, jobs: tuple[str, ...], endpoint: bool) -> None:
    """Remove ended jobs: logs, metrics, model.tar.gz."""
    from tui.sources.local import launch

    settings = _changing(options)
    if endpoint:
        for name in jobs:
            _remove_endpoint(settings, name)
        return
    folders = [_folder(settings, job) for job in jobs]
    for folder in folders:
        try:
            launch.remove(folder)
        except OSError as error:
            what = f"{folder.name} cannot be removed ({error.strerror})"
            raise WrongUsage(what, f"look into {folder.path}") from None


@local.command()
@click.argument("job")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@shared
def report(options: Options, *, job: str, as_json: bool) -> None:
    """Show where an ended job's time went.

    When GPUs idled, what held it up, and its slowest host.
    """
    folder = _folder(options.settings(), job)
    path = folder.path / ("report.json" if as_json else "report.txt")
    try:
        text = path.read_text(encoding="utf-8")
    except OSError:
        raise WrongUsage(f"{folder.name} has no report", "it is written when a job that has run ends") from None
    if as_json:
        import json

        from tui.cli.output import emit_json

        emit_json(json.loads(text))
        return
    for line in text.splitlines():
        emit(clean(line))


def _remove_endpoint(settings: Settings, name: str) -> None:
    """Removes the folder of an endpoint that nobody serves any more.

    Raises:
        NotFound: There is none.
        WrongUsage: It is served.
    """
    import shutil

    from tui.sources.local.serving.folder import EndpointFolder, true_serving

    called = sources.local(settings).describe_endpoint(name).name.removeprefix(LOCAL)
    folder = EndpointFolder(sources.local_endpoints(settings) / called)
    serving = true_serving(folder)
    if serving is not None and serving.server.is_alive:
        raise WrongUsage(f"{LOCAL}{called} is served", "end its `sagetop serve` with ctrl-c")
    shutil.rmtree(folder.path, ignore_errors=True)


def _changing(options: Options) -> Settings:
    settings = options.settings()
    if settings.read_only:
        raise WrongUsage("nothing is stopped or removed with --read-only", "leave it out")
    return settings


def _folder(settings: Settings, job: str) -> JobFolder:
    """The folder of a job, named with the prefix or without.

    Raises:
        NotFound: There is none.
    """
    try:
        found = sources.local(settings).describe_job(job)
    except NotFound:
        raise no_such(job if job.startswith(LOCAL) else LOCAL + job, ["job"]) from None
    return JobFolder(sources.jobs_folder(settings) / found.name.removeprefix(LOCAL))

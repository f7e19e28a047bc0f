"""`sagetop train`: runs a training job on this machine, under SageMaker's contract."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tui.cli import sources
from tui.cli.change import Changing
from tui.cli.exits import WrongUsage
from tui.cli.options import Options
from tui.cli.output import complain, emit, emit_json, flush
from tui.cli.shared import shared
from tui.config import Settings
from tui.model.jobs import LOCAL, MetricDefinition
from tui.model.paths import path_of

if TYPE_CHECKING:
    from tui.sources.local.spec import Channel, Spec

_SIZES = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?)b?", re.IGNORECASE)

_EPILOG = """\
\b
Examples:
  sagetop train --example --wait
  sagetop train train.py --hp epochs=3 --channel train=data/ --wait
  sagetop train train.py --instance-count 2 --metric 'loss=loss=(\\S+)' --attach
  sagetop train train.py --instance-type local_gpu --gpus 1    waits for a free GPU
  sagetop train --spec job.yaml                                here, and the same on SageMaker:
  sagetop train --spec job.yaml --submit
"""


@click.command(cls=Changing, epilog=_EPILOG)
@click.argument("script", required=False, metavar="[SCRIPT]")
@click.option("--example", is_flag=True, help="A small model that comes with sagetop, and overfits.")
@click.option("--spec", "spec_file", metavar="FILE", help="YAML or JSON in the shape of CreateTrainingJob.")
@click.option("--name", metavar="NAME", help="The job's name.  [default: the script's, with the time]")
@click.option("--hp", "hyperparameters", metavar="KEY=VALUE", multiple=True, help="A hyperparameter.")
@click.option("--channel", "channels", metavar="NAME=PATH", multiple=True, help="A channel, and where its data lies.")
@click.option("--instance-count", metavar="N", type=click.IntRange(1, 64), help="How many hosts.  [default: 1]")
@click.option("--instance-type", type=click.Choice(["local_cpu", "local_gpu"]), help="With GPUs or without.")
@click.option("--metric", "metrics", metavar="NAME=REGEX", multiple=True, help="A metric definition.")
@click.option("--env", "variables", metavar="KEY=VALUE", multiple=True, help="An environment variable of the script.")
@click.option("--source", metavar="FOLDER", help="The folder with all of the code; SCRIPT is relative to it.")
@click.option("--requirements", metavar="FILE", help="Packages to install, once, into an environment of their own.")
@click.option("--python", metavar="FILE", help="The interpreter.  [default: the active environment's]")
@click.option("--max-run", metavar="SECONDS", type=click.IntRange(min=1), help="Stop it after that.  [default: a day]")
@click.option("--gpus", metavar="N", type=click.IntRange(1, 64), help="GPUs for each host; waits until they are free.")
@click.option("--cores", metavar="N", type=click.IntRange(1, 4096), help="Cores for each host; waits likewise.")
@click.option("--max-disk", metavar="SIZE", help="End it when its folder grows beyond this: 500MB, 20GB.")
@click.option("--attach", is_flag=True, help="Open the monitor at the job.")
@click.option("--wait", is_flag=True, help="Print its log, and end with it: 1 if it Failed or was Stopped.")
@click.option("--submit", is_flag=True, help="Run it on SageMaker: show what is sent, upload the code, start it.")
@click.option("--yes", is_flag=True, help="With --submit: do not ask. A protected name needs --confirm.")
@click.option("--confirm", metavar="NAME", help="With --submit: confirm it by the name.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object: the job's name and folder.")
@shared
def train(
    options: Options,
    /,
    *,
    script: str | None,
    spec_file: str | None,
    example: bool,
    attach: bool,
    wait: bool,
    submit: bool,
    yes: bool,
    confirm: str | None,
    as_json: bool,
    **given: object,
) -> int:
    """Run a training job on this machine, as SageMaker would run it.

    SCRIPT gets its hyperparameters as arguments, SM_* variables and a folder in place of /opt/ml. It returns once the
    job has started; the job goes on when the terminal is closed.
    """
    if [script is None, spec_file is None, not example].count(False) != 1:
        raise WrongUsage("what is to be trained?", "name a script, or a request with --spec, or try --example")
    if example:
        script, given = _example(given)
    if attach and wait:
        raise WrongUsage("--attach and --wait exclude each other", "say one of them")
    settings = options.settings()
    if settings.read_only:
        raise WrongUsage("nothing is started with --read-only", "leave it out")
    spec, elsewhere = _spec(script, spec_file, given)
    if submit:
        from tui.cli.submit import submit as send

        if attach or wait:
            raise WrongUsage("--submit goes without --attach and --wait", "see sagetop attach, sagetop wait")
        return send(options, spec, elsewhere, yes=yes, confirm=confirm, as_json=as_json)
    if yes or confirm:
        raise WrongUsage("--yes and --confirm are for --submit", "leave them out")
    if elsewhere:
        name = elsewhere[0].get("ChannelName")
        raise WrongUsage(f"the channel {name} is not on this machine", f"say where: --channel {name}=PATH")
    if piped := next((channel for channel in spec.channels if channel.mode not in ("File", "FastFile")), None):
        raise WrongUsage(f"the channel {piped.name} is to come in {piped.mode} mode", "File and FastFile run here")
    if spec.requirements is None and not example and os.access(spec.source / "requirements.txt", os.R_OK):
        complain(f"{spec.source.name}/requirements.txt is not installed", "SageMaker does; here: --requirements FILE")
    from tui.sources.local.launch import start

    jobs = sources.jobs_folder(settings)
    try:
        folder = start(spec, jobs)
    except OSError as error:
        raise WrongUsage(
            f"the job cannot be started ({error.strerror}: {error.filename or jobs})", "look there"
        ) from None
    name = LOCAL + folder.name
    if attach:
        from tui.cli.opening import open_monitor

        return open_monitor(options, name)
    if wait:
        complain(name, str(folder.path))
        return _wait(options, settings, name)
    if as_json:
        emit_json({"name": name, "folder": str(folder.path)})
    else:
        emit(name)
    flush()
    return 0


def _example(given: Mapping[str, object]) -> tuple[str, dict[str, object]]:
    """The script that comes with sagetop, its metrics, and an interpreter that has what it imports: this one."""
    from tui.sources.local.example import METRICS, SCRIPT

    metrics = given["metrics"] or [f"{metric.name}={metric.regex}" for metric in METRICS]
    return str(SCRIPT), {**given, "metrics": metrics, "python": given["python"] or sys.executable}


def _wait(options: Options, settings: Settings, name: str) -> int:
    """Prints the job's log as it comes, says why it failed if it did, and gives the exit code of its end."""
    from tui.cli.log_output import LogWriter, form_for
    from tui.cli.log_printing import follow_log
    from tui.cli.log_reading import of_job

    options = replace(options, local=True)
    source = sources.local(settings)
    log = of_job(source, name, options, settings, 0)
    code = follow_log(log, LogWriter(form_for(as_json=False, cleaned=None)), None)
    if code and (reason := source.describe_job(name).failure_reason):
        complain(f"{name} failed", " ".join(reason.split()))
    return code


def _spec(
    script: str | None, spec_file: str | None, given: Mapping[str, object]
) -> tuple[Spec, Sequence[Mapping[str, Any]]]:
    """The job that the command line describes, which goes before what the file says; and its channels in S3."""
    from tui.sources.local.launch import new_name
    from tui.sources.local.spec import Spec, from_request, read_request

    source, channels = _path(given["source"]), _channels(given["channels"])
    elsewhere: list[Mapping[str, Any]] = []
    if spec_file is not None:
        path = Path(spec_file)
        request, elsewhere = _apart(read_request(path), channels)
        base = from_request(request, path.absolute().parent)
        if source is not None:
            base = replace(base, source=source, whole_source=True)
    else:
        entry = path_of(str(script))
        folder = source or entry.absolute().parent
        inside = str(entry) if source is not None else entry.name
        base = Spec("", inside, folder, source is not None)
    changes: dict[str, object] = {
        "instance_count": given["instance_count"],
        "instance_type": given["instance_type"] or ("local_gpu" if given["gpus"] else None),
        "max_run_s": given["max_run"],
        "gpus": given["gpus"],
        "cores": given["cores"],
        "max_disk": _bytes(given["max_disk"]),
        "requirements": _path(given["requirements"]),
        "metric_definitions": tuple(MetricDefinition(*pair) for pair in _pairs("--metric", given["metrics"])) or None,
        "python": given["python"] or (_python() if base.python == "python3" else None),
        "name": given["name"] or (None if base.name else new_name(base.script)),
    }
    spec = replace(base, **{key: value for key, value in changes.items() if value is not None})  # type: ignore[arg-type]
    channels = {channel.name: channel for channel in spec.channels} | channels
    whole = replace(
        spec,
        hyperparameters={**spec.hyperparameters, **dict(_pairs("--hp", given["hyperparameters"]))},
        environment={**spec.environment, **dict(_pairs("--env", given["variables"]))},
        channels=tuple(channels.values()),
    )
    return whole, elsewhere


def _apart(request: dict[str, Any], given: Mapping[str, Channel]) -> tuple[dict[str, Any], list[Mapping[str, Any]]]:
    """The request without the channels that the command line gives, and without those that lie in S3: these."""
    channels = request.get("InputDataConfig")
    if not isinstance(channels, list) or not all(isinstance(channel, dict) for channel in channels):
        return request, []  # whoever reads the request says so
    kept = [channel for channel in channels if channel.get("ChannelName") not in given]
    elsewhere = [channel for channel in kept if "s3://" in str(channel.get("DataSource"))]
    return {**request, "InputDataConfig": [channel for channel in kept if channel not in elsewhere]}, elsewhere


def _channels(given: object) -> dict[str, Channel]:
    from tui.sources.local.spec import Channel, local_path

    found = {}
    for name, where in _pairs("--channel", given):
        path = local_path(where)
        if path is None:
            raise WrongUsage(f"the channel {name} is {where}, which is not on this machine", "give a path")
        found[name] = Channel(name, path.absolute())
    return found


def _pairs(option: str, given: object) -> list[tuple[str, str]]:
    assert isinstance(given, Sequence)
    pairs = []
    for text in given:
        name, equals, value = str(text).partition("=")
        if not name or not equals:
            raise WrongUsage(f"{option} {text} has no value", f"say {option} NAME=VALUE")
        pairs.append((name, value))
    return pairs


def _path(given: object) -> Path | None:
    return None if given is None else path_of(str(given)).absolute()


def _bytes(given: object) -> int | None:
    if given is None:
        return None
    match = _SIZE.fullmatch(str(given).strip())
    if match is None:
        raise WrongUsage(f"--max-disk {given} is no size", "say 500MB or 20GB")
    return int(float(match[1]) * _SIZES[match[2].lower()])


def _python() -> str:
    """The interpreter that the person works with: that of the active environment, else the one that runs sagetop."""
    for variable in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        python = Path(os.environ.get(variable) or "/nowhere") / "bin" / "python"
        if python.exists():
            return str(python)
    return sys.executable

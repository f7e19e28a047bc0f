"""`sagetop deploy`: a model.tar.gz becomes an endpoint on AWS."""

from __future__ import annotations

import re
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from tui.cli import sources
from tui.cli.change import Mutation, change, confirming
from tui.cli.exits import Exit, WrongUsage
from tui.cli.options import Options
from tui.cli.output import complain
from tui.cli.shared import shared
from tui.model.clean import clean
from tui.model.logs import LogAddress
from tui.model.models import Deployment
from tui.sources.base import Source, SourceError

if TYPE_CHECKING:
    from tui.mutations import Guard, Outcome
    from tui.sources.aws.source import AwsSource

_LOOK_EVERY_S = 5.0
_EPILOG = """\
\b
Examples:
  sagetop deploy --model-data model.tar.gz --image IMAGE --role ROLE_ARN \\
                 --instance-type ml.m5.large
  sagetop deploy --name churn --model-data s3://bucket/model.tar.gz \\
                 --image IMAGE --role ROLE_ARN --instance-type ml.m5.large --yes --cleanup
"""


@click.command(cls=Mutation, epilog=_EPILOG)
@click.option("--model-data", metavar="FILE|S3", required=True, help="The model.tar.gz: a file, or its place in S3.")
@click.option("--image", metavar="URI", required=True, help="The container that runs it.")
@click.option("--role", metavar="ARN", required=True, help="The role that SageMaker takes on.")
@click.option("--instance-type", metavar="TYPE", required=True, help="ml.m5.large and the like.")
@click.option("--instance-count", metavar="N", type=click.IntRange(1, 1000), default=1, help="How many.  [default: 1]")
@click.option("--name", metavar="NAME", help="The endpoint's name.  [default: the file's, and the time]")
@click.option("--env", "variables", metavar="KEY=VALUE", multiple=True, help="A variable of the container.")
@click.option("--upload-to", metavar="S3", help="Where a file is put.  [default: s3://sagemaker-REGION-ACCOUNT]")
@click.option("--no-wait", is_flag=True, help="Do not follow it until it is in service.")
@click.option("--cleanup", is_flag=True, help="Delete what was created if it fails.")
@confirming
@shared
def deploy(
    options: Options,
    *,
    model_data: str,
    image: str,
    role: str,
    instance_type: str,
    instance_count: int,
    name: str | None,
    variables: tuple[str, ...],
    upload_to: str | None,
    no_wait: bool,
    cleanup: bool,
    yes: bool,
    confirm: str | None,
    as_json: bool,
) -> int:
    """Deploy a model, and follow it until it is in service.

    A file is uploaded; then a model, an endpoint config and an endpoint are made. All of it is shown before anything
    is sent. What fails says why, with the endpoint's log.
    """
    from tui.mutations import NotPossible
    from tui.mutations.deploying import fault_of, looked_at, name_for

    given = dict(_pair(variable) for variable in variables)
    called = name or name_for(model_data, datetime.now(timezone.utc))
    if fault := fault_of(called, instance_type):
        raise WrongUsage(fault, "see --name and --instance-type")
    try:
        archive, found, notes = looked_at(model_data)
    except NotPossible as problem:
        raise WrongUsage(problem.what, problem.hint) from None
    except OSError as error:
        raise WrongUsage(f"{model_data} cannot be read ({error.strerror})", "name a file that you may read") from None
    environ = {**found, **given}
    if upload_to is not None and (archive is None or not re.match("s3://[^/]", upload_to)):
        raise WrongUsage("--upload-to says where in S3 a file is put", "--upload-to s3://BUCKET/PREFIX")

    def plan(guard: Guard, source: Source) -> Any:
        from tui.mutations import see
        from tui.mutations.deploying import DeploymentSubject, deploy, place_for

        seen = see(source, DeploymentSubject(called))
        data = place_for(seen, called, upload_to or "") if archive else model_data
        wanted = Deployment(called, data, image, role, instance_type, instance_count, environ=environ)
        return deploy(guard, seen, wanted, archive, notes)

    made: list[str] = []

    def told(outcome: Outcome) -> None:
        from tui.mutations.deploying import created

        made.extend(created(outcome))

    started = datetime.now(timezone.utc)
    with _uploading(archive) as begin:
        code = change(options, plan, yes=yes, confirm=confirm, as_json=as_json, begin=begin, told=told)
    if code == Exit.DONE and not no_wait:
        source = sources.aws(options, options.settings())
        try:
            code = Exit.DONE if _follow(source, options.timeout, called, started) else Exit.JOB_FAILED
        except (SourceError, KeyboardInterrupt):
            complain(f"{called} was created and is billed, and is not followed any more", "see sagetop endpoints")
            raise
    if code != Exit.DONE and made:
        _clean_up(options, called, made, cleanup=cleanup, as_json=as_json)
    return code


def _pair(variable: str) -> tuple[str, str]:
    key, equals, value = variable.partition("=")
    if not equals or not key:
        raise WrongUsage(f"{variable!r} is no KEY=VALUE", "--env KEY=VALUE")
    return key, value


@contextmanager
def _uploading(archive: Path | None) -> Iterator[Any]:
    """Shows on a terminal how far an upload is, from when the source is given to it until the block ends."""
    ended = threading.Event()
    threads: list[threading.Thread] = []

    def watch(source: Source) -> None:
        if archive is None or not sys.stderr.isatty():
            return
        size = archive.stat().st_size
        threads.append(threading.Thread(target=_draw, args=(cast("AwsSource", source), size, ended), daemon=True))
        threads[-1].start()

    try:
        yield watch
    finally:
        ended.set()
        for thread in threads:
            thread.join()


def _draw(source: AwsSource, size: int, ended: threading.Event) -> None:
    last = -1
    while not ended.wait(0.2):
        share = min(source.clients.uploaded / max(size, 1), 1.0)
        if share > 0 and int(share * 100) != last:
            last = int(share * 100)
            bar = "#" * (last // 5)
            sys.stderr.write(f"\rupload [{bar:<20}] {last:>3}%")
            sys.stderr.flush()
    if last >= 0:
        sys.stderr.write("\r" + " " * 40 + "\r")


def _follow(source: Source, timeout: float, name: str, started: datetime) -> bool:
    """Says each status as it comes, until it is in service (True) or has failed."""
    said = ""
    while True:
        endpoint = sources.within(timeout, partial(source.describe_endpoint, name))
        if endpoint.status != said:
            said = endpoint.status
            complain(f"{name}: {said}")
        if endpoint.status == "InService":
            return True
        if endpoint.status not in ("Creating", "Updating", "SystemUpdating"):
            complain(f"{name} failed: {endpoint.failure_reason or endpoint.status}")
            _show_log(source, name, started)
            return False
        time.sleep(_LOOK_EVERY_S)


def _show_log(source: Source, name: str, started: datetime) -> None:
    from tui.follow.moment import lines_of

    start_ms = int(started.timestamp() * 1000)
    try:
        lines = sources.within(15, partial(lines_of, source, LogAddress("endpoint", name), start_ms, wait_s=1.0))
    except SourceError as error:
        complain(f"its log cannot be read: {error.what}", error.hint)
        return
    for event in lines:
        sys.stderr.write(f"[{clean(event.host)}] {clean(event.message)}\n")


def _clean_up(options: Options, name: str, made: Sequence[str], *, cleanup: bool, as_json: bool) -> None:
    """Deletes what was created, if the person says so, and nothing else."""

    def plan(guard: Guard, source: Source) -> Any:
        from tui.mutations import see
        from tui.mutations.deploying import DeploymentSubject, take_away

        return take_away(guard, see(source, DeploymentSubject(name)), made)

    if cleanup:
        change(options, plan, yes=True, confirm=name, as_json=as_json)
    elif sys.stdin.isatty():
        change(options, plan, yes=False, confirm=None, as_json=as_json)
    else:
        complain(f"what was created is left as it is: {', '.join(made)} {name}", "--cleanup deletes it after a failure")

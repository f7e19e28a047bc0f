"""What `sagetop train --submit` sends: the same job, on SageMaker."""

from __future__ import annotations

import json
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui.cli.change import change
from tui.cli.exits import WrongUsage
from tui.cli.options import Options

if TYPE_CHECKING:
    from tui.mutations import Change, Guard
    from tui.sources.base import Source
    from tui.sources.local.spec import Spec

_MOST_FILES = 100
_MOST_BYTES = 100 * 10**6
_CODE = "source/sourcedir.tar.gz"


def submit(
    options: Options,
    spec: Spec,
    elsewhere: Sequence[Mapping[str, Any]],
    *,
    yes: bool,
    confirm: str | None,
    as_json: bool,
) -> int:
    """Packs the source folder, shows what is sent, has it confirmed, uploads it and starts the job.

    Args:
        options: The shared options.
        spec: The job as it would run here.
        elsewhere: The channels of its request that lie in S3 already.
        yes: `--yes`.
        confirm: `--confirm NAME`.
        as_json: Print the outcome as JSON.
    """
    with tempfile.TemporaryDirectory(prefix="sagetop-") as folder:
        files = {_CODE: _packed(spec, Path(folder) / "sourcedir.tar.gz"), **_data(spec)}

        def plan(guard: Guard, source: Source) -> Change:
            from tui.mutations import see
            from tui.mutations.training import NewJobSubject, create, prefix_of

            request = {key: value for key, value in spec.to_request().items() if key != "Local"}
            bucket, prefix = prefix_of(request)
            place = f"s3://{bucket}/{prefix}"
            # As the SageMaker SDK writes them: JSON inside of strings.
            request["HyperParameters"] |= {
                "sagemaker_program": json.dumps(spec.script),
                "sagemaker_submit_directory": json.dumps(f"{place}/{_CODE}"),
            }
            for channel in request["InputDataConfig"]:
                channel["DataSource"]["S3DataSource"]["S3Uri"] = f"{place}/input/{channel['ChannelName']}"
            request["InputDataConfig"] += elsewhere
            if not request["InputDataConfig"]:
                del request["InputDataConfig"]
            return create(guard, see(source, NewJobSubject(spec.name)), request, files)

        return change(options, plan, yes=yes, confirm=confirm, as_json=as_json)


def _packed(spec: Spec, to: Path) -> Path:
    """The source folder as SageMaker's containers take it, the requirements among it."""
    from tui.sources.local.hosts import source_files

    with tarfile.open(to, "w:gz") as archive:
        for path in source_files(spec):
            if spec.requirements is None or path != Path("requirements.txt"):
                archive.add(spec.source / path, path.as_posix(), recursive=False)
        if spec.requirements is not None:
            archive.add(spec.requirements, "requirements.txt", recursive=False)
    return to


def _data(spec: Spec) -> dict[str, Path]:
    """The files of the channels on this machine, by the ends of their keys."""
    files = {}
    for channel in spec.channels:
        root = channel.path if channel.path.is_dir() else channel.path.parent
        found = sorted(channel.path.rglob("*")) if channel.path.is_dir() else [channel.path]
        for path in found:
            if path.is_file():
                files[f"input/{channel.name}/{path.relative_to(root).as_posix()}"] = path
    size = sum(path.stat().st_size for path in files.values())
    if size > _MOST_BYTES or len(files) > _MOST_FILES:
        raise WrongUsage(
            f"{len(files)} files of {size:,} bytes are much to upload: put the data into S3 first",
            "then name it in the request: S3Uri: s3://BUCKET/PREFIX",
        )
    return files

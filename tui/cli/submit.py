"""What `sagetop train --submit` sends: the same job, on SageMaker."""

from __future__ import annotations

import json
import os
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui.cli.change import change
from tui.cli.exits import WrongUsage
from tui.cli.options import Options
from tui.model.changes import Row
from tui.model.words import DASH, plural

if TYPE_CHECKING:
    from tui.mutations import Change, Guard
    from tui.sources.base import Source
    from tui.sources.local.spec import Spec

_MOST_FILES = 100
_MOST_BYTES = 100 * 10**6
_MOST_CODE_FILES = 10_000
_MOST_CODE_BYTES = 500 * 10**6
_NAMED = 12
"""How many of the files that are left out are named."""
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
        try:
            spec.checked()
            packed = _packed(spec, Path(folder) / "sourcedir.tar.gz")
            files = {_CODE: packed.archive, **_data(spec)}
        except OSError as error:
            what = f"{error.filename or spec.source} cannot be packed or read ({error.strerror or error})"
            raise WrongUsage(what, "nothing was sent") from None

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
            planned = create(guard, see(source, NewJobSubject(spec.name)), request, files)
            return replace(planned, rows=(*planned.rows, packed.row), notes=(*planned.notes, *packed.notes))

        return change(options, plan, yes=yes, confirm=confirm, as_json=as_json)


@dataclass(frozen=True, slots=True)
class _Packed:
    """The code in an archive, and what the preview says of it."""

    archive: Path
    row: Row
    notes: tuple[str, ...]


def _packed(spec: Spec, to: Path) -> _Packed:
    """The source folder as SageMaker's containers take it, the requirements among it.

    Raises:
        WrongUsage: A link in it leads outside, or it is too large to be code.
        OSError: Something cannot be read, or not packed.
    """
    from tui.sources.local.code import code_of

    code, inside = code_of(spec), spec.source.resolve()
    files = {path.as_posix(): spec.source / path for path in code.files}
    for name, path in files.items():
        if not path.resolve().is_relative_to(inside):
            raise WrongUsage(f"{name} is a link that leads out of {spec.source}", "put the file there, or remove it")
    if spec.requirements is not None:
        files["requirements.txt"] = spec.requirements
    size = sum(path.stat().st_size for path in files.values())
    if size > _MOST_CODE_BYTES or len(files) > _MOST_CODE_FILES:
        raise WrongUsage(
            f"{spec.source} has {plural(len(files), 'file')} of {size:,} bytes, which is no code",
            "name the folder of the code with --source, and data with --channel",
        )
    with tarfile.open(to, "w:gz", dereference=True) as archive:
        for name, path in files.items():
            archive.add(path, name, recursive=False, filter=_of_nobody)
    notes = []
    if code.left_out:
        more = len(code.left_out) - _NAMED
        names = ", ".join([*map(str, code.left_out[:_NAMED]), *([f"{more:,} more"] if more > 0 else [])])
        notes.append(f"left out of the code: {names} (hidden, caches, environments, links to folders)")
    said = f"{plural(len(files), 'file')}, {size:,} bytes before packing, of {spec.source}"
    return _Packed(to, Row("code", DASH, said), tuple(notes))


def _of_nobody(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Whose files they are here is nobody's business there."""
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


def _data(spec: Spec) -> dict[str, Path]:
    """The files of the channels on this machine, by the ends of their keys."""
    files = {}
    for channel in spec.channels:
        root = channel.path if channel.path.is_dir() else channel.path.parent
        found = sorted(channel.path.rglob("*")) if channel.path.is_dir() else [channel.path]
        for path in found:
            if path.is_file():
                files[f"input/{channel.name}/{path.relative_to(root).as_posix()}"] = path
    size = 0
    for path in files.values():
        with path.open("rb") as file:  # what may not be read is said before anything is sent
            size += os.fstat(file.fileno()).st_size
    if size > _MOST_BYTES or len(files) > _MOST_FILES:
        raise WrongUsage(
            f"{len(files)} files of {size:,} bytes are much to upload: put the data into S3 first",
            "then name it in the request: S3Uri: s3://BUCKET/PREFIX",
        )
    return files

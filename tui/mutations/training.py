"""Starting a training job on SageMaker: its code and data put into S3, then CreateTrainingJob."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tui.model.changes import Call, Row, State
from tui.model.words import DASH
from tui.mutations.change import Change, Guard, NotPossible, Seen
from tui.mutations.jobs import JobSubject
from tui.sources.base import NotFound, Source

_WANTED = {
    "RoleArn": "the role that SageMaker takes on",
    "OutputDataConfig.S3OutputPath": "where the model goes",
    "AlgorithmSpecification.TrainingImage": "the container",
}


@dataclass(frozen=True, slots=True)
class NewJobSubject(JobSubject):
    """A training job that is not there yet."""

    def record(self) -> dict[str, Any]:
        """As the audit log keeps it."""
        return {"type": "new job", "job": self.job}

    def read(self, source: Source) -> State:
        """DescribeTrainingJob; None while there is no such job."""
        try:
            return JobSubject.read(self, source)
        except NotFound:
            return None

    def same(self, change: Change, now: State) -> bool:
        """Whether there still is none."""
        del change
        return now is None

    def shows(self, change: Change, now: State) -> bool:
        """Whether there is one."""
        del change
        return now is not None

    def tell(self, before: State, after: State) -> tuple[Row, ...]:
        """Its status, once it has one."""
        del before
        return () if after is None else (Row("status", DASH, str(after["status"])),)


def prefix_of(request: Mapping[str, Any]) -> tuple[str, str]:
    """The bucket, and the key under which all of this job lies: `S3OutputPath/NAME`.

    Raises:
        NotPossible: The request lacks what SageMaker wants to know.
    """
    for key, what in _WANTED.items():
        value: Any = request
        for part in key.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
        if not value:
            raise NotPossible(f"the request has no {key}", f"it names {what}")
    kind = str(request["ResourceConfig"]["InstanceType"])
    if not kind.startswith("ml."):
        raise NotPossible(f"SageMaker has no instance type {kind}", "ResourceConfig.InstanceType: ml.m5.xlarge")
    where = urlsplit(str(request["OutputDataConfig"]["S3OutputPath"]))
    if where.scheme != "s3" or not where.netloc:
        raise NotPossible(f"{where.geturl()} is no place in S3", "OutputDataConfig.S3OutputPath: s3://BUCKET/PREFIX")
    return where.netloc, f"{where.path.strip('/')}/{request['TrainingJobName']}".lstrip("/")


def create(guard: Guard, seen: Seen, request: Mapping[str, Any], files: Mapping[str, Path]) -> Change:
    """Start a training job.

    Args:
        guard: What it is held against.
        seen: A NewJobSubject as it was seen.
        request: CreateTrainingJob's.
        files: What is put into the job's part of the bucket before, by the end of its key.

    Raises:
        NotPossible: There is a job of this name, or the request lacks something.
    """
    name = str(request["TrainingJobName"])
    if seen.state is not None:
        raise NotPossible(f"there is a training job {name} already", "give another --name")
    bucket, prefix = prefix_of(request)
    uploads = tuple(
        Call("s3", "PutObject", {"Bucket": bucket, "Key": f"{prefix}/{key}", "Body": {"File": str(path)}})
        for key, path in files.items()
    )
    resources = request["ResourceConfig"]
    hosts = f"{resources['InstanceCount']} × {resources['InstanceType']}"
    size = sum(path.stat().st_size for path in files.values())
    return Change(
        kind="job.create",
        title=f"Start training job {name} on SageMaker",
        identity=seen.identity,
        subject=seen.subject,
        before=None,
        wanted={"status": "InProgress"},
        calls=(*uploads, Call("sagemaker", "CreateTrainingJob", request)),
        rows=(
            Row("status", DASH, "InProgress"),
            Row("instances", DASH, hosts),
            Row("image", DASH, str(request["AlgorithmSpecification"]["TrainingImage"])),
            Row("upload", DASH, f"{len(files)} files, {size:,} bytes, to s3://{bucket}/{prefix}"),
        ),
        notes=("SageMaker bills its instances from when they start until the job has ended",),
        typed=guard.protects(name),
        undoable=False,
    )

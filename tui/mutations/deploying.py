"""Deploying a model archive: upload, CreateModel, CreateEndpointConfig, CreateEndpoint; and taking it away again."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from tui.model.changes import Call, Row, State
from tui.model.models import Deployment
from tui.model.words import DASH
from tui.mutations.change import Change, Guard, NothingToDo, NotPossible, Seen
from tui.mutations.guarded import Outcome
from tui.sources.base import NotFound, Refused, Source
from tui.sources.model_archive import BadArchive, check

CODE = "code/inference.py"
_NAME = re.compile(r"[A-Za-z0-9](?:-?[A-Za-z0-9]){0,62}")
PARTS = ("model", "config", "endpoint")
"""What a deployment makes, in this order."""
_NAMED = {"model": "ModelName", "config": "EndpointConfigName", "endpoint": "EndpointName"}
_CALLED = {"model": "Model", "config": "EndpointConfig", "endpoint": "Endpoint"}


@dataclass(frozen=True, slots=True)
class DeploymentSubject:
    """A model, an endpoint configuration and an endpoint of one name, as far as they exist."""

    endpoint: str

    @property
    def name(self) -> str:
        """The endpoint's name."""
        return self.endpoint

    def record(self) -> dict[str, Any]:
        """As the audit log keeps it."""
        return {"type": "deployment", "endpoint": self.endpoint}

    def read(self, source: Source) -> State:
        """DescribeModel, DescribeEndpointConfig and DescribeEndpoint: which of them there are; None without any."""
        found = {part: words for part in PARTS if (words := self._part(source, part)) is not None}
        return found or None

    def _part(self, source: Source, part: str) -> str | None:
        try:
            answer = source.send(Call("sagemaker", f"Describe{_CALLED[part]}", {_NAMED[part]: self.endpoint}))
        except NotFound:
            return None
        except Refused as refused:
            # What SageMaker does not find, it calls a validation error.
            if "not find" in refused.what.lower() or "not exist" in refused.what.lower():
                return None
            raise
        return str(answer.get("EndpointStatus", "exists"))

    def same(self, change: Change, now: State) -> bool:
        """Whether there is as much of it as there was; an endpoint's status goes on by itself."""
        return set(now or ()) == set(change.before or ())

    def shows(self, change: Change, now: State) -> bool:
        """Whether there is all that was wanted, and nothing else; what is being deleted is on its way."""
        there = {part for part, words in (now or {}).items() if words != "Deleting"}
        return there == set(change.wanted or ())

    def tell(self, before: State, after: State) -> tuple[Row, ...]:
        """Each of the three."""
        words = {"model": "model", "config": "endpoint config", "endpoint": "endpoint"}
        return tuple(Row(words[part], (before or {}).get(part, DASH), (after or {}).get(part, DASH)) for part in PARTS)

    def sending(self, guard: Guard, change: Change) -> None:
        """Nothing has to be kept but the audit log."""

    def ended(self, guard: Guard, change: Change, after: State, *, arrived: bool | None) -> None:
        """Nothing was kept."""


def looked_at(model_data: str) -> tuple[Path | None, dict[str, str], tuple[str, ...]]:
    """What is to be known of a model's data before it is deployed.

    Args:
        model_data: A file, or where it lies in S3.

    Returns:
        The file to upload, None for what lies in S3; the variables by which the container finds its code; notes.

    Raises:
        NotPossible: There is no such file, or it is not to be deployed.
        OSError: It cannot be read.
    """
    if model_data.startswith("s3://"):
        if not re.fullmatch("s3://[^/]+/.+", model_data):
            raise NotPossible(f"{model_data} is no place in S3", "s3://BUCKET/…/model.tar.gz")
        return None, {}, ("the archive in S3 was not looked at",)
    path = Path(model_data).expanduser()
    if not path.is_file():
        raise NotPossible(f"there is no file {model_data}", "name a model.tar.gz, or s3://…/model.tar.gz")
    try:
        members = check(path)
    except BadArchive as error:
        raise NotPossible(f"{model_data} is not deployed: {error}", "sagetop serve tries it on this machine") from None
    if CODE in {str(member.path) for member in members}:
        variables = {"SAGEMAKER_PROGRAM": "inference.py", "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code"}
        return path, variables, ()
    return path, {}, (f"the archive has no {CODE}: the image has to bring its own",)


def name_for(model_data: str, now: datetime) -> str:
    """`churn-2026-11-22-15-10-15` of churn.tar.gz or of churn/model.tar.gz."""
    path = Path(model_data.removeprefix("s3://")).absolute()
    stem = path.name.split(".")[0]
    base = re.sub(r"[^A-Za-z0-9]+", "-", path.parent.name if stem == "model" else stem).strip("-")[:40].strip("-")
    return f"{base or 'model'}-{now:%Y-%m-%d-%H-%M-%S}"


def fault_of(name: str, instance_type: str) -> str:
    """What SageMaker would not take of these, empty where it would."""
    if not _NAME.fullmatch(name):
        return f"{name!r} is no name for an endpoint: letters, digits and hyphens, up to 63"
    return "" if instance_type.startswith("ml.") else f"SageMaker has no instance type {instance_type}: ml.m5.large"


def place_for(seen: Seen, name: str, upload_to: str = "") -> str:
    """Where a file is put in S3: below `upload_to`, else in the bucket that the SDK would take."""
    where = upload_to or f"s3://sagemaker-{seen.identity.region}-{seen.identity.account}/{name}"
    return f"{where.rstrip('/')}/model.tar.gz"


def deploy(
    guard: Guard, seen: Seen, wanted: Deployment, archive: Path | None = None, notes: tuple[str, ...] = ()
) -> Change:
    """Make a model, an endpoint configuration and an endpoint.

    Args:
        guard: What it is held against.
        seen: A DeploymentSubject as it was seen.
        wanted: What is made.
        archive: The file that is uploaded to `wanted.data` before, None where it lies there already.
        notes: What a person should know of the archive.

    Raises:
        NotPossible: Something of that name exists already.
    """
    if seen.state is not None:
        parts = ", ".join(_CALLED[part] for part in seen.state)
        raise NotPossible(
            f"there is something of the name {wanted.name} already ({parts})", "give another --name, or delete that"
        )
    bucket, _, key = wanted.data.removeprefix("s3://").partition("/")
    upload = (
        (Call("s3", "PutObject", {"Bucket": bucket, "Key": key, "Body": {"File": str(archive)}}),) if archive else ()
    )
    container = {"Image": wanted.image, "ModelDataUrl": wanted.data, "Environment": dict(wanted.environ)}
    variant = {
        "VariantName": wanted.variant,
        "ModelName": wanted.name,
        "InstanceType": wanted.instance_type,
        "InitialInstanceCount": wanted.instance_count,
        "InitialVariantWeight": 1.0,
    }
    name = wanted.name
    size = (Row("upload", DASH, f"{archive.stat().st_size:,} bytes of {archive}"),) if archive else ()
    return Change(
        kind="deploy",
        title=f"Deploy a model as endpoint {name}",
        identity=seen.identity,
        subject=seen.subject,
        before=None,
        wanted=dict.fromkeys(PARTS, "exists") | {"endpoint": "Creating"},
        calls=(
            *upload,
            Call(
                "sagemaker",
                "CreateModel",
                {"ModelName": name, "PrimaryContainer": container, "ExecutionRoleArn": wanted.role},
            ),
            Call(
                "sagemaker",
                "CreateEndpointConfig",
                {"EndpointConfigName": name, "ProductionVariants": [variant]},
            ),
            Call("sagemaker", "CreateEndpoint", {"EndpointName": name, "EndpointConfigName": name}),
        ),
        rows=(
            *size,
            Row("model data", DASH, wanted.data),
            Row("image", DASH, wanted.image),
            Row("role", DASH, wanted.role),
            Row("instances", DASH, f"{wanted.instance_count} × {wanted.instance_type}"),
            *(Row(f"env {key}", DASH, value) for key, value in sorted(wanted.environ.items())),
        ),
        notes=("its instances are billed from now on until the endpoint is deleted", *notes),
        typed=guard.protects(name),
        undoable=False,
    )


def created(outcome: Outcome) -> tuple[str, ...]:
    """What a deployment made or may have made: there was nothing of its name just before it was sent."""
    made = {sent.call.operation for sent in outcome.sent if sent.result in ("done", "unknown")}
    return tuple(part for part in PARTS if f"Create{_CALLED[part]}" in made)


def take_away(guard: Guard, seen: Seen, made: Collection[str]) -> Change:
    """Delete what a deployment made of the endpoint, the endpoint configuration and the model, as far as it exists.

    The archive in S3 stays: a bucket is not sagetop's to clean.

    Args:
        guard: What it is held against.
        seen: A DeploymentSubject as it was seen.
        made: Which of the three the deployment made; nothing else is touched.

    Raises:
        NothingToDo: None of it is there.
    """
    name, state = seen.subject.name, seen.state or {}
    parts = [part for part in reversed(PARTS) if part in made and state.get(part, "Deleting") != "Deleting"]
    if not parts:
        raise NothingToDo(f"nothing of {name} is left")
    left = {part: words for part, words in state.items() if part not in parts}
    return Change(
        kind="deploy.delete",
        title=f"Delete endpoint {name} with its config and model",
        identity=seen.identity,
        subject=seen.subject,
        before=state,
        wanted=left,
        calls=tuple(Call("sagemaker", f"Delete{_CALLED[part]}", {_NAMED[part]: name}) for part in parts),
        rows=seen.subject.tell(state, left),
        notes=("the archive in S3 stays where it is", "this cannot be undone"),
        typed=guard.protects(name),
        undoable=False,
    )

"""`D` — a model.tar.gz becomes an endpoint; nothing is sent from here."""

from __future__ import annotations

from collections.abc import Mapping

from tui.model.models import Deployment
from tui.mutations import Change, Guard, NotPossible, see
from tui.mutations.deploying import DeploymentSubject, deploy, fault_of, looked_at, name_for, place_for
from tui.screens.change import Plan
from tui.screens.change_form import Field, FormScreen
from tui.screens.context import Context
from tui.sources.base import Source

_FIELDS = (
    Field("data", "model data", "model.tar.gz, or s3://…/model.tar.gz"),
    Field("image", "image", "the container that runs it"),
    Field("role", "role", "arn:aws:iam::…: what SageMaker takes on"),
    Field("type", "instance type", "ml.m5.large"),
    Field("count", "instances", "1"),
    Field("name", "name", "the file's, and the time"),
    Field("place", "upload to", "s3://sagemaker-REGION-ACCOUNT/NAME"),
)
_NEEDED = {"data": "the model data", "image": "an image", "role": "a role", "type": "an instance type"}


def deploy_form(context: Context) -> FormScreen:
    """What is deployed, and on what."""

    def plan(typed: Mapping[str, str]) -> Change | Plan:
        if missing := [words for key, words in _NEEDED.items() if key not in typed]:
            raise ValueError(f"there is no {missing[0].split(' ', 1)[1]} yet: type {missing[0]}")
        name = typed.get("name") or name_for(typed["data"], context.now())
        if fault := fault_of(name, typed["type"]):
            raise ValueError(fault)
        count, upload_to = typed.get("count", "1"), typed.get("place", "")
        if not (count.isascii() and count.isdigit() and 0 < int(count) < 1000):
            raise ValueError(f"{count!r} is no number of instances")
        if upload_to and not upload_to.startswith("s3://"):
            raise ValueError(f"{upload_to!r} is no place in S3: s3://BUCKET/PREFIX")

        def planned(guard: Guard, source: Source) -> Change:
            try:
                archive, variables, notes = looked_at(typed["data"])
            except OSError as error:
                raise NotPossible(f"{typed['data']} cannot be read: {error.strerror}") from None
            seen = see(source, DeploymentSubject(name))
            data = place_for(seen, name, upload_to) if archive else typed["data"]
            wanted = Deployment(name, data, typed["image"], typed["role"], typed["type"], int(count), environ=variables)
            return deploy(guard, seen, wanted, archive, notes)

        return planned

    return FormScreen(context, "Deploy a model", _FIELDS, plan)

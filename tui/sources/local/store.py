"""A job's folder as a TrainingJob."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from tui.files import read_json
from tui.model.jobs import FinalMetric, InstanceGroup, MetricDefinition, Phase, TrainingJob
from tui.sources.local.folders import JobFolder
from tui.sources.local.state import State, true_state


def training_job(folder: JobFolder, prefix: str) -> TrainingJob | None:
    """The job of a folder, as it is now; None where the folder is none of a job.

    Args:
        folder: The folder.
        prefix: What its name begins with on screen.
    """
    request, state = read_json(folder.request), true_state(folder)
    if state is None or not request:
        return None
    return _job(folder, request, state, prefix)


def _job(folder: JobFolder, request: Mapping[str, Any], state: State, prefix: str) -> TrainingJob:
    resources = request.get("ResourceConfig", {})
    hyperparameters = request.get("HyperParameters", {})
    local = request.get("Local", {})
    ended = state.ended if state.is_ended else None
    return TrainingJob(
        name=prefix + folder.name,
        status=state.status,
        created=moment(state.created),
        arn=f"file://{platform.node()}{folder.path}",
        modified=_modified(folder),
        ended=_moment(ended),
        detailed=True,
        secondary_status=state.secondary,
        started=_moment(state.started),
        failure_reason=state.failure_reason,
        instances=(InstanceGroup(str(resources.get("InstanceType")), int(resources.get("InstanceCount", 1))),),
        image=str(local.get("Python") or ""),
        max_runtime_s=request.get("StoppingCondition", {}).get("MaxRuntimeInSeconds"),
        training_s=(ended - state.started) // 1000 if ended and state.started else None,
        model_artifact=folder.model.as_uri() if folder.model.exists() else "",
        output_path=folder.path.as_uri(),
        phases=tuple(
            Phase(phase.name, moment(phase.started), _moment(phase.ended), phase.message) for phase in state.phases
        ),
        metric_definitions=tuple(
            MetricDefinition(str(item["Name"]), str(item["Regex"]))
            for item in request.get("AlgorithmSpecification", {}).get("MetricDefinitions", ())
        ),
        final_metrics=tuple(FinalMetric(name, value, moment(time)) for name, value, time in state.final_metrics),
        hyperparameters={str(key): str(value) for key, value in hyperparameters.items()},
        channels={
            str(item["ChannelName"]): str(item["DataSource"]["S3DataSource"]["S3Uri"])
            for item in request.get("InputDataConfig", ())
        },
    )


def moment(ms: int) -> datetime:
    """A time in ms since the epoch, aware."""
    return datetime.fromtimestamp(ms / 1000, timezone.utc)


def _moment(ms: int | None) -> datetime | None:
    return None if ms is None else moment(ms)


def _modified(folder: JobFolder) -> datetime | None:
    try:
        return datetime.fromtimestamp(folder.state.stat().st_mtime, timezone.utc)
    except OSError:
        return None

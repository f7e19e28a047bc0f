"""Puts jobs, logs, metrics and endpoints straight into moto's backends: no HTTP, so that a world is there at once.

Objects are made without their class's `__new__`, because moto keeps every model made that way for as long as it runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from moto.applicationautoscaling.models import ApplicationAutoscalingBackend, applicationautoscaling_backends
from moto.cloudwatch.models import CloudWatchBackend, cloudwatch_backends
from moto.logs.models import LogGroup, LogsBackend, LogStream, logs_backends
from moto.sagemaker.models import (
    FakeEndpoint,
    FakeEndpointConfig,
    FakeTrainingJob,
    Model,
    SageMakerModelBackend,
    sagemaker_backends,
)

from tui.demo.gaps_logs import add_events, new_event
from tui.demo.gaps_metrics import Index, index_of
from tui.demo.gaps_sagemaker import set_fields
from tui.demo.launch import ACCOUNT, REGION

TRAINING_LOGS = "/aws/sagemaker/TrainingJobs"


def sagemaker() -> SageMakerModelBackend:
    """The demo account's SageMaker."""
    return sagemaker_backends[ACCOUNT][REGION]


def scaling() -> ApplicationAutoscalingBackend:
    """The demo account's Application Auto Scaling."""
    return applicationautoscaling_backends[ACCOUNT][REGION]


def metrics() -> Index:
    """The demo account's CloudWatch metrics."""
    backend: CloudWatchBackend = cloudwatch_backends[ACCOUNT][REGION]
    return index_of(backend)


def job(description: Mapping[str, Any]) -> FakeTrainingJob:
    """Puts a training job that DescribeTrainingJob answers with `description`."""
    made: FakeTrainingJob = _bare(FakeTrainingJob)
    name = description["TrainingJobName"]
    made.arn = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:training-job/{name}"
    set_fields(made, dict(description))
    sagemaker().training_jobs[name] = made
    return made


def drop_job(name: str) -> None:
    """Forgets a training job, its log and its metrics."""
    sagemaker().training_jobs.pop(name, None)
    drop_streams(TRAINING_LOGS, f"{name}/")
    metrics().drop(lambda dimensions: dimensions.get("TrainingJobName") == name)
    metrics().drop(lambda dimensions: dimensions.get("Host", "").startswith(f"{name}/"))


def endpoint(
    description: Mapping[str, Any], config_variants: list[dict[str, Any]], config_shadows: list[dict[str, Any]]
) -> FakeEndpoint:
    """Puts an endpoint that DescribeEndpoint answers with `description`, and its configuration."""
    made: FakeEndpoint = _bare(FakeEndpoint)
    name, config = description["EndpointName"], description["EndpointConfigName"]
    made.arn = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:endpoint/{name}"
    set_fields(made, dict(description))
    sagemaker().endpoints[name] = made
    endpoint_config(config, config_variants, config_shadows, description["CreationTime"])
    return made


def endpoint_config(
    name: str, variants: list[dict[str, Any]], shadows: list[dict[str, Any]], created: datetime
) -> None:
    """Puts an endpoint configuration."""
    made = _bare(FakeEndpointConfig)
    arn = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:endpoint-config/{name}"
    set_fields(
        made,
        {
            "EndpointConfigName": name,
            "EndpointConfigArn": arn,
            "ProductionVariants": variants,
            **({"ShadowProductionVariants": shadows} if shadows else {}),
            "CreationTime": created,
            "Tags": [],
        },
    )
    sagemaker().endpoint_configs[name] = made


def bucket() -> None:
    """Puts the bucket that the SDK would take, empty: what is deployed is uploaded there."""
    from moto.s3.models import s3_backends

    s3_backends[ACCOUNT]["aws"].create_bucket(f"sagemaker-{REGION}-{ACCOUNT}", REGION)


def model(name: str, data: str, created: datetime) -> None:
    """Puts a model whose data lies there."""
    made: Model = _bare(Model)
    made.arn = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:model/{name}"
    role = f"arn:aws:iam::{ACCOUNT}:role/SageMakerExecutionRole"
    image = f"763104351884.dkr.ecr.{REGION}.amazonaws.com/pytorch-inference:2.3-gpu-py311"
    set_fields(
        made,
        {
            "ModelName": name,
            "PrimaryContainer": {"Image": image, "ModelDataUrl": data},
            "Containers": [],
            "ExecutionRoleArn": role,
            "CreationTime": created,
            "EnableNetworkIsolation": False,
            "VpcConfig": None,
            "Tags": [],
        },
    )
    sagemaker()._models[name] = made


def alarms() -> CloudWatchBackend:
    """The demo account's CloudWatch, for its alarms."""
    backend: CloudWatchBackend = cloudwatch_backends[ACCOUNT][REGION]
    return backend


def log_stream(group: str, name: str, created: float) -> LogStream:
    """The stream of this name, made when there is none yet. `created` is in seconds since the epoch."""
    backend: LogsBackend = logs_backends[ACCOUNT][REGION]
    if group not in backend.groups:
        made = _bare(LogGroup)
        LogGroup.__init__(made, ACCOUNT, REGION, group)
        made.creation_time = _naive(created)
        backend.groups[group] = made
    streams = backend.groups[group].streams
    if name not in streams:
        stream = _bare(LogStream)
        LogStream.__init__(stream, backend.groups[group], name)
        stream.creation_time = stream.last_ingestion_time = _naive(created)
        streams[name] = stream
    return streams[name]


def find_stream(group: str, name: str) -> LogStream | None:
    """The stream of this name, if there is one."""
    found = logs_backends[ACCOUNT][REGION].groups.get(group)
    return found.streams.get(name) if found else None


def drop_streams(group: str, prefix: str) -> None:
    """Forgets a group's streams that begin with `prefix`."""
    found = logs_backends[ACCOUNT][REGION].groups.get(group)
    streams = found.streams if found else {}
    for name in [name for name in streams if name.startswith(prefix)]:
        del streams[name]


def log_event(stream: LogStream, at: float, ingested: float, message: str) -> None:
    """Adds one event; both times are in seconds since the epoch."""
    add_events(stream, [new_event(int(at * 1000), message, int(ingested * 1000))])
    stream.last_ingestion_time = _naive(ingested)


def _bare(kind: Any) -> Any:
    return object.__new__(kind)


def _naive(seconds: float) -> datetime:
    # moto's own times are UTC without saying so.
    return datetime.fromtimestamp(seconds, timezone.utc).replace(tzinfo=None)

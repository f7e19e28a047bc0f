"""A small AWS to look at: jobs in every state, one of them with curves and logs of two hosts, and endpoints.

Its time stands still at NOW, so that every screen can be told word by word.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta, timezone
from typing import Any

from tests.moto_server import Moto, ms
from tui.sources.aws.clients import Clients, ClientSettings
from tui.sources.aws.logs import Logs
from tui.sources.aws.source import AwsSource

NOW = datetime(2040, 1, 15, 14, 3, tzinfo=timezone.utc)
RUNNING = "resnet50-imagenet-2040-01-15"
FAILED = "bert-sentiment-ft-014"
COMPLETED = "xgb-churn-nightly-311"
RANKER = "ranker-prod"

JOB_METRICS = "/aws/sagemaker/TrainingJobs"
ENDPOINT_LOGS = "/aws/sagemaker/Endpoints/"
TRACEBACK = (
    "Traceback (most recent call last):",
    '  File "train.py", line 42, in <module>',
    "    main()",
    "torch.cuda.OutOfMemoryError: CUDA out of memory",
)


def before(**length: float) -> datetime:
    """A moment before NOW: `before(hours=3)`."""
    return NOW - timedelta(**length)


class WorldClients(Clients):
    """Clients of an AWS where the time is NOW; moto's answers tell the time of this machine."""

    def now_ms(self) -> int:
        return ms(NOW)


class WorldSource(AwsSource):
    """The AWS source on a world whose clock stands still."""

    def __init__(self, settings: ClientSettings) -> None:
        super().__init__(settings)
        self.clients = WorldClients(settings)
        self._logs = Logs(self.clients)


def put_world(moto: Moto) -> None:
    """Put in everything."""
    put_running_job(moto)
    put_other_jobs(moto)
    put_endpoints(moto)


# Training jobs


def job_fields(
    status: str, secondary: str, started: datetime | None, ended: datetime | None = None, **more: Any
) -> dict[str, Any]:
    """DescribeTrainingJob's fields of a job that measures train:loss and validation:loss."""
    definitions = [{"Name": f"{part}:loss", "Regex": f"{part}_loss=(\\S+)"} for part in ("train", "validation")]
    fields = {
        "TrainingJobStatus": status,
        "SecondaryStatus": secondary,
        "AlgorithmSpecification": {
            "TrainingImage": "763104351884.dkr.ecr.eu-west-1.amazonaws.com/pytorch-training:2.3",
            "TrainingInputMode": "File",
            "MetricDefinitions": definitions,
        },
        "HyperParameters": {"epochs": "40", "lr": "3e-4"},
        "TrainingStartTime": started,
        "TrainingEndTime": ended,
        "SecondaryStatusTransitions": _usual_phases(secondary, started, ended),
        "LastModifiedTime": ended or NOW,
    }
    return {key: value for key, value in {**fields, **more}.items() if value is not None}


def _usual_phases(secondary: str, started: datetime | None, ended: datetime | None) -> list[dict[str, Any]]:
    if started is None:
        return phases((secondary, before(minutes=2)))
    steps = [("Starting", started - timedelta(minutes=5)), ("Training", started)]
    return phases(*steps, *([(secondary, ended)] if ended else []), end=ended)


def phases(*steps: tuple[str, datetime], end: datetime | None = None) -> list[dict[str, Any]]:
    """SecondaryStatusTransitions: each phase ends where the next one begins."""
    ends = [*(start for _, start in steps[1:]), end]
    return [
        {"Status": name, "StartTime": start, **({"EndTime": until} if until else {})}
        for (name, start), until in zip(steps, ends, strict=True)
    ]


def put_running_job(moto: Moto) -> None:
    """Two hosts with four GPUs each, three hours old, with curves, use and a log that goes on until now."""
    created, started = before(hours=3, minutes=12), before(hours=3)
    moto.add_job(
        RUNNING,
        created=created,
        **job_fields(
            "InProgress",
            "Training",
            started,
            ResourceConfig={"InstanceType": "ml.p3.8xlarge", "InstanceCount": 2, "VolumeSizeInGB": 100},
            SecondaryStatusTransitions=phases(
                ("Starting", created), ("Downloading", before(hours=3, minutes=9)), ("Training", before(hours=2.5))
            ),
        ),
    )
    put_curve(moto, "train:loss", {"TrainingJobName": RUNNING}, lambda share: 1 + 6 * math.exp(-5 * share), minutes=27)
    put_curve(moto, "validation:loss", {"TrainingJobName": RUNNING}, lambda share: 1.2 + 6 * math.exp(-5 * share))
    for host, busy in (("algo-1", 0.95), ("algo-2", 0.5)):
        where = {"Host": f"{RUNNING}/{host}"}
        for metric, most in (("CPUUtilization", 3200), ("GPUUtilization", 400), ("MemoryUtilization", 60)):
            put_curve(moto, metric, where, lambda share, most=most, busy=busy: most * busy * (0.9 + 0.1 * share))
        put_curve(moto, "GPUMemoryUtilization", where, lambda share: 312.0)
        put_curve(moto, "DiskUtilization", where, lambda share: 12.0)
    for number, host in enumerate(("algo-1", "algo-2")):
        steps = [(before(minutes=30 - step, seconds=-number), step) for step in range(30)]
        lines = [(at, f"Epoch 12/40 step {48_000 + step} train_loss={1.3 - step / 100:.2f}") for at, step in steps]
        put_log(moto, RUNNING, host, lines)


def put_curve(
    moto: Moto, metric: str, dimensions: dict[str, str], value: Callable[[float], float], *, minutes: int = 150
) -> None:
    """One value a minute up to three minutes ago; `value` is given the part of the way, 0 to 1."""
    start = ms(before(minutes=minutes + 3))
    points = [(start + 60_000 * minute, value(minute / minutes)) for minute in range(minutes + 1)]
    moto.add_metric(JOB_METRICS, metric, dimensions, points)


def put_log(moto: Moto, job: str, host: str, lines: Iterable[tuple[datetime, str]]) -> None:
    """A host's log."""
    moto.add_log(f"{job}/{host}-1700000000", [(ms(at), message) for at, message in lines])


def put_other_jobs(moto: Moto) -> None:
    """One job in each other state."""
    moto.add_job(
        "wav2vec2-base-de-078",
        created=before(seconds=40),
        **job_fields("InProgress", "Starting", None),
    )
    moto.add_job(
        "mnist-keras-298",
        created=before(minutes=4),
        **job_fields("InProgress", "Downloading", None),
    )
    moto.add_job(
        FAILED,
        created=before(hours=5),
        **job_fields(
            "Failed",
            "Failed",
            before(hours=4, minutes=50),
            before(hours=4),
            FailureReason="AlgorithmError: CUDA out of memory, exit code: 1",
            ResourceConfig={"InstanceType": "ml.g5.2xlarge", "InstanceCount": 1, "VolumeSizeInGB": 30},
        ),
    )
    lines = ["loading data", "Epoch 1/3 train_loss=0.69", *TRACEBACK]
    put_log(moto, FAILED, "algo-1", [(before(hours=4, seconds=9 - row), line) for row, line in enumerate(lines)])
    moto.add_job(
        COMPLETED,
        created=before(hours=8),
        **job_fields(
            "Completed",
            "Completed",
            before(hours=7, minutes=55),
            before(hours=7),
            TrainingTimeInSeconds=3300,
            BillableTimeInSeconds=1188,
            EnableManagedSpotTraining=True,
            FinalMetricDataList=[
                {"MetricName": "train:loss", "Value": 0.138318, "Timestamp": before(hours=7)},
                {"MetricName": "validation:loss", "Value": 0.324557, "Timestamp": before(hours=7)},
            ],
        ),
    )
    put_log(moto, COMPLETED, "algo-1", [(before(hours=7, seconds=5), "[0]#011train-rmse:0.138318")])
    moto.add_job("yolo-parts-175", created=before(days=1), **_stopped("Stopped", before(hours=23)))
    moto.add_job("forecast-lstm-105", created=before(days=2), **job_fields("Stopping", "Stopping", before(days=2)))


def _stopped(status: str, end: datetime) -> dict[str, Any]:
    return job_fields(status, status, end - timedelta(minutes=50), end)


# Endpoints


def put_endpoints(moto: Moto) -> None:
    """One with two variants, auto-scaling and 5xx; one serverless; one that is updating; one that failed."""
    moto.add_endpoint(
        RANKER,
        [
            {"VariantName": "v12", "InstanceType": "ml.g4dn.xlarge", "InitialInstanceCount": 3},
            {"VariantName": "v13", "InstanceType": "ml.m5.xlarge", "InitialVariantWeight": 0.1},
        ],
        created=before(days=9),
        EndpointStatus="InService",
    )
    put_scaling(moto, RANKER, "v12", low=2, high=8)
    for variant, many in (("v12", 1200.0), ("v13", 120.0)):
        put_traffic(moto, RANKER, variant, many)
    put_use(moto, RANKER, "v12")
    moto.add_log(
        "v12/i-0123",
        [(ms(before(minutes=20 - step)), f"POST /invocations 200 {step} ms") for step in range(20)],
        group=ENDPOINT_LOGS + RANKER,
    )
    moto.add_endpoint(
        "embed-stage",
        [{"VariantName": "main", "ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 5}}],
        created=before(days=3),
        EndpointStatus="InService",
    )
    moto.add_endpoint("tagger-stage", created=before(days=2), EndpointStatus="Updating")
    moto.add_endpoint(
        "search-exp",
        created=before(days=1),
        EndpointStatus="Failed",
        FailureReason="The primary container did not pass the ping health check.",
    )


def put_scaling(moto: Moto, endpoint: str, variant: str, *, low: int, high: int) -> None:
    """A scalable target with a target tracking policy, straight into moto."""
    from moto.applicationautoscaling.models import applicationautoscaling_backends

    from tests.moto_server import ACCOUNT, REGION

    backend = applicationautoscaling_backends[ACCOUNT][REGION]
    resource = f"endpoint/{endpoint}/variant/{variant}"
    dimension = "sagemaker:variant:DesiredInstanceCount"
    backend.register_scalable_target("sagemaker", resource, dimension, low, high, "", "")
    backend.put_scaling_policy(
        policy_name="invocations",
        service_namespace="sagemaker",
        resource_id=resource,
        scalable_dimension=dimension,
        policy_type="TargetTrackingScaling",
        policy_body={
            "TargetValue": 70.0,
            "PredefinedMetricSpecification": {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"},
            "ScaleOutCooldown": 60,
            "ScaleInCooldown": 300,
        },
    )


def put_traffic(moto: Moto, endpoint: str, variant: str, many: float) -> None:
    """Three hours of a wave of invocations, 38 ms each, of which the last hour fails one in twenty."""
    where = {"EndpointName": endpoint, "VariantName": variant}
    start = ms(before(hours=3))
    for metric, value in {
        "Invocations": lambda minute: many * (1 + 0.5 * math.sin(minute / 30)),
        "ModelLatency": lambda minute: 38_100.0 + 100 * (minute % 7),
        "OverheadLatency": lambda minute: 4_200.0,
        "Invocation5XXErrors": lambda minute: many / 20 if minute > 120 else 0.0,
        "Invocation4XXErrors": lambda minute: 0.0,
    }.items():
        points = [(start + 60_000 * minute, float(round(value(minute)))) for minute in range(178)]
        moto.add_metric("AWS/SageMaker", metric, where, points)


def put_use(moto: Moto, endpoint: str, variant: str) -> None:
    """The use of a variant's instances."""
    where = {"EndpointName": endpoint, "VariantName": variant}
    start = ms(before(hours=1))
    for metric, value in (("CPUUtilization", 220.0), ("MemoryUtilization", 41.0), ("GPUUtilization", 87.0)):
        points = [(start + 60_000 * minute, value) for minute in range(58)]
        moto.add_metric("/aws/sagemaker/Endpoints", metric, where, points)

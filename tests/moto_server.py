"""moto's server inside the test process, and plain functions that put things into it."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from tui.sources.aws.clients import ClientSettings

ACCOUNT = "123456789012"
REGION = "eu-west-1"
JOB_LOGS = "/aws/sagemaker/TrainingJobs"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/SageMaker"


@dataclass(frozen=True)
class Moto:
    """An emulated AWS at `url`; what is put in goes straight into moto's backends, not over HTTP."""

    url: str

    def settings(self, **changes: Any) -> ClientSettings:
        """ClientSettings for it, with false keys."""
        given: dict[str, Any] = {
            "region": REGION,
            "endpoint_url": self.url,
            "access_key": "AKIAFALSE",
            "secret_key": "false",
            "loopback_only": True,
        }
        return ClientSettings(**{**given, **changes})

    def client(self, service: str) -> Any:
        """A plain boto3 client of it, for what a test does by hand."""
        import boto3

        session = boto3.Session(aws_access_key_id="AKIAFALSE", aws_secret_access_key="false", region_name=REGION)
        return session.client(service, endpoint_url=self.url)  # type: ignore[call-overload]

    def reset(self) -> None:
        """Forget everything."""
        from moto.core.base_backend import BackendDict

        BackendDict.reset()

    def add_job(self, name: str, *, created: datetime | None = None, **fields: Any) -> Any:
        """Put in a training job; `fields` are DescribeTrainingJob's, by AWS's names. Returns moto's job."""
        from moto.sagemaker.models import sagemaker_backends

        from tui.demo.gaps_sagemaker import set_fields

        created = created or now()
        backend = sagemaker_backends[ACCOUNT][REGION]
        job = backend.create_training_job(
            training_job_name=name,
            hyper_parameters={},
            algorithm_specification={"TrainingImage": "image", "TrainingInputMode": "File"},
            role_arn=ROLE,
            input_data_config=[],
            output_data_config={"S3OutputPath": "s3://bucket/out"},
            resource_config={"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 30},
            vpc_config=None,
            stopping_condition={"MaxRuntimeInSeconds": 86400},
            tags=[],
            enable_network_isolation=False,
            enable_inter_container_traffic_encryption=False,
            enable_managed_spot_training=False,
            checkpoint_config=None,
            debug_hook_config=None,
            debug_rule_configurations=[],
            tensor_board_output_config=None,
            experiment_config=None,
        )
        set_fields(job, {"CreationTime": created, "LastModifiedTime": created, **fields})
        return job

    def add_endpoint(
        self,
        name: str,
        variants: Sequence[Mapping[str, Any]] = ({"VariantName": "main", "InstanceType": "ml.m5.xlarge"},),
        *,
        created: datetime | None = None,
        config: str = "",
        **fields: Any,
    ) -> Any:
        """Put in an endpoint and its config.

        Args:
            name: Its name.
            variants: The config's ProductionVariants; what is left out is one instance, weight 1, model `model`.
            created: When.
            config: The config's name; `NAME-config` unless given.
            fields: DescribeEndpoint's, by AWS's names.
        """
        from moto.sagemaker.models import sagemaker_backends

        from tui.demo.gaps_sagemaker import set_fields

        created = created or now()
        config = config or f"{name}-config"
        whole = [
            {
                "ModelName": "model",
                "InitialVariantWeight": 1.0,
                **({} if "ServerlessConfig" in variant else {"InitialInstanceCount": 1}),
                **variant,
            }
            for variant in variants
        ]
        backend = sagemaker_backends[ACCOUNT][REGION]
        if "model" not in backend._models:
            backend.create_model("model", ROLE, {"Image": "image"}, None, None, None)
        backend.create_endpoint_config(config, whole, None, None, None, None)
        endpoint = backend.create_endpoint(name, config, None)
        set_fields(endpoint, {"CreationTime": created, "LastModifiedTime": created, **fields})
        return endpoint

    def add_scaling(
        self, endpoint: str, variant: str = "main", low: int = 1, high: int = 4, target: float | None = 70.0
    ) -> str:
        """Put in a scalable target, with a target tracking policy unless `target` is None; returns its resource id."""
        scaling = self.client("application-autoscaling")
        which = {
            "ServiceNamespace": "sagemaker",
            "ResourceId": f"endpoint/{endpoint}/variant/{variant}",
            "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
        }
        scaling.register_scalable_target(**which, MinCapacity=low, MaxCapacity=high)
        if target is not None:
            scaling.put_scaling_policy(
                **which,
                PolicyName=f"{endpoint}-{variant}-invocations",
                PolicyType="TargetTrackingScaling",
                TargetTrackingScalingPolicyConfiguration={
                    "TargetValue": target,
                    "PredefinedMetricSpecification": {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"},
                    "ScaleOutCooldown": 60,
                    "ScaleInCooldown": 300,
                },
            )
        return which["ResourceId"]

    def add_metric(
        self, namespace: str, metric: str, dimensions: Mapping[str, str], points: Iterable[tuple[float, float]]
    ) -> None:
        """Put in samples of a metric: (ms since the epoch, value)."""
        from moto.cloudwatch.models import cloudwatch_backends

        from tui.demo.gaps_metrics import index_of

        samples = index_of(cloudwatch_backends[ACCOUNT][REGION]).points(namespace, metric, dimensions)
        for time_ms, value in points:
            samples.add(time_ms / 1000, value)

    def add_log(
        self,
        stream: str,
        events: Iterable[tuple[int, str]],
        *,
        group: str = JOB_LOGS,
        ingested_ms: int | None = None,
    ) -> None:
        """Put events (ms, message) into a stream, which exists from now on: `job/algo-1-1700000000`."""
        from moto.logs.models import logs_backends

        from tui.demo.gaps_logs import add_events, new_event

        backend = logs_backends[ACCOUNT][REGION]
        if group not in backend.groups:
            backend.create_log_group(group, {})
        backend.ensure_log_stream(group, stream)
        made = [new_event(at, message, at if ingested_ms is None else ingested_ms) for at, message in events]
        add_events(backend.groups[group].streams[stream], made)


@contextmanager
def running_moto() -> Iterator[Moto]:
    """A moto server on a free port of this machine, in a thread, its gaps filled."""
    from moto.server import ThreadedMotoServer

    from tui.demo.gaps import fill_gaps

    fill_gaps()
    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # not a line for each request
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield Moto(f"http://{host}:{port}")
    finally:
        server.stop()


def now() -> datetime:
    """The time, in UTC, to the millisecond, as AWS gives it."""
    moment = datetime.now(timezone.utc)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def ago(**length: float) -> datetime:
    """A moment in the past: `ago(hours=3)`."""
    return now() - timedelta(**length)


def ms(moment: datetime) -> int:
    """Milliseconds since the epoch."""
    return round(moment.timestamp() * 1000)

"""Which permissions there are: each tried by the smallest request that reads. Nothing that changes anything is sent."""

from __future__ import annotations

import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from tui.sources.aws.clients import Clients, Service
from tui.sources.aws.errors import translate
from tui.sources.base import NotFound, Refused, SourceError

NOBODY = "sagetop-doctor-asks-for-nothing"
"""A name that nothing has: IAM answers before SageMaker looks for it."""

_JOBS = "/aws/sagemaker/TrainingJobs"


def _reads(job: str, endpoint: str) -> dict[str, tuple[Service, dict[str, Any]]]:
    """A request for each action; `job` and `endpoint` are the names of real ones, where there are any."""
    now = int(time.time())
    sagemaker: Service = "sagemaker"
    scaling = {"ServiceNamespace": "sagemaker", "MaxResults": 1}
    stream = {"logGroupName": _JOBS, "limit": 1}
    one_metric = {
        "Id": "m0",
        "MetricStat": {
            "Metric": {"Namespace": _JOBS, "MetricName": "CPUUtilization"},
            "Period": 60,
            "Stat": "Average",
        },
    }
    return {
        "sagemaker:ListTrainingJobs": (sagemaker, {"MaxResults": 1}),
        "sagemaker:DescribeTrainingJob": (sagemaker, {"TrainingJobName": job}),
        "sagemaker:Search": (sagemaker, {"Resource": "TrainingJob", "MaxResults": 1}),
        "sagemaker:ListEndpoints": (sagemaker, {"MaxResults": 1}),
        "sagemaker:DescribeEndpoint": (sagemaker, {"EndpointName": endpoint}),
        "sagemaker:DescribeEndpointConfig": (sagemaker, {"EndpointConfigName": NOBODY}),
        "sagemaker:DescribeModel": (sagemaker, {"ModelName": NOBODY}),
        "sagemaker:ListModels": (sagemaker, {"MaxResults": 1}),
        "sagemaker:ListInferenceComponents": (sagemaker, {"MaxResults": 1}),
        "sagemaker:DescribeInferenceComponent": (sagemaker, {"InferenceComponentName": NOBODY}),
        "logs:DescribeLogStreams": ("logs", {"logGroupName": _JOBS, "limit": 1}),
        "logs:GetLogEvents": ("logs", {**stream, "logStreamName": NOBODY}),
        "logs:FilterLogEvents": ("logs", {**stream, "startTime": now * 1000, "endTime": now * 1000}),
        "cloudwatch:GetMetricData": (
            "cloudwatch",
            {"MetricDataQueries": [one_metric], "StartTime": now - 60, "EndTime": now},
        ),
        "cloudwatch:DescribeAlarms": ("cloudwatch", {"MaxRecords": 1}),
        "cloudwatch:DescribeAlarmHistory": ("cloudwatch", {"MaxRecords": 1}),
        "application-autoscaling:DescribeScalableTargets": ("application-autoscaling", scaling),
        "application-autoscaling:DescribeScalingPolicies": ("application-autoscaling", scaling),
        "application-autoscaling:DescribeScalingActivities": ("application-autoscaling", scaling),
        "application-autoscaling:DescribeScheduledActions": ("application-autoscaling", scaling),
        "pricing:GetProducts": ("pricing", {"ServiceCode": "AmazonSageMaker", "MaxResults": 1}),
    }


TRIED = frozenset(_reads(NOBODY, NOBODY))
"""The actions that `allowed` can try."""


def names(clients: Clients) -> tuple[str, str]:
    """The newest training job and the newest endpoint, for policies that allow some names only; else NOBODY."""
    found = []
    for operation, items, key in (
        ("ListTrainingJobs", "TrainingJobSummaries", "TrainingJobName"),
        ("ListEndpoints", "Endpoints", "EndpointName"),
    ):
        try:
            answer = clients.call("sagemaker", operation, SortBy="CreationTime", SortOrder="Descending", MaxResults=1)
        except SourceError:  # which the trying will name
            answer = {}
        found.append(next((one[key] for one in answer.get(items, ())), NOBODY))
    return found[0], found[1]


def allowed(clients: Clients, action: str, job: str = NOBODY, endpoint: str = NOBODY) -> None:
    """Try one of TRIED.

    Raises:
        Denied: It is not allowed.
        SourceError: It could not be tried.
    """
    service, parameters = _reads(job, endpoint)[action]
    try:
        clients.call(service, action.partition(":")[2], **parameters)
    except (NotFound, Refused):
        return  # AWS looked, and found nothing: it was allowed to
    if action == "cloudwatch:GetMetricData":
        clients.metrics_asked += 1


def clock_skew_s(clients: Clients) -> float | None:
    """How many seconds this machine's clock is ahead of AWS's; None where AWS did not say. One request (sts)."""
    started = time.time()
    try:
        answer: Mapping[str, Any] = clients.call("sts", "GetCallerIdentity")
    except Exception as error:
        raise translate(error) from error
    date = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    if not date:
        return None
    # AWS writes whole seconds, and the answer took its time: half of each is the best guess.
    return (started + time.time()) / 2 - parsedate_to_datetime(date).timestamp() - 0.5

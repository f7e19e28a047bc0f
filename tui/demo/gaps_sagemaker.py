"""SageMaker's jobs and endpoints as AWS lists, finds, describes and stops them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta, timezone
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import camelcase_to_underscores
from moto.sagemaker.exceptions import AWSValidationException
from moto.sagemaker.models import BaseObject, FakeTrainingJob, SageMakerModelBackend
from moto.sagemaker.responses import SageMakerResponse

STOP_GRACE_S = 2.0
"""How long a stopped job is Stopping here; AWS allows the container 120 s."""

_changing = threading.RLock()
_create_training_job = SageMakerModelBackend.create_training_job
_update_weights = SageMakerModelBackend.update_endpoint_weights_and_capacities
_SUMMARY = (
    "TrainingJobName",
    "TrainingJobArn",
    "CreationTime",
    "TrainingEndTime",
    "LastModifiedTime",
    "TrainingJobStatus",
    "SecondaryStatus",
    "WarmPoolStatus",
)


def now() -> datetime:
    """The time, in UTC and aware."""
    return datetime.now(timezone.utc)


def aware(moment: datetime) -> datetime:
    """moto's own times are naive UTC; what comes over HTTP may be either."""
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def set_fields(job: BaseObject, fields: dict[str, Any]) -> None:
    """Sets what Describe answers, by AWS's names: `{"SecondaryStatus": "Training"}`."""
    for name, value in fields.items():
        setattr(job, camelcase_to_underscores(name), value)


def move_to(job: FakeTrainingJob, phase: str, message: str, at: datetime | None = None, status: str = "") -> None:
    """Ends the job's current phase and begins the next: SecondaryStatus and SecondaryStatusTransitions."""
    at = at or now()
    transitions = [dict(transition) for transition in job.secondary_status_transitions]
    if transitions:
        transitions[-1].setdefault("EndTime", at)
    transitions.append({"Status": phase, "StartTime": at, "StatusMessage": message})
    set_fields(
        job,
        {
            "SecondaryStatus": phase,
            "SecondaryStatusTransitions": transitions,
            "LastModifiedTime": at,
            "TrainingJobStatus": status or job.training_job_status,
        },
    )


def create_training_job(self: SageMakerModelBackend, **given: Any) -> FakeTrainingJob:
    """CreateTrainingJob: in progress, starting, with the MetricDefinitions that were given."""
    name = given["training_job_name"]
    if name in self.training_jobs:
        raise AWSValidationException("Training job names must be unique within an AWS account and region.")
    definitions = (given["algorithm_specification"] or {}).get("MetricDefinitions")
    job = _create_training_job(self, **given)
    set_fields(
        job,
        {
            "AlgorithmSpecification": {
                **{key: value for key, value in job.algorithm_specification.items() if key != "MetricDefinitions"},
                **({"MetricDefinitions": definitions} if definitions else {}),
            },
            "TrainingJobStatus": "InProgress",
            "SecondaryStatusTransitions": [],
            "FinalMetricDataList": None,
            "TrainingStartTime": None,
            "TrainingEndTime": None,
            "ModelArtifacts": None,
        },
    )
    move_to(job, "Starting", "Starting the training job", now())
    return job


def end_stopped(job: FakeTrainingJob, at: datetime) -> None:
    """The end of a job that was stopped."""
    move_to(job, "Stopped", "Training job stopped", at, status="Stopped")
    job.secondary_status_transitions[-1]["EndTime"] = at
    started: datetime | None = getattr(job, "training_start_time", None)
    seconds = int((at - aware(started)).total_seconds()) if started else None
    set_fields(job, {"TrainingEndTime": at, "TrainingTimeInSeconds": seconds, "BillableTimeInSeconds": seconds})


def stop_training_job(self: SageMakerResponse) -> ActionResult:
    """StopTrainingJob: Stopping for a moment, then Stopped."""
    job = _job(self.sagemaker_backend, self._get_param("TrainingJobName"))
    with _changing:
        if job.training_job_status != "InProgress":
            raise AWSValidationException(
                f"The request was rejected because the training job is in status {job.training_job_status}."
            )
        move_to(job, "Stopping", "Stopping the training job", status="Stopping")
    return EmptyResult()


def update_running(job: FakeTrainingJob, fields: dict[str, Any]) -> None:
    """Sets what Describe answers, unless someone has stopped the job meanwhile."""
    with _changing:
        if job.training_job_status == "InProgress":
            set_fields(job, fields)


def _job(backend: SageMakerModelBackend, name: str) -> FakeTrainingJob:
    job = backend.training_jobs.get(name)
    if job is None:
        raise AWSValidationException("Requested resource not found.")
    settle(job)
    return job


def settle(job: FakeTrainingJob) -> None:
    """Ends a job that has been Stopping for long enough."""
    with _changing:
        if job.training_job_status != "Stopping":
            return
        transitions: list[dict[str, Any]] = list(job.secondary_status_transitions)
        end = aware(transitions[-1]["StartTime"]) + timedelta(seconds=STOP_GRACE_S)
        if now() >= end:
            end_stopped(job, end)


def describe_training_job(self: SageMakerModelBackend, training_job_name: str) -> dict[str, Any]:
    """DescribeTrainingJob."""
    return _job(self, training_job_name).response_object


def list_training_jobs(self: SageMakerResponse) -> ActionResult:
    """ListTrainingJobs: sorted, and StatusEquals applied after MaxResults, so that an empty page may have a token."""
    ask = self._get_param
    status = ask("StatusEquals")
    jobs = _everything(self.sagemaker_backend, "TrainingJob")
    found = [job for job in jobs if _listed(ask, job, "TrainingJobName")]
    page, token = _sorted_page(ask, found, "TrainingJobName", "TrainingJobStatus", order="Ascending")
    summaries = [
        {key: job[key] for key in _SUMMARY if key in job}
        for job in page
        if not status or job["TrainingJobStatus"] == status
    ]
    return ActionResult({"TrainingJobSummaries": summaries, "NextToken": token})


def list_endpoints(self: SageMakerResponse) -> ActionResult:
    """ListEndpoints: ten a page unless MaxResults says more, newest first unless asked otherwise."""
    ask = self._get_param
    status = ask("StatusEquals")
    found = [
        endpoint
        for endpoint in _everything(self.sagemaker_backend, "Endpoint")
        if _listed(ask, endpoint, "EndpointName") and (not status or endpoint["EndpointStatus"] == status)
    ]
    page, token = _sorted_page(ask, found, "EndpointName", "EndpointStatus", order="Descending")
    keys = ("EndpointName", "EndpointArn", "CreationTime", "LastModifiedTime", "EndpointStatus")
    return ActionResult({"Endpoints": [{key: one[key] for key in keys} for one in page], "NextToken": token})


def _everything(backend: SageMakerModelBackend, resource: str) -> list[dict[str, Any]]:
    if resource == "Endpoint":
        return [endpoint.response_object for endpoint in list(backend.endpoints.values())]
    jobs = list(backend.training_jobs.values())
    for job in jobs:
        settle(job)
    return [job.response_object for job in jobs]


def _listed(ask: Callable[[str], Any], one: dict[str, Any], name: str) -> bool:
    if (wanted := ask("NameContains")) and wanted.lower() not in one[name].lower():
        return False
    for field in ("CreationTime", "LastModifiedTime"):
        moment = aware(one[field])
        if (after := ask(f"{field}After")) and moment <= aware(after):
            return False
        if (before := ask(f"{field}Before")) and moment >= aware(before):
            return False
    return True


def _sorted_page(
    ask: Callable[..., Any], found: list[dict[str, Any]], name: str, status: str, *, order: str
) -> tuple[list[dict[str, Any]], str | None]:
    by = {"Name": name, "Status": status}.get(ask("SortBy"), "CreationTime")
    found.sort(key=lambda one: (_comparable(one[by]), one[name]), reverse=ask("SortOrder", order) == "Descending")
    return _cut(ask, found, 10)


def _cut(ask: Callable[..., Any], found: list[Any], default: int) -> tuple[list[Any], str | None]:
    size = ask("MaxResults") or default
    if not 1 <= size <= 100:
        raise AWSValidationException("1 validation error detected: MaxResults must be between 1 and 100.")
    token = ask("NextToken") or "0"
    if not token.isdigit():
        raise AWSValidationException("Invalid pagination token.")
    start = int(token)
    return found[start : start + size], str(start + size) if start + size < len(found) else None


def _comparable(value: Any) -> Any:
    return aware(value) if isinstance(value, datetime) else value


def search(self: SageMakerResponse) -> ActionResult:
    """Search over TrainingJob and Endpoint: whole descriptions that fit the expression, sorted, in pages."""
    ask = self._get_param
    resource = ask("Resource")
    if resource not in ("TrainingJob", "Endpoint"):
        raise AWSValidationException(f"Value '{resource}' at 'resource' is not searched by this emulation.")
    expression = ask("SearchExpression") or {}
    found = [one for one in _everything(self.sagemaker_backend, resource) if _fits(one, expression)]
    by = ask("SortBy") or "LastModifiedTime"
    found = [one for one in found if _values(one, by)]
    found.sort(key=lambda one: _comparable(_values(one, by)[0]), reverse=ask("SortOrder", "Descending") == "Descending")
    page, token = _cut(ask, found, 100)
    return ActionResult({"Results": [{resource: one} for one in page], "NextToken": token})


def _fits(one: dict[str, Any], expression: dict[str, Any]) -> bool:
    checks: Iterable[bool] = [
        *(_passes(_values(one, part["Name"]), part) for part in expression.get("Filters") or []),
        *(_fits(one, part) for part in expression.get("SubExpressions") or []),
    ]
    if not checks:
        return True
    return any(checks) if expression.get("Operator") == "Or" else all(checks)


def _values(one: dict[str, Any], path: str) -> list[Any]:
    """What a property path of Search names: a field, `Tags.k`, `Metrics.x`, `HyperParameters.x`, `ResourceConfig.…`."""
    head, _, rest = path.partition(".")
    if head == "Tags":
        return [tag["Value"] for tag in one.get("Tags") or [] if tag["Key"] == rest]
    if head == "Metrics":
        return [metric["Value"] for metric in one.get("FinalMetricDataList") or [] if metric["MetricName"] == rest]
    value: Any = one.get(head)
    for key in rest.split(".") if rest else ():
        value = value.get(key) if isinstance(value, dict) else None
    return [] if value is None else [value]


def _passes(values: list[Any], check: dict[str, Any]) -> bool:
    operator: str = check.get("Operator", "Equals")
    wanted: str = check.get("Value", "")
    if operator in ("Exists", "NotExists"):
        return (len(values) > 0) == (operator == "Exists")
    if operator == "NotEquals":
        return all(str(value) != wanted for value in values)
    if operator == "In":
        return any(str(value) in wanted.split(",") for value in values)
    if operator == "Contains":
        return any(wanted.lower() in str(value).lower() for value in values)
    if operator == "Equals":
        return any(str(value) == wanted for value in values)
    return any(_compares(value, operator, wanted) for value in values)


def _compares(value: Any, operator: str, wanted: str) -> bool:
    left: float
    right: float
    if isinstance(value, datetime):
        left = aware(value).timestamp()
        right = aware(datetime.fromisoformat(wanted.replace("Z", "+00:00"))).timestamp()
    else:
        left, right = float(value), float(wanted)
    answers: dict[str, bool] = {
        "GreaterThan": left > right,
        "GreaterThanOrEqualTo": left >= right,
        "LessThan": left < right,
        "LessThanOrEqualTo": left <= right,
    }
    return answers[operator]


def update_weights(
    self: SageMakerModelBackend, endpoint_name: str, desired_weights_and_capacities: list[dict[str, Any]]
) -> str:
    """UpdateEndpointWeightsAndCapacities: keeps what it does not name, and is in service again at once."""
    endpoint = self.endpoints.get(endpoint_name)
    before = {part["VariantName"]: dict(part) for part in endpoint.production_variants} if endpoint else {}
    arn: str = _update_weights(self, endpoint_name, desired_weights_and_capacities)
    assert endpoint is not None
    for variant in endpoint.production_variants:
        old = before[variant["VariantName"]]
        variant.update({key: old[key] for key, value in variant.items() if value is None and old.get(key) is not None})
        for key in [key for key, value in variant.items() if value is None]:
            del variant[key]
    set_fields(endpoint, {"EndpointStatus": "InService", "LastModifiedTime": now()})
    return arn


def fill() -> None:
    """Assigns the operations on jobs and endpoints."""
    for response in (stop_training_job, list_training_jobs, list_endpoints, search):
        setattr(SageMakerResponse, response.__name__, response)
    for backend in (create_training_job, describe_training_job):
        setattr(SageMakerModelBackend, backend.__name__, backend)
    setattr(SageMakerModelBackend, _update_weights.__name__, update_weights)

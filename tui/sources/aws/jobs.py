"""Training jobs: ListTrainingJobs, DescribeTrainingJob, and Search for many at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tui.model.jobs import (
    FinalMetric,
    InstanceGroup,
    JobQuery,
    MetricDefinition,
    Phase,
    RuleStatus,
    TrainingJob,
)
from tui.sources.aws.clients import Clients
from tui.sources.aws.searching import any_of
from tui.sources.aws.timestamps import utc, utc_or_none
from tui.sources.base import Broken, Denied, NotFound, Page, Refused

PAGE = 100
"""Jobs on a page of ListTrainingJobs and of Search; AWS allows no more."""


Json = Mapping[str, Any]


def list_jobs(clients: Clients, query: JobQuery, cursor: str | None = None) -> Page[TrainingJob]:
    """One page of ListTrainingJobs, newest first: summaries only.

    AWS filters a page after it was cut, so a page may be empty and not be the last.
    """
    parameters: dict[str, object] = {"SortBy": "CreationTime", "SortOrder": "Descending", "MaxResults": PAGE}
    if query.status:
        parameters["StatusEquals"] = query.status
    if query.name_contains:
        parameters["NameContains"] = query.name_contains
    if cursor:
        parameters["NextToken"] = cursor
    answer = clients.call("sagemaker", "ListTrainingJobs", **parameters)
    jobs = tuple(_summary(job) for job in answer.get("TrainingJobSummaries", ()))
    return Page(jobs, answer.get("NextToken") or None)


def describe_job(clients: Clients, name: str) -> TrainingJob:
    """DescribeTrainingJob. Raises NotFound."""
    return parse_job(clients.call("sagemaker", "DescribeTrainingJob", TrainingJobName=name))


def describe_jobs(clients: Clients, names: Sequence[str]) -> tuple[TrainingJob, ...]:
    """The detailed jobs of these names, in their order, without those that do not exist.

    One Search for every hundred; DescribeTrainingJob for each that Search does not know yet (its index lags), and for
    all where Search is denied or cannot be had, which is asked once in a session.
    """
    found: dict[str, TrainingJob] = {}
    wanted = list(dict.fromkeys(names))
    if len(wanted) > 1 and "sagemaker:Search" not in clients.learnt.denied:
        try:
            for start in range(0, len(wanted), PAGE):
                for job in _search(clients, wanted[start : start + PAGE]):
                    # A name can be used again once its job was deleted: the newest is meant.
                    if job.name not in found or found[job.name].created < job.created:
                        found[job.name] = job
        except (Denied, Refused, Broken):
            clients.learnt.denied.add("sagemaker:Search")
    for name in wanted:
        if name not in found:
            try:
                found[name] = describe_job(clients, name)
            except NotFound:
                continue
    return tuple(found[name] for name in wanted if name in found)


def _search(clients: Clients, names: Sequence[str]) -> Iterator[TrainingJob]:
    parameters: dict[str, object] = {
        "Resource": "TrainingJob",
        "SearchExpression": any_of("TrainingJobName", names),
        "MaxResults": PAGE,
    }
    while True:
        answer = clients.call("sagemaker", "Search", **parameters)
        for record in answer.get("Results", ()):
            if record.get("TrainingJob", {}).get("TrainingJobName") in names:
                yield parse_job(record["TrainingJob"])
        if not answer.get("NextToken"):
            return
        parameters["NextToken"] = answer["NextToken"]


def _summary(job: Json) -> TrainingJob:
    return TrainingJob(
        name=job["TrainingJobName"],
        status=job["TrainingJobStatus"],
        created=utc(job["CreationTime"]),
        arn=job.get("TrainingJobArn", ""),
        modified=utc_or_none(job.get("LastModifiedTime")),
        ended=utc_or_none(job.get("TrainingEndTime")),
        # Newer service models put it into the summary too, where it costs nothing.
        secondary_status=job.get("SecondaryStatus", ""),
    )


def parse_job(job: Json) -> TrainingJob:
    """A TrainingJob of what DescribeTrainingJob, or Search, says of one."""
    algorithm = job.get("AlgorithmSpecification") or {}
    stopping = job.get("StoppingCondition") or {}
    resources = job.get("ResourceConfig") or {}
    profiler = job.get("ProfilerConfig") or {}
    return TrainingJob(
        name=job["TrainingJobName"],
        status=job["TrainingJobStatus"],
        created=utc(job["CreationTime"]),
        arn=job.get("TrainingJobArn", ""),
        modified=utc_or_none(job.get("LastModifiedTime")),
        ended=utc_or_none(job.get("TrainingEndTime")),
        detailed=True,
        secondary_status=job.get("SecondaryStatus", ""),
        started=utc_or_none(job.get("TrainingStartTime")),
        failure_reason=job.get("FailureReason", ""),
        instances=_instances(resources),
        volume_gb=resources.get("VolumeSizeInGB"),
        image=algorithm.get("TrainingImage") or algorithm.get("AlgorithmName", ""),
        role=job.get("RoleArn", ""),
        spot=bool(job.get("EnableManagedSpotTraining", False)),
        max_runtime_s=stopping.get("MaxRuntimeInSeconds"),
        training_s=job.get("TrainingTimeInSeconds"),
        billable_s=job.get("BillableTimeInSeconds"),
        warm_pool=(job.get("WarmPoolStatus") or {}).get("Status", ""),
        warm_pool_s=(job.get("WarmPoolStatus") or {}).get("ResourceRetainedBillableTimeInSeconds"),
        model_artifact=(job.get("ModelArtifacts") or {}).get("S3ModelArtifacts", ""),
        output_path=(job.get("OutputDataConfig") or {}).get("S3OutputPath", ""),
        profiler_path="" if profiler.get("DisableProfiler") else profiler.get("S3OutputPath", ""),
        phases=tuple(
            Phase(
                name=phase["Status"],
                started=utc(phase["StartTime"]),
                ended=utc_or_none(phase.get("EndTime")),
                message=phase.get("StatusMessage", ""),
            )
            for phase in job.get("SecondaryStatusTransitions") or ()
        ),
        metric_definitions=tuple(
            MetricDefinition(definition["Name"], definition["Regex"])
            for definition in algorithm.get("MetricDefinitions") or ()
        ),
        final_metrics=tuple(
            FinalMetric(metric["MetricName"], metric["Value"], utc_or_none(metric.get("Timestamp")))
            for metric in job.get("FinalMetricDataList") or ()
            if "Value" in metric
        ),
        rules=tuple(
            RuleStatus(
                name=rule.get("RuleConfigurationName", ""),
                status=rule.get("RuleEvaluationStatus", ""),
                details=rule.get("StatusDetails", ""),
            )
            for kind in ("DebugRuleEvaluationStatuses", "ProfilerRuleEvaluationStatuses")
            for rule in job.get(kind) or ()
        ),
        hyperparameters=dict(job.get("HyperParameters") or {}),
        channels={channel["ChannelName"]: _where(channel) for channel in job.get("InputDataConfig") or ()},
    )


def _instances(resources: Json) -> tuple[InstanceGroup, ...]:
    """The groups of a heterogeneous cluster; else what SageMaker chose among preferences; else what was asked for."""
    if groups := resources.get("InstanceGroups"):
        return tuple(
            InstanceGroup(
                group.get("InstanceType", ""), group.get("InstanceCount", 1), group.get("InstanceGroupName", "")
            )
            for group in groups
        )
    for prefix in ("SelectedInstance", "Instance"):
        if resources.get(f"{prefix}Type"):
            count = resources.get(f"{prefix}Count") or resources.get("InstanceCount") or 1
            return (InstanceGroup(resources[f"{prefix}Type"], count),)
    return ()


def _where(channel: Json) -> str:
    """Where an input channel's data lies."""
    source = channel.get("DataSource") or {}
    if files := source.get("FileSystemDataSource"):
        return f"{files.get('FileSystemId', '')}:{files.get('DirectoryPath', '')}"
    bucket = source.get("S3DataSource") or {}
    data_set = source.get("DatasetSource") or {}
    return str(bucket.get("S3Uri") or data_set.get("DatasetArn", ""))

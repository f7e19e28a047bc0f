"""Training jobs as AWS describes them, and how few requests that takes."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from tests.canned import Canned, Fault
from tests.moto_server import Moto, ago
from tui.model.jobs import FinalMetric, InstanceGroup, JobQuery, MetricDefinition, Phase, RuleStatus
from tui.sources.aws.source import AwsSource
from tui.sources.base import Denied, NotFound, Throttled

CREATED = datetime(2026, 11, 22, 10, 0, tzinfo=timezone.utc)
STARTED = datetime(2026, 11, 22, 10, 3, 0, 250_000, tzinfo=timezone.utc)
ENDED = datetime(2026, 11, 22, 11, 0, tzinfo=timezone.utc)


def described(name: str = "job", **fields: Any) -> dict[str, Any]:
    """The least that DescribeTrainingJob says of a job, and what a test adds."""
    return {"TrainingJobName": name, "TrainingJobStatus": "InProgress", "CreationTime": CREATED, **fields}


def test_everything_that_describe_says_is_kept(canned: Canned, canned_aws: AwsSource) -> None:
    canned.answers(
        "DescribeTrainingJob",
        described(
            TrainingJobArn="arn:aws:sagemaker:eu-west-1:123456789012:training-job/job",
            TrainingJobStatus="Failed",
            SecondaryStatus="Failed",
            FailureReason="AlgorithmError: exit code 1",
            LastModifiedTime=ENDED,
            TrainingStartTime=STARTED,
            TrainingEndTime=ENDED,
            ResourceConfig={"InstanceType": "ml.p4d.24xlarge", "InstanceCount": 2, "VolumeSizeInGB": 500},
            AlgorithmSpecification={
                "TrainingImage": "763104351884.dkr.ecr/pytorch:2",
                "MetricDefinitions": [{"Name": "train:loss", "Regex": "loss=(.*)"}],
            },
            RoleArn="arn:aws:iam::123456789012:role/SageMaker",
            EnableManagedSpotTraining=True,
            StoppingCondition={"MaxRuntimeInSeconds": 86400},
            TrainingTimeInSeconds=3420,
            BillableTimeInSeconds=1231,
            WarmPoolStatus={"Status": "Reused", "ReusedByJob": "next"},
            ModelArtifacts={"S3ModelArtifacts": "s3://bucket/model.tar.gz"},
            OutputDataConfig={"S3OutputPath": "s3://bucket/out"},
            SecondaryStatusTransitions=[
                {"Status": "Starting", "StartTime": CREATED, "EndTime": STARTED, "StatusMessage": "Preparing"},
                {"Status": "Training", "StartTime": STARTED},
            ],
            FinalMetricDataList=[{"MetricName": "train:loss", "Value": 0.25, "Timestamp": ENDED}],
            DebugRuleEvaluationStatuses=[
                {"RuleConfigurationName": "Overfit", "RuleEvaluationStatus": "IssuesFound", "StatusDetails": "at 400"}
            ],
            ProfilerRuleEvaluationStatuses=[
                {"RuleConfigurationName": "LowGPU", "RuleEvaluationStatus": "NoIssuesFound"}
            ],
            HyperParameters={"lr": "3e-4"},
            InputDataConfig=[
                {"ChannelName": "train", "DataSource": {"S3DataSource": {"S3Uri": "s3://bucket/train"}}},
                {
                    "ChannelName": "shared",
                    "DataSource": {"FileSystemDataSource": {"FileSystemId": "fs-1", "DirectoryPath": "/data"}},
                },
            ],
        ),
    )
    job = canned_aws.describe_job("job")
    assert (job.status, job.secondary_status, job.failure_reason) == (
        "Failed",
        "Failed",
        "AlgorithmError: exit code 1",
    )
    assert (job.created, job.started, job.ended, job.modified) == (CREATED, STARTED, ENDED, ENDED)
    assert (job.instances, job.volume_gb) == ((InstanceGroup("ml.p4d.24xlarge", 2),), 500)
    assert job.hosts == ("algo-1", "algo-2")
    assert (job.image, job.role) == ("763104351884.dkr.ecr/pytorch:2", "arn:aws:iam::123456789012:role/SageMaker")
    assert (job.spot, job.max_runtime_s, job.training_s, job.billable_s) == (True, 86400, 3420, 1231)
    assert job.warm_pool == "Reused"
    assert (job.model_artifact, job.output_path) == ("s3://bucket/model.tar.gz", "s3://bucket/out")
    assert job.phases == (Phase("Starting", CREATED, STARTED, "Preparing"), Phase("Training", STARTED))
    assert job.metric_definitions == (MetricDefinition("train:loss", "loss=(.*)"),)
    assert job.final_metrics == (FinalMetric("train:loss", 0.25, ENDED),)
    assert job.rules == (RuleStatus("Overfit", "IssuesFound", "at 400"), RuleStatus("LowGPU", "NoIssuesFound"))
    assert job.hyperparameters == {"lr": "3e-4"}
    assert job.channels == {"train": "s3://bucket/train", "shared": "fs-1:/data"}


def test_a_job_that_failed_early_lacks_nearly_everything(canned: Canned, canned_aws: AwsSource) -> None:
    canned.answers("DescribeTrainingJob", described(TrainingJobStatus="Failed"))
    job = canned_aws.describe_job("job")
    assert (job.started, job.ended, job.instances, job.instance_type) == (None, None, (), None)
    assert (job.training_s, job.billable_s, job.phases, job.rules) == (None, None, (), ())


@pytest.mark.parametrize(
    ("resources", "instances"),
    [
        (
            {
                "InstanceGroups": [
                    {"InstanceType": "ml.p4d.24xlarge", "InstanceCount": 2, "InstanceGroupName": "gpu"},
                    {"InstanceType": "ml.c5.xlarge", "InstanceCount": 4, "InstanceGroupName": "data"},
                ]
            },
            (InstanceGroup("ml.p4d.24xlarge", 2, "gpu"), InstanceGroup("ml.c5.xlarge", 4, "data")),
        ),
        (
            {"InstanceType": "ml.g5.xlarge", "SelectedInstanceType": "ml.g6.xlarge", "SelectedInstanceCount": 3},
            (InstanceGroup("ml.g6.xlarge", 3),),
        ),
        ({"InstanceType": "ml.m5.large"}, (InstanceGroup("ml.m5.large", 1),)),
        ({"VolumeSizeInGB": 30}, ()),
    ],
    ids=["heterogeneous", "chosen among preferences", "no count", "not yet known"],
)
def test_instances(
    canned: Canned, canned_aws: AwsSource, resources: dict[str, Any], instances: tuple[InstanceGroup, ...]
) -> None:
    canned.answers("DescribeTrainingJob", described(ResourceConfig=resources))
    assert canned_aws.describe_job("job").instances == instances


def test_an_empty_page_with_a_token_is_not_the_end(canned: Canned, canned_aws: AwsSource) -> None:
    summary = {**described("late", TrainingJobStatus="Failed"), "LastModifiedTime": ENDED}
    canned.answers(
        "ListTrainingJobs",
        {"TrainingJobSummaries": [], "NextToken": "more"},
        {"TrainingJobSummaries": [summary]},
    )
    query = JobQuery(status="Failed", name_contains="la")
    first = canned_aws.list_jobs(query)
    assert (first.items, first.cursor) == ((), "more")
    second = canned_aws.list_jobs(query, first.cursor)
    assert ([job.name for job in second.items], second.cursor) == (["late"], None)
    assert canned.asked[-1].parameters == {
        "SortBy": "CreationTime",
        "SortOrder": "Descending",
        "MaxResults": 100,
        "StatusEquals": "Failed",
        "NameContains": "la",
        "NextToken": "more",
    }


@pytest.mark.parametrize("count", [2, 20, 21, 100])
def test_the_details_of_a_screen_cost_one_request(moto: Moto, aws: AwsSource, count: int) -> None:
    names = [f"job-{number}" for number in range(count)]
    for name in names:
        moto.add_job(name)
    aws.identity()  # the session is there: what is counted is Search
    before = aws.calls
    assert [job.name for job in aws.describe_jobs(names)] == names
    assert aws.calls - before == 1


def test_no_more_than_twenty_conditions_stand_in_a_list(canned: Canned, canned_aws: AwsSource) -> None:
    canned.answers("Search", {"Results": []})
    canned.answers("DescribeTrainingJob", Fault("ValidationException", "Requested resource not found."))
    assert canned_aws.describe_jobs([f"job-{number}" for number in range(45)]) == ()
    expression = canned.asked[0].parameters["SearchExpression"]
    assert expression["Operator"] == "Or"
    assert [len(part["Filters"]) for part in expression["SubExpressions"]] == [20, 20, 5]
    assert expression["SubExpressions"][2]["Filters"][4] == {
        "Name": "TrainingJobName",
        "Operator": "Equals",
        "Value": "job-44",
    }


def test_search_goes_on_through_its_pages(canned: Canned, canned_aws: AwsSource) -> None:
    canned.answers(
        "Search",
        {"Results": [{"TrainingJob": described("a")}], "NextToken": "more"},
        {"Results": [{"TrainingJob": described("b")}]},
    )
    assert [job.name for job in canned_aws.describe_jobs(["a", "b"])] == ["a", "b"]
    assert canned.count("DescribeTrainingJob") == 0


def test_a_job_that_the_index_of_search_lacks_is_described(canned: Canned, canned_aws: AwsSource) -> None:
    canned.answers("Search", {"Results": [{"TrainingJob": described("old")}]})
    canned.answers("DescribeTrainingJob", described("new"))
    assert [job.name for job in canned_aws.describe_jobs(["new", "old"])] == ["new", "old"]
    assert canned.count("DescribeTrainingJob") == 1


def test_of_two_jobs_of_one_name_the_newer_is_meant(canned: Canned, canned_aws: AwsSource) -> None:
    newer = described("job", TrainingJobStatus="Completed", CreationTime=ENDED)
    canned.answers("Search", {"Results": [{"TrainingJob": job} for job in (newer, described("job"))]})
    canned.answers("DescribeTrainingJob", Fault("ValidationException", "Requested resource not found."))
    (job,) = canned_aws.describe_jobs(["job", "other"])
    assert job.created == ENDED


@pytest.mark.parametrize(
    "refusal",
    [
        Fault("AccessDeniedException", "User: x is not authorized to perform: sagemaker:Search"),
        Fault("ValidationException", "Search is not supported in this region"),
        Fault("UnknownOperationException"),
    ],
    ids=["denied", "refused", "unknown"],
)
def test_where_search_cannot_be_had_each_job_is_described_and_search_not_asked_again(
    canned: Canned, canned_aws: AwsSource, refusal: Fault
) -> None:
    canned.answers("Search", refusal)
    canned.answers("DescribeTrainingJob", described("a"), described("b"), described("a"), described("b"))
    for _ in range(2):
        assert [job.name for job in canned_aws.describe_jobs(["a", "b"])] == ["a", "b"]
    assert canned.count("Search") == 1
    canned_aws.clients.renew()
    canned_aws.describe_jobs(["a", "b"])
    assert canned.count("Search") == 2  # other keys may be allowed to


def test_throttling_is_not_taken_for_a_missing_permission(canned: Canned, canned_aws: AwsSource) -> None:
    canned.answers("Search", Fault("ThrottlingException", "Rate exceeded"))
    with pytest.raises(Throttled):
        canned_aws.describe_jobs(["a", "b"])
    assert canned.count("DescribeTrainingJob") == 0


def test_a_missing_permission_to_describe_is_named(canned: Canned, canned_aws: AwsSource) -> None:
    canned.answers("Search", {"Results": []})
    with pytest.raises(Denied) as caught:
        canned_aws.describe_jobs(["a", "b"])
    assert caught.value.permission == "sagemaker:DescribeTrainingJob"


@pytest.mark.parametrize(
    "fault",
    [
        Fault("ValidationException", "Requested resource not found."),
        Fault("ResourceNotFound", "Training job does not exist"),
        Fault("ResourceNotFoundException", ""),
    ],
)
def test_the_ways_in_which_aws_says_that_there_is_no_such_job(
    canned: Canned, canned_aws: AwsSource, fault: Fault
) -> None:
    canned.answers("DescribeTrainingJob", fault)
    with pytest.raises(NotFound):
        canned_aws.describe_job("nobody")


def test_a_thousand_jobs_are_listed_in_ten_requests(moto: Moto, aws: AwsSource) -> None:
    for number in range(1000):
        moto.add_job(f"job-{number:04d}", created=ago(minutes=number))
    aws.identity()
    before, cursor, names = aws.calls, None, []
    while True:
        page = aws.list_jobs(cursor=cursor)
        names += [job.name for job in page.items]
        cursor = page.cursor
        if cursor is None:
            break
    assert names == [f"job-{number:04d}" for number in range(1000)]
    assert aws.calls - before == 10

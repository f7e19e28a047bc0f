"""What moto leaves out and sagetop relies on, asked over HTTP as sagetop asks it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.patience import until

Client = Callable[[str], Any]
LOSS = {"Name": "train:loss", "Regex": "loss=([0-9.]+)"}


def create_job(sagemaker: Any, name: str, **more: Any) -> None:
    sagemaker.create_training_job(
        TrainingJobName=name,
        AlgorithmSpecification={"TrainingImage": "image", "TrainingInputMode": "File", "MetricDefinitions": [LOSS]},
        RoleArn="arn:aws:iam::123456789012:role/training",
        OutputDataConfig={"S3OutputPath": "s3://bucket/out"},
        ResourceConfig={"InstanceType": "ml.p4d.24xlarge", "InstanceCount": 2, "VolumeSizeInGB": 100},
        StoppingCondition={"MaxRuntimeInSeconds": 3600},
        **more,
    )


def create_endpoint(sagemaker: Any, name: str, count: int = 2) -> None:
    sagemaker.create_model(ModelName=name, ExecutionRoleArn="arn:aws:iam::123456789012:role/serving")
    variant = {
        "VariantName": "main",
        "ModelName": name,
        "InstanceType": "ml.m5.large",
        "InitialInstanceCount": count,
        "InitialVariantWeight": 1.0,
    }
    sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)


def pages(ask: Callable[..., Any], **given: Any) -> Iterator[Any]:
    while True:
        answer = ask(**given)
        yield answer
        if not answer.get("NextToken"):
            return
        given["NextToken"] = answer["NextToken"]


class TestTrainingJobs:
    def test_a_new_job_is_starting_and_keeps_what_it_was_given(self, client: Client) -> None:
        sagemaker = client("sagemaker")
        create_job(sagemaker, "one", HyperParameters={"lr": "0.1"})
        job = sagemaker.describe_training_job(TrainingJobName="one")
        assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("InProgress", "Starting")
        assert job["AlgorithmSpecification"]["MetricDefinitions"] == [LOSS]
        assert job["HyperParameters"] == {"lr": "0.1"}
        assert [phase["Status"] for phase in job["SecondaryStatusTransitions"]] == ["Starting"]
        assert "EndTime" not in job["SecondaryStatusTransitions"][0]
        assert "FinalMetricDataList" not in job

    def test_a_job_that_does_not_exist_is_a_validation_error(self, client: Client) -> None:
        with pytest.raises(ClientError, match="Requested resource not found") as error:
            client("sagemaker").describe_training_job(TrainingJobName="none")
        assert error.value.response["Error"]["Code"] == "ValidationException"

    def test_listing_sorts_both_ways_and_goes_on_by_token(self, client: Client) -> None:
        sagemaker = client("sagemaker")
        for number in range(7):
            create_job(sagemaker, f"job-{number}")
        found = [
            [job["TrainingJobName"] for job in page["TrainingJobSummaries"]]
            for page in pages(sagemaker.list_training_jobs, SortBy="CreationTime", SortOrder="Descending", MaxResults=3)
        ]
        assert found == [["job-6", "job-5", "job-4"], ["job-3", "job-2", "job-1"], ["job-0"]]
        first = sagemaker.list_training_jobs(SortBy="Name", MaxResults=1)["TrainingJobSummaries"][0]
        assert first["TrainingJobName"] == "job-0"
        contains = sagemaker.list_training_jobs(NameContains="B-3")["TrainingJobSummaries"]
        assert [job["TrainingJobName"] for job in contains] == ["job-3"]

    def test_a_status_is_applied_after_the_page_is_cut(self, client: Client) -> None:
        sagemaker = client("sagemaker")
        for number in range(4):
            create_job(sagemaker, f"job-{number}")
        sagemaker.stop_training_job(TrainingJobName="job-3")
        counts = [
            len(page["TrainingJobSummaries"])
            for page in pages(sagemaker.list_training_jobs, StatusEquals="Stopping", SortBy="Name", MaxResults=2)
        ]
        assert counts == [0, 1]

    def test_stopping_leads_to_stopped(self, client: Client) -> None:
        sagemaker = client("sagemaker")
        create_job(sagemaker, "one")
        sagemaker.stop_training_job(TrainingJobName="one")
        assert sagemaker.describe_training_job(TrainingJobName="one")["TrainingJobStatus"] == "Stopping"
        until(lambda: sagemaker.describe_training_job(TrainingJobName="one")["TrainingJobStatus"] == "Stopped")
        job = sagemaker.describe_training_job(TrainingJobName="one")
        assert [phase["Status"] for phase in job["SecondaryStatusTransitions"]] == ["Starting", "Stopping", "Stopped"]
        with pytest.raises(ClientError, match="in status Stopped"):
            sagemaker.stop_training_job(TrainingJobName="one")


class TestSearch:
    def test_jobs_are_found_by_names_and_status_with_their_whole_description(self, client: Client) -> None:
        sagemaker = client("sagemaker")
        for number in range(5):
            create_job(sagemaker, f"job-{number}")
        sagemaker.stop_training_job(TrainingJobName="job-1")

        def names(*filters: dict[str, str], **more: Any) -> list[str]:
            expression = {"Filters": list(filters), **more.pop("expression", {})}
            answer = sagemaker.search(
                Resource="TrainingJob", SearchExpression=expression, SortBy="TrainingJobName", **more
            )
            return [one["TrainingJob"]["TrainingJobName"] for one in answer["Results"]]

        by_name = {"Name": "TrainingJobName", "Operator": "In", "Value": "job-0,job-1,job-9"}
        running = {"Name": "TrainingJobStatus", "Operator": "Equals", "Value": "InProgress"}
        assert names(by_name, SortOrder="Ascending") == ["job-0", "job-1"]
        assert names(by_name, running) == ["job-0"]
        assert names(by_name, running, expression={"Operator": "Or"}, SortOrder="Descending") == [
            f"job-{number}" for number in (4, 3, 2, 1, 0)
        ]
        assert names({"Name": "TrainingJobName", "Operator": "Contains", "Value": "b-2"}) == ["job-2"]
        whole = sagemaker.search(Resource="TrainingJob", SearchExpression={"Filters": [by_name]})["Results"][0]
        assert whole["TrainingJob"]["ResourceConfig"]["InstanceCount"] == 2
        assert whole["TrainingJob"]["AlgorithmSpecification"]["MetricDefinitions"] == [LOSS]

    def test_pages_go_on_by_token_and_endpoints_are_found_too(self, client: Client) -> None:
        sagemaker = client("sagemaker")
        for number in range(3):
            create_job(sagemaker, f"job-{number}")
            create_endpoint(sagemaker, f"endpoint-{number}")
        found = [len(page["Results"]) for page in pages(sagemaker.search, Resource="TrainingJob", MaxResults=2)]
        assert found == [2, 1]
        only = {"Filters": [{"Name": "EndpointName", "Operator": "Equals", "Value": "endpoint-1"}]}
        answer = sagemaker.search(Resource="Endpoint", SearchExpression=only)
        assert [one["Endpoint"]["EndpointName"] for one in answer["Results"]] == ["endpoint-1"]


class TestEndpoints:
    def test_listing_is_newest_first_ten_a_page(self, client: Client) -> None:
        sagemaker = client("sagemaker")
        for number in range(12):
            create_endpoint(sagemaker, f"endpoint-{number:02}")
        found = [[one["EndpointName"] for one in page["Endpoints"]] for page in pages(sagemaker.list_endpoints)]
        assert [len(page) for page in found] == [10, 2]
        assert found[0][0] == "endpoint-11"
        named = sagemaker.list_endpoints(SortBy="Name", SortOrder="Ascending", MaxResults=100)["Endpoints"]
        assert len(named) == 12
        assert named[0]["EndpointName"] == "endpoint-00"

    def test_a_change_of_weight_leaves_the_instances(self, client: Client) -> None:
        sagemaker = client("sagemaker")
        create_endpoint(sagemaker, "one")
        sagemaker.update_endpoint_weights_and_capacities(
            EndpointName="one", DesiredWeightsAndCapacities=[{"VariantName": "main", "DesiredWeight": 0.5}]
        )
        variant = sagemaker.describe_endpoint(EndpointName="one")["ProductionVariants"][0]
        assert (variant["CurrentWeight"], variant["CurrentInstanceCount"]) == (0.5, 2)

    def test_an_endpoint_answers_and_one_that_is_not_there_does_not(self, client: Client) -> None:
        create_endpoint(client("sagemaker"), "one")
        runtime = client("sagemaker-runtime")
        answer = runtime.invoke_endpoint(EndpointName="one", Body=b'{"x": 1}', ContentType="application/json")
        assert b"predictions" in answer["Body"].read()
        assert answer["InvokedProductionVariant"] == "main"
        with pytest.raises(ClientError, match="not found"):
            runtime.invoke_endpoint(EndpointName="two", Body=b"{}")

    def test_whoever_asks_has_a_role(self, client: Client) -> None:
        assert ":assumed-role/MLOps/" in client("sts").get_caller_identity()["Arn"]


class TestScaling:
    RESOURCE = "endpoint/one/variant/main"
    WHICH = {
        "ServiceNamespace": "sagemaker",
        "ResourceId": RESOURCE,
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
    }

    @pytest.fixture
    def scaling(self, client: Client) -> Any:
        create_endpoint(client("sagemaker"), "one", count=2)
        scaling = client("application-autoscaling")
        scaling.register_scalable_target(**self.WHICH, MinCapacity=1, MaxCapacity=4)
        scaling.put_scaling_policy(
            **self.WHICH,
            PolicyName="per-instance",
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration={
                "TargetValue": 70.0,
                "PredefinedMetricSpecification": {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"},
            },
        )
        return scaling

    def target(self, scaling: Any) -> Any:
        return scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"][0]

    def test_suspended_flags_merge_and_limits_stay(self, scaling: Any) -> None:
        scaling.register_scalable_target(**self.WHICH, SuspendedState={"DynamicScalingInSuspended": True})
        scaling.register_scalable_target(**self.WHICH, SuspendedState={"ScheduledScalingSuspended": True})
        target = self.target(scaling)
        assert target["SuspendedState"] == {
            "DynamicScalingInSuspended": True,
            "DynamicScalingOutSuspended": False,
            "ScheduledScalingSuspended": True,
        }
        assert (target["MinCapacity"], target["MaxCapacity"]) == (1, 4)

    def test_registering_moves_capacity_inside_the_limits(self, scaling: Any, client: Client) -> None:
        create = client("sagemaker")
        create_endpoint(create, "one", count=2)
        again = client("application-autoscaling")
        again.register_scalable_target(**self.WHICH, MinCapacity=3, MaxCapacity=5)
        variant = create.describe_endpoint(EndpointName="one")["ProductionVariants"][0]
        assert variant["DesiredInstanceCount"] == 3

    @pytest.mark.parametrize("limits", [{"MinCapacity": 5, "MaxCapacity": 4}, {"MinCapacity": 5}])
    def test_limits_that_cross_are_refused(self, scaling: Any, limits: dict[str, int]) -> None:
        with pytest.raises(ClientError, match="cannot be less"):
            scaling.register_scalable_target(**self.WHICH, **limits)

    def test_an_endpoint_that_is_not_there_is_refused(self, scaling: Any) -> None:
        with pytest.raises(ClientError, match="No such endpoint"):
            scaling.register_scalable_target(
                **{**self.WHICH, "ResourceId": "endpoint/two/variant/main"}, MinCapacity=1, MaxCapacity=2
            )

    def test_deregistering_takes_the_policies_along(self, scaling: Any) -> None:
        assert scaling.describe_scaling_policies(ServiceNamespace="sagemaker")["ScalingPolicies"]
        scaling.deregister_scalable_target(**self.WHICH)
        assert not scaling.describe_scaling_policies(ServiceNamespace="sagemaker")["ScalingPolicies"]

    def test_activities_are_told_newest_first(self, scaling: Any) -> None:
        from moto.applicationautoscaling.models import applicationautoscaling_backends

        from tui.demo.gaps_scaling import add_activity

        backend = applicationautoscaling_backends["123456789012"]["eu-west-1"]
        for count in (3, 4):
            at = datetime.now(timezone.utc)
            add_activity(backend, self.RESOURCE, f"Setting desired instance count to {count}.", "load", at)
        found = scaling.describe_scaling_activities(ServiceNamespace="sagemaker", ResourceId=self.RESOURCE)
        assert [activity["Description"][-2] for activity in found["ScalingActivities"]] == ["4", "3"]
        assert not scaling.describe_scaling_activities(ServiceNamespace="sagemaker", ResourceId="endpoint/x/variant/y")[
            "ScalingActivities"
        ]


NOON = datetime.now(timezone.utc).replace(minute=0, second=0, microsecond=0) - timedelta(hours=1)


class TestMetrics:
    def ask(self, cloudwatch: Any, stat: str, period: int = 60, start: datetime = NOON, minutes: int = 60) -> Any:
        metric = {"Namespace": "demo", "MetricName": "latency", "Dimensions": [{"Name": "Host", "Value": "algo-1"}]}
        query = {"Id": "q1", "MetricStat": {"Metric": metric, "Period": period, "Stat": stat}}
        return cloudwatch.get_metric_data(
            MetricDataQueries=[query],
            StartTime=start,
            EndTime=start + timedelta(minutes=minutes),
            ScanBy="TimestampAscending",
        )["MetricDataResults"][0]

    @pytest.fixture
    def cloudwatch(self, client: Client) -> Any:
        cloudwatch = client("cloudwatch")
        cloudwatch.put_metric_data(
            Namespace="demo",
            MetricData=[
                {
                    "MetricName": "latency",
                    "Dimensions": [{"Name": "Host", "Value": "algo-1"}],
                    "Timestamp": NOON + timedelta(minutes=minute, seconds=17),
                    "Values": [float(value) for value in range(1, 101)],
                }
                for minute in (1, 2, 7)
            ],
        )
        return cloudwatch

    @pytest.mark.parametrize(
        ("stat", "value"),
        [
            ("Average", 50.5),
            ("Sum", 5050),
            ("Maximum", 100),
            ("Minimum", 1),
            ("SampleCount", 100),
            ("p50", 50),
            ("p90", 90),
            ("p99", 99),
            ("p99.5", 100),
        ],
    )
    def test_statistics_and_percentiles(self, cloudwatch: Any, stat: str, value: float) -> None:
        assert self.ask(cloudwatch, stat)["Values"] == [value] * 3

    def test_periods_begin_on_the_clock_wherever_the_question_starts(self, cloudwatch: Any) -> None:
        found = self.ask(cloudwatch, "SampleCount", period=300, start=NOON + timedelta(seconds=61))
        assert found["Timestamps"] == [NOON, NOON + timedelta(minutes=5)]
        assert found["Values"] == [200, 100]

    def test_a_statistic_that_does_not_exist_is_refused(self, cloudwatch: Any) -> None:
        with pytest.raises(ClientError, match="Stat"):
            self.ask(cloudwatch, "p101")

    def test_metrics_are_listed_once(self, cloudwatch: Any) -> None:
        found = cloudwatch.list_metrics(Namespace="demo", Dimensions=[{"Name": "Host"}])["Metrics"]
        assert [metric["MetricName"] for metric in found] == ["latency"]

    def test_statistic_sets_keep_their_sum_and_count(self, cloudwatch: Any) -> None:
        given = {"SampleCount": 10, "Sum": 100, "Minimum": 1, "Maximum": 50}
        cloudwatch.put_metric_data(
            Namespace="demo",
            MetricData=[
                {
                    "MetricName": "latency",
                    "Dimensions": [{"Name": "Host", "Value": "algo-1"}],
                    "Timestamp": NOON + timedelta(minutes=20),
                    "StatisticValues": given,
                }
            ],
        )
        found = {stat: self.ask(cloudwatch, stat)["Values"][-1] for stat in given}  # the same four names
        assert found == pytest.approx(given)

"""What stands behind and beside an endpoint: models, inference components, scaling activities, alarms."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from moto.applicationautoscaling.models import applicationautoscaling_backends
from moto.cloudwatch.models import cloudwatch_backends
from moto.sagemaker.models import sagemaker_backends

from tests.canned import Canned, Fault
from tests.moto_server import ACCOUNT, REGION, ROLE, Moto, ago, now
from tui.demo.gaps_alarms import move_alarm, put_alarm
from tui.demo.gaps_components import put_component
from tui.demo.gaps_scaling import add_activity
from tui.model.endpoints import AlarmChange
from tui.sources.aws.source import AwsSource
from tui.sources.base import Can, Denied

WHEN = datetime(2026, 11, 22, 14, 2, 11, tzinfo=timezone.utc)


def test_the_source_says_that_it_knows_them(aws: AwsSource) -> None:
    assert Can.DETAILS in aws.can


class TestManyAtOnce:
    def test_two_hundred_are_described_by_two_requests(self, aws: AwsSource, moto: Moto) -> None:
        names = [f"endpoint-{number:03}" for number in range(200)]
        for name in names:
            moto.add_endpoint(name, EndpointStatus="InService")
        before = aws.calls
        found = aws.describe_endpoints(names)
        assert aws.calls - before == 2
        assert [endpoint.name for endpoint in found] == names
        assert {(one.detailed, one.variants[0].name, one.variants[0].current_instances) for one in found} == {
            (True, "main", 1)
        }

    def test_what_search_does_not_know_is_left_out(self, aws: AwsSource, moto: Moto) -> None:
        moto.add_endpoint("there")
        assert [one.name for one in aws.describe_endpoints(["gone", "there"])] == ["there"]

    def test_a_config_that_is_known_gives_the_instance_type(self, aws: AwsSource, moto: Moto) -> None:
        moto.add_endpoint("one")
        assert aws.describe_endpoints(["one"])[0].variants[0].instance_type == ""
        aws.describe_endpoint("one")
        assert aws.describe_endpoints(["one"])[0].variants[0].instance_type == "ml.m5.xlarge"

    def test_search_may_be_denied(self, canned: Canned, canned_aws: AwsSource) -> None:
        canned.answers("Search", Fault("AccessDeniedException"))
        with pytest.raises(Denied):
            canned_aws.describe_endpoints(["one"])


class TestModels:
    def test_say_where_their_data_lies_and_are_asked_once(self, aws: AwsSource, moto: Moto) -> None:
        backend = sagemaker_backends[ACCOUNT][REGION]
        backend.create_model("one", ROLE, {"Image": "i", "ModelDataUrl": "s3://bucket/one.tar.gz"}, None, None, None)
        before = aws.calls
        assert aws.models(["one", "gone"]) == {"one": "s3://bucket/one.tar.gz", "gone": ""}
        assert aws.models(["one"]) == {"one": "s3://bucket/one.tar.gz"}
        assert aws.calls - before == 2

    @pytest.mark.parametrize(
        ("model", "where"),
        [
            ({"PrimaryContainer": {"ModelDataSource": {"S3DataSource": {"S3Uri": "s3://b/dir/"}}}}, "s3://b/dir/"),
            ({"PrimaryContainer": {"ModelPackageName": "package/3"}}, "package/3"),
            ({"Containers": [{"ModelDataUrl": "s3://b/1"}, {"ModelDataUrl": "s3://b/2"}]}, "s3://b/1, s3://b/2"),
            ({"PrimaryContainer": {"Image": "an image with the model in it"}}, ""),
        ],
    )
    def test_in_whichever_way_they_do(
        self, canned: Canned, canned_aws: AwsSource, model: dict[str, object], where: str
    ) -> None:
        canned.answers("DescribeModel", {"ModelName": "one", **model})
        assert canned_aws.models(["one"]) == {"one": where}


class TestComponents:
    def test_are_those_of_one_endpoint_with_their_copies(self, aws: AwsSource, moto: Moto) -> None:
        backend = sagemaker_backends[ACCOUNT][REGION]
        put_component(backend, "b", "shared", "main", "model-b", 2, WHEN)
        put_component(
            backend,
            "a",
            "shared",
            "main",
            "model-a",
            1,
            WHEN,
            InferenceComponentStatus="Failed",
            FailureReason="no room",
            RuntimeConfig={"DesiredCopyCount": 3, "CurrentCopyCount": 1},
        )
        put_component(backend, "c", "other", "main", "model-c", 1, WHEN)
        first, second = aws.components("shared")
        assert (first.name, first.status, first.current_copies, first.desired_copies) == ("a", "Failed", 1, 3)
        assert (first.failure_reason, first.model, first.variant, first.modified) == (
            "no room",
            "model-a",
            "main",
            WHEN,
        )
        assert (second.name, second.current_copies) == ("b", 2)

    def test_what_scales_their_copies_comes_with_what_scales_the_endpoint(
        self, canned: Canned, canned_aws: AwsSource
    ) -> None:
        listed = {"InferenceComponentName": "chat"}
        canned.answers("ListInferenceComponents", {"InferenceComponents": [listed]})
        canned.answers("DescribeInferenceComponent", {**listed, "CreationTime": WHEN, "LastModifiedTime": WHEN})
        times = {"CreationTime": WHEN, "LastModifiedTime": WHEN}
        variants = [{"VariantName": "main"}]
        canned.answers(
            "DescribeEndpoint",
            {"EndpointName": "one", "EndpointStatus": "InService", "ProductionVariants": variants, **times},
        )
        target = {
            "ResourceId": "inference-component/chat",
            "ScalableDimension": "sagemaker:inference-component:DesiredCopyCount",
            "MinCapacity": 1,
            "MaxCapacity": 4,
        }
        canned.answers("DescribeScalableTargets", {"ScalableTargets": [target]})
        canned.answers("DescribeScalingPolicies", {"ScalingPolicies": []})
        canned_aws.components("one")
        (found,) = canned_aws.scaling(["one"])
        assert (found.resource_id, found.endpoint, found.max_capacity) == ("inference-component/chat", "", 4)
        asked = next(one for one in canned.asked if one.operation == "DescribeScalableTargets")
        assert asked.parameters["ResourceIds"] == ["endpoint/one/variant/main", "inference-component/chat"]

    def test_an_endpoint_may_have_none(self, aws: AwsSource, moto: Moto) -> None:
        assert aws.components("endpoint") == ()


class TestActivities:
    resource = "endpoint/one/variant/main"

    def test_come_oldest_first_and_only_recent_ones(self, aws: AwsSource, moto: Moto) -> None:
        backend = applicationautoscaling_backends[ACCOUNT][REGION]
        for hours, count in ((5, 4), (2, 6), (1, 8)):
            add_activity(
                backend, self.resource, f"Setting desired instance count to {count}.", "alarm", ago(hours=hours)
            )
        add_activity(backend, "endpoint/two/variant/main", "Setting desired instance count to 9.", "alarm", now())
        found = aws.activities([self.resource], ago(hours=3))
        assert [activity.description[-2:] for activity in found] == ["6.", "8."]
        assert {(one.resource_id, one.status, one.cause) for one in found} == {(self.resource, "Successful", "alarm")}
        assert found[0].ended is not None

    def test_a_variant_that_does_not_scale_has_none(self, aws: AwsSource, moto: Moto) -> None:
        before = aws.calls
        assert aws.activities([], ago(hours=3)) == ()
        assert aws.calls == before


class TestAlarms:
    where = {"EndpointName": "one", "VariantName": "main"}

    def test_are_those_on_the_endpoints_metrics_with_their_history(self, aws: AwsSource, moto: Moto) -> None:
        backend = cloudwatch_backends[ACCOUNT][REGION]
        alarm = put_alarm(backend, "5xx", "Invocation5XXErrors", self.where, 5.0)
        off, on = ago(minutes=90), ago(minutes=30)
        move_alarm(alarm, "OK", "calm", ago(hours=9))
        move_alarm(alarm, "ALARM", "6 > 5", off)
        move_alarm(alarm, "OK", "4 < 5", on)
        put_alarm(backend, "foreign", "Invocation5XXErrors", {"EndpointName": "two", "VariantName": "main"}, 5.0)
        (found,) = aws.alarms("one", ago(hours=3))
        assert (found.name, found.variant, found.metric, found.state) == ("5xx", "main", "Invocation5XXErrors", "OK")
        assert (found.condition, found.reason, found.since) == ("Sum > 5 for 3 × 60 s", "4 < 5", on)
        assert found.changes == (AlarmChange(off, "ALARM"), AlarmChange(on, "OK"))

    def test_one_that_has_not_changed_of_late_has_no_history_to_ask_for(self, aws: AwsSource, moto: Moto) -> None:
        alarm = put_alarm(cloudwatch_backends[ACCOUNT][REGION], "5xx", "Invocation5XXErrors", self.where, 5.0)
        move_alarm(alarm, "ALARM", "6 > 5", ago(hours=9))
        before = aws.calls
        (found,) = aws.alarms("one", ago(hours=3))
        assert (found.state, found.changes, aws.calls - before) == ("ALARM", (), 1)

    def test_over_an_expression_and_over_pages(self, canned: Canned, canned_aws: AwsSource) -> None:
        metric = {
            "Namespace": "AWS/SageMaker",
            "MetricName": "ModelLatency",
            "Dimensions": [{"Name": "EndpointName", "Value": "one"}],
        }
        share = {"Id": "m1", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "p99"}}
        canned.answers(
            "DescribeAlarms",
            {"MetricAlarms": [{"AlarmName": "other", "StateValue": "OK"}], "NextToken": "2"},
            {"MetricAlarms": [{"AlarmName": "slow", "StateValue": "ALARM", "Metrics": [share], "Threshold": 250.0}]},
        )
        canned.answers(
            "DescribeAlarmHistory",
            {"AlarmHistoryItems": [{"Timestamp": WHEN, "HistorySummary": "Alarm updated from OK to ALARM"}]},
        )
        (found,) = canned_aws.alarms("one", WHEN)
        assert (found.name, found.variant, found.metric) == ("slow", "", "ModelLatency")
        assert found.changes == (AlarmChange(WHEN, "ALARM"),)


def test_a_deployment_says_its_stage_and_since_when(canned: Canned, canned_aws: AwsSource) -> None:
    stage = [{"Status": "Baking", "StatusMessage": "waiting", "StartTime": WHEN}]
    canned.answers(
        "DescribeEndpoint",
        {
            "EndpointName": "one",
            "EndpointStatus": "Updating",
            "CreationTime": WHEN,
            "LastModifiedTime": WHEN,
            "ProductionVariants": [{"VariantName": "main", "VariantStatus": stage}],
            "PendingDeploymentSummary": {
                "EndpointConfigName": "one-2",
                "StartTime": WHEN,
                "ProductionVariants": [
                    {
                        "VariantName": "main",
                        "CurrentInstanceCount": 1,
                        "DesiredInstanceCount": 3,
                        "VariantStatus": stage,
                    }
                ],
            },
        },
    )
    found = canned_aws.describe_endpoint("one")
    assert (found.deployment, found.deploying_since) == ("to one-2: main 1→3 Baking", WHEN)
    assert (found.variants[0].status, found.variants[0].status_since) == ("Baking", WHEN)

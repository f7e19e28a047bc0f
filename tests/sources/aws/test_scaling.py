"""Auto-scaling: what may change a variant, asked in requests that grow with the rows and not with the fleet."""

from __future__ import annotations

from tests.canned import Canned
from tests.moto_server import Moto
from tui.model.endpoints import ScalingPolicy, Suspended
from tui.sources.aws.source import AwsSource

DIMENSION = "sagemaker:variant:DesiredInstanceCount"


def test_a_target_has_its_limits_and_its_policies(moto: Moto, aws: AwsSource) -> None:
    moto.add_endpoint("ranker")
    moto.add_scaling("ranker", low=2, high=8, target=70.0)
    (target,) = aws.scaling(["ranker"])
    assert (target.endpoint, target.variant, target.dimension) == ("ranker", "main", DIMENSION)
    assert (target.min_capacity, target.max_capacity, target.suspended) == (2, 8, Suspended())
    assert target.policies == (
        ScalingPolicy(
            name="ranker-main-invocations",
            type="TargetTrackingScaling",
            metric="SageMakerVariantInvocationsPerInstance",
            target_value=70.0,
            scale_out_cooldown_s=60,
            scale_in_cooldown_s=300,
        ),
    )


def test_what_is_suspended(moto: Moto, aws: AwsSource) -> None:
    moto.add_endpoint("ranker")
    which = {"ServiceNamespace": "sagemaker", "ResourceId": moto.add_scaling("ranker"), "ScalableDimension": DIMENSION}
    moto.client("application-autoscaling").register_scalable_target(
        **which, SuspendedState={"DynamicScalingInSuspended": True, "ScheduledScalingSuspended": True}
    )
    (target,) = aws.scaling(["ranker"])
    assert target.suspended == Suspended(scale_out=False, scale_in=True, scheduled=True)


def test_a_step_policy_has_no_target_value_and_a_metric_of_ones_own_keeps_its_name(
    canned: Canned, canned_aws: AwsSource
) -> None:
    learnt(canned_aws, "ranker")
    where = {"ResourceId": "endpoint/ranker/variant/main", "ScalableDimension": DIMENSION}
    canned.answers("DescribeScalableTargets", {"ScalableTargets": [{**where, "MinCapacity": 1, "MaxCapacity": 2}]})
    own = {"TargetValue": 5.0, "CustomizedMetricSpecification": {"MetricName": "QueueDepth"}}
    canned.answers(
        "DescribeScalingPolicies",
        {
            "ScalingPolicies": [
                {**where, "PolicyName": "steps", "PolicyType": "StepScaling"},
                {
                    **where,
                    "PolicyName": "queue",
                    "PolicyType": "TargetTrackingScaling",
                    "TargetTrackingScalingPolicyConfiguration": own,
                },
            ]
        },
    )
    (target,) = canned_aws.scaling(["ranker"])
    assert target.policies == (
        ScalingPolicy("steps", "StepScaling"),
        ScalingPolicy("queue", "TargetTrackingScaling", "QueueDepth", 5.0),
    )


def test_an_endpoint_whose_variants_are_known_is_not_described_again(moto: Moto, aws: AwsSource) -> None:
    moto.add_endpoint("ranker")
    moto.add_scaling("ranker")
    aws.describe_endpoint("ranker")
    before = aws.calls
    aws.scaling(["ranker"])
    assert aws.calls - before == 2  # the target, and its policies


def test_endpoints_without_scaling_cost_one_request_for_fifty_of_them(moto: Moto, aws: AwsSource) -> None:
    learnt(aws, *(f"plain-{number}" for number in range(60)))
    aws.identity()
    before = aws.calls
    assert aws.scaling([f"plain-{number}" for number in range(60)]) == ()
    assert aws.calls - before == 2


def test_the_policies_of_a_screen_are_read_together(moto: Moto, aws: AwsSource) -> None:
    names = [f"endpoint-{number}" for number in range(8)]
    for name in names:
        moto.add_endpoint(name)
        moto.add_scaling(name)
        aws.describe_endpoint(name)
    before = aws.calls
    targets = aws.scaling(names)
    assert [target.endpoint for target in targets] == names
    assert [len(target.policies) for target in targets] == [1] * 8
    assert aws.calls - before == 2


def test_a_large_fleet_costs_two_requests_a_row_at_most(canned: Canned, canned_aws: AwsSource) -> None:
    learnt(canned_aws, "a", "b")

    def where(name: str) -> dict[str, str]:
        return {"ResourceId": f"endpoint/{name}/variant/main", "ScalableDimension": DIMENSION}

    canned.answers(
        "DescribeScalableTargets",
        {"ScalableTargets": [{**where(name), "MinCapacity": 1, "MaxCapacity": 2} for name in "ba"]},
    )
    others = [{**where("z"), "PolicyName": "other", "PolicyType": "StepScaling"}]
    canned.answers(
        "DescribeScalingPolicies",
        {"ScalingPolicies": others, "NextToken": "2"},
        {"ScalingPolicies": others, "NextToken": "3"},
        {"ScalingPolicies": [{**where("b"), "PolicyName": "of b", "PolicyType": "StepScaling"}]},
        {"ScalingPolicies": [{**where("a"), "PolicyName": "of a", "PolicyType": "StepScaling"}]},
    )
    targets = canned_aws.scaling(["a", "b"])
    assert [(target.endpoint, [policy.name for policy in target.policies]) for target in targets] == [
        ("a", ["of a"]),
        ("b", ["of b"]),
    ]
    assert canned.count("DescribeScalingPolicies") == 4


def learnt(source: AwsSource, *endpoints: str) -> None:
    """As if these endpoints, each with its variant `main`, had been on screen before."""
    source.clients.learnt.variants.update(dict.fromkeys(endpoints, ("main",)))

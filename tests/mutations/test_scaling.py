"""Auto-scaling off and on, set and removed, as AWS sees it."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.mutations.conftest import RANKER, WHICH, World
from tui.model.endpoints import Suspended
from tui.mutations import NothingToDo, NotPossible, Seen
from tui.mutations.scaling import ScalingSubject, survey
from tui.mutations.scaling_plans import Numbers, remove, resume, set_numbers, set_saved, suspend
from tui.mutations.scaling_state import state_of
from tui.mutations.suspensions import remembered

ON, OFF = (False, False, False), (True, True, True)


def said(change: Any) -> str:
    return " / ".join(change.notes)


# Off and on


def test_off_is_three_flags_and_leaves_limits_and_policies(world: World) -> None:
    before = world.policies
    change = suspend(world.guard, world.see())
    (call,) = change.calls
    assert call.operation == "RegisterScalableTarget"
    assert set(call.parameters) == {*WHICH, "SuspendedState"}
    assert world.do(suspend).verdict == "done"
    assert world.flags == OFF
    assert (world.target["MinCapacity"], world.target["MaxCapacity"]) == (2, 8)
    assert world.policies == before


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(flags=st.tuples(st.booleans(), st.booleans(), st.booleans()))
def test_the_flags_from_before_come_back(world: World, flags: tuple[bool, bool, bool]) -> None:
    world.set_flags(*flags)
    if flags == OFF:
        with pytest.raises(NothingToDo):
            world.do(suspend)
        return
    world.do(suspend)
    assert world.flags == OFF
    world.do(resume)
    assert world.flags == flags
    assert remembered(world.guard.state) == {}


def test_where_none_are_remembered_on_is_all_three_and_says_so(world: World) -> None:
    world.set_flags(*OFF)
    change = resume(world.guard, world.see())
    assert "none" not in said(change)
    assert "no flags from before are remembered" in said(change)
    world.do(resume)
    assert world.flags == ON


def test_flags_that_somebody_turned_on_meanwhile_are_not_remembered_for_the_next_time(world: World) -> None:
    world.set_flags(True, False, False)
    world.do(suspend)
    world.set_flags(*ON)  # in the console
    with pytest.raises(NothingToDo):
        world.do(resume)
    world.do(suspend)
    world.do(resume)
    assert world.flags == ON


def test_a_partly_suspended_one_is_turned_on_whole(world: World) -> None:
    world.set_flags(True, False, True)
    assert "no flags from before" in said(resume(world.guard, world.see()))
    world.do(resume)
    assert world.flags == ON


def test_what_is_remembered_is_for_its_owner_alone(world: World) -> None:
    world.do(suspend)
    files = [path for path in world.guard.state.rglob("*") if path.is_file()]
    assert {path.name for path in files} >= {"audit.jsonl", "suspensions.json"}
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert world.guard.state.stat().st_mode & 0o777 == 0o700


def test_instances_that_stay_are_said_to(world: World) -> None:
    assert "instances 4, inside 2 – 8: nothing moves" in said(suspend(world.guard, world.see()))


def test_a_register_call_that_moves_instances_says_so_and_does(world: World) -> None:
    world.variant.update({"CurrentInstanceCount": 10, "DesiredInstanceCount": 10})
    change = suspend(world.guard, world.see())
    assert "MOVES 10 → 8 instances at once" in said(change)
    assert [(row.now, row.after) for row in change.rows if row.name == "instances"] == [("10", "8")]
    world.do(suspend)
    assert world.variant["CurrentInstanceCount"] == 8


def test_what_is_suspended_is_not_suspended_again(world: World) -> None:
    world.do(suspend)
    with pytest.raises(NothingToDo, match="suspended already"):
        suspend(world.guard, world.see())


def test_a_timer_can_be_set_on_what_is_suspended_and_sends_nothing(world: World) -> None:
    world.do(suspend)
    change = suspend(world.guard, world.see(), world.clock() + timedelta(hours=2))
    assert change.calls == ()
    world.do(suspend, world.clock() + timedelta(hours=2))
    (known,) = remembered(world.guard.state).values()
    assert known.until == world.clock() + timedelta(hours=2)
    assert known.flags == Suspended()


def test_without_a_target_there_is_nothing_to_suspend(world: World) -> None:
    world.do(remove, world.guard.state / "kept.json")
    with pytest.raises(NotPossible, match="no auto-scaling of ranker-prod / main"):
        suspend(world.guard, world.see())


# Set


def test_limits_and_a_target_value_where_there_was_nothing(world: World) -> None:
    world.do(remove, world.guard.state / "kept.json")
    with pytest.raises(NotPossible, match="min, max and a target value are needed"):
        set_numbers(world.guard, world.see(), Numbers(min=1, max=3))
    outcome = world.do(set_numbers, Numbers(min=1, max=3, target=55, out_cooldown_s=30))
    assert outcome.verdict == "done"
    assert [sent.call.operation for sent in outcome.sent] == ["RegisterScalableTarget", "PutScalingPolicy"]
    assert (world.target["MinCapacity"], world.target["MaxCapacity"], world.flags) == (1, 3, ON)
    (policy,) = world.policies
    assert policy["TargetTrackingScalingPolicyConfiguration"] == {
        "TargetValue": 55.0,
        "PredefinedMetricSpecification": {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"},
        "ScaleOutCooldown": 30,
    }
    assert world.variant["DesiredInstanceCount"] == 3  # 4 was outside 1 – 3


def test_only_what_is_given_changes(world: World) -> None:
    change = set_numbers(world.guard, world.see(), Numbers(max=20))
    assert [call.operation for call in change.calls] == ["RegisterScalableTarget"]
    assert (change.calls[0].parameters["MinCapacity"], change.calls[0].parameters["MaxCapacity"]) == (2, 20)
    world.do(set_numbers, Numbers(target=50, in_cooldown_s=600))
    tracking = world.policies[0]["TargetTrackingScalingPolicyConfiguration"]
    assert (tracking["TargetValue"], tracking["ScaleOutCooldown"], tracking["ScaleInCooldown"]) == (50.0, 60, 600)
    assert world.policies[0]["PolicyName"] == "ranker-prod-main-invocations"


def test_the_high_resolution_metric_needs_a_target_value_of_its_own(world: World) -> None:
    with pytest.raises(NotPossible, match="another metric needs a target value"):
        set_numbers(world.guard, world.see(), Numbers(metric="concurrency"))
    world.do(set_numbers, Numbers(metric="concurrency", target=5))
    metric = world.policies[0]["TargetTrackingScalingPolicyConfiguration"]["PredefinedMetricSpecification"]
    assert metric == {"PredefinedMetricType": "SageMakerVariantConcurrentRequestsPerModelHighResolution"}


def test_setting_leaves_suspended_what_is_suspended(world: World) -> None:
    world.do(suspend)
    assert "stays suspended" in said(set_numbers(world.guard, world.see(), Numbers(max=9)))
    world.do(set_numbers, Numbers(max=9))
    assert world.flags == OFF
    world.do(resume)
    assert world.flags == ON


@pytest.mark.parametrize(
    ("numbers", "why"),
    [
        (Numbers(min=9), "min 9 is above max 8"),
        (Numbers(min=0), "keeps one instance"),
        (Numbers(target=0), "makes no sense"),
        (Numbers(target=-1), "makes no sense"),
    ],
)
def test_numbers_that_make_no_sense_are_not_sent(world: World, numbers: Numbers, why: str) -> None:
    with pytest.raises(NotPossible, match=why):
        set_numbers(world.guard, world.see(), numbers)


def test_what_is_so_already_is_not_sent(world: World) -> None:
    with pytest.raises(NothingToDo, match="so already"):
        set_numbers(world.guard, world.see(), Numbers(min=2, max=8, target=70))


def put_step_policy(world: World) -> None:
    world.moto.client("application-autoscaling").put_scaling_policy(
        **WHICH,
        PolicyName="steps",
        PolicyType="StepScaling",
        StepScalingPolicyConfiguration={
            "AdjustmentType": "ChangeInCapacity",
            "StepAdjustments": [{"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": 1}],
        },
    )


def test_step_policies_are_suspended_and_resumed_and_their_numbers_left_alone(world: World) -> None:
    put_step_policy(world)
    with pytest.raises(NotPossible, match="left to AWS's tools") as caught:
        set_numbers(world.guard, world.see(), Numbers(max=9))
    assert "suspended and resumed" in caught.value.hint
    world.do(suspend)
    assert world.flags == OFF
    assert len(world.policies) == 2
    world.do(resume)
    assert world.flags == ON


@pytest.mark.parametrize(
    ("dimension", "resource"),
    [
        ("sagemaker:variant:DesiredProvisionedConcurrency", "endpoint/ranker-prod/variant/main"),
        ("sagemaker:inference-component:DesiredCopyCount", "inference-component/main"),
    ],
)
def test_concurrency_and_copies_are_suspended_and_resumed_only(world: World, dimension: str, resource: str) -> None:
    subject = ScalingSubject("ranker-prod", "main", dimension)
    target = {"ResourceId": resource, "MinCapacity": 1, "MaxCapacity": 3}
    seen = Seen(world.source.identity(), subject, state_of([target], [], [], None, "main"))
    (call,) = suspend(world.guard, seen).calls
    assert (call.parameters["ResourceId"], call.parameters["ScalableDimension"]) == (resource, dimension)
    with pytest.raises(NotPossible, match="its numbers are left to AWS's tools"):
        set_numbers(world.guard, seen, Numbers(max=4))


# Remove and restore


def put_scheduled_action(world: World) -> None:
    world.moto.client("application-autoscaling").put_scheduled_action(
        **WHICH,
        ScheduledActionName="mornings",
        Schedule="cron(0 7 * * ? *)",
        ScalableTargetAction={"MinCapacity": 4, "MaxCapacity": 12},
    )


def test_removing_lists_what_is_lost_saves_it_and_the_file_puts_it_back(world: World) -> None:
    put_scheduled_action(world)
    world.set_flags(False, True, False)
    before = world.see().state
    file = world.guard.state / "saved" / "ranker.json"
    change = remove(world.guard, world.see(), file)
    assert change.typed
    for word in ("limits 2 – 8", "ranker-prod-main-invocations", "mornings", str(file)):
        assert word in said(change)
    assert not file.exists()
    assert world.do(remove, file).verdict == "done"
    assert (world.target, world.policies) == (None, [])
    assert file.stat().st_mode & 0o777 == 0o600

    outcome = world.do(set_saved, file)
    assert outcome.verdict == "done"
    after = world.see().state
    assert {key: after[key] for key in ("target", "policies", "scheduled")} == {
        key: before[key] for key in ("target", "policies", "scheduled")
    }


def test_a_file_that_is_there_already_is_not_written_over(world: World, tmp_path: Path) -> None:
    file = tmp_path / "mine.json"
    file.write_text("{}")
    with pytest.raises(NotPossible, match="is there already"):
        remove(world.guard, world.see(), file)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        '{"sagetop": "scaling", "subject": {}, "state": {"target": null}}',
        json.dumps({"sagetop": "scaling", "subject": {}, "state": {"target": {"min": 1, "max": "2"}}}),
    ],
)
def test_a_file_that_sagetop_did_not_save_is_refused(world: World, tmp_path: Path, content: str) -> None:
    file = tmp_path / "odd.json"
    file.write_text(content)
    with pytest.raises(NotPossible, match="no auto-scaling that sagetop saved"):
        set_saved(world.guard, world.see(), file)


# What there is


def test_a_survey_shows_every_variant_with_and_without_auto_scaling(world: World) -> None:
    world.moto.add_endpoint("two", [{"VariantName": name, "InstanceType": "ml.m5.xlarge"} for name in "ab"])
    world.moto.add_scaling("two", "b", 1, 3)
    for seen in (survey(world.source, "two"), survey(world.source, "two", ["a", "b"])):
        assert [(one.subject.variant, one.state["target"] and one.state["target"]["max"]) for one in seen] == [
            ("a", None),
            ("b", 3),
        ]
        assert seen[1].identity.region == "eu-west-1"


def test_what_was_seen_of_the_survey_is_what_a_look_sees(world: World) -> None:
    (seen,) = survey(world.source, "ranker-prod", ["main"])
    assert (seen.subject, seen.state) == (RANKER, world.see().state)

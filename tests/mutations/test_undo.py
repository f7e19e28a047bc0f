"""The last change put back, by the same guarded way."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.moto_server import ago
from tests.mutations.conftest import World
from tui.mutations import NothingToDo, NotPossible, Outcome, agree, audit, carry_out, see
from tui.mutations.jobs import JobSubject, stop
from tui.mutations.scaling_plans import Numbers, remove, resume, set_numbers, suspend
from tui.mutations.suspensions import remembered
from tui.mutations.undo import undo


def undone(world: World, id: str = "") -> Outcome:
    change = undo(world.guard, world.source, id)
    typed = change.name if change.typed else None
    return carry_out(world.source, world.guard, agree(world.guard, change, yes="y", typed=typed))


def test_a_suspension_is_undone_with_its_memory_and_its_timer(world: World) -> None:
    world.set_flags(False, True, False)
    world.do(suspend, world.clock())
    assert undone(world).verdict == "done"
    assert world.flags == (False, True, False)
    assert remembered(world.guard.state) == {}


def timer(world: World) -> Any:
    """When sagetop's timer ends the suspension, None where it has none."""
    return next((one.until for one in remembered(world.guard.state).values()), None)


def test_the_timer_of_what_was_suspended_already_comes_back(world: World) -> None:
    first, second = (world.clock() + timedelta(hours=hours) for hours in (2, 5))
    world.set_flags(False, True, False)
    world.do(suspend, first)
    world.do(suspend, second)
    change = undo(world.guard, world.source)
    assert [(row.name, row.now, row.after) for row in change.rows if row.moves] == [
        ("on again", "2026-11-22 19:03 UTC", "2026-11-22 16:03 UTC")
    ]
    assert change.calls == ()
    assert undone(world).verdict == "done"
    assert timer(world) == first
    world.do(suspend)
    assert timer(world) is None
    assert undone(world).verdict == "done"
    assert timer(world) == first
    undone(world)
    assert world.flags == (False, True, False)


def test_the_timer_comes_back_with_a_suspension_that_was_ended_unless_it_has_passed(world: World) -> None:
    world.do(suspend, world.clock() + timedelta(hours=2))
    world.do(resume)
    assert any("on again at 2026-11-22 16:03 UTC" in note for note in undo(world.guard, world.source).notes)
    world.clock.move(hours=3)
    assert any("16:03 UTC, has passed" in note for note in undo(world.guard, world.source).notes)
    undone(world)
    assert (world.flags, timer(world)) == ((True, True, True), None)


def test_other_limits_leave_the_timer_alone(world: World) -> None:
    until = world.clock() + timedelta(hours=2)
    world.do(suspend, until)
    world.do(set_numbers, Numbers(max=10))
    assert timer(world) == until
    undone(world)
    assert timer(world) == until


def test_limits_and_policy_come_back(world: World) -> None:
    before = world.policies[0]["TargetTrackingScalingPolicyConfiguration"]
    world.do(set_numbers, Numbers(min=1, max=20, target=10, metric="concurrency"))
    undone(world)
    assert (world.target["MinCapacity"], world.target["MaxCapacity"]) == (2, 8)
    assert world.policies[0]["TargetTrackingScalingPolicyConfiguration"] == before


def test_a_removal_is_undone(world: World, tmp_path: Path) -> None:
    world.do(remove, tmp_path / "kept.json")
    assert undone(world).verdict == "done"
    assert world.target["MaxCapacity"] == 8
    assert len(world.policies) == 1


def test_undoing_the_first_setting_is_a_removal_and_typed(world: World, tmp_path: Path) -> None:
    world.do(remove, tmp_path / "kept.json")
    world.do(set_numbers, Numbers(min=1, max=3, target=5))
    change = undo(world.guard, world.source)
    assert change.typed
    assert change.save_to is not None
    undone(world)
    assert world.target is None
    assert change.save_to.parent == world.guard.state / "saved"


def test_once_more_goes_one_further_back(world: World) -> None:
    world.do(set_numbers, Numbers(max=10))
    world.do(set_numbers, Numbers(max=12))
    undone(world)
    assert world.target["MaxCapacity"] == 10
    undone(world)
    assert world.target["MaxCapacity"] == 8
    with pytest.raises(NothingToDo, match="nothing was changed by sagetop"):
        undone(world)


def test_one_of_them_by_its_id(world: World) -> None:
    first = world.do(set_numbers, Numbers(max=10))
    world.do(suspend)
    change = undo(world.guard, world.source, first.id[:6])
    assert change.undoes == first.id
    assert any("changed again since" in note for note in change.notes)
    with pytest.raises(NotPossible, match="no changes"):
        undo(world.guard, world.source, "zzzz")


def test_what_was_changed_since_is_said(world: World) -> None:
    world.do(suspend)
    world.set_flags(True, False, False)
    assert any("changed again since" in note for note in undo(world.guard, world.source).notes)


def test_a_stopped_job_cannot_be_undone_and_it_says_so(world: World) -> None:
    world.moto.add_job("bert", created=ago(hours=1))
    change = stop(world.guard, see(world.source, JobSubject("bert")))
    carry_out(world.source, world.guard, agree(world.guard, change, yes="y"))
    with pytest.raises(NotPossible, match="cannot be undone: Stop training job bert"):
        undo(world.guard, world.source)


def test_what_came_to_nothing_is_not_what_is_undone(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.do(set_numbers, Numbers(max=10))
    change = suspend(world.guard, world.see())
    world.set_flags(True, False, False)
    assert carry_out(world.source, world.guard, agree(world.guard, change, yes="y")).verdict == "overtaken"
    assert undo(world.guard, world.source).title.startswith("Undo: Set auto-scaling")


def test_the_changes_of_another_region_are_left_alone(world: World) -> None:
    outcome = world.do(suspend)
    from tui.sources.aws.source import AwsSource

    elsewhere: Any = AwsSource(world.moto.settings(region="us-east-1"))
    with pytest.raises(NothingToDo, match="us-east-1"):
        undo(world.guard, elsewhere)
    with pytest.raises(NotPossible, match="eu-west-1"):
        undo(world.guard, elsewhere, outcome.id)


def test_a_protected_name_is_typed_here_too(world: World) -> None:
    world.do(suspend)
    guard = replace(world.guard, protected=("*-prod",))
    assert undo(guard, world.source).typed


def test_an_undoing_is_in_the_audit_log_with_what_it_undid(world: World) -> None:
    first = world.do(suspend)
    second = undone(world)
    last = audit.entries(world.guard.state)[-1].record()
    assert (last["id"], last["undoes"]) == (second.id, first.id)

"""On again by itself: once, by whichever sagetop is running, and overdue where none is."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.mutations.conftest import World
from tui.files import locked
from tui.mutations import Outcome, audit
from tui.mutations.scaling_plans import resume, suspend
from tui.mutations.suspensions import remembered
from tui.mutations.timers import carry_out_due, due, lock_of, next_due
from tui.sources.aws.source import AwsSource

OFF = (True, True, True)


@pytest.fixture
def suspended(world: World) -> World:
    """Suspended for two hours, with one flag set from before."""
    world.set_flags(False, True, False)
    world.do(suspend, world.clock() + timedelta(hours=2))
    return world


def carried_out(world: World) -> list[Outcome]:
    return list(carry_out_due(world.source, world.guard))


def test_not_before_its_time(suspended: World) -> None:
    assert next_due(suspended.guard) == suspended.clock() + timedelta(hours=2)
    suspended.clock.move(hours=1, minutes=59)
    assert carried_out(suspended) == []
    assert suspended.flags == OFF


def test_when_its_time_has_come_the_flags_from_before_come_back(suspended: World) -> None:
    suspended.clock.move(hours=2)
    (outcome,) = carried_out(suspended)
    assert outcome.verdict == "done"
    assert suspended.flags == (False, True, False)
    assert next_due(suspended.guard) is None
    last = audit.entries(suspended.guard.state)[-1].record()
    assert last["confirmed"].startswith("timer set 2026-11-22")


def test_while_none_runs_it_is_overdue_and_carried_out_later(suspended: World) -> None:
    suspended.clock.move(days=3)
    assert [one.overdue(suspended.clock()) for one in remembered(suspended.guard.state).values()] == [True]
    assert len(due(suspended.guard, suspended.source.identity())) == 1
    assert [outcome.verdict for outcome in carried_out(suspended)] == ["done"]


def test_of_several_sagetops_one_carries_it_out(suspended: World) -> None:
    suspended.clock.move(hours=3)
    outcomes: list[Outcome] = []
    start = threading.Barrier(3)

    def run() -> None:
        start.wait()
        outcomes.extend(carried_out(suspended))

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [outcome.verdict for outcome in outcomes] == ["done"]
    kinds = [entry.intent["kind"] for entry in audit.entries(suspended.guard.state)]
    assert kinds == ["scaling.suspend", "scaling.resume"]


def test_one_that_another_is_at_is_left_to_it(suspended: World) -> None:
    suspended.clock.move(hours=3)
    (key,) = remembered(suspended.guard.state)
    with locked(lock_of(suspended.guard, key), wait_s=1):
        assert carried_out(suspended) == []
    assert suspended.flags == OFF
    assert len(carried_out(suspended)) == 1


def test_what_somebody_resumed_meanwhile_is_left_as_it_is(suspended: World) -> None:
    suspended.set_flags(False, False, True)
    suspended.clock.move(hours=3)
    assert carried_out(suspended) == []
    assert suspended.flags == (False, False, True)
    assert next_due(suspended.guard) is None


def test_one_that_was_resumed_here_has_no_timer_any_more(suspended: World) -> None:
    suspended.do(resume)
    assert next_due(suspended.guard) is None


def test_read_only_carries_nothing_out(suspended: World) -> None:
    suspended.clock.move(hours=3)
    assert list(carry_out_due(suspended.source, replace(suspended.guard, read_only=True))) == []
    assert suspended.flags == OFF


def test_another_region_is_left_to_whoever_looks_there(suspended: World) -> None:
    suspended.clock.move(hours=3)
    elsewhere = AwsSource(suspended.moto.settings(region="us-east-1"))
    assert list(carry_out_due(elsewhere, suspended.guard)) == []
    assert suspended.flags == OFF


def test_the_timer_of_an_endpoint_that_is_gone_goes_too(suspended: World) -> None:
    suspended.moto.client("sagemaker").delete_endpoint(EndpointName="ranker-prod")
    suspended.clock.move(hours=3)
    assert carried_out(suspended) == []
    assert next_due(suspended.guard) is None

"""On again by itself: once, by whichever sagetop is running, and overdue where none is."""

from __future__ import annotations

import itertools
import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.faults import FaultProxy
from tests.mutations.conftest import World
from tui.files import locked
from tui.mutations import Outcome, audit, guarded
from tui.mutations.scaling_plans import resume, suspend
from tui.mutations.suspensions import FILE, remember, remembered
from tui.mutations.timers import carry_out_due, due, lock_of, next_due
from tui.sources.aws.source import AwsSource
from tui.sources.base import SourceError

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


def test_one_that_fails_is_tried_less_and_less_and_is_one_entry_in_the_audit_log(
    through: World, proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guarded, "LOOKS_S", (0.0,))
    through.do(suspend, through.clock() + timedelta(hours=2))
    log = through.guard.state / audit.FILE
    through.clock.move(hours=2)
    written = [len(log.read_text().splitlines())]

    def attempts(minutes: int) -> list[str]:
        """How those ended that are made by a monitor that looks every minute."""
        ends = []
        for _ in range(minutes):
            ends += [outcome.verdict for outcome in carried_out(through)]
            through.clock.move(minutes=1)
        written.append(len(log.read_text().splitlines()))
        return ends

    proxy.faults.denied = {"RegisterScalableTarget"}
    assert attempts(1) == ["failed"]
    assert attempts(6) == ["failed"] * 2  # a minute later, and two behind that
    assert written[2:] == written[1:2]
    proxy.faults.denied, proxy.faults.broken = set(), {"RegisterScalableTarget"}
    assert attempts(1) == ["unknown"]
    assert next_due(through.guard) == through.clock() + timedelta(minutes=7)
    proxy.faults.broken = set()
    assert attempts(8) == ["done"]
    # What was to be sent, what became of it and how it ended; and the last two again, where they were others.
    assert [after - before for before, after in itertools.pairwise(written)] == [3, 0, 2, 2]
    (_, entry) = audit.entries(through.guard.state)
    assert (entry.intent["kind"], entry.verdict) == ("scaling.resume", "done")
    assert next_due(through.guard) is None


def test_one_that_cannot_be_asked_for_holds_up_no_other(suspended: World) -> None:
    (own,) = remembered(suspended.guard.state).values()
    key = (*own.key[:2], own.key[2], "nonsense")
    first = replace(own, key=key, subject={**own.subject, "dimension": "nonsense"}, until=own.since)
    (suspended.guard.state / FILE).unlink()
    for one in (first, own):
        remember(suspended.guard.state, one)
    suspended.clock.move(hours=3)
    due_here = carry_out_due(suspended.source, suspended.guard)
    assert next(due_here).verdict == "done"
    with pytest.raises(SourceError):
        next(due_here)
    assert next_due(suspended.guard) == suspended.clock() + timedelta(minutes=1)

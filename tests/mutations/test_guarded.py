"""From a word to what AWS shows: what is sent, what is not, and what is said where something is in its way."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.canned import Canned, Cut, Drop, Fault
from tests.faults import FaultProxy, Faults
from tests.moto_server import ago
from tests.mutations.conftest import World
from tui.model.changes import Call
from tui.mutations import Change, NotConfirmed, NotPossible, agree, audit, carry_out, guarded, see
from tui.mutations.change import Consent
from tui.mutations.scaling_plans import Numbers, remove, resume, set_numbers, suspend
from tui.mutations.suspensions import remembered
from tui.sources.aws.clients import ClientSettings
from tui.sources.aws.source import AwsSource
from tui.sources.base import Denied, Throttled, Unanswered, Unreachable

OFF = (True, True, True)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not there at once does not come later here."""
    monkeypatch.setattr(guarded, "LOOKS_S", (0.0, 0.01))


def consented(world: World, change: Change) -> Consent:
    return agree(world.guard, change, yes="y", typed=change.name if change.typed else None)


# A word for it


def test_without_a_word_nothing_is_agreed(world: World) -> None:
    with pytest.raises(NotConfirmed):
        agree(world.guard, suspend(world.guard, world.see()))


@pytest.mark.parametrize(
    ("patterns", "profile", "typed"),
    [
        (("*-prod",), "", True),
        (("*-prod",), "research", True),
        (("live",), "live", True),
        (("*-stage", "live"), "research", False),
        ((), "", False),
    ],
)
def test_protected_names_and_profiles_are_typed(
    world: World, patterns: tuple[str, ...], profile: str, typed: bool
) -> None:
    guard = replace(world.guard, protected=patterns, profile=profile)
    change = suspend(guard, world.see())
    assert change.typed is typed
    if typed:
        for wrong in (None, "", "ranker", "ranker-prod ", "RANKER-PROD"):
            with pytest.raises(NotConfirmed):
                agree(guard, change, yes="--yes", typed=wrong)
        assert agree(guard, change, typed="ranker-prod").how == "typed"
    else:
        assert agree(guard, change, yes="--yes").how == "--yes"


def test_a_removal_is_always_typed(world: World, tmp_path: Path) -> None:
    change = remove(world.guard, world.see(), tmp_path / "kept.json")
    with pytest.raises(NotConfirmed):
        agree(world.guard, change, yes="--yes")


def test_read_only_takes_no_word_and_sends_nothing(world: World) -> None:
    change = suspend(world.guard, world.see())
    consent = consented(world, change)
    guard = replace(world.guard, read_only=True)
    with pytest.raises(NotPossible, match="read-only"):
        agree(guard, change, yes="y")
    with pytest.raises(NotPossible, match="read-only"):
        carry_out(world.source, guard, consent)
    assert world.flags == (False, False, False)


# What was changed meanwhile


def test_what_somebody_changed_meanwhile_is_not_written_over(world: World) -> None:
    change = suspend(world.guard, world.see())
    world.moto.add_scaling("ranker-prod", low=3, high=8, target=None)
    outcome = carry_out(world.source, world.guard, consented(world, change))
    assert (outcome.verdict, [sent.result for sent in outcome.sent]) == ("overtaken", ["not sent"])
    assert [(row.name, row.now, row.after) for row in outcome.rows if row.moves] == [("min – max", "2 – 8", "3 – 8")]
    assert world.flags == (False, False, False)
    assert remembered(world.guard.state) == {}
    (entry,) = audit.entries(world.guard.state)
    assert entry.verdict == "overtaken"


def test_instances_that_move_by_themselves_are_no_change(world: World) -> None:
    change = suspend(world.guard, world.see())
    world.variant.update({"CurrentInstanceCount": 5, "DesiredInstanceCount": 6})
    assert carry_out(world.source, world.guard, consented(world, change)).verdict == "done"


def test_of_two_changes_at_once_one_is_sent(world: World) -> None:
    changes = [suspend(world.guard, world.see()), set_numbers(world.guard, world.see(), Numbers(max=20))]
    verdicts: list[str] = []
    start = threading.Barrier(2)

    def run(change: Change) -> None:
        start.wait()
        verdicts.append(carry_out(world.source, world.guard, consented(world, change)).verdict)

    threads = [threading.Thread(target=run, args=(change,)) for change in changes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(verdicts) == ["done", "overtaken"]


# What is in its way


def test_a_missing_permission_is_named_and_nothing_is_remembered(through: World, proxy: FaultProxy) -> None:
    change = suspend(through.guard, through.see())
    proxy.faults.denied = {"RegisterScalableTarget"}
    outcome = carry_out(through.source, through.guard, consented(through, change))
    assert outcome.verdict == "failed"
    assert isinstance(outcome.error, Denied)
    assert outcome.error.permission == "logs:RegisterScalableTarget"  # as the proxy words it
    assert "nothing was changed" in outcome.said
    assert through.flags == (False, False, False)
    assert remembered(through.guard.state) == {}


def test_throttled_is_tried_again_and_then_said(through: World, proxy: FaultProxy) -> None:
    change = suspend(through.guard, through.see())
    proxy.faults = Faults(throttle=1.0)
    with pytest.raises(Throttled):  # the second look: nothing was sent
        carry_out(through.source, through.guard, consented(through, change))
    assert proxy.asked["RegisterScalableTarget"] == 0
    assert audit.entries(through.guard.state) == []


def test_a_throttled_change_is_sent_again(canned: Canned) -> None:
    source = AwsSource(
        ClientSettings(region="eu-west-1", endpoint_url=canned.url, access_key="AKIA", secret_key="no", attempts=3)
    )
    canned.answers("StopTrainingJob", Fault("ThrottlingException"), {})
    source.send(Call("sagemaker", "StopTrainingJob", {"TrainingJobName": "job"}))
    assert canned.count("StopTrainingJob") == 2


@pytest.mark.parametrize("answer", [Drop(), Cut(), Fault("InternalFailure", status=500)])
def test_a_change_that_may_have_arrived_is_sent_once(canned: Canned, answer: Any) -> None:
    source = AwsSource(
        ClientSettings(region="eu-west-1", endpoint_url=canned.url, access_key="AKIA", secret_key="no", attempts=4)
    )
    canned.answers("StopTrainingJob", answer)
    with pytest.raises(Unanswered):
        source.send(Call("sagemaker", "StopTrainingJob", {"TrainingJobName": "job"}))
    assert canned.count("StopTrainingJob") == 1


def test_what_never_left_is_not_unknown() -> None:
    source = AwsSource(
        ClientSettings(
            region="eu-west-1", endpoint_url="http://127.0.0.1:1", access_key="AKIA", secret_key="no", attempts=1
        )
    )
    with pytest.raises(Unreachable) as caught:
        source.send(Call("sagemaker", "StopTrainingJob", {"TrainingJobName": "job"}))
    assert not isinstance(caught.value, Unanswered)


class Lossy(FaultProxy):
    """Forwards one operation, and loses its answer; after that, if it is said, everything."""

    def __init__(self, upstream: str, operation: str, *, forwards: bool = True) -> None:
        super().__init__(upstream)
        self.operation, self.forwards = operation, forwards

    def _forward(self, request: Any, body: bytes, *, cut: bool) -> None:
        if request.headers.get("X-Amz-Target", "").endswith(self.operation):
            if self.forwards:
                super()._forward(request, body, cut=True)
            request.close_connection = True
        else:
            super()._forward(request, body, cut=cut)


def lossy(world: World, proxy: FaultProxy) -> World:
    return replace(world, source=AwsSource(world.moto.settings(endpoint_url=proxy.url, attempts=2)))


def test_an_answer_that_is_lost_after_it_arrived_is_found_by_looking(world: World) -> None:
    with Lossy(world.moto.url, "RegisterScalableTarget") as proxy:
        outcome = lossy(world, proxy).do(suspend)
        assert proxy.asked["RegisterScalableTarget"] == 1
    assert (outcome.verdict, outcome.sent[0].result) == ("done", "unknown")
    assert "AWS shows all as wanted" in outcome.said
    assert world.flags == OFF
    assert len(remembered(world.guard.state)) == 1


def test_a_request_that_is_lost_is_found_not_to_have_arrived(world: World) -> None:
    with Lossy(world.moto.url, "RegisterScalableTarget", forwards=False) as proxy:
        outcome = lossy(world, proxy).do(suspend)
    assert outcome.verdict == "unknown"
    assert "AWS shows nothing of it so far" in outcome.said
    assert isinstance(outcome.error, Unanswered)
    assert world.flags == (False, False, False)


def test_of_several_calls_it_is_told_which_went_through(through: World, proxy: FaultProxy) -> None:
    change = set_numbers(through.guard, through.see(), Numbers(max=20, target=50))
    proxy.faults.denied = {"PutScalingPolicy"}
    outcome = carry_out(through.source, through.guard, consented(through, change))
    assert outcome.verdict == "partly"
    assert [(sent.call.operation, sent.result) for sent in outcome.sent] == [
        ("RegisterScalableTarget", "done"),
        ("PutScalingPolicy", "failed"),
    ]
    assert "1 of 2 calls went through" in outcome.said
    assert through.target["MaxCapacity"] == 20
    (entry,) = audit.entries(through.guard.state)
    assert [call["result"] for call in entry.record()["request"]] == ["done", "failed"]
    assert entry.may_have_changed


def test_the_rest_is_not_sent_after_the_first_that_fails(through: World, proxy: FaultProxy) -> None:
    change = set_numbers(through.guard, through.see(), Numbers(max=20, target=50))
    proxy.faults.denied = {"RegisterScalableTarget"}
    outcome = carry_out(through.source, through.guard, consented(through, change))
    assert [sent.result for sent in outcome.sent] == ["failed", "not sent"]
    assert outcome.verdict == "failed"
    assert proxy.asked["PutScalingPolicy"] == 0


def test_without_the_permission_for_scheduled_actions_it_suspends_and_does_not_remove(
    through: World, proxy: FaultProxy, tmp_path: Path
) -> None:
    proxy.faults.denied = {"DescribeScheduledActions"}
    with pytest.raises(NotPossible, match="scheduled actions would be lost"):
        remove(through.guard, through.see(), tmp_path / "kept.json")
    assert through.do(suspend).verdict == "done"
    assert through.flags == OFF


def test_an_endpoint_that_is_updating_is_said_to_be(world: World) -> None:
    from moto.sagemaker.models import sagemaker_backends

    from tests.moto_server import ACCOUNT, REGION
    from tui.demo.gaps_sagemaker import set_fields

    set_fields(sagemaker_backends[ACCOUNT][REGION].endpoints["ranker-prod"], {"EndpointStatus": "Updating"})
    assert any("the endpoint is Updating" in note for note in suspend(world.guard, world.see()).notes)


# What is written down


def test_who_what_before_and_after_are_written_down_before_and_after(world: World) -> None:
    world.do(suspend)
    lines = [json.loads(line) for line in (world.guard.state / audit.FILE).read_text().splitlines()]
    assert [line["event"] for line in lines] == ["intent", "sent", "outcome"]
    assert len({line["id"] for line in lines}) == 1
    (entry,) = audit.entries(world.guard.state)
    record = entry.record()
    assert record["identity"].startswith("arn:aws:")
    assert (record["account"], record["region"], record["confirmed"]) == ("123456789012", "eu-west-1", "y")
    assert record["request"][0]["operation"] == "RegisterScalableTarget"
    assert record["request"][0]["result"] == "done"
    assert record["before"]["target"]["suspended"] == {"scale_out": False, "scale_in": False, "scheduled": False}
    assert record["after"]["target"]["suspended"] == {"scale_out": True, "scale_in": True, "scheduled": True}
    assert record["outcome"] == "done"


def test_what_cannot_be_written_down_is_not_sent(world: World, tmp_path: Path) -> None:
    blocked = tmp_path / "blocked"
    blocked.mkdir()
    (blocked / audit.FILE).mkdir()  # no file can be written there, not even by root
    guard = replace(world.guard, state=blocked)
    change = suspend(guard, world.see())
    with pytest.raises(NotPossible, match="cannot be written"):
        carry_out(world.source, guard, agree(guard, change, yes="y"))
    assert world.flags == (False, False, False)


class Filling:
    """A source whose first change leaves no room in the audit log for what came of it."""

    def __init__(self, source: AwsSource, state: Path) -> None:
        self._source, self._state = source, state

    def __getattr__(self, name: str) -> Any:
        return getattr(self._source, name)

    def send(self, call: Call) -> Any:
        answer = self._source.send(call)
        if call.changes:
            (self._state / audit.FILE).rename(self._state / "full")
            (self._state / audit.FILE).mkdir()  # no file can be written there, not even by root
        return answer


def test_what_was_sent_is_never_called_unsent_where_the_log_fills_up_meanwhile(world: World) -> None:
    change = suspend(world.guard, world.see())
    filling: Any = Filling(world.source, world.guard.state)
    outcome = carry_out(filling, world.guard, consented(world, change))
    assert world.flags == OFF
    assert outcome.verdict == "done"
    assert "could not be written down" in outcome.said
    assert json.loads((world.guard.state / "full").read_text())["event"] == "intent"


def test_a_change_that_could_not_be_prepared_is_not_one_to_be_undone(world: World, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(NotPossible, match="nothing was sent"):
        world.do(remove, tmp_path / "file" / "kept.json")
    (entry,) = audit.entries(world.guard.state)
    assert not entry.may_have_changed


def test_a_file_that_cannot_keep_what_is_lost_stops_a_removal(world: World, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(NotPossible, match="nothing was sent"):
        world.do(remove, tmp_path / "file" / "kept.json")
    assert world.target is not None


def test_a_line_that_was_left_unfinished_takes_none_with_it(world: World) -> None:
    world.do(suspend)
    path = world.guard.state / audit.FILE
    with path.open("ab") as file:
        file.write(b'{"id": "half')
    world.do(resume)
    assert [entry.intent["kind"] for entry in audit.entries(world.guard.state)] == [
        "scaling.suspend",
        "scaling.resume",
    ]
    assert [entry.verdict for entry in audit.entries(world.guard.state)] == ["done", "done"]


def test_jobs_are_stopped_the_same_way(world: World) -> None:
    from tui.mutations.jobs import JobSubject, stop

    job = world.moto.add_job("bert-1", created=ago(hours=1))
    seen = see(world.source, JobSubject("bert-1"))
    change = stop(world.guard, seen)
    assert any("cannot be undone" in note for note in change.notes)
    outcome = carry_out(world.source, world.guard, agree(world.guard, change, yes="y"))
    assert outcome.verdict == "done"
    assert job.training_job_status in ("Stopping", "Stopped")
    with pytest.raises(NotPossible, match="already"):
        stop(world.guard, see(world.source, JobSubject("bert-1")))


def test_a_job_that_ended_meanwhile_is_not_stopped(world: World) -> None:
    from tui.demo.gaps_sagemaker import set_fields
    from tui.mutations.jobs import JobSubject, stop

    job = world.moto.add_job("bert-2", created=ago(hours=1))
    change = stop(world.guard, see(world.source, JobSubject("bert-2")))
    set_fields(job, {"TrainingJobStatus": "Completed", "SecondaryStatus": "Completed"})
    outcome = carry_out(world.source, world.guard, agree(world.guard, change, yes="y"))
    assert outcome.verdict == "overtaken"
    assert job.training_job_status == "Completed"

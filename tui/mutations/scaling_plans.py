"""Plans for auto-scaling, each of what was seen: suspend, resume, set, remove."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from tui.files import read_json
from tui.model.changes import Call
from tui.model.endpoints import Suspended
from tui.model.words import plural, utc
from tui.mutations import suspensions
from tui.mutations.change import Change, Guard, NothingToDo, NotPossible, Seen
from tui.mutations.scaling import ScalingSubject
from tui.mutations.scaling_rows import METRICS, TRACKING, instances, metric_of, policy_words
from tui.mutations.scaling_state import INSTANCES, Scaling, as_json, calls_between, compared, flags_of, with_flags
from tui.mutations.suspensions import Suspension

OFF = Suspended(scale_out=True, scale_in=True, scheduled=True)
_REGISTER = "RegisterScalableTarget"


@dataclass(frozen=True, slots=True)
class Numbers:
    """What a person sets of a target; None is left as it is. Cooldowns are in seconds."""

    min: int | None = None
    max: int | None = None
    target: float | None = None
    metric: str = ""
    out_cooldown_s: int | None = None
    in_cooldown_s: int | None = None

    @property
    def of_policy(self) -> bool:
        """Whether any of it is the policy's."""
        return any(value not in (None, "") for value in (self.target, self.metric, *self._cooldowns))

    @property
    def _cooldowns(self) -> tuple[int | None, int | None]:
        return (self.out_cooldown_s, self.in_cooldown_s)


def memory(guard: Guard, seen: Seen) -> Suspension | None:
    """What is remembered of it, as long as it is still suspended as sagetop left it."""
    subject, state = _parts(seen)
    if state["target"] is None or not flags_of(state).all:
        return None
    return suspensions.remembered(guard.state).get(subject.key(seen.identity))


def suspend(guard: Guard, seen: Seen, until: datetime | None = None) -> Change:
    """Off: all three flags, limits untouched, policies and alarms kept. With `until` it comes on again by itself.

    Raises:
        NotPossible: There is nothing to suspend, or it is suspended as it is.
    """
    subject, state = _parts(seen)
    _need_target(subject, state)
    known = memory(guard, seen)
    if flags_of(state).all and _timer(known) == until:
        raise NothingToDo(f"auto-scaling of {subject.label} is suspended already", _since(known))
    notes = []
    if until is not None:
        notes.append(_by_itself(until))
    if flags_of(state).all:
        notes.append("it is suspended already: only the timer changes, and nothing is sent to AWS")
        if known is None:
            notes.append("no flags from before are remembered: on again means that all three are on")
    if state["scheduled"]:
        notes.append(f"{plural(len(state['scheduled']), 'scheduled action')} will not run while it is suspended")
    return _change(guard, seen, "scaling.suspend", "Suspend auto-scaling of", with_flags(state, OFF), notes, until)


def resume(guard: Guard, seen: Seen) -> Change:
    """On: the flags that were there before sagetop suspended it come back; none are remembered: all three are on.

    Raises:
        NotPossible: There is nothing to resume.
    """
    subject, state = _parts(seen)
    _need_target(subject, state)
    known = memory(guard, seen)
    if known is not None and known.flags.all:
        known = None  # somebody else had suspended it, and only its timer is ours
    flags = known.flags if known is not None else Suspended()
    if flags_of(state) == flags:
        raise NothingToDo(f"auto-scaling of {subject.label} is on")
    if known is not None and flags.any:
        note = f"the flags from before {clock(known.since)}, when it was suspended here, come back"
    elif known is not None:
        note = f"as it was before {clock(known.since)}, when it was suspended here"
    else:
        note = "no flags from before are remembered here: all three are turned on"
    notes = [note, "it may scale at once, by what the load is now"]
    return _change(guard, seen, "scaling.resume", "Resume auto-scaling of", with_flags(state, flags), notes)


def set_numbers(guard: Guard, seen: Seen, numbers: Numbers) -> Change:
    """Set a target where there is none, or change its limits, its target value and its cooldowns.

    Raises:
        NotPossible: It is of a kind whose numbers are left to AWS's tools, or a number is missing or makes no sense.
    """
    subject, state = _parts(seen)
    _need_own_kind(subject, state)
    wanted = copy.deepcopy({**state})
    target = state["target"]
    low = numbers.min if numbers.min is not None else target and target["min"]
    high = numbers.max if numbers.max is not None else target and target["max"]
    if low is None or high is None or (not state["policies"] and numbers.target is None):
        raise NotPossible(
            f"there is no auto-scaling of {subject.label} yet: min, max and a target value are needed"
            if target is None
            else f"{subject.label} has no policy yet: a target value is needed",
            "nothing is guessed: sagetop scaling ENDPOINT set --min N --max N --target X",
        )
    if low > high:
        raise NotPossible(f"min {low} is above max {high}", "min may be as much as max at most")
    if low < 1:
        raise NotPossible(f"min {low}: a variant without inference components keeps one instance", "say at least 1")
    flags = target["suspended"] if target else as_json(Suspended())
    wanted["target"] = {"min": low, "max": high, "suspended": flags}
    if numbers.of_policy:
        wanted["policies"] = [_policy(subject, state, numbers)]
    notes = []
    if target is not None and flags_of(state).any:
        until = _timer(memory(guard, seen))
        notes.append(f"it stays suspended as it is: {f'on again at {clock(until)}' if until else 'resume turns it on'}")
    if target is None and (numbers.out_cooldown_s is None or numbers.in_cooldown_s is None):
        notes.append("cooldowns that are not given are AWS's own default")
    return _change(guard, seen, "scaling.set", "Set auto-scaling of", wanted, notes)


def set_saved(guard: Guard, seen: Seen, file: Path) -> Change:
    """Put back what `remove` saved to a file: limits, flags, policies, scheduled actions.

    Raises:
        NotPossible: There is no such thing in the file, or it is all there already.
    """
    subject, state = _parts(seen)
    found = read_json(file)
    saved, of = found.get("state"), found.get("subject")
    if (
        found.get("sagetop") != "scaling"
        or not isinstance(of, Mapping)
        or not isinstance(saved, Mapping)
        or not _is_scaling(saved)
    ):
        raise NotPossible(f"{file} is no auto-scaling that sagetop saved", "see sagetop scaling ENDPOINT remove --help")
    if of.get("dimension") != subject.dimension:
        raise NotPossible(f"{file} has {of.get('dimension')}, and {subject.label} scales by {subject.dimension}")
    notes = []
    if (of.get("endpoint"), of.get("variant")) != (subject.endpoint, subject.variant):
        notes.append(f"it was saved from {of.get('endpoint')} / {of.get('variant')}")
    gone = [one["PolicyName"] for one in state["policies"] if one["PolicyName"] not in _names(saved)]
    if gone:
        notes.append(f"policies that the file does not have are deleted: {', '.join(gone)}")
    return _change(guard, seen, "scaling.set", f"Restore from {file.name} auto-scaling of", {**state, **saved}, notes)


def remove(guard: Guard, seen: Seen, save_to: Path) -> Change:
    """Deregister: the target, its policies, alarms and scheduled actions are lost, and saved to a file before.

    Raises:
        NotPossible: There is none, or what would be lost cannot be read.
    """
    subject, state = _parts(seen)
    if state["target"] is None:
        raise NothingToDo(f"there is no auto-scaling of {subject.label}")
    if state["scheduled"] is None:
        raise NotPossible(
            "scheduled actions would be lost that cannot be read and saved",
            "ask for application-autoscaling:DescribeScheduledActions",
        )
    if save_to.exists():
        raise NotPossible(f"{save_to} is there already", "name a new file")
    lost = [
        "lost: " + ", ".join([f"limits {state['target']['min']} – {state['target']['max']}", *_lost(state)]),
        f"saved before to {save_to}: set --from that file puts it back",
        "to switch it off for a while, suspend it instead: that loses nothing",
    ]
    wanted = {**state, "target": None, "policies": [], "scheduled": []}
    change = _change(guard, seen, "scaling.remove", "REMOVE auto-scaling of", wanted, lost)
    return replace(change, typed=True, save_to=save_to)


def noted(change: Change, lines: Sequence[str]) -> Change:
    """The same with these lines beside it: the last days' traffic beside numbers."""
    return replace(change, notes=(*change.notes, *lines))


def file_for(guard: Guard, seen: Seen) -> Path:
    """A file of its own in the state folder, for what a removal loses."""
    subject = _parts(seen)[0]
    return guard.state / "saved" / f"{subject.endpoint}-{subject.variant}-{guard.now():%Y%m%d-%H%M%S}.json"


def between(guard: Guard, seen: Seen, wanted: Scaling, title: str, notes: list[str]) -> Change:
    """Whatever makes the one of the other: how a change is undone, its timer included."""
    until = _timer(memory(guard, seen))
    if "until" in wanted:
        until = suspensions.moment(wanted["until"]) if wanted["until"] else None
        if until is not None and until <= guard.now():
            notes = [*notes, f"its timer of before, {clock(until)}, has passed: it stays suspended until it is resumed"]
            until = None
        elif until is not None:
            notes = [*notes, _by_itself(until)]
    change = _change(guard, seen, "scaling.undo", title, {**_parts(seen)[1], **compared(wanted)}, notes, until)
    if change.wanted is not None and change.wanted["target"] is None:
        file = file_for(guard, seen)
        notes = [*change.notes, f"there was none before: it is removed, and saved before to {file}"]
        return replace(change, typed=True, save_to=file, notes=tuple(notes))
    return change


def clock(moment: datetime) -> str:
    """`2026-11-22 14:03 UTC`: the same for everybody who is on call."""
    return moment.strftime("%Y-%m-%d %H:%M UTC")


def _change(
    guard: Guard,
    seen: Seen,
    kind: str,
    title: str,
    wanted: Scaling,
    notes: list[str],
    until: datetime | Literal["as it is"] | None = "as it is",
) -> Change:
    """The change; what stays suspended keeps its timer unless it gets another, or none."""
    subject, state = _parts(seen)
    calls = calls_between(state, wanted, subject.resource_id, subject.dimension)
    before = _timer(memory(guard, seen))
    if until == "as it is":
        until = before
    if wanted["target"] is None or not flags_of(wanted).all:
        until = None
    state, wanted = {**state, "until": before and utc(before)}, {**wanted, "until": until and utc(until)}
    if not calls and until == before:
        raise NothingToDo(f"auto-scaling of {subject.label} is so already")
    return Change(
        kind=kind,
        title=f"{title} {subject.label}" if not title.startswith("Undo") else title,
        identity=seen.identity,
        subject=subject,
        before=state,
        wanted=wanted,
        calls=calls,
        rows=subject.tell(state, _moved(state, wanted, calls)),
        notes=(*_clamps(state, wanted, calls), *notes, *_status(state)),
        typed=guard.protects(subject.endpoint),
        until=until,
    )


def _timer(known: Suspension | None) -> datetime | None:
    return known.until if known is not None else None


def _by_itself(until: datetime) -> str:
    return f"on again at {clock(until)}, by whichever sagetop is running then; overdue if none is"


def _parts(seen: Seen) -> tuple[ScalingSubject, Scaling]:
    assert isinstance(seen.subject, ScalingSubject)
    assert seen.state is not None
    return seen.subject, seen.state


def _need_target(subject: ScalingSubject, state: Scaling) -> None:
    if state["target"] is None:
        raise NotPossible(f"there is no auto-scaling of {subject.label}", "set it first: min, max and a target value")


def _need_own_kind(subject: ScalingSubject, state: Scaling) -> None:
    foreign = [one for one in state["policies"] if metric_of(one) not in METRICS.values()]
    if subject.dimension != INSTANCES:
        what = subject.dimension.rpartition(":")[2].removeprefix("Desired")
    elif foreign:
        what = f"policy {foreign[0]['PolicyName']}: {policy_words(foreign[0])}"
    elif len(state["policies"]) > 1:
        what = plural(len(state["policies"]), "policy").replace("policys", "policies")
    else:
        return
    raise NotPossible(
        f"{subject.label} scales by {what}: its numbers are left to AWS's tools",
        "it can be suspended and resumed here",
    )


def _policy(subject: ScalingSubject, state: Scaling, numbers: Numbers) -> dict[str, Any]:
    """The policy with these numbers: the one there is, or a new one."""
    known = state["policies"][0] if state["policies"] else None
    tracking = dict(known[TRACKING]) if known else {}
    kept = metric_of(known) if known else METRICS["invocations"]
    metric = METRICS[numbers.metric] if numbers.metric else kept
    tracking["PredefinedMetricSpecification"] = {"PredefinedMetricType": metric}
    if known and metric != metric_of(known) and numbers.target is None:
        raise NotPossible("another metric needs a target value of its own", "say --target")
    given = {
        "TargetValue": None if numbers.target is None else float(numbers.target),
        "ScaleOutCooldown": numbers.out_cooldown_s,
        "ScaleInCooldown": numbers.in_cooldown_s,
    }
    tracking |= {name: value for name, value in given.items() if value is not None}
    if not 0 < tracking["TargetValue"] < math.inf:
        raise NotPossible(f"a target value of {tracking['TargetValue']:g} makes no sense", "it has to be above 0")
    name = known["PolicyName"] if known else f"sagetop-{subject.variant}"
    return {"PolicyName": name, "PolicyType": "TargetTrackingScaling", TRACKING: tracking}


def _inside(state: Scaling, wanted: Scaling) -> int | None:
    """How many instances a register call makes of those there are; None where there is nothing to say."""
    count, target = state.get("desired") or state.get("instances"), wanted["target"]
    return None if count is None or target is None else min(max(count, target["min"]), target["max"])


def _registers(calls: tuple[Call, ...]) -> bool:
    return any(call.operation == _REGISTER for call in calls)


def _moved(state: Scaling, wanted: Scaling, calls: tuple[Call, ...]) -> Scaling:
    inside = _inside(state, wanted)
    return {**wanted, "instances": inside, "desired": inside} if _registers(calls) and inside is not None else wanted


def _clamps(state: Scaling, wanted: Scaling, calls: tuple[Call, ...]) -> Iterator[str]:
    """Any register call moves capacity back inside [min, max]: said where it does, and where it does not."""
    inside, target = _inside(state, wanted), wanted["target"]
    if not _registers(calls) or target is None:
        return
    if inside is None:
        yield "registering moves capacity inside the limits where it is outside; how much there is now is not known"
        return
    count, limits = state.get("desired") or state.get("instances"), f"{target['min']} – {target['max']}"
    if inside == count:
        yield f"instances {instances(state)}, inside {limits}: nothing moves"
    else:
        yield f"MOVES {count} → {inside} instances at once: registering puts capacity inside {limits}"


def _status(state: Scaling) -> Iterator[str]:
    if state["endpoint_status"] not in ("", "InService"):
        yield f"the endpoint is {state['endpoint_status']}: instances may be moving, and AWS may refuse"


def _since(known: Suspension | None) -> str:
    if known is None:
        return ""
    return f"since {clock(known.since)}" + (f", on again at {clock(known.until)}" if known.until else "")


def _lost(state: Scaling) -> Iterator[str]:
    for policy in state["policies"]:
        yield f"policy {policy['PolicyName']} with its alarms ({policy_words(policy)})"
    for action in state["scheduled"] or ():
        yield f"scheduled action {action['ScheduledActionName']} ({action.get('Schedule', '')})"


def _names(state: Scaling) -> set[str]:
    return {one["PolicyName"] for one in state["policies"]}


def _is_scaling(state: Mapping[str, Any]) -> bool:
    """Whether a file holds what `compared` gives."""
    target, policies, scheduled = (state.get(key) for key in ("target", "policies", "scheduled"))
    if not isinstance(target, Mapping):
        return False
    flags = target.get("suspended")
    return (
        all(isinstance(target.get(key), int) for key in ("min", "max"))
        and isinstance(flags, Mapping)
        and all(isinstance(flags.get(key), bool) for key in ("scale_out", "scale_in", "scheduled"))
        and isinstance(policies, list)
        and all(isinstance(one, Mapping) and isinstance(one.get("PolicyName"), str) for one in policies)
        and isinstance(scheduled, list)
        and all(isinstance(one, Mapping) and isinstance(one.get("ScheduledActionName"), str) for one in scheduled)
    )

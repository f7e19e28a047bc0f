"""What scales a variant, for people and for programs: `sagetop scaling ENDPOINT`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tui.model.words import utc
from tui.mutations.change import Guard, Seen
from tui.mutations.scaling import ScalingSubject
from tui.mutations.scaling_plans import clock, memory
from tui.mutations.scaling_rows import instances, policy_words
from tui.mutations.scaling_state import INSTANCES, compared, flags_of


def standing(guard: Guard, seen: Seen) -> str:
    """`on`, `suspended since … by sagetop, on again at …`, `scale in suspended`, `none`."""
    assert seen.state is not None
    if seen.state["target"] is None:
        return "none: the number of instances is fixed"
    flags = flags_of(seen.state)
    if flags.all:
        known = memory(guard, seen)
        if known is None:
            return "suspended, and not by this sagetop"
        words = f"suspended here since {clock(known.since)}"
        if known.until is None:
            return words
        if known.overdue(guard.now()):
            why = f"was tried {known.tries}× in vain: see sagetop audit" if known.tries else "no sagetop was running"
            return f"{words}; OVERDUE: it was to be on again at {clock(known.until)}, and {why}"
        return f"{words}, on again at {clock(known.until)}"
    kinds = (("scale out", flags.scale_out), ("scale in", flags.scale_in), ("scheduled", flags.scheduled))
    off = [word for word, is_off in kinds if is_off]
    return f"{', '.join(off)} suspended" if off else "on"


def lines(guard: Guard, seen: Seen) -> Iterator[str]:
    """A title and a line a fact."""
    subject, state = seen.subject, seen.state
    assert isinstance(subject, ScalingSubject)
    assert state is not None
    yield subject.label
    facts = [("auto-scaling", standing(guard, seen))]
    if state["target"] is not None:
        facts.append(("limits", f"{state['target']['min']} – {state['target']['max']}"))
    if subject.dimension != INSTANCES:
        facts.append(("scales", subject.dimension.rpartition(":")[2].removeprefix("Desired")))
    facts += [(f"policy {policy['PolicyName']}", policy_words(policy)) for policy in state["policies"]]
    facts += [
        (f"scheduled {action['ScheduledActionName']}", str(action.get("Schedule", "")))
        for action in state["scheduled"] or ()
    ]
    facts.append(("instances", instances(state)))
    room = max(len(name) for name, _ in facts)
    for name, value in facts:
        yield f"  {name:<{room}}  {value}"


def record(guard: Guard, seen: Seen) -> dict[str, Any]:
    """The same as JSON."""
    subject, known = seen.subject, memory(guard, seen)
    assert isinstance(subject, ScalingSubject)
    assert seen.state is not None
    return {
        "endpoint": subject.endpoint,
        "variant": subject.variant,
        "resource_id": subject.resource_id,
        "dimension": subject.dimension,
        **compared(seen.state),
        "instances": seen.state["instances"],
        "desired_instances": seen.state["desired"],
        "suspended_since": utc(known.since) if known else None,
        "on_again": utc(known.until) if known and known.until else None,
        "overdue": known.overdue(guard.now()) if known else False,
    }

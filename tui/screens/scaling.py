"""`A` — what scales an endpoint, and what can be done about it; nothing is sent from here."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from functools import partial

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tui.model.clean import clean
from tui.mutations import Change, NotPossible, Seen, scaling_plans
from tui.mutations.scaling import ScalingSubject, survey
from tui.mutations.scaling_rows import METRICS, TRACKING, metric_of, policy_words
from tui.mutations.scaling_show import standing
from tui.mutations.scaling_state import INSTANCES, flags_of
from tui.mutations.traffic import traffic_lines
from tui.screens.change import ChangeScreen, guard_of
from tui.screens.change_form import Field, FormScreen
from tui.screens.context import Context
from tui.sources.base import SourceError

LENGTHS = {"30m": 1800, "1h": 3600, "2h": 7200, "4h": 14400, "8h": 28800, "24h": 86400}
"""How long a suspension may last, in seconds; the command line takes any."""


class ScalingScreen(ModalScreen[bool]):
    """The scalable targets of an endpoint with what can be done about each; the answer is whether anything was sent.

    Args:
        context: Where the changes are sent.
        endpoint: The endpoint's name.
        variants: The names of its variants as far as they are known, so that one round trip tells all.
        only: The one variant to show, all of them where it is empty.
    """

    BINDINGS = [
        Binding("escape,q", "cancel", "leave all as it is", id="scaling.cancel"),
        Binding("j", "move(1)", "down", id="scaling.down", show=False),
        Binding("k", "move(-1)", "up", id="scaling.up", show=False),
    ]
    DEFAULT_CSS = """
    ScalingScreen { align: center middle; background: $background 60%; }
    ScalingScreen #scaling {
        width: 84; max-width: 100%; height: auto; max-height: 100%; padding: 1 2; background: $panel;
    }
    ScalingScreen OptionList { height: auto; max-height: 18; border: none; padding: 0; background: $panel; }
    ScalingScreen OptionList:focus { border: none; }
    ScalingScreen Static { height: auto; }
    ScalingScreen #say { margin-top: 1; }
    """

    class Surveyed(Message):
        """What there is, or why that cannot be told."""

        def __init__(self, found: Sequence[Seen], why: SourceError | None = None) -> None:
            super().__init__()
            self.found = found
            self.why = why

    def __init__(self, context: Context, endpoint: str, variants: Sequence[str] = (), only: str = "") -> None:
        super().__init__()
        self.context = context
        self._endpoint = endpoint
        self._variants = variants
        self._only = only
        self._found: Sequence[Seen] = ()

    def compose(self) -> ComposeResult:
        """A title, the choices, and what to press."""
        with Vertical(id="scaling"):
            yield Static(Content.styled(clean(f"Auto-scaling of {self._endpoint}"), "bold"), markup=False)
            yield OptionList(markup=False)
            yield Static("Asking AWS how it is now …", id="say", markup=False)

    def on_mount(self) -> None:
        """Ask, all at once."""
        threading.Thread(target=self._survey, name="survey", daemon=True).start()

    def action_cancel(self) -> None:
        """Change nothing."""
        self.dismiss(False)

    def action_move(self, step: int) -> None:
        """One choice on."""
        choices = self.query_one(OptionList)
        choices.action_cursor_down() if step > 0 else choices.action_cursor_up()

    def _survey(self) -> None:
        try:
            self.post_message(self.Surveyed(survey(self.context.source, self._endpoint, self._variants)))
        except SourceError as why:
            self.post_message(self.Surveyed((), why))

    @on(Surveyed)
    def _surveyed(self, message: Surveyed) -> None:
        self._found = [seen for seen in message.found if self._only in ("", _subject(seen).variant)]
        choices = self.query_one(OptionList)
        for number, seen in enumerate(self._found):
            choices.add_option(Option(self._heading(seen), disabled=True))
            for id, words in self._choices(seen):
                choices.add_option(Option(Content(f"   {words}"), id=f"{number} {id}"))
        choices.focus()
        choices.action_first()
        self._say("enter shows what would be sent   esc leaves all as it is")
        if message.why is not None:
            self._say(f"{message.why.what}  {message.why.hint}".strip(), "$text-error")

    def _heading(self, seen: Seen) -> Content:
        subject, state = _subject(seen), seen.state
        assert state is not None
        policies = "; ".join(policy_words(policy) for policy in state["policies"])
        limits = f"  {state['target']['min']} – {state['target']['max']}" if state["target"] else ""
        return Content.assemble(
            (clean(subject.variant), "bold $text-accent"),
            f"  {clean(standing(guard_of(self.context), seen))}{limits}",
            (f"\n   {clean(policies)}" if policies else "", "$text-muted"),
        )

    def _choices(self, seen: Seen) -> Iterator[tuple[str, str]]:
        """What can be done, the harmless first."""
        subject, state = _subject(seen), seen.state
        assert state is not None
        ours = subject.dimension == INSTANCES and all(metric_of(one) in METRICS.values() for one in state["policies"])
        if state["target"] is not None:
            off = flags_of(state).all
            if off:
                yield "resume", "resume"
            else:
                yield "suspend", "suspend until somebody resumes it"
                if flags_of(state).any:
                    yield "resume", "resume what is suspended"
            for length in LENGTHS:
                yield f"suspend {length}", f"{'on again by itself' if off else 'suspend, and on again'} after {length}"
        if ours and len(state["policies"]) <= 1:
            yield "set", "set limits and target value…" if state["target"] else "set it up: limits and target value…"
        if state["target"] is not None:
            yield "remove", "remove it, policies and all…"

    @on(OptionList.OptionSelected)
    def _chosen(self, message: OptionList.OptionSelected) -> None:
        number, action, *length = (message.option.id or "").split(" ")
        seen, guard = self._found[int(number)], guard_of(self.context)
        if action == "set":
            self.app.push_screen(self._form(seen), self._came_back)
            return
        until = guard.now() + timedelta(seconds=LENGTHS[length[0]]) if length else None
        plans: Mapping[str, Callable[[], Change]] = {
            "suspend": partial(scaling_plans.suspend, guard, seen, until),
            "resume": partial(scaling_plans.resume, guard, seen),
            "remove": lambda: scaling_plans.remove(guard, seen, scaling_plans.file_for(guard, seen)),
        }
        try:
            change = plans[action]()
        except NotPossible as problem:
            self._say(f"{problem.what}  {problem.hint}".strip(), "$text-error")
            return
        self.app.push_screen(ChangeScreen(self.context, change), self._came_back)

    def _form(self, seen: Seen) -> FormScreen:
        subject, state, context = _subject(seen), seen.state, self.context
        assert state is not None
        target, policy = state["target"] or {}, (state["policies"] or [{}])[0]
        tracking = policy.get(TRACKING) or {}
        word = next((word for word, metric in METRICS.items() if metric == metric_of(policy)), "invocations")
        fields = (
            Field("low", "min instances", str(target.get("min", "needed"))),
            Field("high", "max instances", str(target.get("max", "needed"))),
            Field("target", "target value", str(tracking.get("TargetValue", "needed"))),
            Field("metric", "of the metric", f"{word}  (invocations or concurrency)"),
            Field("out", "scale-out cooldown, s", str(tracking.get("ScaleOutCooldown", "AWS's default"))),
            Field("in", "scale-in cooldown, s", str(tracking.get("ScaleInCooldown", "AWS's default"))),
        )

        def plan(typed: Mapping[str, str]) -> Change:
            return scaling_plans.set_numbers(guard_of(context), seen, numbers_of(typed))

        def beside() -> Sequence[str]:
            return traffic_lines(context.source, subject.endpoint, subject.variant, context.now())

        return FormScreen(context, f"Set auto-scaling of {subject.label}", fields, plan, beside)

    def _came_back(self, sent: bool | None) -> None:
        if sent:
            self.dismiss(True)

    def _say(self, words: str, style: str = "$text-muted") -> None:
        self.query_one("#say", Static).update(Content.styled(clean(words), style))


def numbers_of(typed: Mapping[str, str]) -> scaling_plans.Numbers:
    """What was typed as numbers. Raises ValueError with a sentence that says what is wanted."""
    whole = {}
    for key in ("low", "high", "out", "in"):
        value = typed.get(key)
        if value is not None and not (value.isascii() and value.isdigit() and len(value) < 7):
            raise ValueError(f"{value!r} is no whole number")
        whole[key] = None if value is None else int(value)
    try:
        target = float(typed["target"]) if "target" in typed else None
    except ValueError:
        raise ValueError(f"{typed['target']!r} is no number") from None
    metric = typed.get("metric", "")
    if metric and metric not in METRICS:
        raise ValueError(f"{metric!r} is neither invocations nor concurrency")
    return scaling_plans.Numbers(whole["low"], whole["high"], target, metric, whole["out"], whole["in"])


def _subject(seen: Seen) -> ScalingSubject:
    assert isinstance(seen.subject, ScalingSubject)
    return seen.subject

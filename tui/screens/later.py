"""The screens that are not the first: they are imported behind the first frame, which need not wait for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.binding import ActiveBinding
    from textual.screen import ModalScreen, Screen

    from tui.model.endpoints import Endpoint
    from tui.model.findings import Finding
    from tui.model.jobs import RuleStatus, TrainingJob
    from tui.model.log_buffer import LogRows
    from tui.screens.change_timers import Timers
    from tui.screens.context import Context
    from tui.watch.health import Health


def job(context: Context, name: str, known: TrainingJob | None = None) -> Screen[None]:
    """The screen of one training job; `known` is what the list knows of it."""
    from tui.screens.job import JobScreen

    return JobScreen(context, name, known=known)


def endpoints(context: Context) -> Screen[None]:
    """The screen of the endpoints."""
    from tui.screens.endpoints import EndpointsScreen

    return EndpointsScreen(context)


def endpoint(context: Context, name: str, known: Endpoint | None = None) -> Screen[None]:
    """The screen of one endpoint; `known` is what the list knows of it."""
    from tui.screens.endpoint import EndpointScreen

    return EndpointScreen(context, name, known=known)


def compare(context: Context, names: Sequence[str]) -> Screen[None]:
    """The screen of two to eight training jobs over one another."""
    from tui.screens.compare import CompareScreen

    return CompareScreen(context, names)


def go_to(places: Sequence[str]) -> ModalScreen[str]:
    """The line that asks where to go."""
    from tui.screens.go_to import GoTo

    return GoTo(places)


def help_on(bindings: dict[str, ActiveBinding]) -> ModalScreen[None]:
    """The keys that work where these bindings are active."""
    from tui.screens.help import HelpScreen

    return HelpScreen(bindings)


def raw(record: Mapping[str, object]) -> ModalScreen[None]:
    """A record as JSON."""
    from tui.screens.raw import RawScreen

    return RawScreen(record)


def findings(health: Health, rules: Sequence[RuleStatus], context: Context) -> ModalScreen[Finding]:
    """What is wrong with a training job."""
    from tui.screens.findings import FindingsScreen

    return FindingsScreen(health, rules, lambda time_ms: f"{context.local(time_ms / 1000):%Y-%m-%d %H:%M:%S}")


def workshop(
    context: Context, job: TrainingJob, rows: Callable[[], LogRows], on_kept: Callable[[], object]
) -> Screen[None]:
    """Where metric definitions of a job are written, tried on its log, and kept."""
    from tui.screens.workshop import WorkshopScreen

    return WorkshopScreen(context, job, rows, on_kept)


def invoke(context: Context, endpoint: str, variants: Sequence[str] = ()) -> Screen[None]:
    """Where the model behind an endpoint is asked."""
    from tui.screens.invoke import InvokeScreen

    return InvokeScreen(context, endpoint, tuple(variants))


def switch(what: str) -> ModalScreen[str]:
    """The question for another profile or region."""
    from tui.screens.switch import SwitchScreen

    return SwitchScreen(what)


def scaling(context: Context, endpoint: str, variants: Sequence[str] = (), only: str = "") -> ModalScreen[bool]:
    """What scales an endpoint, and what can be done about it."""
    from tui.screens.scaling import ScalingScreen

    return ScalingScreen(context, endpoint, variants, only)


def weights(context: Context, endpoint: Endpoint) -> ModalScreen[bool]:
    """The weights and instance counts of an endpoint's variants."""
    from tui.screens.weights import weights_form

    return weights_form(context, endpoint)


def deploy(context: Context) -> ModalScreen[bool]:
    """What a new endpoint is made of."""
    from tui.screens.deploy import deploy_form

    return deploy_form(context)


def stop(context: Context, job: str) -> ModalScreen[bool]:
    """The preview of stopping a training job."""
    from tui.mutations import jobs, see
    from tui.screens.change import ChangeScreen

    return ChangeScreen(context, lambda guard, source: jobs.stop(guard, see(source, jobs.JobSubject(job))))


def undo(context: Context) -> ModalScreen[bool]:
    """The preview of putting the last change back."""
    from tui.mutations import undo
    from tui.screens.change import ChangeScreen

    return ChangeScreen(context, lambda guard, source: undo.undo(guard, source))


def timers(context: Context, tell: Callable[[str], object]) -> Timers:
    """What ends suspensions when their time has come."""
    from tui.screens.change_timers import Timers

    return Timers(context, tell)


def preload() -> None:
    """Import them all, in whichever thread has nothing better to do, so that opening one is quick as well."""
    import tui.screens.change
    import tui.screens.change_form
    import tui.screens.compare
    import tui.screens.deploy
    import tui.screens.endpoint
    import tui.screens.endpoints
    import tui.screens.findings
    import tui.screens.go_to
    import tui.screens.help
    import tui.screens.invoke
    import tui.screens.job
    import tui.screens.job_rows
    import tui.screens.raw
    import tui.screens.scaling
    import tui.screens.switch
    import tui.screens.weights
    import tui.screens.workshop
    import tui.widgets.filter_bar  # noqa: F401  (all are wanted for being in sys.modules)


def binding_ids() -> frozenset[str]:
    """The ids of all bindings there are: what `[keys]` of the settings file may name. Imports every screen."""
    from textual.binding import Binding
    from textual.dom import DOMNode

    preload()
    found: set[str] = set()
    classes = [DOMNode]
    while classes:
        kind = classes.pop()
        classes += kind.__subclasses__()
        if kind.__module__.startswith("tui."):
            found.update(binding.id for binding in kind.BINDINGS if isinstance(binding, Binding) and binding.id)
    return frozenset(found)

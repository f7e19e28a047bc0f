"""The screens that are not the first: they are imported behind the first frame, which need not wait for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.screen import Screen

    from tui.model.endpoints import Endpoint
    from tui.model.jobs import TrainingJob
    from tui.screens.context import Context


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


def preload() -> None:
    """Import them all, in whichever thread has nothing better to do, so that opening one is quick as well."""
    import tui.screens.endpoint
    import tui.screens.endpoints
    import tui.screens.job  # noqa: F401  (all three are wanted for being in sys.modules)


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

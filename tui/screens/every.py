"""Every screen there is, for those who want them all: to have them imported, to know their keys."""

from __future__ import annotations


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

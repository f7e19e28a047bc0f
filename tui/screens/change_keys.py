"""The keys that lead to a change: the one place that says which they are, so that read-only can take them all away."""

from __future__ import annotations

from textual.binding import Binding

PREFIX = "change_"
"""What the name of every action begins with that leads to a change."""


def changing(key: str, action: str, description: str, *, id: str, tooltip: str = "", show: bool = True) -> Binding:
    """A key that leads to a change: `action_change_ACTION` of the screen. In read-only it is not there."""
    return Binding(key, f"{PREFIX}{action}", description, id=id, show=show, tooltip=tooltip)


SCALING = changing("A", "scaling", "auto-scaling…", id="screen.scaling", tooltip="Suspend, resume or set auto-scaling")
WEIGHTS = changing(
    "W", "weights", "weights…", id="screen.weights", tooltip="Change traffic weights or instance counts", show=False
)
STOP = changing("S", "stop", "stop…", id="screen.stop", tooltip="Stop this training job")
DEPLOY = changing("D", "deploy", "deploy…", id="screen.deploy", tooltip="Deploy a model as a new endpoint", show=False)
UNDO = changing("U", "undo", "undo…", id="screen.undo", tooltip="Put the last change back", show=False)


def is_taken_away(action: str, *, read_only: bool) -> bool:
    """Whether an action, by its name, is one that read-only has no key, no palette entry and no help for."""
    return read_only and action.startswith(PREFIX)

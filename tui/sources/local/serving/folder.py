"""A local endpoint's folder, and what is true of the endpoint now.

NAME/
  state.json         what the server knows; replaced whole
  model/             the archive, unpacked
  logs/worker-1.log  what a worker wrote, byte for byte; .idx says which byte came when
  use/worker-1.bin   its utilization
  records/worker-1   one record an invocation
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tui.files import read_json, write_json
from tui.sources.local.folders import Folder
from tui.sources.local.pids import Process

VARIANT = "AllTraffic"
"""The one production variant of a local endpoint, named as the SDK names it."""


class EndpointFolder(Folder):
    """One endpoint's folder."""

    INNER = (*Folder.INNER, "records")

    @property
    def model(self) -> Path:
        """The archive, unpacked."""
        return self.path / "model"

    def records(self, worker: str) -> Path:
        """A worker's invocations."""
        return self.path / "records" / worker

    @property
    def workers(self) -> tuple[str, ...]:
        """The workers that have a log, in the order of their numbers."""
        names = (path.stem for path in self.logs.glob("*.log"))
        return tuple(sorted(names, key=lambda name: (len(name), name)))


@dataclass(slots=True)
class Serving:
    """What the server knows of its endpoint. Times are ms since the epoch."""

    status: str
    created: int
    modified: int
    server: Process
    port: int = 0
    workers: int = 1
    ready: int = 0
    model_data: str = ""
    failure_reason: str = ""
    pids: Mapping[str, int] = field(default_factory=dict)

    def save(self, folder: EndpointFolder) -> None:
        """Writes state.json.

        Raises:
            OSError: It cannot be written; what was there before still is.
        """
        value: dict[str, Any] = {name: getattr(self, name) for name in _PLAIN}
        write_json(folder.state, {**value, "server": self.server.to_json()})


_PLAIN = ("status", "created", "modified", "port", "workers", "ready", "model_data", "failure_reason", "pids")


def true_serving(folder: EndpointFolder) -> Serving | None:
    """What state.json says, corrected by what runs: a server that was killed wrote nothing of it."""
    value = read_json(folder.state)
    if not value:
        return None
    try:
        serving = Serving(server=Process.from_json(value["server"]), **{name: value[name] for name in _PLAIN})
    except (KeyError, TypeError):
        return None
    if serving.status != "Failed" and not serving.server.is_alive:
        serving.status, serving.ready = "Failed", 0
        serving.failure_reason = (
            "the process that served it was ended"
            if serving.server.is_of_this_boot
            else "this machine was restarted while it was served"
        )
    return serving


def folders(root: Path) -> Iterator[EndpointFolder]:
    """The folders of all endpoints below the root."""
    if root.is_dir():
        for path in sorted(root.iterdir()):
            if path.is_dir() and not path.name.startswith("."):
                yield EndpointFolder(path)

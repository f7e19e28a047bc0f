"""A local endpoint's folder, and what is true of the endpoint now.

NAME/
  endpoint.json      what was asked for; written once
  state.json         what the server knows; replaced whole
  model/             the archive, unpacked
  logs/worker-1.log  what a worker wrote, byte for byte; .idx says which byte came when
  use.bin            the utilization of all workers together
  records/worker-1   one record an invocation
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tui.files import read_json, write_json
from tui.sources.local.folders import PRIVATE
from tui.sources.local.pids import Process

VARIANT = "AllTraffic"
"""The one production variant of a local endpoint, named as the SDK names it."""


@dataclass(frozen=True, slots=True)
class EndpointFolder:
    """One endpoint's folder."""

    path: Path

    @property
    def name(self) -> str:
        """The endpoint's name."""
        return self.path.name

    @property
    def request(self) -> Path:
        """What was asked for."""
        return self.path / "endpoint.json"

    @property
    def state(self) -> Path:
        """What the server knows."""
        return self.path / "state.json"

    @property
    def model(self) -> Path:
        """The archive, unpacked."""
        return self.path / "model"

    @property
    def logs(self) -> Path:
        """Of each worker a `.log` and an `.idx`."""
        return self.path / "logs"

    def log(self, worker: str) -> Path:
        """What a worker wrote."""
        return self.logs / f"{worker}.log"

    def index(self, worker: str) -> Path:
        """Which byte of it came when."""
        return self.logs / f"{worker}.idx"

    def records(self, worker: str) -> Path:
        """A worker's invocations."""
        return self.path / "records" / worker

    def samples(self, worker: str) -> Path:
        """A worker's utilization."""
        return self.path / "use" / f"{worker}.bin"

    @property
    def workers(self) -> tuple[str, ...]:
        """The workers that have a log, in the order of their numbers."""
        names = (path.stem for path in self.logs.glob("*.log"))
        return tuple(sorted(names, key=lambda name: (len(name), name)))

    def make(self) -> None:
        """Makes it, for its owner alone.

        Raises:
            FileExistsError: There is an endpoint of this name.
            OSError: It cannot be made.
        """
        self.path.parent.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
        self.path.mkdir(mode=PRIVATE)
        self.logs.mkdir(mode=PRIVATE)
        for name in ("records", "use"):
            (self.path / name).mkdir(mode=PRIVATE)


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

"""Folders of local jobs: as their supervisors leave them, and started for real."""

from __future__ import annotations

import json
import struct
import sys
import time
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.moto_server import ms
from tests.patience import until
from tui.files import read_json, write_json
from tui.model.series import MetricQuery
from tui.sources.local import launch
from tui.sources.local.folders import JobFolder
from tui.sources.local.pids import ourselves
from tui.sources.local.samples import COLUMNS, Writer
from tui.sources.local.serving.folder import EndpointFolder, Serving
from tui.sources.local.spec import Spec
from tui.sources.local.state import PhaseState, State, load, true_state


class LocalJobs:
    """A folder of jobs, and how to put some into it that this process supervises."""

    def __init__(self, jobs: Path) -> None:
        self.jobs = jobs

    def add_job(self, name: str, status: str = "InProgress", created: datetime | None = None, hosts: int = 1) -> None:
        folder = JobFolder(self.jobs / name)
        folder.make()
        at = ms(created) if created is not None else int(time.time() * 1000)
        spec = Spec(name, "train.py", self.jobs, instance_count=hosts)
        write_json(folder.request, spec.to_request())
        state = State(status=status, secondary=status, supervisor=ourselves(), created=at, started=at)
        state.phases = [PhaseState("Training", at)]
        if state.is_ended:
            state.ended = at + 60_000
        state.save(folder)

    def add_endpoint(self, name: str, created: datetime, status: str = "InService") -> None:
        folder = EndpointFolder(self.jobs.with_name("endpoints") / name)
        folder.make()
        at = ms(created)
        Serving(status, at, at, ourselves(), port=8080, ready=int(status == "InService")).save(folder)

    def add_log(self, job: str, host: str, events: list[tuple[int, str]]) -> None:
        folder = JobFolder(self.jobs / job)
        with folder.log(host).open("ab") as log, folder.index(host).open("ab") as index:
            for at, message in events:
                log.write(message.encode() + b"\n")
                index.write(struct.pack("<QQ", log.tell(), at))

    def add_metric(self, query: MetricQuery, points: list[tuple[int, float]]) -> None:
        folder = JobFolder(self.jobs / query.owner)
        if query.kind == "host":
            writer = Writer(folder.samples(query.part))
            for at, value in sorted(points):
                writer.add(at, [value if column == query.metric else float("nan") for column in COLUMNS])
            writer.close()
            return
        request = read_json(folder.request)
        definition = {"Name": query.metric, "Regex": f"{query.metric}=(\\S+)"}
        request["AlgorithmSpecification"]["MetricDefinitions"].append(definition)
        write_json(folder.request, request)
        self.add_log(query.owner, "algo-1", [(at, f"{query.metric}={value}") for at, value in sorted(points)])


@dataclass(frozen=True)
class Job:
    """A job that was started."""

    folder: JobFolder

    def ended(self) -> State:
        """How it ended, once it has."""
        return until(lambda: state if (state := true_state(self.folder)) is not None and state.is_ended else None)

    @property
    def state(self) -> State:
        """How it is now."""
        state = true_state(self.folder)
        assert state is not None
        return state

    @property
    def written(self) -> State:
        """What its supervisor wrote last, be it true or not."""
        state = load(self.folder)
        assert state is not None
        return state

    def log(self, host: str = "algo-1") -> str:
        """What a host wrote, as text."""
        return self.folder.log(host).read_text()

    def said(self, text: str, host: str = "algo-1") -> Any:
        """Waits until a host has written this."""
        return until(lambda: self.folder.log(host).exists() and text in self.log(host))

    def json(self, host: str = "algo-1") -> dict[str, Any]:
        """The object that the host's last line is."""
        found: dict[str, Any] = json.loads(self.log(host).splitlines()[-1])
        return found


class Machine:
    """Runs scripts as local jobs, in a folder of its own; ends those that are left."""

    def __init__(self, root: Path) -> None:
        self.jobs = root / "jobs"
        self.source = root / "source"
        self.source.mkdir()
        self._started: list[Job] = []

    def spec(self, text: str, /, **changes: Any) -> Spec:
        """A job of this script."""
        (self.source / "train.py").write_text(text)
        name = f"job-{len(self._started) + 1}"
        return replace(Spec(name, "train.py", self.source, python=sys.executable), **changes)

    def start(self, text: str, /, **changes: Any) -> Job:
        """Starts it, and returns once its supervisor has it."""
        job = Job(launch.start(self.spec(text, **changes), self.jobs))
        self._started.append(job)
        return job

    def run(self, text: str, /, **changes: Any) -> Job:
        """Runs it to its end."""
        job = self.start(text, **changes)
        job.ended()
        return job

    def close(self) -> None:
        """Ends what still runs."""
        for job in self._started:
            launch.stop(job.folder, 0)
        for job in self._started:
            job.ended()

"""A local job's folder: what lies where, and how its two records are written so that nobody reads half of one.

NAME/
  job.json         the request, in the shape of CreateTrainingJob; written once
  state.json       what the supervisor knows; replaced whole
  stop             somebody wants the job to end
  supervisor.log   what the supervisor itself had to say
  logs/algo-1.log  what the host wrote, byte for byte: the host writes there itself
  logs/algo-1.idx  which byte came when
  use/algo-1.bin   its utilization, ten times a second
  hosts/algo-1/    its /opt/ml
  model.tar.gz, output.tar.gz, report.txt, report.json
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from tui.files import private_folder


@dataclass(frozen=True, slots=True)
class Folder:
    """What the folders of jobs and of endpoints share; their parts are a job's hosts, or an endpoint's workers."""

    path: Path
    INNER: ClassVar[tuple[str, ...]] = ("logs", "use")
    """The folders that are in it from the start."""

    @property
    def name(self) -> str:
        """The job's or the endpoint's name."""
        return self.path.name

    @property
    def state(self) -> Path:
        """What the supervisor or the server knows."""
        return self.path / "state.json"

    @property
    def room(self) -> Path:
        """Bytes that keep room on the disk for the end of the job."""
        return self.path / ".room"

    @property
    def logs(self) -> Path:
        """Of each part a `.log` and an `.idx`."""
        return self.path / "logs"

    @property
    def use(self) -> Path:
        """Of each part a `.bin`."""
        return self.path / "use"

    def log(self, part: str) -> Path:
        """What a part wrote."""
        return self.logs / f"{part}.log"

    def index(self, part: str) -> Path:
        """Which byte of it came when."""
        return self.logs / f"{part}.idx"

    def samples(self, part: str) -> Path:
        """Its utilization."""
        return self.use / f"{part}.bin"

    def make(self) -> None:
        """Makes it, for its owner alone.

        Raises:
            FileExistsError: There is one of this name.
            OSError: It cannot be made.
        """
        private_folder(self.path.parent)
        self.path.mkdir(mode=0o700)
        for name in self.INNER:
            (self.path / name).mkdir(mode=0o700)


class JobFolder(Folder):
    """One job's folder."""

    @property
    def request(self) -> Path:
        """CreateTrainingJob, and what only this machine wants to know under `Local`."""
        return self.path / "job.json"

    @property
    def stop(self) -> Path:
        """There once somebody wants the job to end."""
        return self.path / "stop"

    @property
    def model(self) -> Path:
        """What the hosts left in their model folders."""
        return self.path / "model.tar.gz"

    @property
    def output(self) -> Path:
        """What the hosts left in output/data."""
        return self.path / "output.tar.gz"

    def base(self, host: str) -> Path:
        """A host's /opt/ml."""
        return self.path / "hosts" / host

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

PRIVATE = 0o700


@dataclass(frozen=True, slots=True)
class JobFolder:
    """One job's folder."""

    path: Path

    @property
    def name(self) -> str:
        """The job's name."""
        return self.path.name

    @property
    def request(self) -> Path:
        """CreateTrainingJob, and what only this machine wants to know under `Local`."""
        return self.path / "job.json"

    @property
    def state(self) -> Path:
        """What the supervisor knows."""
        return self.path / "state.json"

    @property
    def stop(self) -> Path:
        """There once somebody wants the job to end."""
        return self.path / "stop"

    @property
    def logs(self) -> Path:
        """Of each host a `.log` and an `.idx`."""
        return self.path / "logs"

    @property
    def use(self) -> Path:
        """Of each host a `.bin`."""
        return self.path / "use"

    @property
    def model(self) -> Path:
        """What the hosts left in their model folders."""
        return self.path / "model.tar.gz"

    @property
    def output(self) -> Path:
        """What the hosts left in output/data."""
        return self.path / "output.tar.gz"

    def log(self, host: str) -> Path:
        """What a host wrote."""
        return self.logs / f"{host}.log"

    def index(self, host: str) -> Path:
        """Which byte of it came when."""
        return self.logs / f"{host}.idx"

    def samples(self, host: str) -> Path:
        """Its utilization."""
        return self.use / f"{host}.bin"

    def base(self, host: str) -> Path:
        """Its /opt/ml."""
        return self.path / "hosts" / host

    def make(self) -> None:
        """Makes it, for its owner alone.

        Raises:
            FileExistsError: There is a job of this name.
            OSError: It cannot be made.
        """
        self.path.parent.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
        self.path.mkdir(mode=PRIVATE)
        self.logs.mkdir(mode=PRIVATE)
        self.use.mkdir(mode=PRIVATE)

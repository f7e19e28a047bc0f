"""The GPUs of this machine: what NVML says of them, or what it said once, replayed.

`python -m tui.sources.local.nvml FILE [SECONDS]` records a trace where there are GPUs; SAGETOP_NVML_TRACE=FILE replays
one anywhere, from its start and again and again.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

TRACE = "SAGETOP_NVML_TRACE"


class Gpu(NamedTuple):
    """One GPU at one moment, in percent."""

    use: float
    memory: float


class Gpus(Protocol):
    """What can be asked about the GPUs."""

    @property
    def count(self) -> int:
        """How many there are."""

    def read(self) -> Sequence[Gpu]:
        """All of them, by their numbers; NaN where one does not say."""


class NoGpus:
    """A machine without any."""

    count = 0

    def read(self) -> Sequence[Gpu]:
        """Nothing."""
        return ()


class Nvml:
    """NVIDIA's library, through the package nvidia-ml-py (the extra `gpu`).

    Raises:
        Exception: There is no such package, no driver or no GPU: whatever it is, there is nothing to measure.
    """

    def __init__(self) -> None:
        import pynvml

        self._nvml = pynvml
        pynvml.nvmlInit()
        self.count = int(pynvml.nvmlDeviceGetCount())
        self._handles = [pynvml.nvmlDeviceGetHandleByIndex(number) for number in range(self.count)]

    def read(self) -> Sequence[Gpu]:
        """nvmlDeviceGetUtilizationRates and nvmlDeviceGetMemoryInfo of each."""
        found = []
        for handle in self._handles:
            try:
                use = float(self._nvml.nvmlDeviceGetUtilizationRates(handle).gpu)
                memory = self._nvml.nvmlDeviceGetMemoryInfo(handle)
                found.append(Gpu(use, 100 * memory.used / memory.total))
            except self._nvml.NVMLError:
                found.append(Gpu(float("nan"), float("nan")))  # MIG devices and fallen GPUs do not say
        return found


class Recorded:
    """A trace: `{"gpus": 2, "samples": [[ms, [[use, memory], …]], …]}`, times counted from its start."""

    def __init__(self, trace: Mapping[str, object]) -> None:
        samples = trace["samples"]
        assert isinstance(samples, list)
        self.count = int(str(trace["gpus"]))
        self._times = [int(at) for at, _ in samples]
        self._gpus = [[Gpu(float(use), float(memory)) for use, memory in gpus] for _, gpus in samples]
        self._begun = time.monotonic()

    def read(self) -> Sequence[Gpu]:
        """What it says of as long after its start as is now after this object's."""
        from bisect import bisect_right

        at = int((time.monotonic() - self._begun) * 1000) % (self._times[-1] + 1)
        return self._gpus[max(bisect_right(self._times, at) - 1, 0)]


def gpus(environ: Mapping[str, str] | None = None) -> Gpus:
    """What there is on this machine."""
    trace = (os.environ if environ is None else environ).get(TRACE)
    if trace:
        return Recorded(json.loads(Path(trace).read_text(encoding="utf-8")))
    try:
        return Nvml()
    except Exception:
        return NoGpus()


def usable(count: int, environ: Mapping[str, str]) -> tuple[int, ...]:
    """The GPUs that the person lets a program see: all, or those of their CUDA_VISIBLE_DEVICES."""
    named = environ.get("CUDA_VISIBLE_DEVICES")
    if named is None:
        return tuple(range(count))
    numbers = [part.strip() for part in named.split(",")]
    return tuple(int(part) for part in numbers if part.isdigit() and int(part) < count)


def record(path: Path, seconds: float, every_s: float = 0.1) -> None:
    """Writes a trace of the machine's GPUs.

    Raises:
        Exception: There are none.
    """
    nvml = Nvml()
    samples: list[tuple[int, Sequence[Gpu]]] = []
    begun = time.monotonic()
    while (passed := time.monotonic() - begun) < seconds:
        samples.append((int(passed * 1000), nvml.read()))
        time.sleep(every_s)
    path.write_text(json.dumps({"gpus": nvml.count, "samples": samples}), encoding="utf-8")


if __name__ == "__main__":
    record(Path(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else 60)

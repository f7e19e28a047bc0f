"""Processes by more than their number: a pid is used again, a pid with its start time is not."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class Process:
    """One process, for good.

    Attributes:
        pid: Its number.
        born: When it was started, in whatever words the system has for that; on Linux with the boot's id, so that
            nothing that was started before a reboot is ever taken for something that runs now.
    """

    pid: int
    born: str

    @classmethod
    def of(cls, pid: int) -> Process:
        """The process that has this number now; `born` is empty where there is none."""
        return cls(pid, _born(pid))

    @property
    def is_alive(self) -> bool:
        """Whether it still runs; one that has ended and was not waited for does not."""
        return bool(self.born) and _born(self.pid) == self.born

    @property
    def is_of_this_boot(self) -> bool:
        """Whether it was started since the machine was."""
        return not self.born.startswith("boot ") or self.born.split()[1] == _boot()

    def to_json(self) -> dict[str, object]:
        """For a file."""
        return {"pid": self.pid, "born": self.born}

    @classmethod
    def from_json(cls, value: object) -> Process:
        """What `to_json` made."""
        found = value if isinstance(value, dict) else {}
        return cls(int(found.get("pid") or 0), str(found.get("born") or ""))


def _boot() -> str:
    try:
        return _BOOT_ID.read_text().strip()
    except OSError:
        return ""


def _born(pid: int) -> str:
    if pid <= 0:
        return ""
    if sys.platform == "linux":
        # psutil's create_time() moves with the clock; the kernel's ticks since boot do not.
        try:
            fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        except OSError:
            return ""
        return "" if fields[0] in (b"Z", b"X") else f"boot {_boot()} {fields[19].decode()}"
    import psutil

    try:
        process = psutil.Process(pid)
        return "" if process.status() == psutil.STATUS_ZOMBIE else f"time {process.create_time():.2f}"
    except psutil.Error:
        return ""


def ourselves() -> Process:
    """This process."""
    return Process.of(os.getpid())

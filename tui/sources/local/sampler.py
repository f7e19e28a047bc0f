"""Measures a job's hosts ten times a second: each host is the tree of processes below its script.

Looking through all processes of the machine for children is dear, so it is done once a second for all hosts together;
the known ones are read at every sample. What a child had used when it ends is in its parent's account from then on, and
so a host's sum over its tree goes on without a step.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from tui.sources.local.nvml import Gpus
from tui.sources.local.samples import Writer

if TYPE_CHECKING:
    import psutil

EVERY_S = 0.1
_LOOK_EVERY_S = 1.0
_DISK_EVERY_S = 1.0


class Measured(Protocol):
    """A folder that has a place for each host's utilization."""

    @property
    def path(self) -> Path:
        """The folder."""

    def samples(self, host: str) -> Path:
        """Where a host's utilization is written."""


@dataclass(slots=True)
class _Tree:
    """A host's processes, and what they had used at the last sample."""

    writer: Writer
    gpus: Sequence[int]
    root: psutil.Process
    members: dict[int, psutil.Process] = field(default_factory=dict)
    used: dict[int, float] = field(default_factory=dict)
    """CPU seconds of each member, its ended children's included."""
    own: dict[int, float] = field(default_factory=dict)
    """CPU seconds of each member alone."""
    disk: dict[int, tuple[int, int]] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)


class Sampler:
    """Measures the hosts of one job, or an endpoint's workers, and writes what it finds into their files.

    Args:
        folder: The job's or the endpoint's.
        pids: Of each host's script.
        gpus: The machine's.
        given: Which of them each host has.
    """

    def __init__(
        self,
        folder: Measured,
        pids: Mapping[str, int],
        gpus: Gpus,
        given: Mapping[str, Sequence[int]],
    ) -> None:
        import psutil

        self._psutil = psutil
        self._gpus = gpus
        self._path = str(folder.path)
        self._memory = psutil.virtual_memory().total
        self._us = psutil.Process()
        self._trees: dict[str, _Tree] = {}
        for host, pid in pids.items():
            try:
                root = psutil.Process(pid)
            except psutil.Error:
                continue  # it has ended already
            self._trees[host] = _Tree(Writer(folder.samples(host)), given.get(host, ()), root, {pid: root})
        self._looked = self._disk_looked = self._at = 0.0
        self._disk_full = float("nan")
        self._network = (0, 0)
        self._waited = 0.0

    @property
    def names(self) -> dict[str, dict[int, str]]:
        """The names of all processes met, by host and pid."""
        return {host: tree.names for host, tree in self._trees.items()}

    def sample(self) -> None:
        """Measures all hosts now.

        Raises:
            OSError: What was measured cannot be written.
        """
        now = time.monotonic()
        passed = now - self._at if self._at else 0.0
        self._at = now
        if now - self._looked >= _LOOK_EVERY_S:
            self._looked = now
            self._look()
        if now - self._disk_looked >= _DISK_EVERY_S:
            self._disk_looked = now
            space = os.statvfs(self._path)
            self._disk_full = 100 * (1 - space.f_bavail / space.f_blocks) if space.f_blocks else float("nan")
        shared = self._machine(passed)
        seen = self._gpus.read() if any(tree.gpus for tree in self._trees.values()) else ()
        time_ms = int(time.time() * 1000)
        for tree in self._trees.values():
            self._sample(tree, time_ms, passed, shared, [seen[number] for number in tree.gpus if number < len(seen)])

    def close(self) -> None:
        """Closes the files."""
        for tree in self._trees.values():
            tree.writer.close()

    def _look(self) -> None:
        """Which processes belong to which host, by one look at all of them."""
        parents = {}
        found = self._us.children(recursive=True)
        for process in found:
            try:
                parents[process.pid] = process.ppid()
            except self._psutil.Error:
                continue
        hosts = {tree.root.pid: tree for tree in self._trees.values()}
        for process in found:
            pid = process.pid
            while pid not in hosts and pid in parents:
                pid = parents[pid]
            tree = hosts.get(pid)
            if tree is not None and process.pid not in tree.members:
                tree.members[process.pid] = process

    def _machine(self, passed: float) -> tuple[float, float, float]:
        """Bytes received and sent in a second, and the time waited for disks in percent of one core."""
        network = self._psutil.net_io_counters() if passed or not self._network[0] else None
        waited = getattr(self._psutil.cpu_times(), "iowait", float("nan"))
        found = (float("nan"), float("nan"), float("nan"))
        if network is None:
            return found
        if passed:
            received, sent = network.bytes_recv - self._network[0], network.bytes_sent - self._network[1]
            found = (received / passed, sent / passed, 100 * max(waited - self._waited, 0) / passed)
        self._network, self._waited = (network.bytes_recv, network.bytes_sent), waited
        return found

    def _sample(
        self, tree: _Tree, time_ms: int, passed: float, shared: Sequence[float], seen: Sequence[tuple[float, float]]
    ) -> None:
        before, fresh, memory = sum(tree.used.values()), 0.0, 0
        read = written = 0
        rows = []
        for pid, process in list(tree.members.items()):
            try:
                with process.oneshot():
                    times, resident = process.cpu_times(), process.memory_info().rss
                    known = pid in tree.used
                    if not known:
                        tree.names[pid] = process.name()
            except self._psutil.Error:
                del tree.members[pid]
                tree.used.pop(pid, None)
                tree.own.pop(pid, None)
                continue
            memory += resident
            own = times.user + times.system
            used = own + times.children_user + times.children_system
            if known and passed:
                share = 100 * resident / self._memory
                rows.append((pid, 100 * max(own - tree.own[pid], 0) / passed, share))
            # What it had used before it was first seen was not used just now.
            fresh += 0 if known else used
            tree.used[pid], tree.own[pid] = used, own
            moved = self._moved(process, tree.disk)
            read, written = read + moved[0], written + moved[1]
        if not passed or not tree.members:
            return
        cpu = 100 * max(sum(tree.used.values()) - before - fresh, 0) / passed
        use = sum(gpu[0] for gpu in seen) if seen else float("nan")
        gpu_memory = sum(gpu[1] for gpu in seen) if seen else float("nan")
        values = (
            cpu,
            100 * memory / self._memory,
            use,
            gpu_memory,
            self._disk_full,
            read / passed,
            written / passed,
            *shared,
            len(tree.members),
        )
        tree.writer.add(time_ms, values, rows if len(rows) > 1 else ())

    def _moved(self, process: psutil.Process, known: dict[int, tuple[int, int]]) -> tuple[int, int]:
        """The bytes that a process has read and written since the last time."""
        try:
            counters = process.io_counters()
        except (self._psutil.Error, AttributeError, OSError):
            return 0, 0  # macOS does not say, and not every process may be asked
        now = (counters.read_bytes, counters.write_bytes)
        before = known.get(process.pid, now)
        known[process.pid] = now
        return now[0] - before[0], now[1] - before[1]

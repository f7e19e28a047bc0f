"""Utilization at full resolution: small append-only files that are cut into periods when they are read.

A host's file is a row of records, a time in ms and a float a column; so is that of its processes, with a pid.
"""

from __future__ import annotations

import os
import struct
from array import array
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tui.files import append_records

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

COLUMNS = (
    "CPUUtilization",
    "MemoryUtilization",
    "GPUUtilization",
    "GPUMemoryUtilization",
    "DiskUtilization",
    "DiskReadBytes",
    "DiskWriteBytes",
    "NetworkReceivedBytes",
    "NetworkSentBytes",
    "IOWait",
    "Processes",
)
"""What is measured of a host. CPUUtilization counts each core as 100, the GPUs' each GPU; MemoryUtilization is the
processes' share of the machine's memory and DiskUtilization how full the disk is, both in percent; bytes are those of a
second, and the network's and IOWait (percent of one core) are the whole machine's: processes have none of their own."""
PROCESS_COLUMNS = ("CPUUtilization", "MemoryUtilization")
_HOST = struct.Struct(f"<q{len(COLUMNS)}f")
_PROCESS = struct.Struct(f"<qi{len(PROCESS_COLUMNS)}f")
_UNITS = {"Bytes": "B/s", "Processes": ""}


def units(metric: str) -> str:
    """`%`, `B/s` or nothing."""
    return next((unit for end, unit in _UNITS.items() if metric.endswith(end)), "%")


class Writer:
    """Appends records to a host's file and to its processes'.

    Raises:
        OSError: A file cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._handles = [_opened(path, _HOST.size), _opened(processes_file(path), _PROCESS.size)]

    def add(self, time_ms: int, values: Sequence[float], processes: Sequence[tuple[int, float, float]] = ()) -> None:
        """One moment: the host's columns, and of each process its pid, CPU and memory."""
        append_records(self._handles[0], _HOST.pack(time_ms, *values), _HOST.size)
        if processes:
            records = b"".join(_PROCESS.pack(time_ms, *process) for process in processes)
            append_records(self._handles[1], records, _PROCESS.size)

    def close(self) -> None:
        """Closes the files."""
        for handle in self._handles:
            os.close(handle)


def processes_file(path: Path) -> Path:
    """Where a host's processes are, beside its own file."""
    return path.with_suffix(".processes")


def _opened(path: Path, record: int) -> int:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    size = os.fstat(handle).st_size
    if size % record:
        os.ftruncate(handle, size - size % record)  # what a full disk cut off is taken back
    return handle


def read(path: Path, start_ms: int = 0, end_ms: int = 1 << 62) -> NDArray[np.void]:
    """A host's records with start ≤ time < end, as a structured array: `time` and the columns by their names."""
    import numpy as np

    dtype = np.dtype([("time", "<i8"), *((name, "<f4") for name in COLUMNS)])
    return _between(path, dtype, start_ms, end_ms)


def read_processes(path: Path, start_ms: int = 0, end_ms: int = 1 << 62) -> NDArray[np.void]:
    """Its processes' records likewise: `time`, `pid` and PROCESS_COLUMNS."""
    import numpy as np

    dtype = np.dtype([("time", "<i8"), ("pid", "<i4"), *((name, "<f4") for name in PROCESS_COLUMNS)])
    return _between(processes_file(path), dtype, start_ms, end_ms)


def _between(path: Path, dtype: np.dtype[np.void], start_ms: int, end_ms: int) -> NDArray[np.void]:
    import numpy as np

    try:
        size = path.stat().st_size
    except OSError:
        size = 0
    count = size // dtype.itemsize
    if not count:
        return np.empty(0, dtype)
    rows = np.memmap(path, dtype, "r", shape=(count,))
    first, last = np.searchsorted(rows["time"], [start_ms, end_ms])
    return np.array(rows[first:last])


def by_period(
    times: NDArray[np.int64], values: NDArray[np.floating], period_ms: int, stat: str
) -> tuple[array[int], array[float]]:
    """One datapoint a period, with the time at which the period begins.

    Args:
        times: In ms, never falling.
        values: As many.
        period_ms: A period's length; 0 leaves every datapoint as it is.
        stat: Average, Sum, Minimum, Maximum or SampleCount.
    """
    import numpy as np

    numbers = values.astype(np.float64)
    if period_ms > 0 and len(times):
        slots = times // period_ms
        starts = np.flatnonzero(np.concatenate(([True], slots[1:] != slots[:-1])))
        counts = np.diff(np.append(starts, len(slots)))
        times = slots[starts] * period_ms
        if stat == "SampleCount":
            numbers = counts.astype(np.float64)
        elif stat in ("Minimum", "Maximum"):
            numbers = (np.minimum if stat == "Minimum" else np.maximum).reduceat(numbers, starts)
        else:
            numbers = np.add.reduceat(numbers, starts)
            if stat != "Sum":
                numbers = numbers / counts
    found_times, found_values = array("q"), array("d")
    found_times.frombytes(times.astype("<i8").tobytes())
    found_values.frombytes(numbers.tobytes())
    return found_times, found_values

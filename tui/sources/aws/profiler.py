"""What SageMaker Debugger's profiler measured of the hosts: JSON lines in S3, twice a second by default."""

from __future__ import annotations

import json
import time
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urlsplit

from tui.model.jobs import TrainingJob
from tui.model.series import Series
from tui.sources.aws.clients import Clients
from tui.sources.aws.errors import translate
from tui.sources.base import Denied, Page

FILES = 100
"""Files in a page: each is a minute of one host."""

_LARGEST = 32 * 1024 * 1024
_ROUND_MS = 100  # the profiler measures no oftener; the cores of a host are measured one after the other
_SETTLED_S = 120.0
"""How old a file has to be while its job runs: those of other hosts, listed before it, may come after it."""


def profile(clients: Clients, job: TrainingJob, cursor: str | None = None) -> Page[Series]:
    """One page of a job's system metrics: ListObjectsV2, and GetObject for each of a hundred files at most.

    Cores, GPUs and devices of one host are summed up, as in CloudWatch's metrics.

    Args:
        clients: The clients.
        job: The job; one without a profiler has none.
        cursor: Where the page before ended.

    Returns:
        Series by host and dimension; the cursor is where to go on, also when there is nothing more for now: a page
        without items.

    Raises:
        SourceError: Among others `Denied`: what is asked for is s3:ListBucket and s3:GetObject.
    """
    place = urlsplit(job.profiler_path)
    if place.scheme != "s3" or not place.netloc:
        return Page((), cursor)
    folder = f"{place.path.strip('/')}/{job.name}/profiler-output/system/incremental/".lstrip("/")
    try:
        keys = _keys(clients, place.netloc, folder, cursor, running=not job.is_ended)
        rows = (row for key in keys for row in _rows(_read(clients, place.netloc, key)))
        series = tuple(_series(rows))
    except Denied as error:
        raise Denied(error.what, "ask for s3:ListBucket and s3:GetObject", permission="s3:GetObject") from None
    return Page(series, keys[-1] if keys else cursor)


def _keys(clients: Clients, bucket: str, folder: str, after: str | None, *, running: bool) -> list[str]:
    asked: dict[str, object] = {"Bucket": bucket, "Prefix": folder, "MaxKeys": FILES}
    if after:
        asked["StartAfter"] = after
    keys: list[str] = []
    for found in clients.call("s3", "ListObjectsV2", **asked).get("Contents", ()):
        if running and time.time() - found["LastModified"].timestamp() < _SETTLED_S:
            break
        if found["Size"] <= _LARGEST:
            keys.append(found["Key"])
    return keys


def _read(clients: Clients, bucket: str, key: str) -> bytes:
    body = clients.call("s3", "GetObject", Bucket=bucket, Key=key)["Body"]
    try:
        return bytes(body.read())
    except Exception as error:
        raise translate(error, service="s3", operation="GetObject", profile=clients.settings.profile) from error


def _rows(content: bytes) -> Iterator[tuple[str, str, int, str, float]]:
    """Host, dimension, time in ms, core or GPU, value; of lines that are no such thing nothing."""
    for line in content.splitlines():
        try:
            said: dict[str, Any] = json.loads(line)
            at = round(float(said["Timestamp"]) * 1000 / _ROUND_MS) * _ROUND_MS
            yield str(said["NodeId"]), str(said["Dimension"]), at, str(said.get("Name") or ""), float(said["Value"])
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError):
            continue


def _series(rows: Iterable[tuple[str, str, int, str, float]]) -> Iterator[Series]:
    # The last of a core counts where it was measured twice in a round.
    found: dict[tuple[str, str], dict[int, dict[str, float]]] = defaultdict(lambda: defaultdict(dict))
    for host, dimension, at, name, value in rows:
        found[host, dimension][at][name] = value
    for (host, dimension), rounds in found.items():
        times = array("q", sorted(rounds))
        values = array("d", (sum(rounds[at].values()) for at in times))
        unit = "%" if dimension.endswith(("Utilization", "Percent")) else ""
        yield Series(dimension, times, values, "profiler", host, unit)

"""The endpoints that are served on this machine, as a Source tells of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path

from tui.model.endpoints import ALL_ENDPOINTS, Endpoint, EndpointQuery, ProductionVariant
from tui.model.series import MetricQuery, Series
from tui.sources.base import NotFound, Unreachable
from tui.sources.local.lines import HostLog
from tui.sources.local.samples import COLUMNS, by_period, read, units
from tui.sources.local.serving.folder import VARIANT, EndpointFolder, Serving, folders, true_serving
from tui.sources.local.serving.records import series_of
from tui.sources.local.spec import NAME


class LocalEndpoints:
    """Reads the folders of endpoints. Not thread-safe: its source has it alone.

    Args:
        root: Where they are; it need not exist.
        prefix: What names begin with in answers. In questions it may be left out.
    """

    def __init__(self, root: Path, prefix: str) -> None:
        self._root = root
        self._prefix = prefix
        self._logs: dict[tuple[str, int, str], HostLog] = {}

    def all(self, query: EndpointQuery = ALL_ENDPOINTS) -> tuple[Endpoint, ...]:
        """All that match, newest first."""
        found = [
            endpoint
            for folder in folders(self._root)
            if query.name_contains in self._prefix + folder.name
            and (endpoint := self._read(folder)) is not None
            and query.status in ("", endpoint.status)
        ]
        return tuple(sorted(found, key=lambda endpoint: (endpoint.created, endpoint.name), reverse=True))

    def one(self, name: str) -> Endpoint:
        """One of them. Raises NotFound."""
        endpoint = self._read(self._folder(name))
        if endpoint is None:
            raise NotFound(
                f"there is no local endpoint {name.removeprefix(self._prefix)}", "to make one: sagetop serve"
            )
        return endpoint

    def port(self, name: str) -> int:
        """The port on 127.0.0.1 that it listens on. Raises NotFound; Unreachable where nobody serves it any more."""
        serving = self._serving(name)
        if serving.status == "Failed":
            # Its port may be anybody's by now: what is asked of a model is not for them.
            raise Unreachable(f"{name} does not answer: {serving.failure_reason}", "to serve it again: sagetop serve")
        return serving.port

    def series(self, query: MetricQuery, start_ms: int, end_ms: int) -> Series:
        """What was asked of it (`variant`), or what its workers use (`instance`)."""
        folder = self._folder(query.owner)
        if query.kind == "variant":
            return series_of([folder.records(worker) for worker in folder.workers], query, start_ms, end_ms)
        return _use([folder.samples(worker) for worker in folder.workers], query, start_ms, end_ms)

    def logs(self, name: str) -> list[HostLog]:
        """Every worker that has written something, up to what it has written by now. Raises NotFound."""
        folder, created = self._folder(name), self._serving(name).created
        found = []
        for worker in folder.workers:
            # An endpoint made again under its name is another.
            key = (folder.name, created, worker)
            if key not in self._logs:
                log, index = folder.log(worker), folder.index(worker)
                self._logs[key] = HostLog(log, index, worker, f"{VARIANT}/{worker}")
            if folder.index(worker).exists():
                self._logs[key].refresh()
                found.append(self._logs[key])
        return [log for log in found if log.end]

    def _folder(self, name: str) -> EndpointFolder:
        called = name.removeprefix(self._prefix)
        if not NAME.fullmatch(called):  # no name leads out of the folder
            raise NotFound(f"there is no local endpoint {called}", "to make one: sagetop serve")
        return EndpointFolder(self._root / called)

    def _serving(self, name: str) -> Serving:
        serving = true_serving(self._folder(name))
        if serving is None:
            raise NotFound(
                f"there is no local endpoint {name.removeprefix(self._prefix)}", "to make one: sagetop serve"
            )
        return serving

    def _read(self, folder: EndpointFolder) -> Endpoint | None:
        serving = true_serving(folder)
        if serving is None:
            return None
        lives = serving.status in ("Creating", "InService", "OutOfService")
        variant = ProductionVariant(
            VARIANT,
            instance_type="local",
            current_instances=1 if serving.ready else 0,
            desired_instances=1 if lives else 0,
            current_weight=1.0,
            desired_weight=1.0,
            status_message=f"{serving.ready} of {serving.workers} workers ready, port {serving.port}",
            model=serving.model_data,
        )
        return Endpoint(
            self._prefix + folder.name,
            serving.status,
            _moment(serving.created),
            _moment(serving.modified),
            detailed=True,
            failure_reason=serving.failure_reason,
            variants=(variant,),
        )


def _use(files: Sequence[Path], query: MetricQuery, start_ms: int, end_ms: int) -> Series:
    """What all workers use together; how full the disk is, is the same for each."""
    series = Series(query.metric, source="local", part=query.part, unit=units(query.metric), stat=query.stat)
    if query.metric not in COLUMNS:
        return series
    together: dict[int, list[float]] = {}
    for file in files:
        rows = read(file, start_ms, end_ms)
        times, values = by_period(rows["time"], rows[query.metric], max(query.period_s, 1) * 1000, query.stat)
        for at, value in zip(times, values, strict=True):
            if not math.isnan(value):  # a machine without a GPU has no use of it
                together.setdefault(at, []).append(value)
    add = max if query.metric == "DiskUtilization" else sum
    series.times.extend(sorted(together))
    series.values.extend(add(together[at]) for at in series.times)
    return series


def _moment(time_ms: int) -> datetime:
    return datetime.fromtimestamp(time_ms / 1000, timezone.utc)

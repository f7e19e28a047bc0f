"""The logs of local jobs, read as CloudWatch's are: a stream a host, a page at a time."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain

from tui.files import Busy, locked
from tui.model.logs import LogEvent, LogPage, event_order, host_number
from tui.sources.base import NotFound, Refused
from tui.sources.local.folders import JobFolder
from tui.sources.local.lines import HostLog, Publisher, Slice, start_of
from tui.sources.local.state import true_state

_PLACE = re.compile(r"[a-z0-9-]+=\d+(,[a-z0-9-]+=\d+)*")
_ORPHANS_EVERY_S = 0.2


class JobLog:
    """The log of one local job. Not thread-safe: its source has it alone.

    Args:
        folder: The job's.
        name: The job's name, from which its streams have theirs.
    """

    def __init__(self, folder: JobFolder, name: str) -> None:
        self._folder = folder
        self._name = name
        self._hosts: dict[str, HostLog] = {}
        self._looked = 0.0

    def hosts(self) -> list[HostLog]:
        """Every host that has written something, up to what it has written by now."""
        self._publish_orphans()
        for path in self._folder.logs.glob("*.idx"):
            host = path.stem
            if host not in self._hosts:
                # Not by the prefixed name: a stream is `JOB/HOST`, and what comes behind the first slash is the host.
                stream = f"{self._folder.name}/{host}"
                self._hosts[host] = HostLog(self._folder.log(host), path, host, stream)
        found = sorted(self._hosts.values(), key=lambda host: host_number(host.host))
        for log in found:
            log.refresh()
        return [log for log in found if log.end]

    def stream(self, name: str) -> HostLog:
        """The host of a stream.

        Raises:
            NotFound: There is no such stream.
        """
        found = next((host for host in self.hosts() if host.stream == name), None)
        if found is None:
            raise NotFound(f"there is no log stream {name} of {self._name}")
        return found

    def _publish_orphans(self) -> None:
        """Where no supervisor says any more when lines come, whoever reads them does."""
        now = time.monotonic()
        if now - self._looked < _ORPHANS_EVERY_S:
            return
        self._looked = now
        state = true_state(self._folder)
        if state is None or state.supervisor.is_alive:
            return
        # Where somebody else does it, or the folder is not ours to write, what is there is read.
        with suppress(OSError, Busy), locked(self._folder.logs / ".lock", wait_s=0):
            for path in self._folder.logs.glob("*.log"):
                publisher = Publisher(path, path.with_suffix(".idx"))
                publisher.publish(int(time.time() * 1000), final=state.is_ended)
                publisher.close()


@dataclass(frozen=True, slots=True)
class _Range:
    log: HostLog
    low: int
    high: int


def read_stream(log: HostLog, start_ms: int, end_ms: int, token: str | None, *, from_head: bool) -> LogPage:
    """A page of one host's events with start ≤ time < end."""
    low, high = log.span(start_ms, end_ms)
    at = _places(token).get(log.host)
    if at is not None:
        low, high = (max(low, at), high) if from_head else (low, min(high, at))
    page = log.read(low, high, forward=from_head)
    return LogPage(page.events, None if page.position is None else f"{log.host}={page.position}")


def read_recent(logs: Sequence[HostLog], start_ms: int, end_ms: int, token: str | None, *, from_head: bool) -> LogPage:
    """A page of all hosts' events with start ≤ time < end, in order over all pages."""
    places, slices = _places(token), list[tuple[_Range, Slice]]()
    for log in logs:
        low, high = log.span(start_ms, end_ms)
        if token is not None and log.host not in places:
            continue  # read to its end, or it wrote its first line since the first page
        at = places.get(log.host)
        if at is not None:
            low, high = (max(low, at), high) if from_head else (low, min(high, at))
        slices.append((_Range(log, low, high), log.read(low, high, forward=from_head)))
    return _together(slices, forward=from_head)


def _together(slices: Sequence[tuple[_Range, Slice]], *, forward: bool) -> LogPage:
    """As much of the hosts' pages as nothing that is still to be read can come before."""
    edge = -1 if forward else 0
    open_ends = [one.events[edge].timestamp for _, one in slices if one.position is not None]
    if not open_ends:
        return LogPage(tuple(sorted(chain.from_iterable(one.events for _, one in slices), key=event_order)), None)
    bound = min(open_ends) if forward else max(open_ends)
    taken: list[LogEvent] = []
    places: list[str] = []
    for limits, one in slices:
        fits = [event for event in one.events if (event.timestamp <= bound if forward else event.timestamp >= bound)]
        taken += fits
        position = one.position
        if len(fits) < len(one.events):
            first = one.events[len(fits)] if forward else fits[0] if fits else None
            position = start_of(first) if first is not None else limits.high
        if position is not None:
            places.append(f"{limits.log.host}={position}")
    return LogPage(tuple(sorted(taken, key=event_order)), ",".join(places) or None)


def _places(token: str | None) -> dict[str, int]:
    """Where each host's reading goes on.

    Raises:
        Refused: It is no token of ours.
    """
    if token is None:
        return {}
    if not _PLACE.fullmatch(token):
        raise Refused(f"{token!r} is no token of a local log")
    return {host: int(place) for host, _, place in (part.partition("=") for part in token.split(","))}

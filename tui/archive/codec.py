"""Events and jobs as bytes, and back without a loss."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from tui.model.jobs import FinalMetric, InstanceGroup, MetricDefinition, Phase, RuleStatus, TrainingJob
from tui.model.logs import LogEvent, events_of

PIECE_EVENTS = 1000
PIECE_BYTES = 256 * 1024


def pieces(events: Sequence[LogEvent]) -> Iterator[tuple[Sequence[LogEvent], bytes]]:
    """The events in runs small enough that one of each of 200 hosts fits into memory, each with its bytes."""
    for begin in range(0, len(events), PIECE_EVENTS):
        yield from _halved(events[begin : begin + PIECE_EVENTS])


def _halved(events: Sequence[LogEvent]) -> Iterator[tuple[Sequence[LogEvent], bytes]]:
    data = pack(events)
    if len(data) <= PIECE_BYTES or len(events) == 1:
        yield events, data
        return
    middle = len(events) // 2
    yield from _halved(events[:middle])
    yield from _halved(events[middle:])


def pack(events: Sequence[LogEvent]) -> bytes:
    """The events of one stream as bytes: three columns in JSON, since nothing in Python reads anything faster."""
    import orjson

    times, taken, _, _, messages, _ = zip(*events, strict=True) if events else ((),) * 6
    columns = (times, taken, messages)
    try:
        return orjson.dumps(columns)
    except TypeError:  # a lone surrogate, which orjson refuses in both directions
        return json.dumps(columns).encode()


def unpack(data: bytes, host: str, stream: str) -> list[LogEvent]:
    """The events that `pack` was given."""
    import orjson

    try:
        times, taken, messages = orjson.loads(data)
    except orjson.JSONDecodeError:
        times, taken, messages = json.loads(data)
    return events_of(times, taken, host, stream, messages)


def pack_job(job: TrainingJob) -> str:
    """A job as JSON."""
    return json.dumps(asdict(job), default=datetime.isoformat)


def unpack_job(text: str) -> TrainingJob:
    """The job that `pack_job` was given."""
    data: dict[str, Any] = json.loads(text)
    for name in ("created", "modified", "ended", "started"):
        data[name] = _time(data[name])
    data["instances"] = tuple(InstanceGroup(**group) for group in data["instances"])
    data["phases"] = tuple(
        Phase(phase["name"], datetime.fromisoformat(phase["started"]), _time(phase["ended"]), phase["message"])
        for phase in data["phases"]
    )
    data["metric_definitions"] = tuple(MetricDefinition(**metric) for metric in data["metric_definitions"])
    data["final_metrics"] = tuple(
        FinalMetric(metric["name"], metric["value"], _time(metric["time"])) for metric in data["final_metrics"]
    )
    data["rules"] = tuple(RuleStatus(**rule) for rule in data["rules"])
    return TrainingJob(**data)


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)

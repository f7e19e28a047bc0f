"""CloudWatch Logs as AWS answers it: events in order, pages cut at 10,000 events or 1 MB, tokens that are positions."""

from __future__ import annotations

import heapq
import itertools
import json
import threading
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from moto.logs.exceptions import InvalidParameterException, ResourceNotFoundException
from moto.logs.models import LogEvent, LogStream
from moto.logs.responses import LogsResponse
from moto.logs.utils import EventMessageFilter

Key = tuple[int, int, int]
"""Where an event stands: event time, ingestion time, number. A token names a key, so that an event which arrives
late neither moves the others to another page nor is lost to a reader that has not come that far."""

PAGE_EVENTS = 10_000
PAGE_BYTES = 1_048_576
EVENT_OVERHEAD = 26  # bytes that AWS counts for an event besides its message
_numbers = itertools.count(1)
_writing = threading.Lock()
_LAST = (1 << 62, 0, 0)


def new_event(timestamp: int, message: str, ingestion_time: int) -> LogEvent:
    """An event as moto holds it, with a number that no other has (moto's own counter is not safe between threads).

    Made without `LogEvent()`, because moto keeps every model that is made that way for ever.
    """
    event = object.__new__(LogEvent)
    event.timestamp, event.message, event.ingestion_time = timestamp, message, ingestion_time
    event.event_id = next(_numbers)
    return event


def set_history(stream: LogStream, write: Callable[[], list[LogEvent]]) -> None:
    """Says how a stream's past is written, which happens when it is first asked for."""
    stream.__dict__["history"] = write


def _write_history(stream: LogStream) -> None:
    with _writing:
        if (write := stream.__dict__.get("history")) is not None:
            stream.events = write() + stream.events
            del stream.__dict__["history"]


def add_events(stream: LogStream, events: list[LogEvent]) -> None:
    """Puts events in a stream, with the sums that DescribeLogStreams shows."""
    with _writing:
        stream.events.extend(events)
    stream.stored_bytes += sum(len(event.message) + EVENT_OVERHEAD for event in events)
    stream.upload_sequence_token += 1


def drop_oldest(stream: LogStream, keep: int) -> None:
    """Forgets a stream's oldest events beyond `keep`, as a retention policy would, a tenth of them at a time."""
    if len(stream.events) > keep + keep // 10:
        kept = in_order(stream)[-keep:]
        with _writing:
            stream.events = kept


def _key(event: LogEvent) -> Key:
    return (event.timestamp, event.ingestion_time, event.event_id)


def in_order(stream: LogStream) -> list[LogEvent]:
    """The stream's events in order. Kept, and merged with what arrived since: pages are asked for often."""
    if "history" in stream.__dict__:
        _write_history(stream)
    events = stream.events
    of, ordered = stream.__dict__.get("in_order", (None, []))
    if of is not events:
        ordered = []
    if len(ordered) != len(events):
        # Another thread may append meanwhile: a slice is a snapshot.
        ordered = sorted(ordered + events[len(ordered) :], key=_key)
        stream.__dict__["in_order"] = (events, ordered)
    return ordered  # type: ignore[no-any-return]


def _between(events: list[LogEvent], low: Key, high: Key) -> tuple[int, int]:
    """The indexes of the events with low ≤ key < high."""
    return bisect_left(events, low, key=_key), bisect_left(events, high, key=_key)


def _page(events: Iterable[LogEvent], limit: int) -> list[LogEvent]:
    """As many as fit in a page, at least one."""
    page: list[LogEvent] = []
    room = PAGE_BYTES
    for event in events:
        room -= len(event.message.encode("utf-8", "surrogatepass")) + EVENT_OVERHEAD
        if page and (room < 0 or len(page) >= limit):
            break
        page.append(event)
    return page


def _token(direction: str, key: Key) -> str:
    return f"{direction}/" + ".".join(f"{part:018d}" for part in key)


def _read_token(token: str) -> tuple[str, Key]:
    try:
        direction, rest = token.split("/")
        timestamp, ingestion, number = (int(part) for part in rest.split("."))
        if direction not in ("f", "b"):
            raise ValueError(direction)
    except ValueError:
        raise InvalidParameterException("The specified nextToken is invalid.") from None
    return direction, (timestamp, ingestion, number)


def _after(key: Key) -> Key:
    return (key[0], key[1], key[2] + 1)


def _before(key: Key) -> Key:
    return (key[0], key[1], key[2] - 1)


def _limit(value: int | None) -> int:
    if value is not None and not 1 <= value <= PAGE_EVENTS:
        raise InvalidParameterException(
            constraint=f"Member must have value between 1 and {PAGE_EVENTS}", parameter="limit", value=value
        )
    return value or PAGE_EVENTS


def get_log_events(self: LogsResponse) -> str:
    """GetLogEvents: startTime ≤ time < endTime; the end of a stream answers with the token that was sent."""
    ask = self._get_param
    group = self.logs_backend._find_log_group(ask("logGroupIdentifier"), log_group_name=ask("logGroupName"))
    stream = group.streams.get(ask("logStreamName"))
    if stream is None:
        raise ResourceNotFoundException("The specified log stream does not exist.")
    limit, token = _limit(ask("limit")), ask("nextToken")
    low: Key = (ask("startTime") or 0, 0, 0)
    high: Key = (ask("endTime"), 0, 0) if ask("endTime") is not None else _LAST
    direction, at = "f" if ask("startFromHead", False) else "b", low
    if token:
        direction, at = _read_token(token)
        if direction == "f":
            low = max(low, _after(at))
        else:
            high = min(high, at)
    events = in_order(stream)
    first, last = _between(events, low, max(low, high))
    if direction == "f":
        page = _page(itertools.islice(events, first, last), limit)
    else:
        page = _page((events[index] for index in range(last - 1, first - 1, -1)), limit)[::-1]
    if page:
        forward, backward = _token("f", _key(page[-1])), _token("b", _key(page[0]))
    elif not token:
        forward, backward = _token("f", _before(low)), _token("b", high)
    else:  # the same token comes back, and its twin points the other way from the same place
        forward, backward = (token, _token("b", _after(at))) if direction == "f" else (_token("f", _before(at)), token)
    found = [event.to_response_dict() for event in page]
    return json.dumps({"events": found, "nextForwardToken": forward, "nextBackwardToken": backward})


def filter_log_events(self: LogsResponse) -> str:
    """FilterLogEvents: startTime ≤ time ≤ endTime over the named or prefixed streams, merged by event time.

    `startFromHead=false` gives the newest first; a token keeps the direction it came from.
    """
    ask = self._get_param
    group = self.logs_backend._find_log_group(ask("logGroupIdentifier"), log_group_name=ask("logGroupName"))
    names, prefix = ask("logStreamNames"), ask("logStreamNamePrefix")
    if names and prefix:
        raise InvalidParameterException("logStreamNames and logStreamNamePrefix cannot be used together.")
    if names and len(names) > 100:
        raise InvalidParameterException("At most 100 log streams can be named.")
    streams = [
        stream
        for name, stream in list(group.streams.items())
        if (not names or name in names) and name.startswith(prefix or "")
    ]
    limit, token = _limit(ask("limit")), ask("nextToken")
    low: Key = (ask("startTime") or 0, 0, 0)
    high: Key = (ask("endTime") + 1, 0, 0) if ask("endTime") is not None else _LAST
    direction = "f" if ask("startFromHead", True) else "b"
    if token:
        direction, at = _read_token(token)
        if direction == "f":
            low = max(low, _after(at))
        else:
            high = min(high, at)
    wanted = EventMessageFilter(ask("filterPattern")).matches
    page: list[tuple[LogEvent, str]] = []
    room, more = PAGE_BYTES, False
    for event, name in _merge(streams, low, max(low, high), backwards=direction == "b"):
        if not wanted(event.message):
            continue
        room -= len(event.message.encode("utf-8", "surrogatepass")) + EVENT_OVERHEAD
        if page and (room < 0 or len(page) >= limit):
            more = True
            break
        page.append((event, name))
    answer: dict[str, Any] = {
        "events": [
            {**event.to_filter_dict(), "eventId": f"{event.event_id:056d}", "logStreamName": name}
            for event, name in page
        ],
        "searchedLogStreams": [],
    }
    if more:
        answer["nextToken"] = _token(direction, _key(page[-1][0]))
    return json.dumps(answer)


def _merge(streams: list[LogStream], low: Key, high: Key, *, backwards: bool) -> Iterator[tuple[LogEvent, str]]:
    def one(stream: LogStream) -> Iterator[tuple[LogEvent, str]]:
        events = in_order(stream)
        first, last = _between(events, low, high)
        where = range(last - 1, first - 1, -1) if backwards else range(first, last)
        return ((events[index], stream.log_stream_name) for index in where)

    return heapq.merge(*(one(stream) for stream in streams), key=lambda found: _key(found[0]), reverse=backwards)


def _put(self: LogStream, log_events: list[dict[str, Any]]) -> str:
    from moto.core.utils import unix_time_millis, utcnow

    self.last_ingestion_time = utcnow()
    now = int(unix_time_millis(self.last_ingestion_time))
    add_events(self, [new_event(event["timestamp"], event["message"], now) for event in log_events])
    return f"{self.upload_sequence_token:056d}"


def _update(self: LogStream) -> None:
    events = in_order(self)
    self.first_event_timestamp = events[0].timestamp if events else None
    self.last_event_timestamp = events[-1].timestamp if events else None


def fill() -> None:
    """Assigns GetLogEvents and FilterLogEvents, and what they need of a stream."""
    for name, method in {"get_log_events": get_log_events, "filter_log_events": filter_log_events}.items():
        setattr(LogsResponse, name, method)
    for name, part in {"put_log_events": _put, "_update": _update}.items():
        setattr(LogStream, name, part)

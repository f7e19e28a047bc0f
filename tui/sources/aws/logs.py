"""CloudWatch Logs: the streams and events of a training job or of an endpoint."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from tui.model.logs import LogAddress, LogEvent, LogPage, LogStream, events_of, host_of
from tui.sources.aws.clients import Clients, is_object
from tui.sources.base import Broken, NotFound

_JOBS = "/aws/sagemaker/TrainingJobs"
_ENDPOINTS = "/aws/sagemaker/Endpoints/"
_COMPONENTS = "/aws/sagemaker/InferenceComponents/"
_FUTURE_MS = 3 * 3600 * 1000
_FIELDS = {"GetLogEvents": "events", "FilterLogEvents": "events", "DescribeLogStreams": "logStreams"}
_EMPTY = LogPage((), None)


class Logs:
    """The log methods of `Source`, over DescribeLogStreams, GetLogEvents and FilterLogEvents."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._hooked: Any = None

    def log_streams(self, log: LogAddress) -> tuple[LogStream, ...]:
        """The streams of a log (DescribeLogStreams); none before its first event."""
        group, prefix = _place(log)
        label = _label(log)
        asked: dict[str, Any] = {"logGroupName": group}
        if prefix:
            asked["logStreamNamePrefix"] = prefix
        streams: list[LogStream] = []
        while True:
            try:
                answer = self._call("DescribeLogStreams", **asked)
            except NotFound:
                return ()
            streams += (
                LogStream(
                    label + found["logStreamName"],
                    host_of(label + found["logStreamName"]),
                    found.get("firstEventTimestamp"),
                    found.get("lastEventTimestamp"),
                )
                for found in answer.get("logStreams", ())
                if found["logStreamName"].startswith(prefix)
            )
            token = answer.get("nextToken")
            if not token or token == asked.get("nextToken"):
                return tuple(streams)
            asked["nextToken"] = token

    def read_stream(
        self,
        log: LogAddress,
        stream: str,
        start_ms: int,
        end_ms: int,
        token: str | None = None,
        *,
        from_head: bool = True,
    ) -> LogPage:
        """One page of a stream (GetLogEvents), oldest event first whichever end the pages begin at."""
        group, prefix = _place(log)
        name = stream.removeprefix(_label(log))
        if not name.startswith(prefix):
            return _EMPTY
        asked = {
            "logGroupName": group,
            "logStreamName": name,
            "startTime": max(0, start_ms),
            "endTime": self._sane(end_ms),
            "startFromHead": from_head,
        }
        if token:
            asked["nextToken"] = token
        try:
            answer = self._call("GetLogEvents", **asked)
        except NotFound:
            return _EMPTY
        host = host_of(stream)
        found = answer["events"]
        times = [event["timestamp"] for event in found]
        taken = [event.get("ingestionTime", 0) for event in found]
        said = [event["message"] for event in found]
        events = tuple(events_of(times, taken, host, stream, said))
        if found and not start_ms <= min(times) <= max(times) < end_ms:
            events = tuple(event for event in events if start_ms <= event.timestamp < end_ms)
        following: str | None = answer.get("nextForwardToken" if from_head else "nextBackwardToken")
        # The end has no other sign than the token that was sent; an empty page is none.
        return LogPage(events, None if following == token else following)

    def read_recent(
        self, log: LogAddress, start_ms: int, end_ms: int, token: str | None = None, *, from_head: bool = True
    ) -> LogPage:
        """One page of all streams of a log (FilterLogEvents), each event with its `event_id`."""
        group, prefix = _place(log)
        label = _label(log)
        asked: dict[str, Any] = {
            "logGroupName": group,
            "startTime": max(0, start_ms),
            "endTime": self._sane(end_ms) - 1,  # inclusive here, and only here
        }
        if prefix:
            asked["logStreamNamePrefix"] = prefix
        if not from_head:
            asked["startFromHead"] = False
        if token:
            asked["nextToken"] = token
        try:
            answer = self._call("FilterLogEvents", **asked)
        except NotFound:
            return _EMPTY
        hosts = {name: host_of(label + name) for name in {found["logStreamName"] for found in answer["events"]}}
        events = tuple(
            LogEvent(
                found["timestamp"],
                found.get("ingestionTime", 0),
                hosts[found["logStreamName"]],
                label + found["logStreamName"],
                found["message"],
                found["eventId"],
            )
            for found in answer["events"]
            if found["logStreamName"].startswith(prefix) and start_ms <= found["timestamp"] < end_ms
        )
        following: str | None = answer.get("nextToken")
        return LogPage(events, None if not following or following == token else following)

    def _call(self, operation: str, **parameters: object) -> dict[str, Any]:
        client = self._clients.client("logs")
        if client is not self._hooked:
            for name, field in _FIELDS.items():
                event = f"before-parse.cloudwatch-logs.{name}"
                client.meta.events.register(event, partial(_parse, field), unique_id=f"sagetop-{name}")
            self._hooked = client
        return self._clients.call("logs", operation, **parameters)

    def _sane(self, end_ms: int) -> int:
        """AWS takes events up to two hours ahead of its clock, and no end time that its own types cannot hold."""
        return min(end_ms, self._clients.now_ms() + _FUTURE_MS)


def _place(log: LogAddress) -> tuple[str, str]:
    """A log's group, and the prefix of its streams. The slash keeps `job-1` apart from `job-11`."""
    if log.kind == "job":
        return _JOBS, f"{log.name}/"
    if log.kind == "component":
        return f"{_COMPONENTS}{log.name}", ""
    return f"{_ENDPOINTS}{log.name}", f"{log.variant}/" if log.variant else ""


def _label(log: LogAddress) -> str:
    """What a component's streams have before their names: another's on the same instances are called the same."""
    return f"{log.name}/" if log.kind == "component" else ""


def _parse(field: str, response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: object) -> None:
    """Reads an answer in place of botocore's parser.

    That one takes ten times as long over a page of events, and an answer that was cut short is an empty one to it: no
    streams, no events, no error.
    """
    if response_dict["status_code"] >= 300 or not is_object(response_dict["body"]):
        return  # half an answer `Clients` asks for again
    page = _loads(response_dict["body"])
    if not isinstance(page, dict) or not isinstance(page.get(field), list):
        raise Broken("logs: an answer that cannot be read", "try again")
    response_dict["body"] = b"{}"
    customized_response_dict[field] = page[field]
    for token in ("nextToken", "nextForwardToken", "nextBackwardToken"):
        if page.get(token):
            customized_response_dict[token] = page[token]


def _loads(body: bytes) -> Any:
    import orjson

    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        try:
            return json.loads(body)  # knows lone surrogates, which orjson refuses
        except ValueError as error:
            raise Broken("logs: an answer that cannot be read", "try again") from error

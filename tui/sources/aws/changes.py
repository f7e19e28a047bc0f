"""What changes something on AWS: each request as it stands, sent once."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast, get_args

from tui.model.changes import Call
from tui.sources.aws.clients import Clients, Service
from tui.sources.aws.errors import translate
from tui.sources.base import Broken, Refused, SourceError, Throttled, Unanswered, Unreachable

_WAIT_S = 0.3


def send(clients: Clients, call: Call) -> Mapping[str, Any]:
    """Send one request.

    What only reads is sent with the usual retries. What changes something is sent again only where AWS said that it
    did not carry it out for being asked too often.

    Raises:
        Unanswered: It was sent, and nobody knows whether it was carried out.
        SourceError: It was not sent, or AWS said why not.
    """
    if call.service not in get_args(Service):
        raise Refused(f"sagetop does not speak to {call.service}")
    service = cast("Service", call.service)
    if not call.changes:
        return _without_metadata(clients.call(service, call.operation, **call.parameters))
    started = time.monotonic()
    attempt = 1
    while True:
        try:
            return _without_metadata(_once(clients, service, call))
        except Throttled:
            wait_s = _WAIT_S * 2**attempt
            if attempt >= clients.settings.attempts or time.monotonic() + wait_s - started > clients.settings.timeout_s:
                raise
        time.sleep(wait_s)
        attempt += 1


def _once(clients: Clients, service: Service, call: Call) -> dict[str, Any]:
    client = clients.once(service)
    try:
        from botocore import xform_name

        with _body(call) as parameters:
            answer: dict[str, Any] = getattr(client, xform_name(call.operation))(**parameters)
    except Exception as error:
        asked = f"{call.service} {call.operation}"
        failure = translate(
            error,
            service=service,
            operation=call.operation,
            profile=clients.settings.profile,
            keys_from=lambda: "env" if clients.keys_from_environment else "",
        )
        raise _certain(failure, error, asked) from error
    return answer


@contextmanager
def _body(call: Call) -> Iterator[Mapping[str, Any]]:
    """The parameters of a call; the body of an upload is named by its file, which is open as long as it is sent."""
    body = call.parameters.get("Body")
    if call.service != "s3" or not isinstance(body, Mapping):
        yield call.parameters
        return
    with Path(body["File"]).open("rb") as file:
        yield {**call.parameters, "Body": file}


def _certain(failure: SourceError, error: Exception, asked: str) -> SourceError:
    """The failure itself where it is certain that nothing was carried out, else Unanswered."""
    from botocore import exceptions as boto

    never_sent = isinstance(
        error, boto.EndpointConnectionError | boto.ConnectTimeoutError | boto.ProxyConnectionError | boto.SSLError
    )
    if isinstance(failure, Broken) or (isinstance(failure, Unreachable) and not never_sent):
        return Unanswered(f"no answer to {asked}: {failure.what}", "it may have arrived all the same")
    return failure


def _without_metadata(answer: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}

"""What changes something on AWS: each request as it stands, sent once."""

from __future__ import annotations

import time
from collections.abc import Mapping
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

        if call.service == "s3" and isinstance(call.parameters.get("Body"), Mapping):
            _upload(clients, call.parameters)
            return {}
        answer: dict[str, Any] = getattr(client, xform_name(call.operation))(**call.parameters)
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


def _upload(clients: Clients, parameters: Mapping[str, Any]) -> None:
    """Puts a file into S3, in parts where it is large. To put the same again does no harm, so it has its retries."""
    from boto3.exceptions import S3UploadFailedError

    def sent(count: int) -> None:
        clients.uploaded += count

    where = {"Bucket": parameters["Bucket"], "Key": parameters["Key"]}
    try:
        clients.client("s3").upload_file(parameters["Body"]["File"], **where, Callback=sent)
    except S3UploadFailedError as error:
        raise error.__context__ or error from None


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

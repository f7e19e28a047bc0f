"""Asking a model: InvokeEndpoint, and InvokeEndpointWithResponseStream for an answer that comes in pieces."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from tui.model.invocation import LARGEST_BODY, Invocation, Response, wants_stream
from tui.sources.answer import Answer
from tui.sources.aws.clients import Clients
from tui.sources.aws.errors import one_line, translate
from tui.sources.base import ModelFailed, Refused, SourceError

_SERVICE: Final = "sagemaker-runtime"


def invoke(
    clients: Clients, endpoint: str, invocation: Invocation, on_part: Callable[[bytes], object] | None = None
) -> Response:
    """One request to a model, never sent again.

    Raises:
        ModelFailed: The model answered an error (ModelError, ModelStreamErrorException).
        SourceError: It was not reached, or its answer is larger than is kept and is not passed on.
    """
    if len(invocation.body) > LARGEST_BODY:
        raise Refused(
            f"the request has {len(invocation.body):,} bytes: a model takes 6 MiB at most",
            "send less at once, or use a batch transform or an asynchronous endpoint",
        )
    optional = {
        "Accept": invocation.accept,
        "TargetVariant": invocation.variant,
        "InferenceComponentName": invocation.component,
    }
    parameters: dict[str, Any] = {
        "EndpointName": endpoint,
        "Body": invocation.body,
        "ContentType": invocation.content_type,
        **{name: value for name, value in optional.items() if value},
    }
    streams = wants_stream(invocation)
    operation = "InvokeEndpointWithResponseStream" if streams else "InvokeEndpoint"
    client = clients.once(_SERVICE)
    kept, first = Answer(on_part if streams else None), None
    started = time.perf_counter()
    try:
        if streams:
            answer = client.invoke_endpoint_with_response_stream(**parameters)
            first = _pieces(answer["Body"], started, kept)
        else:
            answer = client.invoke_endpoint(**parameters)
            for piece in answer["Body"].iter_chunks(1 << 18):
                kept.add(piece)
    except SourceError:
        raise
    except Exception as error:
        raise _failure(clients, operation, error) from error
    took = (time.perf_counter() - started) * 1000
    return Response(
        kept.body,
        answer.get("ContentType") or "",
        answer.get("InvokedProductionVariant") or "",
        took,
        took if first is None else first,
        kept.left_out,
    )


def _pieces(stream: Any, started: float, kept: Answer) -> float | None:
    """Takes what a stream brings, and says after how many ms its first byte came."""
    first = None
    for event in stream:
        piece = event.get("PayloadPart", {}).get("Bytes", b"")
        if piece:
            first = (time.perf_counter() - started) * 1000 if first is None else first
            kept.add(piece)
    return first


def _failure(clients: Clients, operation: str, error: Exception) -> Exception:
    answer: Mapping[str, Any] = getattr(error, "response", None) or {}
    code = str(answer.get("Error", {}).get("Code", ""))
    if code == "ModelError":
        status = int(answer.get("OriginalStatusCode") or 500)
        said = str(answer.get("OriginalMessage") or answer.get("Error", {}).get("Message", ""))
        return ModelFailed(f"the model answered {status}: {one_line(said)}", status=status, body=said)
    if code.lower() == "modelstreamerror":
        said = str(answer.get("Error", {}).get("Message", ""))
        return ModelFailed(f"the model broke off its answer: {one_line(said)}", status=500, body=said)
    return translate(error, service=_SERVICE, operation=operation, profile=clients.settings.profile)

"""Asking a model that is served on this machine."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable

from tui.model.clean import clean
from tui.model.invocation import LARGEST_BODY, Invocation, Response
from tui.sources.answer import Answer
from tui.sources.base import ModelFailed, Refused, Unreachable
from tui.sources.local.serving.folder import VARIANT

_READ_TIMEOUT_S = 70
_WORDS = 600


def ask(endpoint: str, port: int, invocation: Invocation, on_part: Callable[[bytes], object] | None = None) -> Response:
    """One POST to 127.0.0.1.

    Args:
        endpoint: The endpoint's name, for words.
        port: Where it listens.
        invocation: What is asked.
        on_part: Called with each piece of the answer as it comes.

    Raises:
        ModelFailed: The model answered an error.
        Refused: The body is too large, or the variant is not the one that there is.
        Broken: The answer is larger than is kept, and is not passed on.
        Unreachable: Nobody answers there, or not to the end.
    """
    if len(invocation.body) > LARGEST_BODY:
        raise Refused(f"the request has {len(invocation.body):,} bytes: a model takes 6 MiB at most")
    if invocation.variant not in ("", VARIANT):
        raise Refused(f"{endpoint} has no variant {invocation.variant}", f"its one variant is {VARIANT}")
    headers = {"Content-Type": invocation.content_type, "Accept": invocation.accept or "*/*"}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_READ_TIMEOUT_S)
    started = time.perf_counter()
    try:
        connection.request("POST", "/invocations", invocation.body, headers)
        answer = connection.getresponse()
        first, kept = None, Answer(on_part if answer.status < 400 else None)
        while piece := answer.read1():
            first = (time.perf_counter() - started) * 1000 if first is None else first
            kept.add(piece)
    except (OSError, http.client.HTTPException) as error:
        raise Unreachable(f"{endpoint} does not answer on port {port} ({error})", "see sagetop endpoints") from None
    finally:
        connection.close()
    took = (time.perf_counter() - started) * 1000
    body = kept.body
    if answer.status >= 400:
        said = body.decode("utf-8", "replace").strip()
        words = " ".join(clean(said).split())[:_WORDS]
        raise ModelFailed(f"the model answered {answer.status}: {words}", status=answer.status, body=said)
    kind = answer.headers.get("Content-Type") or ""
    return Response(body, kind, VARIANT, took, took if first is None else first, kept.left_out)

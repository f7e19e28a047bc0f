"""A server that says what a test wants AWS to say: what moto cannot show."""

from __future__ import annotations

import json
import struct
import threading
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs
from xml.sax.saxutils import escape


@dataclass(frozen=True)
class Fault:
    """An error as AWS sends it."""

    code: str
    message: str = ""
    status: int = 400


@dataclass(frozen=True)
class Raw:
    """Bytes that are no answer of AWS, or one of a service that speaks in headers."""

    body: bytes
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


class Hang:
    """Nothing, until the server closes."""


class Cut:
    """The connection is closed in the middle of the answer."""


class Drop:
    """The connection is closed without an answer."""


Plain = dict[str, Any] | Fault | Raw | Hang | Cut | Drop
Answer = Plain | Callable[[dict[str, Any]], Plain]
"""What is answered, or what makes it of the request's parameters."""


@dataclass(frozen=True)
class Asked:
    """One request that came in; `parameters` are there for JSON and query services."""

    operation: str
    parameters: dict[str, Any]
    headers: dict[str, str] = field(repr=False)


class Canned:
    """Answers by operation: `canned.answers("ListTrainingJobs", {...}, Fault("ThrottlingException"))`.

    Answers come in their order, the last one again and again; what has no answer is an AccessDeniedException. It speaks
    JSON, Smithy's CBOR (CloudWatch) and the query protocol (sts), whichever the request speaks.

    Attributes:
        asked: The requests so far.
    """

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self._answers: dict[str, list[Answer]] = defaultdict(list)
        self._closing = threading.Event()
        canned = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                canned._serve(self)

            do_GET = do_POST  # S3

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    @property
    def url(self) -> str:
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}"

    def answers(self, operation: str, *answers: Answer) -> None:
        """Say what an operation answers from now on."""
        self._answers[operation] = list(answers)

    def count(self, operation: str) -> int:
        """How often an operation was asked for."""
        return sum(asked.operation == operation for asked in self.asked)

    def __enter__(self) -> Canned:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _serve(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers.get("Content-Length", 0)))
        protocol, operation, parameters = _read(request.path, request.headers.get("X-Amz-Target", ""), body)
        self.asked.append(Asked(operation, parameters, dict(request.headers)))
        queue = self._answers[operation]
        answer: Answer = Fault("AccessDeniedException", "no answer was canned")
        if queue:
            answer = queue.pop(0) if len(queue) > 1 else queue[0]
        if callable(answer):
            answer = answer(parameters)
        if isinstance(answer, Hang):
            self._closing.wait()
            request.close_connection = True
        elif isinstance(answer, Drop):
            request.close_connection = True
        elif isinstance(answer, Cut):
            request.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{")
            request.close_connection = True
        else:
            _write(request, protocol, operation, answer)


def _read(path: str, target: str, body: bytes) -> tuple[str, str, dict[str, Any]]:
    if target:
        return "json", target.rsplit(".", 1)[-1], json.loads(body or b"{}")
    if path.startswith("/endpoints/"):
        streams = path.endswith("/invocations-response-stream")
        return "rest", "InvokeEndpointWithResponseStream" if streams else "InvokeEndpoint", {"path": path, "body": body}
    if "/operation/" in path:
        return "cbor", path.rsplit("/", 1)[-1], {}
    form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
    return "query", form.pop("Action", path), form


def _write(
    request: BaseHTTPRequestHandler, protocol: str, operation: str, answer: dict[str, Any] | Fault | Raw
) -> None:
    status = 200 if isinstance(answer, dict) else answer.status
    headers = {
        "json": {"Content-Type": "application/x-amz-json-1.1"},
        "query": {"Content-Type": "text/xml"},
        "rest": {},
    }.get(protocol, {"Content-Type": "application/cbor", "smithy-protocol": "rpc-v2-cbor"})
    if isinstance(answer, Raw):
        headers = headers | answer.headers
    body = answer.body if isinstance(answer, Raw) else _body(protocol, operation, answer)
    request.send_response(status)
    for name, value in headers.items():
        request.send_header(name, value)
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    request.wfile.write(body)


def _body(protocol: str, operation: str, answer: dict[str, Any] | Fault) -> bytes:
    if protocol == "query":
        if isinstance(answer, Fault):
            said = f"<Code>{escape(answer.code)}</Code><Message>{escape(answer.message)}</Message>"
            return f"<ErrorResponse><Error>{said}</Error></ErrorResponse>".encode()
        fields = "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in answer.items())
        return f"<{operation}Response><{operation}Result>{fields}</{operation}Result></{operation}Response>".encode()
    if isinstance(answer, Fault):
        answer = {"__type": answer.code, "message": answer.message}
    return cbor(answer) if protocol == "cbor" else json.dumps(answer, default=lambda value: value.timestamp()).encode()


def cbor(value: Any) -> bytes:
    """As much of RFC 8949 as CloudWatch's answers need."""
    if isinstance(value, datetime):
        return b"\xc1" + cbor(value.timestamp())
    if isinstance(value, float):
        return b"\xfb" + struct.pack(">d", value)
    if isinstance(value, int):
        return _head(0, value)
    if isinstance(value, str):
        return _head(3, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return _head(4, len(value)) + b"".join(cbor(item) for item in value)
    assert isinstance(value, dict)
    return _head(5, len(value)) + b"".join(cbor(name) + cbor(item) for name, item in value.items())


def _head(major: int, length: int) -> bytes:
    if length < 24:
        return bytes([major << 5 | length])
    return bytes([major << 5 | 27]) + length.to_bytes(8, "big")

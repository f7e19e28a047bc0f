"""A proxy between boto3 and an emulated AWS that does to requests what networks and services do to them."""

from __future__ import annotations

import http.client
import json
import random
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from urllib.parse import urlsplit

from tests.patience import PATIENCE_S

_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "server", "date"}


@dataclass
class Faults:
    """What happens to a request: each chance is between 0 and 1, and the seed repeats them all.

    Attributes:
        throttle: Chance of a ThrottlingException.
        error: Chance of a 500.
        reset: Chance that the connection is reset before the answer.
        cut: Chance that the connection ends in the middle of the answer.
        hang: Chance that no answer comes at all.
        latency_s: How much longer every answer takes.
        expired: Access keys that have expired.
        denied: Operations that IAM refuses.
        broken: Operations that answer 500 whatever the chances.
    """

    throttle: float = 0.0
    error: float = 0.0
    reset: float = 0.0
    cut: float = 0.0
    hang: float = 0.0
    latency_s: float = 0.0
    expired: set[str] = field(default_factory=set)
    denied: set[str] = field(default_factory=set)
    broken: set[str] = field(default_factory=set)


class FaultProxy:
    """Forwards to `upstream`, but for the faults.

    Attributes:
        faults: What goes wrong from now on; a test may change it at any time.
        asked: How many requests came, by operation.
        met: How many of them met which fault.
        keys: The access keys that requests were signed with.
    """

    def __init__(self, upstream: str, faults: Faults | None = None, *, seed: int = 0) -> None:
        self.faults = faults or Faults()
        self.asked: Counter[str] = Counter()
        self.met: Counter[str] = Counter()
        self.keys: set[str] = set()
        self._chance = random.Random(seed)
        self._came = threading.Condition()
        self._closing = threading.Event()
        self._upstream = urlsplit(upstream)
        self._local = threading.local()
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                proxy._serve(self)

            do_GET = do_POST

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    @property
    def address(self) -> tuple[str, int]:
        host, port = self._server.server_address[:2]
        return str(host), port

    @property
    def url(self) -> str:
        return "http://{}:{}".format(*self.address)

    def until(self, met: Callable[[], bool]) -> None:
        """Waits for a request that makes it true."""
        with self._came:
            assert self._came.wait_for(met, PATIENCE_S)

    def __enter__(self) -> FaultProxy:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _serve(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers.get("Content-Length", 0)))
        operation = request.headers.get("X-Amz-Target", "").rsplit(".", 1)[-1]
        fault = self._fault_of(operation, request.headers.get("Authorization", ""))
        time.sleep(self.faults.latency_s)
        if fault == "expired":
            _answer(request, 400, "ExpiredTokenException", "The security token included in the request is expired")
        elif fault == "denied":
            said = f"User: arn:aws:iam::1:user/u is not authorized to perform: logs:{operation} on resource: *"
            _answer(request, 400, "AccessDeniedException", said)
        elif fault == "throttle":
            _answer(request, 400, "ThrottlingException", "Rate exceeded")
        elif fault in ("error", "broken"):
            _answer(request, 500, "InternalFailure", "")
        elif fault == "hang":
            self._closing.wait()
            request.close_connection = True
        elif fault == "reset":
            request.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            request.close_connection = True
        else:
            self._forward(request, body, cut=fault == "cut")

    def _fault_of(self, operation: str, authorization: str) -> str:
        with self._came:
            self._came.notify_all()
            self.asked[operation] += 1
            key = authorization.partition("Credential=")[2].partition("/")[0]
            self.keys.add(key)
            faults = self.faults
            drawn = self._chance.random()
            fault = "expired" if key in faults.expired else ""
            fault = fault or ("denied" if operation in faults.denied else "")
            fault = fault or ("broken" if operation in faults.broken else "")
            for name in ("throttle", "error", "reset", "cut", "hang"):
                chance: float = getattr(faults, name)
                if not fault and drawn < chance:
                    fault = name
                drawn -= chance
            self.met[fault or "none"] += 1
            return fault

    def _forward(self, request: BaseHTTPRequestHandler, body: bytes, *, cut: bool) -> None:
        upstream = self._local.__dict__.get("connection")
        if upstream is None:
            upstream = http.client.HTTPConnection(self._upstream.hostname or "", self._upstream.port)
            self._local.connection = upstream
        upstream.request(request.command, request.path, body, dict(request.headers))
        answer = upstream.getresponse()
        content = answer.read()
        request.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in _HOP_BY_HOP:
                request.send_header(name, value)
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        request.wfile.write(content[: len(content) // 2] if cut else content)
        if cut:
            request.close_connection = True


def _answer(request: BaseHTTPRequestHandler, status: int, code: str, message: str) -> None:
    content = json.dumps({"__type": code, "message": message}).encode()
    request.send_response(status)
    request.send_header("Content-Type", "application/x-amz-json-1.1")
    request.send_header("Content-Length", str(len(content)))
    request.end_headers()
    request.wfile.write(content)

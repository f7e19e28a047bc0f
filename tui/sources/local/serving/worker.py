"""One process that answers requests with a model, by the contract of SageMaker's inference toolkit.

It is run as a file, by whichever Python has what the model needs, and so imports nothing but the standard library:

    python worker.py LISTENING_FD STATUS_FD LIFE_FD MODEL_FOLDER ENTRY_POINT RECORDS

It answers `GET /ping` and `POST /invocations`, says once on STATUS_FD how its start went, and ends when LIFE_FD does.

The contract (sagemaker-inference-toolkit's Transformer and default handlers): `inference.py` has `model_fn(model_dir)`
and either `transform_fn(model, data, content_type, accept)` or any of `input_fn(data, content_type)`,
`predict_fn(data, model)` and `output_fn(prediction, accept)`; `pre_model_fn(model_dir)` comes before the model and
`model_warmup_fn(model_dir, model)` behind it. Each may take a `context` besides. Requests in JSON and CSV arrive as
text, others as bytes. A result that is a pair is a body and its content type.
"""

from __future__ import annotations

import importlib.util
import inspect
import io
import json
import os
import re
import select
import signal
import socket
import struct
import sys
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from types import ModuleType
from typing import Any

LARGEST_BODY = 6 << 20
"""Bytes of a request, as InvokeEndpoint has it."""
RECORD = struct.Struct("<QIIHH")
"""Of each invocation: when it ended (ms), µs in the model's functions, µs besides, the status, nothing."""
TEXTS = ("application/json", "text/csv")
_IDLE_S = 65
"""How long a connection that was answered may say nothing, and how long an answer may take to be taken."""
_REQUEST_S = 30.0
"""How long a whole request may take to come, byte by byte."""
_MOST_CONNECTIONS = 128
"""How many are open at once; more are turned away with 503, as each has a thread."""
_END_WITHIN_S = 8
_TAKEN_UP_WITHIN_S = 0.2
_HERE = r"(127\.0\.0\.1|localhost|\[::1\])(:\d+)?"


class Unsupported(Exception):
    """A content type that nobody here reads or writes."""

    status_code = 415


class Context:
    """What a handler function may ask for besides its arguments, as far as the toolkit's own has it on one machine."""

    def __init__(self, model_dir: str) -> None:
        self.system_properties: dict[str, Any] = {"model_dir": model_dir, "gpu_id": None, "batch_size": 1}
        self.request_headers: dict[str, str] = {}
        self.response_headers: dict[str, str] = {}
        self.response_content_type: str | None = None

    def get_request_header(self, index: int, key: str) -> str | None:
        """A header of the request; there is one request at a time, so the index is 0."""
        del index
        return next((value for name, value in self.request_headers.items() if name.lower() == key.lower()), None)

    def get_all_request_header(self, index: int) -> dict[str, str]:
        """All of them."""
        del index
        return dict(self.request_headers)

    def set_response_header(self, index: int, key: str, value: str) -> None:
        """Sends a header along with the response."""
        del index
        self.response_headers[str(key)] = str(value)

    def set_response_content_type(self, index: int, value: str) -> None:
        """Says what the response is."""
        del index
        self.response_content_type = str(value)


class Model:
    """A model and the functions around it."""

    def __init__(self, model_dir: str, entry_point: str) -> None:
        self.context = Context(model_dir)
        sys.path.insert(0, str(Path(entry_point).parent))
        spec = importlib.util.spec_from_file_location("inference", entry_point)
        if spec is None or spec.loader is None:
            raise ImportError(entry_point + " is no Python file")
        module = importlib.util.module_from_spec(spec)
        sys.modules["inference"] = module
        spec.loader.exec_module(module)
        own = {name: getattr(module, name, None) for name in ("input_fn", "predict_fn", "output_fn")}
        self._transform = getattr(module, "transform_fn", None)
        if self._transform and any(own.values()):
            both = ", ".join(name for name, function in own.items() if function)
            raise TypeError("transform_fn stands for all of input_fn, predict_fn and output_fn: remove it or " + both)
        self._input = own["input_fn"] or decode
        self._predict = own["predict_fn"] or predict
        self._output = own["output_fn"] or encode
        if not hasattr(module, "model_fn"):
            raise AttributeError(f"{Path(entry_point).name} has no model_fn(model_dir)")
        if hasattr(module, "pre_model_fn"):
            self._call(module.pre_model_fn, model_dir)
        self._model = self._call(module.model_fn, model_dir)
        if hasattr(module, "model_warmup_fn"):
            self._call(module.model_warmup_fn, model_dir, self._model)

    def answer(
        self, body: bytes, content_type: str, accept: str, headers: dict[str, str]
    ) -> tuple[bytes, str, dict[str, str]]:
        """The body of a response and its content type."""
        kind = content_type.split(";")[0].strip().lower()
        data: str | bytes = body.decode("utf-8") if kind in TEXTS else body
        context = self.context
        context.request_headers, context.response_headers, context.response_content_type = headers, {}, None
        if self._transform:
            result = self._call(self._transform, self._model, data, content_type, accept)
        else:
            read = self._call(self._input, data, content_type)
            result = self._call(self._output, self._call(self._predict, read, self._model), accept)
        kind = accept
        if isinstance(result, tuple) and len(result) == 2:
            result, kind = result
        kind = context.response_content_type or kind
        if isinstance(result, str):
            result = result.encode("utf-8")
        if not isinstance(result, (bytes, bytearray, memoryview)):
            raise TypeError(f"the response is a {type(result).__name__}: output_fn has to return text or bytes")
        return bytes(result), str(kind), context.response_headers

    def _call(self, function: Callable[..., Any], *arguments: object) -> Any:
        try:
            wanted = len(inspect.signature(function).parameters)
        except (TypeError, ValueError):
            wanted = len(arguments)
        return function(*arguments, self.context) if wanted == len(arguments) + 1 else function(*arguments)


def decode(data: Any, content_type: str) -> Any:
    """The default input_fn: JSON, CSV and NPY become arrays (lists without numpy). No pickles, ever."""
    kind = content_type.split(";")[0].strip().lower()
    numpy = _numpy()
    if kind == "application/json":
        value = json.loads(data)
        return numpy.array(value) if numpy and isinstance(value, list) else value
    if kind == "text/csv":
        if numpy:
            # As the toolkit has it: one line alone is one dimension. Columns of several types of numbers are floats.
            table = numpy.genfromtxt(io.StringIO(data), dtype=None, delimiter=",", encoding="utf-8")
            kinds = [table.dtype[name].kind for name in table.dtype.names or ()]
            numbers = kinds and set(kinds) <= set("biuf")
            return numpy.genfromtxt(io.StringIO(data), delimiter=",") if numbers else table
        return [[float(cell) for cell in line.split(",")] for line in data.splitlines() if line.strip()]
    if kind == "application/x-npy" and numpy:
        return numpy.load(io.BytesIO(data), allow_pickle=False)
    raise Unsupported(f"input_fn does not read {content_type or 'a body without a content type'}")


def predict(data: Any, model: Any) -> Any:
    """The default predict_fn, for what calls itself a model: `model.predict(data)`, or `model(data)`."""
    if hasattr(model, "predict"):
        return model.predict(data)
    if callable(model):
        return model(data)
    raise NotImplementedError("inference.py has no predict_fn, and the model has no predict()")


def encode(prediction: Any, accept: str) -> tuple[str | bytes, str]:
    """The default output_fn: JSON, CSV or NPY, the first of these that is accepted, and which it is."""
    for part in accept.split(","):
        kind = part.split(";")[0].strip().lower()
        if kind in ("application/json", "*/*", ""):
            return json.dumps(prediction, default=_plain), "application/json"
        if kind == "text/csv":
            rows = _plain(prediction) if hasattr(prediction, "tolist") else prediction
            rows = rows if isinstance(rows, (list, tuple)) else [rows]
            lines = [",".join(map(str, row)) if isinstance(row, (list, tuple)) else str(row) for row in rows]
            return "\n".join(lines), kind
        if kind == "application/x-npy" and (numpy := _numpy()):
            content = io.BytesIO()
            numpy.save(content, numpy.asarray(prediction), allow_pickle=False)
            return content.getvalue(), kind
    raise Unsupported(f"output_fn does not write {accept}")


def _plain(value: Any) -> Any:
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"a {type(value).__name__} is not JSON")


def _numpy() -> ModuleType | None:
    try:
        import numpy
    except ImportError:
        return None
    return numpy


class Reading(io.RawIOBase):
    """What comes over a connection until a moment; TimeoutError behind it, however slowly bytes still come."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._until = 0.0

    def within(self, seconds: float) -> None:
        """From now on there is so much time."""
        self._until = time.monotonic() + seconds

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """What is there, once something is."""
        self._connection.settimeout(max(self._until - time.monotonic(), 0.001))
        try:
            return self._connection.recv_into(buffer)
        finally:
            self._connection.settimeout(_IDLE_S)


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server_version = "sagetop"
    sys_version = ""
    # A response in one packet: in two, the second waits for the first to be acknowledged.
    wbufsize = 1 << 16
    disable_nagle_algorithm = True
    timeout = _IDLE_S

    def __init__(self, connection: socket.socket, address: Any, worker: Worker, taken_up: threading.Event) -> None:
        self.worker = worker
        self.taken_up = taken_up
        self.began, self.model_us = 0.0, 0
        super().__init__(connection, address, worker)  # type: ignore[arg-type]  # it only keeps it

    def setup(self) -> None:
        """Takes its time from a clock, which a client that sends a byte now and then does not wind."""
        super().setup()
        self.reading = Reading(self.connection)
        self.reading.within(_REQUEST_S)
        self.rfile = self.buffered = io.BufferedReader(self.reading, 1 << 16)

    def handle_one_request(self) -> None:
        """Waits for a request, and answers it."""
        self.buffered.peek(1)
        self.reading.within(_REQUEST_S)
        super().handle_one_request()
        self.reading.within(_IDLE_S)

    def do_GET(self) -> None:
        """The health check."""
        self.taken_up.set()
        if self.headers.get("Content-Length") or self.headers.get("Transfer-Encoding"):
            self.close_connection = True  # a body that nobody reads would be taken for the next request
        if self._is_welcome():
            self._respond(200, b"") if self.path == "/ping" else self._respond(404, b"GET /ping, POST /invocations\n")

    def do_POST(self) -> None:
        """An invocation."""
        with self.worker.answering:
            self._invoke()

    def _invoke(self) -> None:
        self.began, self.model_us = time.perf_counter(), 0
        if not self._is_welcome():
            return
        if self.path != "/invocations":
            self.close_connection = True
            self._respond(404, b"GET /ping, POST /invocations\n")
            return
        body = self._body()
        if body is None:
            return
        status, content, kind, headers = self._ask(body)
        # Counted before it is answered: whoever has the answer finds it counted.
        besides = max(int((time.perf_counter() - self.began) * 1e6) - self.model_us, 0)
        self.worker.record(self.model_us, besides, status)
        self._respond(status, content, kind, headers)

    def _ask(self, body: bytes) -> tuple[int, bytes, str, dict[str, str]]:
        content_type = self.headers.get("Content-Type") or "application/json"
        accept = self.headers.get("Accept") or ""
        if accept in ("", "*/*"):
            accept = os.environ.get("SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT", "application/json")
        with self.worker.busy:
            self.taken_up.set()
            began = time.perf_counter()
            try:
                return (200, *self.worker.model.answer(body, content_type, accept, dict(self.headers.items())))
            except (Exception, SystemExit) as error:
                with suppress(OSError):
                    traceback.print_exc()
                status = getattr(error, "status_code", 500)
                status = status if isinstance(status, int) and 400 <= status < 600 else 500
                words = f"{type(error).__name__}: {error}\n"
                return status, words.encode("utf-8", "replace"), "text/plain; charset=utf-8", {}
            finally:
                self.model_us = min(int((time.perf_counter() - began) * 1e6), 0xFFFFFFFF)
                for stream in (sys.stdout, sys.stderr):
                    with suppress(OSError):
                        stream.flush()

    def _body(self) -> bytes | None:
        if self.headers.get("Transfer-Encoding"):
            self._refuse(411, "send a Content-Length")
            return None
        lengths = self.headers.get_all("Content-Length") or ["0"]
        if len(lengths) > 1 or not re.fullmatch("[0-9]{1,18}", lengths[0].strip()):
            self._refuse(400, "Content-Length is no length")
            return None
        length = int(lengths[0])
        if length > LARGEST_BODY:
            self._refuse(413, f"a request may have {LARGEST_BODY:,} bytes")
            return None
        try:
            body = self.rfile.read(length)
        except TimeoutError:
            self._refuse(408, f"the body did not come within {_REQUEST_S:g} s")
            return None
        if len(body) < length:
            self._refuse(400, "the body is cut off")
            return None
        return body

    def _refuse(self, status: int, words: str) -> None:
        self.worker.record(0, 0, status)
        self.close_connection = True
        self._respond(status, words.encode() + b"\n")

    def _is_welcome(self) -> bool:
        """Pages of the web reach this machine through a browser, under names of their own: they get nothing."""
        host, origin = self.headers.get("Host") or "", self.headers.get("Origin")
        if re.fullmatch(_HERE, host) and (origin is None or re.fullmatch("https?://" + _HERE, origin)):
            return True
        self.close_connection = True
        self._respond(403, b"this server answers to 127.0.0.1 and localhost\n")
        return False

    def _respond(
        self,
        status: int,
        content: bytes,
        kind: str = "text/plain; charset=utf-8",
        headers: dict[str, str] | None = None,
    ) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(_line(name), _line(value))
        self.send_header("Content-Type", _line(kind))
        self.send_header("Content-Length", str(len(content)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(content)
        self.wfile.flush()
        if self.command == "POST":
            with suppress(OSError):  # a full disk: it was answered all the same
                sys.stdout.write(f'"POST {_line(self.path)}" {status}\n')
                sys.stdout.flush()

    def log_message(self, format: str, *args: object) -> None:
        """Invocations are logged above; the rest is noise."""


def _line(text: object) -> str:
    """A header's text: no line of its own making."""
    return "".join(mark for mark in str(text) if mark.isprintable()).encode("latin-1", "replace").decode("latin-1")


class Answering:
    """How many requests are under way."""

    def __init__(self) -> None:
        self._count = 0
        self._changed = threading.Condition()

    def __enter__(self) -> None:
        with self._changed:
            self._count += 1

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._count -= 1
            self._changed.notify_all()

    def wait(self, seconds: float) -> None:
        """Waits until there is none."""
        with self._changed:
            self._changed.wait_for(lambda: self._count == 0, seconds)


class Worker:
    """Accepts connections while its model is idle: while it is not, they are another worker's."""

    def __init__(self, listening: socket.socket, model: Model, records: str) -> None:
        self.model = model
        self.busy = threading.Lock()
        self.answering = Answering()
        self._places = threading.Semaphore(_MOST_CONNECTIONS)
        self._recording = threading.Lock()
        self._listening = listening
        self._records = os.open(records, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def record(self, model_us: int, besides_us: int, status: int) -> None:
        """Writes down one invocation; on a full disk it goes uncounted, and not unanswered."""
        record = RECORD.pack(int(time.time() * 1000), model_us, min(besides_us, 0xFFFFFFFF), status, 0)
        with self._recording, suppress(OSError):
            if os.write(self._records, record) < len(record):
                size = os.fstat(self._records).st_size
                os.ftruncate(self._records, size - size % RECORD.size)

    def serve(self) -> None:
        """Answers for ever."""
        while True:
            select.select([self._listening], [], [])
            with self.busy:
                pass
            try:
                connection, address = self._listening.accept()
            except (BlockingIOError, ConnectionAbortedError):
                continue
            connection.setblocking(True)
            if not self._places.acquire(blocking=False):
                _turn_away(connection)
                continue
            taken_up = threading.Event()
            threading.Thread(target=self._connected, args=(connection, address, taken_up), daemon=True).start()
            # Until its request keeps the model busy, this worker would take the next one from those that are idle.
            taken_up.wait(_TAKEN_UP_WITHIN_S)

    def _connected(self, connection: socket.socket, address: object, taken_up: threading.Event) -> None:
        try:
            Handler(connection, address, self, taken_up)
        except (OSError, ValueError):
            pass  # whoever asked has gone
        finally:
            taken_up.set()
            connection.close()
            self._places.release()


def _turn_away(connection: socket.socket) -> None:
    with suppress(OSError), connection:
        connection.settimeout(0)
        with suppress(OSError):
            connection.recv(1 << 16)  # what was sent and not read would take the answer away with it
        connection.sendall(
            b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain\r\nContent-Length: 21\r\n"
            b"Connection: close\r\n\r\ntoo many connections\n"
        )


def _end(*_: object) -> None:
    raise SystemExit


def _until(life: int) -> None:
    """Ends this process when whoever started it does, however that ends."""
    os.read(life, 1)
    os._exit(0)


def main(arguments: Sequence[str]) -> int:
    """Loads the model, says how that went, and serves."""
    listening, status, life = (int(argument) for argument in arguments[:3])
    model_dir, entry_point, records = arguments[3:]
    # This file's own folder is no place to import a model's modules from.
    sys.path[:] = [place for place in sys.path if place != str(Path(__file__).resolve().parent)]
    threading.Thread(target=_until, args=(life,), daemon=True).start()
    try:
        model = Model(model_dir, entry_point)
    except BaseException as error:
        traceback.print_exc()
        os.write(status, json.dumps({"failed": f"{type(error).__name__}: {error}"}).encode("utf-8"))
        return 1
    with socket.socket(fileno=listening) as server:
        server.setblocking(False)
        worker = Worker(server, model, records)
        os.write(status, json.dumps({"ready": True}).encode("utf-8"))
        signal.signal(signal.SIGTERM, _end)
        try:
            worker.serve()
        except SystemExit:
            worker.answering.wait(_END_WITHIN_S)
            os._exit(0)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

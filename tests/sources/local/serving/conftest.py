from __future__ import annotations

import http.client
import json
import tarfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.patience import PATIENCE_S
from tui.sources.local.serving.server import Request, Server, opened

DOUBLES = """
def model_fn(model_dir):
    return 2

def predict_fn(data, model):
    return [value * model for value in data]
"""


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes
    type: str
    headers: dict[str, str]

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Served:
    """A server that is looked after by a thread, as the command does."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.folder = server.folder
        self.root = server.folder.path.parent
        self._changed = threading.Condition()
        self._ended = False
        self._wanted: Callable[[], bool] = bool
        self._met = False
        self._thread = threading.Thread(target=self._look)
        self._thread.start()

    def _look(self) -> None:
        while not self._ended:
            self.server.look()
            with self._changed:
                self._met = self._wanted()
                self._changed.notify_all()

    def until(self, wanted: Callable[[], bool]) -> None:
        # Asked behind a look alone: in the middle of one, what is known is not written down yet.
        with self._changed:
            self._wanted, self._met = wanted, False
            assert self._changed.wait_for(lambda: self._met, 60), self.log()

    def ready(self) -> Served:
        self.until(lambda: self.server.serving.status in ("InService", "Failed"))
        return self

    def log(self, worker: str = "worker-1") -> str:
        return self.folder.log(worker).read_text()

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=PATIENCE_S)

    def ask(
        self,
        body: bytes | str = b"[1]",
        content_type: str = "application/json",
        *,
        method: str = "POST",
        path: str = "/invocations",
        **headers: str,
    ) -> Answer:
        connection = self.connect()
        given = {"Content-Type": content_type, **{name.replace("_", "-"): value for name, value in headers.items()}}
        connection.request(method, path, body, given)
        response = connection.getresponse()
        content = response.read()
        connection.close()
        return Answer(response.status, content, response.headers["Content-Type"], dict(response.headers))

    def end(self) -> None:
        self._ended = True
        self._thread.join()


Serve = Callable[..., Any]


@pytest.fixture
def model(tmp_path: Path) -> Callable[..., Path]:
    """Packs a model.tar.gz with this inference.py and other files beside it."""

    def pack(script: str = DOUBLES, **files: str) -> Path:
        path = tmp_path / "model.tar.gz"
        source = tmp_path / "packed"
        (source / "code").mkdir(parents=True, exist_ok=True)
        if script:
            (source / "code/inference.py").write_text(script)
        for name, content in files.items():
            (source / name.replace("__", "/").replace("_py", ".py")).write_text(content)
        with tarfile.open(path, "w:gz") as tar:
            for entry in sorted(source.iterdir()):
                tar.add(entry, entry.name)
        return path

    return pack


@pytest.fixture
def serve(tmp_path: Path, model: Callable[..., Path]) -> Serve:
    """`with serve(script, workers=2) as served`: a server that is ready, or Failed."""

    @contextmanager
    def serving(script: str = DOUBLES, /, *, files: dict[str, str] | None = None, **request: Any) -> Iterator[Served]:
        archive = request.pop("archive", None) or model(script, **(files or {}))
        with opened(Server(tmp_path / "endpoints", Request(request.pop("name", "m"), archive, **request))) as server:
            served = Served(server)
            try:
                yield served.ready()
            finally:
                served.end()

    return serving

"""What serving adds to a model's own time, and how many requests two workers hold."""

from __future__ import annotations

import http.client
import io
import statistics
import tarfile
import tempfile
import threading
import time
from pathlib import Path

from tui.sources.local.serving.server import Request, Server, opened

MODEL_MS = 5
SCRIPT = """
import time
def model_fn(d): return None
def input_fn(data, kind): return float(data)
def predict_fn(x, m):
    time.sleep(x)
    return x
"""


def run() -> list[tuple[str, object, str]]:
    """Rows of (what, measured, wanted)."""
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder) / "model.tar.gz"
        with tarfile.open(archive, "w:gz") as tar:
            info = tarfile.TarInfo("code/inference.py")
            info.size = len(SCRIPT)
            tar.addfile(info, io.BytesIO(SCRIPT.encode()))
        with opened(Server(Path(folder) / "endpoints", Request("bench", archive, workers=2))) as server:
            while server.look().status == "Creating":
                pass
            ended = threading.Event()
            looking = threading.Thread(target=lambda: _look(server, ended))
            looking.start()
            took = _took(server.port, 300, str(MODEL_MS / 1000))
            each: list[list[float]] = [[] for _ in range(4)]
            threads = [
                threading.Thread(target=lambda one=one: one.extend(_took(server.port, 1000, "0"))) for one in each
            ]
            started = time.perf_counter()
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            rate = sum(map(len, each)) / (time.perf_counter() - started)
            ended.set()
            looking.join()
    return [
        (f"added to a model of {MODEL_MS} ms, p50", f"{statistics.median(took) * 1000 - MODEL_MS:.2f} ms", "<= 2 ms"),
        ("requests of a trivial model, four clients, two workers", f"{rate:,.0f}/s", ">= 500/s"),
    ]


def _look(server: Server, ended: threading.Event) -> None:
    while not ended.is_set():
        server.look()


def _took(port: int, count: int, body: str) -> list[float]:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    found = []
    for _ in range(count):
        started = time.perf_counter()
        connection.request("POST", "/invocations", body)
        assert connection.getresponse().read()
        found.append(time.perf_counter() - started)
    connection.close()
    return found

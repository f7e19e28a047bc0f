"""A served model answers on this machine alone, a process a worker, and is an endpoint for as long as it does."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from tests.patience import PATIENCE_S, until
from tests.sources.local.serving.conftest import DOUBLES, Serve, Served
from tui.model.series import MetricQuery, Series
from tui.sources.base import NotFound, Unreachable
from tui.sources.local.serving import worker
from tui.sources.local.serving.endpoints import LocalEndpoints
from tui.sources.local.serving.folder import VARIANT, EndpointFolder, true_serving
from tui.sources.local.serving.server import NotServed, Request, Server

WHO = "import os\ndef model_fn(d): pass\ndef predict_fn(x, m): return os.getpid()\n"


def endpoints(served: Served) -> LocalEndpoints:
    return LocalEndpoints(served.root, "local/")


def raw(served: Served, request: bytes) -> bytes:
    """What is answered to these bytes, up to the end of the connection."""
    with socket.create_connection(("127.0.0.1", served.server.port), timeout=PATIENCE_S) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(1 << 16), b""))


class TestHttp:
    def test_ping_and_invocations_and_nothing_else(self, serve: Serve) -> None:
        with serve() as served:
            ping = served.ask(b"", method="GET", path="/ping")
            assert (ping.status, ping.body) == (200, b"")
            assert served.ask("[1, 2]").json == [2, 4]
            assert served.ask(b"", method="GET", path="/").status == 404
            assert served.ask(path="/invocations/../etc/passwd").status == 404
            assert served.ask(method="DELETE").status == 501

    @pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "localhost:8080", "[::1]:8080"])
    def test_the_names_of_this_machine_are_answered(self, serve: Serve, host: str) -> None:
        with serve() as served:
            assert served.ask(Host=host).status == 200

    @pytest.mark.parametrize(
        "host", ["evil.example", "127.0.0.1.evil.example", "localhost@evil.example", "", "10.0.0.1"]
    )
    def test_other_names_are_not(self, serve: Serve, host: str) -> None:
        with serve() as served:
            assert served.ask(Host=host).status == 403
            assert served.ask(b"", method="GET", path="/ping", Host=host).status == 403

    @pytest.mark.parametrize(
        ("origin", "status"), [("http://localhost:3000", 200), ("https://evil.example", 403), ("null", 403)]
    )
    def test_no_page_of_the_web_may_ask(self, serve: Serve, origin: str, status: int) -> None:
        with serve() as served:
            assert served.ask(Origin=origin).status == status

    @pytest.mark.parametrize("asked", [b"POST /nowhere", b"GET /ping"])
    def test_a_body_that_nobody_reads_is_no_request(self, serve: Serve, asked: bytes) -> None:
        hidden = b"GET /ping HTTP/1.1\r\nHost: localhost\r\n\r\n"
        with serve() as served:
            head = asked + b" HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(hidden)
            assert raw(served, head + hidden).count(b"HTTP/1.1 ") == 1

    def test_it_listens_on_the_loopback_alone(self, serve: Serve) -> None:
        with serve() as served:
            assert served.server._socket is not None
            assert served.server._socket.getsockname()[0] == "127.0.0.1"

    def test_a_body_has_6_mib_at_most(self, serve: Serve) -> None:
        with serve("def model_fn(d): pass\ndef transform_fn(m, d, c, a): return str(len(d))\n") as served:
            assert served.ask(bytes(6 << 20), "application/octet-stream").body == str(6 << 20).encode()
            head = b"POST /invocations HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n"
            assert raw(served, head % ((6 << 20) + 1)).startswith(b"HTTP/1.1 413 ")

    @pytest.mark.parametrize(
        ("headers", "body", "status"),
        [
            (b"Transfer-Encoding: chunked\r\n", b"1\r\nx\r\n0\r\n\r\n", b"411"),
            (b"Content-Length: many\r\n", b"", b"400"),
            (b"Content-Length: -1\r\n", b"", b"400"),
            (b"Content-Length: +3\r\n", b"[1]", b"400"),
            (b"Content-Length: 3\r\nContent-Length: 0\r\n", b"[1]", b"400"),
            (b"Transfer-Encoding: gzip\r\nContent-Length: 3\r\n", b"[1]", b"411"),
            (b"Content-Length: 10\r\n", b"[1]", b"400"),
        ],
    )
    def test_a_body_without_a_true_length_is_refused(
        self, serve: Serve, headers: bytes, body: bytes, status: bytes
    ) -> None:
        with serve() as served:
            answer = raw(served, b"POST /invocations HTTP/1.1\r\nHost: localhost\r\n" + headers + b"\r\n" + body)
            assert answer.startswith(b"HTTP/1.1 " + status)
            assert served.ask().status == 200

    def test_a_connection_serves_many_requests(self, serve: Serve) -> None:
        with serve() as served:
            connection = served.connect()
            for number in range(20):
                connection.request("POST", "/invocations", f"[{number}]")
                assert json.loads(connection.getresponse().read()) == [2 * number]
            connection.close()

    def test_headers_of_the_model_add_no_lines(self, serve: Serve) -> None:
        script = """
def model_fn(d): pass
def transform_fn(m, d, c, a, context):
    context.set_response_header(0, "X-One", "1\\r\\nX-Two: 2")
    return "x", "text/plain\\r\\nX-Three: 3"
"""
        with serve(script) as served:
            answer = served.ask()
        assert answer.headers["X-One"] == "1X-Two: 2"
        assert not {"X-Two", "X-Three"} & set(answer.headers)


class TestConnections:
    @pytest.fixture
    def port(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
        """Where a worker listens that has two connections at once and half a second for a request; it is a thread."""
        monkeypatch.setattr(worker, "_MOST_CONNECTIONS", 2)
        monkeypatch.setattr(worker, "_REQUEST_S", 0.5)
        (tmp_path / "doubles.py").write_text(DOUBLES)
        with socket.create_server(("127.0.0.1", 0)) as listening:
            listening.setblocking(False)
            model = worker.Model(str(tmp_path), str(tmp_path / "doubles.py"))
            made = worker.Worker(listening, model, str(tmp_path / "records"))

            def serve() -> None:
                with suppress(OSError):
                    made.serve()

            thread = threading.Thread(target=serve)
            thread.start()
            yield listening.getsockname()[1]
            listening.shutdown(socket.SHUT_RDWR)
            thread.join()

    def test_more_than_it_has_threads_for_are_turned_away_and_taken_again_later(
        self, port: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(worker, "_REQUEST_S", 60)
        idle = [socket.create_connection(("127.0.0.1", port), timeout=20) for _ in range(2)]
        until(lambda: _asked(port) == 503)
        for connection in idle:
            connection.close()
        until(lambda: _asked(port) == 200)

    @pytest.mark.parametrize(
        "sent", [b"", b"POST /invocations HT", b"POST /invocations HTTP/1.1\r\nHost: localhost\r\n"]
    )
    def test_a_request_that_comes_a_byte_at_a_time_ends(self, port: int, sent: bytes) -> None:
        self.drips(port, sent, b"")

    def test_a_body_that_comes_a_byte_at_a_time_ends_with_408(self, port: int) -> None:
        head = b"POST /invocations HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n"
        self.drips(port, head, b"HTTP/1.1 408 ")

    def drips(self, port: int, sent: bytes, answer: bytes) -> None:
        with socket.create_connection(("127.0.0.1", port), timeout=0.01) as connection:
            connection.sendall(sent)

            def ended() -> list[bytes]:
                with suppress(ConnectionError):
                    connection.send(b"x")
                try:
                    return [connection.recv(1 << 16)]
                except TimeoutError:
                    return []
                except ConnectionError:
                    return [b""]

            assert until(ended)[0].startswith(answer)


def _asked(port: int) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("POST", "/invocations", "[1]", {"Content-Type": "application/json"})
        return connection.getresponse().status
    except ConnectionError:  # turned away before all of it was sent
        return 0
    finally:
        connection.close()


class TestWorkers:
    def test_each_is_a_process_and_a_busy_one_leaves_requests_to_the_others(self, serve: Serve, tmp_path: Path) -> None:
        go = tmp_path / "go"
        script = f"""
import os, time
def model_fn(d): pass
def predict_fn(x, m):
    while x[0] and not os.path.exists({str(go)!r}):
        time.sleep(0.01)
    return os.getpid()
"""
        with serve(script, workers=2) as served:
            slow: list[int] = []
            thread = threading.Thread(target=lambda: slow.append(served.ask("[1]").json))
            thread.start()
            # Whoever answers these is not the one that is at the slow one.
            quick = {served.ask("[0]").json for _ in range(20)}
            while len(quick) > 1:
                quick = {served.ask("[0]").json for _ in range(20)}
            go.touch()
            thread.join()
            assert {*quick, *slow} == set(served.server.serving.pids.values())

    def test_one_that_dies_is_started_again_and_the_others_answer_meanwhile(self, serve: Serve) -> None:
        with serve(WHO, workers=2) as served:
            before = dict(served.server.serving.pids)
            os.kill(before["worker-1"], signal.SIGKILL)
            served.until(lambda: served.server.serving.ready == 1)
            assert served.ask().json == before["worker-2"]
            served.until(lambda: served.server.serving.ready == 2)
            assert served.server.serving.pids["worker-1"] != before["worker-1"]
            assert served.server.serving.status == "InService"

    def test_the_request_under_way_is_answered_before_the_end(self, serve: Serve, tmp_path: Path) -> None:
        begun = tmp_path / "begun"
        script = f"""
import time
def model_fn(d): pass
def predict_fn(x, m):
    open({str(begun)!r}, "w").close()
    time.sleep(0.3)
    return "done"
"""
        answers: list[object] = []
        with serve(script) as served:
            thread = threading.Thread(target=lambda: answers.append(served.ask().json))
            thread.start()
            until(begun.exists)
        thread.join()
        assert answers == ["done"]

    def test_what_they_print_is_the_endpoints_log(self, serve: Serve) -> None:
        script = "def model_fn(d): print('loading')\ndef predict_fn(x, m):\n    print('asked', x)\n    return 1\n"
        with serve(script) as served:
            served.ask("[7]")
            until(lambda: len(logged(served)) == 3)
            assert logged(served) == ["loading", "asked [7]", '"POST /invocations" 200']


def logged(served: Served) -> list[str]:
    (log,) = endpoints(served).logs("local/m") or (None,)
    return [event.message for event in log.read(0, log.end).events] if log is not None else []


class TestTheEndpoint:
    def test_it_is_listed_while_it_is_served_and_no_longer(self, serve: Serve) -> None:
        with serve(workers=2) as served:
            known = endpoints(served)
            (endpoint,) = known.all()
            assert (endpoint.name, endpoint.status) == ("local/m", "InService")
            assert endpoint.variants[0].status_message == f"2 of 2 workers ready, port {served.server.port}"
            assert known.port("local/m") == served.server.port
            assert known.one("m") == endpoint
        assert known.all() == ()
        with pytest.raises(NotFound):
            known.one("local/m")

    def test_its_invocations_are_series_as_cloudwatch_has_them(self, serve: Serve) -> None:
        script = """
import time
class No(Exception): status_code = 400
def model_fn(d): pass
def predict_fn(x, m):
    if x[0] == 4: raise No()
    if x[0] == 5: raise ValueError()
    time.sleep(0.02)
    return 1
"""
        start = int(time.time() // 60 * 60_000)
        with serve(script, workers=2) as served:
            for body in ("[0]", "[0]", "[0]", "[4]", "[5]", "[5]"):
                served.ask(body)
            known, end = endpoints(served), int(time.time() * 1000) + 1000

            def series(metric: str, stat: str = "Sum") -> Series:
                return known.series(MetricQuery("variant", "local/m", metric, VARIANT, stat), start, end)

            assert sum(series("Invocations").values) == 6
            assert sum(series("Invocation4XXErrors").values) == 1
            assert sum(series("Invocation5XXErrors").values) == 2
            assert sum(series("InvocationModelErrors").values) == 3
            latency = series("ModelLatency", "Maximum")
            assert latency.unit == "ms"
            assert max(latency.values) >= 20
            assert series("ModelLatency", "p99").values[0] <= max(latency.values)
            assert series("OverheadLatency", "p50").values[0] >= 0
            assert len(series("NoSuchMetric")) == 0

    def test_what_its_workers_use_is_measured(self, serve: Serve) -> None:
        with serve(workers=2) as served:
            known = endpoints(served)
            query = MetricQuery("instance", "local/m", "MemoryUtilization", VARIANT, period_s=1)
            until(lambda: len(known.series(query, 0, 1 << 50)))
            assert 0 < known.series(query, 0, 1 << 50).values[0] < 100
            assert len(known.series(replace(query, metric="GPUUtilization"), 0, 1 << 50)) == 0

    def test_a_server_that_was_killed_is_told_to_have_failed_and_leaves_no_worker(
        self, model: Callable[..., Path], tmp_path: Path
    ) -> None:
        program = f"""
import sys
from pathlib import Path
from tui.sources.local.serving.server import Request, Server
server = Server(Path({str(tmp_path / "endpoints")!r}), Request("m", Path({str(model(WHO))!r})))
server.open()
while True:
    server.look()
"""
        process = subprocess.Popen([sys.executable, "-c", program])
        folder = EndpointFolder(tmp_path / "endpoints" / "m")

        def in_service() -> bool:
            serving = true_serving(folder)
            return serving is not None and serving.status == "InService"

        until(in_service)
        serving = true_serving(folder)
        assert serving is not None
        process.kill()
        process.wait()
        after = true_serving(folder)
        assert after is not None
        assert (after.status, after.failure_reason) == ("Failed", "the process that served it was ended")
        with pytest.raises(Unreachable, match="the process that served it was ended"):  # its port may be anybody's
            LocalEndpoints(tmp_path / "endpoints", "local/").port("local/m")
        until(lambda: not Path(f"/proc/{serving.pids['worker-1']}").exists())

    def test_a_name_and_a_port_are_had_by_one(self, serve: Serve, model: Callable[..., Path]) -> None:
        with serve() as served:
            with pytest.raises(NotServed, match=f"served already, on port {served.server.port}"):
                Server(served.root, Request("m", model())).open()
            with pytest.raises(NotServed, match="is not to be had"):
                Server(served.root, Request("other", model(), port=served.server.port)).open()
            assert [endpoint.name for endpoint in endpoints(served).all()] == ["local/m"]
            assert served.ask().status == 200

    def test_a_name_is_taken_before_the_archive_is_unpacked(self, model: Callable[..., Path], tmp_path: Path) -> None:
        root, slow = tmp_path / "endpoints", tmp_path / "slow.tar.gz"
        os.mkfifo(slow)
        said: list[str] = []

        def first() -> None:
            try:
                Server(root, Request("m", slow)).open()
            except NotServed as error:
                said.append(str(error))

        thread = threading.Thread(target=first)
        thread.start()
        until(lambda: EndpointFolder(root / "m").model.exists())
        with pytest.raises(NotServed, match="served already"):
            Server(root, Request("m", model())).open()
        assert EndpointFolder(root / "m").model.exists()
        slow.write_bytes(b"no archive")
        thread.join()
        assert len(said) == 1
        assert list(root.iterdir()) == []

    def test_a_bad_archive_or_one_without_a_script_is_refused_and_leaves_nothing(
        self, model: Callable[..., Path], tmp_path: Path
    ) -> None:
        with pytest.raises(NotServed, match="name a script with --entry-point"):
            Server(tmp_path / "endpoints", Request("m", model(""))).open()
        (tmp_path / "bad.tar.gz").write_bytes(b"no archive")
        with pytest.raises(NotServed, match="no whole gzipped tar"):
            Server(tmp_path / "endpoints", Request("m", tmp_path / "bad.tar.gz")).open()
        assert list((tmp_path / "endpoints").iterdir()) == []

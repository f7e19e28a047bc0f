"""Serves one model: a port, a process a worker, and what becomes of them."""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tui.files import locked, private_folder
from tui.sources.local.lines import Publisher
from tui.sources.local.nvml import NoGpus
from tui.sources.local.pids import ourselves
from tui.sources.local.sampler import Sampler
from tui.sources.local.serving.folder import EndpointFolder, Serving, true_serving
from tui.sources.model_archive import BadArchive, unpack

_WORKER = Path(__file__).with_name("worker.py")
_LOOK_EVERY_S = 0.1
_SAMPLE_EVERY_S = 1.0
_END_WITHIN_S = 10
_SOON_S = 30
"""A worker that ends within this time of its start is not started again at once."""
_LONGEST_WAIT_S = 30.0

Say = Callable[[str], None]


class NotServed(Exception):
    """The model cannot be served; the text says why in one line, which may be outside text."""


@dataclass(frozen=True, slots=True)
class Request:
    """What to serve.

    Attributes:
        name: The endpoint's name, without `local/`.
        archive: The model.tar.gz.
        port: The port on 127.0.0.1; 0 takes a free one.
        workers: How many processes answer.
        entry_point: The script with the handler functions, None for the archive's own `code/inference.py`.
        python: The interpreter of the workers.
        environ: Variables for the workers besides those of this process.
    """

    name: str
    archive: Path
    port: int = 0
    workers: int = 1
    entry_point: Path | None = None
    python: str = sys.executable
    environ: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Worker:
    """One worker process; `said` is what it told of its start so far."""

    name: str
    publisher: Publisher
    process: subprocess.Popen[bytes] | None = None
    status: int = -1
    started: float = 0.0
    again_at: float = 0.0
    wait_s: float = 1.0
    ready: bool = False
    said: bytes = b""


class Server:
    """An endpoint on this machine, from `open` to `close`. One thread calls it.

    Args:
        root: Where the endpoints of this machine have their folders.
        request: What to serve.
    """

    def __init__(self, root: Path, request: Request) -> None:
        self._request = request
        self.folder = EndpointFolder(root / request.name)
        self._workers: list[_Worker] = []
        self._socket: socket.socket | None = None
        self._life = (-1, -1)
        self._sampler: Sampler | None = None
        self._sampled = 0.0
        self._saved = False
        now = _now()
        self.serving = Serving("Creating", now, now, ourselves(), workers=request.workers)
        self.serving.model_data = str(request.archive.absolute())

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self.serving.port

    def open(self) -> None:
        """Unpacks the archive, takes the port and starts the workers; they are ready once `look` says so.

        Raises:
            NotServed: The archive is bad, has no script, the port is taken, or an endpoint of this name is served.
            OSError: A file cannot be read or written.
        """
        root = private_folder(self.folder.path.parent)
        with locked(root.with_name(f".{root.name}.lock")):  # of two servers that want one name, one takes it
            known = true_serving(self.folder)
            if known is not None and known.server.is_alive:
                where = f", on port {known.port}" if known.port else ""
                raise NotServed(f"an endpoint {self.folder.name} is served already{where}")
            shutil.rmtree(self.folder.path, ignore_errors=True)
            self.folder.make()
            self.serving.save(self.folder)  # from now on the name is taken, however long unpacking takes
        try:
            unpack(self._request.archive, self.folder.model)
            entry_point = self._entry_point()
            self._listen()
            self.serving.save(self.folder)
            self._life = os.pipe()
            for number in range(1, self._request.workers + 1):
                name = f"worker-{number}"
                worker = _Worker(name, Publisher(self.folder.log(name), self.folder.index(name)))
                self._workers.append(worker)
                self._start(worker, entry_point)
        except BadArchive as error:
            self.close()
            raise NotServed(f"{self._request.archive} is not served: {error}") from None
        except BaseException:
            self.close()
            raise

    def _entry_point(self) -> Path:
        if self._request.entry_point is not None:
            return self._request.entry_point.absolute()
        program = os.environ.get("SAGEMAKER_PROGRAM", "inference.py")
        found = self.folder.model / "code" / program
        if not found.is_file():
            raise NotServed(f"{self._request.archive} has no code/{program}: name a script with --entry-point")
        return found

    def _listen(self) -> None:
        try:
            self._socket = socket.create_server(("127.0.0.1", self._request.port), backlog=512)
        except OSError as error:
            raise NotServed(f"port {self._request.port} is not to be had ({error.strerror})") from None
        self.serving.port = self._socket.getsockname()[1]

    def _start(self, worker: _Worker, entry_point: Path) -> None:
        assert self._socket is not None
        handle = os.open(self.folder.log(worker.name), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        read, write = os.pipe()
        os.set_blocking(read, False)
        given = (self._socket.fileno(), write, self._life[0])
        model, records = str(self.folder.model), str(self.folder.records(worker.name))
        try:
            worker.process = subprocess.Popen(
                [self._request.python, "-u", str(_WORKER), *map(str, given), model, str(entry_point), records],
                cwd=self.folder.model,
                env={**os.environ, "SM_MODEL_DIR": model, **self._request.environ},
                stdin=subprocess.DEVNULL,
                stdout=handle,
                stderr=handle,
                pass_fds=given,
                start_new_session=True,
            )
        except OSError as error:
            os.close(read)
            raise NotServed(f"{self._request.python} cannot be run ({error.strerror})") from None
        finally:
            os.close(write)
            os.close(handle)
        worker.status, worker.started, worker.ready, worker.said = read, time.monotonic(), False, b""

    def look(self) -> Serving:
        """Waits a tenth of a second at most, then does what is to be done: reads, publishes, starts what has ended.

        A full disk ends nothing: what cannot be written then is written when there is room.

        Returns:
            What is known now. Failed means that the first start of a worker failed: nothing will come of it.
        """
        waiting = [worker.status for worker in self._workers if worker.status >= 0]
        if waiting:
            select.select(waiting, [], [], _LOOK_EVERY_S)
        else:
            time.sleep(_LOOK_EVERY_S)
        now = time.monotonic()
        for worker in self._workers:
            self._hear(worker)
            ended = worker.process is not None and worker.process.poll() is not None
            with suppress(OSError):
                worker.publisher.publish(_now(), final=ended)
            if ended:
                self._ended(worker, now)
            elif worker.process is None and now >= worker.again_at:
                worker.again_at = now + _LONGEST_WAIT_S  # where it cannot be started
                with suppress(OSError):
                    self._start(worker, self._entry_point())
        with suppress(OSError):
            if self._save():
                self._measure_anew()
            elif self._sampler is not None and now - self._sampled >= _SAMPLE_EVERY_S:
                self._sampled = now
                self._sampler.sample()
        return self.serving

    def _measure_anew(self) -> None:
        """Other processes than before: each of them is measured, its children included."""
        if self._sampler is not None:
            self._sampler.close()
            self._sampler = None
        self._sampler = Sampler(self.folder, self.serving.pids, NoGpus(), {})

    def _hear(self, worker: _Worker) -> None:
        if worker.status < 0:
            return
        with suppress(BlockingIOError):
            block = os.read(worker.status, 1 << 16)
            worker.said += block
            if not block:
                os.close(worker.status)
                worker.status = -1
        try:
            said = json.loads(worker.said)
        except ValueError:
            return
        if said.get("ready"):
            worker.ready = True
        elif not any(other.ready for other in self._workers):
            self.serving.failure_reason = str(said.get("failed", ""))

    def _ended(self, worker: _Worker, now: float) -> None:
        """Behind a worker that ended: another one, at once or after a while; none where none was ever ready."""
        assert worker.process is not None
        code, worker.process = worker.process.returncode, None
        was_ready, worker.ready = worker.ready, False
        if not was_ready and self.serving.status == "Creating":
            self.serving.status = "Failed"
            self.serving.failure_reason = self.serving.failure_reason or f"{worker.name} ended with {code}"
            return
        soon = now - worker.started < _SOON_S
        worker.wait_s = min(worker.wait_s * 2, _LONGEST_WAIT_S) if soon else 1.0
        worker.again_at = now + (worker.wait_s if soon else 0.0)

    def _save(self) -> bool:
        """Writes state.json where something changed, and says whether it did."""
        serving = self.serving
        ready = sum(worker.ready for worker in self._workers)
        pids = {worker.name: worker.process.pid for worker in self._workers if worker.process is not None}
        if serving.status == "Failed":
            status = "Failed"
        elif serving.status == "Creating":
            status = "InService" if ready == len(self._workers) else "Creating"
        else:
            status = "InService" if ready else "OutOfService"
        if (status, ready, pids) != (serving.status, serving.ready, dict(serving.pids)):
            if status != serving.status:
                serving.modified = _now()
            serving.status, serving.ready, serving.pids = status, ready, pids
            self._saved = False
        if self._saved:
            return False
        serving.save(self.folder)
        self._saved = True
        return True

    def stop(self) -> None:
        """Ends the workers, each after the request that it is at; what they wrote is still there."""
        if self._socket is not None:
            self._socket.close()
        running = [worker.process for worker in self._workers if worker.process is not None]
        for process in running:
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
        until = time.monotonic() + _END_WITHIN_S
        for process in running:
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(until - time.monotonic(), 0))
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def close(self) -> None:
        """Ends the workers and takes the folder away."""
        self.stop()
        if self._sampler is not None:
            self._sampler.close()
        for worker in self._workers:
            worker.publisher.close()
        for handle in (*(worker.status for worker in self._workers), *self._life):
            if handle >= 0:
                os.close(handle)
        shutil.rmtree(self.folder.path, ignore_errors=True)


@contextmanager
def opened(server: Server) -> Iterator[Server]:
    """A server that is open for as long as the block runs."""
    server.open()
    try:
        yield server
    finally:
        server.close()


def _now() -> int:
    return int(time.time() * 1000)

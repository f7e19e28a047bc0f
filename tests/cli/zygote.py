"""Commands in processes of their own that need not import anything: they are forked off one that has.

Each is a real process with its own environment, standard streams, signals and exit code, as if it had been started
anew; what starting and importing cost is a matter of other tests. One at a time.
"""

from __future__ import annotations

import array
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
_LENGTH = 8


class Zygote:
    """Starts commands; made once for a test process."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        self._socket = ours
        self._lock = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.cli.zygote", str(theirs.fileno())], cwd=ROOT, pass_fds=[theirs.fileno()]
        )
        theirs.close()

    def run(
        self, arguments: Sequence[str], environment: Mapping[str, str], timeout_s: float
    ) -> subprocess.CompletedProcess[bytes]:
        """`sagetop ARGUMENTS` with these variables and nothing to read; what it wrote, and its exit code.

        Raises:
            subprocess.TimeoutExpired: It took longer, and was killed.
        """
        with self._lock, Path(os.devnull).open("rb") as nothing:
            outputs = [os.memfd_create(name) if hasattr(os, "memfd_create") else _file() for name in ("out", "err")]
            try:
                request = json.dumps({"arguments": list(arguments), "environment": dict(environment)}).encode()
                handles = array.array("i", [nothing.fileno(), *outputs])
                self._socket.sendmsg(
                    [len(request).to_bytes(_LENGTH, "big")], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, handles)]
                )
                self._socket.sendall(request)
                pid = int.from_bytes(_exactly(self._socket, _LENGTH), "big")
                self._socket.settimeout(timeout_s)
                try:
                    code = int.from_bytes(_exactly(self._socket, _LENGTH), "big", signed=True)
                except TimeoutError:
                    os.kill(pid, signal.SIGKILL)
                    self._socket.settimeout(None)
                    _exactly(self._socket, _LENGTH)
                    raise subprocess.TimeoutExpired(list(arguments), timeout_s) from None
                self._socket.settimeout(None)
                out, err = (os.pread(handle, os.fstat(handle).st_size, 0) for handle in outputs)
                return subprocess.CompletedProcess(list(arguments), code, out, err)
            finally:
                for handle in outputs:
                    os.close(handle)

    def close(self) -> None:
        """Ends it."""
        self._socket.close()
        self._process.wait()


def _file() -> int:
    import tempfile

    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


def _exactly(connection: socket.socket, count: int) -> bytes:
    content = b""
    while len(content) < count:
        block = connection.recv(count - len(content))
        if not block:
            raise EOFError
        content += block
    return content


def _serve(connection: socket.socket) -> None:
    """Forks a child for each request, waits for it, and tells how it ended. The child returns from here."""
    while True:
        try:
            head, handles, _, _ = socket.recv_fds(connection, _LENGTH, 3)
            if not head:
                os._exit(0)
            head += _exactly(connection, _LENGTH - len(head)) if len(head) < _LENGTH else b""
            request = json.loads(_exactly(connection, int.from_bytes(head, "big")))
        except (EOFError, OSError):
            os._exit(0)
        pid = os.fork()
        if pid == 0:
            connection.close()
            _become(request, handles)
            return
        for handle in handles:
            os.close(handle)
        connection.sendall(pid.to_bytes(_LENGTH, "big"))
        _, status = os.waitpid(pid, 0)
        connection.sendall(os.waitstatus_to_exitcode(status).to_bytes(_LENGTH, "big", signed=True))


def _become(request: Mapping[str, object], handles: Sequence[int]) -> None:
    """Makes this process what the request says."""
    environment, arguments = request["environment"], request["arguments"]
    assert isinstance(environment, dict)
    assert isinstance(arguments, list)
    os.environ.clear()
    os.environ.update(environment)
    for place, handle in enumerate(handles):
        os.dup2(handle, place)
        os.close(handle)
    sys.stdin, sys.stdout, sys.stderr = (
        os.fdopen(place, mode, encoding="utf-8", errors=errors, closefd=False)
        for place, mode, errors in ((0, "r", "strict"), (1, "w", "strict"), (2, "w", "backslashreplace"))
    )
    sys.__stdin__, sys.__stdout__, sys.__stderr__ = sys.stdin, sys.stdout, sys.stderr  # type: ignore[misc]
    sys.argv = ["sagetop", *arguments]


def _import_everything() -> None:
    import gc
    import importlib

    from tui.cli import group

    for module in {*group._COMMANDS.values(), "log_reading", "log_printing", "log_output"}:
        importlib.import_module(f"tui.cli.{module}")
    for module in (
        *("boto3.session", "botocore.session", "botocore.client", "botocore.auth", "botocore.httpsession"),
        *("tui.sources.aws.source", "tui.sources.aws.models", "tui.sources.aws.timestamps"),
        *("tui.sources.local.source", "tui.sources.joined", "tui.follow", "tui.archive", "tui.mutations"),
        *("orjson", "regex", "sqlite3", "numpy", "platformdirs", "tui.watch.job", "tui.watch.health"),
    ):
        importlib.import_module(module)
    gc.collect()
    gc.freeze()


if __name__ == "__main__":
    _import_everything()
    _serve(socket.socket(fileno=int(sys.argv[1])))
    from tui.cli import main

    main()

"""Starts the demo's AWS beside the program and ends it with the program. Nothing here needs more than Python itself."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from types import TracebackType

ACCESS_KEY = "DEMO-NOT-A-REAL-ACCESS-KEY"
SECRET_KEY = "demo-not-a-real-secret-key"
REGION = "eu-west-1"
ACCOUNT = "123456789012"

READY_S = 60.0
_END_S = 3.0
_KEPT = ("HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "PATH", "PYTHONHOME", "PYTHONUSERBASE", "SYSTEMROOT", "TMPDIR")
"""What Python needs to start. Nothing else of the user's environment reaches the child: no AWS_*, no proxies."""


class Demo:
    """An AWS of its own: a child process on a loopback port, and a temporary folder, both gone after `close`.

    The child lives as long as the pipe to its stdin is open, so it ends with this process however that ends.

    Args:
        seed: The same seed makes the same jobs, endpoints and curves.
        speed: How many simulated seconds pass in a second.
    """

    def __init__(self, seed: int = 1, speed: float = 1.0) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="sagetop-demo-"))
        """For the demo's archive, settings and audit log; only this user can look into it."""
        command = [sys.executable, "-m", "tui.demo.server", f"--seed={seed}", f"--speed={speed}"]
        self._answered = threading.Event()
        self._answer: dict[str, str] = {}
        self._child = subprocess.Popen(
            [*command, f"--folder={self.folder}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=self.folder,
            env=_environment(),
            start_new_session=True,
        )
        threading.Thread(target=self._listen, name="demo-ready", daemon=True).start()

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._child.pid

    def url(self) -> str:
        """The endpoint URL of every service. Waits until the child is ready, if it is not yet.

        Raises:
            RuntimeError: In one line, why there is no demo.
        """
        if not self._answered.wait(READY_S):
            raise RuntimeError(f"the demo was not ready after {READY_S:.0f} s")
        if "url" not in self._answer:
            raise RuntimeError(self._answer.get("error", "the demo ended before it was ready"))
        return self._answer["url"]

    def close(self) -> None:
        """Ends the child and removes the folder. A second call does nothing."""
        if self._child.stdin is not None:
            self._child.stdin.close()
        try:
            self._child.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Demo:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _listen(self) -> None:
        assert self._child.stdout is not None
        with self._child.stdout as stdout:
            line = stdout.readline()
        try:
            self._answer = json.loads(line)
        except ValueError:
            self._answer = {}
        self._answered.set()


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    # The child's folder is an empty one, so that it is told where this program's packages are.
    packages = [str(Path(__file__).parents[2]), *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    return {
        **kept,
        "PYTHONPATH": os.pathsep.join(packages),
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "MOTO_ACCOUNT_ID": ACCOUNT,
        "MOTO_DISABLE_GLOBAL_CORS": "true",
    }

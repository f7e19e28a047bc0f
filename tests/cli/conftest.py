"""The command itself, as a process of its own."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import pytest

from tests.cli.zygote import Zygote

KEYS = {"AWS_ACCESS_KEY_ID": "AKIAFALSE", "AWS_SECRET_ACCESS_KEY": "false", "AWS_DEFAULT_REGION": "eu-west-1"}
COMMAND = [sys.executable, "-m", "tui"]


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    def failed(self, code: int) -> str:
        """The one line on stderr of a command that ended with this code, without a traceback."""
        assert self.code == code, self
        assert self.err.startswith("sagetop: "), self
        assert self.err.count("\n") == 1, self
        assert self.err.endswith("\n"), self
        return self.err.removeprefix("sagetop: ").rstrip("\n")

    @property
    def lines(self) -> list[str]:
        """What a command printed that did all it should."""
        assert (self.code, self.err) == (0, ""), self
        return self.out.splitlines()


class Sagetop(Protocol):
    def __call__(self, *arguments: str, at: str = "", **environment: str | None) -> Ended: ...


def environment_for(at: str, changes: dict[str, str | None]) -> dict[str, str]:
    """The environment of a command with keys for the AWS at this URL; None takes a variable away."""
    merged: dict[str, str | None] = {**os.environ, **KEYS, **({"AWS_ENDPOINT_URL": at} if at else {}), **changes}
    return {name: value for name, value in merged.items() if value is not None}


@pytest.fixture(scope="session")
def zygote() -> Iterator[Zygote]:
    """What commands are forked off."""
    made = Zygote()
    yield made
    made.close()


@pytest.fixture
def sagetop(zygote: Zygote) -> Sagetop:
    """Runs `sagetop ARGUMENTS` against the AWS at a URL, into pipes."""

    def run(*arguments: str, at: str = "", **environment: str | None) -> Ended:
        given = environment_for(at, environment)
        # What an interpreter looks at when it starts needs one that starts.
        anew = any(name.startswith(("PYTHON", "LC_", "LANG")) for name in environment)
        done = _anew(arguments, given) if anew else zygote.run(arguments, given, 60)
        encoding = environment.get("PYTHONIOENCODING") or "utf-8"
        return Ended(done.returncode, done.stdout.decode(encoding), done.stderr.decode(encoding))

    return run


def _anew(arguments: Sequence[str], environment: dict[str, str]) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*COMMAND, *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def on_terminal() -> Callable[..., Ended]:
    """Runs `sagetop ARGUMENTS` on a terminal of so many columns; out and err arrive together, as there."""

    def run(*arguments: str, at: str, columns: int) -> Ended:
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        environment = environment_for(at, {"COLUMNS": None, "LINES": None})
        process = subprocess.Popen([*COMMAND, *arguments], env=environment, stdin=theirs, stdout=theirs, stderr=theirs)
        os.close(theirs)
        read = bytearray()
        try:
            while chunk := os.read(ours, 65536):
                read += chunk
        except OSError:
            pass  # Linux says EIO where the other end is closed
        os.close(ours)
        return Ended(process.wait(60), read.decode("utf-8").replace("\r\n", "\n"), "")

    return run

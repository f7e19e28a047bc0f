"""A real terminal for tests: a program in a pty, its screen kept by pyte, every byte that it wrote remembered."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import signal
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Callable, Mapping, Sequence

import pyte

KEYS = {"enter": "\r", "escape": "\x1b", "tab": "\t", "up": "\x1b[A", "down": "\x1b[B", "right": "\x1b[C", "left": "\x1b[D"}


class Terminal:
    """Runs a program in a terminal of its own.

    Args:
        argv: The program and its arguments.
        size: Columns and rows.
        env: Variables beside those of this process.
    """

    def __init__(
        self, argv: Sequence[str], *, size: tuple[int, int] = (120, 36), env: Mapping[str, str] | None = None
    ) -> None:
        columns, rows = size
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._changed = threading.Condition()
        self._open = True
        self.written = bytearray()
        """Everything the program has written."""
        self.started = time.monotonic()
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        wanted = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", **(env or {})}
        self.process = subprocess.Popen(
            list(argv), stdin=slave, stdout=slave, stderr=slave, env=wanted, start_new_session=True, close_fds=True
        )
        os.close(slave)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def text(self) -> str:
        """The screen, a line a row, without the blanks at the ends."""
        with self._changed:
            return "\n".join(line.rstrip() for line in self._screen.display)

    def send(self, *keys: str) -> None:
        """Type: names of KEYS, or characters."""
        for key in keys:
            os.write(self._master, KEYS.get(key, key).encode())

    def wait_for(self, what: str | Callable[[str], bool], timeout: float = 20) -> str:
        """Wait until the screen holds this text (or satisfies this); returns the screen.

        Raises:
            AssertionError: It did not, in time; the message shows the screen.
        """
        holds = (lambda text: what in text) if isinstance(what, str) else what
        deadline = time.monotonic() + timeout
        while not holds(text := self.text):
            left = deadline - time.monotonic()
            if left <= 0 or not self._open:
                word = what if isinstance(what, str) else "what was waited for"
                raise AssertionError(f"{word!r} is not on screen after {timeout} s:\n{text}")
            with self._changed:
                self._changed.wait(min(left, 0.5))
        return text

    def wait_exit(self, timeout: float = 10) -> int:
        """Wait until the program has ended; its exit code."""
        return self.process.wait(timeout)

    def kill(self) -> None:
        """kill -9, as a lost machine would."""
        self.process.kill()

    def close(self) -> None:
        """End the program, if it has not ended by itself."""
        if self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self._reader.join(5)
        with contextlib.suppress(OSError):
            os.close(self._master)

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self._master, 65536)
            except OSError:
                data = b""  # The other end is closed: the program has ended.
            with self._changed:
                self.written += data
                # Textual asks the terminal about itself; pyte stumbles over private modes it does not know.
                with contextlib.suppress(Exception):
                    self._stream.feed(data)
                if not data:
                    self._open = False
                self._changed.notify_all()
            if not data:
                return

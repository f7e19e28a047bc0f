"""A real terminal for tests: a program in a pty, its screen kept by pyte, every byte that it wrote remembered."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Callable, Mapping, Sequence

import pyte

from tests.patience import PATIENCE_S

KEYS = {
    "enter": "\r",
    "escape": "\x1b",
    "tab": "\t",
    "up": "\x1b[A",
    "down": "\x1b[B",
    "right": "\x1b[C",
    "left": "\x1b[D",
    **{f"ctrl+{letter}": chr(ord(letter) - 96) for letter in "cdpu"},
}

CURSOR, MOUSE, ALTERNATE_SCREEN, PASTE = 25, 1000, 1049, 2004
"""Private modes of a terminal, as in `modes`."""

_MODE = re.compile(rb"\x1b\[\?([0-9;]+)([hl])")
# Programs that ask are told that this terminal knows frames, and tell where each begins and ends.
_ASKS_FOR_FRAMES = b"\x1b[?2026$p"
_FRAME = re.compile(rb"\x1b\[\?2026([hl])")
# pyte would show the ends of these as text: keyboard protocols, questions about modes, the pointer's shape.
_UNKNOWN = re.compile(rb"\x1b\[[<>=][0-9;:]*[@-~]|\x1b\[\?[0-9;]*(?:\$p|u)")
_UNFINISHED = re.compile(rb"\x1b(?:\[[<>=?]?[0-9;:]*\$?)?\Z")


class Terminal:
    """Runs a program in a terminal of its own, of which it is the first process: closing it hangs up.

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
        self._unfinished = b""
        self._drawing = False
        self._changed = threading.Condition()
        self._open = True
        self.written = bytearray()
        """Everything the program has written."""
        self.started = time.monotonic()
        self._master, slave = pty.openpty()
        self._stop, self._stopped = os.pipe()
        _set_size(slave, columns, rows)
        # pytest's workers set COLUMNS and LINES, which would count for more than the terminal's own size.
        inherited = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
        wanted = {**inherited, "TERM": "xterm-256color", "COLORTERM": "truecolor", **(env or {})}
        self.process = subprocess.Popen(
            list(argv),
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=wanted,
            start_new_session=True,
            close_fds=True,
            preexec_fn=_take_the_terminal,
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
        """The screen, a line a row, without the blanks at the ends; never a frame half drawn."""
        with self._changed:
            self._changed.wait_for(lambda: not (self._drawing and self._open), 1)
            return "\n".join(line.rstrip() for line in self._screen.display)

    @property
    def modes(self) -> frozenset[int]:
        """The private modes that the program has switched on and not off again; a terminal starts with CURSOR."""
        on = {CURSOR}
        for numbers, what in _MODE.findall(bytes(self.written)):
            change = on.update if what == b"h" else on.difference_update
            change({int(number) for number in numbers.split(b";")})
        return frozenset(on)

    def send(self, *keys: str) -> None:
        """Type: names of KEYS, or characters."""
        for key in keys:
            os.write(self._master, KEYS.get(key, key).encode())

    def resize(self, columns: int, rows: int) -> None:
        """Give the window another size; the program is told by SIGWINCH."""
        with self._changed:
            self._screen.resize(rows, columns)
            _set_size(self._master, columns, rows)

    def wait_for(self, what: str | Callable[[str], bool], timeout: float = PATIENCE_S) -> str:
        """Wait until the screen holds this text (or satisfies this); returns the screen.

        Raises:
            AssertionError: It did not, in time; the message shows the screen.
        """
        holds = (lambda text: what in text) if isinstance(what, str) else what
        deadline = time.monotonic() + timeout
        with self._changed:
            while not holds(text := self.text):
                left = deadline - time.monotonic()
                if left <= 0 or not self._open:
                    word = repr(what) if isinstance(what, str) else "what was waited for"
                    raise AssertionError(f"{word} is not on screen after {timeout} s:\n{text}")
                self._changed.wait(left)
        return text

    def wait_exit(self, timeout: float = PATIENCE_S) -> int:
        """Wait until the program has ended and all it wrote has been read; its exit code."""
        code = self.process.wait(timeout)
        self._reader.join(timeout)
        return code

    def kill(self) -> None:
        """kill -9, as a lost machine would."""
        self.process.kill()

    def hang_up(self) -> None:
        """Close the terminal's window: nothing can be read or written any more."""
        os.write(self._stopped, b"\0")
        self._reader.join()
        os.close(self._master)
        self._master = -1

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
        if self._master >= 0:
            self._reader.join(5)
            self.hang_up()
        os.close(self._stop)
        os.close(self._stopped)

    def _read(self) -> None:
        while True:
            ready, _, _ = select.select([self._master, self._stop], [], [])
            try:
                data = os.read(self._master, 65536) if self._stop not in ready else b""
            except OSError:
                data = b""  # The other end is closed: the program has ended.
            with self._changed:
                self.written += data
                self._feed(data)
                self._open = bool(data)
                self._changed.notify_all()
            if not data:
                return

    def _feed(self, data: bytes) -> None:
        """Draw it, without what pyte does not know; a sequence that is not whole waits for its end."""
        data = self._unfinished + data
        cut = _UNFINISHED.search(data)
        self._unfinished = data[cut.start() :] if cut else b""
        data = data[: cut.start()] if cut else data
        if _ASKS_FOR_FRAMES in data:
            os.write(self._master, b"\x1b[?2026;2$y")
        if frames := _FRAME.findall(data):
            self._drawing = frames[-1] == b"h"
        self._stream.feed(_UNKNOWN.sub(b"", data))


def _set_size(terminal: int, columns: int, rows: int) -> None:
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def _take_the_terminal() -> None:
    """In the child: stdin is the terminal that signals this session."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)

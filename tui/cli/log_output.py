"""Log events on stdout: for pipes as they were logged, for terminals harmless, for programs as JSON."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from datetime import datetime, timezone
from functools import lru_cache
from json.encoder import encode_basestring_ascii as quoted
from operator import itemgetter
from typing import BinaryIO, Literal

from tui.model.clean import clean
from tui.model.logs import LogEvent, host_number

Form = Literal["raw", "clean", "json"]
"""`raw`: byte for byte. `clean`: what a terminal may be shown. `json`: one object a line."""

_COLOURS = (36, 32, 33, 35, 34, 31)
_message = itemgetter(4)


class LogWriter:
    """Writes events, each as one record.

    Args:
        form: How.
        timestamps: Whether a record says its event time, in UTC; JSON always does.
        to: Where to, stdout by default; what is clean always goes there, as the terminal's encoding has it.

    Attributes:
        several: Whether each record names its host.
        written: How many records were written.
    """

    def __init__(self, form: Form, *, timestamps: bool = False, to: BinaryIO | None = None) -> None:
        self.several = False
        self.written = 0
        self._form = form
        self._timestamps = timestamps and form != "json"
        self._to = to
        self._coloured = form == "clean" and _takes_colours()

    def write(self, events: Sequence[LogEvent], *, late: bool = False) -> None:
        """Writes events.

        Args:
            events: In their order.
            late: Whether they have arrived after a later one was written.
        """
        if events:
            self.written += len(events)
            self._put(self._text(events, late))

    def _text(self, events: Sequence[LogEvent], late: bool) -> str:
        if self._form == "json":
            return "".join([_json(event, late) for event in events])
        # What is usual takes no step in Python for an event, or one at most: the rest of a log's way is as fast.
        if self._form == "raw" and not self._timestamps and not late:
            if not self.several:
                return "\n".join(map(_message, events)) + "\n"
            return "".join([f"[{event.host}] {event.message}\n" for event in events])
        return "".join([self._record(event, late) for event in events])

    def _record(self, event: LogEvent, late: bool) -> str:
        parts = []
        if self._timestamps:
            parts.append(_clock(event.timestamp))
        if late:
            parts.append("[late]")
        if self.several:
            parts.append(self._host(event.host))
        parts.append(harmless(event.message) if self._form == "clean" else event.message)
        return " ".join(parts) + "\n"

    def _host(self, host: str) -> str:
        if self._form == "raw":
            return f"[{host}]"
        name = f"[{clean(host)}]"
        return f"\x1b[{_COLOURS[(host_number(host)[0] - 1) % len(_COLOURS)]}m{name}\x1b[0m" if self._coloured else name

    def _put(self, text: str) -> None:
        if self._form == "clean":
            sys.stdout.write(text)
            return
        to = self._to
        if to is None:
            sys.stdout.flush()
            to = sys.stdout.buffer
        # Not as LANG has it: CloudWatch keeps UTF-8, and this is what it kept.
        to.write(text.encode("utf-8", "surrogatepass"))


def harmless(message: str) -> str:
    """A message of which no terminal takes anything for an order; its newlines stay."""
    if "\n" not in message:
        return clean(message)
    return "\n".join(clean(line.removesuffix("\r")) for line in message.split("\n"))


def form_for(*, as_json: bool, cleaned: bool | None) -> Form:
    """How stdout is written: as was asked for, else so that it suits a terminal or a pipe."""
    if as_json:
        return "json"
    if cleaned is None:
        cleaned = sys.stdout.isatty()
    return "clean" if cleaned else "raw"


def _takes_colours() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _json(event: LogEvent, late: bool) -> str:
    return (
        f'{{"timestamp": {event.timestamp}, "ingestion_time": {event.ingestion_time}, "host": {_known(event.host)}, '
        f'"stream": {_known(event.stream)}, "message": {quoted(event.message)}'
    ) + (', "late": true}\n' if late else "}\n")


@lru_cache(maxsize=4096)
def _known(name: str) -> str:
    return quoted(name)


def _clock(ms: int) -> str:
    return f"{_second(ms // 1000)}.{ms % 1000:03}Z"


@lru_cache(maxsize=4096)
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")

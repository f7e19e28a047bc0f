"""Asking a model: a request, a response, and how both are shown. InvokeEndpoint has the limits."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import PurePath

LARGEST_BODY = 6 << 20
"""Bytes of a request."""
LARGEST_KEPT = 32 << 20
"""Bytes of an answer that are held in memory; a stream may go on for ever, and is passed on as it comes."""
_TYPES = {
    ".json": "application/json",
    ".jsonl": "application/jsonlines",
    ".csv": "text/csv",
    ".txt": "text/plain",
    ".npy": "application/x-npy",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".libsvm": "text/x-libsvm",
}
_SHOWN_BYTES = 256


@dataclass(frozen=True, slots=True)
class Invocation:
    """One request to a model.

    Attributes:
        body: What the model gets, as it is.
        content_type: What it is.
        accept: What the answer should be, empty for what the model likes.
        variant: The production variant that is to answer, empty for whichever.
        component: The inference component that is to answer, where the endpoint has any.
        stream: Whether the answer is to come piece by piece, as it is made.
    """

    body: bytes
    content_type: str = "application/json"
    accept: str = ""
    variant: str = ""
    component: str = ""
    stream: bool = False


@dataclass(frozen=True, slots=True)
class Response:
    """What a model answered.

    Attributes:
        body: As it came.
        content_type: What it is, in the model's words.
        variant: The production variant that answered, empty where nobody says.
        took_ms: From the request to the last byte, the network included.
        first_ms: To the first byte of a stream, else the same.
        left_out: Bytes of the answer behind those in `body`, which were passed on and not kept.
    """

    body: bytes
    content_type: str
    variant: str
    took_ms: float
    first_ms: float
    left_out: int = 0


def content_type_of(body: bytes, path: PurePath | None = None) -> str:
    """What a body seems to be: by its file's name, else by what it looks like."""
    if path is not None and (known := _TYPES.get(path.suffix.lower())):
        return known
    text = _text(body)
    if text is None:
        return "application/octet-stream"
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        lines = [line for line in text.splitlines() if line.strip()]
        return "text/csv" if lines and all("," in line for line in lines) else "text/plain"
    return "application/json"


def wants_stream(invocation: Invocation) -> bool:
    """Whether the request itself asks for a stream: by `accept`, or by `"stream": true`, as models have it."""
    if invocation.stream or invocation.accept.split(";")[0].strip().lower() == "text/event-stream":
        return True
    if not invocation.content_type.lower().startswith("application/json") or b'"stream"' not in invocation.body:
        return False
    try:
        value = json.loads(invocation.body)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and value.get("stream") is True


def pretty(body: bytes, content_type: str) -> str:
    """A body for people: JSON indented, text as it is, of bytes how many and the first of them. Outside text."""
    kind = content_type.split(";")[0].strip().lower()
    text = _text(body)
    if text is None:
        return _bytes(body, kind)
    if kind.endswith(("json", "+json")) or kind == "":
        try:
            return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
        except (ValueError, RecursionError):
            return text
    return text


def _text(body: bytes) -> str | None:
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


def _bytes(body: bytes, kind: str) -> str:
    rows = [body[at : at + 16] for at in range(0, min(len(body), _SHOWN_BYTES), 16)]
    lines = [f"{at * 16:06x}  {row.hex(' '):<47}  {_plain(row)}" for at, row in enumerate(rows)]
    more = ["…"] if len(body) > _SHOWN_BYTES else []
    return "\n".join([f"{len(body):,} bytes of {kind or 'no content type'}", *lines, *more])


def _plain(row: bytes) -> str:
    return "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)

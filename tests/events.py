"""Amazon's event stream encoding: what InvokeEndpointWithResponseStream answers in."""

from __future__ import annotations

import struct
import zlib


def message(headers: dict[str, str], payload: bytes) -> bytes:
    """One message: a prelude with its checksum, headers, the payload, a checksum over all."""
    encoded = b"".join(
        bytes([len(name)]) + name.encode() + b"\x07" + struct.pack(">H", len(value)) + value.encode()
        for name, value in headers.items()
    )
    prelude = struct.pack(">II", 16 + len(encoded) + len(payload), len(encoded))
    body = prelude + struct.pack(">I", zlib.crc32(prelude)) + encoded + payload
    return body + struct.pack(">I", zlib.crc32(body))


def payload_part(content: bytes) -> bytes:
    """A piece of the model's answer."""
    kind = {":event-type": "PayloadPart", ":message-type": "event", ":content-type": "application/octet-stream"}
    return message(kind, content)


def failure(kind: str, said: str) -> bytes:
    """What ends a stream that goes wrong."""
    import json

    headers = {":exception-type": kind, ":message-type": "exception", ":content-type": "application/json"}
    return message(headers, json.dumps({"Message": said, "message": said}).encode())

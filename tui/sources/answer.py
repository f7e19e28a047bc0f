"""A model's answer as it comes: passed on, and kept as far as memory should hold it."""

from __future__ import annotations

from collections.abc import Callable

from tui.model.invocation import LARGEST_KEPT
from tui.sources.base import Broken


def too_large() -> Broken:
    """An answer that nobody takes as it comes is more than is kept."""
    hint = "have it printed as it comes: --stream, without --json"
    return Broken(f"the answer is larger than {LARGEST_KEPT >> 20} MiB", hint)


class Answer:
    """What has come of an answer. One thread adds to it.

    Args:
        on_part: Called with each piece; without it nobody else has what is not kept.
    """

    def __init__(self, on_part: Callable[[bytes], object] | None = None) -> None:
        self._on_part = on_part
        self._kept = bytearray()
        self._length = 0

    def add(self, piece: bytes) -> None:
        """Keeps and passes on a piece.

        Raises:
            Broken: It is more than is kept, and would be lost.
        """
        self._length += len(piece)
        self._kept += piece[: LARGEST_KEPT - len(self._kept)]
        if self._on_part is not None:
            self._on_part(piece)
        elif self.left_out:
            raise too_large()

    @property
    def body(self) -> bytes:
        """Its first `LARGEST_KEPT` bytes."""
        return bytes(self._kept)

    @property
    def left_out(self) -> int:
        """How many bytes came behind those."""
        return self._length - len(self._kept)

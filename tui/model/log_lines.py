"""Which rows of a log are shown: by pattern, by host, by level, each both ways, and with tracebacks folded."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import accumulate, compress

from tui.model.log_block import ERROR, INFO, LEVEL, OPEN, PART, Block, Stream
from tui.model.log_buffer import LogRows
from tui.model.logs import variant_of
from tui.model.patterns import Pattern


class Matches:
    """The rows that a pattern matches, block by block, as far as it has been looked.

    `find` runs in a thread; everything else may be used meanwhile.
    """

    def __init__(self, pattern: Pattern) -> None:
        self.pattern = pattern
        self.of: dict[Block, array[int]] = {}

    def find(self, blocks: Iterable[Block], cancelled: Callable[[], bool]) -> bool:
        """Look through the blocks not looked through yet. False when it was cancelled; raises `TooSlow`."""
        for block in blocks:
            if block not in self.of:
                found = array("I", self.pattern.matching_rows(block.text, cancelled))
                if cancelled():
                    return False
                self.of[block] = found
        return True

    def count(self, rows: LogRows) -> int:
        """How many of these rows were found so far."""
        return sum(len(self.of.get(block, ())) for block in rows.blocks)

    def missing(self, rows: LogRows) -> bool:
        """Whether there are blocks not looked through yet. What is gone from the log is forgotten."""
        if len(self.of) > 2 * len(rows.blocks) + 16:
            self.of = {block: self.of[block] for block in rows.blocks if block in self.of}
        return not all(block in self.of for block in rows.blocks)


@dataclass(frozen=True)
class Rule:
    """What is shown; all of it as long as nothing is said."""

    pattern: Pattern | None = None
    without_pattern: bool = False
    """Show what the pattern does not match."""
    only_variant: str = ""
    only_hosts: frozenset[str] = frozenset()
    without_hosts: frozenset[str] = frozenset()
    from_level: int = INFO
    to_level: int = ERROR
    folds: bool = True
    """Show of a traceback only its last line, unless it was opened, or a pattern says which lines are wanted."""


class LogLines:
    """The rows shown, by number: line 0 is the first of them. It stays as it is while the log grows."""

    def __init__(
        self, rows: LogRows, rule: Rule = Rule(), matches: Matches | None = None, before: LogLines | None = None
    ) -> None:
        """Make it; costs little for blocks that `before`, made under the same rule, had already."""
        self.rows = rows
        self.rule = rule
        old: dict[Block, tuple[int, bytes | None]] = before._known if before and before.rule == rule else {}
        self._picked: dict[int, list[int]] = {}
        self._masks: list[bytes | None] = []
        hosts = [_stream_shown(rule, stream) for stream in rows.table]
        shown_flags = bytes(_flags_shown(rule, flags) for flags in range(256))
        self._known: dict[Block, tuple[int, bytes | None]] = {}
        for block in rows.blocks:
            entry = old.get(block)
            if entry is None or entry[0] != block.changes:
                entry = (block.changes, _mask(block, rule, shown_flags, hosts, matches))
            self._known[block] = entry
            self._masks.append(entry[1])
        self._ends = list(
            accumulate(
                len(block) if mask is None else mask.count(1)
                for block, mask in zip(rows.blocks, self._masks, strict=True)
            )
        )

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def place(self, line: int) -> tuple[int, int]:
        """The number of a line's block, and the number of its row in there."""
        block = bisect_right(self._ends, line)
        inside = line - (self._ends[block - 1] if block else 0)
        return block, inside if self._masks[block] is None else self._rows_shown(block)[inside]

    def row(self, line: int) -> int:
        """The row of a line."""
        block, index = self.place(line)
        return (self.rows.ends[block - 1] if block else 0) + index

    def line(self, row: int) -> int:
        """The line of a row, or of the next one that is shown; the number of lines when none is."""
        if row >= len(self.rows):
            return len(self)
        block, index = self.rows.place(row)
        mask = self._masks[block]
        start = self._ends[block - 1] if block else 0
        return start + (index if mask is None else mask.count(1, 0, index))

    def next_match(self, matches: Matches, line: int, step: int) -> int | None:
        """The next line shown after (`step` 1) or before (-1) one in which the pattern matches; -1 is before all."""
        return self._next(line, step, lambda block: matches.of.get(block, ()))

    def next_flagged(self, line: int, step: int, level: int) -> int | None:
        """The next line shown after or before one that has this level."""
        wanted = bytes(flags & LEVEL == level for flags in range(256))

        def rows(block: Block) -> list[int]:
            mask = block.flags.translate(wanted)
            return list(compress(range(len(mask)), mask)) if 1 in mask else []

        return self._next(line, step, rows)

    def number_of_match(self, matches: Matches, line: int) -> int:
        """How many rows up to and with this line's match; a row hidden by a filter counts too."""
        if not len(self):
            return 0
        number, index = self.place(line)
        before = sum(len(matches.of.get(block, ())) for block in self.rows.blocks[:number])
        return before + bisect_right(matches.of.get(self.rows.blocks[number], ()), index)

    def _next(self, line: int, step: int, candidates: Callable[[Block], Iterable[int]]) -> int | None:
        if not len(self):
            return None
        blocks = self.rows.blocks
        if 0 <= line < len(self):
            number, index = self.place(line)
        else:  # from before the first line, or from behind the last
            number, index = (0, -1) if line < 0 else (len(blocks) - 1, len(blocks[-1].flags))
        while 0 <= number < len(blocks):
            mask = self._masks[number]
            found = [i for i in candidates(blocks[number]) if (i - index) * step > 0 and (mask is None or mask[i])]
            if found:
                row = found[0] if step > 0 else found[-1]
                return self.line((self.rows.ends[number - 1] if number else 0) + row)
            number += step
            index = -1 if step > 0 else len(blocks[number]) if 0 <= number < len(blocks) else 0
        return None

    def _rows_shown(self, number: int) -> list[int]:
        picked = self._picked.get(number)
        if picked is None:
            mask = self._masks[number] or b""
            picked = self._picked[number] = list(compress(range(len(mask)), mask))
        return picked


def _mask(block: Block, rule: Rule, shown_flags: bytes, hosts: list[bool], matches: Matches | None) -> bytes | None:
    """A byte a row, 1 where it is shown; None when all are."""
    masks: list[bytes] = []
    by_flags = block.flags.translate(shown_flags)
    if 0 in by_flags:
        masks.append(bytes(by_flags))
    if not all(hosts):
        masks.append(bytes(map(hosts.__getitem__, block.streams)))
    if rule.pattern is not None and matches is not None:
        by_pattern = bytearray([rule.without_pattern]) * len(block)
        for row in matches.of.get(block, ()):
            by_pattern[row] = not rule.without_pattern
        masks.append(bytes(by_pattern))
    if len(masks) < 2:
        return masks[0] if masks else None
    joined = int.from_bytes(masks[0], "big")
    for mask in masks[1:]:
        joined &= int.from_bytes(mask, "big")
    return joined.to_bytes(len(block), "big")


def _flags_shown(rule: Rule, flags: int) -> bool:
    folds = rule.folds and (rule.pattern is None or rule.without_pattern)
    return rule.from_level <= flags & LEVEL <= rule.to_level and not (folds and flags & PART and not flags & OPEN)


def _stream_shown(rule: Rule, stream: Stream) -> bool:
    host = stream.host
    if rule.only_variant not in ("", variant_of(stream.name)):
        return False
    return host not in rule.without_hosts and (not rule.only_hosts or host in rule.only_hosts)

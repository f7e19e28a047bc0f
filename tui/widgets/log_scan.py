"""Looking through a log, in a thread, as long as anybody wants to know."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence

from tui.model.log_block import Block
from tui.model.log_lines import Matches
from tui.model.patterns import TooSlow

_USUAL_SWITCH = sys.getswitchinterval()
_SWITCH = 0.002
"""Seconds after which this thread hands over the interpreter: a key meanwhile needs it a dozen times."""
_BREATH = 1e-6
"""Seconds that it sleeps as often: as good as none, but whoever waits for the interpreter then has it."""

TELL = 0.2
"""Seconds between two words on how far it is."""


def look_through(
    wanted: Sequence[Matches], blocks: Sequence[Block], is_wanted: Callable[[Matches], bool], tell: Callable[[], object]
) -> str:
    """Find what each of the searches matches in the blocks that it has not seen.

    Args:
        wanted: The searches.
        blocks: The log.
        is_wanted: Whether a search is still of interest: asked from block to block.
        tell: Called now and then, when there is more to show.

    Returns:
        What went wrong, or nothing.
    """
    told = time.monotonic()
    problem = ""
    sys.setswitchinterval(_SWITCH)
    try:
        for matches in wanted:

            def given_up(matches: Matches = matches) -> bool:
                nonlocal told
                if time.monotonic() - told > TELL:
                    told = time.monotonic()
                    tell()
                return not is_wanted(matches)

            try:
                matches.find(_breathing(matches, blocks), given_up)
            except TooSlow as error:
                problem = str(error)
    finally:
        sys.setswitchinterval(_USUAL_SWITCH)
    return problem


def _breathing(matches: Matches, blocks: Sequence[Block]) -> Iterator[Block]:
    breathed = time.monotonic()
    for block in blocks:
        if block not in matches.of:
            yield block
            if time.monotonic() - breathed > _SWITCH:
                time.sleep(_BREATH)
                breathed = time.monotonic()

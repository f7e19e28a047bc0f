"""What every screen is handed: where things come from, and what time it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING

from tui.config import Settings
from tui.watch.clock import Clock, utc_now

if TYPE_CHECKING:
    from tui.archive import Archive
    from tui.sources.base import Source
    from tui.watch.prices import PriceBook


@dataclass(frozen=True)
class Context:
    """What every screen is handed.

    Attributes:
        source: Where jobs and endpoints come from.
        settings: The settings file.
        now: The clock; a test's stands still.
        archive: Makes the log archive on first use, None where it is switched off.
        prices: Makes the book of prices on first use, None where there is none.
        demo: Whether this is the embedded AWS: it is shown.
        zone: The time zone of clock times on screen, None for the machine's own.
    """

    source: Source
    settings: Settings = field(default_factory=Settings)
    now: Clock = utc_now
    archive: Callable[[], Archive | None] = lambda: None
    prices: Callable[[], PriceBook | None] = lambda: None
    demo: bool = False
    zone: tzinfo | None = None

    def local(self, seconds: float) -> datetime:
        """A moment (seconds since the epoch) as the clock on the wall shows it."""
        return datetime.fromtimestamp(seconds, self.zone)

    def clock(self, moment: datetime) -> str:
        """A moment in full, as the clock on the wall shows it: `2026-11-22 15:10:15`."""
        return f"{moment.astimezone(self.zone):%Y-%m-%d %H:%M:%S}"

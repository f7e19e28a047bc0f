"""What instances cost an hour: from a person's price file, else from the Pricing API, asked once in thirty days."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from tui.files import private_folder, read_json, write_json
from tui.model.prices import Component
from tui.sources.base import SourceError

KEPT_S = 30 * 86_400
UNKNOWN_KEPT_S = 86_400
"""How long it is believed that AWS has no price for a type."""

Ask = Callable[[Sequence[str], Component], Mapping[str, float | None]]


class PriceBook:
    """Prices by instance type. What is known is said at once; `look_up` asks for what is not, in a worker.

    Args:
        given: The price file's, USD an hour by instance type: they count for every use and are never asked for.
        ask: Asks AWS; None where nobody is to be asked.
        region: Says which region the prices are of, once that is known.
        cache: The file that keeps what AWS said; None for none.

    Attributes:
        error: Why AWS could not be asked last, None while it could.
    """

    def __init__(
        self,
        given: Mapping[str, float] | None = None,
        *,
        ask: Ask | None = None,
        region: Callable[[], str] = str,
        cache: Path | None = None,
    ) -> None:
        self._given = dict(given or {})
        self._ask = ask
        self._region = region
        self._cache = cache
        self._lock = threading.Lock()
        self._found: dict[tuple[Component, str], float] = {}
        self._looked: set[tuple[Component, str]] = set()
        self.error: SourceError | None = None

    def known(self, types: Iterable[str], component: Component = "Training") -> dict[str, float]:
        """The prices known of these types; never waits."""
        found = ((kind, self._given.get(kind, self._found.get((component, kind)))) for kind in types)
        return {kind: price for kind, price in found if price is not None}

    def look_up(self, types: Iterable[str], component: Component = "Training") -> bool:
        """Ask for what is not known of these types, each once; returns whether more is known than before. May wait."""
        with self._lock:
            wanted = [
                kind
                for kind in dict.fromkeys(types)
                if kind and kind not in self._given and (component, kind) not in self._looked
            ]
            if not wanted or self._ask is None:
                return False
            before = len(self._found)
            try:
                self._learn(wanted, component)
            except SourceError as error:
                # Not again in this session: a permission that is missing stays missing.
                self.error = error
            self._looked.update((component, kind) for kind in wanted)
            return len(self._found) > before

    def _learn(self, wanted: Sequence[str], component: Component) -> None:
        assert self._ask is not None
        region = self._region()
        kept = self._read()
        ours: dict[str, Any] = kept.setdefault(region, {}).setdefault(component, {})
        now = time.time()
        fresh = {kind: price for kind in wanted if (price := _fresh(ours.get(kind), now)) is not None}
        missing = [kind for kind in wanted if kind not in fresh]
        answers = self._ask(missing, component) if missing else {}
        for kind, usd in answers.items():
            ours[kind] = {"usd": usd, "at": int(now)}
        self._found |= {(component, kind): usd for kind, (usd,) in fresh.items() if usd is not None}
        self._found |= {(component, kind): usd for kind, usd in answers.items() if usd is not None}
        if missing:
            self._write(kept)

    def _read(self) -> dict[str, Any]:
        kept = read_json(self._cache) if self._cache else {}
        is_ours = all(
            isinstance(part, dict) and all(isinstance(types, dict) for types in part.values()) for part in kept.values()
        )
        return kept if is_ours else {}

    def _write(self, kept: Mapping[str, Any]) -> None:
        if self._cache is None:
            return
        # A full disk or a folder that is not ours: the prices are asked for again the next time.
        with suppress(OSError):
            private_folder(self._cache.parent)
            write_json(self._cache, kept)


def _fresh(entry: object, now: float) -> tuple[float | None] | None:
    """The price that a cache entry holds, in a tuple as it may be None; None where it is too old, or no entry."""
    if not isinstance(entry, dict):
        return None
    usd, at = entry.get("usd"), entry.get("at")
    if not isinstance(at, int | float) or not (usd is None or isinstance(usd, int | float)):
        return None
    age = now - at
    return (usd,) if 0 <= age < (KEPT_S if usd is not None else UNKNOWN_KEPT_S) else None

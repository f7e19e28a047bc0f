"""A chart of 100,000 points × 2 in 100×30: drawn, against plotext on the points as they are; and keys meanwhile."""

from __future__ import annotations

import asyncio
import statistics
import time
from array import array
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace

from textual import events
from textual.app import App, ComposeResult

from tui.model.groups import Group
from tui.model.plot import arrays, decimate
from tui.model.series import Series
from tui.model.view import View
from tui.widgets.chart_canvas import Scene, draw
from tui.widgets.chart_stack import ChartStack

POINTS = 100_000
SIZE = (100, 30)


def _series() -> tuple[Series, ...]:
    import numpy as np

    noise = np.random.default_rng(7)
    times = array("q", (np.arange(POINTS) * 100).tolist())
    falling = 4 * np.exp(-np.arange(POINTS) / 20_000)
    return tuple(
        Series(name, times, array("d", (falling + lift + noise.normal(0, 0.05, POINTS)).tolist()), source="log")
        for name, lift in (("train:loss", 0.5), ("validation:loss", 0.7))
    )


def _plotext_on_raw_points(series: tuple[Series, ...]) -> str:
    import plotext  # type: ignore[import-untyped]

    figure = plotext.figure
    figure.clear()
    plotext.terminal.limit(False, False)
    figure.plot_size(*SIZE)
    for one in series:
        figure.draw(figure.signal(list(one.times), list(one.values), marker="braille").lines())
    drawn = str(figure.build().string())
    figure.clear()
    return drawn


class _Charts(App[None]):
    """A stack that fills the screen."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ChartStack()

    def compose(self) -> ComposeResult:
        yield self.stack


KEYS = (
    *("left", "left", "plus", "shift+left", "right_parenthesis", "minus", "L", "x", "left", "equals_sign", "0", "x"),
    *(
        "v",
        "left",
        "left",
        "enter",
        "backspace",
        "right_parenthesis",
        "less_than_sign",
        "escape",
        "o",
        "o",
        "o",
        "plus",
    ),
)
"""Everything that has a chart drawn anew, or looks through its data; each pressed while the one before is drawn."""


async def _waits_ms(series: tuple[Series, ...]) -> tuple[dict[str, float], float]:
    """How long each key waits for the screen to be ready, and new data likewise: the pauses of the event loop."""
    app = _Charts()
    async with app.run_test(size=SIZE) as pilot:
        app.stack.show([Group(series)])
        await pilot.pause(0.5)
        chart = app.stack.query("Chart").first()
        chart.focus()
        await pilot.pause(0.5)
        shown = {chart.as_text() for chart in app.stack.query("Chart")}  # type: ignore[attr-defined]
        assert any("●" in text for text in shown), "the curves are not on screen"
        pressed: dict[str, list[float]] = defaultdict(list)
        for key in KEYS * 5:
            pressed[key].append(await _pause_ms(lambda key=key: app.post_message(events.Key(key, None))))  # type: ignore[misc]
        for_data = []
        for more in range(1, 8):
            values = [array("d", one.values[:-1]) for one in series]
            for one in values:
                one.append(float(more))
            grown = tuple(replace(one, values=new) for one, new in zip(series, values, strict=True))
            for_data.append(await _pause_ms(lambda grown=grown: app.stack.show([Group(grown)])))  # type: ignore[misc]
    return {key: statistics.median(waits) for key, waits in pressed.items()}, statistics.median(for_data)


async def _pause_ms(what: Callable[[], object]) -> float:
    """Do something, and see for a fifteenth of a second how long the event loop was ever busy without a break."""
    longest, end = 0.0, time.perf_counter() + 0.066
    what()
    while (before := time.perf_counter()) < end:
        await asyncio.sleep(0.001)
        longest = max(longest, time.perf_counter() - before - 0.001)
    return longest * 1000


def _median_ms(what: Callable[[], object], runs: int) -> float:
    taken = []
    for _ in range(runs):
        started = time.perf_counter()
        what()
        taken.append((time.perf_counter() - started) * 1000)
    return statistics.median(taken)


def run() -> list[tuple[str, float | str, str]]:
    """Rows of (what, measured, wanted)."""
    series = _series()
    view = View(series[0].times[0], series[0].times[-1])
    scene = Scene(series, view, *SIZE)
    picture = draw(scene)  # imports plotext and numpy, which is not what is measured
    cells = "".join(text for row in picture.rows[: picture.lines] for text, role in row if role.startswith("s"))
    assert len(picture.rows) == SIZE[1]
    assert len(cells) > 200, "the curves are not in the picture"
    ours = _median_ms(lambda: draw(scene), 15)
    times, values = arrays(series[0])
    thinned = _median_ms(lambda: decimate(times, values, view, 2 * SIZE[0]), 15)
    smoothed = _median_ms(lambda: draw(replace(scene, smoothing=0.98)), 9)
    steps = array("d", range(POINTS))
    keys, data = asyncio.run(_waits_ms(tuple(replace(one, steps=steps) for one in series)))
    raw = _median_ms(lambda: _plotext_on_raw_points(series), 1)
    return [
        ("redraw 100,000 points x 2 in 100x30, ms", ours, "<= 20"),
        ("  smoothed, raw curves behind, ms", smoothed, ""),
        ("  of that, decimation of one series, ms", thinned, ""),
        ("plotext on the raw points, ms", raw, ""),
        ("redraw / plotext on the raw points", ours / raw, "<= 0.033"),
        ("smoothed redraw / plotext on the raw points", smoothed / raw, "<= 0.033"),
        ("a key waits while charts are drawn anew, median of all keys, ms", statistics.median(keys.values()), ""),
        (f"  the slowest of {len(keys)} keys: {max(keys, key=lambda key: keys[key])}, ms", max(keys.values()), "<= 30"),
        ("new data of 100,000 x 2: a key waits meanwhile, ms", data, "<= 30"),
    ]

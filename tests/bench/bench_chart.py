"""A chart of 100,000 points × 2 in 100×30: drawn, against plotext on the same points as they are."""

from __future__ import annotations

import statistics
import time
from array import array
from collections.abc import Callable

from tui.model.plot import arrays, decimate
from tui.model.series import Series
from tui.model.view import View
from tui.widgets.chart_canvas import Scene, draw

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
    raw = _median_ms(lambda: _plotext_on_raw_points(series), 1)
    return [
        ("redraw 100,000 points x 2 in 100x30, ms", ours, "<= 20"),
        ("  of that, decimation of one series, ms", thinned, ""),
        ("plotext on the raw points, ms", raw, ""),
        ("redraw / plotext on the raw points", ours / raw, "<= 0.033"),
    ]

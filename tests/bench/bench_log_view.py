"""The log view at a million lines of 120 characters: in, drawn, searched, and how long a key waits meanwhile."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from textual.app import App, ComposeResult

from tui.model import patterns
from tui.model.logs import LogEvent
from tui.widgets.log_view import LogView

LINES = 1_000_000
BATCH = 10_000
SIZE = (120, 40)
FILLER = "lr=3.1e-4 dataloader 3 of 8, worker time 0.012 s, no memory pinned, gradients scaled by 1024"

Row = tuple[str, str, str]
"""What was measured, how much it is, what it must reach."""


class Viewer(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.view = LogView()

    def compose(self) -> ComposeResult:
        yield self.view

    def on_mount(self) -> None:
        self.view.focus()

    def on_ready(self) -> None:
        gc.freeze()  # as the monitor does after its first frame


def batch(number: int) -> list[LogEvent]:
    first = number * BATCH
    return [
        LogEvent(
            1_700_000_000_000 + at,
            0,
            f"algo-{at % 2 + 1}",
            f"job/algo-{at % 2 + 1}-1",
            f"Epoch {at % 40}/40 step {at} loss={at * 7 % 10_000 / 10_000:.4f} img/s={2000 + at % 1000} {FILLER}"[:120],
        )
        for at in range(first, first + BATCH)
    ]


def resident_mb() -> float:
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def drawn(app: Viewer) -> None:
    """Draw what is in sight, as the compositor does."""
    height = app.view.text.size.height
    strips = [app.view.text.render_line(y) for y in range(height)]
    assert any(strip.text.strip() for strip in strips)


async def longest_gap(work: Callable[[], Awaitable[object]]) -> tuple[float, str]:
    """How long something takes in ms, and the longest that the event loop did not answer meanwhile.

    What of that this process was on the processor says how much of it was other programs' doing.
    """
    gaps = [(0.0, 0.0)]

    async def beat() -> None:
        before, used_before = time.perf_counter(), time.process_time()
        while True:
            await asyncio.sleep(0.001)
            now, used = time.perf_counter(), time.process_time()
            gaps.append((now - before - 0.001, used - used_before))
            before, used_before = now, used

    task = asyncio.create_task(beat())
    start = time.perf_counter()
    await work()
    took = time.perf_counter() - start
    task.cancel()
    wait, busy = max(gaps)
    return took * 1000, f"{wait * 1000:.0f} ms ({busy * 1000:.0f} busy)"


async def measure() -> list[Row]:
    rows: list[Row] = []
    app = Viewer()
    async with app.run_test(size=SIZE) as pilot:
        before = resident_mb()
        took = 0.0
        for number in range(LINES // BATCH):
            events = batch(number)
            start = time.perf_counter()
            app.view.append(events)
            took += time.perf_counter() - start
            if number % 10 == 9:
                await pilot.pause()
        del events
        app.view.redraw()
        await pilot.pause()
        assert len(app.view.text.lines) == LINES
        rows.append(("lines in, a second", f"{LINES / took:,.0f}", "≥ 150,000"))
        rows.append(("memory for a million lines of 120", f"{resident_mb() - before:.0f} MB", "≤ 200 MB"))
        rows.append(("memory of the whole process", f"{resident_mb():.0f} MB", "≤ 200 MB"))

        jumps = []
        for line in range(7, LINES, LINES // 50):
            start = time.perf_counter()
            app.view.text.move(line, centre=True)
            drawn(app)
            jumps.append((time.perf_counter() - start) * 1000)
        rows.append(("any jump, worst of 50", f"{max(jumps):.1f} ms", "≤ 20 ms"))

        patterns.load()  # as the view does while the pattern is typed
        for words, pattern, target in (
            ("a literal", "img/s=2999", "≤ 250 ms"),
            ("a literal, none found", "segmentation", "≤ 250 ms"),
            ("a regex with a literal in it", r"loss=0\.99\d\d", "≤ 250 ms"),
            ("any other regex", r"(foo|bar|baz)\d+", "≤ 1 s"),
            ("any other regex, in every line", r"\d{5} ", "≤ 1 s"),
        ):

            async def search(pattern: str = pattern) -> None:
                app.view.search(pattern)
                searching = app.view._searching
                assert searching is not None
                while searching.missing(app.view.buffer.rows):
                    await asyncio.sleep(0.001)

            took, gap = await longest_gap(search)
            await app.workers.wait_for_complete()
            await pilot.pause()
            rows.append((f"search a million lines: {words}", f"{took:.0f} ms", target))
            rows.append(("… the longest a key waits meanwhile", gap, "≤ 30 ms"))
        app.view.search("")

        took, gap = await longest_gap(lambda: filtered(app))
        rows.append(("filter a million lines", f"{took:.0f} ms", "≤ 1 s"))
        rows.append(("… the longest a key waits meanwhile", gap, "≤ 30 ms"))
        app.view.filter("")
        await pilot.pause()

        app.view.append([LogEvent(1_700_000_000_000 + LINES, 0, "algo-1", "job/algo-1-1", "x" * 256 * 1024)])
        app.view.text.following = True
        app.view.redraw()
        app.view.text._strips.clear()
        start = time.perf_counter()
        drawn(app)
        rows.append(("draw with a line of 256 KB", f"{(time.perf_counter() - start) * 1000:.1f} ms", "≤ 20 ms"))
    rows += await flow()
    return rows


async def filtered(app: Viewer) -> None:
    app.view.filter("img/s=2999")
    while app.view.text.lines.rule != app.view.rule:
        await asyncio.sleep(0.001)
    assert len(app.view.text.lines) == LINES // 1000


async def flow(seconds: float = 10) -> list[Row]:
    """A hundred lines a second on screen: processor time, and bytes to the terminal."""
    app = Viewer()
    lines = [event._replace(timestamp=at) for at, event in enumerate(batch(0))]
    async with app.run_test(size=SIZE) as pilot:
        written = 0

        def write(data: str) -> None:
            nonlocal written
            written += len(data.encode())

        driver = app._driver
        assert driver is not None
        driver.write = write  # type: ignore[method-assign]
        display = app._display

        def count(screen: object, renderable: object) -> None:
            # The headless driver writes nothing: render what a terminal would be sent.
            if hasattr(renderable, "render_segments"):
                write(renderable.render_segments(app.console))
            display(screen, renderable)  # type: ignore[arg-type]

        app._display = count  # type: ignore[method-assign]
        app.view.append(lines[:200])
        await pilot.pause()
        written = 0
        start, busy = time.perf_counter(), time.process_time()
        sent = 200
        while (now := time.perf_counter() - start) < seconds:
            due = 200 + int(now * 100)
            if due > sent:
                app.view.append(lines[sent:due])
                sent = due
            await asyncio.sleep(0.1)
        busy = time.process_time() - busy
        app.view.redraw()
        assert f"step {sent - 1} " in app.view.text.render_line(SIZE[1] - 1).text
    return [
        ("100 lines/s on screen, of a core", f"{busy / seconds:.1%}", "≤ 5%"),
        ("100 lines/s on screen, to the terminal", f"{written / seconds / 1000:.0f} KB/s", "≤ 80 KB/s"),
    ]


def run() -> list[Row]:
    """What was measured, how much it is, what it must reach."""
    return asyncio.run(measure())


if __name__ == "__main__":
    for what, measured, target in run():
        print(f"{what:50} {measured:>12}   {target}")

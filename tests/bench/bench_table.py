"""What ten thousand jobs cost the table: to show, to show again, to sort, to move in. Run by `make bench`."""

from __future__ import annotations

import asyncio
import time
from functools import partial

from textual.app import App, ComposeResult
from textual.widgets import DataTable

from tui.model.filters import Facts, Filter
from tui.widgets.columns import Cell, Column, Row
from tui.widgets.resource_table import ResourceTable

COUNT = 10_000
COLUMNS = (
    Column("name", "NAME", 16, most=63, cut="middle"),
    Column("status", "STATUS", 12, priority=1),
    Column("age", "AGE", 6, align="right", priority=1),
    Column("instances", "INSTANCES", 12, priority=2),
    Column("gpu", "GPU %", 5, align="right", priority=2),
)


def cells(number: int) -> tuple[Cell, ...]:
    return (f"job-{number:05}-resnet50-imagenet", ("● Training", "busy"), f"{number}m", "2×p4d.24xl", f"{number % 100}")


def rows() -> list[Row]:
    return [
        Row(f"job-{number:05}", partial(cells, number), (f"job-{number:05}", "Training", number, "p4d", number % 100))
        for number in range(COUNT)
    ]


class Ours(App[None]):
    def compose(self) -> ComposeResult:
        yield ResourceTable(COLUMNS)


class Theirs(App[None]):
    def compose(self) -> ComposeResult:
        yield DataTable[str](cursor_type="row")


def on_screen(app: App[None], text: str) -> bool:
    """Whether a text is drawn: a widget that is off screen would make any figure look good."""
    strips = app.screen._compositor.render_strips()
    return any(text in "".join(segment.text for segment in strip) for strip in strips)


async def ours() -> dict[str, float]:
    """Seconds for each of what one does to a table."""
    app, took = Ours(), {}
    async with app.run_test(size=(120, 40)) as pilot:
        table = app.query_one(ResourceTable)
        await pilot.pause()

        async def measured(name: str, seen: str) -> None:
            await pilot.pause()
            assert on_screen(app, seen), name
            took[name] = time.perf_counter() - start

        start = time.perf_counter()
        table.show(rows())
        await measured("show", "job-00038")
        start = time.perf_counter()
        table.show(rows())
        await measured("again", "job-00038")
        start = time.perf_counter()
        table.sort_by("gpu", descending=True)
        await measured("sort", "job-00099")
        table.sort_by(None)
        start = time.perf_counter()
        table.action_edge(1)
        await measured("jump", "job-09999")
    facts = [
        Facts(f"job-{number:05}", ("InProgress", "Training"), ("ml.p4d.24xlarge",), number) for number in range(COUNT)
    ]
    start = time.perf_counter()
    chosen = Filter.parse("job !099 status:train age<1h")
    assert 0 < sum(chosen.matches(each) for each in facts) < COUNT
    took["filter"] = time.perf_counter() - start
    return took


async def theirs() -> float:
    """Seconds for the same rows in a DataTable."""
    app = Theirs()
    async with app.run_test(size=(120, 40)) as pilot:
        table = app.query_one(DataTable)
        start = time.perf_counter()
        for column in COLUMNS:
            table.add_column(column.title, width=max(column.width, 16))
        table.add_rows(
            [[cell if isinstance(cell, str) else cell[0] for cell in cells(number)] for number in range(COUNT)]
        )
        await pilot.pause()
        assert on_screen(app, "job-00037")
        return time.perf_counter() - start


def run() -> list[tuple[str, str, str]]:
    """Rows of (what, measured, target)."""
    took = asyncio.run(ours())
    data_table = asyncio.run(theirs())
    return [
        (
            "10,000 jobs on screen",
            f"{took['show'] * 1000:.0f} ms (DataTable {data_table * 1000:.0f} ms)",
            "≤ 500 ms",
        ),
        ("10,000 jobs shown again", f"{took['again'] * 1000:.0f} ms", "≤ 500 ms"),
        ("10,000 jobs sorted", f"{took['sort'] * 1000:.0f} ms", "≤ 500 ms"),
        ("10,000 jobs filtered", f"{took['filter'] * 1000:.0f} ms", "≤ 100 ms"),
        ("from the first job to the last", f"{took['jump'] * 1000:.0f} ms", "≤ 100 ms"),
    ]


if __name__ == "__main__":
    for what, measured, target in run():
        print(f"{what:34} {measured:34} {target}")

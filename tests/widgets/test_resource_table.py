"""The table of jobs and endpoints: what it shows, where the cursor stays, and what it writes to the terminal."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.drivers.headless_driver import HeadlessDriver
from textual.events import MouseScrollDown
from textual.message import Message
from textual.pilot import Pilot

from tui.widgets.columns import GAP, Cell, Column, Row, fit, place, sort_rows
from tui.widgets.resource_table import ResourceTable

COLUMNS = (
    Column("name", "NAME", 16, most=63, cut="middle"),
    Column("status", "STATUS", 11, priority=1),
    Column("age", "AGE", 5, align="right", priority=1),
    Column("instances", "INSTANCES", 10, priority=3),
    Column("gpu", "GPU %", 5, align="right", priority=2, descending=True),
    Column("trend", "", 8, most=16, priority=4, cut="start"),
)


def row(name: str, status: str = "● Training", age: int = 1, gpu: float | None = 50, key: str | None = None) -> Row:
    style = {"✕ Failed": "bad", "✓ Completed": "good"}.get(status, "busy")
    return Row(
        key if key is not None else name,
        (name, (status, style), f"{age}m", "2×p4d.24xl", "–" if gpu is None else f"{gpu:.0f}", "▁▂▃▄▅▆▇█"),
        (name, status, age, None, gpu),
    )


def jobs(names: Iterable[int]) -> list[Row]:
    return [row(f"job-{number:05}", age=number + 1, gpu=number % 100) for number in names]


class Tables(App[None]):
    """A table and what it says."""

    def __init__(self, rows: list[Row] | None = None, recorder: type[HeadlessDriver] | None = None) -> None:
        super().__init__(driver_class=recorder)
        self.rows = rows or []
        self.said: list[Message] = []
        self.heard = asyncio.Event()

    def compose(self) -> ComposeResult:
        yield ResourceTable(COLUMNS, empty="no training jobs yet")

    def on_mount(self) -> None:
        self.table.focus()
        if self.rows:
            self.table.show(self.rows)

    @property
    def table(self) -> ResourceTable:
        return self.query_one(ResourceTable)

    def _keep(self, message: Message) -> None:
        self.said.append(message)
        self.heard.set()

    on_resource_table_selected = on_resource_table_opened = on_resource_table_marked = _keep
    on_resource_table_visible_changed = _keep

    async def hear(self, kind: type[Message]) -> Message:
        """The next message of a kind that has not been asked for yet."""
        while True:
            for message in self.said:
                if isinstance(message, kind):
                    self.said.remove(message)
                    return message
            self.heard.clear()
            await asyncio.wait_for(self.heard.wait(), 5)


def text(app: App[None]) -> list[str]:
    """What is on screen, line by line."""
    lines = app.screen._compositor.render_strips()
    return ["".join(segment.text for segment in line).rstrip() for line in lines]


@asynccontextmanager
async def shown(rows: list[Row], size: tuple[int, int] = (80, 12)) -> AsyncIterator[tuple[Tables, Pilot[None]]]:
    app = Tables(rows)
    async with app.run_test(size=size) as pilot:
        yield app, pilot


# -- what it looks like -------------------------------------------------------------------------------------------


THREE = [
    row("resnet50-imagenet-2026-11-21-10-20-30", age=192, gpu=94),
    row("xgb-churn-nightly-311", "✕ Failed", 300, None),
    row("wav2vec2-base-de-007", "✓ Completed", 1440, None),
]


async def test_eighty_columns_show_the_essentials() -> None:
    async with shown(THREE, (80, 6)) as (app, _):
        assert text(app) == [
            "   NAME                          STATUS         AGE  INSTANCES   GPU %",
            "▸  resnet50-image…1-21-10-20-30  ● Training    192m  2×p4d.24xl     94  ▁▂▃▄▅▆▇█",
            "   xgb-churn-nightly-311         ✕ Failed      300m  2×p4d.24xl      –  ▁▂▃▄▅▆▇█",
            "   wav2vec2-base-de-007          ✓ Completed  1440m  2×p4d.24xl      –  ▁▂▃▄▅▆▇█",
            "",
            "",
        ]


@pytest.mark.parametrize(
    ("width", "columns"),
    [
        (30, "name"),
        (40, "name status age"),
        (60, "name status age instances gpu"),
        (80, "name status age instances gpu trend"),
        (120, "name status age instances gpu trend"),
        (160, "name status age instances gpu trend"),
    ],
)
async def test_columns_give_way_by_priority(width: int, columns: str) -> None:
    async with shown(THREE, (width, 12)) as (app, _):
        assert " ".join(app.table.visible_columns) == columns
        assert all(cell_len(line) <= width for line in text(app))
        assert text(app)[2].startswith("   xgb-")


async def test_a_name_stands_in_full_where_there_is_room() -> None:
    async with shown(THREE, (120, 6)) as (app, _):
        assert "resnet50-imagenet-2026-11-21-10-20-30" in text(app)[1]


@pytest.mark.parametrize("size", [(40, 12), (20, 3), (5, 2), (1, 1)])
async def test_a_tiny_screen_does_not_crash(size: tuple[int, int]) -> None:
    async with shown(jobs(range(50)), size) as (app, pilot):
        await pilot.press("G", "k", "s", "space", "pageup", "ctrl+d", "g")
        assert app.table.selected == "job-00000"


async def test_an_empty_table_says_why() -> None:
    async with shown([], (60, 4)) as (app, pilot):
        assert text(app)[1] == "   no training jobs yet"
        app.table.show([], empty="no training jobs match [b]status:failed")
        await pilot.pause()
        assert text(app)[1] == "   no training jobs match [b]status:failed"
        await pilot.press("j", "G", "enter", "space")
        assert app.table.selected is None
        app.table.show(jobs([7]))
        await pilot.pause()
        assert text(app)[1].startswith("▸  job-00007")
        app.table.show([])
        await pilot.pause()
        assert text(app)[1] == "   no training jobs match [b]status:failed"
        assert app.table.selected is None


async def test_colour_never_stands_alone_and_comes_from_the_theme() -> None:
    async with shown(THREE, (80, 6)) as (app, pilot):
        assert "✕ Failed" in text(app)[2]
        colours = set()
        for theme in ("textual-dark", "textual-light"):
            app.theme = theme
            await pilot.pause()
            for segment in app.table.render_line(2):
                if "Failed" in segment.text and segment.style is not None:
                    colours.add(segment.style.color)
        assert len(colours) == 2


# -- the cursor ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keys", "selected"),
    [
        ("j", 1),
        ("down down up", 1),
        ("k", 0),
        ("j j k", 1),
        ("G", 999),
        ("end", 999),
        ("G j", 999),
        ("G g", 0),
        ("end home", 0),
        ("pagedown", 11),
        ("pagedown pageup", 0),
        ("ctrl+d", 5),
        ("ctrl+d ctrl+d ctrl+u", 5),
        ("G pagedown", 999),
    ],
)
async def test_keys_move_the_cursor_and_keep_it_on_screen(keys: str, selected: int) -> None:
    async with shown(jobs(range(1000))) as (app, pilot):
        await pilot.press(*keys.split())
        assert app.table.selected == f"job-{selected:05}"
        assert app.table.selected in app.table.visible_keys
        assert any(line.startswith(f"▸  job-{selected:05}") for line in text(app))


async def test_the_header_stays_while_one_scrolls() -> None:
    async with shown(jobs(range(1000))) as (app, pilot):
        await pilot.press("G")
        assert text(app)[0].startswith("   NAME")
        assert text(app)[-1].startswith("▸  job-00999")


async def test_the_selected_row_stays_selected_and_at_its_place_while_rows_come() -> None:
    async with shown(jobs(range(100, 200))) as (app, pilot):
        app.table.selected = "job-00150"
        await pilot.pause()
        line = next(y for y, each in enumerate(text(app)) if each.startswith("▸"))
        app.table.show(jobs(range(90, 200)))
        await pilot.pause()
        assert text(app)[line].startswith("▸  job-00150")
        app.table.show(jobs(range(120, 151)))
        await pilot.pause()
        assert app.table.selected == "job-00150"
        assert any(each.startswith("▸  job-00150") for each in text(app))


async def test_at_the_top_new_rows_come_into_view_and_the_cursor_keeps_its_job() -> None:
    async with shown(jobs(range(10, 200))) as (app, pilot):
        app.table.show(jobs(range(8, 200)))
        await pilot.pause()
        assert text(app)[1].startswith("   job-00008")
        assert text(app)[3].startswith("▸  job-00010")


async def test_until_rows_have_settled_the_cursor_stays_first_unless_it_was_moved() -> None:
    async with shown(jobs(range(5))) as (app, pilot):
        app.table.show(jobs([3, 0, 1, 2, 4]), settled=False)
        assert app.table.selected == "job-00003"
        await pilot.press("j")
        app.table.show(jobs([4, 3, 0, 1, 2]), settled=False)
        assert app.table.selected == "job-00000"


async def test_what_one_looks_at_stays_when_the_cursor_is_elsewhere() -> None:
    async with shown(jobs(range(100, 200))) as (app, pilot):
        app.table.scroll_to(y=60, animate=False)
        before = app.table.visible_keys
        app.table.show(jobs(range(95, 200)))
        await pilot.pause()
        assert app.table.visible_keys == before
        assert app.table.selected == "job-00100"


@pytest.mark.parametrize(
    ("left", "selected"), [(range(0, 5), "job-00004"), ([*range(5), 7, 8], "job-00007"), ([42], "job-00042")]
)
async def test_when_the_selected_row_goes_the_nearest_is_selected(left: Iterable[int], selected: str) -> None:
    async with shown(jobs(range(10))) as (app, pilot):
        app.table.selected = "job-00005"
        app.table.show(jobs(left))
        await pilot.pause()
        assert app.table.selected == selected
        assert any(each.startswith(f"▸  {selected}") for each in text(app))


async def test_selecting_what_is_not_there_changes_nothing() -> None:
    async with shown(jobs(range(10))) as (app, _):
        app.table.selected = "job-00005"
        app.table.selected = "no such job"
        assert app.table.selected == "job-00005"


async def test_a_job_on_two_pages_of_the_list_stands_there_once() -> None:
    async with shown([*jobs([1, 2]), row("job-00001", "✕ Failed"), *jobs([3])]) as (app, _):
        assert app.table.keys == ("job-00001", "job-00002", "job-00003")
        assert "✕ Failed" in text(app)[1]


async def test_a_smaller_terminal_keeps_the_cursor_on_screen() -> None:
    async with shown(jobs(range(100)), (80, 30)) as (app, pilot):
        app.table.selected = "job-00025"
        await pilot.resize_terminal(80, 10)
        await pilot.pause()
        assert any(each.startswith("▸  job-00025") for each in text(app))


# -- opening, marking, the mouse ------------------------------------------------------------------------------------


async def test_enter_opens_and_a_double_click_too() -> None:
    async with shown(jobs(range(10))) as (app, pilot):
        await pilot.press("j", "enter")
        opened = await app.hear(ResourceTable.Opened)
        assert isinstance(opened, ResourceTable.Opened)
        assert opened.key == "job-00001"
        assert opened.control is app.table
        await pilot.double_click(ResourceTable, offset=(10, 5))
        opened = await app.hear(ResourceTable.Opened)
        assert isinstance(opened, ResourceTable.Opened)
        assert opened.key == "job-00004"


async def test_a_click_selects_and_opens_nothing() -> None:
    async with shown(jobs(range(100))) as (app, pilot):
        await pilot.press("G")
        await pilot.click(ResourceTable, offset=(10, 1))
        assert app.table.selected == app.table.visible_keys[0]
        assert not any(isinstance(message, ResourceTable.Opened) for message in app.said)


async def test_a_click_below_the_last_row_does_nothing() -> None:
    async with shown(jobs(range(3))) as (app, pilot):
        await pilot.click(ResourceTable, offset=(10, 9))
        assert app.table.selected == "job-00000"


async def test_the_wheel_scrolls_and_leaves_the_cursor() -> None:
    async with shown(jobs(range(100))) as (app, pilot):
        app.table.post_message(MouseScrollDown(app.table, 10, 5, 0, 0, 0, False, False, False))
        await pilot.pause()
        assert app.table.scroll_offset.y > 0
        assert app.table.selected == "job-00000"


async def test_space_marks_with_a_sign_and_marks_outlive_a_filter() -> None:
    async with shown(jobs(range(10))) as (app, pilot):
        await pilot.press("space", "j", "j", "space")
        assert app.table.marked == {"job-00000", "job-00002"}
        assert text(app)[1].startswith(" * job-00000")
        assert text(app)[3].startswith("▸* job-00002")
        app.table.show(jobs([5]))
        app.table.show(jobs(range(10)))
        assert app.table.marked == {"job-00000", "job-00002"}
        app.table.selected = "job-00002"
        await pilot.press("space")
        assert app.table.marked == {"job-00000"}
        marks = [message.keys for message in app.said if isinstance(message, ResourceTable.Marked)]
        assert marks == [{"job-00000"}, {"job-00000", "job-00002"}, {"job-00000"}]
        app.table.mark(frozenset())
        await pilot.pause()
        assert not any("*" in line for line in text(app))


# -- sorting --------------------------------------------------------------------------------------------------------


async def test_s_sorts_by_each_column_in_turn_and_the_header_says_by_which() -> None:
    async with shown(THREE) as (app, pilot):
        seen = []
        for _ in range(6):
            await pilot.press("s")
            seen.append(app.table.order)
        assert seen == [
            ("name", False),
            ("status", False),
            ("age", False),
            ("instances", False),
            ("gpu", True),
            None,
        ]
        await pilot.press("s")
        assert "NAME▲" in text(app)[0]
        await pilot.press("o")
        assert "NAME▼" in text(app)[0]
        assert app.table.keys == ("xgb-churn-nightly-311", "wav2vec2-base-de-007", THREE[0].key)


async def test_a_click_on_a_heading_sorts_and_another_reverses() -> None:
    async with shown(THREE) as (app, pilot):
        x = text(app)[0].index("AGE")
        await pilot.click(ResourceTable, offset=(x, 0))
        assert app.table.order == ("age", False)
        assert "AGE▲" in text(app)[0]
        await pilot.click(ResourceTable, offset=(x, 0))
        assert app.table.order == ("age", True)
        assert "AGE▼" in text(app)[0]


async def test_rows_that_come_later_are_sorted_too() -> None:
    async with shown(jobs([3, 1, 2])) as (app, _):
        app.table.sort_by("name")
        app.table.show(jobs([9, 3, 5]))
        assert app.table.keys == ("job-00003", "job-00005", "job-00009")
        app.table.sort_by(None)
        assert app.table.keys == ("job-00009", "job-00003", "job-00005")


async def test_sorting_from_the_top_stays_at_the_top_and_elsewhere_follows_the_row() -> None:
    async with shown(jobs(range(200))) as (app, pilot):
        app.table.sort_by("name", descending=True)
        assert app.table.selected == "job-00199"
        assert app.table.scroll_offset.y == 0
        await pilot.press("j")
        app.table.sort_by("name", descending=False)
        await pilot.pause()
        assert app.table.selected == "job-00198"
        assert any(each.startswith("▸  job-00198") for each in text(app))


@given(st.lists(st.none() | st.floats() | st.text(max_size=3), max_size=20), st.booleans())
def test_what_has_no_value_comes_last_either_way(values: list[str | float | None], descending: bool) -> None:
    rows = [Row(str(number), (), (value,)) for number, value in enumerate(values)]
    ordered = [each.sort[0] for each in sort_rows(rows, 0, descending)]
    missing = [value is None or value != value for value in ordered]
    assert missing == sorted(missing)
    numbers = [value for value in ordered if isinstance(value, float) and value == value]
    assert numbers == sorted(numbers, reverse=descending)
    assert len(ordered) == len(values)


# -- what is worth asking AWS about -----------------------------------------------------------------------------------


async def test_the_rows_on_screen_are_told_once_they_have_settled() -> None:
    async with shown(jobs(range(1000))) as (app, _):
        told = await app.hear(ResourceTable.VisibleChanged)
        assert isinstance(told, ResourceTable.VisibleChanged)
        assert told.keys == tuple(f"job-{number:05}" for number in range(11))
        for _ in range(5):
            app.table.action_page(1)
        app.table.action_edge(1)
        told = await app.hear(ResourceTable.VisibleChanged)
        assert isinstance(told, ResourceTable.VisibleChanged)
        assert told.keys == app.table.visible_keys == tuple(f"job-{number:05}" for number in range(989, 1000))
        assert not any(isinstance(message, ResourceTable.VisibleChanged) for message in app.said)


async def test_only_rows_on_screen_are_formatted() -> None:
    formatted: set[int] = set()

    def cells(number: int) -> tuple[Cell, ...]:
        formatted.add(number)
        return (f"job-{number}",)

    rows = [Row(str(number), lambda number=number: cells(number)) for number in range(10_000)]  # type: ignore[misc]
    async with shown(rows):
        assert formatted == set(range(11))


# -- what is written to the terminal ----------------------------------------------------------------------------------


class Recorder(HeadlessDriver):
    """Keeps what a real terminal would have been sent."""

    sent: list[str]

    @property
    def is_headless(self) -> bool:
        return False

    def write(self, data: str) -> None:
        if not hasattr(self, "sent"):
            self.sent = []
        self.sent.append(data)


async def recorded(rows: list[Row], then: Callable[[Tables, Pilot[None], list[str]], Awaitable[None]]) -> str:
    """Runs the app on a recording terminal and returns all it was sent."""
    app = Tables(rows, Recorder)
    failures: list[BaseException] = []

    async def drive(pilot: Pilot[None]) -> None:
        driver = app._driver
        assert isinstance(driver, Recorder)
        try:
            await pilot.pause()
            await then(app, pilot, driver.sent)
        except BaseException as error:
            failures.append(error)
        app.exit()

    await app.run_async(size=(100, 20), auto_pilot=drive)
    if failures:
        raise failures[0]
    driver = app._driver
    assert isinstance(driver, Recorder)
    return "".join(driver.sent)


async def test_showing_the_same_again_writes_nothing() -> None:
    async def again(app: Tables, pilot: Pilot[None], sent: list[str]) -> None:
        await app.hear(ResourceTable.VisibleChanged)
        await pilot.pause()
        assert "job-00000" in "".join(sent)
        sent.clear()
        for _ in range(5):
            app.table.show(jobs(range(100)))
            app.table.tick()
            await pilot.pause()
        assert sent == []

    await recorded(jobs(range(100)), again)


async def test_a_change_writes_its_own_line_alone() -> None:
    async def change(app: Tables, pilot: Pilot[None], sent: list[str]) -> None:
        await pilot.pause()
        sent.clear()
        rows = jobs(range(100))
        rows[3] = row("job-00003", "✕ Failed")
        app.table.show(rows)
        await pilot.pause()
        written = "".join(sent)
        assert "✕ Failed" in written
        assert "job-00003" in written
        assert "job-00002" not in written
        assert "job-00004" not in written
        sent.clear()
        rows[90] = row("job-00090", "✕ Failed")
        app.table.show(rows)
        await pilot.pause()
        assert sent == []

    await recorded(jobs(range(100)), change)


async def test_ages_that_grow_are_drawn_at_a_tick() -> None:
    async def wait(app: Tables, pilot: Pilot[None], sent: list[str]) -> None:
        clock = {"old": 1, "new": 1}
        rows = [Row(name, lambda name=name: (name, "", f"{clock[name]}m")) for name in clock]  # type: ignore[misc]
        app.table.show(rows)
        await pilot.pause()
        sent.clear()
        clock["new"] = 2
        app.table.tick()
        await pilot.pause()
        written = "".join(sent)
        assert "2m" in written
        assert "old" not in written

    await recorded([], wait)


HOSTILE = [
    "\x1b[2J\x1b[31mred",
    "\x1b]52;c;aGVsbG8=\x07clipboard",
    "\x1b]0;title\x1b\\titled",
    "\x9b2Jc1",
    "\x9d52;c;aGVsbG8=\x9cc1-osc",
    "[bold red]markup[/] [/oops] [@click=app.quit]x[/]",
    "rtl \u202egnirts\u202c end",
    "emoji 👩‍👩‍👧‍👦 ❤️ 🇩🇪",
    "漢字かな交じり文" * 20,
    "line\nbreak\r\ttab",
    "z" + "\u0301" * 500,
    "\ud800 lone",
    "",
    "x" * 256 * 1024,
    "\x1b]52;c;" + "A" * 256 * 1024,
]


async def test_hostile_text_reaches_the_terminal_as_nothing_but_text() -> None:
    rows = [Row(f"{number}", (name, (name, "bad"), name, name, name, name)) for number, name in enumerate(HOSTILE)]

    async def look(app: Tables, pilot: Pilot[None], sent: list[str]) -> None:
        await pilot.press("j", "s", "o", "space", "G")
        app.table.show([], empty="\x1b]52;c;aGVsbG8=\x07[/oops] \x1b[2J")
        await pilot.pause()
        app.table.show(rows)
        await pilot.pause()
        assert all(cell_len(line) <= 100 for line in text(app))

    written = await recorded(rows, look)
    for never in ("\x1b]52", "\x1b]0;", "\x1b[2J\x1b[31mred", "\x9b", "\x9d", "\x9c", "\u202e", "\u202c", "\ud800"):
        assert never not in written
    assert "[bold red]mark" in written
    assert "\x07" not in written.replace("\x1b]22;default\x07", "")  # the pointer's shape is Textual's own


@given(
    text=st.text(max_size=60) | st.sampled_from(HOSTILE),
    width=st.integers(0, 40),
    align=st.sampled_from(["left", "right"]),
    cut=st.sampled_from(["middle", "end", "start"]),
)
def test_a_cell_is_exactly_as_wide_as_its_column(text: str, width: int, align: str, cut: str) -> None:
    cell = fit(text, width, align, cut)
    assert cell_len(cell) == width
    assert cell.isprintable() or not cell.isascii()
    assert "\x1b" not in cell


@pytest.mark.parametrize(
    ("text", "width", "cut", "expected"),
    [
        ("resnet50-imagenet", 9, "middle", "resn…enet"),
        ("resnet50-imagenet", 9, "end", "resnet50…"),
        ("▁▂▃▄▅▆▇█", 3, "start", "▆▇█"),
        ("漢字かな交じり", 9, "middle", "漢字…じり"),
        ("漢字かな", 4, "end", "漢… "),
    ],
)
def test_what_is_too_long_is_cut_where_the_column_says(text: str, width: int, cut: str, expected: str) -> None:
    assert fit(text, width, "left", cut) == expected


def test_a_column_of_a_few_words_grows_first_into_half_of_the_room() -> None:
    columns = (Column("name", "NAME", 10, most=40), Column("scaling", "SCALING", 9, most=18, eager=True))
    assert [(placed.start, placed.width) for placed in place(columns, 31)] == [(0, 15), (17, 14)]
    assert [(placed.start, placed.width) for placed in place(columns, 49)] == [(0, 29), (31, 18)]


@given(
    st.lists(st.tuples(st.integers(1, 20), st.integers(0, 40), st.integers(0, 4)), min_size=1, max_size=8),
    st.integers(0, 200),
)
def test_columns_never_overlap_nor_leave_the_line(shapes: list[tuple[int, int, int]], width: int) -> None:
    columns = [
        Column(str(number), "T", least, most=most, priority=priority)
        for number, (least, most, priority) in enumerate(shapes)
    ]
    placed = place(columns, width, 3)
    for left, right in pairwise(placed):
        assert left.start + left.width + GAP == right.start
        assert left.index < right.index
    dropped = {column.priority for column in columns} - {each.column.priority for each in placed}
    assert 0 not in dropped
    if placed and any(each.column.priority for each in placed):
        assert placed[-1].start + placed[-1].width <= width

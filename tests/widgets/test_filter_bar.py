"""The filter above a table: there when asked for, in force as one types, gone on escape."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.events import Paste
from textual.pilot import Pilot

from tui.widgets.columns import Column
from tui.widgets.filter_bar import FilterBar, FilterInput
from tui.widgets.resource_table import ResourceTable


class Filtered(App[None]):
    BINDINGS = [Binding("slash", "filter", "filter")]

    def __init__(self) -> None:
        super().__init__()
        self.changes: list[str] = []

    def compose(self) -> ComposeResult:
        yield FilterBar()
        yield ResourceTable([Column("name", "NAME", 16)])

    def on_mount(self) -> None:
        self.table.focus()

    @property
    def bar(self) -> FilterBar:
        return self.query_one(FilterBar)

    @property
    def table(self) -> ResourceTable:
        return self.query_one(ResourceTable)

    def action_filter(self) -> None:
        self.bar.open()

    def on_filter_bar_changed(self, message: FilterBar.Changed) -> None:
        assert message.control is self.bar
        self.changes.append(message.filter.text)

    def line(self, y: int = 0) -> str:
        return "".join(segment.text for segment in self.screen._compositor.render_strips()[y]).rstrip()


@asynccontextmanager
async def shown(width: int = 80) -> AsyncIterator[tuple[Filtered, Pilot[None]]]:
    app = Filtered()
    async with app.run_test(size=(width, 6)) as pilot:
        yield app, pilot


async def test_it_is_not_there_until_asked_for_and_then_says_what_one_can_type() -> None:
    async with shown() as (app, pilot):
        assert app.line() == "   NAME"
        await pilot.press("slash")
        assert app.line().startswith(" / filter text  !text  status:failed")
        assert app.line(1) == "   NAME"


async def test_it_holds_as_one_types() -> None:
    async with shown() as (app, pilot):
        await pilot.press("slash", *"xgb")
        await pilot.pause()
        assert app.bar.filter.text == "xgb"
        assert app.changes == ["x", "xg", "xgb"]


@pytest.mark.parametrize("key", ["enter", "down"])
async def test_enter_and_down_keep_it_on_screen_and_give_the_keys_back(key: str) -> None:
    async with shown() as (app, pilot):
        await pilot.press("slash", *"xgb", key)
        assert app.focused is app.table
        assert app.bar.filter.text == "xgb"
        assert app.line() == " / filter xgb"
        await pilot.press("slash", *"-c")
        assert app.bar.filter.text == "xgb-c"


async def test_escape_clears_it_and_gives_the_keys_back() -> None:
    async with shown() as (app, pilot):
        await pilot.press("slash", *"xgb", "escape")
        await pilot.pause()
        assert app.focused is app.table
        assert not app.bar.filter.active
        assert app.changes[-1] == ""
        assert app.line() == "   NAME"
        await pilot.press("slash")
        assert "xgb" not in app.line()


async def test_kept_empty_it_goes_away() -> None:
    async with shown() as (app, pilot):
        await pilot.press("slash", "enter")
        assert app.focused is app.table
        assert app.line() == "   NAME"


async def test_the_screen_can_clear_it() -> None:
    async with shown() as (app, pilot):
        await pilot.press("slash", *"xgb", "enter")
        assert app.bar.clear() is True
        await pilot.pause()
        assert app.bar.clear() is False
        assert app.line() == "   NAME"
        assert app.changes[-1] == ""


async def test_a_term_that_does_not_count_is_explained_until_it_does() -> None:
    async with shown() as (app, pilot):
        await pilot.press("slash", *"age<2")
        assert app.line().startswith(" / filter age<2 ")
        assert app.line().endswith("age takes < or > and a time: age<2h")
        await pilot.press("h")
        assert app.line() == " / filter age<2h"


async def test_forty_columns_leave_room_to_type() -> None:
    async with shown(40) as (app, pilot):
        await pilot.press("slash", *"user:a")
        assert "user:a" in app.line()


async def test_what_is_pasted_is_cleaned_and_never_markup() -> None:
    async with shown(100) as (app, pilot):
        await pilot.press("slash")
        app.query_one(FilterInput).post_message(Paste("a\x1b]52;c;aGVsbG8=\x07b user:\x1b[2J[/oops]"))
        await pilot.pause()
        assert app.bar.filter.text == "ab user:[/oops]"
        assert "user: is not a key" in app.line()

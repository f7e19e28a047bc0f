"""The line of keys: made from the bindings, as the focus moves."""

from __future__ import annotations

import pytest
from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.widgets import Input, Static

from tui.widgets.key_line import KeyLine


class Picky(Static, can_focus=True):
    BINDINGS = [
        Binding("enter", "open", "open", key_display="enter"),
        Binding("o,space", "open", "open"),
        Binding("h", "hidden", "hidden", show=False),
        Binding("d", "denied", "denied"),
    ]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return None if action == "denied" else True

    def action_open(self) -> None:
        self.update("opened")


class Keys(App[None]):
    ENABLE_COMMAND_PALETTE = False
    BINDINGS = [Binding("f2", "go", "go [to]", key_display="F2")]

    def compose(self) -> ComposeResult:
        yield Picky("closed")
        yield Input()
        yield KeyLine()

    def action_go(self) -> None:
        self.query_one(Input).focus()

    @property
    def line(self) -> str:
        return self.query_one(KeyLine).render_line(0).text.rstrip()


async def test_each_action_once_with_its_first_key_and_nothing_that_is_hidden() -> None:
    app = Keys()
    async with app.run_test(size=(60, 8)):
        assert app.line == "enter open  d denied  F2 go [to]"


async def test_it_follows_the_focus() -> None:
    app = Keys()
    async with app.run_test(size=(60, 8)) as pilot:
        await pilot.press("f2")
        await pilot.pause()
        assert app.line == "F2 go [to]"


async def test_what_is_not_possible_now_is_dim() -> None:
    app = Keys()
    async with app.run_test(size=(60, 8)):
        dim = {
            segment.text.strip()
            for segment in app.query_one(KeyLine).render_line(0)
            if segment.style and segment.style.dim
        }
        assert " ".join(sorted(dim)) == "d denied"


async def test_what_finds_no_room_is_left_out_but_never_the_apps_keys() -> None:
    app = Keys()
    async with app.run_test(size=(32, 8)) as pilot:
        assert app.line == "enter open  d denied  F2 go [to]"
        await pilot.resize_terminal(31, 8)
        await pilot.pause()
        assert app.line == "enter open  F2 go [to]"
        await pilot.resize_terminal(12, 8)
        await pilot.pause()
        assert app.line == "F2 go [to]"


async def test_keys_that_must_be_seen_take_the_place_of_those_before_them() -> None:
    class Careful(Keys):
        def compose(self) -> ComposeResult:
            yield Picky("closed")
            yield KeyLine(keep="den")

    app = Careful()
    async with app.run_test(size=(30, 8)):
        assert app.line == "d denied  F2 go [to]"


@pytest.mark.parametrize(("x", "said"), [(0, "opened"), (9, "opened"), (10, "closed"), (12, "closed"), (50, "closed")])
async def test_a_click_presses_the_key(x: int, said: str) -> None:
    app = Keys()
    async with app.run_test(size=(60, 8)) as pilot:
        await pilot.click(KeyLine, offset=(x, 0))
        await pilot.pause()
        assert str(app.query_one(Picky).render()) == said

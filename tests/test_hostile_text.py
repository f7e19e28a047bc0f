"""Text from outside is hostile: whatever a log holds, the terminal gets only what sagetop means.

What the driver writes is read byte by byte, so that this holds for Textual's own output as well.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.style import Style
from textual.app import App, ComposeResult

from tests.screen_text import assert_harmless, screen_text
from tui.model.logs import LogEvent
from tui.widgets.log_draw import Row, Setting, draw, draw_wrapped
from tui.widgets.log_view import LogView

HOSTILE = {
    "clipboard": "a\x1b]52;c;aGFja2Vk\x07b",
    "title": "a\x1b]0;owned\x1b\\b",
    "title in C1": "a\x9d0;owned\x9cb",
    "erase": "a\x1b[2J\x1b[H\x1b[3Jb",
    "alternate screen": "a\x1b[?1049l\x1b[?25hb",
    "answerback": "a\x05\x1b[c\x1b[6n\x1bZb",
    "tmux": "a\x1bPtmux;\x1b\x1b]52;c;aGk=\x07\x1b\\b",
    "kitty graphics": "a\x1b_Gf=24;AAAA\x1b\\b",
    "sixel": "a\x1bPq#0;2;0;0;0\x1b\\b",
    "never ended": "a\x1b]0;b",
    "lone escape": "a\x1b",
    "C0": "".join(map(chr, range(32))),
    "C1": "".join(map(chr, range(127, 160))),
    "markup": "[/oops] [b]bold[/b] loss[step=3] [@click=app.quit]x[/]",
    "right to left": "שלום عالم \u202egnp.exe\u2066x\u2069",
    "wide": "日本語🚀👩‍👩‍👧‍👦🇩🇪",
    "zero width": "a\u200b\u200d\ufeff\u2060b",
    "pile": "Z" + "\u0351\u0352\u0353" * 200,
    "surrogates": "a\ud800\udfffb",
    "separators": "a\u2028b\u2029c\x85d\x0be\x0cf",
    "256 KB": "x" * 256 * 1024,
    "256 KB of escapes": "\x1b[31m" * 50_000 + "end",
    "256 KB of carriage returns": "\r" * 256 * 1024,
    "256 KB wide": "日" * 80_000,
    "256 KB of tabs": "\t" * 256 * 1024,
}


class Viewer(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.view = LogView()

    def compose(self) -> ComposeResult:
        yield self.view

    def on_mount(self) -> None:
        self.view.focus()


def event(message: str, at: int = 0, host: str = "algo-1", stream: str = "s") -> LogEvent:
    return LogEvent(at, 0, host, stream, message)


@pytest.mark.parametrize("message", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.parametrize("size", [(80, 12), (20, 3)], ids=["80×12", "20×3"])
async def test_a_hostile_line_in_the_log_view(message: str, size: tuple[int, int]) -> None:
    app = Viewer()
    async with app.run_test(size=size) as pilot:
        app.view.append([event(message), event("behind", 1, host="algo-2\x1b[2J", stream="\x1b]0;x\x07")])
        app.view.redraw()
        for key in ("", "k", "w", "k", "right", "w"):
            if key:
                await pilot.press(key)
            await pilot.pause()
            assert_harmless(app)
        assert "owned" not in screen_text(app)
        assert "aGFja2Vk" not in screen_text(app)


async def test_hostile_patterns_and_times_in_what_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    app = Viewer()
    async with app.run_test(size=(80, 12)) as pilot:
        app.view.append([event("x")])
        app.view.redraw()
        for text in ("[/oops]\x1b[2J", "(\x1b]0;owned\x07", "\ud800", "!\x9b2J"):
            app.view.search(text)
            app.view.filter(text)
            app.view._go_to_typed_time(text)
            await app.workers.wait_for_complete()
            await pilot.pause()
            assert_harmless(app)


async def test_what_is_copied_means_nothing_to_the_terminal_it_is_pasted_into() -> None:
    app = Viewer()
    async with app.run_test(size=(80, 12)) as pilot:
        app.view.append([event("rm \x1b[201~-rf\x03 /\r")])
        app.view.redraw()
        await pilot.press("k", "y")
        assert app.clipboard == "rm -rf / "


async def test_of_a_log_nothing_but_text_and_colours_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """What goes to the terminal while a hostile log is shown, compared with what goes there for a harmless one."""

    async def orders(message: str) -> set[str]:
        app = Viewer()
        written: list[str] = []
        async with app.run_test(size=(80, 6)) as pilot:
            assert app._driver is not None
            monkeypatch.setattr(app._driver, "write", written.append)
            app.view.append([event(message)])
            app.view.redraw()
            await pilot.pause()
            drawn = app.screen._compositor.render_update(full=True)
            written.append(drawn.render_segments(app.console))  # type: ignore[union-attr]
        text = "".join(written)
        assert not re.search("[\x00-\x09\x0b-\x1a\x1c-\x1f\x7f-\x9f]", text.replace("\r", ""))
        return {order[-1] for order in re.findall("\x1b(?:\\[[0-9;:?]*[@-~]|.)", text)}

    usual = await orders("harmless")
    for message in HOSTILE.values():
        assert await orders(message[:2000]) <= usual


PIECES = [
    "\x1b",
    "\x9b",
    "\x9d",
    "]",
    "[",
    "31m",
    "\x07",
    "\r",
    "\t",
    "日",
    "🚀",
    "e\u0301",
    "\u202e",
    "a",
    " ",
    "\ud800",
]


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.sampled_from(PIECES) | st.text(st.characters(exclude_characters="\n"), max_size=3)).map("".join),
    st.integers(1, 40),
    st.integers(0, 50),
    st.integers(0, 255),
)
def test_any_row_fills_its_width_and_no_more(text: str, width: int, start: int, flags: int) -> None:
    row = Row(text.encode("utf-8", "surrogatepass"), 0, 0, flags)

    def plain(name: str) -> Style:
        return Style.null()

    strips: list[Any] = [draw(row, start, width, Setting(), plain), *draw_wrapped(row, 3, width, Setting(), plain)]
    for strip in strips:
        assert strip.cell_length <= width
        assert not re.search("[\x00-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e]", strip.text)

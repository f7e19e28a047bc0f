"""The log view: what it shows, and what its keys do. Every claim is read off the screen."""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Callable
from datetime import timezone
from pathlib import Path
from typing import Any

import pytest
from textual import events, on
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.strip import Strip
from textual.widgets import Input

from tests.patience import PATIENCE_S
from tests.screen_text import assert_harmless, screen_text
from tui.model.logs import LogEvent
from tui.widgets import clipboard
from tui.widgets.log_view import LogView

NOON = 1_699_963_200_000  # 2023-11-14T12:00Z


def event(message: str, second: float = 0, host: int = 1) -> LogEvent:
    return LogEvent(NOON + int(second * 1000), 0, f"algo-{host}", f"job/algo-{host}-1", message)


class Viewer(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.view = LogView(zone=timezone.utc)
        self.said: list[str] = []
        self.moved: list[int] = []

    def compose(self) -> ComposeResult:
        yield self.view

    def on_mount(self) -> None:
        self.view.focus()

    def notify(self, message: str, **options: Any) -> None:
        self.said.append(message)

    @on(LogView.CursorMoved)
    def remember(self, message: LogView.CursorMoved) -> None:
        self.moved.append(message.time_ms)


class Reader:
    """A person in front of the view."""

    def __init__(self, app: Viewer, pilot: Pilot[None]) -> None:
        self.app = app
        self.pilot = pilot

    async def gets(self, *messages: str | LogEvent, late: set[int] | None = None) -> None:
        batch = [item if isinstance(item, LogEvent) else event(item, at) for at, item in enumerate(messages)]
        self.app.view.append(batch, late=late or set())
        self.app.view.redraw()
        await self.settled()

    async def presses(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.settled()

    async def types(self, key: str, text: str) -> None:
        await self.pilot.press(key)
        await self.until(lambda: isinstance(self.app.screen.focused, Input))
        self.app.screen.query_one(Input).value = text
        await self.presses("enter")

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait for what a busy machine takes its time over."""
        deadline = time.monotonic() + PATIENCE_S
        while not holds():
            assert time.monotonic() < deadline, self.sees
            await self.pilot.pause(0.01)

    async def settled(self) -> None:
        await self.pilot.pause()
        await self.app.workers.wait_for_complete()
        await self.pilot.pause()
        await self.app.workers.wait_for_complete()
        await self.pilot.pause()

    @property
    def sees(self) -> list[str]:
        """The screen without its last column, where the scrollbar is."""
        return [line[: self.app.size.width - 1].rstrip() for line in screen_text(self.app).split("\n")]

    @property
    def sees_texts(self) -> list[str]:
        """Without signs and times, without the state below."""
        return [line[10:] for line in self.sees if line[1:10].strip().count(":") == 2]


@pytest.fixture
def size() -> tuple[int, int]:
    return 60, 8


@pytest.fixture
async def reader(size: tuple[int, int]) -> Any:
    app = Viewer()
    async with app.run_test(size=size) as pilot:
        yield Reader(app, pilot)
        assert_harmless(app)


def numbered(count: int) -> list[LogEvent]:
    return [event(f"line {number}", number) for number in range(count)]


async def test_it_follows_the_end(reader: Reader) -> None:
    await reader.gets(*numbered(100))
    assert reader.sees == [f" 12:01:{second} line {60 + second}" for second in range(32, 40)]
    await reader.gets(event("one more", 100))
    assert reader.sees[-1] == " 12:01:40 one more"


async def test_lines_come_to_the_screen_by_themselves(reader: Reader) -> None:
    async def appears(text: str) -> None:
        while text not in screen_text(reader.app):
            await reader.pilot.pause(0.01)

    reader.app.view.append([event("first")])
    await asyncio.wait_for(appears("first"), 10)
    reader.app.view.append([event("second", 1)])
    await asyncio.wait_for(appears("second"), 10)


async def test_space_pauses_and_counts_what_comes_below(reader: Reader) -> None:
    await reader.gets(*numbered(100))
    await reader.presses("space")
    before = reader.sees_texts
    assert reader.sees[-1] == "paused · G follows"
    await reader.gets(event("new\nlines", 200), event("newer", 201))
    assert reader.sees_texts == before
    assert reader.sees[-1] == "paused, 3 new below · G follows"
    await reader.presses("G")
    assert reader.sees_texts[-1] == "newer"
    assert "paused" not in screen_text(reader.app)


async def test_scrolling_up_pauses(reader: Reader) -> None:
    await reader.gets(*numbered(100))
    reader.app.view.text.post_message(
        events.MouseScrollUp(reader.app.view.text, 5, 5, 0, -1, 0, False, False, False, 5, 5)
    )
    await reader.settled()
    assert not reader.app.view.following
    assert "line 99" not in screen_text(reader.app)


async def test_what_is_put_in_above_moves_nothing_on_screen(reader: Reader) -> None:
    await reader.gets(*numbered(100))
    await reader.presses("g", *["ctrl+d"] * 6)
    before = reader.sees
    await reader.gets(*[event(f"late {number}", number + 0.5) for number in range(10)], late=set(range(10)))
    assert reader.sees == before


async def test_late_lines_are_marked(reader: Reader) -> None:
    await reader.gets("a", event("c", 2))
    await reader.gets(event("b", 1), late={0})
    assert reader.sees[:3] == [" 12:00:00 a", " 12:00:01+b", " 12:00:02 c"]


async def test_top_bottom_and_half_pages(reader: Reader) -> None:
    await reader.gets(*numbered(100))
    await reader.presses("g")
    assert reader.sees_texts[0] == "line 0"
    await reader.presses(*["ctrl+d"] * 3)
    assert reader.app.view.text.cursor in (9, 12)
    await reader.presses("ctrl+u")
    assert reader.app.view.text.cursor in (6, 8, 9)
    await reader.presses("G")
    assert reader.sees_texts[-1] == "line 99"


async def test_hosts_have_a_number_and_a_colour(reader: Reader) -> None:
    await reader.gets(event("one", 0, 1), event("two", 1, 2), event("ten", 2, 10))
    assert reader.sees[:3] == [" 12:00:00  1 one", " 12:00:01  2 two", " 12:00:02 10 ten"]


async def test_searching_counts_all_hits_and_goes_from_one_to_the_next(reader: Reader) -> None:
    await reader.gets(*[event(f"line {n} {'LOSS' if n % 10 == 5 else ''}", n) for n in range(100)])
    await reader.presses("g")
    await reader.types("slash", "loss")
    assert reader.sees[-1] == "paused · G follows   /loss  1 of 10"
    await reader.presses("n", "n")
    assert reader.sees[-1].endswith("/loss  3 of 10")
    assert "line 25 LOSS" in reader.sees_texts
    await reader.presses("N")
    assert reader.sees[-1].endswith("/loss  2 of 10")
    await reader.presses("escape")
    assert "/loss" not in screen_text(reader.app)


async def test_who_moves_while_a_search_looks_for_its_first_hit_stays_there(reader: Reader) -> None:
    await reader.gets(*(f"line {number}" for number in range(100)))
    view = reader.app.view
    for move, at, line in ((view.action_top, 0, "line 0"), (view.action_bottom, -1, "line 99")):
        view.search("line 50")
        move()  # before the thread that looks can have said anything
        await reader.settled()
        assert reader.sees[-1].endswith("of 1")
        assert reader.sees_texts[at] == line


async def test_hits_go_on_being_counted_while_lines_come(reader: Reader) -> None:
    await reader.gets("loss 1")
    await reader.types("slash", "loss")
    await reader.gets(event("loss 2", 5))
    assert reader.sees[-1].endswith("of 2")


async def test_a_capital_letter_makes_case_count(reader: Reader) -> None:
    await reader.gets("Loss", "loss")
    await reader.types("slash", "Loss")
    assert reader.sees[-1].endswith("/Loss  1 of 1")


async def test_filtering_both_ways(reader: Reader) -> None:
    await reader.gets("loss 1", "other", "loss 2")
    await reader.types("ampersand", "loss")
    assert reader.sees_texts == ["loss 1", "loss 2"]
    assert "&loss  2 of 3 lines" in reader.sees[-1]
    await reader.gets(event("loss 3", 10), event("more", 11))
    assert reader.sees_texts == ["loss 1", "loss 2", "loss 3"]
    await reader.types("ampersand", "!loss")
    assert reader.sees_texts == ["other", "more"]
    await reader.presses("escape")
    assert len(reader.sees_texts) == 5


async def test_by_level_both_ways(reader: Reader) -> None:
    await reader.gets("fine", "WARNING: slow", "ERROR: bad")
    shown = {}
    for key in "vvvVVV":
        await reader.presses(key)
        shown[len(shown)] = [text.split(":")[0] for text in reader.sees_texts]
    assert list(shown.values()) == [
        ["WARNING", "ERROR"],
        ["ERROR"],
        ["fine", "WARNING", "ERROR"],
        ["fine", "WARNING"],
        ["fine"],
        ["fine", "WARNING", "ERROR"],
    ]


async def test_by_host_both_ways(reader: Reader) -> None:
    await reader.gets(event("a", 0, 1), event("b", 1, 2), event("c", 2, 3))
    await reader.presses("g", "h")
    assert reader.sees_texts == ["1 a"]
    assert "only algo-1" in reader.sees[-1]
    await reader.presses("h", "H")
    assert reader.sees_texts == ["2 b", "3 c"]
    await reader.presses("escape")
    assert len(reader.sees_texts) == 3


async def test_of_several_variants_first_the_variant_then_the_host(reader: Reader) -> None:
    def said(message: str, second: float, stream: str) -> LogEvent:
        return LogEvent(NOON + int(second * 1000), 0, stream.partition("/")[2], stream, message)

    await reader.gets(said("a", 0, "v12/i-0a"), said("b", 1, "v12/i-0b"), said("c", 2, "v13/i-0c"))
    assert reader.sees[:3] == [" 12:00:00 v12 i-0a a", " 12:00:01 v12 i-0b b", " 12:00:02 v13 i-0c c"]
    await reader.presses("g", "h")
    assert reader.sees_texts == ["v12 i-0a a", "v12 i-0b b"]
    assert "only v12" in reader.sees[-1]
    await reader.gets(said("d", 3, "v12/i-0d"), said("e", 4, "v13/i-0c"))  # one that came later is of it too
    assert reader.sees_texts == ["v12 i-0a a", "v12 i-0b b", "v12 i-0d d"]
    await reader.presses("h")
    assert reader.sees_texts == ["v12 i-0a a"]
    await reader.presses("h", "G", "h")
    assert reader.sees_texts == ["v13 i-0c c", "v13 i-0c e"]
    await reader.presses("h")  # it has but one host
    assert len(reader.sees_texts) == 5


async def test_from_error_to_error(reader: Reader) -> None:
    await reader.gets(*[event("ERROR" if n in (20, 60) else f"line {n}", n) for n in range(100)])
    await reader.presses("g", "e")
    assert "!12:00:20 ERROR" in reader.sees
    await reader.presses("e")
    assert "!12:01:00 ERROR" in reader.sees
    await reader.presses("e")
    assert reader.app.said == ["No error below: round again."]
    assert "!12:00:20 ERROR" in reader.sees
    await reader.presses("E")
    assert reader.app.said[1:] == ["No error above: round again."]
    assert "!12:01:00 ERROR" in reader.sees


async def test_a_traceback_is_its_last_line_until_enter_opens_it(reader: Reader) -> None:
    await reader.gets("before", "Traceback (most recent call last):", '  File "t.py"', "ValueError: no", "after")
    assert reader.sees[:3] == [" 12:00:00 before", "▸12:00:03 ValueError: no", " 12:00:04 after"]
    await reader.presses("k", "enter")
    assert reader.sees[1:4] == [
        "│12:00:01 Traceback (most recent call last):",
        '│12:00:02   File "t.py"',
        "▾12:00:03 ValueError: no",
    ]
    await reader.presses("enter")
    assert reader.sees[1] == "▸12:00:03 ValueError: no"


TRACEBACK = ("Traceback (most recent call last):", '  File "deep.py"', "    deep()", "ValueError: no")


async def test_a_hit_inside_a_folded_traceback_opens_it(reader: Reader) -> None:
    await reader.gets("deep", *TRACEBACK, "after", *TRACEBACK, "deep")
    await reader.presses("g")
    await reader.types("slash", "deep")
    assert reader.sees[-1].endswith("/deep  1 of 6")
    assert "  File" not in screen_text(reader.app)
    await reader.presses("n")
    assert reader.sees[-1].endswith("/deep  2 of 6")
    assert [text for text in reader.sees_texts if "File" in text] == ['  File "deep.py"']
    await reader.presses("n", "n")
    assert reader.sees[-1].endswith("/deep  4 of 6")
    await reader.presses("N", "N", "N")
    assert reader.sees[-1].endswith("/deep  1 of 6")
    await reader.presses("N")
    assert reader.app.said == ["No hit above: round again."]
    assert reader.sees[-1].endswith("/deep  6 of 6")


async def test_a_search_that_is_found_only_in_a_folded_traceback_opens_it(reader: Reader) -> None:
    await reader.gets("before", *TRACEBACK, "after")
    await reader.types("slash", "deep()")
    assert "    deep()" in reader.sees_texts


async def test_a_filter_shows_what_it_finds_in_folded_tracebacks(reader: Reader) -> None:
    await reader.gets("deep", *TRACEBACK, "after")
    await reader.types("ampersand", "deep")
    assert reader.sees_texts == ["deep", '  File "deep.py"', "    deep()"]
    assert "3 of 6 lines" in reader.sees[-1]


async def test_the_top_stays_the_top_while_older_lines_are_read(reader: Reader) -> None:
    await reader.gets(*numbered(100)[1:])
    await reader.presses("g")
    await reader.gets(numbered(1)[0])
    assert reader.sees_texts[0] == "line 0"
    assert reader.app.view.text.cursor == 0
    await reader.presses("j")
    await reader.gets(event("before all", -1))
    assert reader.sees_texts[0] == "line 0"
    assert reader.app.view.text.cursor == 2


@pytest.mark.parametrize(
    ("typed", "line"),
    [("12:00:30", 30), ("12:01", 60), ("2023-11-14T12:00:10Z", 10), ("+40s", 40), ("-9s", 90), ("2030-01-01", 99)],
)
async def test_going_to_a_time(reader: Reader, typed: str, line: int) -> None:
    await reader.gets(*numbered(100))
    await reader.types("T", typed)
    await reader.until(lambda: reader.app.moved[-1:] == [NOON + line * 1000])
    assert reader.app.view.text.cursor == line
    assert f"line {line}" in screen_text(reader.app)


async def test_a_moment_whose_line_has_just_come_is_gone_to(reader: Reader) -> None:
    await reader.gets(*numbered(100)[90:])
    reader.app.view.append(numbered(90))
    reader.app.view.goto_time(NOON + 40_000)
    await reader.settled()
    assert "line 40" in reader.sees_texts


async def test_a_screen_that_loses_lines_keeps_the_cursor_in_sight(reader: Reader) -> None:
    await reader.gets(*numbered(100))
    await reader.presses("k", "j")
    assert reader.sees_texts[-1] == "line 99"
    await reader.pilot.resize_terminal(60, 5)
    await reader.settled()
    assert reader.sees_texts[-1] == "line 99"


async def test_what_is_no_time_is_said(reader: Reader) -> None:
    await reader.gets(*numbered(3))
    await reader.types("T", "soon")
    assert reader.app.said[0].startswith("Not a time: soon. Try 14:03")


async def test_going_to_a_time_for_a_chart_says_nothing_back(reader: Reader) -> None:
    await reader.gets(*numbered(100))
    reader.app.view.goto_time(NOON + 50_500)
    await reader.settled()
    assert reader.app.view.text.cursor == 51
    assert reader.app.moved == []


async def test_timestamps_of_four_kinds(reader: Reader) -> None:
    await reader.gets("a", event("b", 3_725))
    seen = []
    for _ in range(4):
        seen.append(reader.sees[1])
        await reader.presses("t")
    assert seen == [" 13:02:05 b", " 13:02:05Z b", "  1:02:05 b", "  b"]


async def test_wrapping(reader: Reader) -> None:
    await reader.gets("short", "x" * 49 + "y" * 30, "end")
    assert reader.sees[1].endswith("x›")
    await reader.presses("w")
    assert reader.sees[:4] == [" 12:00:00 short", " 12:00:01 " + "x" * 49, " " * 10 + "y" * 30, " 12:00:02 end"]


async def test_horizontal_scrolling(reader: Reader) -> None:
    await reader.gets("".join(f"{number:03}" for number in range(100)))
    await reader.presses("right")
    assert reader.sees_texts[0].startswith("06007008")
    await reader.presses("left")
    assert reader.sees_texts[0].startswith("000001")


async def test_a_progress_bar_is_its_last_state_and_colours_stay(reader: Reader) -> None:
    await reader.gets("\r 10%\r 50%\r\x1b[32m 90%\x1b[0m done\x1b[2J")
    assert reader.sees_texts == [" 90% done"]
    colours = {
        segment.text: segment.style.color
        for strip in reader.app.screen._compositor.render_strips()
        for segment in strip
        if segment.style and segment.style.color
    }
    assert colours[" 90%"] != colours[" done"]


async def test_the_line_under_the_cursor_and_the_selected_ones_stand_out(reader: Reader) -> None:
    def backgrounds() -> list[object]:
        strips = reader.app.screen._compositor.render_strips()
        return [next(s.style.bgcolor for s in strip if "line" in s.text and s.style) for strip in strips[:4]]

    await reader.gets(*numbered(4))
    assert len(set(backgrounds())) == 1
    await reader.presses("k")
    assert backgrounds()[2] not in {backgrounds()[at] for at in (0, 1, 3)}
    await reader.presses("K")
    assert backgrounds()[1] == backgrounds()[2] != backgrounds()[0]


async def test_copying_lines(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TMUX", raising=False)
    await reader.gets("a", "b\x1b[31m!", "c")
    await reader.presses("k", "K", "y")
    assert reader.app.clipboard == "a\nb!"
    assert reader.app.said == ["Copied 2 lines to the terminal's clipboard."]


async def test_what_is_too_large_for_the_clipboard_goes_to_a_file(reader: Reader) -> None:
    await reader.gets("x" * 100_000)
    await reader.presses("y")
    path = Path(reader.app.said[0].rpartition(" ")[2])
    assert path.read_text() == "x" * 100_000
    assert path.stat().st_mode & 0o777 == 0o600
    path.unlink()


def test_tmux_and_screen_hand_the_copy_on() -> None:
    order = f"\x1b]52;c;{base64.b64encode(b'hi').decode()}\x07"
    assert clipboard.wrapped_osc52(b"hi", {}) == ""
    assert clipboard.wrapped_osc52(b"hi", {"TMUX": "x"}) == "\x1bPtmux;\x1b" + order + "\x1b\\"
    assert clipboard.wrapped_osc52(b"hi", {"STY": "x"}) == "\x1bP" + order + "\x1b\\"


async def test_saving_all_or_what_is_shown_as_it_was_logged(reader: Reader, tmp_path: Path) -> None:
    await reader.gets("loss \x1b[31m1", "other")
    await reader.types("s", str(tmp_path / "all.log"))
    assert (tmp_path / "all.log").read_bytes() == b"loss \x1b[31m1\nother\n"
    await reader.types("ampersand", "loss")
    await reader.types("s", str(tmp_path / "some.log"))
    assert (tmp_path / "some.log").read_bytes() == b"loss \x1b[31m1\n"
    await reader.types("s", str(tmp_path / "all.log"))
    assert [said.split()[0] for said in reader.app.said] == ["Saved", "Saved", "Not"]


async def test_a_pattern_that_is_too_slow_is_switched_off_and_says_so(reader: Reader) -> None:
    await reader.gets("a" * 3_000 + "!")
    await reader.types("ampersand", "(a+)+$")
    assert "pattern switched off: over 200 ms on one line: (a+)+$" in reader.sees[-1]
    assert len(reader.sees_texts) == 1


async def test_what_is_no_regular_expression_is_searched_as_it_stands(reader: Reader) -> None:
    await reader.gets("f(x", "fx")
    await reader.types("slash", "f(x")
    assert "1 of 1" in reader.sees[-1]


@pytest.mark.parametrize("size", [(20, 3), (1, 1), (2, 2), (10, 1)])
async def test_it_bears_the_smallest_screens(reader: Reader) -> None:
    await reader.gets(
        *numbered(30), event("日本語" * 30, 31), event("Traceback (most recent call last):\n  x\nE: y", 32)
    )
    await reader.presses("w", "g", "k", "G", "w", "right", "e", "n", "t", "slash", "1", "enter", "n", "v", "escape")
    assert_harmless(reader.app)


async def test_without_colours_signs_say_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = Viewer()
    async with app.run_test(size=(50, 4)) as pilot:
        reader = Reader(app, pilot)
        await reader.gets(event("\x1b[31mERROR", 0, 1), event("x", 1, 2))
        assert reader.sees[:2] == ["!12:00:00 1 ERROR", " 12:00:01 2 x"]


async def test_nothing_is_drawn_when_nothing_on_screen_changes(reader: Reader) -> None:
    await reader.gets(*numbered(100))
    await reader.presses("g")
    await reader.gets(event("first below", 200))
    drawn: list[int] = []
    text = reader.app.view.text
    draw_line = text.render_line

    def counting(y: int) -> Strip:
        drawn.append(y)
        return draw_line(y)

    text.render_line = counting  # type: ignore[method-assign]
    await reader.gets(event("below", 300))
    assert "2 new below" in reader.sees[-1]
    assert drawn == []
    await reader.presses("G")
    assert drawn


async def test_a_million_lines() -> None:
    app = Viewer()
    async with app.run_test(size=(100, 20)) as pilot:
        reader = Reader(app, pilot)
        page = "\n".join(f"Epoch {n} loss={n / 7:.4f}" for n in range(50_000))
        app.view.buffer.extend([event(page, number) for number in range(20)])
        app.view.redraw()
        await reader.settled()
        assert len(app.view.text.lines) == 1_000_000
        assert "Epoch 49999" in reader.sees[-1]
        await reader.types("slash", "epoch 777 ")
        assert "of 20" in reader.sees[-1]
        await reader.presses("g", "n")
        assert "Epoch 777 " in screen_text(app)
        await reader.types("ampersand", r"Epoch \d7777 ")
        assert "80 of 1,000,000 lines" in reader.sees[-1]
        assert_harmless(app)

"""Orders to a terminal: none of them carries another that came from outside, and tmux and screen pass them on."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tui.model.orders import job_has_ended, passed_on


@given(st.text(st.sampled_from("ab\x1b\x07\\]9;\x9c\x9d\n") | st.characters(codec="utf-8"), max_size=20))
def test_a_name_cannot_end_the_order_that_tells_it(name: str) -> None:
    order = job_has_ended(name, "Failed", {})
    assert order.startswith("\a\x1b]9;sagetop: ")
    assert order.endswith(" Failed\x07")
    assert order[2:-1].isprintable() or not {"\x1b", "\x07", "\x9c", "\n"} & set(order[2:-1])


def test_what_tmux_and_screen_pass_on() -> None:
    order = "\x1b]9;hi\x07"
    assert passed_on(order, {}) == ""
    assert passed_on(order, {"TMUX": "x"}) == "\x1bPtmux;\x1b" + order + "\x1b\\"
    assert passed_on(order, {"STY": "x"}) == f"\x1bP{order}\x1b\\"
    assert job_has_ended("job", "Failed", {"TMUX": "x"}).startswith("\a\x1bPtmux;\x1b\x1b]9;")
    long = passed_on("\x1b]52;c;" + "A" * 1000 + "\x07", {"STY": "x"})
    assert all(len(part) <= 244 for part in long.split("\x1bP"))

"""`sagetop demo` in a real terminal, as a person goes through it: every screen, live lines, drawn charts."""

from __future__ import annotations

import re

import pytest

from tests.e2e.conftest import OpenDemo, harmless, has, row, states, type_in
from tests.patience import PATIENCE_S
from tests.terminal import Terminal

pytestmark = pytest.mark.e2e

BRAILLE = re.compile(r"[\u2801-\u28ff]")
CLOCK = re.compile(r"\b\d\d:\d\d:\d\d\b")
GAUGES = re.compile(r"^ (algo-\d) +\d+ [█▉▊▋▌▍▎▏]", re.MULTILINE)
SPARK = re.compile(r"[▂▃▄▅▆▇█]{3}")


def has_a_chart(text: str) -> bool:
    """A curve, a value axis with ticks, a time axis with ticks and clock times under it."""
    lines = text.splitlines()
    axes = [at for at, line in enumerate(lines) if "└" in line and "┬" in line]
    return (
        bool(axes)
        and len(BRAILLE.findall(text)) > 40
        and any(re.search(r"\d\w*┤", line) for line in lines)
        and any(re.search(r"\d\d:\d\d\s", line + " ") for at in axes for line in lines[at + 1 : at + 2])
    )


def asks_for_a_filter(text: str) -> bool:
    """The filter's line is above the table; its key alone is always at the bottom."""
    return text.splitlines()[1].startswith(" / filter")


def keep_the_filter(terminal: Terminal) -> None:
    """Enter, and wait until the table has the keys again."""
    terminal.wait_for(lambda text: "clear" in text.splitlines()[-1])
    terminal.send("enter")
    terminal.wait_for(lambda text: "clear" not in text.splitlines()[-1])


def is_sorted(text: str) -> bool:
    """The jobs on screen by their names."""
    names = [line.removeprefix("▸").split()[0] for line in text.splitlines()[2:-1] if states(line)]
    return len(names) > 20 and names == sorted(names)


def clocks(text: str) -> set[str]:
    """The timestamps of the log lines on screen."""
    return set(CLOCK.findall(text))


def test_the_jobs_screen_shows_jobs_in_every_state_and_follows_the_keyboard(open_demo: OpenDemo) -> None:
    terminal = open_demo()

    text = terminal.wait_for(lambda text: len(SPARK.findall(text)) > 20)
    assert {"● Training", "✕ Failed", "✓ Completed", "○ Stopped"} <= set(states(text))
    assert {"● Starting", "● Download"} & set(states(text))
    assert "demo" in text.splitlines()[0]
    assert has("resnet50-imagenet-114", "2×p4d.24xl", "GPU")(text)

    first, second = text.splitlines()[2:4]
    assert first.startswith("▸")
    terminal.send("j")
    terminal.wait_for(has("▸", second.split()[0]))
    terminal.send("up")
    terminal.wait_for(has("▸", first.split()[1]))

    terminal.send("/")
    terminal.wait_for(asks_for_a_filter)
    terminal.send("status:failed")
    text = terminal.wait_for(lambda text: set(states(text)) == {"✕ Failed"})
    assert f"{len(states(text))} of 42" in text.splitlines()[0]
    keep_the_filter(terminal)
    terminal.send("/")
    terminal.wait_for(lambda text: "clear" in text.splitlines()[-1])
    terminal.send("escape")
    terminal.wait_for(lambda text: not asks_for_a_filter(text) and "✓ Completed" in text)

    terminal.send("s")
    terminal.wait_for(lambda text: "NAME▲" in text and is_sorted(text))

    terminal.send("?")
    assert "half a page down" in terminal.wait_for("Keys that work here")
    terminal.send("q")
    terminal.wait_for(lambda text: "Keys that work here" not in text and "✓ Completed" in text)
    terminal.send("ctrl+p")
    terminal.wait_for("Search for commands")
    terminal.send("endpoints")
    terminal.wait_for("go to endpoints")
    terminal.send("enter")
    terminal.wait_for(lambda text: text.startswith(" sagetop  endpoints ") and "tagger-stage" in text)

    assert harmless(terminal)


def test_a_job_on_two_hosts_shows_live_lines_charts_and_gauges(open_demo: OpenDemo) -> None:
    terminal = open_demo(size=(160, 45))
    type_in(terminal, "jobs  endpoints", ":", "job resnet50-imagenet-114")

    text = terminal.wait_for(lambda text: has_a_chart(text) and bool(clocks(text)), PATIENCE_S)
    assert "jobs ▸ resnet50-imagenet-114" in text
    assert re.search(r"Starting .* ▸ +Downloading .* ▸ +Training .* …", text)
    text = terminal.wait_for(lambda text: re.search(r"── loss ── train.* ● \S+ .*validation.* \S ", text) is not None)

    seen = clocks(text)
    text = terminal.wait_for(lambda text: bool(clocks(text)) and max(clocks(text)) not in seen)
    assert {"1", "2"} <= {line.split()[1] for line in text.splitlines() if CLOCK.match(line.strip())}  # both hosts
    text = terminal.wait_for(lambda text: {"algo-1", "algo-2"} <= set(GAUGES.findall(text)))
    assert "of 9600" in text  # percent of 96 cores

    terminal.send("z")
    terminal.wait_for(lambda text: "2 charts  3 hosts  4 facts" in text and not BRAILLE.search(text))
    terminal.send("z")
    terminal.wait_for(lambda text: has_a_chart(text) and "── 3 hosts" in text)

    terminal.send("q")
    terminal.wait_for(lambda text: text.startswith(" sagetop  jobs ") and "✓ Completed" in text)
    assert harmless(terminal)


def test_on_a_small_terminal_a_job_is_one_pane_at_a_time_and_its_log_can_be_searched(open_demo: OpenDemo) -> None:
    terminal = open_demo(size=(80, 24))
    type_in(terminal, "jobs  endpoints", ":", "job resnet50-imagenet-114")
    terminal.wait_for(lambda text: "━ 1 log" in text and bool(clocks(text)), PATIENCE_S)

    terminal.send("2")
    terminal.wait_for(lambda text: "━ 2 metrics" in text and has_a_chart(text) and not clocks(text))
    terminal.send("3")
    terminal.wait_for(lambda text: "━ 3 hosts" in text and has("algo-2", "%")(text))
    terminal.send("4")
    terminal.wait_for(lambda text: "━ 4 facts" in text and re.search(r"cost +≈ \S+ so far", text) is not None)
    terminal.send("tab")
    terminal.wait_for("━━ 1 log ━━ algo-1")

    terminal.send("/")
    terminal.wait_for("/ text or regular expression")
    terminal.send("Epoch", "enter")
    terminal.wait_for("paused")
    terminal.wait_for(lambda text: bool(re.search(r"/Epoch +[\d,]+ of [\d,]+", text)))
    assert harmless(terminal)

    terminal.resize(40, 12)
    terminal.wait_for(lambda text: len(text.splitlines()) == 12 and "sagetop  jo…" in text)
    terminal.resize(160, 45)
    terminal.wait_for(has_a_chart)


def test_a_failed_job_says_why_and_e_leads_to_its_traceback(open_demo: OpenDemo) -> None:
    terminal = open_demo()
    terminal.send("/")
    terminal.wait_for(asks_for_a_filter)
    terminal.send("t5-summarize status:failed age<1d")
    terminal.wait_for(lambda text: states(text) == ["✕ Failed"])
    keep_the_filter(terminal)
    terminal.send("enter")
    text = terminal.wait_for(lambda text: "complete" in text and bool(clocks(text)), PATIENCE_S)
    assert row(text, "✕ AlgorithmError: ExecuteUserScriptError")
    terminal.send("g")
    terminal.wait_for(lambda text: "OutOfMemoryError" not in "".join(filter(CLOCK.search, text.splitlines())))
    terminal.send("e")
    text = terminal.wait_for(
        lambda text: any(CLOCK.search(line) and "OutOfMemoryError" in line for line in text.splitlines())
    )
    assert "Traceback (most recent call last)" not in text  # folded into its last line, until asked for
    terminal.send("enter")
    terminal.wait_for("Traceback (most recent call last)")


def test_endpoints_show_their_traffic(open_demo: OpenDemo) -> None:
    terminal = open_demo(size=(120, 36))
    type_in(terminal, "jobs  endpoints", ":", "endpoints")
    text = terminal.wait_for(lambda text: has("tagger-stage", "! InService", "23%")(text), PATIENCE_S)
    assert has("reranker-canary", "● Updating")(text)
    terminal.wait_for(lambda text: re.search(r"embed-prod .* 2–10", text) is not None)
    terminal.wait_for(lambda text: {"v12", "v13"} <= set(re.findall(r"ranker-prod +. InService +(v\d+)", text)))

    terminal.send("/")
    terminal.wait_for(asks_for_a_filter)
    terminal.send("ranker-prod")
    terminal.wait_for(lambda text: "tagger" not in text and "ranker-prod" in text)
    keep_the_filter(terminal)
    terminal.send("enter")
    text = terminal.wait_for(has_a_chart, PATIENCE_S)
    assert "endpoints ▸ ranker-prod" in text
    terminal.wait_for(lambda text: "── latency " in text and "── errors " in text)
    terminal.wait_for(lambda text: "POST /invocations HTTP" in text, PATIENCE_S)
    terminal.send("q")
    terminal.wait_for(lambda text: text.startswith(" sagetop  endpoints ") and "▸ ranker" not in text.splitlines()[0])
    assert harmless(terminal)


def test_phases_move_on(open_demo: OpenDemo) -> None:
    terminal = open_demo(speed=20, until="Training")
    assert has("xgb-churn-nightly-275", "● Starting")(terminal.text)
    terminal.send("enter")
    terminal.wait_for("Starting")
    terminal.wait_for(lambda text: bool(re.search(r"Starting \S+ +▸ +Downloading \S+ +▸ +Training", text)), PATIENCE_S)

"""A log in memory: in order whatever arrives when, folded, levelled, filtered, and small."""

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.model import log_block
from tui.model.log_block import ERROR, INFO, LATE, LEVEL, WARNING
from tui.model.log_buffer import LogBuffer
from tui.model.log_lines import LogLines, Matches, Rule
from tui.model.logs import LogEvent, host_number
from tui.model.patterns import Pattern


def event(message: str, at: int = 0, host: int = 1, stream: str = "") -> LogEvent:
    return LogEvent(at, 0, f"algo-{host}", stream or f"job/algo-{host}-1", message)


def texts(buffer: LogBuffer) -> list[str]:
    return [event.message for event in buffer.rows.events()]


def shown(lines: LogLines) -> list[str]:
    places = [lines.place(line) for line in range(len(lines))]
    return [lines.rows.blocks[block].row(index).decode() for block, index in places]


EVENTS = st.builds(
    event,
    st.text(st.sampled_from("ab\nß\ud800 ") | st.characters(), max_size=5),
    st.integers(0, 6),
    st.sampled_from([1, 2, 10]),
    st.sampled_from(["", "job/restarted"]),
)


@pytest.fixture(params=[20, 256 * 1024], ids=["blocks of 20 bytes", "blocks of 256 KB"])
def block_size(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(log_block, "BLOCK_SIZE", request.param)
    monkeypatch.setattr("tui.model.log_buffer.BLOCK_SIZE", request.param)
    return int(request.param)


@pytest.mark.usefixtures("block_size")
def test_any_arrivals_give_the_log_in_order() -> None:
    @given(st.lists(st.lists(EVENTS, max_size=12), max_size=8))
    def check(batches: list[list[LogEvent]]) -> None:
        buffer = LogBuffer()
        for batch in batches:
            buffer.extend(batch)
        arrived = [item for batch in batches for item in batch]
        truth = sorted(arrived, key=lambda item: (item.timestamp, host_number(item.host), item.stream))
        assert [(e.timestamp, e.host, e.stream, e.message) for e in buffer.rows.events()] == [
            (e.timestamp, e.host, e.stream, e.message.removesuffix("\n")) for e in truth
        ]
        assert len(buffer) == len(arrived)
        assert len(buffer.rows) == sum(item.message.removesuffix("\n").count("\n") + 1 for item in arrived)

    check()


@pytest.mark.usefixtures("block_size")
def test_an_anchor_finds_its_row_again_whatever_comes_between() -> None:
    @given(st.lists(EVENTS, min_size=1, max_size=20), st.lists(EVENTS, max_size=20), st.data())
    def check(first: list[LogEvent], second: list[LogEvent], data: st.DataObject) -> None:
        buffer = LogBuffer()
        buffer.extend(first)
        before = buffer.rows
        row = data.draw(st.integers(0, len(before) - 1))
        anchor = before.anchor(row)
        buffer.extend(second)
        assert buffer.rows.event(buffer.rows.locate(anchor)) == before.event(row)

    check()


def test_hosts_are_in_the_order_of_their_numbers() -> None:
    buffer = LogBuffer()
    buffer.extend([event("ten", host=10), event("two", host=2), event("one", host=1)])
    assert texts(buffer) == ["one", "two", "ten"]
    assert buffer.hosts == ["algo-1", "algo-2", "algo-10"]


def test_a_late_event_is_put_where_it_belongs_and_marked() -> None:
    buffer = LogBuffer()
    buffer.extend([event("a", 10), event("c", 30)])
    buffer.extend([event("b\nb2", 20)], late={0})
    assert texts(buffer) == ["a", "b\nb2", "c"]
    assert [bool(flags & LATE) for flags in buffer.rows.blocks[0].flags] == [False, True, True, False]


def test_the_first_row_since_a_time() -> None:
    buffer = LogBuffer()
    buffer.extend([event("a", 10), event("b", 20), event("c", 20, host=2)])
    assert [buffer.rows.first_since(time) for time in (0, 10, 11, 20, 21)] == [0, 0, 1, 1, 3]


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("Epoch 1/40 loss=1.24", INFO),
        ("validation_error=0.12 mean_squared_error: 0.02", INFO),
        ("error: 0.25", INFO),
        ("Error=0.25", INFO),
        ("0 errors", INFO),
        ("[W] dataloader slow", WARNING),
        ("WARNING:root:slow", WARNING),
        ("x.py:3: UserWarning: slow", WARNING),
        ("2026-11-22 10:00:00 ERROR no such file", ERROR),
        ("ValueError: shapes", ERROR),
        ("botocore.exceptions.ClientError: denied", ERROR),
        ("error: no such file", ERROR),
        ("\x1b[31mERROR\x1b[0m", ERROR),
        ("Traceback (most recent call last):", ERROR),
        ("RuntimeError: CUDA out of memory.", ERROR),
        ("WARNING then ERROR", ERROR),
    ],
)
def test_the_level_of_a_line(text: str, level: int) -> None:
    buffer = LogBuffer()
    buffer.extend([event("x"), event(text), event("y")])
    assert buffer.rows.blocks[0].flags[1] & LEVEL == level


TRACEBACK = ["Traceback (most recent call last):", '  File "t.py", line 3, in f', "    g()", "ValueError: no"]


@pytest.mark.usefixtures("block_size")
@pytest.mark.parametrize("batch", [1, 2, 100])
def test_a_traceback_is_folded_to_its_last_line_however_it_arrives(batch: int) -> None:
    buffer = LogBuffer()
    events = [event(text, at) for at, text in enumerate(["before", *TRACEBACK, "after"])]
    for start in range(0, len(events), batch):
        buffer.extend(events[start : start + batch])
    assert shown(LogLines(buffer.rows)) == ["before", "ValueError: no", "after"]


def test_a_traceback_in_one_event_or_with_a_rank_before_it_is_folded_too() -> None:
    buffer = LogBuffer()
    buffer.extend([event("\n".join(TRACEBACK), 1)])
    buffer.extend([event(f"[rank0]: {text}", 2) for text in TRACEBACK])
    assert shown(LogLines(buffer.rows)) == ["ValueError: no", "[rank0]: ValueError: no"]


def test_tracebacks_of_two_hosts_at_once_are_kept_apart() -> None:
    buffer = LogBuffer()
    buffer.extend([event(text, at, host) for at, text in enumerate(TRACEBACK) for host in (1, 2)])
    assert shown(LogLines(buffer.rows)) == ["ValueError: no"] * 2


@pytest.mark.parametrize("cut", [1, 2, 3])
def test_a_traceback_without_its_last_line_is_hidden_from_nobody(cut: int) -> None:
    buffer = LogBuffer()
    buffer.extend([event(text, at) for at, text in enumerate(TRACEBACK[:cut])])
    assert shown(LogLines(buffer.rows)) == TRACEBACK[:cut]


@pytest.mark.usefixtures("block_size")
def test_a_traceback_opens_and_folds() -> None:
    buffer = LogBuffer()
    buffer.extend([event(text, at) for at, text in enumerate([*TRACEBACK, "after", *TRACEBACK])])
    folded = LogLines(buffer.rows)
    assert buffer.toggle(3)
    opened = LogLines(buffer.rows, before=folded)
    assert shown(opened) == [*TRACEBACK, "after", "ValueError: no"]
    assert buffer.toggle(1)
    assert shown(LogLines(buffer.rows, before=opened)) == ["ValueError: no", "after", "ValueError: no"]
    assert not buffer.toggle(4)


def test_what_is_shown_by_host_level_and_pattern_both_ways() -> None:
    buffer = LogBuffer()
    buffer.extend([event("a loss", 1), event("WARN b", 2, 2), event("ERROR c loss", 3, 3)])

    def by(**rule: object) -> list[str]:
        given = Rule(**rule)  # type: ignore[arg-type]
        matches = Matches(given.pattern) if given.pattern else None
        if matches:
            assert matches.find(buffer.rows.blocks, lambda: False)
        return [text.split()[-1] for text in shown(LogLines(buffer.rows, given, matches))]

    assert by() == ["loss", "b", "loss"]
    assert by(only_hosts=frozenset({"algo-2"})) == ["b"]
    assert by(without_hosts=frozenset({"algo-2"})) == ["loss", "loss"]
    assert by(from_level=WARNING) == ["b", "loss"]
    assert by(to_level=WARNING) == ["loss", "b"]
    assert by(pattern=Pattern.compile("loss")) == ["loss", "loss"]
    assert by(pattern=Pattern.compile("loss"), without_pattern=True) == ["b"]
    assert by(pattern=Pattern.compile("loss"), from_level=ERROR) == ["loss"]


@pytest.mark.usefixtures("block_size")
def test_lines_and_rows_lead_to_each_other() -> None:
    buffer = LogBuffer()
    buffer.extend([event(f"line {at} {'ERROR' if at % 3 == 0 else ''}", at) for at in range(50)])
    lines = LogLines(buffer.rows, Rule(from_level=ERROR))
    assert [lines.row(line) for line in range(len(lines))] == list(range(0, 50, 3))
    assert [lines.line(row) for row in (0, 1, 3, 48, 49)] == [0, 1, 1, 16, 17]


@pytest.mark.usefixtures("block_size")
def test_from_hit_to_hit() -> None:
    buffer = LogBuffer()
    buffer.extend([event(f"line {at} {'loss' if at % 10 == 5 else 'ERROR'}", at) for at in range(50)])
    lines, matches = LogLines(buffer.rows), Matches(Pattern.compile("loss"))
    assert matches.missing(buffer.rows)
    matches.find(buffer.rows.blocks, lambda: False)
    assert not matches.missing(buffer.rows)
    assert lines.next_match(matches, 0, 1) == 5
    assert lines.next_match(matches, 5, 1) == 15
    assert lines.next_match(matches, 45, 1) is None
    assert lines.next_match(matches, 15, -1) == 5
    assert lines.number_of_match(matches, 15) == 2
    assert lines.next_flagged(4, 1, ERROR) == 6


def test_many_lines_stay_small() -> None:
    lines = [f"Epoch {n % 40}/40 step {n} loss={n % 9973 / 9973:.4f}".ljust(120, "x")[:120] for n in range(5_000)]
    tracemalloc.start()
    try:
        buffer = LogBuffer()
        for page in range(8):
            buffer.extend([event(text, page * 5_000 + at) for at, text in enumerate(lines)])
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(buffer) == 40_000
    assert held / 40_000 < 150  # bytes a line of 120


def test_older_pages_in_front_make_no_block_anew_but_the_first() -> None:
    buffer = LogBuffer()
    made = []
    for page in reversed(range(60)):
        before = buffer.rows.blocks
        buffer.extend([event("x" * 1_000, page * 500 + at, 1 + at % 2) for at in range(500)])
        made.append(sum(all(block is not old for old in before) for block in buffer.rows.blocks))
    assert len(buffer) == 30_000
    assert len(buffer.rows.blocks) > 30
    assert max(made) <= 3

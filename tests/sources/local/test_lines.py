"""A host's output as events: nothing lost, nothing twice, whatever it wrote and however it is read."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tui.model.logs import LogEvent, LogPage
from tui.sources.local import lines
from tui.sources.local.lines import HostLog, Publisher
from tui.sources.local.reading import read_recent, read_stream

EVER = 1 << 62
PIECES = st.lists(st.tuples(st.binary(max_size=40).map(lambda one: one.replace(b"\0", b"\n")), st.integers(0, 2000)))


def written(folder: Path, pieces: list[tuple[bytes, int]], host: str = "algo-1") -> HostLog:
    """A log written piece by piece, published after each at a time so much later."""
    path, at = folder / f"{host}.log", 1000
    publisher = Publisher(path, path.with_suffix(".idx"))
    with path.open("ab", buffering=0) as file:
        for piece, later in pieces:
            file.write(piece)
            at += later
            publisher.publish(at)
    publisher.publish(at, final=True)
    publisher.close()
    log = HostLog(path, path.with_suffix(".idx"), host, f"job/{host}")
    log.refresh()
    return log


def whole(logs: list[HostLog], start_ms: int = 0, end_ms: int = EVER, *, from_head: bool = True) -> list[LogPage]:
    pages, token = [], None
    while True:
        page = read_recent(logs, start_ms, end_ms, token, from_head=from_head)
        pages.append(page)
        token = page.token
        if token is None:
            return pages


def messages(events: list[LogEvent]) -> bytes:
    return "\n".join(event.message for event in events).encode("utf-8", "surrogateescape")


@given(PIECES, st.integers(1, 50))
def test_events_put_together_are_what_was_written_and_none_is_too_long(
    pieces: list[tuple[bytes, int]], longest: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        large, lines.LONGEST = lines.LONGEST, longest
        try:
            log = written(Path(folder), pieces)
        finally:
            lines.LONGEST = large
        content = b"".join(piece for piece, _ in pieces)
        found = [event for page in whole([log]) for event in page.events]
        assert b"".join(messages([event]) for event in found) == content.replace(b"\n", b"")
        assert [event.timestamp for event in found] == sorted(event.timestamp for event in found)
        assert len({event.event_id for event in found}) == len(found)
        assert all(len(messages([event])) <= longest for event in found)


@given(PIECES, st.integers(1, 30), st.integers(1, 5), st.booleans())
def test_small_pages_from_either_end_give_the_same_events(
    pieces: list[tuple[bytes, int]], page_bytes: int, page_events: int, from_head: bool
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        log = written(Path(folder), pieces)
        everything = [event for page in whole([log]) for event in page.events]
        large = lines._PAGE_BYTES, lines.PAGE_EVENTS
        lines._PAGE_BYTES, lines.PAGE_EVENTS = page_bytes, page_events
        try:
            pages, token = [], None
            while True:
                page = read_stream(log, 0, EVER, token, from_head=from_head)
                pages.append(page)
                token = page.token
                if token is None:
                    break
        finally:
            lines._PAGE_BYTES, lines.PAGE_EVENTS = large
        in_order = pages if from_head else reversed(pages)
        assert [event for page in in_order for event in page.events] == everything
        assert all(len(page.events) <= page_events for page in pages)


@given(PIECES, PIECES, st.integers(1, 30), st.booleans())
def test_several_hosts_come_in_order_over_all_pages(
    one: list[tuple[bytes, int]], other: list[tuple[bytes, int]], page_bytes: int, from_head: bool
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        logs = [written(Path(folder), one, "algo-1"), written(Path(folder), other, "algo-2")]
        everything = [event for log in logs for page in whole([log]) for event in page.events]
        large, lines._PAGE_BYTES = lines._PAGE_BYTES, page_bytes
        try:
            pages = whole(logs, from_head=from_head)
        finally:
            lines._PAGE_BYTES = large
        in_order = pages if from_head else list(reversed(pages))
        times = [event.timestamp for page in in_order for event in page.events]
        assert times == sorted(times)
        found = [event for page in pages for event in page.events]
        assert sorted(event.event_id for event in found) == sorted(event.event_id for event in everything)


@given(PIECES, st.integers(0, 6000), st.integers(0, 6000))
def test_a_range_of_time_has_its_events_and_no_others(pieces: list[tuple[bytes, int]], start: int, end: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        log = written(Path(folder), pieces)
        everything = [event for page in whole([log]) for event in page.events]
        found = [event for page in whole([log], start, end) for event in page.events]
        assert found == [event for event in everything if start <= event.timestamp < end]


def test_an_event_does_not_change_once_it_was_read(tmp_path: Path) -> None:
    path = tmp_path / "algo-1.log"
    publisher = Publisher(path, path.with_suffix(".idx"))
    log = HostLog(path, path.with_suffix(".idx"), "algo-1", "job/algo-1")

    def wrote(text: str, at: int) -> list[str]:
        with path.open("a") as file:
            file.write(text)
        publisher.publish(at)
        log.refresh()
        return [event.message for event in read_recent([log], 0, EVER, None, from_head=True).events]

    assert wrote("whole\nhalf", 1000) == ["whole"]
    assert wrote("", 1999) == ["whole"]
    assert wrote("", 2000) == ["whole", "half"]
    assert wrote(" and more\n", 3000) == ["whole", "half", " and more"]


def test_a_line_without_an_end_is_cut_where_an_event_of_cloudwatch_would_be(tmp_path: Path) -> None:
    whole_line, line = b"x" * lines.LONGEST, "ä".encode() * (5 * lines.LONGEST)  # two bytes each
    log = written(tmp_path, [(whole_line + b"\n" + b"y" + line[:700_000], 0), (line[700_000:] + b"\nend\n", 0)])
    for from_head in (True, False):
        pages = whole([log], from_head=from_head)
        found = [event.message for page in (pages if from_head else reversed(pages)) for event in page.events]
        assert found[0] == whole_line.decode()
        assert "".join(found[1:-1]) == "y" + line.decode()
        assert max(len(message.encode()) for message in found) == lines.LONGEST
        assert found[-1] == "end"
        assert max(sum(len(event.message) for event in page.events) for page in pages) <= lines._PAGE_BYTES


def test_who_goes_on_publishing_repairs_a_record_that_a_full_disk_has_cut(tmp_path: Path) -> None:
    path, index = tmp_path / "algo-1.log", tmp_path / "algo-1.idx"
    written(tmp_path, [(b"one\n", 0)])
    with index.open("ab") as file:
        file.write(b"\1\2\3")
    log = written(tmp_path, [(b"two\n", 1000)])
    assert [event.message for page in whole([log]) for event in page.events] == ["one", "two"]
    assert path.read_bytes() == b"one\ntwo\n"

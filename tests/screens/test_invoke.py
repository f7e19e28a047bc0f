"""`i` on an endpoint: asking its model, and what came of it."""

from __future__ import annotations

import stat
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path

import pytest
from textual.widgets import TextArea

from tests.canned import Canned, Raw
from tests.cli.test_invoke import model_error
from tests.events import payload_part
from tests.screens.monitor import Monitor, opened
from tests.screens.world import RANKER, WorldSource
from tui.config import Folders, Settings
from tui.model.invocation import Invocation
from tui.screens.invoke import InvokeScreen
from tui.sources.aws.source import AwsSource
from tui.watch import asked


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(folders=Folders.under(tmp_path / "sagetop"))


def answers(canned: Canned, *answer: Raw) -> None:
    canned.answers("InvokeEndpoint", *answer)


async def ask(monitor: Monitor, text: str) -> Monitor:
    monitor.app.screen.query_one(TextArea).load_text(text)
    return await monitor.press("ctrl+s")


async def at_ranker(monitor: Monitor) -> Monitor:
    """The pane, opened as a person opens it once the endpoint has told of its variants."""
    await monitor.visit(f"endpoint {RANKER}")
    await monitor.until("InService", "v13")
    await monitor.press("i")
    return await monitor.until("request", "v12 or v13", "Nothing was asked yet")


async def test_the_answer_is_indented_and_says_who_gave_it_and_how_long_it_took(
    world: WorldSource, settings: Settings
) -> None:
    async with opened(world, settings=settings) as monitor:
        await at_ranker(monitor)
        await ask(monitor, '{"inputs": [1]}')
        await monitor.until(" ms · v12 · application/json · ", '"predictions": [')


async def test_it_is_asked_from_the_list_too_and_in_read_only(world: WorldSource, settings: Settings) -> None:
    async with opened(world, settings=replace(settings, read_only=True)) as monitor:
        await monitor.visit("endpoints")
        await monitor.until(RANKER, "v12")
        await monitor.press("i")
        await monitor.until("request")
        await ask(monitor, "1,2")
        await monitor.until("predictions")


def pane(
    source: AwsSource, settings: Settings
) -> tuple[AbstractAsyncContextManager[Monitor], Callable[[Monitor], Awaitable[Monitor]]]:
    """The app with the pane pushed onto it, on a server of canned answers."""

    async def push(monitor: Monitor) -> Monitor:
        context = monitor.app.context
        await monitor.app.push_screen(InvokeScreen(context, "llm", ("v1",)))
        return await monitor.until("Nothing was asked yet")

    return opened(source, settings=settings), push


async def test_a_models_error_shows_its_status_its_words_and_its_log(
    canned: Canned, canned_aws: AwsSource, settings: Settings
) -> None:
    answers(canned, model_error('{"error": "CUDA out of memory"}'))
    # One a second from now on: however slow the machine is, some are of the seconds in which the model was asked.
    start = int(time.time() * 1000)
    lines = [
        {"timestamp": at, "ingestionTime": at, "logStreamName": "v1/i-1", "eventId": str(at), "message": "died\x1b[2J"}
        for at in range(start, start + 60_000, 1000)
    ]
    canned.answers("FilterLogEvents", {"events": lines})
    app, push = pane(canned_aws, settings)
    async with app as monitor:
        await push(monitor)
        await ask(monitor, "{}")
        await monitor.until("! the model answered 503", '"error": "CUDA out of memory"')
        await monitor.until("the endpoint's log of those seconds", "i-1  died")


async def test_what_was_not_sent_says_why(
    canned: Canned, canned_aws: AwsSource, settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "big").write_bytes(b"x" * ((6 << 20) + 1))
    app, push = pane(canned_aws, settings)
    async with app as monitor:
        await push(monitor)
        await monitor.press("f2")
        await monitor.paste(str(tmp_path / "big"))
        await monitor.press("enter", "ctrl+s")
        await monitor.until("! not answered", "6 MiB at most")
    assert canned.count("InvokeEndpoint") == 0


async def test_a_stream_is_shown_as_it_came(canned: Canned, canned_aws: AwsSource, settings: Settings) -> None:
    body = b"".join(map(payload_part, (b"data: one\n\n", b"data: two\n\n")))
    canned.answers("InvokeEndpointWithResponseStream", Raw(body))
    app, push = pane(canned_aws, settings)
    async with app as monitor:
        await push(monitor)
        await ask(monitor, '{"stream": true}')
        await monitor.until("data: one", "data: two", " ms · ")


async def test_what_the_answer_says_is_only_text(canned: Canned, canned_aws: AwsSource, settings: Settings) -> None:
    answers(canned, Raw(b"[red]hi[/red] \x1b[2J\x1b]0;x\x07", headers={"Content-Type": "text/plain"}))
    app, push = pane(canned_aws, settings)
    async with app as monitor:
        await push(monitor)
        await ask(monitor, "hello")
        await monitor.until("[red]hi[/red]")
        assert not any("\x1b]0;x" in sent or "\x1b[2J" in sent for sent in monitor.sent)


async def test_a_file_is_sent_byte_for_byte(
    canned: Canned, canned_aws: AwsSource, settings: Settings, tmp_path: Path
) -> None:
    answers(canned, Raw(b"1"))
    (tmp_path / "image.png").write_bytes(b"\x89PNG\x00\xff")
    app, push = pane(canned_aws, settings)
    async with app as monitor:
        await push(monitor)
        await monitor.press("f2")
        await monitor.paste(str(tmp_path / "image.png"))
        await monitor.press("enter")
        await monitor.until("6 bytes of ", "image/png")
        await monitor.press("ctrl+s")
        await monitor.until("1 bytes")
    (sent,) = (one for one in canned.asked if one.operation == "InvokeEndpoint")
    assert sent.parameters["body"] == b"\x89PNG\x00\xff"
    assert sent.headers["Content-Type"] == "image/png"


async def test_a_response_is_saved_byte_for_byte_into_a_new_file(
    canned: Canned, canned_aws: AwsSource, settings: Settings, tmp_path: Path
) -> None:
    answers(canned, Raw(b"\xff\x00" * 300_000))
    app, push = pane(canned_aws, settings)
    async with app as monitor:
        await push(monitor)
        await ask(monitor, "x")
        await monitor.until("600,000 bytes", "ff 00 ff 00")
        for said in ("Saved 600,000 bytes", "Not saved"):
            await monitor.press("f8", "ctrl+u")
            await monitor.paste(str(tmp_path / "answer.bin"))
            await monitor.press("enter")
            await monitor.until(said)
    assert (tmp_path / "answer.bin").read_bytes() == b"\xff\x00" * 300_000


async def test_a_file_that_cannot_be_read_says_so(canned_aws: AwsSource, settings: Settings) -> None:
    app, push = pane(canned_aws, settings)
    async with app as monitor:
        await push(monitor)
        await monitor.press("f2")
        await monitor.paste("/nothing/there")
        await monitor.press("enter")
        await monitor.until("cannot be read: No such file")


async def test_what_was_asked_before_is_asked_again(canned: Canned, canned_aws: AwsSource, settings: Settings) -> None:
    answers(canned, Raw(b"1"))
    asked.remember(settings.folders.state, "llm", Invocation(b"oldest", "text/plain"))
    asked.remember(settings.folders.state, "llm", Invocation(b"[2]", "application/json", "text/csv", "v1"))
    asked.remember(settings.folders.state, "other", Invocation(b"never shown", "text/plain"))
    app, push = pane(canned_aws, settings)
    async with app as monitor:
        await push(monitor)
        await monitor.press("f3")
        await monitor.until("[2]", "1 of 2 from before", "text/csv")
        await monitor.press("f3")
        await monitor.until("oldest", "2 of 2 from before")
        await monitor.press("f3", "ctrl+s")
        await monitor.until("1 bytes")
        assert asked.history(settings.folders.state, "llm")[0] == Invocation(b"oldest", "text/plain")
        assert "never shown" not in monitor.text


class TestHistory:
    def test_each_request_once_newest_first_for_its_owner_alone(self, tmp_path: Path) -> None:
        for body in (b"a", b"b", b"a"):
            asked.remember(tmp_path / "s", "e", Invocation(body))
        assert [one.body for one in asked.history(tmp_path / "s", "e")] == [b"a", b"b"]
        assert stat.S_IMODE((tmp_path / "s" / "asked.jsonl").stat().st_mode) == 0o600

    def test_no_bytes_and_nothing_long_is_kept_and_not_more_than_200(self, tmp_path: Path) -> None:
        for body in (b"\xff", b"x" * 64_001):
            asked.remember(tmp_path, "e", Invocation(body))
        assert asked.history(tmp_path, "e") == ()
        for number in range(205):
            asked.remember(tmp_path, "e", Invocation(str(number).encode()))
        assert len(asked.history(tmp_path, "e")) == 200

    def test_a_damaged_file_loses_what_is_damaged_alone(self, tmp_path: Path) -> None:
        asked.remember(tmp_path, "e", Invocation(b"a"))
        with (tmp_path / "asked.jsonl").open("a") as file:
            file.write('{"half\n[]\n{"endpoint": "e"}\n')
        assert [one.body for one in asked.history(tmp_path, "e")] == [b"a"]

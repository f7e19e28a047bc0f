"""`i` on an endpoint — ask its model: a request that is typed, from a file or from before, and what came of it."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from pathlib import Path

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Input, Label, Static, TextArea

from tui.follow.moment import lines_of
from tui.model.clean import clean
from tui.model.invocation import LARGEST_BODY, Invocation, Response, content_type_of, pretty
from tui.model.logs import LogAddress
from tui.model.paths import path_of
from tui.screens.context import Context
from tui.sources.base import ModelFailed, SourceError
from tui.watch import asked
from tui.widgets.key_line import KeyLine
from tui.widgets.log_prompt import LogPrompt
from tui.widgets.pane import Pane
from tui.widgets.top_line import TopLine

_SHOWN_LINES, _SHOWN_CHARACTERS = 2_000, 50_000
"""How much of a body is drawn: a line of megabytes would have to be wrapped."""
_PREVIEWED = 4_000
"""Bytes of a file that are shown where one types: lines are wrapped there one character after the other."""
_INDENTED = 1 << 20
"""Bytes of JSON that are indented: more would keep the screen waiting."""
_STREAMED, _COUNT_EVERY_S = 4 * _SHOWN_CHARACTERS, 0.2
"""Bytes of a stream that are drawn as they come, and how often those behind them are counted, in s."""
_AT_FIRST = "ctrl+s sends the request. Nothing was asked yet."


class InvokeScreen(Screen[None]):
    """One request at a time; it is sent once, whatever becomes of it.

    Args:
        context: The source, and the folder in which requests are kept.
        endpoint: The endpoint's name.
        variants: The names of its production variants.
    """

    DEFAULT_CSS = """
    InvokeScreen .fields { height: 1; }
    InvokeScreen .fields Label { width: auto; color: $text-accent; text-style: bold; padding: 0 1; }
    InvokeScreen .fields Input { width: 1fr; background: $panel; }
    InvokeScreen #request { height: 2fr; min-height: 4; }
    InvokeScreen #response { height: 3fr; }
    InvokeScreen TextArea { border: none; padding: 0 1; background: $background; height: 1fr; }
    InvokeScreen VerticalScroll { height: 1fr; padding: 0 1; scrollbar-size-vertical: 1; }
    InvokeScreen VerticalScroll Static { height: auto; }
    """
    BINDINGS = [
        Binding("ctrl+s,f5", "send", "send", id="invoke.send", priority=True),
        Binding("f2", "file", "from a file…", id="invoke.file"),
        Binding("f3", "older(1)", "older", id="invoke.older"),
        Binding("f4", "older(-1)", "newer", id="invoke.newer"),
        Binding("f8", "save", "save", id="invoke.save"),
        Binding("tab", "app.focus_next", "next field", id="invoke.next"),
        Binding("shift+tab", "app.focus_previous", "previous field", id="invoke.previous", show=False),
        Binding("escape", "app.back", "close", id="invoke.close"),
    ]
    AUTO_FOCUS = "TextArea"

    class Part(Message):
        """A piece of an answer that comes in pieces, and how many bytes there were until then."""

        def __init__(self, piece: bytes, length: int) -> None:
            super().__init__()
            self.piece = piece
            self.length = length

    class Answered(Message):
        """How a request ended."""

        def __init__(self, outcome: Response | SourceError) -> None:
            super().__init__()
            self.outcome = outcome

    class Logged(Message):
        """What the endpoint's log says of those seconds."""

        def __init__(self, lines: tuple[str, ...]) -> None:
            super().__init__()
            self.lines = lines

    class Kept(Message):
        """What was asked before is known."""

        def __init__(self, invocations: tuple[Invocation, ...]) -> None:
            super().__init__()
            self.invocations = invocations

    def __init__(self, context: Context, endpoint: str, variants: tuple[str, ...] = ()) -> None:
        super().__init__()
        self.context = context
        self._endpoint = endpoint
        self._variants = variants
        self._kept: tuple[Invocation, ...] = ()
        self._place = -1
        self._file: tuple[Path, bytes] | None = None
        self._asking = False
        self._streamed = b""
        self._body = b""
        self._said = ""
        self._shown = Content("")
        self._gone = threading.Event()

    def compose(self) -> ComposeResult:
        """What it is, the request, and the response."""
        yield TopLine()
        with Horizontal(classes="fields"):
            yield Label("type")
            yield Input(id="type", compact=True, placeholder="as it looks")
            yield Label("accept")
            yield Input(id="accept", compact=True, placeholder="anything")
            yield Label("variant")
            yield Input(id="variant", compact=True, placeholder=" or ".join(map(clean, self._variants)) or "any")
        yield Pane("request", TextArea(compact=True), id="request")
        yield Pane("response", VerticalScroll(Static(_AT_FIRST, markup=False, id="answer")), id="response")
        yield LogPrompt()
        yield KeyLine()

    def on_mount(self) -> None:
        """Learn what was asked before."""
        where = "demo" if self.context.demo else ""
        self.query_one(TopLine).show(
            f"endpoints ▸ {clean(self._endpoint)} ▸ ask", (where,) if where else (), Content("")
        )
        self._learn()

    def on_unmount(self) -> None:
        """Nobody waits for the answer any more."""
        self._gone.set()

    # -- the request --------------------------------------------------------------------------------------------------

    @property
    def invocation(self) -> Invocation:
        """What would be sent."""
        path, body = self._file or (None, self.query_one(TextArea).text.encode("utf-8"))
        given = {name: self.query_one(f"#{name}", Input).value.strip() for name in ("type", "accept", "variant")}
        return Invocation(body, given["type"] or content_type_of(body, path), given["accept"], given["variant"])

    def show_request(self, invocation: Invocation) -> None:
        """Put a request into the fields."""
        self._file = None
        area = self.query_one(TextArea)
        area.read_only = False
        area.load_text(invocation.body.decode("utf-8", "replace"))
        fields = {"type": invocation.content_type, "accept": invocation.accept, "variant": invocation.variant}
        for name, value in fields.items():
            self.query_one(f"#{name}", Input).value = clean(value)
        self._title_request()

    def action_older(self, step: int) -> None:
        """What was asked before; behind the newest, an empty request."""
        if not self._kept:
            self.app.notify("Nothing was asked of this endpoint before.", markup=False)
            return
        self._place = min(max(self._place + step, -1), len(self._kept) - 1)
        self.show_request(Invocation(b"", "") if self._place < 0 else self._kept[self._place])

    def action_file(self) -> None:
        """Ask for a file's name."""
        self.query_one(LogPrompt).ask("file", str(self._file[0]) if self._file else "")

    @on(LogPrompt.Answered)
    def _named(self, message: LogPrompt.Answered) -> None:
        message.stop()
        self.query_one(TextArea).focus()
        if not message.answer:
            return
        if message.what == "save":
            self._save(message.answer.strip())
            return
        path = path_of(message.answer.strip())
        try:
            with path.open("rb") as file:
                body = file.read(LARGEST_BODY + 1)
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            self.app.notify(f"{clean(str(path))} cannot be read: {reason}", severity="error", markup=False)
            return
        self.show_request(Invocation(b"", content_type_of(body, path)))
        # What is sent is the file, byte for byte; all of it would take a minute to lay out.
        self._file = (path, body)
        area = self.query_one(TextArea)
        area.load_text(_shown(body[:_PREVIEWED], ""))
        area.read_only = True
        self._title_request()

    def _title_request(self) -> None:
        words = f"{len(self._file[1]):,} bytes of {clean(str(self._file[0]))}" if self._file else ""
        if not words and self._place >= 0:
            words = f"{self._place + 1} of {len(self._kept)} from before"
        self.query_one("#request", Pane).title.show(words)

    @work(thread=True, group="invoke-history")
    def _learn(self) -> None:
        self.post_message(self.Kept(asked.history(self.context.settings.folders.state, self._endpoint)))

    @on(Kept)
    def _learnt(self, message: Kept) -> None:
        message.stop()
        self._kept = message.invocations

    # -- asking -------------------------------------------------------------------------------------------------------

    def action_send(self) -> None:
        """Ask the model, unless it is being asked."""
        if self._asking:
            self.app.notify("The model is still at the last request.", severity="warning", markup=False)
            return
        invocation = self.invocation
        if not invocation.body:
            self.app.notify("There is nothing to ask yet: write a request, or take one with f2 or f3.", markup=False)
            return
        self._asking, self._streamed, self._body = True, b"", b""
        self.query_one("#response", Pane).title.show("asking …")
        self.query_one("#answer", Static).update("")
        threading.Thread(target=self._ask, args=(invocation,), name=f"ask {self._endpoint}", daemon=True).start()

    def _ask(self, invocation: Invocation) -> None:
        """In a thread: ask, and where the model failed, look into its log."""
        source, tell = self.context.source, self._tell
        started = source.now_ms()
        length, told = 0, 0.0

        def came(piece: bytes) -> None:
            nonlocal length, told
            length += len(piece)
            now = time.monotonic()
            if length <= _STREAMED:
                tell(self.Part(piece, length))
            elif now - told >= _COUNT_EVERY_S:  # what is not drawn is counted, and no faster than one reads
                told = now
                tell(self.Part(b"", length))

        try:
            outcome: Response | SourceError = source.invoke(self._endpoint, invocation, came)
        except SourceError as error:
            outcome = error
        with suppress(OSError):
            asked.remember(self.context.settings.folders.state, self._endpoint, invocation)
        tell(self.Kept(asked.history(self.context.settings.folders.state, self._endpoint)))
        tell(self.Answered(outcome))
        if isinstance(outcome, ModelFailed):
            with suppress(SourceError):
                address = LogAddress("endpoint", self._endpoint)
                events = lines_of(source, address, started - 1000, sleep=self._gone.wait)
                lines = (f"{event.host}  {line}" for event in events for line in event.message.split("\n"))
                tell(self.Logged(tuple(map(clean, lines))))

    def _tell(self, message: Message) -> None:
        if not self._gone.is_set():
            self.post_message(message)

    @on(Part)
    def _came(self, message: Part) -> None:
        message.stop()
        if self._asking:
            self._streamed += message.piece
            self.query_one("#response", Pane).title.show("asking …", f"{message.length:,} bytes so far")
            if message.piece:
                self._show_body(self._streamed, "text/plain")

    @on(Answered)
    def _answered(self, message: Answered) -> None:
        message.stop()
        self._asking = False
        self._place = -1
        title, outcome = self.query_one("#response", Pane).title, message.outcome
        if isinstance(outcome, Response):
            words = [
                f"{outcome.took_ms:,.0f} ms",
                outcome.variant,
                outcome.content_type,
                f"{len(outcome.body) + outcome.left_out:,} bytes",
            ]
            if outcome.left_out:
                words.append(f"the first {len(outcome.body) >> 20} MiB are kept")
            if outcome.first_ms < outcome.took_ms * 0.99:
                words.insert(1, f"first byte after {outcome.first_ms:,.0f} ms")
            title.show(" · ".join(clean(word) for word in words if word))
            self._body = outcome.body
            self._show_body(outcome.body, outcome.content_type)
        elif isinstance(outcome, ModelFailed):
            self._said = f"! the model answered {outcome.status}"
            title.show(self._said, "its log follows …")
            self._body = outcome.body.encode("utf-8", "surrogatepass")
            self._show_body(self._body, "", "$text-error")
        else:
            title.show("! not answered")
            self._show_body(f"{outcome.what}\n{outcome.hint}".encode(), "text/plain", "$text-error")

    @on(Logged)
    def _logged(self, message: Logged) -> None:
        message.stop()
        if self._asking:
            return
        self.query_one("#response", Pane).title.show(self._said, "" if message.lines else "its log says nothing of it")
        if message.lines:
            head = Content.styled("\n\nthe endpoint's log of those seconds\n", "$text-accent bold")
            self._show(Content.assemble(self._shown, head, Content("\n".join(message.lines))))

    def _show_body(self, body: bytes, content_type: str, style: str = "") -> None:
        shown = _shown(body, content_type)
        self._show(Content.styled(shown, style) if style else Content(shown))

    def _show(self, shown: Content) -> None:
        self._shown = shown
        self.query_one("#answer", Static).update(shown)

    # -- saving -------------------------------------------------------------------------------------------------------

    def action_save(self) -> None:
        """Ask for a file for the response, byte for byte."""
        if self._body:
            self.query_one(LogPrompt).ask("save", "response")
        else:
            self.app.notify("There is no response to save yet.", markup=False)

    def _save(self, name: str) -> None:
        path = path_of(name)
        try:
            with path.open("xb") as file:
                file.write(self._body)
        except (OSError, ValueError) as error:
            self.app.notify(f"Not saved: {clean(str(error))}", severity="error", markup=False)
            return
        self.app.notify(f"Saved {len(self._body):,} bytes to {clean(str(path))}", markup=False)


def _shown(body: bytes, content_type: str) -> str:
    """As much of a body as is drawn, cleaned line by line, and how much more there is."""
    whole = pretty(body, content_type if len(body) <= _INDENTED else "text/plain")
    lines = whole[:_SHOWN_CHARACTERS].split("\n")
    more = (
        "\n… more than is shown: it can be saved" if len(lines) > _SHOWN_LINES or len(whole) > _SHOWN_CHARACTERS else ""
    )
    return "\n".join(clean(line) for line in lines[:_SHOWN_LINES]) + more

"""`m` in a job — the workshop of metric definitions: write a name and a regex, and see what the job's log gives."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Input, Label, OptionList, Static

from tui.model.clean import clean
from tui.model.jobs import MetricDefinition, TrainingJob
from tui.model.log_buffer import LogRows
from tui.model.patterns import BadPattern
from tui.model.recognise import Recogniser
from tui.model.workshop import Outcome, Trial, as_json, as_sdk, fault_of
from tui.screens.context import Context
from tui.screens.workshop_parts import Entry, Lines, fault_words, verdict
from tui.watch import kept
from tui.widgets.chart import Chart
from tui.widgets.clipboard import copy
from tui.widgets.key_line import KeyLine
from tui.widgets.log_prompt import LogPrompt
from tui.widgets.pane import Pane
from tui.widgets.top_line import TopLine

_TELL_S = 0.2
"""Seconds between two words on how far a trial is."""
_AGAIN_S = 2.0
"""Seconds after which a log that has grown is tried again."""
_BREATH_S = 1e-6
_LOOKED_AT = 20_000
"""Lines that are looked through for common formats, half of them the first and half the newest."""


class WorkshopScreen(Screen[None]):
    """One definition at a time, tried on the log as it is typed.

    Args:
        context: The settings and their folders, the zone of clock times.
        job: Whose log it is.
        rows: The log as it is now.
        on_kept: Called, in a thread, when what is kept for the job has changed.
    """

    DEFAULT_CSS = """
    WorkshopScreen .field { height: 1; }
    WorkshopScreen .field Label { width: 7; color: $text-accent; text-style: bold; padding: 0 0 0 1; }
    WorkshopScreen .field Input { width: 1fr; background: $panel; }
    WorkshopScreen #verdict { height: 1; padding: 0 1; text-wrap: nowrap; text-overflow: ellipsis; }
    WorkshopScreen #body { height: 1fr; }
    WorkshopScreen #definitions { width: 26; margin-right: 1; }
    WorkshopScreen.-wide #definitions { width: 36; }
    WorkshopScreen OptionList { height: 1fr; border: none; padding: 0; background: $background; }
    WorkshopScreen #curve { height: 7; }
    WorkshopScreen.-wide #curve { height: 11; }
    WorkshopScreen #near { height: 2fr; }
    WorkshopScreen #hits { height: 3fr; }
    """
    BINDINGS = [
        Binding("escape", "app.back", "close", id="workshop.close"),
        Binding("tab", "app.focus_next", "next", id="workshop.next"),
        Binding("shift+tab", "app.focus_previous", "previous", id="workshop.previous", show=False),
        Binding("s", "keep", "keep…", id="workshop.keep"),
        Binding("d", "forget", "forget", id="workshop.forget"),
        Binding("y", "copy('json')", "copy JSON", id="workshop.copy"),
        Binding("Y", "copy('sdk')", "copy for the SDK", id="workshop.copy-sdk"),
    ]
    AUTO_FOCUS = "#regex"

    class Tried(Message):
        """How far a trial is."""

        def __init__(self, number: int, outcome: Outcome, done: bool) -> None:
            super().__init__()
            self.number = number
            self.outcome = outcome
            self.done = done

    class Listed(Message):
        """The definitions to begin with."""

        def __init__(self, entries: Sequence[Entry]) -> None:
            super().__init__()
            self.entries = tuple(entries)

    def __init__(
        self, context: Context, job: TrainingJob, rows: Callable[[], LogRows], on_kept: Callable[[], object]
    ) -> None:
        super().__init__()
        self.context = context
        self.outcome = Outcome()
        self.entries: tuple[Entry, ...] = ()
        self._job = job
        self._rows = rows
        self._on_kept = on_kept
        self._number = 0
        self._trying = False
        self._tried: LogRows | None = None
        self._writing = threading.Lock()

    def compose(self) -> ComposeResult:
        """Where one types, what came of it, and beside it what one may begin with."""
        yield TopLine()
        with Horizontal(classes="field"):
            yield Label("Name")
            yield Input(id="name", compact=True, placeholder="train:loss")
        with Horizontal(classes="field"):
            yield Label("Regex")
            yield Input(id="regex", compact=True, placeholder="loss=([0-9.]+)   the parentheses capture the value")
        yield Static("", id="verdict", markup=False)
        with Horizontal(id="body"):
            yield Pane("definitions", OptionList(), id="definitions")
            with Vertical():
                yield Chart(ascii_only=self.context.settings.ascii, id="curve")
                yield Pane("lines that match", Lines(), id="hits")
                yield Pane("nearly", Lines(), id="near")
        yield LogPrompt()
        yield KeyLine()

    def on_mount(self) -> None:
        """Nothing is written yet: look for what one may begin with."""
        self.query_one(TopLine).show(f"jobs ▸ {self._job.name} ▸ metric definitions", (), Content(""))
        self._list()
        self._try()
        self.set_interval(_AGAIN_S, self._again)

    def on_resize(self) -> None:
        """A wide list shows whole names."""
        wide = self.size.width >= 110
        if wide != self.has_class("-wide"):
            self.set_class(wide, "-wide")
            self._show_list()
        self.call_after_refresh(self._show)

    @property
    def definition(self) -> MetricDefinition:
        """What is written."""
        return MetricDefinition(self.query_one("#name", Input).value, self.query_one("#regex", Input).value)

    @property
    def definitions(self) -> tuple[MetricDefinition, ...]:
        """What the job would be given: its own, those that are kept, and what is written, one of a name."""
        named = {each.definition.name: each.definition for each in self.entries if each.origin != "recognised"}
        if self.definition.name and self.definition.regex:
            named[self.definition.name] = self.definition
        return tuple(named.values())

    # -- tried in a thread --------------------------------------------------------------------------------------------

    @on(Input.Changed, "#name, #regex")
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        self._try()

    def _again(self) -> None:
        if not self._trying and self._rows() is not self._tried:
            self._try()

    def _try(self) -> None:
        self._number += 1
        self._tried = self._rows()
        definition = self.definition
        fault = fault_of(definition.regex) if definition.regex else None
        if fault is not None or not definition.regex:
            self._trying = False
            self.outcome = Outcome(fault=fault)
            self._show()
        else:
            self._trying = True
            self._look_through(self._number, definition, self._tried)

    @work(thread=True, group="workshop-trial")
    def _look_through(self, number: int, definition: MetricDefinition, rows: LogRows) -> None:
        try:
            trial = Trial(definition)
        except BadPattern:
            return
        told = time.monotonic()
        for block in reversed(rows.blocks):
            if not trial.take(block, lambda: number != self._number):
                break
            time.sleep(_BREATH_S)  # whoever waits for the interpreter has it now
            if time.monotonic() - told > _TELL_S:
                told = time.monotonic()
                self.post_message(self.Tried(number, trial.outcome(), done=False))
        self.post_message(self.Tried(number, trial.outcome(), done=True))

    @on(Tried)
    def _arrived(self, message: Tried) -> None:
        message.stop()
        if message.number == self._number:
            self._trying = not message.done
            self.outcome = message.outcome
            self._show()

    def _show(self) -> None:
        outcome, regex = self.outcome, self.definition.regex
        said = self.query_one("#verdict", Static)
        if outcome.fault is not None:
            said.update(fault_words(outcome.fault, regex))
        elif not regex:
            said.update(
                Content.styled("Write a regex, or tab to the definitions and take one with enter.", "$text-muted")
            )
        else:
            said.update(verdict(outcome, not self._trying))
        name = self.definition.name or "value"
        empty = "no value yet" if regex else "the values, as a chart"
        self.query_one(Chart).show([outcome.series], title=clean(name), zone=self.context.zone, empty=empty)
        hits, near = self.query_one("#hits", Pane), self.query_one("#near", Pane)
        hits.title.show(f"{outcome.matched:,}" if outcome.matched else "", "newest first" if outcome.hits else "")
        hits.query_one(Lines).show(outcome.hits, self._clock)
        near.title.show(*([f"{outcome.near:,} {outcome.near_words}"] if outcome.near_words else []))
        near.query_one(Lines).show(outcome.near_hits, self._clock)

    def _clock(self, time_ms: int) -> str:
        return f"{self.context.local(time_ms / 1000):%H:%M:%S}"

    # -- what one may begin with --------------------------------------------------------------------------------------

    @work(thread=True, group="workshop-list", exclusive=True)
    def _list(self) -> None:
        with self._writing:
            found = _kept_for(self.context, self._job.name)
        entries = [Entry(each, "job") for each in self._job.metric_definitions] + found
        known = {each.definition.name for each in entries}
        recogniser = Recogniser()
        recogniser.take(_some_lines(self._rows()))
        entries += [Entry(each, "recognised") for each in recogniser.definitions if each.name not in known]
        self.post_message(self.Listed(entries))

    @on(Listed)
    def _listed(self, message: Listed) -> None:
        message.stop()
        self.entries = message.entries
        self._show_list()

    def _show_list(self) -> None:
        options = self.query_one(OptionList)
        at = options.highlighted
        options.clear_options()
        width = 34 if self.has_class("-wide") else 24
        options.add_options([entry.shown(width) for entry in self.entries])
        if self.entries:
            options.highlighted = min(at or 0, len(self.entries) - 1)
        self.query_one("#definitions", Pane).title.show("" if self.entries else "none")

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        chosen = self.entries[event.option_index].definition
        self.query_one("#name", Input).value = clean(chosen.name)
        self.query_one("#regex", Input).value = chosen.regex if chosen.regex.isprintable() else clean(chosen.regex)
        self.query_one("#regex", Input).focus()

    @on(Input.Submitted, "#name, #regex")
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        if event.input.id == "name":
            self.query_one("#regex", Input).focus()
        else:
            self.query_one("#hits", Pane).query_one(Lines).focus()

    # -- kept, forgotten, copied --------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While one types, letters are letters."""
        del parameters
        typing = isinstance(self.focused, Input)
        return None if typing and action in ("keep", "forget", "copy") else True

    def action_keep(self) -> None:
        """Ask for which jobs."""
        if not self.definition.name:
            self.app.notify("Give the metric a name first.", severity="warning", markup=False)
        elif not self.definition.regex or fault_of(self.definition.regex) is not None:
            self.app.notify("There is no regex to keep yet.", severity="warning", markup=False)
        else:
            self.query_one(LogPrompt).ask("keep", self._job.name)

    @on(LogPrompt.Answered)
    def _answered(self, message: LogPrompt.Answered) -> None:
        message.stop()
        self.query_one("#hits", Pane).query_one(Lines).focus()
        if message.answer:
            self._keep(message.answer.strip(), self.definition)

    @work(thread=True, group="workshop-keep")
    def _keep(self, pattern: str, definition: MetricDefinition) -> None:
        self._change(
            lambda folder: kept.keep_definition(folder, pattern, definition),
            f"Kept {definition.name} for {pattern}",
        )

    def action_forget(self) -> None:
        """Keep the definition under the cursor of the list no longer."""
        at = self.query_one(OptionList).highlighted
        entry = self.entries[at] if at is not None and at < len(self.entries) else None
        if entry is None or entry.origin != "kept":
            self.app.notify("Choose one in the list that is kept.", severity="warning", markup=False)
        else:
            self._forget(entry)

    @work(thread=True, group="workshop-keep")
    def _forget(self, entry: Entry) -> None:
        self._change(
            lambda folder: kept.forget_definition(folder, entry.kept_for, entry.definition.name),
            f"Forgot {entry.definition.name} for {entry.kept_for}",
        )

    def _change(self, write: Callable[..., object], said: str) -> None:
        """In a thread: write, say so, and have it used."""
        try:
            with self._writing:
                write(self.context.settings.folders.config)
        except OSError as error:
            self.app.call_from_thread(self.app.notify, f"Not kept: {clean(str(error))}", severity="error", markup=False)
            return
        self.app.call_from_thread(self.app.notify, clean(said), markup=False)
        self.app.call_from_thread(self._list)
        self._on_kept()

    def action_copy(self, kind: str) -> None:
        """The job's definitions with what is written, as SageMaker or its SDK takes them."""
        if not self.definitions:
            self.app.notify("There is no definition to copy yet.", severity="warning", markup=False)
            return
        text = as_json(self.definitions) if kind == "json" else as_sdk(self.definitions)
        self.app.notify(copy(self.app, text), markup=False)


def _some_lines(rows: LogRows) -> list[str]:
    """The first and the newest lines of a log."""
    count, half = len(rows), _LOOKED_AT // 2
    wanted = range(count) if count <= _LOOKED_AT else [*range(half), *range(count - half, count)]
    places = map(rows.place, wanted)
    return [rows.blocks[number].row(index).decode("utf-8", "replace") for number, index in places]


def _kept_for(context: Context, name: str) -> list[Entry]:
    """What is kept for a job, and for which pattern."""
    folder = context.settings.folders.config
    fitting = kept.kept_definitions(folder, name)
    try:
        everything = kept.read(folder)
    except OSError:
        return []
    return [
        Entry(definition, "kept", pattern)
        for pattern, definitions in everything.items()
        for definition in definitions
        if definition in fitting
    ]

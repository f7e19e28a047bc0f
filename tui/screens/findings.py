"""What is wrong with a training job, rule by rule: the sentence, what it stands on, and the way to the moment."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.model.clean import clean
from tui.model.findings import Finding
from tui.model.health.resources import Usage
from tui.model.jobs import RuleStatus
from tui.screens.context import Context
from tui.watch.health import Health
from tui.widgets.findings_list import FindingsList

_WORDS = {"gpu": "GPU", "cpu": "CPU", "gpu_memory": "GPU memory", "memory": "memory", "disk": "disk"}
_HOSTS = 8


class FindingsScreen(ModalScreen[Finding]):
    """All findings of a job; enter is answered with the one under the cursor, escape with none.

    Args:
        health: What is wrong, how the hosts were used, what was looked at.
        rules: What the job's own Debugger and Profiler rules say.
        context: Whose zone moments are written in.
    """

    BINDINGS = [Binding("escape,q,f", "dismiss", "close", id="findings.close")]
    DEFAULT_CSS = """
    FindingsScreen { align: center middle; background: $background 60%; }
    FindingsScreen VerticalScroll {
        width: 90%; max-width: 120; height: auto; max-height: 90%; padding: 1 2; background: $panel;
        scrollbar-size-vertical: 1;
    }
    FindingsScreen Static { height: auto; }
    """

    def __init__(self, health: Health, rules: Sequence[RuleStatus], context: Context) -> None:
        super().__init__()
        self._health = health
        self._rules = rules
        self.context = context

    def _clock(self, time_ms: int) -> str:
        return f"{self.context.local(time_ms / 1000):%Y-%m-%d %H:%M:%S}"

    def compose(self) -> ComposeResult:
        """The findings, then what the job's own rules say, the use of its hosts, and what was looked at."""
        with VerticalScroll(can_focus=not self._health.findings):
            if self._health.findings:
                yield Static(Content.styled("enter goes to the moment   esc closes\n", "$text-muted"))
                yield FindingsList(self._health.findings, self._clock)
            else:
                yield Static(Content.styled("Nothing is wrong as far as can be seen.\n", "bold"))
            yield Static(Content("\n").join(self._rest()))

    @on(FindingsList.OptionSelected)
    def _chosen(self, message: FindingsList.OptionSelected) -> None:
        self.dismiss(self._health.findings[message.option_index])

    def _rest(self) -> list[Content]:
        lines: list[Content] = []
        if self._rules:
            lines.append(Content.styled("Debugger and Profiler rules of the job", "bold $accent"))
            lines += [
                Content(f"  {clean(rule.name)}: {clean(rule.status)} {clean(rule.details)}") for rule in self._rules
            ]
        if self._health.usage:
            lines.append(Content.styled("use since training began, % (OverallSystemUsage)", "bold $accent"))
            lines.append(Content.styled(f"  {'':<22}{'p50':>5}{'p90':>5}{'p99':>5}{'min':>5}{'max':>5}", "$text-muted"))
            lines += [Content(usage_line(one)) for one in self._health.usage[: 5 * _HOSTS]]
        looked = self._health.coverage
        if looked.looked:
            lines.append(Content.assemble(("looked at  ", "$text-muted"), clean("; ".join(looked.looked))))
        if looked.lacking:
            lines.append(Content.assemble(("not seen   ", "$text-muted"), clean("; ".join(looked.lacking))))
        return lines


def usage_line(one: Usage) -> str:
    """`  algo-1 GPU              94   97   98    3   99`."""
    name = f"{clean(one.host)} {_WORDS[one.what]}"
    return f"  {name:<22}" + "".join(f"{value:>5.0f}" for value in (one.p50, one.p90, one.p99, one.least, one.most))

"""`sagetop regex`: a metric definition's regular expression, tried on a log without a screen."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tui.cli.exits import Exit, WrongUsage
from tui.cli.options import Options
from tui.cli.output import complain, emit, emit_json
from tui.cli.shared import shared
from tui.model.clean import clean
from tui.model.patterns import BadPattern, TooSlow
from tui.model.trial import Hit, Near, Trial
from tui.model.words import number

if TYPE_CHECKING:
    from tui.model.logs import LogEvent

_NEAR_SHOWN = 10
_LIT = ("\x1b[1;7m", "\x1b[0m")
_MARKS = ("[[", "]]")

_EPILOG = """\
\b
Examples:
  sagetop regex 'loss: ([0-9.]+)' resnet50-2026-11-21
  sagetop regex 'loss=(\\S+)' train.log
  python train.py | sagetop regex 'loss=(\\S+)' - --json | jq .value

\b
Exit codes of its own:
    0  a value was found
    1  none was
    2  the expression is none, has no parentheses, or takes too long
"""


@dataclass(slots=True)
class _Tally:
    """What was seen so far."""

    lines: int = 0
    matched: int = 0
    values: int = 0
    odd: int = 0
    least: float = math.inf
    greatest: float = -math.inf
    last: float | None = None
    near: int = 0
    shown: list[str] = field(default_factory=list)

    def count(self, hit: Hit) -> None:
        self.matched += 1
        if hit.value is None:
            return
        self.values += 1
        self.last = hit.value
        if hit.is_odd:
            self.odd += 1
        else:
            self.least, self.greatest = min(self.least, hit.value), max(self.greatest, hit.value)

    @property
    def words(self) -> str:
        """`1,000 lines, 3 match, 2 values from 0.25 to 0.5, the last 0.25, 1 of them NaN or infinite`."""
        said = [f"{self.lines:,} {'line' if self.lines == 1 else 'lines'}", f"{self.matched:,} match"]
        if self.values:
            span = f" from {number(self.least)} to {number(self.greatest)}" if self.values > self.odd else ""
            said.append(
                f"{self.values:,} {'value' if self.values == 1 else 'values'}{span}, the last {number(self.last)}"
            )
        else:
            said.append("no values")
        if self.odd:
            said.append(f"{self.odd:,} of them NaN or infinite, which CloudWatch drops")
        if self.matched > self.values:
            said.append(f"{self.matched - self.values:,} captured no number")
        if self.near:
            said.append(f"{self.near:,} nearly match")
        return ", ".join(said)


@click.command(epilog=_EPILOG)
@click.argument("pattern")
@click.argument("log", metavar="JOB|FILE|-")
@click.option("--quiet", "-q", is_flag=True, help="Only the summary.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line: matches and near misses.")
@shared
def regex(options: Options, *, pattern: str, log: str, quiet: bool, as_json: bool) -> int:
    """Try a metric definition's regular expression on a log.

    The log is a job's, a file, or what is piped in (-). A file of that name goes before a job.

    By SageMaker's rule: it is searched in each line, and what its first parentheses capture is the value. Prints the
    lines that match with what is captured marked, the lines that nearly match with the reason, and what was found in
    all.
    """
    try:
        trial = Trial(pattern)
    except BadPattern as error:
        raise WrongUsage(f"{pattern} is no metric definition", str(error)) from None
    tally, show = _Tally(), _nothing if quiet else _json if as_json else _text
    try:
        for line, event in _lines(options, log):
            found = trial.look(line)
            tally.lines += 1
            if isinstance(found, Hit):
                tally.count(found)
                show(found, line, event, tally)
            elif found is not None:
                tally.near += 1
                if as_json or tally.near <= _NEAR_SHOWN:
                    show(found, line, event, tally)
    except TooSlow as error:
        raise WrongUsage(str(error), "give a simpler one") from None
    for said in tally.shown:
        emit(said)
    if as_json and not quiet:
        complain(tally.words)
    else:
        emit(tally.words)
    return Exit.DONE if tally.values else Exit.JOB_FAILED


def _lines(options: Options, log: str) -> Iterator[tuple[str, LogEvent | None]]:
    """The lines, each with its event where it has one."""
    if log == "-":
        yield from ((line, None) for line in _of_stream(sys.stdin.buffer.readline))
        return
    path = Path(log)
    if path.is_file():
        try:
            with path.open("rb") as file:
                yield from ((line, None) for line in _of_stream(file.readline))
        except OSError as error:
            raise WrongUsage(f"{log} cannot be read", error.strerror or "") from None
        return
    yield from _of_job(options, log)


def _of_stream(readline: Callable[[], bytes]) -> Iterator[str]:
    from tui.model.definitions import lines_of

    for line in iter(readline, b""):
        yield from lines_of([line.decode("utf-8", "replace").rstrip("\r\n")])[0]


def _of_job(options: Options, name: str) -> Iterator[tuple[str, LogEvent]]:
    """Of a job's log all that there is now, in order."""
    from tui.cli import sources
    from tui.cli.log_reading import of_job, read_now
    from tui.cli.spool import Spool
    from tui.model.definitions import lines_of
    from tui.sources.late import late

    settings = options.settings()
    source = late(partial(sources.of, options, settings))
    spool = Spool()
    read_now(of_job(source, options.job(name), options, settings, 0), lambda batch: spool.add(batch.events))
    for events in spool.in_order():
        for event in events:
            for line in lines_of([event.message])[0]:
                yield line, event


def _nothing(found: Hit | Near, line: str, event: LogEvent | None, tally: _Tally) -> None:
    """Only the summary is wanted."""


def _text(found: Hit | Near, line: str, event: LogEvent | None, tally: _Tally) -> None:
    on_terminal = sys.stdout.isatty()
    shown = clean if on_terminal else str
    host = f"[{event.host}] " if event is not None else ""
    if isinstance(found, Near):
        tally.shown.append(f"nearly: {shown(host + line)}")
        tally.shown.append(f"        {shown(found.why)}")
        return
    before, after = _LIT if on_terminal else _MARKS
    captured = f"{before}{shown(line[found.start : found.end])}{after}"
    value = "no number" if found.value is None else number(found.value)
    emit(f"{value:>9}  {shown(host + line[: found.start])}{captured}{shown(line[found.end :])}")


def _json(found: Hit | Near, line: str, event: LogEvent | None, tally: _Tally) -> None:
    emit_json(
        {
            "line": tally.lines,
            "matches": isinstance(found, Hit),
            "value": found.value if isinstance(found, Hit) else None,
            "captured": line[found.start : found.end] if isinstance(found, Hit) else None,
            "why": None if isinstance(found, Hit) else found.why,
            "timestamp": event.timestamp if event is not None else None,
            "host": event.host if event is not None else None,
            "message": line,
        }
    )

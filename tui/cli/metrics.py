"""`sagetop metrics`: the datapoints of a training job from every source."""

from __future__ import annotations

import csv
import json
import math
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timezone
from fnmatch import fnmatchcase
from functools import partial

import click

from tui.cli import sources
from tui.cli.exits import Exit, WrongUsage, exit_of
from tui.cli.log_reading import of_job, read_now
from tui.cli.logs import since_when
from tui.cli.options import Options
from tui.cli.output import Column, complain, print_table
from tui.cli.shared import shared
from tui.model.clean import clean
from tui.model.series import Series
from tui.model.words import number
from tui.sources.base import SourceError
from tui.sources.late import late

_COLUMNS = (
    Column("NAME", gives=True),
    Column("SOURCE"),
    Column("HOST"),
    Column("POINTS", right=True),
    Column("FROM"),
    Column("TO"),
    Column("LEAST", right=True),
    Column("GREATEST", right=True),
    Column("LATEST", right=True),
)
_FIELDS = ("name", "source", "host", "timestamp", "step", "value")
_BLOCK = 5_000

_EPILOG = """\
\b
Examples:
  sagetop metrics resnet50-2026-11-21
  sagetop metrics resnet50-2026-11-21 --name 'val*' --csv > curves.csv
  sagetop metrics resnet50-2026-11-21 --name loss --json | jq .value
"""


@click.command(epilog=_EPILOG)
@click.argument("job")
@click.option(
    "--name", "names", metavar="NAME", multiple=True, help="Only metrics of this name, or 'val*'; again for more."
)
@click.option("--since", metavar="2h|TIME", help="Only datapoints since then: 90s, 2h, 1d12h, or a time in ISO 8601.")
@click.option("--csv", "as_csv", is_flag=True, help="Print a datapoint a line, separated by commas, below a header.")
@click.option("--json", "as_json", is_flag=True, help="Print a datapoint a line as a JSON object.")
@shared
def metrics(
    options: Options, *, job: str, names: tuple[str, ...], since: str | None, as_csv: bool, as_json: bool
) -> int:
    """Print a training job's metrics.

    They are read out of its log, and what the log does not tell comes from CloudWatch. The log is read with the
    job's metric definitions, and those kept for it; where there are none, common formats are recognised. The use of
    the hosts comes from CloudWatch. NaN and infinities are "NaN", "Infinity" and "-Infinity".
    """
    if as_csv and as_json:
        raise WrongUsage("--csv and --json exclude each other", "say one of them")
    settings = options.settings()
    source = late(partial(sources.of, options, settings))
    since_ms = since_when(since, int(time.time() * 1000)) if since is not None else 0
    log = of_job(source, options.job(job), options, settings, since_ms, ask=True)
    assert log.job is not None

    from tui.watch.clock import utc_now
    from tui.watch.job import JobWatch
    from tui.watch.job_log import JobLog
    from tui.watch.kept import kept_definitions

    reader = JobLog(partial(kept_definitions, settings.folders.config))
    watch = JobWatch(source, log.job.name, utc_now, archive=lambda: log.archive, log=reader)
    watch.learn(log.job)
    problems: list[SourceError] = []
    try:
        sources.within(options.timeout, watch.measure)
    except SourceError as error:
        problems.append(error)
    try:
        # What is kept of a log is all of it: of one that is read in part nothing is.
        read_now(log, reader.take if since_ms else watch.read)
    except SourceError as error:
        problems.append(error)
    view = watch.view
    found = [*view.metrics, *(series for host in view.hosts.values() for series in host.values())]
    series = [cut for one in found if _is_wanted(one.name, names) and len(cut := _since(one, since_ms))]
    if names and not any(_is_wanted(one.name, names) for one in found) and not (problems or view.errors):
        known = ", ".join(dict.fromkeys(one.name for one in found)) or "none yet"
        raise WrongUsage(f"there is no metric {' or '.join(names)}", f"there are {known}")
    if as_json:
        _print_json(series)
    elif as_csv:
        _print_csv(series)
    else:
        print_table(_COLUMNS, [[_row(one) for one in series]])
    for notice in view.notices:
        complain(notice)
    problems += view.errors
    for problem in problems:
        complain(problem.what, problem.hint)
    if not series and not problems:
        complain("there are no datapoints yet")
    return exit_of(problems[0]) if problems else Exit.DONE


def _is_wanted(name: str, patterns: Sequence[str]) -> bool:
    return not patterns or any(name == pattern or fnmatchcase(name, pattern) for pattern in patterns)


def _since(series: Series, since_ms: int) -> Series:
    from bisect import bisect_left
    from dataclasses import replace

    first = bisect_left(series.times, since_ms)
    if not first:
        return series
    return replace(
        series,
        times=series.times[first:],
        values=series.values[first:],
        steps=series.steps[first:],
        epochs=series.epochs[first:],
    )


def _source(series: Series) -> str:
    """Whether somebody defined it or it was recognised, the log has said it."""
    return "log" if series.source in ("recognised", "reading") else series.source


def _points(series: Series) -> Iterator[tuple[int, int | float | None, float | str]]:
    steps = series.steps or [math.nan] * len(series)
    for at, step, value in zip(series.times, steps, series.values, strict=True):
        shown = value if math.isfinite(value) else "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
        yield at, None if step != step else int(step) if step.is_integer() else step, shown


def _print_json(found: Sequence[Series]) -> None:
    for series in found:
        head = json.dumps({"name": series.name, "source": _source(series), "host": series.part or None})[:-1]
        block: list[str] = []
        for at, step, value in _points(series):
            said = f'"{value}"' if isinstance(value, str) else repr(value)
            block.append(f'{head}, "timestamp": {at}, "step": {"null" if step is None else step}, "value": {said}}}\n')
            if len(block) == _BLOCK:
                sys.stdout.write("".join(block))
                block = []
        sys.stdout.write("".join(block))


def _print_csv(found: Sequence[Series]) -> None:
    shown = clean if sys.stdout.isatty() else str
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(_FIELDS)
    for series in found:
        head = (shown(series.name), _source(series), shown(series.part))
        for at, step, value in _points(series):
            writer.writerow((*head, at, "" if step is None else step, value))


def _row(series: Series) -> tuple[str, ...]:
    finite = [value for value in series.values if math.isfinite(value)]
    least, greatest = (number(extreme(finite)) if finite else "" for extreme in (min, max))
    first, last = (
        datetime.fromtimestamp(at / 1000, timezone.utc).isoformat(sep=" ", timespec="seconds")[:19] + "Z"
        for at in (series.times[0], series.times[-1])
    )
    return (
        series.name,
        _source(series),
        series.part,
        f"{len(series):,}",
        first,
        last,
        least,
        greatest,
        number(series.values[-1]),
    )

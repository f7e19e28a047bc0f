"""`sagetop logs`: the log of a training job or of an endpoint, complete and in order, or as its lines come."""

from __future__ import annotations

import gc
import re
import time
from functools import partial

import click

from tui.cli import sources
from tui.cli.exits import Exit, WrongUsage
from tui.cli.log_output import LogWriter, form_for
from tui.cli.log_printing import Test, follow_log, print_whole
from tui.cli.log_reading import of_endpoint, of_job
from tui.cli.options import Options
from tui.cli.output import complain
from tui.cli.shared import shared
from tui.model.log_time import moment
from tui.model.logs import LogEvent
from tui.model.patterns import BadPattern, Pattern, TooSlow
from tui.sources.late import late

_LENGTH = re.compile(r"(?:\d+[dhms])+", re.ASCII)
_LONGEST = 40

_EPILOG = """\
\b
Examples:
  sagetop logs resnet50-2026-11-21
  sagetop logs resnet50-2026-11-21 --follow --since 10m --host algo-1
  sagetop logs resnet50-2026-11-21 --grep 'loss=nan|Traceback'
  sagetop logs resnet50-2026-11-21 --json | jq -r '.host + .message'
  sagetop logs --endpoint ranker-prod --variant v12 --follow
"""


@click.command(epilog=_EPILOG)
@click.argument("job", required=False)
@click.option("--endpoint", metavar="NAME", help="The log of an endpoint, of its last hour, in place of a job's.")
@click.option("--variant", metavar="NAME", help="With --endpoint: of this variant or inference component alone.")
@click.option("--follow", "-f", is_flag=True, help="Go on with new lines until the job has ended; 1 if it failed.")
@click.option("--since", metavar="2h|TIME", help="Only lines since then: 90s, 2h, 1d12h, or a time in ISO 8601.")
@click.option("--host", metavar="NAME", help="Only lines of this host: algo-1.")
@click.option("--grep", metavar="RE", help="Only lines with a match; without a capital letter case does not count.")
@click.option("--timestamps", "-t", is_flag=True, help="Each line's event time before it, in UTC.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@click.option(
    "--clean/--raw",
    "cleaned",
    default=None,
    help="Without or with whatever a terminal could take for an order.  [default: clean on a terminal, else raw]",
)
@shared
def logs(
    options: Options,
    *,
    job: str | None,
    endpoint: str | None,
    variant: str | None,
    follow: bool,
    since: str | None,
    host: str | None,
    grep: str | None,
    timestamps: bool,
    as_json: bool,
    cleaned: bool | None,
) -> int:
    """Print the log of a training job or of an endpoint.

    It comes in order, each event one record, with its host where there are several. With --follow lines come as
    they are logged; one that arrives late says so.
    """
    if (job is None) == (endpoint is None):
        raise WrongUsage("whose log?", "name a training job, or an endpoint with --endpoint")
    if variant is not None and endpoint is None:
        raise WrongUsage("--variant is of an endpoint", "name it with --endpoint")
    # Events by the million, and no cycle among them: looking for one takes a sixth of all the time.
    gc.set_threshold(1_000_000, 20, 100)
    settings = options.settings()
    pattern = _pattern(grep)
    source = late(partial(sources.of, options, settings))
    since_ms = since_when(since, int(time.time() * 1000)) if since is not None else 0
    writer = LogWriter(form_for(as_json=as_json, cleaned=cleaned), timestamps=timestamps)
    if job is not None:
        log = of_job(source, job, options, settings, since_ms, ask=follow)
    else:
        log = of_endpoint(source, str(endpoint), variant or "", options.timeout, since_ms)
    try:
        test = _test(since_ms, host, pattern)
        if follow:
            return follow_log(log, writer, test)
        hosts = print_whole(log, writer, test)
    except TooSlow as error:
        raise WrongUsage(str(error), "give --grep a simpler one") from None
    if host is not None and host not in hosts:
        raise WrongUsage(f"there are no lines of {host}", f"its hosts: {', '.join(hosts) or 'none yet'}")
    if not hosts:
        complain("there are no lines yet")
    return Exit.DONE


def since_when(text: str, now_ms: int, option: str = "--since") -> int:
    """What `--since` or another option says, in ms since the epoch.

    Args:
        text: A length back from now (`90s`, `1d12h`) or a moment in ISO 8601, local where it says no offset.
        now_ms: Now.
        option: Whose value it is.

    Raises:
        WrongUsage: It says neither.
    """
    given = text.strip()
    back = "-" if _LENGTH.fullmatch(given) else ""
    when = None
    if len(given) <= _LONGEST and given[:1].isdigit():
        when = moment(back + given, here_ms=now_ms, first_ms=now_ms, last_ms=now_ms)
    if when is None:
        raise WrongUsage(f"{option} {text} is no time", "say 90s, 2h, 1d12h, 14:03 or 2026-11-22T14:03:11Z")
    return max(when, 0)


def _pattern(grep: str | None) -> Pattern | None:
    try:
        return Pattern.compile(grep) if grep else None
    except BadPattern as error:
        raise WrongUsage(f"--grep {grep} is no regular expression", str(error)) from None


def _test(since_ms: int, host: str | None, pattern: Pattern | None) -> Test | None:
    """Whether an event is wanted, None if all are."""
    if not since_ms and host is None and pattern is None:
        return None
    from tui.model.clean import without_escapes

    def wanted(event: LogEvent) -> bool:
        return (
            event.timestamp >= since_ms
            and (host is None or event.host == host)
            and (pattern is None or pattern.search(without_escapes(event.message)) is not None)
        )

    return wanted

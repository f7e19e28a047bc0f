"""A log as the command line reads it: whose it is, what stands in for AWS, and what goes wrong on the way."""

from __future__ import annotations

import select
import stat
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from os import fstat
from typing import TYPE_CHECKING, cast

from tui.cli import sources
from tui.cli.exits import no_such
from tui.cli.options import Options
from tui.cli.output import complain
from tui.config import Settings
from tui.model.jobs import TrainingJob, is_local
from tui.model.logs import MANY_LINES, LogAddress
from tui.sources.base import (
    Can,
    Denied,
    EndpointSource,
    Expired,
    NoCredentials,
    NotFound,
    Source,
    SourceError,
    Throttled,
    Unreachable,
)

if TYPE_CHECKING:
    from tui.archive import Archive
    from tui.follow import Follower, LogBatch

_DESCRIBE_EVERY_S = 10.0
_DESCRIBE_LOCAL_EVERY_S = 0.1
_TOLD_S = 30.0


@dataclass(frozen=True, slots=True)
class Log:
    """A log, and how it is to be read."""

    source: Source
    address: LogAddress
    job: TrainingJob | None
    archive: Archive | None
    since_ms: int
    timeout: float
    ask_above: int = MANY_LINES
    """How many lines are read without a question."""

    @property
    def is_settled(self) -> bool:
        """Whether the whole log is wanted, and none of it can arrive any more."""
        final = self.job.final_at if self.job else None
        if final is None or self.since_ms:
            return False
        from tui.follow import Tempo

        return self.source.now_ms() / 1000 - final.timestamp() > Tempo().settle

    def follower(self, *, follow: bool, history: bool = True) -> Follower:
        """What reads it."""
        from tui.follow import Follower

        return Follower(
            self.source,
            self.address,
            job=self.job,
            archive=self.archive,
            follow=follow,
            history=history,
            forward=True,
            since_ms=self.since_ms,
            patience_s=self.timeout,
        )


def of_job(source: Source, name: str, options: Options, settings: Settings, since_ms: int, *, ask: bool = False) -> Log:
    """A job's log; of one that AWS cannot be asked about, the archive's, if that is complete.

    Where the whole log is kept, what AWS has told in the last half minute about who has that name still counts.

    Args:
        source: AWS.
        name: The job.
        options: How it was asked for.
        settings: Where the archive is.
        since_ms: Nothing older is wanted.
        ask: Whether AWS is asked for the job whatever it has told before.

    Raises:
        SourceError: There is no such job, or it cannot be asked for.
    """
    # The folder of a job on this machine is its archive.
    archive = None if is_local(name) else sources.archive(settings, sources.place(options))()
    if archive is None and settings.archive and not is_local(name):
        complain("the log is read but not kept", "the archive under the cache folder cannot be opened")
    address = LogAddress("job", name)
    log = partial(Log, source, address, archive=archive, since_ms=since_ms, timeout=options.timeout)
    asker = sources.asker(options, settings)
    if archive and not ask and (known := _told_lately(archive, name, asker)):
        return log(job=known)
    try:
        job = sources.within(options.timeout, partial(source.describe_job, name))
    except NotFound:
        raise no_such(name, ["job"]) from None
    except (Unreachable, Expired, NoCredentials) as error:
        kept, whole = _kept_of(archive, name) if archive else (None, False)
        if kept is None:
            raise
        if not whole:
            hint = f"what is kept of its log: sagetop archive export {name}"
            raise type(error)(error.what, hint) from None
        return log(job=kept)
    if archive:
        _remember(archive, job, asker)
    return log(job=job)


def _told_lately(archive: Archive, name: str, asker: str) -> TrainingJob | None:
    """The job of that name, if its whole log is kept and AWS has just told that it is still this one."""
    import sqlite3

    try:
        return archive.complete_job(name, asker, _TOLD_S)
    except sqlite3.Error:
        return None


def _remember(archive: Archive, job: TrainingJob, asker: str) -> None:
    import sqlite3

    with suppress(sqlite3.Error):  # whoever writes the log into it will say so
        archive.keep_job(job, asker)


def _kept_of(archive: Archive, name: str) -> tuple[TrainingJob | None, bool]:
    """The kept job of that name, None if there is none, and whether its whole log is kept."""
    import sqlite3

    try:
        if (job := archive.job(name)) is None:
            return None, False
        with archive.snapshot(archive.keep_job(job)) as snapshot:
            return job, snapshot.kept().sealed
    except sqlite3.Error:
        return None, False


def of_endpoint(source: Source, name: str, variant: str, timeout: float, since_ms: int) -> Log:
    """An endpoint's log, or that of one variant or inference component of it; the archive keeps none of them.

    Raises:
        SourceError: There is no such endpoint, variant or component, or it cannot be asked for.
    """
    try:
        endpoint = sources.within(timeout, partial(source.describe_endpoint, name))
    except NotFound:
        raise no_such(name, ["endpoint"]) from None
    address = LogAddress("endpoint", name, variant)
    known = [one.name for one in endpoint.variants]
    if variant and variant not in known:
        known += _components(source, name, timeout)
        address = LogAddress("component", variant)
    if variant and variant not in known:
        raise NotFound(f"{name} has no variant {variant}", f"there is {', '.join(known)}")
    return Log(source, address, None, None, since_ms, timeout)


def _components(source: Source, endpoint: str, timeout: float) -> list[str]:
    """The names of its inference components, which have logs of their own."""
    if Can.DETAILS not in source.can:
        return []
    ask = partial(cast("EndpointSource", source).components, endpoint)
    return [one.name for one in sources.within(timeout, ask, lambda: source.calls)]


def read_now(log: Log, take: Callable[[LogBatch], object]) -> None:
    """Gives all that there is now, batch by batch, each event once.

    Raises:
        SourceError: It cannot go on; what could be read was given.
    """

    def give(batch: LogBatch) -> None:
        take(batch)

    run_follower(log, log.follower(follow=False), give, follow=False)


def run_follower(
    log: Log, follower: Follower, sink: Callable[[LogBatch], None] | None = None, *, follow: bool
) -> TrainingJob | None:
    """Runs a follower in this thread, so that ctrl-c and a closed pipe end it; returns the job as it was last.

    Raises:
        SourceError: It cannot go on; without `follow`, also when nothing has gone well for as long as AWS may take.
        BrokenPipeError: Who read the output has left.
    """
    stop, ends = threading.Event(), list[BaseException]()

    def end(error: BaseException) -> None:
        ends.append(error)
        stop.set()
        follower.poke()

    many = _Many(log.ask_above)
    trouble = _Trouble(None if follow else log.timeout, end)
    progress = _Progress()

    def take(batch: LogBatch) -> None:
        progress.over()
        many.look(batch)
        trouble.look(batch)
        if sink is not None:
            sink(batch)
        progress.look(batch)
        if isinstance(batch.error, Denied):
            raise batch.error

    seen = [log.job]
    if follow:
        _in_background(partial(_until_reader_leaves, end))
        if log.job is not None and not log.job.is_ended:
            _in_background(partial(_watch_job, log, log.job, follower, seen, stop, end))
    try:
        follower.run(take, stop)
    finally:
        stop.set()
        trouble.over()
        progress.over()
    if ends:
        raise ends[0]
    return seen[-1]


def _watch_job(
    log: Log,
    job: TrainingJob,
    follower: Follower,
    seen: list[TrainingJob | None],
    stop: threading.Event,
    end: Callable[[BaseException], None],
) -> None:
    """Tells the follower of the job's changes, until it has ended."""
    every_s = _DESCRIBE_LOCAL_EVERY_S if is_local(job.name) else _DESCRIBE_EVERY_S
    while not job.is_ended and not stop.wait(every_s):
        try:
            now = log.source.describe_job(job.name)
        except NotFound:
            return end(no_such(job.name, ["job"]))
        except SourceError:
            continue  # the log's own requests say what is wrong
        if now.created != job.created:
            return end(no_such(job.name, ["job"]))  # what has its name is another
        job = now
        seen.append(job)
        follower.job_changed(job)
    return None


def _until_reader_leaves(end: Callable[[BaseException], None]) -> None:
    """Ends when a pipe's reader has, also while there is nothing to write (`| grep -m1`)."""
    try:
        handle = sys.stdout.fileno()
        mode = fstat(handle).st_mode
    except (OSError, ValueError):
        return
    if not hasattr(select, "poll") or not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)):
        return
    poll = select.poll()
    poll.register(handle, 0)  # an error is told unasked, and nothing else is
    poll.poll()
    end(BrokenPipeError())


def _in_background(work: Callable[[], None]) -> None:
    threading.Thread(target=work, daemon=True).start()


class _Trouble:
    """What goes wrong on the way: said once, and borne for so many seconds (None: for ever)."""

    def __init__(self, patience_s: float | None, end: Callable[[BaseException], None]) -> None:
        self._patience_s = patience_s
        self._end = end
        self._timer: threading.Timer | None = None
        self._told: set[str] = set()

    def look(self, batch: LogBatch) -> None:
        """Looks at what a follower says."""
        error = batch.error
        if batch.notice:
            self._tell(batch.notice, "")
        if error is None:
            # Keys that expire again are told again; a network that comes and goes is not.
            self._told -= {name for name in self._told if name in ("Expired", "NoCredentials")}
            self.over()
            return
        if not isinstance(error, Throttled | Denied):
            self._tell(error.what, error.hint, type(error).__name__)
        if self._timer is None and self._patience_s is not None:
            self._timer = threading.Timer(self._patience_s, self._end, [error])
            self._timer.daemon = True
            self._timer.start()

    def over(self) -> None:
        """All is well again, or nothing more is to be borne."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _tell(self, what: str, hint: str, once: str = "") -> None:
        if (once or what) not in self._told:
            self._told.add(once or what)
            complain(what, hint)


class _Many:
    """Asks once, before very many lines are read; where nobody can be asked, it says so and goes on."""

    def __init__(self, limit: int) -> None:
        self._limit = limit

    def look(self, batch: LogBatch) -> None:
        """Looks at what a follower says; nothing is read while somebody thinks about the answer.

        Raises:
            KeyboardInterrupt: The answer was no.
        """
        expected = batch.foresees(self._limit)
        if not expected:
            return
        self._limit = sys.maxsize
        what = f"about {expected / 1e6:.2g} million lines are to be read"
        if sys.stdin is None or not (sys.stdin.isatty() and sys.stderr.isatty()):
            complain(what, "to read fewer: --since")
            return
        import click

        if not click.confirm(f"sagetop: {what}; go on?", default=True, err=True):
            raise KeyboardInterrupt


class _Progress:
    """How much is read, on a terminal's stderr, where that takes its time."""

    def __init__(self) -> None:
        self._from = time.monotonic() + 1 if sys.stderr.isatty() else float("inf")
        self._shown = False

    def look(self, batch: LogBatch) -> None:
        """Looks at what a follower says."""
        if batch.progress is None or batch.error is not None:
            self.over()
        elif time.monotonic() >= self._from:
            self._shown = True
            self._show(f"\rreading {batch.progress:4.0%}")

    def over(self) -> None:
        """Takes it away again: something else is to be written."""
        if self._shown:
            self._shown = False
            self._show(f"\r{'':12}\r")

    def _show(self, text: str) -> None:
        with suppress(OSError, ValueError):
            sys.stderr.write(text)
            sys.stderr.flush()

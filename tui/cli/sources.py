"""Makes the sources, and waits for what they answer no longer than the person will."""

from __future__ import annotations

import contextlib
import functools
import itertools
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, TypeVar

from tui.cli.exits import WrongUsage
from tui.cli.options import Options
from tui.config import Settings, price_file
from tui.model.paths import path_of
from tui.sources.base import Source, Unreachable

if TYPE_CHECKING:
    from tui.archive import Archive
    from tui.watch.prices import PriceBook

T = TypeVar("T")
A = TypeVar("A")

_AT_ONCE = 8


def aws(options: Options, settings: Settings) -> Source:
    """AWS as the options, the environment and the settings file name it. Sends nothing and imports no boto3 yet.

    Raises:
        WrongUsage: `--local` says that AWS is not asked.
    """
    if options.local:
        raise WrongUsage("this asks AWS, and --local says not to", "leave out --local")
    from tui.sources.aws.clients import ClientSettings
    from tui.sources.aws.source import AwsSource

    resolved = options.resolved(settings, os.environ)
    return AwsSource(
        ClientSettings(
            profile=resolved.profile,
            region=resolved.region,
            endpoint_url=resolved.endpoint_url,
            timeout_s=resolved.timeout,
        )
    )


def demo(url: Callable[[], str], access_key: str, secret_key: str, region: str, timeout: float) -> Source:
    """The demo's AWS: false keys, nothing of the environment, and no host but this one."""
    from tui.sources.aws.clients import ClientSettings
    from tui.sources.aws.source import AwsSource

    return AwsSource(
        ClientSettings(
            region=region,
            endpoint_url=url,
            access_key=access_key,
            secret_key=secret_key,
            loopback_only=True,
            timeout_s=timeout,
        )
    )


def jobs_folder(settings: Settings) -> Path:
    """Where the jobs of this machine have their folders; SAGETOP_LOCAL_JOBS names another place."""
    named = os.environ.get("SAGETOP_LOCAL_JOBS", "")
    return path_of(named).absolute() if named else settings.folders.state / "local" / "jobs"


def local(settings: Settings) -> Source:
    """The jobs of this machine."""
    from tui.sources.local.source import LocalSource

    return LocalSource(jobs_folder(settings))


def of(options: Options, settings: Settings) -> Source:
    """AWS and this machine together, or this machine alone where `--local` says so."""
    if options.local:
        return local(settings)
    from tui.sources.joined import Joined
    from tui.sources.late import late

    return Joined(aws(options, settings), late(functools.partial(local, settings)))


def place(options: Options) -> str:
    """Which AWS is asked: empty for AWS itself; else its URL, which keeps what is of an emulated one apart."""
    named = (options.endpoint_url, *map(os.environ.get, ("AWS_ENDPOINT_URL_SAGEMAKER", "AWS_ENDPOINT_URL")))
    return next((url for url in named if url), "")


def asker(options: Options, settings: Settings) -> str:
    """As whom AWS is asked, as a fingerprint of all that decides it: options, environment, and the files with keys."""
    import hashlib

    resolved = options.resolved(settings, os.environ)
    said: list[object] = [resolved.profile, resolved.region, resolved.endpoint_url]
    said += sorted(
        item
        for item in os.environ.items()
        if item[0].startswith("AWS_") and "SECRET" not in item[0] and "TOKEN" not in item[0]
    )
    for variable, usual in (("AWS_CONFIG_FILE", "config"), ("AWS_SHARED_CREDENTIALS_FILE", "credentials")):
        with contextlib.suppress(OSError, RuntimeError):
            found = Path(os.environ.get(variable) or f"~/.aws/{usual}").expanduser().stat()
            said.append((usual, found.st_mtime_ns, found.st_size))
    return hashlib.sha256(repr(said).encode("utf-8", "surrogateescape")).hexdigest()


def local_endpoints(settings: Settings) -> Path:
    """Where the endpoints of this machine have their folders."""
    return jobs_folder(settings).with_name("endpoints")


def archive(settings: Settings, place: str = "") -> Callable[[], Archive | None]:
    """What opens the archive of logs on first use, None where it is off or cannot be opened: any log can do without."""
    lock = threading.Lock()
    opened: list[Archive | None] = []

    def archive_once() -> Archive | None:
        with lock:
            if not opened:
                opened.append(_open_or_none(settings, place) if settings.archive else None)
            return opened[0]

    return archive_once


def prices(source: Source, settings: Settings) -> Callable[[], PriceBook]:
    """What makes the book of prices on first use: a person's price file, else the Pricing API and what it said before.

    Raises:
        ConfigError: The price file cannot be used.
    """
    given = price_file(settings.prices) if settings.prices else {}

    @functools.cache
    def book() -> PriceBook:
        from tui.watch.prices import PriceBook

        return PriceBook(
            given,
            ask=getattr(source, "prices", None),
            region=lambda: source.identity().region,
            cache=settings.folders.cache / "prices.json",
        )

    return book


def demo_prices() -> PriceBook:
    """The demo's prices, which nobody is asked for."""
    from tui.demo.prices import PRICES
    from tui.watch.prices import PriceBook

    return PriceBook(PRICES)


def archive_file(settings: Settings) -> Path:
    """Where the archive of logs is, if anything was kept yet."""
    return settings.folders.cache / "logs.sqlite"


def open_archive(settings: Settings, place: str = "") -> Archive:
    """The archive of logs, made where it is missing.

    Args:
        settings: Where it is, and how large it may be.
        place: Which AWS the jobs are of, as `place` says it.

    Raises:
        OSError, sqlite3.Error: It cannot be opened.
    """
    from tui.archive import Archive

    return Archive(archive_file(settings), place, limit_bytes=settings.archive_size_mb * 1_000_000)


def _open_or_none(settings: Settings, place: str) -> Archive | None:
    import sqlite3

    try:
        return open_archive(settings, place)
    except (OSError, sqlite3.Error):
        return None


def within(seconds: float, ask: Callable[[], T], progress: Callable[[], object] = bool) -> T:
    """What `ask` returns or raises, waited for so long that ctrl-c and a dead network end it all the same.

    It runs on a thread of its own, which is a daemon: one that hangs (a resolver, a credential process) holds up
    nobody's exit.

    Args:
        seconds: How long the answer may take.
        ask: What asks the source.
        progress: For what takes several requests: a value that changes with each; the time starts anew with it.

    Raises:
        Unreachable: There is no answer and no progress.
    """
    return _started(ask, seconds, progress)()


def each(seconds: float, ask: Callable[[A], T], items: Iterable[A]) -> Iterator[T]:
    """`ask` of each item, a few at once, the answers in the order of the items."""
    remaining = iter(items)
    while batch := list(itertools.islice(remaining, _AT_ONCE)):
        waits = [_started(functools.partial(ask, item), seconds) for item in batch]
        yield from (wait() for wait in waits)


def _started(ask: Callable[[], T], seconds: float, progress: Callable[[], object] = bool) -> Callable[[], T]:
    """Starts asking, and returns what waits for the answer."""
    outcomes: SimpleQueue[tuple[T] | BaseException] = SimpleQueue()

    def run() -> None:
        try:
            outcomes.put((ask(),))
        except BaseException as error:
            outcomes.put(error)

    started, before = time.monotonic(), progress()

    def wait() -> T:
        until, seen = started + seconds, before
        while True:
            try:
                outcome = outcomes.get(timeout=max(until - time.monotonic(), 0))
            except Empty:
                last, seen = seen, progress()
                if seen == last:
                    raise Unreachable(
                        f"AWS did not answer within {seconds:g} s",
                        "check the network, --region and --endpoint-url, or allow more with --timeout",
                    ) from None
                until = time.monotonic() + seconds
                continue
            if isinstance(outcome, BaseException):
                raise outcome
            return outcome[0]

    threading.Thread(target=run, daemon=True).start()
    return wait

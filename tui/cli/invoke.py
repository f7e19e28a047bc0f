"""`sagetop invoke`: asks the model behind an endpoint, on AWS or on this machine."""

from __future__ import annotations

import base64
import errno
import sys
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import click

from tui.cli import sources
from tui.cli.exits import Exit, WrongUsage
from tui.cli.options import Options
from tui.cli.output import complain, emit, emit_json, flush
from tui.cli.shared import shared
from tui.model.clean import clean
from tui.model.invocation import LARGEST_BODY, LARGEST_KEPT, Invocation, Response, content_type_of, pretty
from tui.model.logs import LogAddress
from tui.sources.answer import too_large
from tui.sources.base import ModelFailed, NotFound, Source, SourceError

_TIMEOUT_S = 75.0
"""A model may take 60 s."""
_LONGEST_LINE = 1 << 18
"""Characters of a stream that wait for the end of their line on a terminal."""
_EPILOG = """\
\b
Examples:
  sagetop invoke ranker-prod --data '{"inputs": "hello"}'
  sagetop invoke ranker-prod --data request.json --variant v13
  cat rows.csv | sagetop invoke churn --data - --content-type text/csv --accept application/json | jq
  sagetop invoke local/churn --data '[[1, 2]]' --repeat 100
"""


@click.command(epilog=_EPILOG)
@click.argument("endpoint")
@click.option("--data", metavar="FILE|-|TEXT", help="A file, - for standard input, else the request itself.")
@click.option("--content-type", metavar="TYPE", help="What the request is.  [default: by its name or its look]")
@click.option("--accept", metavar="TYPE", default="", help="What the answer should be.")
@click.option("--variant", metavar="NAME", default="", help="The production variant that is to answer.")
@click.option("--component", metavar="NAME", default="", help="The inference component that is to answer.")
@click.option("--stream", is_flag=True, help='Print the answer as it comes; also where the request has "stream": true.')
@click.option("--repeat", metavar="N", type=click.IntRange(1, 100_000), default=1, help="Ask N times, and sum up.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object an answer.")
@shared
def invoke(
    options: Options,
    *,
    endpoint: str,
    data: str | None,
    content_type: str | None,
    accept: str,
    variant: str,
    component: str,
    stream: bool,
    repeat: int,
    as_json: bool,
) -> int:
    """Ask the model behind an endpoint. Into a pipe the answer is byte for byte the model's."""
    body, path = _body(data)
    kind = content_type or content_type_of(body, path)
    invocation = Invocation(body, kind, accept, variant, component, stream)
    settings = options.settings()
    source = sources.of(options, settings)
    if repeat > 1:
        return _many(source, endpoint, invocation, repeat, as_json=as_json)
    started = source.now_ms()
    streamed = _Streamed()
    try:
        response = _ask(source, endpoint, invocation, None if as_json else streamed.show)
    except ModelFailed as failed:
        streamed.end()
        if as_json:
            emit_json({"endpoint": endpoint, "status": failed.status, "body": failed.body})
        complain(failed.what, f"its log since then: sagetop logs --endpoint {endpoint}")
        _show_log(source, endpoint, started - 1000)
        return Exit.MODEL_ERROR
    except SourceError as error:
        if isinstance(error, NotFound) and not error.hint:
            raise NotFound(error.what, "to list them: sagetop endpoints") from None
        if streamed.failed is not None:
            raise streamed.failed from None  # not the model's fault: nobody takes what it says any more
        raise
    if as_json:
        emit_json(_record(endpoint, response))
    elif not streamed.end():
        _show(response)
    if sys.stderr.isatty() and not as_json:
        complain(_summary(response))
    return Exit.DONE


def _body(data: str | None) -> tuple[bytes, Path | None]:
    """The request's body, and the file it is from."""
    if data is None or data == "-":
        try:
            body = b"" if data is None and sys.stdin.isatty() else sys.stdin.buffer.read(LARGEST_BODY + 1)
        except OSError as error:
            raise WrongUsage(f"standard input cannot be read ({error.strerror})", "say --data FILE or TEXT") from None
        if data is None and not body:
            raise WrongUsage("there is nothing to ask", "say --data FILE, --data TEXT, or --data - and pipe it in")
        return body, None
    try:
        path = Path(data)
        if path.is_file():
            with path.open("rb") as file:
                return file.read(LARGEST_BODY + 1), path
    except (OSError, ValueError) as error:
        if not isinstance(error, OSError) or error.errno == errno.ENAMETOOLONG:  # no file's name: the request itself
            return data.encode("utf-8", "surrogateescape"), None
        raise WrongUsage(f"{data} cannot be read ({error.strerror})", "name a file that you may read") from None
    return data.encode("utf-8", "surrogateescape"), None


def _ask(source: Source, endpoint: str, invocation: Invocation, on_part: Callable[[bytes], object] | None) -> Response:
    parts, length = 0, 0

    def part(piece: bytes) -> None:
        nonlocal parts, length
        parts, length = parts + 1, length + len(piece)
        if on_part is not None:
            on_part(piece)
        elif length > LARGEST_KEPT:
            raise too_large()

    ask = partial(source.invoke, endpoint, invocation, part)
    # A stream that goes on may take as long as it likes.
    return sources.within(_TIMEOUT_S, ask, lambda: parts)


class _Streamed:
    """Prints a stream as it comes: bytes into a pipe, cleaned lines on a terminal."""

    def __init__(self) -> None:
        import codecs

        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._left = ""
        self._any = False
        self._lock = threading.Lock()
        self.failed: OSError | None = None
        """Why nothing can be printed any more."""

    def show(self, piece: bytes) -> None:
        """One piece. Raises OSError, which is kept."""
        with self._lock:
            self._any = True
            try:
                self._print(piece)
            except OSError as error:
                self.failed = error
                raise

    def _print(self, piece: bytes) -> None:
        if not sys.stdout.isatty():
            sys.stdout.flush()
            sys.stdout.buffer.write(piece)
            sys.stdout.buffer.flush()
            return
        *lines, self._left = (self._left + self._decode(piece)).split("\n")
        for line in lines:
            emit(clean(line))
        if len(self._left) > _LONGEST_LINE:
            emit(clean(self._left))
            self._left = ""
        flush()

    def end(self) -> bool:
        """Prints what is left, and says whether there was anything at all."""
        with self._lock:
            if self._left:
                emit(clean(self._left))
                self._left = ""
            return self._any


def _show(response: Response) -> None:
    if not sys.stdout.isatty():
        sys.stdout.flush()
        sys.stdout.buffer.write(response.body)
        sys.stdout.buffer.flush()
        return
    for line in pretty(response.body, response.content_type).split("\n"):
        emit(clean(line))


def _summary(response: Response) -> str:
    words = [f"{response.took_ms:,.0f} ms"]
    if response.first_ms < response.took_ms * 0.99:
        words.append(f"first byte after {response.first_ms:,.0f} ms")
    words += [response.variant, response.content_type, f"{len(response.body) + response.left_out:,} bytes"]
    return " · ".join(word for word in words if word)


def _record(endpoint: str, response: Response) -> dict[str, object]:
    try:
        body: dict[str, object] = {"body": response.body.decode("utf-8"), "body_base64": None}
    except UnicodeDecodeError:
        body = {"body": None, "body_base64": base64.b64encode(response.body).decode()}
    return {
        "endpoint": endpoint,
        "status": 200,
        "variant": response.variant or None,
        "content_type": response.content_type,
        "took_ms": round(response.took_ms, 3),
        "first_ms": round(response.first_ms, 3),
        **body,
    }


def _many(source: Source, endpoint: str, invocation: Invocation, count: int, *, as_json: bool) -> int:
    """One request after the other; what they took, who answered, and what failed."""
    answers: list[Response] = []
    failures: Counter[str] = Counter()
    try:
        for _ in range(count):
            try:
                response = _ask(source, endpoint, invocation, None)
            except ModelFailed as failed:
                failures[failed.what] += 1
                if as_json:
                    emit_json({"endpoint": endpoint, "status": failed.status, "body": failed.body})
                continue
            if as_json:
                emit_json(_record(endpoint, response))
            answers.append(replace(response, body=b""))  # a hundred thousand of them would be much
    finally:
        if not as_json:
            _sum_up(answers, failures)
    return Exit.MODEL_ERROR if failures else Exit.DONE


def _sum_up(answers: Sequence[Response], failures: Counter[str]) -> None:
    failed = sum(failures.values())
    emit(f"{len(answers) + failed:,} requests, {failed:,} model errors")
    if answers:
        took = sorted(answer.took_ms for answer in answers)
        at = {name: took[min(int(share * len(took)), len(took) - 1)] for name, share in _SHARES.items()}
        emit("ms: " + "  ".join(f"{name} {value:,.1f}" for name, value in at.items()))
        variants = Counter(answer.variant for answer in answers if answer.variant)
        if variants:
            emit("answered by: " + "  ".join(f"{clean(name)} {number:,}×" for name, number in variants.most_common()))
    for what, number in failures.most_common(5):
        emit(f"{number:,}× {clean(what)}")


_SHARES = {"min": 0.0, "p50": 0.5, "p90": 0.9, "p99": 0.99, "max": 1.0}


def _show_log(source: Source, endpoint: str, start_ms: int) -> None:
    """The endpoint's own words of those seconds, on stderr: stdout is the model's."""
    from tui.follow.moment import lines_of

    try:
        lines = sources.within(15, partial(lines_of, source, LogAddress("endpoint", endpoint), start_ms))
    except SourceError as error:
        complain(f"its log cannot be read: {error.what}", error.hint)
        return
    for event in lines:
        for line in event.message.split("\n"):
            sys.stderr.write(f"[{clean(event.host)}] {clean(line)}\n")

"""How the command ends: the exit codes, and what is said on stderr in place of a traceback."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import traceback
from collections.abc import Sequence
from enum import IntEnum

from tui.cli.output import complain
from tui.config import ConfigError, Folders
from tui.files import private_folder, write_text
from tui.sources.base import ModelFailed, NotFound, Refused, SourceError


class WrongUsage(Exception):
    """What was asked for makes no sense; `hint` says what would."""

    def __init__(self, what: str, hint: str) -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint


_CALLED = {"job": "training job", "endpoint": "endpoint"}


def no_such(name: str, kinds: Sequence[str]) -> NotFound:
    """Says which name there is not: AWS's own words do not."""
    lists = " and ".join(f"sagetop {kind}s" for kind in kinds)
    return NotFound(f"there is no {' and no '.join(_CALLED[kind] for kind in kinds)} {name}", f"to list them: {lists}")


class Exit(IntEnum):
    """What `$?` says. The README's table is made of `MEANING`."""

    DONE = 0
    JOB_FAILED = 1
    USAGE = 2
    NO_ANSWER = 3
    NOT_FOUND = 4
    NOT_CHANGED = 5
    MODEL_ERROR = 6
    WARNINGS = 10
    BUG = 70
    INTERRUPTED = 130


MEANING = {
    Exit.DONE: "done; also when the reader of a pipe closed it",
    Exit.JOB_FAILED: "a job that was waited for or followed ended Failed or Stopped; a deployed endpoint failed",
    Exit.USAGE: "wrong usage: an option, an argument, a file that cannot be read, the settings file, or a value that "
    "AWS does not take",
    Exit.NO_ANSWER: "AWS was not reached within `--timeout` (30 s), denied, expired, throttled or answered an error; "
    "what could be read is printed all the same",
    Exit.NOT_FOUND: "no such job or endpoint",
    Exit.NOT_CHANGED: "a change was declined, refused or overtaken",
    Exit.MODEL_ERROR: "the model answered an error",
    Exit.WARNINGS: "health warnings",
    Exit.BUG: "sagetop itself failed, or could not write its output; the line on stderr says where the details are",
    Exit.INTERRUPTED: "ctrl-c",
}

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})


def exit_table() -> str:
    """The exit codes as a Markdown table, for the README."""
    rows = (f"| {code.value} | {meaning} |" for code, meaning in MEANING.items())
    return "\n".join(["| Code | Meaning |", "| ---: | --- |", *rows])


def exit_of(error: SourceError) -> Exit:
    """The exit code of a request that failed. A command that changes something answers for `Refused` itself."""
    if isinstance(error, NotFound):
        return Exit.NOT_FOUND
    if isinstance(error, ModelFailed):
        return Exit.MODEL_ERROR
    return Exit.USAGE if isinstance(error, Refused) else Exit.NO_ANSWER


def farewell(error: BaseException) -> int:
    """Says in one line on stderr what went wrong and what to do, and gives the exit code. Never raises."""
    # Here rather than above: the bare `sagetop` does without click, and its first frame without this import.
    import click

    if isinstance(error, BrokenPipeError):
        _forget_stdout()
        return Exit.DONE
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.flush()
    if isinstance(error, KeyboardInterrupt | click.Abort):
        _forget_stdout()
        return Exit.INTERRUPTED
    if isinstance(error, SourceError):
        complain(error.what, error.hint)
        return exit_of(error)
    if isinstance(error, ConfigError | WrongUsage):
        complain(error.what, error.hint)
        return Exit.USAGE
    if isinstance(error, click.ClickException):
        context = getattr(error, "ctx", None)
        called = context.command_path if context else "sagetop"
        complain(error.format_message().rstrip("."), f"see {called} --help")
        return Exit.USAGE
    _forget_stdout()
    if isinstance(error, OSError) and error.errno in _NO_ROOM:
        complain(f"the output could not be written: {error.strerror}")
        return Exit.BUG
    complain(f"sagetop itself failed ({_summary(error)})", _keep(error))
    return Exit.BUG


def _forget_stdout() -> None:
    """Sends what is still buffered nowhere, so that the interpreter's own flush at exit has nothing to trip over."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def _summary(error: BaseException) -> str:
    text = str(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _keep(error: BaseException) -> str:
    """Writes the traceback to a private file and says where."""
    try:
        path = private_folder(Folders.of_user().state) / "failure.log"
        write_text(path, "".join(traceback.format_exception(type(error), error, error.__traceback__)))
    except OSError as problem:
        return f"the details could not be written either ({_summary(problem)})"
    return f"the details are in {path}"

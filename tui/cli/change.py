"""What every command that changes something has in common: preview, confirm, send, tell."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.shell_completion import CompletionItem

from tui.cli import sources
from tui.cli.exits import Exit, WrongUsage, exit_of
from tui.cli.options import Options
from tui.cli.output import complain, emit, emit_json, flush
from tui.config import ConfigError, Settings, load
from tui.model.clean import clean
from tui.sources.base import Refused, Source

if TYPE_CHECKING:
    from tui.mutations import Change, Guard, Outcome

F = TypeVar("F", bound=Callable[..., Any])

ASKED_READ_ONLY = "tui.cli.asked_read_only"
"""Where a group notes that `--read-only` stands somewhere on the command line, before click has read it."""
_SET_READ_ONLY = "tui.cli.set_read_only"


class Changing(click.Command):
    """A command that changes something: in read-only it is not listed, and says no."""

    @property
    def hidden(self) -> bool:
        """Whether help and completion leave it out."""
        context = click.get_current_context(silent=True)
        return self._hidden or (context is not None and is_read_only(context))

    @hidden.setter
    def hidden(self, value: bool) -> None:
        self._hidden = value

    def invoke(self, ctx: click.Context) -> Any:
        """Runs it, unless nothing may be changed."""
        if is_read_only(ctx):
            raise WrongUsage(
                f"{ctx.command_path} is not there: read-only", "leave out --read-only and read_only = true"
            )
        return super().invoke(ctx)


class Mutation(Changing):
    """One that changes something on AWS: previewed, confirmed, written down."""


class Group(click.Group):
    """A group whose completion leaves out what is hidden, commands that change something in read-only as well."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # Without a command it says so in one line, as every other mistake does, rather than in all of its help.
        super().__init__(*args, **{"no_args_is_help": False, **kwargs})

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """What completes a word."""
        with ctx.scope(cleanup=False):  # where a command looks whether it is to be seen
            return super().shell_complete(ctx, incomplete)


def is_read_only(context: click.Context) -> bool:
    """Whether the command line, the environment or the settings file says read-only."""
    if context.meta.get(ASKED_READ_ONLY):
        return True
    if _SET_READ_ONLY not in context.meta:
        try:
            context.meta[_SET_READ_ONLY] = load().read_only
        except ConfigError:
            context.meta[_SET_READ_ONLY] = False  # whatever command runs says what is wrong with the file
    return bool(context.meta[_SET_READ_ONLY])


def confirming(function: F) -> F:
    """The options by which a change is confirmed without a terminal."""
    for option in (
        click.option("--json", "as_json", is_flag=True, help="Print what came of it as one JSON object."),
        click.option("--confirm", metavar="NAME", help="Confirm it by the name, which protected names need."),
        click.option("--yes", is_flag=True, help="Do not ask. A protected name needs --confirm."),
    ):
        function = option(function)
    return function


def guard_of(options: Options, settings: Settings) -> Guard:
    """What changes are held against, with the profile in use."""
    from tui.mutations import Guard

    return Guard.of(options.in_use(settings, os.environ))


def change(
    options: Options,
    plan: Callable[[Guard, Source], Change],
    *,
    yes: bool,
    confirm: str | None,
    as_json: bool,
    begin: Callable[[Source], object] = id,
    told: Callable[[Outcome], object] = id,
) -> int:
    """Plan it, show it, have it confirmed, carry it out, tell what came of it.

    Args:
        options: The shared options.
        plan: Makes the change; it may ask the source.
        yes: `--yes`.
        confirm: `--confirm NAME`.
        as_json: Print the outcome as JSON, and no preview.
        begin: Called with the source before it is sent, for whoever shows how far it is.
        told: Called with the outcome, where anything was sent.

    Returns:
        The exit code.

    Raises:
        SourceError: It could not be planned.
    """
    from tui.mutations import NotConfirmed, NothingToDo, NotPossible
    from tui.mutations.preview import preview, result

    settings = options.settings()
    guard, source = guard_of(options, settings), sources.aws(options, settings)
    try:
        planned = sources.within(options.timeout, lambda: plan(guard, source), lambda: source.calls)
        shown = "".join(f"{clean(line).rstrip()}\n" for _, line in preview(planned))
        if not as_json:
            emit(shown)
            flush()
        if _asks(planned, yes=yes, confirm=confirm) and sys.stdin.isatty() and (as_json or not sys.stdout.isatty()):
            # Whoever is asked has it before their eyes, wherever the output goes.
            sys.stderr.write(f"{shown}\n")
        begin(source)
        outcome = _carried_out(guard, source, planned, options, yes=yes, confirm=confirm)
    except NothingToDo as nothing:
        if as_json:
            emit_json({"outcome": "nothing to do", "said": nothing.what})
        else:
            emit(clean(f"nothing to do: {nothing.what}" + (f" ({nothing.hint})" if nothing.hint else "")))
        return Exit.DONE
    except NotConfirmed as missing:
        complain(missing.what, missing.hint)
        return Exit.USAGE
    except NotPossible as problem:
        complain(problem.what, problem.hint)
        return Exit.NOT_CHANGED
    if outcome is None:
        complain("nothing was sent: declined")
        return Exit.NOT_CHANGED
    told(outcome)
    if as_json:
        emit_json(_record(outcome))
    else:
        for _, line in list(result(outcome))[3:]:  # title and place stand above already
            emit(clean(line).rstrip())
    flush()
    if outcome.verdict == "done":
        return Exit.DONE
    complain(outcome.said, outcome.error.hint if outcome.error else "")
    if outcome.error is None or isinstance(outcome.error, Refused):
        return Exit.NOT_CHANGED
    return exit_of(outcome.error)


def _carried_out(
    guard: Guard, source: Source, planned: Change, options: Options, *, yes: bool, confirm: str | None
) -> Outcome | None:
    """What came of it, None where the person declined."""
    from tui.mutations import agree, carry_out
    from tui.mutations.guarded import LOCK_WAIT_S

    asks = _asks(planned, yes=yes, confirm=confirm)
    answered = _asked(planned) if asks else ("--yes" if yes else "", confirm)
    if answered is None:
        return None
    consent = agree(guard, planned, yes=answered[0], typed=answered[1])
    # It ends by its own time-outs: whoever gave up on it here would not know whether it was sent.
    patience = max(options.timeout, 60.0) + LOCK_WAIT_S
    try:
        return sources.within(patience, lambda: carry_out(source, guard, consent), lambda: source.calls)
    except KeyboardInterrupt:
        complain("interrupted while it was sent: it may have been carried out", "see sagetop audit")
        raise


def _asks(planned: Change, *, yes: bool, confirm: str | None) -> bool:
    """Whether a person has to be asked: the command line has not said enough."""
    return confirm is None and (planned.typed or not yes)


def _asked(planned: Change) -> tuple[str, str | None] | None:
    """How a person at the terminal confirms it, None where they decline.

    Raises:
        NotConfirmed: There is no terminal to ask at.
    """
    from tui.mutations import NotConfirmed

    if not sys.stdin.isatty():
        option = f"--confirm {planned.name}" if planned.typed else "--yes"
        raise NotConfirmed(
            "nothing was sent: there is no terminal to ask at", f"to send it without a question: {option}"
        )
    if planned.typed:
        typed = click.prompt(clean(f"Type {planned.name} to confirm"), default="", show_default=False, err=True)
        return ("", typed) if typed else None
    return ("y", None) if click.confirm("Send this?", err=True) else None


def _record(outcome: Outcome) -> Mapping[str, object]:
    return {
        "id": outcome.id,
        "kind": outcome.change.kind,
        "title": outcome.change.title,
        "outcome": outcome.verdict,
        "said": outcome.said,
        "account": outcome.change.identity.account,
        "region": outcome.change.identity.region,
        "request": [
            {
                "service": sent.call.service,
                "operation": sent.call.operation,
                "parameters": sent.call.parameters,
                "result": sent.result,
                "why": sent.why or None,
            }
            for sent in outcome.sent
        ],
        "before": outcome.change.before,
        "after": outcome.after,
    }

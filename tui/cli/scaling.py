"""`sagetop scaling`: what scales an endpoint, and off, on, set, remove."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tui.cli import sources
from tui.cli.change import Group, Mutation, change, confirming, guard_of, is_read_only
from tui.cli.exits import WrongUsage, no_such
from tui.cli.options import Options
from tui.cli.output import complain, emit, emit_json
from tui.cli.shared import Number, shared
from tui.model.clean import clean
from tui.sources.base import NotFound, Source

if TYPE_CHECKING:
    from tui.mutations import Guard, Seen

_EPILOG = """\
\b
Examples:
  sagetop scaling ranker-prod                     what scales it
  sagetop scaling ranker-prod suspend --for 2h    off, and on again in 2 h
  sagetop scaling ranker-prod resume              on, as it was before
  sagetop scaling ranker-prod set --min 2 --max 10 --target 70
  sagetop scaling ranker-prod remove --to ranker.json --confirm ranker-prod
"""
_UNITS = {"m": 60, "h": 3600, "d": 86400}


_WITH_VALUE = frozenset({"--variant", "--profile", "--region", "--endpoint-url", "--timeout"})


class _Actions(Group):
    """Lists its actions in the order in which one meets them; options may stand before the action as well."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Puts the action behind the endpoint: click takes no option between the two."""
        if len(args) > 1 and not args[0].startswith("-"):
            places = (at for at in range(1, len(args)) if args[at] in self.commands and args[at - 1] not in _WITH_VALUE)
            if (at := next(places, None)) is not None:
                args = [args[0], args[at], *args[1:at], *args[at + 1 :]]
            elif args[1].startswith("-") and not {"-h", "--help"} & set(args):
                args = [args[0], "show", *args[1:]]
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(self.commands)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        if not is_read_only(ctx):
            super().format_epilog(ctx, formatter)


@click.group(cls=_Actions, epilog=_EPILOG, invoke_without_command=True, subcommand_metavar="[ACTION] [OPTIONS]")
@click.argument("endpoint")
@click.option("--variant", metavar="NAME", help="The production variant, or the inference component.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a variant.")
@shared
@click.pass_context
def scaling(context: click.Context, options: Options, *, endpoint: str, variant: str | None, as_json: bool) -> None:
    """Show what scales an endpoint, or change it by an action."""
    context.obj = (endpoint, variant, as_json)
    if context.invoked_subcommand is None:
        _show(options, endpoint, variant, as_json=as_json)


_VARIANT = click.option("--variant", metavar="NAME", help="The production variant, or the inference component.")


@scaling.command()
@_VARIANT
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a variant.")
@shared
@click.pass_context
def show(context: click.Context, options: Options, *, variant: str | None, as_json: bool) -> None:
    """Show it: limits, policies, what is suspended, and until when."""
    endpoint, outer, outer_json = context.obj
    _show(options, endpoint, variant or outer, as_json=as_json or outer_json)


@scaling.command(cls=Mutation)
@_VARIANT
@click.option("--for", "length", metavar="2h", help="On again after so long, by whichever sagetop is running then.")
@confirming
@shared
@click.pass_context
def suspend(
    context: click.Context,
    options: Options,
    *,
    variant: str | None,
    length: str | None,
    yes: bool,
    confirm: str | None,
    as_json: bool,
) -> int:
    """Switch it off; limits, policies and alarms stay.

    Scaling out, scaling in and scheduled scaling are suspended, all three.
    """
    seconds = None if length is None else _seconds(length)

    def plan(guard: Guard, source: Source) -> Any:
        from tui.mutations import scaling_plans

        until = guard.now() + timedelta(seconds=seconds) if seconds else None
        return scaling_plans.suspend(guard, _one(source, context, variant), until)

    return change(options, plan, yes=yes, confirm=confirm, as_json=_json(context, as_json))


@scaling.command(cls=Mutation)
@_VARIANT
@confirming
@shared
@click.pass_context
def resume(
    context: click.Context, options: Options, *, variant: str | None, yes: bool, confirm: str | None, as_json: bool
) -> int:
    """Switch it on, with the flags from before it was suspended."""

    def plan(guard: Guard, source: Source) -> Any:
        from tui.mutations import scaling_plans

        return scaling_plans.resume(guard, _one(source, context, variant))

    return change(options, plan, yes=yes, confirm=confirm, as_json=_json(context, as_json))


@scaling.command("set", cls=Mutation)
@_VARIANT
@click.option("--min", "low", metavar="N", type=int, help="Never fewer instances.")
@click.option("--max", "high", metavar="N", type=int, help="Never more instances.")
@click.option("--target", metavar="X", type=Number(0, min_open=True), help="The value of the metric that it keeps.")
@click.option(
    "--metric",
    type=click.Choice(["invocations", "concurrency"]),
    help="Invocations a minute and instance (where there is no policy yet), or concurrent requests a model each 10 s.",
)
@click.option("--out-cooldown", metavar="SECONDS", type=click.IntRange(0, 86400), help="Between two scale-outs.")
@click.option("--in-cooldown", metavar="SECONDS", type=click.IntRange(0, 86400), help="Between two scale-ins.")
@click.option("--from", "file", metavar="FILE", type=click.Path(path_type=Path), help="All of it as `remove` saved it.")
@confirming
@shared
@click.pass_context
def set_(
    context: click.Context,
    options: Options,
    *,
    variant: str | None,
    low: int | None,
    high: int | None,
    target: float | None,
    metric: str | None,
    out_cooldown: int | None,
    in_cooldown: int | None,
    file: Path | None,
    yes: bool,
    confirm: str | None,
    as_json: bool,
) -> int:
    """Set limits, target value or cooldowns.

    What is not given stays, and nothing is guessed.
    """
    given = (low, high, target, metric, out_cooldown, in_cooldown)
    if (file is None) == all(value is None for value in given):
        raise WrongUsage("set what?", "say --min, --max, --target …, or --from FILE alone")

    def plan(guard: Guard, source: Source) -> Any:
        from tui.mutations import scaling_plans
        from tui.mutations.traffic import traffic_lines

        if file is not None:
            return scaling_plans.set_saved(guard, _one(source, context, variant), file)
        numbers = scaling_plans.Numbers(low, high, target, metric or "", out_cooldown, in_cooldown)
        seen = _one(source, context, variant)
        planned = scaling_plans.set_numbers(guard, seen, numbers)
        lines = traffic_lines(source, context.obj[0], seen.subject.variant, guard.now())
        return scaling_plans.noted(planned, lines)

    return change(options, plan, yes=yes, confirm=confirm, as_json=_json(context, as_json))


@scaling.command(cls=Mutation)
@_VARIANT
@click.option(
    "--to",
    "file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="The new file that keeps it.  [default: one in sagetop's state folder]",
)
@confirming
@shared
@click.pass_context
def remove(
    context: click.Context,
    options: Options,
    *,
    variant: str | None,
    file: Path | None,
    yes: bool,
    confirm: str | None,
    as_json: bool,
) -> int:
    """Deregister it, after saving it to a file.

    Target, policies, alarms and scheduled actions are lost; `set --from FILE` restores them.
    """

    def plan(guard: Guard, source: Source) -> Any:
        from tui.mutations import scaling_plans

        seen = _one(source, context, variant)
        return scaling_plans.remove(guard, seen, file or scaling_plans.file_for(guard, seen))

    return change(options, plan, yes=yes, confirm=confirm, as_json=_json(context, as_json))


def _json(context: click.Context, as_json: bool) -> bool:
    return as_json or bool(context.obj[2])


def _one(source: Source, context: click.Context, variant: str | None) -> Any:
    """The one target that is meant.

    Raises:
        WrongUsage: There are several, and nobody said which.
    """
    endpoint, outer, _ = context.obj
    found = _chosen(_survey(source, endpoint), endpoint, variant or outer)
    if len(found) > 1:
        names = ", ".join(dict.fromkeys(seen.subject.variant for seen in found))
        raise WrongUsage(f"{endpoint} has several: {names}", "say which one with --variant")
    return found[0]


def _survey(source: Source, endpoint: str) -> Sequence[Seen]:
    from tui.mutations.scaling import survey

    try:
        return survey(source, endpoint)
    except NotFound:
        raise no_such(endpoint, ["endpoint"]) from None


def _chosen(found: Sequence[Any], endpoint: str, variant: str | None) -> list[Any]:
    chosen = [seen for seen in found if variant in (None, seen.subject.variant)]
    if not chosen:
        raise NotFound(
            f"{endpoint} has no variant {variant}", "there is " + ", ".join(seen.subject.variant for seen in found)
        )
    return chosen


def _show(options: Options, endpoint: str, variant: str | None, *, as_json: bool) -> None:
    from tui.mutations.scaling_show import lines, record

    settings = options.settings()
    source, guard = sources.aws(options, settings), guard_of(options, settings)
    found = sources.within(options.timeout, lambda: _survey(source, endpoint), lambda: source.calls)
    chosen = _chosen(found, endpoint, variant)
    for number, seen in enumerate(chosen):
        if as_json:
            emit_json(record(guard, seen))
            continue
        if number:
            emit()
        for line in lines(guard, seen):
            emit(clean(line))
    if not as_json and all(seen.state["target"] is None for seen in chosen):
        complain(f"{endpoint} does not scale", f"to set it: sagetop scaling {endpoint} set --min N --max N --target X")


def _seconds(length: str) -> int:
    match = re.fullmatch(r"(\d{1,6})([mhd])", length)
    seconds = int(match[1]) * _UNITS[match[2]] if match else 0
    if not 60 <= seconds <= 30 * 86400:
        raise WrongUsage(f"--for {length}: no length of time", "say 30m, 2h or 3d, from a minute to 30 days")
    return seconds

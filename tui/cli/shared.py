"""The options that every command takes, before its name or after it."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, TypeVar
from urllib.parse import urlsplit

import click

from tui.cli.options import Options

P = ParamSpec("P")
R = TypeVar("R")

_GIVEN = "tui.cli.given"


def _remember(context: click.Context, parameter: click.Parameter, value: object) -> object:
    # A command's options are read after its group's, so what stands nearest to the command's end counts.
    if value is not None:
        context.meta.setdefault(_GIVEN, {})[parameter.name] = value
    return value


class Number(click.FloatRange):
    """A finite number in a range: a comparison holds no NaN back."""

    def convert(self, value: Any, parameter: click.Parameter | None, context: click.Context | None) -> Any:
        """The number."""
        number = super().convert(value, parameter, context)
        if not math.isfinite(number):
            self.fail(f"{value!r} is no number.", parameter, context)
        return number


def _is_url(context: click.Context, parameter: click.Parameter, value: str | None) -> object:
    if value is not None:
        try:
            parts = urlsplit(value)
            fine = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            fine = False
        if not fine:
            raise click.BadParameter(f"{value!r} is no URL such as http://localhost:5000")
    return _remember(context, parameter, value)


_SHARED = (
    click.option("--profile", metavar="NAME", expose_value=False, callback=_remember, help="AWS profile to use."),
    click.option("--region", metavar="NAME", expose_value=False, callback=_remember, help="AWS region to ask."),
    click.option(
        "--endpoint-url",
        metavar="URL",
        expose_value=False,
        callback=_is_url,
        help="Where every AWS service is, in place of AWS itself.",
    ),
    click.option(
        "--read-only",
        is_flag=True,
        default=None,
        expose_value=False,
        callback=_remember,
        help="Take away everything that changes anything.",
    ),
    click.option(
        "--timeout",
        metavar="SECONDS",
        type=Number(0.1, 86400),
        expose_value=False,
        callback=_remember,
        help="How long AWS may take.  [default: 30]",
    ),
    click.option(
        "--local",
        is_flag=True,
        default=None,
        expose_value=False,
        callback=_remember,
        help="Jobs of this machine only: AWS is not asked.",
    ),
)


def shared(function: Callable[Concatenate[Options, P], R]) -> Callable[P, R]:
    """Gives a command the shared options, which it gets as its first argument."""

    @functools.wraps(function)
    def with_options(*args: P.args, **kwargs: P.kwargs) -> R:
        given = click.get_current_context().meta.get(_GIVEN, {})
        return function(Options(**given), *args, **kwargs)

    command: Callable[P, R] = with_options
    for option in reversed(_SHARED):
        command = option(command)
    return command

"""The options that every command takes, before its name or after it."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Concatenate, ParamSpec, TypeVar
from urllib.parse import urlsplit

import click

from tui import config

P = ParamSpec("P")
R = TypeVar("R")

_GIVEN = "tui.cli.given"
_ENVIRONMENT = (
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_ACCESS_KEY_ID",
)


@dataclass(frozen=True, slots=True)
class Options:
    """What was given on the command line; None where nothing was."""

    profile: str | None = None
    region: str | None = None
    endpoint_url: str | None = None
    read_only: bool = False
    timeout: float = 30.0
    """Seconds in which AWS has to answer a request, retries included."""

    def settings(self) -> config.Settings:
        """The settings file, made read-only where the command line says so.

        Raises:
            ConfigError: The file cannot be used.
        """
        settings = config.load()
        return replace(settings, read_only=True) if self.read_only else settings

    def resolved(self, settings: config.Settings, environ: Mapping[str, str]) -> Options:
        """With the profile and the region of the settings file, where neither options nor environment name any."""
        if self.profile or self.region or any(environ.get(name) for name in _ENVIRONMENT):
            return self
        return replace(self, profile=settings.profile, region=settings.region)


def _remember(context: click.Context, parameter: click.Parameter, value: object) -> object:
    # A command's options are read after its group's, so what stands nearest to the command's end counts.
    if value is not None:
        context.meta.setdefault(_GIVEN, {})[parameter.name] = value
    return value


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
        type=click.FloatRange(0.1, 86400),
        expose_value=False,
        callback=_remember,
        help="How long AWS may take to answer.  [default: 30]",
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

"""What was given on the command line, for every command alike. No click here: the bare `sagetop` does without."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from tui import config

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
    local: bool = False
    """This machine's jobs only: AWS is not asked."""

    def settings(self) -> config.Settings:
        """The settings file, made read-only where the command line says so.

        Raises:
            ConfigError: The file cannot be used.
        """
        settings = config.load()
        return replace(settings, read_only=True) if self.read_only else settings

    def job(self, name: str) -> str:
        """A job's name as a source knows it: with `--local` the prefix may be left out."""
        from tui.model.jobs import LOCAL, is_local  # here, as the first frame does without

        return LOCAL + name if self.local and not is_local(name) else name

    def in_use(self, settings: config.Settings, environ: Mapping[str, str]) -> config.Settings:
        """The settings with the profile that is in use, which `protected` is held against."""
        named = self.resolved(settings, environ).profile
        return replace(settings, profile=named or environ.get("AWS_PROFILE") or environ.get("AWS_DEFAULT_PROFILE"))

    def resolved(self, settings: config.Settings, environ: Mapping[str, str]) -> Options:
        """With the profile and the region of the settings file, where neither options nor environment name any."""
        if self.profile or self.region or any(environ.get(name) for name in _ENVIRONMENT):
            return self
        return replace(self, profile=settings.profile, region=settings.region)

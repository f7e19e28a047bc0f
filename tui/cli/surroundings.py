"""What this machine is to sagetop: the terminal's abilities, versions, folders."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from platform import python_version

from tui import __version__
from tui.config import Settings
from tui.model.paths import path_of

PACKAGES = ("textual", "boto3", "botocore", "plotext", "numpy", "orjson", "moto")


def terminal(environ: Mapping[str, str]) -> dict[str, object]:
    """What can be told of the terminal without asking it: size, colours, signs, its clipboard."""
    size = shutil.get_terminal_size((0, 0))
    encoding = (sys.stdout.encoding or "").lower()
    return {
        "is_terminal": sys.stdout.isatty(),
        "columns": size.columns or None,
        "rows": size.lines or None,
        "term": environ.get("TERM") or None,
        "colours": _colours(environ),
        "unicode": "utf" in encoding,
        "encoding": encoding or None,
        "clipboard": _clipboard(environ),
        "ssh": bool(environ.get("SSH_CONNECTION") or environ.get("SSH_TTY")),
    }


def _colours(environ: Mapping[str, str]) -> str:
    term = environ.get("TERM", "")
    if environ.get("NO_COLOR"):
        return "none (NO_COLOR)"
    if term in ("", "dumb"):
        return "none"
    if environ.get("COLORTERM", "").lower() in ("truecolor", "24bit"):
        return "16 million"
    return "256" if "256" in term else "16"


def _clipboard(environ: Mapping[str, str]) -> str:
    """How what is copied gets to the clipboard; whether the terminal takes it, it does not say."""
    if environ.get("TMUX"):
        return "OSC 52 through tmux: needs `set -g set-clipboard on` and `set -g allow-passthrough on`"
    if environ.get("STY"):
        return "OSC 52 through screen"
    if environ.get("TERM_PROGRAM") == "Apple_Terminal":
        return "OSC 52, which Terminal.app does not take"
    return "OSC 52, if the terminal takes it"


def versions() -> dict[str, object]:
    """sagetop, Python, and the packages that matter; null where one is not there."""
    found: dict[str, object] = {"sagetop": __version__, "python": python_version()}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = None
    return found


def folders(settings: Settings, environ: Mapping[str, str]) -> dict[str, object]:
    """Where sagetop keeps things, and how much of it; sizes in bytes."""
    config = path_of(environ.get("SAGETOP_CONFIG") or str(settings.folders.config / "config.toml"))
    archive = settings.folders.cache / "logs.sqlite"
    return {
        "config": str(config),
        "config_exists": config.exists(),
        "cache": str(settings.folders.cache),
        "state": str(settings.folders.state),
        "archive": str(archive) if settings.archive else None,
        "archive_bytes": _bytes(archive),
        "archive_limit_bytes": settings.archive_size_mb * 1_000_000 if settings.archive else None,
    }


def _bytes(file: Path) -> int:
    # SQLite's journal lies beside it.
    parts = (file, file.with_name(f"{file.name}-wal"))
    return sum(part.stat().st_size for part in parts if part.exists())

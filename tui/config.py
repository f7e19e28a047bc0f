"""The settings file, and the folders that belong to sagetop.

`config.toml` lies in the user's config folder (`~/.config/sagetop`; SAGETOP_CONFIG names another file). It is read
only; what is wrong with it is said in one line that names the file, the key and what is expected there.
"""

from __future__ import annotations

import difflib
import importlib
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from tui.model.paths import path_of

Theme = Literal["auto", "dark", "light"]


class ConfigError(Exception):
    """The settings file cannot be used.

    Attributes:
        what: One line that names the file and the key.
        hint: What is expected there.
    """

    def __init__(self, what: str, hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Folders:
    """Where sagetop keeps things. None is made before something is written there: see `files.private_folder`."""

    cache: Path
    """The archive of logs, and what can be fetched again."""
    config: Path
    """Where config.toml lies."""
    state: Path
    """The audit log, and the details of a failure."""

    @classmethod
    def of_user(cls) -> Folders:
        """The platform's usual places, `~/.cache/sagetop` and the like; the XDG variables count."""
        import platformdirs

        return cls(
            cache=platformdirs.user_cache_path("sagetop"),
            config=platformdirs.user_config_path("sagetop"),
            state=platformdirs.user_state_path("sagetop"),
        )

    @classmethod
    def under(cls, root: Path) -> Folders:
        """All of them in one folder, which the demo throws away when it ends."""
        return cls(cache=root / "cache", config=root / "config", state=root / "state")


@dataclass(frozen=True, slots=True)
class Settings:
    """What a person may set, with what holds where nothing is set."""

    theme: Theme = "auto"
    ascii: bool = False
    """Draw with `#*-|>` only."""
    read_only: bool = False
    """Nothing can be changed: not on AWS, not on this machine."""
    refresh_s: float = 5.0
    """Seconds between two refreshes of what is on screen."""
    profile: str | None = None
    region: str | None = None
    keys: Mapping[str, str] = field(default_factory=dict)
    """A binding's id → the keys for it, with commas between."""
    protected: tuple[str, ...] = ()
    """Patterns (`*-prod`) of names whose change has to be confirmed by typing the name."""
    archive: bool = True
    archive_size_mb: int = 2048
    thresholds: Mapping[str, float] = field(default_factory=dict)
    """A health rule's threshold by its name."""
    prices: Path | None = None
    """A TOML or JSON file: instance type → USD an hour. Without it the Pricing API is asked."""
    folders: Folders = field(default_factory=Folders.of_user)


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """The settings of the file and of the environment.

    Args:
        environ: SAGETOP_CONFIG names the file; SAGETOP_READ_ONLY, anything but empty, 0, false, no or off, makes
            read-only whatever the file says. By default `os.environ`.

    Raises:
        ConfigError: The file cannot be read, is not TOML, has an unknown key or a value of the wrong kind.
    """
    environ = os.environ if environ is None else environ
    folders = Folders.of_user()
    named = environ.get("SAGETOP_CONFIG", "")
    path = path_of(named) if named else folders.config / "config.toml"
    if named:
        folders = Folders(folders.cache, path.parent, folders.state)
    values = _read(path, missing_is_wrong=bool(named))
    if environ.get("SAGETOP_READ_ONLY", "").strip().lower() not in {"", "0", "false", "no", "off"}:
        values["read_only"] = True
    return Settings(**values, folders=folders)


def _read(path: Path, *, missing_is_wrong: bool) -> dict[str, Any]:
    try:
        content = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        if missing_is_wrong:
            raise ConfigError(f"{path} does not exist", "SAGETOP_CONFIG has to name a settings file") from None
        return {}
    except UnicodeDecodeError:
        raise ConfigError(f"{path} is not UTF-8 text", "save it as UTF-8") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise ConfigError(f"{path} cannot be read ({reason})", "make it a readable file, or move it away") from None
    toml = importlib.import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    try:
        table = toml.loads(content)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path} is not TOML", str(error) or "too deep") from None
    return {_FIELDS[key]: value for key, value in _checked(path, table)}


def price_file(path: Path) -> dict[str, float]:
    """A person's prices: instance type → USD an hour, in TOML or JSON.

    Raises:
        ConfigError: It cannot be read, or an entry is no price.
    """
    from tui.model.prices import price_table

    try:
        content = path.read_text(encoding="utf-8")
        module = "json" if path.suffix == ".json" else "tomllib" if sys.version_info >= (3, 11) else "tomli"
        table = importlib.import_module(module).loads(content)
        return price_table(table if isinstance(table, Mapping) else {"the file": table})
    except OSError as error:
        raise ConfigError(f"{path} cannot be read ({error.strerror})", "`prices` names a file with prices") from None
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path} is no price file", str(error) or "too deep") from None


def _checked(path: Path, table: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """The settings by their dotted keys, each one as its rule wants it."""
    for key, value in table.items():
        if key in _TABLES and not isinstance(value, Mapping):
            raise ConfigError(f"{path}: {key} is not a table", f"write [{key}] with its settings below")
        if key == "archive" and isinstance(value, Mapping):
            for inner, item in value.items():
                yield f"archive.{inner}", _value(path, f"archive.{inner}", item)
        else:
            yield key, _value(path, key, value)


def _value(path: Path, key: str, value: object) -> object:
    if key not in _RULES:
        close = difflib.get_close_matches(key, _RULES, 1)
        hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(_RULES)}"
        raise ConfigError(f"{path}: there is no setting {key}", hint)
    expected, rule = _RULES[key]
    try:
        return rule(value)
    except _UnknownError as unknown:
        what, hint = unknown.args
        raise ConfigError(f"{path}: {what}", hint) from None
    except _WrongError as wrong:
        raise ConfigError(f"{path}: {key}{wrong.inner} is {_shown(wrong.value)}", f"it has to be {expected}") from None


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:59]}…"


class _UnknownError(Exception):
    """A key inside a table's value does not exist: what is wrong, and what there is."""


class _WrongError(Exception):
    """A value is not what its rule wants; `inner` is the rest of its key, where it lies in a table."""

    def __init__(self, value: object, inner: str = "") -> None:
        self.value = value
        self.inner = inner


# Each rule returns the value as Settings wants it, or raises _WrongError.


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise _WrongError(value)
    return value


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise _WrongError(value)
    return value


def _file(value: object) -> Path:
    return path_of(_text(value))


def _theme(value: object) -> str:
    if value not in ("auto", "dark", "light"):
        raise _WrongError(value)
    return str(value)


def _between(low: float, high: float) -> Callable[[object], float]:
    def rule(value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise _WrongError(value)
        return value

    return rule


def _whole(low: int, high: int) -> Callable[[object], int]:
    def rule(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise _WrongError(value)
        return value

    return rule


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        raise _WrongError(value)
    return tuple(value)


def _each(rule: Callable[[object], Any]) -> Callable[[object], dict[str, Any]]:
    """A table whose keys are free. Dots in a key nest in TOML (`jobs.filter = …`); here they are dots again."""

    def each(value: object, prefix: str = "") -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise _WrongError(value, prefix)
        found: dict[str, Any] = {}
        for name, item in value.items():
            key = f"{prefix}.{name}"
            if isinstance(item, Mapping):
                found |= each(item, key)
                continue
            try:
                found[key[1:]] = rule(item)
            except _WrongError:
                raise _WrongError(item, key) from None
        return found

    return each


def _thresholds(value: object) -> dict[str, float]:
    found = _each(_between(-1e300, 1e300))(value)
    from tui.model.health.thresholds import MEANING, unknown

    for name in unknown(found):
        close = difflib.get_close_matches(name, MEANING, 1)
        hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(MEANING)}"
        raise _UnknownError(f"there is no threshold {name}", hint)
    return found


_TABLES = frozenset({"archive", "keys", "thresholds"})
_RULES: dict[str, tuple[str, Callable[[object], Any]]] = {
    "theme": ('"auto", "dark" or "light"', _theme),
    "ascii": ("true or false", _flag),
    "read_only": ("true or false", _flag),
    "refresh": ("a number of seconds from 1 to 3600", _between(1, 3600)),
    "profile": ("the name of an AWS profile", _text),
    "region": ("the name of an AWS region", _text),
    "protected": ('a list of patterns such as ["*-prod"]', _texts),
    "prices": ("the name of a TOML or JSON file: instance type → USD an hour", _file),
    "archive.enabled": ("true or false", _flag),
    "archive.size_mb": ("a whole number of megabytes, at least 10", _whole(10, 10_000_000)),
    "keys": ('keys for a binding such as jobs.filter = "slash,f"', _each(_text)),
    "thresholds": ("a number for each threshold", _thresholds),
}
_FIELDS = {key: key for key in _RULES} | {
    "refresh": "refresh_s",
    "archive.enabled": "archive",
    "archive.size_mb": "archive_size_mb",
}

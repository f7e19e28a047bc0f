"""Metric definitions that a person has kept: for one job, or for all jobs whose names fit a pattern.

They lie in `metrics.json` under the config folder (0600), and are read by whoever reads metrics from logs:

    {"resnet50-*": [{"Name": "train:loss", "Regex": "loss=([0-9.]+)"}]}

A pattern is a job's name, in which `*` stands for any characters and `?` for one; a name stands for itself.
"""

from __future__ import annotations

import json
from contextlib import suppress
from fnmatch import fnmatchcase
from pathlib import Path

from tui.files import private_folder, write_json
from tui.model.jobs import MetricDefinition

FILE = "metrics.json"

Kept = dict[str, tuple[MetricDefinition, ...]]


class BadFile(OSError):
    """The file is there but is not what sagetop writes; it is left as it is. `str()` says so in one line."""


def kept_definitions(folder: Path, job_name: str) -> tuple[MetricDefinition, ...]:
    """The definitions that are kept for a job.

    Args:
        folder: The config folder.
        job_name: The job's name.

    Returns:
        In the order of the file; of one name the one that names the job more closely: its own name before a pattern, a
        longer pattern before a shorter one. None where nothing is kept or the file cannot be read.
    """
    found: dict[str, MetricDefinition] = {}
    with suppress(OSError):
        kept = read(folder)
        fitting = [pattern for pattern in kept if pattern == job_name or fnmatchcase(job_name, _plain(pattern))]
        for pattern in sorted(fitting, key=lambda pattern: (pattern == job_name, len(pattern))):
            found.update({definition.name: definition for definition in kept[pattern]})
    return tuple(found.values())


def keep_definition(folder: Path, pattern: str, definition: MetricDefinition) -> None:
    """Keep a definition for the jobs of a pattern, in place of one with its name.

    Raises:
        OSError: It cannot be written, or what is there is no such file (`BadFile`).
    """
    kept = read(folder)
    others = {known.name: known for known in kept.get(pattern, ())}
    kept[pattern] = tuple({**others, definition.name: definition}.values())
    _write(folder, kept)


def forget_definition(folder: Path, pattern: str, name: str) -> bool:
    """Keep the definition of this name no longer. False where there was none. Raises OSError as `keep_definition`."""
    kept = read(folder)
    left = tuple(known for known in kept.get(pattern, ()) if known.name != name)
    if len(left) == len(kept.get(pattern, ())):
        return False
    kept = {**kept, pattern: left} if left else {other: kept[other] for other in kept if other != pattern}
    _write(folder, kept)
    return True


def read(folder: Path) -> Kept:
    """All that is kept, by pattern.

    Raises:
        OSError: It cannot be read, or is no such file (`BadFile`).
    """
    path = folder / FILE
    try:
        data = json.loads(path.read_bytes())
        return {
            pattern: tuple(MetricDefinition(_text(entry["Name"]), _text(entry["Regex"])) for entry in entries)
            for pattern, entries in data.items()
        }
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError, KeyError, AttributeError):
        raise BadFile(f"{path} does not hold metric definitions: correct it, or move it away") from None


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _plain(pattern: str) -> str:
    """Without the classes of characters that fnmatch knows: job names have no brackets."""
    return pattern.replace("[", "[[]")


def _write(folder: Path, kept: Kept) -> None:
    records = {
        pattern: [{"Name": each.name, "Regex": each.regex} for each in definitions]
        for pattern, definitions in kept.items()
    }
    write_json(private_folder(folder) / FILE, records)

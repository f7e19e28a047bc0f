"""The code that belongs to a script: what each host of a local job gets, and what is packed for SageMaker."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tui.sources.local.spec import Spec

_NOT_CODE = frozenset({"__pycache__", "venv", "node_modules"})


@dataclass(frozen=True, slots=True)
class Code:
    """The files of a source folder, all paths relative to it.

    Attributes:
        files: What belongs to the script.
        left_out: What does not, a folder as one: hidden (`.git`, `.env`, `.aws`), a cache, an environment, or no file.
    """

    files: tuple[Path, ...]
    left_out: tuple[Path, ...]


def code_of(spec: Spec) -> Code:
    """What belongs to the script.

    All of the folder but what is hidden, caches and environments; or, where the whole folder was not asked for, the
    script and the Python modules and packages beside it: a script in a home folder does not take the home along.

    Raises:
        OSError: A folder cannot be read.
    """
    script, left_out = Path(spec.script), list[Path]()
    if spec.whole_source:
        files = set(_walk(spec.source, Path(), left_out))
    else:
        files = set()
        for entry in spec.source.iterdir():
            if entry.suffix == ".py" and entry.is_file() and not entry.name.startswith("."):
                files.add(Path(entry.name))
            elif (entry / "__init__.py").is_file() and not _is_apart(entry):
                files.update(_walk(spec.source, Path(entry.name), left_out))
    return Code(tuple(sorted(files | {script})), tuple(sorted(path for path in left_out if path != script)))


def _walk(root: Path, below: Path, left_out: list[Path]) -> Iterator[Path]:
    for entry in (root / below).iterdir():
        path = below / entry.name
        if _is_apart(entry) or (entry.is_dir() and entry.is_symlink()):
            left_out.append(path)  # of linked folders too: nobody knows where they end
        elif entry.is_dir():
            yield from _walk(root, path, left_out)
        elif entry.is_file():
            yield path
        else:
            left_out.append(path)


def _is_apart(entry: Path) -> bool:
    environment = (entry / "pyvenv.cfg").exists() or (entry / "conda-meta").exists()
    return entry.name.startswith(".") or entry.name in _NOT_CODE or environment

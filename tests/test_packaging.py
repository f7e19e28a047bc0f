"""What is installed: the command, its extras, and every file that the program reads at run time."""

from __future__ import annotations

import importlib
import importlib.metadata
import re
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest

import tui

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def metadata() -> Any:
    return importlib.metadata.metadata("sagetop")


@pytest.fixture(scope="module")
def pyproject() -> dict[str, Any]:
    toml = importlib.import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    return toml.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def required(metadata: Any, extra: str = "") -> set[str]:
    """The names of what an extra requires, or of what is always required."""
    marked = [line.partition(";") for line in metadata.get_all("Requires-Dist")]
    named = [(re.split(r"[\[<>=!~ ]", line, maxsplit=1)[0], marker) for line, _, marker in marked]
    return {name for name, marker in named if (f'extra == "{extra}"' in marker if extra else "extra" not in marker)}


def test_the_command_sagetop_is_main() -> None:
    (entry,) = importlib.metadata.entry_points(group="console_scripts", name="sagetop")
    assert entry.load() is importlib.import_module("tui.cli").main


@pytest.mark.parametrize("command", [["-m", "tui"], [str(Path(sys.executable).with_name("sagetop"))]])
def test_both_ways_to_start_it_say_the_same_version(command: list[str], metadata: Any) -> None:
    # pip writes a Python script, so that both can be started by this interpreter.
    done = subprocess.run([sys.executable, *command, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"sagetop {tui.__version__}\n"
    assert metadata["Version"] == tui.__version__


def test_an_emulated_aws_and_tools_come_with_extras_alone(metadata: Any) -> None:
    assert {"textual", "boto3", "click", "plotext", "platformdirs"} <= required(metadata)
    assert {"moto", "flask", "flask-cors"} <= required(metadata, "demo")
    assert {"pytest", "mypy", "ruff", "import-linter"} <= required(metadata, "dev")
    assert not (required(metadata, "demo") | required(metadata, "dev")) & required(metadata)


def test_python_and_license(metadata: Any) -> None:
    assert metadata["Requires-Python"] == ">=3.10"
    assert "MIT" in (metadata["License-Expression"], metadata["License"])
    assert (ROOT / "LICENSE").read_text(encoding="utf-8").startswith("MIT License")


def test_every_folder_of_modules_is_a_package() -> None:
    # setuptools finds packages by their __init__.py, and silently leaves out what has none.
    folders = {path.parent for path in (ROOT / "tui").rglob("*.py")}
    assert [folder for folder in folders if not (folder / "__init__.py").exists()] == []


def test_every_file_that_is_no_module_is_installed_too(pyproject: dict[str, Any]) -> None:
    patterns = pyproject["tool"]["setuptools"]["package-data"]
    files = [
        path
        for path in (ROOT / "tui").rglob("*")
        if path.is_file() and path.suffix not in {".py", ".pyc"} and not path.name.startswith(".")
    ]
    assert ROOT / "tui" / "py.typed" in files
    left_out = [
        path
        for path in files
        if not any(
            fnmatch(path.name, pattern) for pattern in patterns.get(".".join(path.parent.relative_to(ROOT).parts), [])
        )
    ]
    assert left_out == []

"""Virtual environments for `--requirements`: one for each list and interpreter, made once."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from tui.files import locked, private_folder

_ASK = """
import json, site, sys
try:
    from pip import __version__ as pip
except ImportError:
    pip = "0"
print(json.dumps([sys.version, sys.prefix, site.getsitepackages(), pip]))
"""
_PIP_FOR_ANOTHER = (22, 3)
"""From this version on pip installs into an environment that has none of its own, which takes seconds to get one."""


class NotInstalled(Exception):
    """The requirements could not be installed; the log says why."""


def environment(root: Path, requirements: Path, python: str, run: Callable[[list[str], Path], int]) -> tuple[str, bool]:
    """The interpreter of an environment that has these requirements, besides all that `python` has.

    Args:
        root: Where environments are kept.
        requirements: The file. Its relative paths are relative to its folder.
        python: The interpreter it is made with.
        run: Runs a command in a folder, its output in the job's log, and gives its exit code.

    Returns:
        The interpreter, and whether the environment was there already.

    Raises:
        NotInstalled: It could not be made.
        OSError: A file cannot be read or written, or there is no such interpreter.
    """
    import json

    told = subprocess.run([python, "-c", _ASK], capture_output=True, text=True, check=False)
    if told.returncode:
        raise NotInstalled(f"{python} is no Python: {told.stderr.strip().rpartition(chr(10))[2]}")
    version, prefix, packages, pip = json.loads(told.stdout)
    key = hashlib.sha256(b"\0".join([version.encode(), prefix.encode(), requirements.read_bytes()])).hexdigest()[:24]
    folder = root / key
    interpreter, complete = folder / "bin" / "python", folder / ".complete"
    private_folder(root)
    with locked(root / f".{key}"):
        if complete.exists():
            return str(interpreter), True
        shutil.rmtree(folder, ignore_errors=True)
        lent = tuple(int(part) for part in pip.split(".")[:2] if part.isdigit()) >= _PIP_FOR_ANOTHER
        bare = ["--without-pip"] if lent else []
        if run([python, "-m", "venv", *bare, str(folder)], requirements.parent):
            raise NotInstalled("the virtual environment could not be made")
        site = next((folder / "lib").glob("python*/site-packages"))
        # What the interpreter has already is seen too, as requirements add to a container's packages.
        (site / "_of_the_interpreter.pth").write_text("\n".join(packages) + "\n", encoding="utf-8")
        install = [python, "-m", "pip", "--python", str(interpreter)] if lent else [str(interpreter), "-m", "pip"]
        options = ["install", "--disable-pip-version-check", "-r", str(requirements)]
        if run([*install, *options], requirements.parent):
            raise NotInstalled(f"pip could not install {requirements.name}")
        complete.touch()
    return str(interpreter), False

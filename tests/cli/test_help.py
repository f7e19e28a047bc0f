"""Help, completion, and how little is loaded for them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from tests.cli.conftest import Sagetop
from tui import __version__
from tui.cli.group import sagetop as group

HEAVY = ("boto3", "botocore", "textual", "rich", "moto", "numpy", "plotext", "orjson", "sqlite3")
CONTEXT = click.Context(group)
COMMANDS = group.list_commands(CONTEXT)


def test_the_commands_that_there_are() -> None:
    assert set(COMMANDS) >= {"attach", "completion", "demo", "describe", "endpoints", "jobs"}


@pytest.mark.parametrize("program", ["import tui.cli", "import tui.cli; tui.cli.run(['--help'])"])
def test_neither_the_import_nor_help_loads_anything_heavy(program: str) -> None:
    check = f"import sys; {program}; sys.stderr.write(' '.join(set({HEAVY!r}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stderr == ""


def test_help_names_the_commands_the_options_and_the_exit_codes(sagetop: Sagetop) -> None:
    lines = sagetop("--help").lines
    for word in (*COMMANDS, "--profile", "--region", "--endpoint-url", "--read-only", "--timeout", "Exit codes", "130"):
        assert word in "\n".join(lines)
    assert max(map(len, lines)) <= 80
    assert [line for line in lines if line.startswith("  ") and line.endswith("...")] == []  # what each does, whole


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(command: str, sagetop: Sagetop) -> None:
    text = "\n".join(sagetop(command, "-h").lines)
    assert "Example" in text
    assert f"sagetop {command}" in text
    assert "\\b" not in text
    if command != "completion":
        for option in ("--profile", "--region", "--endpoint-url", "--read-only", "--timeout"):
            assert option in text


@pytest.mark.parametrize("command", ["describe", "endpoints", "jobs"])
def test_every_command_that_prints_data_has_json(command: str) -> None:
    found = group.get_command(CONTEXT, command)
    assert found is not None
    assert any("--json" in parameter.opts for parameter in found.params)


def test_version(sagetop: Sagetop) -> None:
    assert sagetop("--version").lines == [f"sagetop {__version__}"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script_for_the_shell(shell: str, sagetop: Sagetop) -> None:
    text = "\n".join(sagetop("completion", shell).lines)
    assert f"_SAGETOP_COMPLETE={shell}_complete" in text


def test_the_script_completes_in_bash(sagetop: Sagetop, tmp_path: Path) -> None:
    program = tmp_path / "sagetop"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m tui "$@"\n')
    program.chmod(0o755)
    script = sagetop("completion", "bash").out
    asking = (
        f'{script}\nCOMP_WORDS=(sagetop jobs --na) COMP_CWORD=2\n_sagetop_completion sagetop\necho "${{COMPREPLY[@]}}"'
    )
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run(["bash", "-c", asking], env=environment, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("--name-contains\n", "")


def test_completion_offers_the_statuses(sagetop: Sagetop) -> None:
    ended = sagetop(_SAGETOP_COMPLETE="bash_complete", COMP_WORDS="sagetop jobs --status S", COMP_CWORD="3")
    assert [line.removeprefix("plain,").lower() for line in ended.lines] == ["stopping", "stopped"]

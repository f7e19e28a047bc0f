"""What the README says is so: its settings load, its commands exist, its tests are there."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from tui.cli.exits import MEANING
from tui.cli.group import sagetop
from tui.config import load

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.DOTALL | re.MULTILINE)


def commands() -> list[list[str]]:
    """Every `sagetop …` line of the README's shell blocks, in words, without what a shell takes for itself."""
    lines = [line.split("  #")[0].strip() for block in blocks("sh") for line in block.splitlines()]
    return [re.split(r"\s[|>]\s", line)[0].split()[1:] for line in lines if line.split()[:1] == ["sagetop"]]


@pytest.mark.parametrize("block", blocks("toml"))
def test_the_settings_file_shown_is_one_that_loads(block: str, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(block, encoding="utf-8")
    assert load({"SAGETOP_CONFIG": str(file)}).folders.config == tmp_path


def test_the_table_of_exit_codes_is_the_codes() -> None:
    table = README.split("<!-- exit codes -->")[1]
    rows = re.findall(r"^\| (\d+) \| (.*) \|$", table, re.MULTILINE)
    assert rows == [(str(code.value), meaning) for code, meaning in MEANING.items()]


def test_every_command_is_shown() -> None:
    shown = {words[0] for words in commands() if words}
    with click.Context(sagetop) as context:
        names = set(sagetop.list_commands(context))
    assert shown == names


def test_every_option_shown_exists() -> None:
    with click.Context(sagetop) as context:
        for words in (words for words in commands() if words):
            command = sagetop.get_command(context, words[0])
            if isinstance(command, click.Group) and len(words) > 1 and (inner := command.commands.get(words[1])):
                command = inner
            assert command is not None, words
            known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
            used = set(re.findall(r"(?<![\w-])--[a-z][\w-]*", " ".join(words)))
            assert used <= known | {"--help"}, (words, used - known)


def test_every_picture_is_there() -> None:
    pictures = re.findall(r"!\[[^]]*\]\(([^)]+)\)", README)
    assert pictures
    assert [name for name in pictures if not (ROOT / name).is_file()] == []


def test_every_promise_names_a_test_that_exists() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", README)
    for file, test in named:
        assert (ROOT / file).is_file(), file
        text = (ROOT / file).read_text(encoding="utf-8")
        assert not test or f"def {test}(" in text or f"class {test}:" in text, f"{file}::{test}"

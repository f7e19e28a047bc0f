"""Read-only takes every command away that changes anything: from help, from completion, and from whoever calls it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from tests.canned import Canned
from tests.cli.conftest import Sagetop
from tui.cli.change import ASKED_READ_ONLY, Mutation
from tui.cli.group import sagetop as group

CHANGING = {"stop", "undo", "weights", "scaling suspend", "scaling resume", "scaling set", "scaling remove"}
HERE = {"archive prune", "local rm", "local stop", "serve", "train"}
"""What changes something on this machine, or starts something there."""
READING = {"audit", "describe", "endpoints", "jobs", "logs", "scaling", "scaling show", "wait"}


def commands(parent: click.Command = group, before: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    """Every command there is, by all the words that call it."""
    if isinstance(parent, click.Group):
        for name in parent.list_commands(click.Context(parent)):
            found = parent.get_command(click.Context(parent), name)
            assert found is not None
            yield " ".join((*before, name)), found
            yield from commands(found, (*before, name))


def test_every_command_that_changes_something_is_one() -> None:
    changing = {name for name, command in commands() if isinstance(command, Mutation)}
    assert changing >= CHANGING
    assert not changing & READING
    for name, command in commands():
        asks = {option for parameter in command.params for option in parameter.opts}
        assert "--confirm" in asks or not isinstance(command, Mutation), name
        # `train` runs on this machine and submits to AWS: it refuses both by itself.
        assert isinstance(command, Mutation) or "--confirm" not in asks or name == "train", name


def test_read_only_hides_them() -> None:
    context = click.Context(group)
    context.meta[ASKED_READ_ONLY] = True
    with context:
        assert {name for name, command in commands() if command.hidden} >= CHANGING | HERE
        assert not {name for name, command in commands() if command.hidden} & READING


def arguments(name: str) -> list[str]:
    words = name.split()
    return [words[0], "thing", *words[1:]] if words[0] == "scaling" else [*words, "thing"]


@pytest.mark.parametrize("name", sorted(CHANGING))
def test_each_says_no_in_one_line_and_asks_nothing(canned: Canned, sagetop: Sagetop, name: str) -> None:
    ended = sagetop(*arguments(name), "--yes", "--read-only", at=canned.url)
    assert "is not there: read-only" in ended.failed(2)
    assert ended.out == ""
    assert canned.asked == []


@pytest.mark.parametrize("name", sorted(HERE))
def test_what_changes_this_machine_says_no_as_well(sagetop: Sagetop, name: str) -> None:
    words = name.split()
    last = ["--all"] if words[0] == "archive" else ["thing"]
    assert "is not there: read-only" in sagetop("--read-only", *words, *last).failed(2)


@pytest.mark.parametrize("how", ["option before", "option behind", "variable", "file"])
def test_it_is_said_in_four_ways(canned: Canned, sagetop: Sagetop, tmp_path: Path, how: str) -> None:
    file = tmp_path / "config.toml"
    file.write_text("read_only = true\n")
    environment: dict[str, str | None] = {
        "variable": {"SAGETOP_READ_ONLY": "1"},
        "file": {"SAGETOP_CONFIG": str(file)},
    }.get(how, {})
    before = ["--read-only"] if how == "option before" else []
    behind = ["--read-only"] if how == "option behind" else []
    ended = sagetop(*before, "stop", "job", "--yes", *behind, at=canned.url, **environment)
    assert "read-only" in ended.failed(2)
    text = sagetop(*before, "--help", *behind, **environment)
    if how != "option behind":  # help ends the line there
        assert "  weights " not in text.out
        assert "  undo " not in text.out
    assert "  audit " in text.out


def test_completion_offers_none_of_them(sagetop: Sagetop) -> None:
    ended = sagetop(_SAGETOP_COMPLETE="bash_complete", COMP_WORDS="sagetop --read-only s", COMP_CWORD="2")
    offered = [line.removeprefix("plain,") for line in ended.lines]
    assert "scaling" in offered
    assert "stop" not in offered

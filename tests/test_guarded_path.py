"""Every change goes through the one guarded path: nothing else sends, and nothing sends without a person's word."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "tui"
# Calls of AWS's clients that change something, as boto3 and `Clients.call` name them.
CHANGING = (
    *("create_", "update_", "delete_", "stop_", "register_", "deregister_", "put_", "start_", "add_", "remove_"),
    *("Create", "Update", "Delete", "Stop", "Register", "Deregister", "Put", "Start", "Add", "Remove"),
)


@functools.cache
def calls(path: Path) -> list[tuple[str, ast.Call]]:
    """Each call in a file with the last part of what is called."""
    return list(_calls(path))


def _calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Attribute):
                yield node.func.attr, node
            elif isinstance(node.func, ast.Name):
                yield node.func.id, node


def files(*without: str) -> list[Path]:
    found = [path for path in ROOT.rglob("*.py") if path.relative_to(ROOT).parts[0] not in without]
    assert len(found) > 50
    return found


def rooms(name: str, *without: str, method: bool = False) -> set[str]:
    """The rooms in which something of this name is called, of anything or as a method only."""
    return {
        "/".join(path.relative_to(ROOT).parts[:-1])
        for path in files(*without)
        for called, node in calls(path)
        if called == name and (isinstance(node.func, ast.Attribute) or not method)
    }


def test_only_the_mutations_send() -> None:
    # sources/aws hands it down, sources/joined to the one of two: both are `send` themselves.
    assert rooms("send", "demo", method=True) <= {"mutations", "sources", "sources/aws"}


def test_what_is_carried_out_was_agreed_to() -> None:
    """`carry_out` takes a Consent; only `agree`, and a timer that a person set, make one."""
    makers = {
        path.relative_to(ROOT).as_posix() for path in files("demo") for called, _ in calls(path) if called == "Consent"
    }
    assert makers == {"mutations/change.py", "mutations/timers.py"}
    assert rooms("carry_out", "demo") <= {"cli", "screens", "mutations"}
    assert rooms("agree", "demo") <= {"cli", "screens"}


@pytest.mark.parametrize("path", files("demo", "mutations"), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_nobody_else_names_an_operation_that_changes_something(path: Path) -> None:
    for called, node in calls(path):
        if called == "call" and len(node.args) > 1 and isinstance(node.args[1], ast.Constant):
            assert not str(node.args[1].value).startswith(CHANGING), ast.unparse(node)
        if called in ("client", "once") and path.relative_to(ROOT).parts[:2] != ("sources", "aws"):
            pytest.fail(f"{ast.unparse(node)}: only sources.aws has clients")


def test_every_mutation_writes_its_intent_before_it_sends() -> None:
    """In the one function that sends, writing down comes first."""
    tree = ast.parse((ROOT / "mutations" / "guarded.py").read_text())
    (alone,) = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == "_alone"]
    lines = {
        name: [node.lineno for node in ast.walk(alone) if isinstance(node, ast.Call) and ast.unparse(node.func) == name]
        for name in (
            "change.subject.same",
            "audit.intend",
            "change.subject.sending",
            "_send",
            "_look_again",
            "audit.ended",
        )
    }
    order = [max(lines[name]) for name in lines]
    assert order == sorted(order)

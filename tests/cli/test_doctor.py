"""`sagetop doctor`: what it says of an account, of one that forbids, and of a machine without any."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.canned import Canned, Fault
from tests.cli.conftest import Ended, Sagetop
from tests.moto_server import Moto
from tui.model.permissions import PERMISSIONS, policy
from tui.sources.aws.doctor import TRIED

CHANGES = ("Register", "Deregister", "Put", "Delete", "Update", "Stop", "Invoke", "Create", "PassRole")


def states(record: dict[str, Any]) -> dict[str, str]:
    return {one["action"]: one["state"] for one in record["permissions"]}


def record_of(ended: Ended) -> dict[str, Any]:
    """The one object that was printed."""
    assert ended.out.count("\n") == 1, ended
    found = json.loads(ended.out)
    assert isinstance(found, dict)
    return found


class TestAnAccount:
    def test_that_allows_everything(self, sagetop: Sagetop, moto: Moto) -> None:
        moto.add_job("job")
        moto.add_endpoint("endpoint")
        ended = sagetop("doctor", at=moto.url)
        assert "\n  account       123456789012\n  region        eu-west-1\n  role          MLOps\n" in ended.out
        assert "  clock         as AWS has it" in ended.out
        assert "  ✓ sagemaker:DescribeTrainingJob" in ended.out
        assert "  · sagemaker:StopTrainingJob" in ended.out
        assert "✕" not in ended.out
        assert (ended.code, ended.err) == (0, "")

    def test_as_json(self, sagetop: Sagetop, moto: Moto, clean_machine: Path) -> None:
        record = record_of(sagetop("doctor", "--json", at=moto.url))
        assert record["identity"]["role"] == "MLOps"
        assert abs(record["clock_skew_seconds"]) < 5
        assert record["terminal"]["is_terminal"] is False
        assert record["versions"]["textual"]
        assert record["folders"]["config"].startswith(str(clean_machine))
        assert record["folders"]["archive_bytes"] == 0
        assert record["requests"]["metrics"] == 1
        assert set(states(record)) == {permission.action for permission in PERMISSIONS}

    def test_nothing_that_changes_anything_is_sent(self, sagetop: Sagetop, canned: Canned) -> None:
        canned.answers("GetCallerIdentity", {"Account": "1", "Arn": "arn:aws:iam::1:user/me"})
        sagetop("doctor", at=canned.url)
        asked = {one.operation for one in canned.asked}
        assert {action.partition(":")[2] for action in TRIED} <= asked
        assert not [operation for operation in asked if operation.startswith(CHANGES)]


class TestAnAccountThatForbids:
    def test_what_is_missing_is_named(self, sagetop: Sagetop, canned: Canned) -> None:
        canned.answers("GetCallerIdentity", {"Account": "1", "Arn": "arn:aws:iam::1:user/me"})
        canned.answers("ListTrainingJobs", {"TrainingJobSummaries": []})
        canned.answers("DescribeTrainingJob", Fault("ValidationException", "Requested resource not found."))
        canned.answers("GetProducts", Fault("ThrottlingException", "slow down"))
        ended = sagetop("doctor", "--json", "--timeout", "3", at=canned.url)
        record = record_of(ended)
        found = states(record)
        assert found["sagemaker:ListTrainingJobs"] == found["sagemaker:DescribeTrainingJob"] == "allowed"
        assert found["sagemaker:Search"] == found["logs:GetLogEvents"] == "denied"
        assert found["pricing:GetProducts"] == "failed"
        assert found["sagemaker:InvokeEndpoint"] == "not tried"
        assert ended.code == 3
        assert "ask for sagemaker:ListEndpoints" in ended.err

    def test_what_only_adds_something_is_no_failure(self, sagetop: Sagetop, canned: Canned) -> None:
        canned.answers("GetCallerIdentity", {"Account": "1", "Arn": "arn:aws:iam::1:user/me"})
        for permission in PERMISSIONS:
            if permission.kind == "read" and not permission.action.startswith("sts:"):
                canned.answers(permission.action.partition(":")[2], Fault("ValidationException", "not found"))
        ended = sagetop("doctor", at=canned.url)
        assert "✕ sagemaker:Search" in ended.out
        assert (ended.code, ended.err) == (0, "")


class TestWithoutCredentials:
    def test_the_rest_is_told_all_the_same(self, sagetop: Sagetop) -> None:
        ended = sagetop("doctor", AWS_ACCESS_KEY_ID=None, AWS_SECRET_ACCESS_KEY=None)
        assert "no AWS credentials" in ended.failed(3)
        assert "identity\n  none " in ended.out
        assert "\nversions\n" in ended.out
        assert "\nfolders\n" in ended.out

    def test_as_json(self, sagetop: Sagetop) -> None:
        ended = sagetop("doctor", "--json", AWS_ACCESS_KEY_ID=None, AWS_SECRET_ACCESS_KEY=None)
        record = record_of(ended)
        assert (record["identity"], record["permissions"], ended.code) == (None, [], 3)
        assert record["error"] == "no AWS credentials"

    def test_and_without_a_network(self, sagetop: Sagetop) -> None:
        ended = sagetop("doctor", "--timeout", "2", at="http://127.0.0.1:1")
        assert ended.code == 3
        assert "\nversions\n" in ended.out
        asked_nothing = sagetop("doctor", "--local", at="http://127.0.0.1:1")
        assert (asked_nothing.code, asked_nothing.err) == (0, "")
        assert "\nversions\n" in asked_nothing.out


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, "colours       16 million"),
        ({"TERM": "xterm-256color"}, "colours       256"),
        ({"TERM": "dumb"}, "colours       none"),
        ({"TERM": "xterm", "NO_COLOR": "1"}, "colours       none (NO_COLOR)"),
        ({"TERM": "screen", "TMUX": "/tmp/tmux,1,0"}, "clipboard     OSC 52 through tmux"),
        ({"PYTHONIOENCODING": "ascii"}, "signs         plain: set ascii = true (ascii)"),
        ({"SSH_TTY": "/dev/pts/1"}, "connection    SSH"),
    ],
)
def test_the_terminal(sagetop: Sagetop, environment: dict[str, str | None], said: str) -> None:
    nobody: dict[str, str | None] = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None, "COLORTERM": None}
    assert said in sagetop("doctor", **{**nobody, **environment}).out


class TestThePolicy:
    def test_for_all_that_reads(self, sagetop: Sagetop) -> None:
        read = json.loads("\n".join(sagetop("doctor", "--policy", "read").lines))
        assert read == policy("read")
        actions = read["Statement"][0]["Action"]
        assert "logs:GetLogEvents" in actions
        assert not [action for action in actions if action.partition(":")[2].startswith(CHANGES)]

    def test_for_all_there_is(self, sagetop: Sagetop) -> None:
        full = json.loads("\n".join(sagetop("doctor", "--policy", "full").lines))
        actions = [action for statement in full["Statement"] for action in statement["Action"]]
        assert sorted(actions) == sorted(permission.action for permission in PERMISSIONS)
        passed = next(one for one in full["Statement"] if one["Action"] == ["iam:PassRole"])
        assert passed["Condition"] == {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}

    def test_names_every_operation_that_sagetop_has_a_word_for(self) -> None:
        known = {permission.action.partition(":")[2] for permission in PERMISSIONS}
        missing = {name: file for name, file in operations_named() if name not in known}
        assert not missing, missing


def operations_named() -> Iterator[tuple[str, str]]:
    """Every text in the code that is the name of an operation of a service that sagetop speaks to."""
    import botocore.session

    session = botocore.session.Session()
    services = ("sagemaker", "sagemaker-runtime", "cloudwatch", "logs", "application-autoscaling", "sts", "pricing")
    there = {name for service in services for name in session.get_service_model(service).operation_names}
    folder = Path(__file__).parents[2] / "tui"
    for file in folder.rglob("*.py"):
        if file.is_relative_to(folder / "demo") or file.name == "permissions.py":
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in there:
                yield node.value, str(file.relative_to(folder))

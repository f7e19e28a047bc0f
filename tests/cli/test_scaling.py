"""`sagetop scaling`: seen, suspended, resumed, set and removed, each only with somebody's word."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import COMMAND, Ended, Sagetop, environment_for
from tests.faults import FaultProxy
from tests.moto_server import Moto

ON, OFF = (False, False, False), (True, True, True)


@pytest.fixture
def ranker(moto: Moto) -> Moto:
    endpoint = moto.add_endpoint("ranker-prod", EndpointStatus="InService")
    endpoint.production_variants[0].update({"CurrentInstanceCount": 4, "DesiredInstanceCount": 4})
    moto.add_scaling("ranker-prod", low=2, high=8, target=70.0)
    return moto


def flags(moto: Moto) -> tuple[bool, ...]:
    (target,) = targets(moto)
    state = target["SuspendedState"]
    kinds = ("DynamicScalingOut", "DynamicScalingIn", "ScheduledScaling")
    return tuple(state[f"{kind}Suspended"] for kind in kinds)


def targets(moto: Moto) -> Any:
    found = moto.client("application-autoscaling").describe_scalable_targets(ServiceNamespace="sagemaker")
    return found["ScalableTargets"]


def settings(tmp_path: Path, text: str) -> str:
    file = tmp_path / "config.toml"
    file.write_text(text)
    return str(file)


def test_what_scales_an_endpoint_is_shown(ranker: Moto, sagetop: Sagetop) -> None:
    lines = sagetop("scaling", "ranker-prod", at=ranker.url).lines
    assert lines[0] == "ranker-prod / main"
    facts = {line[2:].split("  ")[0]: line.split("  ")[-1].strip() for line in lines[1:]}
    assert facts["auto-scaling"] == "on"
    assert facts["limits"] == "2 – 8"
    assert facts["policy ranker-prod-main-invocations"] == (
        "target 70 invocations a minute and instance, out after 1m, in after 5m"
    )
    (line,) = sagetop("scaling", "ranker-prod", "show", "--json", at=ranker.url).lines
    record = json.loads(line)
    assert (record["target"]["max"], record["instances"], record["overdue"]) == (8, 4, False)


def test_without_a_terminal_and_without_yes_it_is_shown_and_nothing_sent(ranker: Moto, sagetop: Sagetop) -> None:
    ended = sagetop("scaling", "ranker-prod", "suspend", at=ranker.url)
    assert "nothing was sent: there is no terminal to ask at" in ended.failed(2)
    assert "--yes" in ended.err
    for words in (
        "Suspend auto-scaling of ranker-prod / main",
        "ACCOUNT 123456789012   REGION eu-west-1",
        "instances 4, inside 2 – 8: nothing moves",
        "application-autoscaling RegisterScalableTarget",
        "ResourceId  endpoint/ranker-prod/variant/main",
        "SuspendedState.DynamicScalingOutSuspended  true",
    ):
        assert words in ended.out
    assert "MinCapacity" not in ended.out
    assert flags(ranker) == ON


def test_off_for_a_while_on_and_what_is_written_down(ranker: Moto, sagetop: Sagetop) -> None:
    out = sagetop("scaling", "ranker-prod", "suspend", "--for", "2h", "--yes", at=ranker.url).lines
    assert flags(ranker) == OFF
    assert any("on again at" in line for line in out)
    assert any(line.startswith("Done: AWS shows it") for line in out)
    assert any("suspended here since" in line and "on again at" in line for line in shown(ranker, sagetop))
    (listed,) = (json.loads(line) for line in sagetop("endpoints", "--json", at=ranker.url).lines)
    scaling = listed["variants"][0]["scaling"]
    assert scaling["suspended_since"] < scaling["on_again"]
    (line,) = sagetop("scaling", "ranker-prod", "resume", "--yes", "--json", at=ranker.url).lines
    record = json.loads(line)
    assert (record["outcome"], record["request"][0]["result"]) == ("done", "done")
    assert flags(ranker) == ON
    kinds = [json.loads(line) for line in sagetop("audit", "--json").lines]
    assert [(one["kind"], one["outcome"], one["confirmed"]) for one in kinds] == [
        ("scaling.suspend", "done", "--yes"),
        ("scaling.resume", "done", "--yes"),
    ]


def shown(moto: Moto, sagetop: Sagetop) -> list[str]:
    return sagetop("scaling", "ranker-prod", at=moto.url).lines


def test_a_protected_name_needs_its_name_and_a_yes_is_not_enough(
    ranker: Moto, sagetop: Sagetop, tmp_path: Path
) -> None:
    config = settings(tmp_path, 'protected = ["*-prod"]')
    for word in (("--yes",), ("--yes", "--confirm", "ranker")):
        ended = sagetop("scaling", "ranker-prod", "suspend", *word, at=ranker.url, SAGETOP_CONFIG=config)
        assert "nothing was sent" in ended.failed(2)
        assert flags(ranker) == ON
    confirmed = ("--confirm", "ranker-prod")
    assert sagetop("scaling", "ranker-prod", "suspend", *confirmed, at=ranker.url, SAGETOP_CONFIG=config).lines
    assert flags(ranker) == OFF


def test_a_protected_profile_protects_every_name(
    ranker: Moto, sagetop: Sagetop, tmp_path: Path, clean_machine: Path
) -> None:
    folder = clean_machine / ".aws"
    folder.mkdir()
    (folder / "config").write_text("[profile live]\nregion = eu-west-1\n")
    (folder / "credentials").write_text("[live]\naws_access_key_id = AKIAFALSE\naws_secret_access_key = false\n")
    config = settings(tmp_path, 'protected = ["live"]')
    ended = sagetop(
        *("scaling", "ranker-prod", "suspend", "--yes", "--profile", "live"), at=ranker.url, SAGETOP_CONFIG=config
    )
    assert "--confirm ranker-prod" in ended.failed(2)


def test_set_only_what_is_given_with_the_traffic_beside_it(ranker: Moto, sagetop: Sagetop) -> None:
    assert "set what? say --min" in sagetop("scaling", "ranker-prod", "set", at=ranker.url).failed(2)
    out = sagetop("scaling", "ranker-prod", "set", "--max", "3", "--yes", at=ranker.url).lines
    assert any("MOVES 4 → 3 instances at once" in line for line in out)
    assert any("no traffic in the last 3 days" in line for line in out)
    assert [(one["MinCapacity"], one["MaxCapacity"]) for one in targets(ranker)] == [(2, 3)]


def test_a_removal_is_saved_and_restored(ranker: Moto, sagetop: Sagetop, tmp_path: Path) -> None:
    file = tmp_path / "ranker.json"
    remove = ("scaling", "ranker-prod", "remove", "--to", str(file))
    assert "--confirm ranker-prod" in sagetop(*remove, "--yes", at=ranker.url).failed(2)
    out = sagetop(*remove, "--confirm", "ranker-prod", at=ranker.url).lines
    assert any("lost: limits 2 – 8, policy ranker-prod-main-invocations with its alarms" in line for line in out)
    assert targets(ranker) == []
    assert sagetop("scaling", "ranker-prod", "set", "--from", str(file), "--yes", at=ranker.url).code == 0
    assert flags(ranker) == ON


def test_of_several_variants_one_is_named(moto: Moto, sagetop: Sagetop) -> None:
    moto.add_endpoint("two", [{"VariantName": name, "InstanceType": "ml.m5.xlarge"} for name in "ab"])
    for variant in "ab":
        moto.add_scaling("two", variant)
    ended = sagetop("scaling", "two", "suspend", "--yes", at=moto.url)
    assert "two has several: a, b: say which one with --variant" in ended.failed(2)
    assert "no variant c" in sagetop("scaling", "two", "--variant", "c", at=moto.url).failed(4)
    (line,) = sagetop("scaling", "two", "--json", "--variant", "a", at=moto.url).lines
    assert json.loads(line)["variant"] == "a"
    assert sagetop("scaling", "two", "--variant", "b", "suspend", "--yes", at=moto.url).code == 0
    assert [target["SuspendedState"]["DynamicScalingInSuspended"] for target in targets(moto)] == [False, True]


def test_an_endpoint_that_does_not_exist(moto: Moto, sagetop: Sagetop) -> None:
    assert "there is no endpoint nope" in sagetop("scaling", "nope", "suspend", "--yes", at=moto.url).failed(4)


def test_a_missing_permission_is_named_and_the_code_says_no_answer(ranker: Moto, sagetop: Sagetop) -> None:
    with FaultProxy(ranker.url) as proxy:
        proxy.faults.denied = {"RegisterScalableTarget"}
        ended = sagetop("scaling", "ranker-prod", "suspend", "--yes", at=proxy.url)
    assert "nothing was changed" in ended.failed(3)
    assert "RegisterScalableTarget" in ended.err
    assert flags(ranker) == ON


def test_what_cannot_be_is_refused(ranker: Moto, sagetop: Sagetop) -> None:
    ended = sagetop("scaling", "ranker-prod", "set", "--min", "9", "--yes", at=ranker.url)
    assert "min 9 is above max 8" in ended.failed(5)
    for length in ("2y", ""):  # an empty variable of a script is no "until somebody resumes it"
        assert "no length of time" in sagetop("scaling", "x", "suspend", "--for", length, at=ranker.url).failed(2)


@pytest.mark.parametrize(("answer", "code", "expected"), [("y", 0, OFF), ("n", 5, ON), ("", 5, ON)])
def test_on_a_terminal_it_asks(
    ranker: Moto,
    answering: Callable[..., Ended],
    answer: str,
    code: int,
    expected: tuple[bool, ...],
) -> None:
    ended = answering("Send this?", answer, "scaling", "ranker-prod", "suspend", at=ranker.url)
    assert ended.code == code, ended
    assert ended.out.index("RegisterScalableTarget") < ended.out.index("Send this?")
    assert flags(ranker) == expected


@pytest.mark.parametrize("away", ["--json", "> out"])
def test_who_is_asked_has_seen_what_is_sent_wherever_the_output_goes(
    ranker: Moto, answering: Callable[..., Ended], tmp_path: Path, away: str
) -> None:
    out = str(tmp_path / "out") if away == "> out" else ""
    more = ["--json"] if not out else []
    ended = answering("Send this?", "n", "scaling", "ranker-prod", "suspend", *more, at=ranker.url, out=out)
    assert ended.code == 5, ended
    assert ended.out.index("RegisterScalableTarget") < ended.out.index("Send this?")
    assert flags(ranker) == ON


@pytest.mark.parametrize("value", ["nan", "inf", "-1", "0"])
def test_a_target_value_is_a_number(ranker: Moto, sagetop: Sagetop, value: str) -> None:
    ended = sagetop("scaling", "ranker-prod", "set", "--target", value, "--yes", at=ranker.url)
    assert "'--target'" in ended.failed(2)


@pytest.mark.parametrize(("answer", "code", "expected"), [("ranker-prod", 0, []), ("y", 2, None), ("", 5, None)])
def test_on_a_terminal_the_name_is_typed(
    ranker: Moto, answering: Callable[..., Ended], answer: str, code: int, expected: list[Any] | None
) -> None:
    ended = answering("Type ranker-prod to confirm", answer, "scaling", "ranker-prod", "remove", at=ranker.url)
    assert ended.code == code, ended
    assert (targets(ranker) == []) == (expected == [])


@pytest.fixture
def answering() -> Callable[..., Ended]:
    """Runs `sagetop` on a terminal, and answers its question once it is asked."""
    import pty

    def run(question: str, answer: str, *arguments: str, at: str, out: str = "") -> Ended:
        ours, theirs = pty.openpty()
        stdout = os.open(out, os.O_WRONLY | os.O_CREAT, 0o600) if out else theirs
        process = subprocess.Popen(
            [*COMMAND, *arguments], env=environment_for(at, {}), stdin=theirs, stdout=stdout, stderr=theirs
        )
        for handle in {stdout, theirs}:
            os.close(handle)
        read, answered = bytearray(), False
        try:
            while chunk := os.read(ours, 65536):
                read += chunk
                if not answered and question.encode() in read:
                    os.write(ours, answer.encode() + b"\n")
                    answered = True
        except OSError:
            pass  # Linux says EIO where the other end is closed
        os.close(ours)
        return Ended(process.wait(60), read.decode().replace("\r\n", "\n"), "")

    return run


def test_one_that_is_killed_after_sending_leaves_what_it_was_about_to_do(ranker: Moto, sagetop: Sagetop) -> None:
    arrived = threading.Event()
    killed: list[int] = []

    class Killing(FaultProxy):
        """Kills the command once its change has arrived, before the answer has."""

        def _forward(self, request: Any, body: bytes, *, cut: bool) -> None:
            if request.headers.get("X-Amz-Target", "").endswith("RegisterScalableTarget"):
                ranker.client("application-autoscaling").register_scalable_target(**json.loads(body))
                os.kill(killed[0], signal.SIGKILL)
                request.close_connection = True
                arrived.set()
            else:
                super()._forward(request, body, cut=cut)

    with Killing(ranker.url) as proxy:
        process = subprocess.Popen(
            [*COMMAND, "scaling", "ranker-prod", "suspend", "--yes"],
            env=environment_for(proxy.url, {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        killed.append(process.pid)
        assert process.wait(60) == -signal.SIGKILL
        assert arrived.is_set()
    assert flags(ranker) == OFF
    (record,) = [json.loads(line) for line in sagetop("audit", "--json").lines]
    assert (record["outcome"], record["request"][0]["result"]) == ("no outcome", None)
    # Its lock is free again, the flags from before are remembered, and it can be undone.
    assert sagetop("undo", "--yes", at=ranker.url).code == 0
    assert flags(ranker) == ON

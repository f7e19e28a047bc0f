"""`sagetop wait`: without a word until training jobs have ended."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest

from tests.cli.conftest import COMMAND, Ended, Sagetop, environment_for
from tests.faults import FaultProxy, Faults
from tests.moto_server import Moto, ago
from tests.patience import PATIENCE_S
from tests.terminal import Terminal
from tui.demo.gaps_sagemaker import set_fields

END = {"TrainingEndTime": ago(seconds=1)}


def until_asked(proxy: FaultProxy, count: int) -> None:
    """Waits until so many requests have come."""
    proxy.until(lambda: sum(proxy.asked.values()) >= count)


def waiting(*jobs: str, at: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*COMMAND, "wait", *jobs], env=environment_for(at, {}), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


@pytest.mark.parametrize(
    ("statuses", "code"),
    [
        (["Completed"], 0),
        (["Completed", "Completed"], 0),
        (["Failed"], 1),
        (["Completed", "Stopped"], 1),
        (["Failed", "Completed", "Completed"], 1),
    ],
)
def test_jobs_that_have_ended(moto: Moto, sagetop: Sagetop, statuses: list[str], code: int) -> None:
    names = [f"job-{number}" for number in range(len(statuses))]
    for name, status in zip(names, statuses, strict=True):
        moto.add_job(name, TrainingJobStatus=status, **END)
    assert sagetop("wait", *names, at=moto.url) == Ended(code, "", "")


@pytest.mark.parametrize(("status", "code"), [("Completed", 0), ("Failed", 1)])
def test_a_job_that_ends_meanwhile(moto: Moto, status: str, code: int) -> None:
    job: Any = moto.add_job("job", TrainingJobStatus="InProgress")
    moto.add_job("other", TrainingJobStatus="Completed", **END)
    with FaultProxy(moto.url) as proxy:
        process = waiting("job", "other", "job", at=proxy.url)
        until_asked(proxy, 1)
        assert process.poll() is None
        set_fields(job, {"TrainingJobStatus": status, **END})
        assert process.communicate(timeout=PATIENCE_S) == (b"", b"")
    assert process.returncode == code


def test_it_outlasts_expired_keys_and_says_so_once(moto: Moto) -> None:
    job: Any = moto.add_job("job", TrainingJobStatus="InProgress")
    with FaultProxy(moto.url) as proxy:
        process = waiting("job", at=proxy.url)
        until_asked(proxy, 1)
        proxy.faults = Faults(expired={"AKIAFALSE"})
        until_asked(proxy, 3)
        set_fields(job, {"TrainingJobStatus": "Completed", **END})
        proxy.faults = Faults()
        out, err = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, out) == (0, b"")
    assert err.count(b"expired") == 1
    assert err.count(b"\n") == 1


def test_a_job_that_there_is_not(moto: Moto, sagetop: Sagetop) -> None:
    moto.add_job("job", TrainingJobStatus="Completed", **END)
    line = sagetop("wait", "job", "nosuch", at=moto.url).failed(4)
    assert line == "there is no training job nosuch: to list them: sagetop jobs"


def test_a_denied_permission_is_named(moto: Moto, sagetop: Sagetop) -> None:
    moto.add_job("job")
    with FaultProxy(moto.url, Faults(denied={"DescribeTrainingJob"})) as proxy:
        assert "DescribeTrainingJob" in sagetop("wait", "job", at=proxy.url).failed(3)


def test_without_a_name_it_ends_with_2(sagetop: Sagetop) -> None:
    sagetop("wait").failed(2)


def test_on_a_terminal_it_rings_and_tells_the_desktop(moto: Moto) -> None:
    moto.add_job("job", TrainingJobStatus="Failed", **END)
    with Terminal([*COMMAND, "wait", "job"], env=environment_for(moto.url, {})) as terminal:
        assert terminal.wait_exit(60) == 1
        assert bytes(terminal.written) == b"\a\x1b]9;sagetop: job Failed\x07"


def test_inside_tmux_the_terminal_around_it_is_told(moto: Moto) -> None:
    moto.add_job("job", TrainingJobStatus="Completed", **END)
    environment = environment_for(moto.url, {"TMUX": "/tmp/tmux-0/default,1,0"})
    with Terminal([*COMMAND, "wait", "job"], env=environment) as terminal:
        assert terminal.wait_exit(60) == 0
        assert bytes(terminal.written) == b"\a\x1bPtmux;\x1b\x1b]9;sagetop: job Completed\x07\x1b\\"

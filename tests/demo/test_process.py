"""The demo as a process: it is there soon, says one line, and ends with whoever started it, however that ends."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.demo.conftest import client_of
from tests.patience import PATIENCE_S, until
from tui.demo.launch import ACCOUNT, Demo


def answers(url: str) -> bool:
    where = urlsplit(url)
    with socket.socket() as probe:
        return probe.connect_ex((str(where.hostname), where.port or 0)) == 0


@pytest.fixture
def child() -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tui.demo.server", "--seed", "3"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
        yield process
        process.kill()


def ready(child: subprocess.Popen[str]) -> str:
    assert child.stdout is not None
    url: str = json.loads(child.stdout.readline())["url"]
    return url


def silence(child: subprocess.Popen[str]) -> bool:
    out, errors = child.communicate(timeout=PATIENCE_S)
    return (out, errors) == ("", "")


class TestTheServer:
    def test_it_listens_on_loopback_and_ends_with_its_stdin_without_a_word(self, child: subprocess.Popen[str]) -> None:
        url = ready(child)
        assert urlsplit(url).hostname == "127.0.0.1"
        client_of(url)("sagemaker").list_training_jobs()
        assert silence(child)  # communicate() closes stdin
        assert child.returncode == 0
        assert not answers(url)

    def test_ctrl_c_is_not_for_it_and_sigterm_is(self, child: subprocess.Popen[str]) -> None:
        url = ready(child)
        child.send_signal(signal.SIGINT)
        assert client_of(url)("sts").get_caller_identity()["Account"] == ACCOUNT
        child.send_signal(signal.SIGTERM)
        assert child.wait(PATIENCE_S) == 0

    def test_a_parent_that_is_gone_before_it_is_ready_ends_it_too(self, child: subprocess.Popen[str]) -> None:
        assert child.stdin is not None
        child.stdin.close()
        assert child.wait(PATIENCE_S) == 0


class TestTheLauncher:
    def test_it_starts_without_waiting_and_leaves_nothing(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        go, python = tmp_path / "go", tmp_path / "python"
        python.write_text(f'#!/bin/sh\nuntil test -e {go}; do sleep 0.02; done\nexec {sys.executable} "$@"\n')
        python.chmod(0o700)
        monkeypatch.setattr(sys, "executable", str(python))
        with Demo() as demo:
            go.touch()  # who waited for the child would not have come to this
            assert stat.S_IMODE(demo.folder.stat().st_mode) == 0o700
            (demo.folder / "archive.db").write_text("seen")
            url = demo.url()
            assert answers(url)
            assert demo.url() == url
        assert not answers(url)
        assert not demo.folder.exists()
        demo.close()

    def test_closing_before_it_is_ready_is_quick_and_says_why_there_is_no_url(self) -> None:
        demo = Demo()
        demo.close()
        with pytest.raises(RuntimeError, match="ended before it was ready"):
            demo.url()

    def test_a_killed_parent_leaves_neither_child_nor_folder(self) -> None:
        script = (
            "import sys, time\nfrom tui.demo.launch import Demo\ndemo = Demo()\n"
            "print(demo.url(), demo.folder, flush=True)\ntime.sleep(600)"
        )
        with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as parent:
            assert parent.stdout is not None
            url, folder = parent.stdout.readline().split()
            assert answers(url)
            parent.send_signal(signal.SIGKILL)
        until(lambda: not answers(url))
        until(lambda: not Path(folder).exists())

    def test_without_moto_it_says_what_to_install(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "moto").mkdir()
        (tmp_path / "moto" / "__init__.py").write_text("raise ModuleNotFoundError('No module', name='moto')")
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))
        with Demo() as demo, pytest.raises(RuntimeError, match=r"needs moto: pip install 'sagetop\[demo\]'") as error:
            demo.url()
        assert "\n" not in str(error.value)

    def test_nothing_of_the_users_aws_reaches_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_SECRET_ACCESS_KEY", "MOTO_ACCOUNT_ID", "HTTPS_PROXY"):
            monkeypatch.setenv(name, "http://127.0.0.1:9/mine")
        with Demo() as demo:
            monkeypatch.undo()
            assert client_of(demo.url())("sts").get_caller_identity()["Account"] == ACCOUNT
            environment = Path(f"/proc/{demo.pid}/environ")
            if environment.exists():
                assert b"mine" not in environment.read_bytes()

    def test_the_module_needs_nothing_but_python(self) -> None:
        script = (
            "import sys\nimport tui.demo.launch\n"
            "print(sorted({name.partition('.')[0] for name in sys.modules} - {*sys.stdlib_module_names, '__main__'}))"
        )
        quiet = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        out = subprocess.run(
            [sys.executable, "-S", "-c", script], capture_output=True, text=True, env=quiet, check=True
        ).stdout
        assert out.strip() == "['tui']"


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    """One child at sixty times the pace of the clock."""
    with Demo(seed=2, speed=60) as demo:
        yield demo


class TestALivingDemo:
    def test_phases_move(self, demo: Demo) -> None:
        sagemaker = client_of(demo.url())("sagemaker")
        newest = sagemaker.list_training_jobs(SortBy="CreationTime", SortOrder="Descending", MaxResults=1)
        name = newest["TrainingJobSummaries"][0]["TrainingJobName"]

        def phases() -> list[str]:
            job = sagemaker.describe_training_job(TrainingJobName=name)
            return [phase["Status"] for phase in job["SecondaryStatusTransitions"]]

        until(lambda: phases()[-1] == "Completed")
        assert phases() == ["Starting", "Downloading", "Training", "Uploading", "Completed"]

    def test_logs_grow_while_they_are_watched(self, demo: Demo) -> None:
        client = client_of(demo.url())
        names = [
            job["TrainingJobName"]
            for job in client("sagemaker").list_training_jobs(
                NameContains="resnet50", SortBy="CreationTime", SortOrder="Descending"
            )["TrainingJobSummaries"]
        ]
        logs = client("logs")
        since = int(time.time() * 1000)

        def events() -> int:
            answer = logs.filter_log_events(
                logGroupName="/aws/sagemaker/TrainingJobs", logStreamNamePrefix=f"{names[0]}/", startTime=since
            )
            return len(answer["events"])

        until(lambda: events() > 0)
        seen = events()
        until(lambda: events() > seen)

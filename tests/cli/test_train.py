"""`sagetop train`: a script becomes a job of this machine."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import COMMAND, KEYS, Ended, Sagetop, environment_for
from tests.local_jobs import Job
from tests.patience import PATIENCE_S, until
from tests.terminal import Terminal
from tui.sources.local import launch
from tui.sources.local.folders import JobFolder

SCRIPT = """
import argparse, os, sys
parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=1)
parser.add_argument("--train", default=os.environ.get("SM_CHANNEL_TRAIN"))
args = parser.parse_args()
print("epochs", args.epochs, os.environ.get("MODE"), args.train and sorted(os.listdir(args.train)))
sys.exit(int(os.environ.get("CODE", "0")))
"""


@pytest.fixture
def jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of all jobs; what still runs in the end is ended."""
    folder = tmp_path / "jobs"
    monkeypatch.setenv("SAGETOP_LOCAL_JOBS", str(folder))
    yield folder
    for path in folder.iterdir() if folder.exists() else ():
        launch.stop(JobFolder(path), 0)
        Job(JobFolder(path)).ended()


@pytest.fixture
def script(tmp_path: Path) -> str:
    path = tmp_path / "train.py"
    path.write_text(SCRIPT)
    return str(path)


def job(jobs: Path) -> Job:
    (path,) = jobs.iterdir()
    return Job(JobFolder(path))


def test_it_returns_once_the_job_has_started_and_prints_its_name(jobs: Path, script: str, sagetop: Sagetop) -> None:
    (line,) = sagetop("train", script, "--name", "mine").lines
    assert line == "local/mine"
    assert Job(JobFolder(jobs / "mine")).ended().status == "Completed"


def test_wait_prints_the_log_and_ends_with_the_job(jobs: Path, script: str, sagetop: Sagetop, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "x.csv").touch()
    given = ["--hp", "epochs=3", "--channel", f"train={tmp_path / 'data'}", "--env", "MODE=fast", "--wait"]
    ended = sagetop("train", script, *given)
    assert (ended.code, ended.out) == (0, "epochs 3 fast ['x.csv']\n")
    assert ended.err == f"sagetop: local/{job(jobs).folder.name}: {job(jobs).folder.path}\n"


def test_wait_ends_with_1_if_the_job_failed(jobs: Path, script: str, sagetop: Sagetop) -> None:
    ended = sagetop("train", script, "--env", "CODE=3", "--wait")
    assert (ended.code, ended.out) == (1, "epochs 1 None None\n")
    assert "failed: AlgorithmError: ExecuteUserScriptError on algo-1" in ended.err.splitlines()[1]
    assert job(jobs).state.exits == {"algo-1": 3}


def test_wait_says_why_a_host_could_not_start(jobs: Path, script: str, sagetop: Sagetop) -> None:
    ended = sagetop("train", script, "--name", "mine", "--python", "/no/such/python", "--wait")
    assert (ended.code, ended.out) == (1, "")
    (_, why) = ended.err.splitlines()
    assert why.startswith("sagetop: local/mine failed: ClientError: algo-1 could not be started: ")
    assert "/no/such/python" in why


def test_ctrl_c_ends_the_waiting_and_not_the_job(jobs: Path, tmp_path: Path) -> None:
    path = tmp_path / "waits.py"
    path.write_text("import time; print('ready'); time.sleep(60)")
    command = [*COMMAND, "train", str(path), "--wait"]
    waiting = subprocess.Popen(command, env=environment_for("", {}), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert waiting.stdout is not None
    assert waiting.stdout.readline() == b"ready\n"
    waiting.send_signal(signal.SIGINT)
    waiting.communicate(timeout=PATIENCE_S)
    assert waiting.returncode == 130
    assert job(jobs).state.status == "InProgress"


def test_everything_can_come_out_of_a_file_and_the_command_line_goes_before(
    jobs: Path, script: str, sagetop: Sagetop, tmp_path: Path
) -> None:
    request = {
        "TrainingJobName": "from-file",
        "HyperParameters": {"sagemaker_program": "train.py", "epochs": "7"},
        "ResourceConfig": {"InstanceCount": 2, "InstanceType": "ml.m5.xlarge"},
        "Environment": {"MODE": "file"},
    }
    (tmp_path / "job.json").write_text(json.dumps(request))
    ended = sagetop("train", "--spec", str(tmp_path / "job.json"), "--env", "MODE=line", "--wait")
    assert sorted(ended.out.splitlines()) == ["[algo-1] epochs 7 line None", "[algo-2] epochs 7 line None"]
    assert job(jobs).folder.name == "from-file"


def test_json_tells_name_and_folder(jobs: Path, script: str, sagetop: Sagetop) -> None:
    (line,) = sagetop("train", script, "--name", "mine", "--json").lines
    assert json.loads(line) == {"name": "local/mine", "folder": str(jobs / "mine")}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "what is to be trained"),
        (["{script}", "--spec", "x.json"], "what is to be trained"),
        (["/no/such.py"], "there is no script"),
        (["{script}", "--attach", "--wait"], "exclude each other"),
        (["{script}", "--hp", "epochs"], "--hp epochs has no value"),
        (["{script}", "--channel", "train=s3://bucket/x"], "not on this machine"),
        (["{script}", "--max-disk", "much"], "no size"),
        (["{script}", "--metric", "loss=("], "no regular expression"),
        (["{script}", "--read-only"], "--read-only"),
        (["--spec", "/no/such.yaml"], "cannot be read"),
        (["{script}", "--instance-count", "0"], "0"),
    ],
)
def test_wrong_usage_is_said_in_a_line_and_starts_nothing(
    jobs: Path, script: str, sagetop: Sagetop, arguments: list[str], said: str
) -> None:
    ended = sagetop("train", *(argument.format(script=script) for argument in arguments))
    assert said in ended.failed(2)
    assert not jobs.exists()


def test_what_cannot_be_written_is_said(script: str, sagetop: Sagetop) -> None:
    ended = sagetop("train", script, SAGETOP_LOCAL_JOBS="/proc/nowhere/jobs")
    assert "cannot be started" in ended.failed(2)


def test_other_commands_take_local_jobs_by_their_prefix_or_with_local(
    jobs: Path, script: str, sagetop: Sagetop
) -> None:
    sagetop("train", script, "--name", "mine", "--metric", "epochs=epochs (\\d+)", "--wait")
    (listed,) = [json.loads(line) for line in sagetop("jobs", "--local", "--json").lines]
    assert (listed["name"], listed["status"]) == ("local/mine", "Completed")
    for name in (["local/mine"], ["mine", "--local"], ["local/mine", "--local"]):
        (described,) = [json.loads(line) for line in sagetop("describe", *name, "--json").lines]
        assert described["final_metrics"][0]["value"] == 1.0
        assert sagetop("logs", *name).lines == ["epochs 1 None None"]
        assert sagetop("wait", *name).code == 0
    assert "there is no training job local/other" in sagetop("logs", "local/other").failed(4)


def test_aws_is_not_asked_for_jobs_of_this_machine(jobs: Path, script: str, sagetop: Sagetop) -> None:
    sagetop("train", script, "--name", "mine", "--wait")
    nowhere: dict[str, str | None] = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_ACCESS_KEY_ID": None}
    assert sagetop("logs", "local/mine", **nowhere).lines == ["epochs 1 None None"]
    assert sagetop("describe", "local/mine", **nowhere).code == 0


def test_where_aws_cannot_be_asked_the_list_has_this_machine_s_jobs_and_says_so(
    jobs: Path, script: str, sagetop: Sagetop
) -> None:
    sagetop("train", script, "--name", "mine", "--wait")
    ended: Ended = sagetop("jobs", AWS_ACCESS_KEY_ID=None, AWS_SECRET_ACCESS_KEY=None)
    assert "local/mine" in ended.out
    assert "no AWS credentials" in ended.failed(3)


def test_a_stopped_job_that_was_waited_for_ends_with_1(jobs: Path, sagetop: Sagetop, tmp_path: Path) -> None:
    (tmp_path / "waits.py").write_text("import time; print('ready'); time.sleep(60)")
    sagetop("train", str(tmp_path / "waits.py"), "--name", "mine")
    assert sagetop("local", "stop", "mine").code == 0
    assert sagetop("wait", "local/mine").code == 1
    until(lambda: job(jobs).state.status == "Stopped")


# With the monitor

WAITS = """
import os, time
print("ready")
while not os.path.exists(os.environ["SAGEMAKER_BASE_DIR"] + "/go"):
    time.sleep(0.01)
print("went on")
"""


def test_attach_opens_the_monitor_at_the_job_which_outlives_it_however_it_ends(jobs: Path, tmp_path: Path) -> None:
    path = tmp_path / "waits.py"
    path.write_text(WAITS)
    command = [*COMMAND, "train", str(path), "--name", "mine", "--attach", "--local"]
    with Terminal(command, env=KEYS) as terminal:
        terminal.wait_for(lambda text: "jobs ▸ local/mine" in text and "ready" in text)
        terminal.hang_up()  # the SSH connection is lost
    with Terminal([*COMMAND, "attach", "local/mine"], env=KEYS) as terminal:
        terminal.wait_for(lambda text: "jobs ▸ local/mine" in text and "ready" in text)
        terminal.kill()
    assert job(jobs).state.status == "InProgress"
    with Terminal([*COMMAND, "attach", "mine", "--local"], env=KEYS) as terminal:
        terminal.wait_for("ready")
        (job(jobs).folder.base("algo-1") / "go").touch()
        terminal.wait_for("went on")
        terminal.wait_for("Completed")
        terminal.send("q")
        terminal.wait_for(lambda text: "jobs ▸" not in text)  # a key that is typed while a screen goes may go with it
        terminal.send("q")
        assert terminal.wait_exit() == 0
    assert job(jobs).ended().status == "Completed"

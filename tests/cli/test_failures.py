"""Whatever goes wrong is one line on stderr that says what to do, and an exit code; never a traceback."""

from __future__ import annotations

import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.canned import Canned, Cut, Fault, Hang, Raw
from tests.cli.conftest import COMMAND, Sagetop, environment_for
from tests.moto_server import Moto
from tests.patience import PATIENCE_S, until
from tui.cli.exits import MEANING, Exit, exit_table

NOBODY = "http://127.0.0.1:9"


class TestNoAnswer:
    def test_a_closed_port(self, sagetop: Sagetop) -> None:
        line = sagetop("jobs", "--endpoint-url", NOBODY, "--timeout", "5").failed(3)
        assert "--endpoint-url" in line

    def test_a_server_that_says_nothing(self, canned: Canned, sagetop: Sagetop) -> None:
        canned.answers("ListTrainingJobs", Hang())
        assert "--timeout" in sagetop("jobs", "--timeout", "1", at=canned.url).failed(3)

    def test_keys_that_take_for_ever(self, moto: Moto, sagetop: Sagetop, clean_machine: Path) -> None:
        # No request is ever sent: the time-out of boto3's connections would not help.
        config = clean_machine / ".aws" / "config"
        config.parent.mkdir()
        config.write_text(f"[profile slow]\ncredential_process = {sys.executable} -c 'import time; time.sleep(600)'\n")
        line = sagetop("jobs", "--profile", "slow", "--timeout", "1", at=moto.url).failed(3)
        assert line.startswith("AWS did not answer within 1 s: ")

    @pytest.mark.parametrize(
        ("answer", "says"),
        [
            (Fault("AccessDeniedException", "not authorized"), "sagemaker:ListTrainingJobs"),
            (Fault("ExpiredTokenException", "expired"), "expired"),
            (Fault("InternalFailure", "oops", 500), "try again"),
            (Raw(b"<html>a proxy</html>", 200), ""),
            (Cut(), ""),
        ],
    )
    def test_an_answer_that_is_none(self, canned: Canned, sagetop: Sagetop, answer: object, says: str) -> None:
        canned.answers("ListTrainingJobs", answer)  # type: ignore[arg-type]
        assert says in sagetop("jobs", "--timeout", "5", at=canned.url).failed(3)

    def test_no_credentials(self, moto: Moto, sagetop: Sagetop) -> None:
        ended = sagetop("jobs", at=moto.url, AWS_ACCESS_KEY_ID=None, AWS_SECRET_ACCESS_KEY=None)
        assert "no AWS credentials" in ended.failed(3)

    def test_no_such_profile(self, moto: Moto, sagetop: Sagetop) -> None:
        assert "nosuch" in sagetop("--profile", "nosuch", "jobs", at=moto.url).failed(3)

    def test_no_region(self, moto: Moto, sagetop: Sagetop) -> None:
        assert "--region" in sagetop("jobs", at=moto.url, AWS_DEFAULT_REGION=None).failed(3)


class TestWrongUsage:
    @pytest.mark.parametrize(
        "arguments",
        [
            ("nosuch",),
            ("jobs", "--nosuch"),
            ("jobs", "--limit", "0"),
            ("jobs", "--limit", "many"),
            ("jobs", "--status", "Lost"),
            ("jobs", "--timeout", "0"),
            ("jobs", "--endpoint-url", "localhost:5000"),
            ("jobs", "extra"),
            ("describe",),
            ("describe", "x", "--type", "pet"),
            ("demo", "--profile", "prod"),
            ("completion", "tcsh"),
        ],
    )
    def test_ends_with_2_and_one_line(self, sagetop: Sagetop, arguments: tuple[str, ...]) -> None:
        sagetop(*arguments).failed(2)

    def test_says_where_help_is(self, sagetop: Sagetop) -> None:
        assert sagetop("jobs", "--nosuch").failed(2).endswith("see sagetop jobs --help")
        assert sagetop("archive").failed(2).endswith("see sagetop archive --help")

    @pytest.mark.parametrize("arguments", [("models",), ("undo",), ("scaling", "endpoint")])
    def test_what_only_aws_knows_does_not_go_with_local(self, sagetop: Sagetop, arguments: tuple[str, ...]) -> None:
        assert sagetop(*arguments, "--local").failed(2) == "this asks AWS, and --local says not to: leave out --local"

    @pytest.mark.parametrize("arguments", [(), ("attach", "job"), ("demo",)])
    def test_the_monitor_needs_a_terminal(self, sagetop: Sagetop, arguments: tuple[str, ...]) -> None:
        assert "needs a terminal" in sagetop(*arguments).failed(2)

    def test_a_broken_settings_file(self, sagetop: Sagetop, tmp_path: Path) -> None:
        file = tmp_path / "mine.toml"
        file.write_text('theme = "mauve"\n')
        line = sagetop("jobs", SAGETOP_CONFIG=str(file)).failed(2)
        assert line == f'{file}: theme is \'mauve\': it has to be "auto", "dark" or "light"'


class TestPipes:
    @pytest.mark.parametrize("arguments", ["jobs --json", "jobs", "jobs --help", "--help"])
    def test_one_that_is_closed_ends_quietly_with_0(self, moto: Moto, arguments: str) -> None:
        for number in range(3):
            moto.add_job(f"job-{number}", FailureReason="x" * 100_000)
        pipeline = f"{{ {' '.join(COMMAND)} {arguments}; echo $? >&2; }} | true"
        done = subprocess.run(
            ["bash", "-c", pipeline], env=environment_for(moto.url, {}), capture_output=True, text=True, check=False
        )
        assert done.stderr == "0\n"

    def test_one_that_was_never_open(self, moto: Moto) -> None:
        moto.add_job("job")
        done = subprocess.run(
            ["bash", "-c", f"{' '.join(COMMAND)} jobs >&-"],
            env=environment_for(moto.url, {}),
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")

    def test_a_full_disk_is_said(self, moto: Moto) -> None:
        moto.add_job("job")
        with Path("/dev/full").open("w") as full:
            done = subprocess.run(
                [*COMMAND, "jobs"],
                env=environment_for(moto.url, {}),
                stdout=full,
                stderr=subprocess.PIPE,
                text=True,
                check=False,
            )
        assert (done.returncode, done.stderr) == (
            70,
            "sagetop: the output could not be written: No space left on device\n",
        )


def test_ctrl_c_ends_with_130(canned: Canned) -> None:
    canned.answers("ListTrainingJobs", Hang())
    process = subprocess.Popen(
        [*COMMAND, "jobs"], env=environment_for(canned.url, {}), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    until(lambda: canned.count("ListTrainingJobs"))
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, out, err) == (130, b"", b"")


def test_a_mistake_of_sagetop_itself_leaves_its_details_in_a_private_file(clean_machine: Path) -> None:
    # The settings are read before anything else; a home that cannot be searched is as wrong as it gets.
    program = "import tui.config, tui.cli; tui.config.load = lambda: 1 / 0; tui.cli.main()"
    done = subprocess.run(
        [sys.executable, "-c", program, "jobs"],
        env=environment_for("", {}),
        capture_output=True,
        text=True,
        check=False,
    )
    kept = clean_machine / ".local" / "state" / "sagetop" / "failure.log"
    assert done.returncode == 70
    assert done.stderr == (
        f"sagetop: sagetop itself failed (ZeroDivisionError: division by zero): the details are in {kept}\n"
    )
    assert "Traceback" in kept.read_text()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700


def test_every_exit_code_has_its_line_in_the_table() -> None:
    assert set(MEANING) == set(Exit)
    rows = exit_table().splitlines()[2:]
    assert [int(row.split("|")[1]) for row in rows] == [0, 1, 2, 3, 4, 5, 6, 10, 70, 130]

"""`sagetop logs`: complete and in order, byte for byte into pipes, harmless on terminals, through every fault."""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import signal
import sqlite3
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto.sagemaker.models import sagemaker_backends

from tests.cli.conftest import COMMAND, Ended, Sagetop, environment_for
from tests.faults import FaultProxy, Faults
from tests.moto_server import ACCOUNT, REGION, Moto, ago, ms, now
from tests.patience import PATIENCE_S, until
from tests.terminal import Terminal
from tui.cli.exits import WrongUsage
from tui.cli.logs import since_when
from tui.demo.gaps_components import put_component

MINUTE = 60_000
LONG_AGO = ms(ago(hours=3))


def ended_job(moto: Moto, name: str = "job", status: str = "Completed") -> None:
    """A job that ended two hours ago, of which nothing can arrive any more."""
    moto.add_job(name, created=ago(hours=4), TrainingJobStatus=status, TrainingEndTime=ago(hours=2))


def running_job(moto: Moto, **fields: object) -> object:
    return moto.add_job("job", created=ago(hours=4), TrainingJobStatus="InProgress", **fields)


def run(*arguments: str, at: str, **environment: str | None) -> tuple[int, bytes, bytes]:
    """Runs `sagetop logs` into pipes, and gives what it printed byte for byte."""
    done = subprocess.run(
        [*COMMAND, "logs", *arguments],
        env=environment_for(at, environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


class Following:
    """`sagetop logs ... --follow` as it runs, and the lines that it has printed."""

    def __init__(self, *arguments: str, at: str, **environment: str | None) -> None:
        self.lines: list[bytes] = []
        self.err = b""
        self._changed = threading.Condition()
        self.process = subprocess.Popen(
            [*COMMAND, "logs", *arguments, "--follow"],
            env=environment_for(at, environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self._readers = [threading.Thread(target=work, daemon=True) for work in (self._read, self._read_errors)]
        for reader in self._readers:
            reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._changed:
                self.lines.append(line)
                self._changed.notify_all()

    def _read_errors(self) -> None:
        assert self.process.stderr is not None
        while some := os.read(self.process.stderr.fileno(), 4096):
            with self._changed:
                self.err += some
                self._changed.notify_all()

    def until(self, line: bytes) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: line in self.lines, PATIENCE_S), (self.lines, self.err)

    def until_said(self, words: bytes) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: words in self.err, PATIENCE_S), (self.lines, self.err)

    def wait(self) -> int:
        code = self.process.wait(60)
        for reader in self._readers:
            reader.join()
        return code


@contextmanager
def following(*arguments: str, at: str, **environment: str | None) -> Iterator[Following]:
    running = Following(*arguments, at=at, **environment)
    try:
        yield running
    finally:
        running.process.kill()
        running.wait()


class TestInOrder:
    def test_all_hosts_together_by_time_then_host_then_stream(self, moto: Moto, sagetop: Sagetop) -> None:
        ended_job(moto)
        moto.add_log("job/algo-10-1", [(LONG_AGO, "ten"), (LONG_AGO + 1, "ten again")])
        moto.add_log("job/algo-2-2", [(LONG_AGO, "two, restarted")])
        moto.add_log("job/algo-2-1", [(LONG_AGO, "two"), (LONG_AGO, "two"), (LONG_AGO - 1, "two before")])
        assert sagetop("logs", "job", at=moto.url).lines == [
            "[algo-2] two before",
            "[algo-2] two",
            "[algo-2] two",
            "[algo-2] two, restarted",
            "[algo-10] ten",
            "[algo-10] ten again",
        ]

    @pytest.mark.parametrize("ended", [True, False], ids=["of an ended job", "of a running job"])
    @pytest.mark.parametrize("archive", ["true", "false"], ids=["archived", "not archived"])
    def test_a_log_of_many_pages(self, moto: Moto, ended: bool, archive: str, tmp_path: Path) -> None:
        settings = tmp_path / "config.toml"
        settings.write_text(f"[archive]\nenabled = {archive}\n")
        chance = random.Random(5)
        if ended:
            ended_job(moto)
            begin, end = LONG_AGO, LONG_AGO + 50 * MINUTE
        else:
            running_job(moto)
            begin, end = LONG_AGO, ms(now())  # over the border between the two ways of reading
        truth = []
        for host in (1, 2, 3):
            times = sorted(chance.choices(range(begin, end, 500), k=12_000))
            events = [(at, f"{host} {number}") for number, at in enumerate(times)]
            moto.add_log(f"job/algo-{host}-1", events)
            truth += [(at, host, number) for number, at in enumerate(times)]
        truth.sort()
        expected = [f"[algo-{host}] {host} {number}" for _, host, number in truth]
        for _ in ("fetched", "and again"):
            code, out, err = run("job", at=moto.url, SAGETOP_CONFIG=str(settings))
            assert (code, err) == (0, b"")
            assert out.decode().splitlines() == expected

    def test_one_host_has_no_mark(self, moto: Moto, sagetop: Sagetop) -> None:
        ended_job(moto)
        moto.add_log("job/algo-1-1", [(LONG_AGO, "alone")])
        assert sagetop("logs", "job", at=moto.url).lines == ["alone"]

    def test_a_job_of_several_instances_has_marks_though_one_alone_has_logged(
        self, moto: Moto, sagetop: Sagetop
    ) -> None:
        resources = {"InstanceType": "ml.m5.xlarge", "InstanceCount": 2, "VolumeSizeInGB": 30}
        moto.add_job(
            "job",
            created=ago(hours=4),
            TrainingJobStatus="Completed",
            TrainingEndTime=ago(hours=2),
            ResourceConfig=resources,
        )
        moto.add_log("job/algo-1-1", [(LONG_AGO, "first")])
        assert sagetop("logs", "job", at=moto.url).lines == ["[algo-1] first"]

    def test_a_job_whose_name_begins_anothers_shows_its_own_lines_alone(self, moto: Moto, sagetop: Sagetop) -> None:
        for name in ("job", "job-1", "job1"):
            ended_job(moto, name)
            moto.add_log(f"{name}/algo-1-1", [(LONG_AGO, f"of {name}")])
        for name in ("job", "job-1"):
            assert sagetop("logs", name, at=moto.url).lines == [f"of {name}"]

    def test_a_job_without_lines_says_so(self, moto: Moto, sagetop: Sagetop) -> None:
        ended_job(moto)
        ended = sagetop("logs", "job", at=moto.url)
        assert (ended.code, ended.out, ended.err) == (0, "", "sagetop: there are no lines yet\n")

    def test_a_failed_job_ends_with_0_without_follow(self, moto: Moto, sagetop: Sagetop) -> None:
        ended_job(moto, status="Failed")
        moto.add_log("job/algo-1-1", [(LONG_AGO, "Traceback")])
        assert sagetop("logs", "job", at=moto.url).lines == ["Traceback"]


def an_hour_passes(home: Path) -> None:
    """For what the archive remembers of when AWS was asked."""
    with sqlite3.connect(home / ".cache" / "sagetop" / "logs.sqlite") as database:
        database.execute("UPDATE logs SET asked = asked - 3600")


class TestWhatIsKept:
    @pytest.mark.parametrize("end", ["TrainingEndTime", "LastModifiedTime"])  # what failed early has no end of its own
    def test_an_ended_job_is_asked_for_once(self, moto: Moto, sagetop: Sagetop, clean_machine: Path, end: str) -> None:
        times = {"TrainingEndTime": None, "LastModifiedTime": ago(hours=2), end: ago(hours=2)}
        moto.add_job("job", created=ago(hours=4), TrainingJobStatus="Failed", **times)
        moto.add_log("job/algo-1-1", [(LONG_AGO, "kept")])
        with FaultProxy(moto.url) as proxy:
            assert sagetop("logs", "job", at=proxy.url).lines == ["kept"]
            asked = +proxy.asked
            an_hour_passes(clean_machine)
            assert sagetop("logs", "job", at=proxy.url).lines == ["kept"]
            assert +proxy.asked - asked == {"DescribeTrainingJob": 1}

    def test_within_half_a_minute_nothing_is_asked_at_all_but_for_what_is_followed(
        self, moto: Moto, sagetop: Sagetop
    ) -> None:
        ended_job(moto)
        moto.add_log("job/algo-1-1", [(LONG_AGO, "kept")])
        with FaultProxy(moto.url) as proxy:
            assert sagetop("logs", "job", at=proxy.url).lines == ["kept"]
            asked = +proxy.asked
            assert sagetop("logs", "job", "--grep", "kept", at=proxy.url).lines == ["kept"]
            assert +proxy.asked == asked
            assert sagetop("logs", "job", "--follow", at=proxy.url).lines == ["kept"]
            assert +proxy.asked - asked == {"DescribeTrainingJob": 1}

    @pytest.mark.parametrize("changed", [{"AWS_REGION": "us-east-1"}, {"AWS_ACCESS_KEY_ID": "AKIAOTHER"}])
    def test_what_somebody_else_was_told_does_not_count(
        self, moto: Moto, sagetop: Sagetop, changed: dict[str, str]
    ) -> None:
        ended_job(moto)
        moto.add_log("job/algo-1-1", [(LONG_AGO, "kept")])
        with FaultProxy(moto.url) as proxy:
            assert sagetop("logs", "job", at=proxy.url).lines == ["kept"]
            asked = +proxy.asked
            sagetop("logs", "job", at=proxy.url, **changed)
            assert (+proxy.asked - asked)["DescribeTrainingJob"] == 1

    def test_another_aws_has_logs_of_its_own(self, moto: Moto, sagetop: Sagetop) -> None:
        ended_job(moto)
        moto.add_log("job/algo-1-1", [(LONG_AGO, "kept")])
        with FaultProxy(moto.url) as proxy:
            for url in (moto.url, proxy.url):  # the same account, region and job, as two emulators would have them
                assert sagetop("logs", "job", at=url).lines == ["kept"]
            assert proxy.asked["GetLogEvents"] > 0
        assert len(sagetop("archive", "list", "--json").lines) == 2

    def test_it_opens_offline(self, moto: Moto, sagetop: Sagetop, clean_machine: Path) -> None:
        ended_job(moto)
        moto.add_log("job/algo-1-1", [(LONG_AGO, "kept")])
        with FaultProxy(moto.url) as proxy:
            assert sagetop("logs", "job", at=proxy.url).lines == ["kept"]
        an_hour_passes(clean_machine)
        for arguments in ((), ("--follow",)):
            assert sagetop("logs", "job", "--timeout", "5", *arguments, at=proxy.url).lines == ["kept"]

    def test_of_a_running_job_offline_it_says_what_is_there(self, moto: Moto, sagetop: Sagetop) -> None:
        running_job(moto)
        moto.add_log("job/algo-1-1", [(LONG_AGO, "kept")])
        with FaultProxy(moto.url) as proxy:
            assert sagetop("logs", "job", at=proxy.url).lines == ["kept"]
        line = sagetop("logs", "job", "--timeout", "5", at=proxy.url).failed(3)
        assert line.endswith("sagetop archive export job")

    def test_a_job_that_was_made_again_has_its_own_log(self, moto: Moto, sagetop: Sagetop, clean_machine: Path) -> None:
        ended_job(moto)
        moto.add_log("job/algo-1-1", [(LONG_AGO, "the first")])
        assert sagetop("logs", "job", at=moto.url).lines == ["the first"]
        moto.reset()
        an_hour_passes(clean_machine)
        moto.add_job("job", created=ago(hours=1), TrainingJobStatus="Completed", TrainingEndTime=ago(minutes=40))
        moto.add_log("job/algo-1-1", [(LONG_AGO, "the first"), (ms(ago(minutes=50)), "the second")])
        assert sagetop("logs", "job", at=moto.url).lines == ["the second"]

    def test_without_a_cache_folder_the_log_is_read_and_said_not_to_be_kept(self, moto: Moto, sagetop: Sagetop) -> None:
        ended_job(moto)
        moto.add_log("job/algo-1-1", [(LONG_AGO, "read")])
        ended = sagetop("logs", "job", at=moto.url, XDG_CACHE_HOME="/dev/null")
        assert (ended.code, ended.out) == (0, "read\n")
        assert "not kept" in ended.failed(0)


class TestWhichLines:
    @pytest.fixture
    def log(self, moto: Moto) -> Moto:
        ended_job(moto)
        moto.add_log("job/algo-1-1", [(LONG_AGO, "Epoch 1 loss=2"), (LONG_AGO + 60 * MINUTE, "epoch 2 loss=nan")])
        moto.add_log(
            "job/algo-2-1", [(LONG_AGO + 1, "\x1b[1mEpo\x1b[0mch 1"), (LONG_AGO + 60 * MINUTE, "a\nTraceback")]
        )
        return moto

    def test_of_a_host(self, log: Moto, sagetop: Sagetop) -> None:
        assert sagetop("logs", "job", "--host", "algo-1", at=log.url).lines == [
            "[algo-1] Epoch 1 loss=2",
            "[algo-1] epoch 2 loss=nan",
        ]

    def test_of_a_host_that_there_is_not(self, log: Moto, sagetop: Sagetop) -> None:
        line = sagetop("logs", "job", "--host", "algo-3", at=log.url).failed(2)
        assert line == "there are no lines of algo-3: its hosts: algo-1, algo-2"

    @pytest.mark.parametrize(
        ("grep", "found"),
        [
            ("epoch", ["Epoch 1 loss=2", "Epoch 1", "epoch 2 loss=nan"]),
            ("Epoch", ["Epoch 1 loss=2", "Epoch 1"]),
            (r"loss=(\d|nan)", ["Epoch 1 loss=2", "epoch 2 loss=nan"]),
            ("^Trace", []),
            ("nothing", []),
        ],
    )
    def test_that_match(self, log: Moto, sagetop: Sagetop, grep: str, found: list[str]) -> None:
        lines = sagetop("logs", "job", "--grep", grep, "--clean", at=log.url).lines
        assert [line.partition("] ")[2] for line in lines] == found

    def test_a_record_of_several_lines_matches_as_one(self, log: Moto, sagetop: Sagetop) -> None:
        assert sagetop("logs", "job", "--grep", "Traceback", at=log.url).lines == ["[algo-2] a", "Traceback"]

    def test_a_pattern_that_would_hang_is_switched_off_and_says_so(self, moto: Moto, sagetop: Sagetop) -> None:
        ended_job(moto)
        moto.add_log("job/algo-1-1", [(LONG_AGO, "a" * 5000 + "!")])
        line = sagetop("logs", "job", "--grep", "(a+)+$", at=moto.url).failed(2)
        assert "200 ms" in line

    @pytest.mark.parametrize("since", ["150m", "2h30m", "9000s"])
    def test_since_a_length(self, log: Moto, sagetop: Sagetop, since: str) -> None:
        assert sagetop("logs", "job", "--since", since, at=log.url).lines == [
            "[algo-1] epoch 2 loss=nan",
            "[algo-2] a",
            "Traceback",
        ]

    def test_since_a_time_with_its_offset_or_of_here(self, log: Moto, sagetop: Sagetop) -> None:
        when = datetime.fromtimestamp((LONG_AGO + 1) / 1000, timezone.utc)
        local = when.replace(tzinfo=None)
        for text, zone in (
            (when.isoformat(), "Asia/Tokyo"),
            (local.isoformat(), "UTC"),
            (f"{local.isoformat()}Z", "X+9"),
        ):
            lines = sagetop("logs", "job", "--since", text, at=log.url, TZ=zone).lines
            assert len(lines) == 4, text
            assert "loss=2" not in lines[0]

    def test_since_reads_no_more_than_it_must(self, moto: Moto, sagetop: Sagetop) -> None:
        ended_job(moto)
        moto.add_log("job/algo-1-1", [(LONG_AGO + number, "x" * 1000) for number in range(5000)])
        moto.add_log("job/algo-1-1", [(LONG_AGO + 60 * MINUTE, "last")])
        with FaultProxy(moto.url) as proxy:
            assert sagetop("logs", "job", "--since", "150m", at=proxy.url).lines == ["last"]
            assert proxy.asked["GetLogEvents"] <= 2
            assert len(sagetop("logs", "job", at=proxy.url).lines) == 5001

    @pytest.mark.parametrize(
        "arguments",
        [
            (),
            ("job", "--endpoint", "it"),
            ("job", "--since", "yesterday"),
            ("job", "--since", "-2h"),
            ("job", "--since", "9" * 5000 + "d"),
            ("job", "--grep", "("),
        ],
    )
    def test_what_makes_no_sense_ends_with_2(self, sagetop: Sagetop, arguments: tuple[str, ...]) -> None:
        sagetop("logs", *arguments).failed(2)


NOW = 1_795_000_000_000


@given(st.integers(0, 400), st.integers(0, 23), st.integers(0, 59), st.integers(0, 59))
def test_a_length_is_counted_back_from_now(days: int, hours: int, minutes: int, seconds: int) -> None:
    length = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    assert since_when(f"{days}d{hours}h{minutes}m{seconds}s", NOW) == NOW - length * 1000


@given(st.datetimes(datetime(1971, 1, 1), datetime(2200, 1, 1), timezones=st.timezones()))
def test_a_time_is_what_it_says(when: datetime) -> None:
    assert since_when(when.isoformat(), NOW) == max(round(when.timestamp() * 1000), 0)


@given(st.text() | st.from_regex(r"[0-9:TZdhms+.-]{1,30}", fullmatch=True))
def test_any_other_text_is_refused_or_means_a_moment(text: str) -> None:
    with contextlib.suppress(WrongUsage):
        assert since_when(text, NOW) >= 0


HOSTILE = [
    "\x1b]0;owned\x07title",
    "tab\tand \x1b[31mred\x1b[0m",
    "one\ntwo\r\nthree",
    "lone \udc80",
    "ütf → 字",
    "\u202egnp",
    "",
]


class TestForms:
    @pytest.fixture
    def log(self, moto: Moto) -> Moto:
        ended_job(moto)
        moto.add_log(
            "job/algo-1-1", [(LONG_AGO + at, said) for at, said in enumerate(HOSTILE)], ingested_ms=LONG_AGO + 900
        )
        return moto

    @pytest.mark.parametrize("lang", ["C", "C.UTF-8", "en_US.ISO-8859-1"])
    def test_into_a_pipe_it_is_byte_for_byte_what_was_logged(self, log: Moto, lang: str) -> None:
        code, out, err = run("job", at=log.url, LANG=lang, LC_ALL=lang, PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
        assert (code, err) == (0, b"")
        assert out == b"".join(said.encode("utf-8", "surrogatepass") + b"\n" for said in HOSTILE)

    def test_clean_into_a_pipe(self, log: Moto) -> None:
        _, out, _ = run("job", "--clean", at=log.url)
        assert out.decode() == "title\ntab and red\none\ntwo\nthree\nlone \ufffd\nütf → 字\ngnp\n\n"

    def test_timestamps_are_utc(self, log: Moto, sagetop: Sagetop) -> None:
        first = sagetop("logs", "job", "-t", "--clean", at=log.url, TZ="Asia/Tokyo").lines[0]
        when = datetime.fromtimestamp(LONG_AGO / 1000, timezone.utc).isoformat(timespec="milliseconds")
        assert first == f"{when.replace('+00:00', 'Z')} title"

    def test_json_is_one_ascii_object_a_line_exactly_as_stored(self, log: Moto) -> None:
        code, out, _ = run("job", "--json", at=log.url)
        assert code == 0
        assert out.isascii()
        assert [json.loads(line) for line in out.splitlines()] == [
            {
                "timestamp": LONG_AGO + at,
                "ingestion_time": LONG_AGO + 900,
                "host": "algo-1",
                "stream": "job/algo-1-1",
                "message": said,
            }
            for at, said in enumerate(HOSTILE)
        ]

    @pytest.mark.parametrize("raw", [False, True])
    def test_no_escape_code_of_a_log_gets_through_to_a_terminal(self, log: Moto, raw: bool) -> None:
        log.add_log("job/algo-2-1", [(LONG_AGO + 99, "\x9b31mend\x1b[5m\u009d52;c;x\x07")])
        arguments = [*COMMAND, "logs", "job", *(["--raw"] if raw else [])]
        with Terminal(arguments, env=environment_for(log.url, {})) as terminal:
            assert terminal.wait_exit(60) == 0
            written = bytes(terminal.written).decode("utf-8", "surrogatepass")
        if raw:
            assert "\x1b]0;owned\x07title" in written
            return
        assert "title" in written
        # What is left is sagetop's own: the colours of the hosts.
        assert set(re.findall(r"\x1b[^m]*m", written)) == {"\x1b[36m", "\x1b[32m", "\x1b[0m"}
        assert not re.search(
            r"\x1b(?!\[(36|32|0)m)|[\x00-\x09\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f-\x9f\u202e\ud800-\udfff]", written
        )

    def test_no_colour_where_none_is_wanted(self, log: Moto) -> None:
        log.add_log("job/algo-2-1", [(LONG_AGO + 99, "end")])
        environment = environment_for(log.url, {"NO_COLOR": "1"})
        with Terminal([*COMMAND, "logs", "job"], env=environment) as terminal:
            assert terminal.wait_exit(60) == 0
            assert b"[algo-2] end" in terminal.written
            assert b"\x1b" not in terminal.written


class TestEndpoints:
    def test_the_last_hour_of_all_its_instances_in_order(self, moto: Moto, sagetop: Sagetop) -> None:
        moto.add_endpoint("ranker")
        group = "/aws/sagemaker/Endpoints/ranker"
        recent = ms(ago(minutes=40))
        moto.add_log("AllTraffic/i-0b", [(recent, "b"), (recent + 20, "b again"), (LONG_AGO, "old")], group=group)
        moto.add_log("AllTraffic/i-0a", [(recent + 10, "a")], group=group)
        with FaultProxy(moto.url) as proxy:
            for _ in range(2):
                lines = sagetop("logs", "--endpoint", "ranker", at=proxy.url).lines
                assert lines == ["[i-0b] b", "[i-0a] a", "[i-0b] b again"]
            assert proxy.asked["FilterLogEvents"] == 2  # it is not kept

    def test_one_variant_or_component_alone(self, moto: Moto, sagetop: Sagetop) -> None:
        moto.add_endpoint("ranker", [{"VariantName": name, "InstanceType": "ml.m5.large"} for name in ("v1", "v10")])
        backend = sagemaker_backends[ACCOUNT][REGION]
        put_component(backend, "chat", "ranker", "v1", "chat-7b", 1, ago(hours=1))
        recent = ms(ago(minutes=40))
        for variant in ("v1", "v10"):
            moto.add_log(f"{variant}/i-0{variant}", [(recent, variant)], group="/aws/sagemaker/Endpoints/ranker")
        moto.add_log("v1/i-0v1", [(recent, "hello")], group="/aws/sagemaker/InferenceComponents/chat")
        ask = ("logs", "--endpoint", "ranker", "--variant")
        assert sagetop(*ask, "v1", at=moto.url).lines == ["v1"]
        (line,) = sagetop(*ask, "chat", "--json", at=moto.url).lines
        said = json.loads(line)
        assert (said["message"], said["host"], said["stream"]) == ("hello", "v1/i-0v1", "chat/v1/i-0v1")
        line = sagetop(*ask, "v2", at=moto.url).failed(4)
        assert line == "ranker has no variant v2: there is v1, v10, chat"
        assert "--endpoint" in sagetop("logs", "job", "--variant", "v1", at=moto.url).failed(2)

    def test_one_that_there_is_not(self, moto: Moto, sagetop: Sagetop) -> None:
        line = sagetop("logs", "--endpoint", "nosuch", at=moto.url).failed(4)
        assert line == "there is no endpoint nosuch: to list them: sagetop endpoints"


class TestFollowing:
    def test_what_there_is_comes_in_order_and_then_what_comes(self, moto: Moto) -> None:
        job = running_job(moto)
        recent = ms(ago(minutes=5))
        moto.add_log("job/algo-1-1", [(LONG_AGO, "old"), (recent, "recent")])
        with following("job", at=moto.url) as running:
            running.until(b"recent\n")
            moto.add_log("job/algo-1-1", [(ms(now()), "new")])
            running.until(b"new\n")
            moto.add_log("job/algo-1-1", [(ms(now()), "last words")])
            ended = ago(seconds=20)  # so that its last lines are out at once
            from tui.demo.gaps_sagemaker import set_fields

            set_fields(job, {"TrainingJobStatus": "Failed", "TrainingEndTime": ended})
            assert running.wait() == 1
            assert running.lines == [b"old\n", b"recent\n", b"new\n", b"last words\n"]
            assert running.err == b""

    @pytest.mark.parametrize(("status", "code"), [("Completed", 0), ("Failed", 1), ("Stopped", 1)])
    def test_of_an_ended_job_it_prints_all_and_ends(self, moto: Moto, sagetop: Sagetop, status: str, code: int) -> None:
        ended_job(moto, status=status)
        moto.add_log("job/algo-1-1", [(LONG_AGO, "first"), (LONG_AGO + 1, "last")])
        for _ in range(2):
            assert sagetop("logs", "job", "--follow", at=moto.url) == Ended(code, "first\nlast\n", "")

    def test_late_lines_are_marked(self, moto: Moto) -> None:
        running_job(moto)
        moto.add_log("job/algo-1-1", [(ms(now()), "first")])
        with following("job", at=moto.url) as plain, following("job", "--json", at=moto.url) as as_json:
            plain.until(b"first\n")
            next_line(as_json, "first")
            moto.add_log("job/algo-1-1", [(ms(ago(seconds=15)), "late")])
            plain.until(b"[late] late\n")
            moto.add_log("job/algo-1-1", [(ms(now()), "on time")])
            plain.until(b"on time\n")
            next_line(as_json, "on time")
            records = [json.loads(line) for line in as_json.lines]
            assert [(record["message"], record.get("late")) for record in records][-2:] == [
                ("late", True),
                ("on time", None),
            ]

    def test_after_a_sleep_it_goes_on_without_a_gap(self, moto: Moto) -> None:
        running_job(moto)
        moto.add_log("job/algo-1-1", [(ms(now()), "before")])
        with FaultProxy(moto.url) as proxy, following("job", at=proxy.url) as running:
            running.until(b"before\n")
            running.process.send_signal(signal.SIGSTOP)  # a closed lid
            proxy.faults = Faults(reset=1.0)
            begun = ms(now())
            moto.add_log("job/algo-1-1", [(begun + number, f"asleep {number}") for number in range(50)])
            running.process.send_signal(signal.SIGCONT)
            proxy.until(lambda: proxy.met["reset"] > 0)  # no network yet
            proxy.faults = Faults()
            running.until(b"asleep 49\n")
            assert running.lines == [b"before\n", *(b"asleep %d\n" % number for number in range(50))]

    def test_filters_hold_for_what_comes(self, moto: Moto) -> None:
        running_job(moto)
        moto.add_log("job/algo-1-1", [(ms(now()), "a wanted line")])
        with following("job", "--grep", "wanted", "--host", "algo-1", at=moto.url) as running:
            running.until(b"a wanted line\n")
            at = ms(now())
            moto.add_log("job/algo-2-1", [(at, "wanted, of another host")])
            moto.add_log("job/algo-1-1", [(at, "nothing"), (at + 1, "wanted too")])
            running.until(b"[algo-1] wanted too\n")
            assert running.lines == [b"a wanted line\n", b"[algo-1] wanted too\n"]

    def test_ctrl_c_ends_with_130(self, moto: Moto) -> None:
        running_job(moto)
        moto.add_log("job/algo-1-1", [(ms(now()), "line")])
        with following("job", at=moto.url) as running:
            running.until(b"line\n")
            running.process.send_signal(signal.SIGINT)
            assert running.wait() == 130
            assert running.err == b""

    @pytest.mark.parametrize("reader", ["head -n1", "grep -m1 line"])
    def test_a_reader_that_leaves_ends_it_at_once_though_no_line_comes(self, moto: Moto, reader: str) -> None:
        running_job(moto)
        moto.add_log("job/algo-1-1", [(ms(now()), "line")])
        pipeline = f"{{ {' '.join(COMMAND)} logs job --follow; echo $? >&2; }} | {reader}"
        done = subprocess.run(
            ["bash", "-c", pipeline],
            env=environment_for(moto.url, {}),
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        assert (done.stdout, done.stderr) == ("line\n", "0\n")


def next_line(running: Following, message: str) -> bytes:
    """The line of a JSON output that has this message, once it is there."""
    return until(lambda: next((line for line in list(running.lines) if json.loads(line)["message"] == message), b""))


def test_on_a_terminal_it_says_how_much_is_read_where_that_takes_its_time(moto: Moto) -> None:
    ended_job(moto)
    for host in (1, 2):
        moto.add_log(f"job/algo-{host}-1", [(LONG_AGO + number * 100, "x" * 5000) for number in range(2000)])
    with FaultProxy(moto.url, Faults(latency_s=0.3)) as proxy:
        arguments = [*COMMAND, "logs", "job", "--grep", "nothing"]
        with Terminal(arguments, env=environment_for(proxy.url, {})) as terminal:
            terminal.wait_for(lambda screen: re.search(r"reading +[1-9]\d?%", screen) is not None)
            assert terminal.wait_exit(60) == 0
            assert "reading" not in terminal.text


class TestFaults:
    @pytest.fixture
    def log(self, moto: Moto) -> Moto:
        ended_job(moto)
        for host in (1, 2):
            moto.add_log(f"job/algo-{host}-1", [(LONG_AGO + number, f"{number} {'x' * 900}") for number in range(4000)])
        return moto

    @pytest.mark.parametrize("seed", range(3))
    def test_throttling_and_errors_lose_nothing(self, log: Moto, seed: int) -> None:
        faults = Faults(throttle=0.3, error=0.05, reset=0.05, cut=0.05)
        expected = "".join(f"[algo-{host}] {number} {'x' * 900}\n" for number in range(4000) for host in (1, 2))
        with FaultProxy(log.url, faults, seed=seed) as proxy:
            code, out, _ = run("job", at=proxy.url)
            assert sum(count for fault, count in proxy.met.items() if fault != "none") > 0
        assert code == 0
        assert out.decode() == expected

    @pytest.mark.parametrize("more", [(), ("--follow",)])
    def test_without_filter_log_events_the_log_is_read_all_the_same(
        self, moto: Moto, sagetop: Sagetop, more: tuple[str, ...]
    ) -> None:
        moto.add_job("job", created=ago(hours=4), TrainingJobStatus="Completed", TrainingEndTime=ago(minutes=1))
        moto.add_log("job/algo-1-1", [(LONG_AGO, "old"), (ms(ago(minutes=2)), "recent")])
        with FaultProxy(moto.url, Faults(denied={"FilterLogEvents"})) as proxy:
            ended = sagetop("logs", "job", *more, at=proxy.url)
        assert (ended.code, ended.out) == (0, "old\nrecent\n")
        assert "logs:FilterLogEvents is denied" in ended.failed(0)

    def test_a_denied_permission_is_named(self, log: Moto, sagetop: Sagetop) -> None:
        with FaultProxy(log.url, Faults(denied={"GetLogEvents"})) as proxy:
            assert "logs:GetLogEvents" in sagetop("logs", "job", at=proxy.url).failed(3)
            assert "logs:GetLogEvents" in sagetop("logs", "job", "--follow", at=proxy.url).failed(3)

    def test_a_job_that_there_is_not(self, moto: Moto, sagetop: Sagetop) -> None:
        line = sagetop("logs", "nosuch", at=moto.url).failed(4)
        assert line == "there is no training job nosuch: to list them: sagetop jobs"

    def test_keys_that_have_expired_before_anything_was_read(self, log: Moto, sagetop: Sagetop) -> None:
        with FaultProxy(log.url, Faults(expired={"AKIAFALSE"})) as proxy:
            assert "expired" in sagetop("logs", "job", "--follow", at=proxy.url).failed(3)

    def test_keys_that_expire_on_the_way_are_said_once_and_nothing_is_lost(self, moto: Moto) -> None:
        running_job(moto)
        moto.add_log("job/algo-1-1", [(ms(now()), "before")])
        with FaultProxy(moto.url) as proxy, following("job", at=proxy.url) as running:
            running.until(b"before\n")
            proxy.faults = Faults(expired={"AKIAFALSE"})
            moto.add_log("job/algo-1-1", [(ms(now()), "meanwhile")])
            running.until_said(b"expired")
            met = proxy.met["expired"]
            proxy.until(lambda: proxy.met["expired"] >= met + 2)  # it keeps trying
            proxy.faults = Faults()
            running.until(b"meanwhile\n")
            assert running.lines == [b"before\n", b"meanwhile\n"]
            assert running.err.count(b"expired") == 1
            assert running.err.count(b"\n") == 1

    def test_what_could_be_read_is_printed_where_the_rest_cannot_be(self, moto: Moto) -> None:
        running_job(moto)
        moto.add_log("job/algo-1-1", [(LONG_AGO, "old"), (ms(ago(minutes=2)), "recent")])
        with FaultProxy(moto.url, Faults(broken={"GetLogEvents"})) as proxy:
            code, out, err = run("job", "--timeout", "3", at=proxy.url)
        assert (code, out) == (3, b"recent\n")
        assert err.count(b"GetLogEvents") >= 1

    @pytest.mark.parametrize("ended", [True, False])
    def test_where_no_disk_takes_anything_the_log_is_read_all_the_same(self, moto: Moto, ended: bool) -> None:
        if ended:
            ended_job(moto)
        else:
            running_job(moto)
        moto.add_log("job/algo-1-1", [(LONG_AGO + number, f"{number} {'x' * 90}") for number in range(40_000)])
        done = subprocess.run(
            ["bash", "-c", f"ulimit -f 200; exec {' '.join(COMMAND)} logs job | cat"],  # no file over 200 KB
            env=environment_for(moto.url, {}),
            capture_output=True,
            check=False,
        )
        assert done.stdout.decode() == "".join(f"{number} {'x' * 90}\n" for number in range(40_000))
        assert b"not kept" in done.stderr

    def test_kill_9_while_it_reads_loses_nothing_and_doubles_nothing(self, log: Moto) -> None:
        expected = "".join(f"[algo-{host}] {number} {'x' * 900}\n" for number in range(4000) for host in (1, 2))
        with FaultProxy(log.url, Faults(latency_s=0.05)) as proxy:
            for pages in (1, 3, 5):
                process = subprocess.Popen(
                    [*COMMAND, "logs", "job"], env=environment_for(proxy.url, {}), stdout=subprocess.DEVNULL
                )
                before = proxy.asked["GetLogEvents"]
                while proxy.asked["GetLogEvents"] < before + pages and process.poll() is None:
                    time.sleep(0.005)
                process.kill()
                process.wait()
            code, out, err = run("job", at=proxy.url)
        assert (code, err) == (0, b"")
        assert out.decode() == expected


class TestReadersThatLeave:
    """`sagetop logs JOB | head`: the oldest lines are out as soon as none can come before them."""

    @pytest.mark.parametrize("archive", ["true", "false"], ids=["archived", "not archived"])
    @pytest.mark.parametrize("ended", [True, False], ids=["of an ended job", "of a running job"])
    def test_head_does_not_wait_for_the_whole_log(self, moto: Moto, tmp_path: Path, archive: str, ended: bool) -> None:
        settings = tmp_path / "config.toml"
        settings.write_text(f"[archive]\nenabled = {archive}\n")
        if ended:
            ended_job(moto)
        else:
            running_job(moto)
        for host in (1, 2):
            moto.add_log(f"job/algo-{host}-1", [(LONG_AGO + n, f"{n} of {host}") for n in range(60_000)])
        with FaultProxy(moto.url, Faults(latency_s=0.4)) as proxy:
            done = subprocess.run(
                ["bash", "-c", f"{{ {' '.join(COMMAND)} logs job; echo $? >&2; }} | head -n3"],
                env=environment_for(proxy.url, {"SAGETOP_CONFIG": str(settings)}),
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
            pages = proxy.asked["GetLogEvents"]
        assert done.stdout.splitlines() == ["[algo-1] 0 of 1", "[algo-2] 0 of 2", "[algo-1] 1 of 1"]
        assert done.stderr == "0\n"
        assert pages < 12  # of fourteen: six pages of each host, and what says that they were all
        lines = run("job", at=moto.url, SAGETOP_CONFIG=str(settings))[1].decode().splitlines()
        assert lines == [f"[algo-{host}] {n} of {host}" for n in range(60_000) for host in (1, 2)]

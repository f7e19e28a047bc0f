"""What is printed means nothing to a terminal but text, in every LANG."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cli.conftest import Ended, Sagetop
from tests.moto_server import Moto, ago
from tui.cli.output import Column, cells, table
from tui.model.endpoints import Endpoint, ProductionVariant
from tui.model.jobs import TrainingJob
from tui.model.records import endpoint_record, job_record

WHEN = datetime(2026, 11, 22, 14, 3, 11, tzinfo=timezone.utc)
HOSTILE = "a\x1b]52;c;aGk=\x07b\u202ec\x9b2Jd\r\n[/red]🙂\ud800"
ANY_TEXT = st.text(st.characters(), max_size=40) | st.just(HOSTILE)


class TestHostileText:
    @pytest.mark.parametrize("command", ["jobs", "describe"])
    def test_does_not_reach_a_terminal(self, moto: Moto, on_terminal: Callable[..., Ended], command: str) -> None:
        moto.add_job("hostile", SecondaryStatus=HOSTILE, FailureReason=HOSTILE, TrainingJobStatus="InProgress")
        arguments = ("jobs",) if command == "jobs" else ("describe", "hostile")
        ended = on_terminal(*arguments, at=moto.url, columns=100)
        assert ended.code == 0
        assert "abcd" in ended.out
        assert "[/red]🙂" in ended.out
        assert not set(ended.out) & {"\x1b", "\x07", "\x9b", "\u202e", "\r"}

    def test_does_not_reach_a_pipe_in_a_table(self, moto: Moto, sagetop: Sagetop) -> None:
        moto.add_job("hostile", SecondaryStatus=HOSTILE, TrainingJobStatus="InProgress")
        assert "abcd [/red]🙂" in sagetop("jobs", at=moto.url).lines[1]

    def test_survives_in_json_which_is_pure_ascii(self, moto: Moto, sagetop: Sagetop) -> None:
        moto.add_job("hostile", FailureReason=HOSTILE, HyperParameters={"näme": HOSTILE})
        for arguments in (("jobs", "--json"), ("describe", "hostile", "--json")):
            (line,) = sagetop(*arguments, at=moto.url).lines
            assert line.isascii()
            assert line.isprintable()
            record = json.loads(line)
            assert record["failure_reason"] == HOSTILE
            assert record["hyperparameters"] == {"näme": HOSTILE}

    def test_of_an_argument_does_not_reach_stderr(self, moto: Moto, sagetop: Sagetop) -> None:
        line = sagetop("describe", "x\x1b]0;title\x07y\nz", at=moto.url).failed(4)
        assert "xy z" in line
        assert "\x1b" not in line


@pytest.mark.parametrize(
    "language",
    [
        {"LANG": "C", "LC_ALL": "C"},
        {"LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"PYTHONIOENCODING": "ascii"},
        {"PYTHONIOENCODING": "latin-1"},
    ],
)
def test_every_language_will_do(moto: Moto, sagetop: Sagetop, language: dict[str, str]) -> None:
    moto.add_job("job", created=ago(hours=1), FailureReason="Gewicht → NaN 🙂")
    moto.add_endpoint("endpoint")
    moto.add_scaling("endpoint", low=1, high=4)
    assert sagetop("jobs", at=moto.url, **language, PYTHONWARNINGS="error").code == 0
    assert sagetop("describe", "job", at=moto.url, **language).code == 0
    (_, row) = sagetop("endpoints", at=moto.url, **language).lines
    assert "1–4 on 70" in row or "1-4 on 70" in row


def test_signs_that_ascii_lacks_have_stand_ins_of_the_same_width(moto: Moto, sagetop: Sagetop) -> None:
    moto.add_job("job", created=ago(hours=1), TrainingStartTime=None)
    plain = sagetop("jobs", at=moto.url, PYTHONIOENCODING="ascii").lines[1]
    assert plain.endswith("1 x ml.m5.xlarge")
    assert len(plain) == len(sagetop("jobs", at=moto.url).lines[1])


class TestTable:
    COLUMNS = (Column("NAME", gives=True), Column("AGE", right=True), Column("WHAT"))

    def lines(self, *chunks: list[tuple[str, str, str]], width: int | None = None) -> list[str]:
        return list(table(self.COLUMNS, chunks, width))

    def test_aligns_to_the_widest_cell(self) -> None:
        assert self.lines([("a", "1h", "x"), ("long-name", "12h", "y")]) == [
            "NAME       AGE  WHAT",
            "a           1h  x",
            "long-name  12h  y",
        ]

    def test_without_rows_is_nothing(self) -> None:
        assert self.lines([], []) == []

    def test_comes_a_chunk_at_a_time(self) -> None:
        def chunks() -> object:
            yield [("first", "1h", "x")]
            raise AssertionError("asked for more before it was needed")

        lines = table(self.COLUMNS, chunks(), None)  # type: ignore[arg-type]
        assert [next(lines), next(lines)] == ["NAME   AGE  WHAT", "first   1h  x"]

    def test_a_later_chunk_widens(self) -> None:
        assert self.lines([("a", "1h", "x")], [("longer", "1h", "x")])[-1] == "longer   1h  x"

    def test_wide_letters_count_twice(self) -> None:
        assert self.lines([("学習", "1h", "x"), ("abcd", "1h", "x")])[1:] == ["学習   1h  x", "abcd   1h  x"]

    @given(
        st.lists(st.lists(st.tuples(ANY_TEXT, ANY_TEXT, ANY_TEXT), max_size=3), max_size=3),
        st.none() | st.integers(1, 200),
    )
    def test_each_row_is_one_line_that_fits(self, chunks: list[list[tuple[str, str, str]]], width: int | None) -> None:
        lines = self.lines(*chunks, width=width)
        rows = sum(map(len, chunks))
        assert len(lines) == (rows + 1 if rows else 0)
        for line in lines:
            assert "\n" not in line
            assert "\x1b" not in line
            line.encode("utf-8")
            assert width is None or cells(line) <= width


class TestRecords:
    @given(ANY_TEXT, ANY_TEXT)
    def test_any_text_goes_through_json_and_back(self, name: str, reason: str) -> None:
        record = job_record(TrainingJob(name, "Failed", WHEN, failure_reason=reason))
        back = json.loads(json.dumps(record, ensure_ascii=True))
        assert (back["name"], back["failure_reason"]) == (name, reason or None)

    def test_a_summary_has_the_keys_of_a_detailed_job_with_nulls(self) -> None:
        summary = job_record(TrainingJob("j", "InProgress", WHEN))
        assert (
            summary.items()
            >= {
                "created": "2026-11-22T14:03:11Z",
                "secondary_status": None,
                "instance_type": None,
                "instance_count": None,
                "spot": None,
            }.items()
        )
        assert list(summary) == list(job_record(TrainingJob("j", "Failed", WHEN, detailed=True)))

    def test_an_endpoint_without_instances_has_nulls_not_zeros(self) -> None:
        endpoint = Endpoint("e", "Creating", WHEN, WHEN, variants=(ProductionVariant("v"),))
        (variant,) = endpoint_record(endpoint)["variants"]  # type: ignore[misc]
        assert variant["current_instances"] is None  # type: ignore[index]
        assert variant["scaling"] is None  # type: ignore[index]

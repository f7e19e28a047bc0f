"""Metric definitions that a person keeps: for a job or for jobs of a pattern, in a file that is never half written."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tui.model.jobs import MetricDefinition
from tui.watch.kept import FILE, BadFile, forget_definition, keep_definition, kept_definitions, read

LOSS = MetricDefinition("train:loss", "loss=([0-9.]+)")
OTHER = MetricDefinition("train:loss", "l=(.*)")
SPEED = MetricDefinition("speed", "(.*) it/s")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "config"


def test_nothing_is_kept_at_first(folder: Path) -> None:
    assert kept_definitions(folder, "job") == ()
    assert not folder.exists()


def test_for_one_job(folder: Path) -> None:
    keep_definition(folder, "job-1", LOSS)
    keep_definition(folder, "job-1", SPEED)
    assert kept_definitions(folder, "job-1") == (LOSS, SPEED)
    assert kept_definitions(folder, "job-12") == ()
    assert kept_definitions(folder, "Job-1") == ()


def test_for_all_jobs_of_a_pattern(folder: Path) -> None:
    keep_definition(folder, "job-*", LOSS)
    assert kept_definitions(folder, "job-12") == (LOSS,)
    assert kept_definitions(folder, "my-job-12") == ()


def test_what_names_the_job_more_closely_counts(folder: Path) -> None:
    keep_definition(folder, "job-1", LOSS)
    keep_definition(folder, "job-*", OTHER)
    keep_definition(folder, "*", SPEED)
    assert set(kept_definitions(folder, "job-1")) == {LOSS, SPEED}
    assert set(kept_definitions(folder, "job-2")) == {OTHER, SPEED}


def test_brackets_stand_for_themselves(folder: Path) -> None:
    keep_definition(folder, "job[12]", LOSS)
    assert kept_definitions(folder, "job1") == ()
    assert kept_definitions(folder, "job[12]") == (LOSS,)


def test_the_same_name_is_kept_once(folder: Path) -> None:
    keep_definition(folder, "job", LOSS)
    keep_definition(folder, "job", OTHER)
    assert kept_definitions(folder, "job") == (OTHER,)


def test_forgetting(folder: Path) -> None:
    keep_definition(folder, "job", LOSS)
    keep_definition(folder, "job", SPEED)
    assert forget_definition(folder, "job", "train:loss")
    assert not forget_definition(folder, "job", "train:loss")
    assert not forget_definition(folder, "other", "speed")
    assert kept_definitions(folder, "job") == (SPEED,)
    assert forget_definition(folder, "job", "speed")
    assert read(folder) == {}


def test_the_file_is_its_owners_and_says_what_sagemaker_would_be_told(folder: Path) -> None:
    keep_definition(folder, "job-*", LOSS)
    assert stat.S_IMODE((folder / FILE).stat().st_mode) == 0o600
    assert json.loads((folder / FILE).read_text()) == {"job-*": [{"Name": "train:loss", "Regex": "loss=([0-9.]+)"}]}
    assert [path.name for path in folder.iterdir()] == [FILE]


@pytest.mark.parametrize("content", ["", "[]", "{", '{"job": 1}', '{"job": [{"Name": "a"}]}', '{"a": [{"Name": 1}]}'])
def test_a_file_of_another_kind_is_left_alone(folder: Path, content: str) -> None:
    folder.mkdir()
    (folder / FILE).write_text(content)
    assert kept_definitions(folder, "job") == ()
    with pytest.raises(BadFile, match="does not hold metric definitions"):
        keep_definition(folder, "job", LOSS)
    assert (folder / FILE).read_text() == content


def test_a_folder_that_cannot_be_written_to_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        keep_definition(tmp_path / "file", "job", LOSS)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(st.lists(st.tuples(st.text(min_size=1), st.text(), st.text()), max_size=5))
def test_what_was_kept_is_read_again(tmp_path: Path, entries: list[tuple[str, str, str]]) -> None:
    (tmp_path / FILE).unlink(missing_ok=True)
    for pattern, name, regex in entries:
        keep_definition(tmp_path, pattern, MetricDefinition(name, regex))
    last = {(pattern, name): regex for pattern, name, regex in entries}
    assert {(p, each.name): each.regex for p, kept in read(tmp_path).items() for each in kept} == last

"""Small files that several sagetops share: whole or not at all, and nobody else's to read."""

import json
import os
import stat
import threading
from pathlib import Path

import pytest

from tui.files import Busy, append_line, locked, private_folder, read_json, read_lines, write_json, write_text


def test_folders_are_made_for_their_owner_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        folder = private_folder(tmp_path / "state" / "locks")
        assert private_folder(folder) == folder
    finally:
        os.umask(before)
    assert {stat.S_IMODE(each.stat().st_mode) for each in (folder, folder.parent)} == {0o700}


def test_a_file_is_its_owners_alone_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    file = private_folder(tmp_path / "state") / "a.json"
    write_json(file, {"text": "ä\n\x1b\udc80"})
    write_json(file, {"text": "b", "where": tmp_path})
    assert read_json(file) == {"text": "b", "where": str(tmp_path)}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(file.parent.iterdir()) == [file]


def test_what_could_not_be_written_leaves_what_was_there_and_nothing_beside_it(tmp_path: Path) -> None:
    folder = private_folder(tmp_path / "state" / "a folder where a file should be")
    with pytest.raises(IsADirectoryError):
        write_text(folder, "after")
    assert list(folder.parent.iterdir()) == [folder]


@pytest.mark.parametrize("content", ["", "[1]", "{", "\udcff", "[" * 100_000])
def test_what_is_no_object_reads_as_an_empty_one(tmp_path: Path, content: str) -> None:
    (tmp_path / "a.json").write_bytes(content.encode("utf-8", "surrogateescape"))
    assert read_json(tmp_path / "a.json") == read_json(tmp_path / "none.json") == {}


def test_a_line_is_whole_though_the_one_before_it_is_not(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    append_line(file, {"text": "ä\n\x1b"})
    with file.open("a") as killed:
        killed.write('{"text": "ne')
    append_line(file, {"text": "b"})
    assert list(read_lines(file)) == [{"text": "ä\n\x1b"}, {"text": "b"}]
    assert json.loads(file.read_bytes().splitlines()[-1]) == {"text": "b"}
    assert list(read_lines(tmp_path / "none.jsonl")) == []


def test_a_lock_is_held_by_one_and_waited_for_by_the_next(tmp_path: Path) -> None:
    lock, order = tmp_path / "a.lock", list[str]()

    def wait() -> None:
        with locked(lock):
            order.append("second")

    waiting = threading.Thread(target=wait)
    with locked(lock):
        with pytest.raises(Busy), locked(lock, wait_s=0):
            order.append("never")
        waiting.start()
        order.append("first")
    waiting.join()
    assert order == ["first", "second"]

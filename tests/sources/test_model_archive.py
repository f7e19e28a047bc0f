"""A model.tar.gz is unpacked with care: whoever made it, nothing lands outside, and nothing fills the disk."""

from __future__ import annotations

import gzip
import io
import os
import stat
import tarfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.sources.model_archive import BadArchive, Limits, check, unpack

Entry = tuple[tarfile.TarInfo, bytes]


def file(name: str, content: bytes = b"x", mode: int = 0o644) -> Entry:
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(content), mode
    return info, content


def special(name: str, kind: bytes, link: str = "") -> Entry:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info, b""


def packed(path: Path, *entries: Entry) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for info, content in entries:
            tar.addfile(info, io.BytesIO(content))
    return path


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A folder that nothing else is in."""
    (tmp_path / "here").mkdir()
    return tmp_path / "here"


@pytest.fixture
def archive(here: Path) -> Callable[..., Path]:
    return lambda *entries: packed(here / "model.tar.gz", *entries)


def everything(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


def test_files_and_folders_are_as_they_were_packed(archive: Callable[..., Path], here: Path) -> None:
    model = archive(
        special("./", tarfile.DIRTYPE), file("./code/inference.py", b"print()"), file("weights.bin", b"\0" * 9)
    )
    unpack(model, here / "to")
    assert everything(here / "to") == {"code", "code/inference.py", "weights.bin"}
    assert (here / "to/code/inference.py").read_bytes() == b"print()"


def test_what_is_unpacked_is_its_owners_alone_whatever_the_archive_says(
    archive: Callable[..., Path], here: Path
) -> None:
    unpack(archive(file("a", mode=0o4777), file("b", mode=0o666), file("c/d")), here / "to")
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (here / "to").rglob("*")}
    assert modes == {"a": 0o700, "b": 0o600, "c": 0o700, "d": 0o600}


HOSTILE = {
    "above": (file("../evil"), "leads outside"),
    "above, hidden in the middle": (file("code/../../evil"), "leads outside"),
    "an absolute path": (file("/tmp/evil"), "leads outside"),
    "a path of another system": (file("..\\evil"), "leads outside"),
    "a link to a file": (special("passwd", tarfile.SYMTYPE, "/etc/passwd"), "neither a file nor a folder"),
    "a link to a folder": (special("code", tarfile.SYMTYPE, "/tmp"), "neither a file nor a folder"),
    "a hard link": (special("shadow", tarfile.LNKTYPE, "/etc/shadow"), "neither a file nor a folder"),
    "a pipe": (special("pipe", tarfile.FIFOTYPE), "neither a file nor a folder"),
    "a device": (special("null", tarfile.CHRTYPE), "neither a file nor a folder"),
}


@pytest.mark.parametrize(("entry", "why"), HOSTILE.values(), ids=HOSTILE)
def test_what_is_no_file_or_leads_outside_is_refused(
    archive: Callable[..., Path], here: Path, entry: Entry, why: str
) -> None:
    model = archive(file("first"), entry)
    with pytest.raises(BadArchive, match=why):
        check(model)
    with pytest.raises(BadArchive, match=why):
        unpack(model, here / "deep/to")
    assert everything(here) == {"model.tar.gz", "deep", "deep/to", "deep/to/first"}


def test_a_file_twice_is_refused(archive: Callable[..., Path], here: Path) -> None:
    with pytest.raises(BadArchive, match="twice"):
        unpack(archive(file("a", b"1"), file("./a", b"2")), here / "to")
    with pytest.raises(BadArchive, match="twice"):
        unpack(archive(file("b", b"1"), file("b/c", b"2")), here / "other")


def test_a_bomb_is_refused_before_it_fills_the_disk(archive: Callable[..., Path], here: Path) -> None:
    model = archive(file("zeros", bytes(30_000_000)))
    assert model.stat().st_size < 100_000
    with pytest.raises(BadArchive, match="larger than 1,000,000 bytes unpacked"):
        unpack(model, here / "to", Limits(unpacked=1_000_000))
    assert sum(path.stat().st_size for path in (here / "to").rglob("*")) <= 2_000_000


def test_too_many_files_are_refused(archive: Callable[..., Path]) -> None:
    with pytest.raises(BadArchive, match="more than 10 files"):
        check(archive(*(file(f"f{number}", b"") for number in range(11))), Limits(members=10))


@pytest.mark.parametrize(
    ("kind", "body"), [(tarfile.GNUTYPE_LONGNAME, b"a\0"), (tarfile.XHDTYPE, b"30 path=aaaaaaaaaaaaaaaaaaaaa\n")]
)
def test_headers_about_headers_without_end_are_refused(here: Path, kind: bytes, body: bytes) -> None:
    header, _ = special("././@LongLink", kind)
    header.size = len(body)
    one = header.tobuf(tarfile.GNU_FORMAT) + body.ljust(512, b"\0")
    with gzip.open(here / "model.tar.gz", "wb") as archive:
        archive.write(one * 3000)
    with pytest.raises(BadArchive, match="headers"):
        check(here / "model.tar.gz")


def test_a_header_that_wants_all_the_memory_is_refused(here: Path) -> None:
    info = tarfile.TarInfo("././@PaxHeader")
    info.type, info.size = tarfile.XHDTYPE, 4 << 30
    path = here / "model.tar.gz"
    path.write_bytes(gzip.compress(info.tobuf() + bytes(10_000)))
    with pytest.raises(BadArchive, match="a header of it says that it is 4,294,967,296 bytes long"):
        check(path)


@pytest.mark.parametrize("keep", [0, 5, 60, 0.5, 0.99])
def test_what_is_cut_off_is_said_to_be(archive: Callable[..., Path], keep: float) -> None:
    model = archive(file("weights", os.urandom(300_000)))
    content = model.read_bytes()
    model.write_bytes(content[: int(keep if keep >= 1 else keep * len(content))])
    with pytest.raises(BadArchive):
        check(model)


@given(content=st.binary(max_size=2000))
def test_any_bytes_are_refused_and_nothing_else_happens(
    content: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("any") / "model.tar.gz"
    path.write_bytes(content)
    with pytest.raises(BadArchive):
        check(path)


@given(damage=st.lists(st.tuples(st.integers(0, 2047), st.integers(0, 255)), min_size=1, max_size=8))
def test_a_damaged_tar_is_refused_or_read_but_never_leads_outside(
    damage: list[tuple[int, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("damaged")
    model = packed(folder / "model.tar.gz", file("code/inference.py", b"x" * 600), file("w", b"y"))
    tar = bytearray(gzip.decompress(model.read_bytes()))
    for place, byte in damage:
        tar[place] = byte
    model.write_bytes(gzip.compress(bytes(tar)))
    try:
        members = unpack(model, folder / "to")
    except (BadArchive, OSError):
        members = ()
    assert all(not member.path.is_absolute() and ".." not in member.path.parts for member in members)
    assert {path.name for path in folder.iterdir()} <= {"model.tar.gz", "to"}


def test_what_it_holds_is_told_without_writing_anything(archive: Callable[..., Path], here: Path) -> None:
    found = check(archive(file("code/inference.py", b"12345"), special("empty", tarfile.DIRTYPE)))
    assert [(member.path, member.size, member.folder) for member in found] == [
        (PurePosixPath("code/inference.py"), 5, False),
        (PurePosixPath("empty"), 0, True),
    ]
    assert everything(here) == {"model.tar.gz"}

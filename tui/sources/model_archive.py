"""Unpacks a model.tar.gz that anybody may have made: regular files and folders only, and nothing outside of its own."""

from __future__ import annotations

import gzip
import os
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

_CHUNK = 1 << 20
_HEADER = 1 << 20
"""No header of an honest archive is larger; tarfile would read any length into memory."""


class BadArchive(Exception):
    """The archive is not to be unpacked; the text says why in one line. It names members as they are: outside text."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much an archive may hold.

    Attributes:
        unpacked: Bytes of all its members and headers, unpacked.
        members: How many files and folders.
    """

    unpacked: int = 50 << 30
    members: int = 100_000


@dataclass(frozen=True, slots=True)
class Member:
    """A file or a folder of an archive, its path relative and without `..`."""

    path: PurePosixPath
    size: int
    folder: bool


def check(archive: Path, limits: Limits | None = None) -> tuple[Member, ...]:
    """What an archive holds, after a look at all of it: nothing is written.

    Raises:
        BadArchive: It is no gzipped tar, is cut off, holds what is no file or folder, leads outside, or is too large.
        OSError: It cannot be read.
    """
    with _opened(archive, limits or Limits()) as tar:
        return tuple(member for member, _ in _members(tar, limits or Limits()))


def unpack(archive: Path, to: Path, limits: Limits | None = None) -> tuple[Member, ...]:
    """Unpacks an archive into a folder that it makes, for its owner alone.

    Files are 0600, or 0700 where the archive says that its owner may run them; times and owners are those of now.

    Raises:
        BadArchive: As `check`; what was written so far is left in the folder.
        FileExistsError: The folder exists.
        OSError: The archive cannot be read, or a file not written.
    """
    limits = limits or Limits()
    to.mkdir(mode=0o700, parents=True)
    found = []
    with _opened(archive, limits) as tar:
        for member, entry in _members(tar, limits):
            place = to.joinpath(*member.path.parts)
            try:
                if member.folder:
                    place.mkdir(mode=0o700, parents=True, exist_ok=True)
                else:
                    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                    _write(tar, entry, place)
            except (FileExistsError, NotADirectoryError):
                raise BadArchive(f"{member.path} is in it twice") from None
            found.append(member)
    return tuple(found)


class _Bounded:
    """The unpacked bytes, as tarfile asks for them: no more in all, and no more at once, than is allowed."""

    def __init__(self, file: gzip.GzipFile, limit: int) -> None:
        self._file = file
        self._limit = limit

    def read(self, size: int) -> bytes:
        if size > _HEADER:
            raise BadArchive(f"a header of it says that it is {size:,} bytes long")
        content = self._file.read(size)
        self._within()
        return content

    def seek(self, place: int) -> int:
        if place > self._limit:
            raise BadArchive(f"it is larger than {self._limit:,} bytes unpacked")
        return self._file.seek(place)

    def tell(self) -> int:
        return self._file.tell()

    def _within(self) -> None:
        if self._file.tell() > self._limit:
            raise BadArchive(f"it is larger than {self._limit:,} bytes unpacked")


@contextmanager
def _opened(archive: Path, limits: Limits) -> Iterator[tarfile.TarFile]:
    with gzip.open(archive, "rb") as file:
        bounded: IO[bytes] = _Bounded(file, limits.unpacked)  # type: ignore[assignment]  # what tarfile uses of a file
        try:
            with tarfile.open(fileobj=bounded, mode="r:", errorlevel=2) as tar:
                yield tar
        except (tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError, ValueError, OverflowError) as error:
            raise BadArchive(f"it is no whole gzipped tar ({error})") from None
        except RecursionError:  # tarfile reads a header that belongs to a header by calling itself
            raise BadArchive("its headers are about headers, too many of them") from None


def _members(tar: tarfile.TarFile, limits: Limits) -> Iterator[tuple[Member, tarfile.TarInfo]]:
    for number, entry in enumerate(_entries(tar), 1):
        if number > limits.members:
            raise BadArchive(f"it holds more than {limits.members:,} files")
        path = _inside(entry.name)
        if entry.issparse() or not (entry.isreg() or entry.isdir()):
            raise BadArchive(f"{entry.name} is neither a file nor a folder")
        if not path.parts and not entry.isdir():
            raise BadArchive("it holds a file without a name")
        yield Member(path, entry.size, entry.isdir()), entry


def _entries(tar: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    """Its entries, none of them kept: a hundred thousand would be."""
    while (entry := tar.next()) is not None:
        tar.members = []  # type: ignore[attr-defined]  # documented as a list, missing from its stub
        yield entry


def _inside(name: str) -> PurePosixPath:
    """The name as a path below the folder; `./` is nothing."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\0" in name or "\\" in name:
        raise BadArchive(f"{name} leads outside of it")
    return path


def _write(tar: tarfile.TarFile, entry: tarfile.TarInfo, place: Path) -> None:
    mode = 0o700 if entry.mode & 0o100 else 0o600
    handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
    content = tar.extractfile(entry)
    assert content is not None
    with os.fdopen(handle, "wb") as file:
        left = entry.size
        while left > 0:
            block = content.read(min(_CHUNK, left))
            if not block:
                raise BadArchive(f"it is cut off in {entry.name}")
            file.write(block)
            left -= len(block)

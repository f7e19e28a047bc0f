"""The archive's file: how it is opened, read and written; what is in it is the archive's business."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

_VERSION = 2
# Numbers are never given twice (AUTOINCREMENT): another program may still hold one of a log that was removed.
_SCHEMA = """
CREATE TABLE logs (
    id INTEGER PRIMARY KEY AUTOINCREMENT, place TEXT NOT NULL, arn TEXT NOT NULL, created INTEGER NOT NULL,
    name TEXT NOT NULL, job TEXT NOT NULL, sealed INTEGER NOT NULL DEFAULT 0, used REAL NOT NULL,
    asked REAL NOT NULL DEFAULT 0, asker TEXT NOT NULL DEFAULT '', UNIQUE (place, arn, created));
CREATE TABLE streams (
    id INTEGER PRIMARY KEY AUTOINCREMENT, log INTEGER NOT NULL, name TEXT NOT NULL, UNIQUE (log, name));
CREATE TABLE spans (
    log INTEGER NOT NULL, lo INTEGER NOT NULL, hi INTEGER NOT NULL, way TEXT NOT NULL, checked INTEGER NOT NULL,
    PRIMARY KEY (log, lo)) WITHOUT ROWID;
CREATE TABLE covered (
    log INTEGER NOT NULL, stream INTEGER NOT NULL, lo INTEGER NOT NULL, hi INTEGER NOT NULL,
    PRIMARY KEY (log, stream, lo)) WITHOUT ROWID;
CREATE TABLE chunks (
    id INTEGER PRIMARY KEY, log INTEGER NOT NULL, stream INTEGER NOT NULL, lo INTEGER NOT NULL, hi INTEGER NOT NULL,
    count INTEGER NOT NULL, events BLOB NOT NULL);
CREATE INDEX chunks_by_time ON chunks (log, lo, hi, count, stream);
CREATE TABLE recent (
    id INTEGER PRIMARY KEY, log INTEGER NOT NULL, event TEXT NOT NULL, time INTEGER NOT NULL, taken INTEGER NOT NULL,
    stream INTEGER NOT NULL, message BLOB NOT NULL, UNIQUE (log, event));
CREATE INDEX recent_by_time ON recent (log, time);
"""
_FROM_1 = """
ALTER TABLE logs ADD COLUMN asked REAL NOT NULL DEFAULT 0;
ALTER TABLE logs ADD COLUMN asker TEXT NOT NULL DEFAULT '';
"""


class File:
    """An SQLite file, open. One connection behind a lock: methods may be called from any thread.

    The folder is made with 0700 and the file with 0600 where they are missing.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)  # before SQLite would make it with the umask's permissions
        self._db = self._connect()
        try:
            self._prepare()
        except BaseException:
            self._db.close()
            raise

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self.path, timeout=10, isolation_level=None, check_same_thread=False)

    def _prepare(self) -> None:
        # Of a new file only: most of it are pieces of logs, a hundred KB each.
        self._db.execute("PRAGMA page_size = 16384")
        self._db.execute("PRAGMA auto_vacuum = INCREMENTAL")
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        with self.write() as db:
            version = db.execute("PRAGMA user_version").fetchone()[0]
            if version == _VERSION:
                return
            if version > _VERSION:
                raise sqlite3.DatabaseError(f"{self.path} was written by a newer version of sagetop")
            for statement in (_FROM_1 if version == 1 else _SCHEMA).split(";"):
                db.execute(statement)
            db.execute(f"PRAGMA user_version = {_VERSION}")

    def close(self) -> None:
        """Closes the file; no method may be called any more."""
        with self._lock:
            self._db.close()

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """A transaction: all of it, or nothing. Inside of another one it is part of that."""
        with self._lock:
            if self._db.in_transaction:
                yield self._db
                return
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:  # a full disk has rolled back by itself
                    self._db.execute("ROLLBACK")
                raise

    @property
    def in_transaction(self) -> bool:
        """Whether what is written now is part of something larger."""
        return self._db.in_transaction

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """The file as it is now, for a reading that takes its time while others write."""
        with closing(self._connect()) as db:
            db.execute("BEGIN")
            yield db

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        with self._lock:
            return self._db.execute(sql, values).fetchall()

    def row(self, sql: str, *values: object) -> tuple[Any, ...] | None:
        """The first row of a query."""
        with self._lock:
            found: tuple[Any, ...] | None = self._db.execute(sql, values).fetchone()
            return found

    def size(self) -> int:
        """Bytes in use in the file."""
        pages, free, each = (self.rows(f"PRAGMA {n}")[0][0] for n in ("page_count", "freelist_count", "page_size"))
        return int((pages - free) * each)

    def shrink(self) -> None:
        """Gives unused room back to the disk."""
        with self._lock:
            # As a script: `execute` would take one step of it, which frees one page.
            self._db.executescript("PRAGMA incremental_vacuum; PRAGMA wal_checkpoint(TRUNCATE);")

"""One SQLite file: opened carefully, a connection per thread, one writer at a time."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
import threading
import time
import warnings
import weakref
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ...errors import LineageError
from ._schema import APPLICATION_ID, MIGRATIONS

__all__ = ["Store"]

_PATIENCE = 30.0
"""Seconds to wait for another writer."""


class Store:
    """The lineage file. Safe for several threads and several processes.

    Args:
        path: the file; `":memory:"` for one that nobody keeps.
        create: make the file, with mode 0600, when it is not there.

    Raises:
        LineageError: not there, not a lineage file, not readable, or written by a newer version of this library.
    """

    def __init__(self, path: str | os.PathLike[str], *, create: bool = True) -> None:
        self.path = os.fspath(path)
        self._file = Path(self.path)
        if self.path == ":memory:":
            # A private file: SQLite's databases in memory cannot be shared by threads without table locks.
            folder = tempfile.mkdtemp(prefix="aoai-finetune-")
            weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
            self._file = Path(folder) / "lineage.db"
        self._local = threading.local()
        self._open: weakref.WeakSet[_Connection] = weakref.WeakSet()
        self._lock = threading.Lock()
        self._closed = False
        try:
            self._prepare(create=create)
        except (OSError, sqlite3.Error) as trouble:
            self.close()
            raise LineageError(
                f"cannot open the lineage file {self.path!r}: {trouble}",
                hint="Give the path of a file this library made, or of a new one in a folder that exists",
            ) from None
        except LineageError:
            self.close()
            raise

    @property
    def closed(self) -> bool:
        """`close` was called."""
        return self._closed

    def read(self, query: str, *values: Any) -> list[sqlite3.Row]:  # noqa: ANN401 - whatever SQLite binds
        """All rows of a query."""
        with self._told(), self._mine() as db:
            return db.execute(query, values).fetchall()

    @contextmanager
    def write(self) -> Generator[sqlite3.Connection]:
        """A transaction that holds the write lock from its beginning, so that what it reads stays true.

        Raises:
            LineageError: another writer held the lock too long, the file is read-only, or the disk refuses.
        """
        with self._told(), self._mine() as db:
            try:
                db.execute("BEGIN IMMEDIATE")
                yield db
                db.execute("COMMIT")
            finally:
                # Also when an interrupt came between a statement and the next line: no lock may stay behind.
                if db.in_transaction:
                    with suppress(sqlite3.Error):
                        db.execute("ROLLBACK")

    def close(self) -> None:
        """Close all connections, each as soon as nobody is using it. Closing twice is harmless."""
        self._closed = True
        with self._lock:
            connections = list(self._open)
        for connection in connections:
            connection.close()

    @contextmanager
    def _mine(self) -> Generator[sqlite3.Connection]:
        """This thread's connection, which nobody closes while it is in use."""
        mine: _Connection | None = getattr(self._local, "mine", None)
        # SQLite connections must not cross a fork.
        if mine is None or mine.process != os.getpid():
            mine = self._local.mine = self._connect()
        with mine.lock:
            if self._closed or mine.closed:
                mine.close()
                raise LineageError("the lineage is closed", hint="Open it again with ModelLineage(path)")
            yield mine.db

    @contextmanager
    def _told(self) -> Generator[None]:
        try:
            yield
        except sqlite3.Error as trouble:
            raise LineageError(
                f"the lineage file {self.path!r} refuses: {trouble}",
                hint="Nothing of this step was stored. Is another program writing, or the disk full or read-only?",
            ) from None

    def _connect(self) -> _Connection:
        connection = _Connection(_opened(self._file))
        with self._lock:
            self._open.add(connection)
        return connection

    def _prepare(self, *, create: bool) -> None:
        if not self._file.exists():
            if not create:
                raise LineageError(f"there is no lineage file {self.path!r}", hint="Check the path")
            self._file.parent.mkdir(parents=True, exist_ok=True)
            # Before SQLite does: its -wal and -shm files inherit the mode.
            os.close(os.open(self._file, os.O_CREAT | os.O_RDWR, 0o600))
        with self._mine() as db:
            if self._applied(db) == len(MIGRATIONS):
                return  # nothing to do, so nothing to lock
            self._use_wal(db)
        with self.write() as db:
            self._migrate(db)

    def _applied(self, db: sqlite3.Connection) -> int:
        """How many migrations the file has. Raises LineageError when it is not ours, or newer than we are."""
        if _pragma(db, "application_id") != APPLICATION_ID:
            if db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                raise LineageError(
                    f"{self.path!r} is a database, but not a lineage",
                    hint="Give another file name; nothing was changed",
                )
            return 0
        applied = _pragma(db, "user_version")
        if applied > len(MIGRATIONS):
            raise LineageError(
                f"{self.path!r} was written by a newer version of aoai_finetune "
                f"(schema {applied}, this version knows {len(MIGRATIONS)})",
                hint="Use that version: update the checkout, and install it again. Nothing was changed",
            )
        return applied

    def _use_wal(self, db: sqlite3.Connection) -> None:
        mode = "locked"
        # Two processes that make the file at the same moment lock each other out for a moment.
        for _ in range(100):
            with suppress(sqlite3.OperationalError):
                (mode,) = db.execute("PRAGMA journal_mode=WAL").fetchone()
                break
            time.sleep(0.02)
        if mode != "wal":
            warnings.warn(
                f"the file system of {self.path!r} refuses SQLite's write-ahead log (journal mode: {mode}); readers "
                "will wait for writers. Keep the lineage on a local disk if you can",
                RuntimeWarning,
                stacklevel=2,
            )

    def _migrate(self, db: sqlite3.Connection) -> None:
        applied = self._applied(db)  # again, inside the lock: another process may have been faster
        for script in MIGRATIONS[applied:]:
            for statement in _statements(script):
                db.execute(statement)
        db.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")


class _Connection:
    """One thread's connection. It goes when its thread goes; whoever closes it waits until it is not in use."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self.db = db
        self.lock = threading.RLock()
        self.process = os.getpid()
        self._finalizer = weakref.finalize(self, db.close)

    @property
    def closed(self) -> bool:
        return not self._finalizer.alive

    def close(self) -> None:
        with self.lock:
            self._finalizer()


def _opened(file: Path) -> sqlite3.Connection:
    mode = "rw" if os.access(file, os.W_OK) else "ro"
    if not os.access(file.parent, os.W_OK):
        mode = "ro&immutable=1"  # without it, even reading a write-ahead log wants to write beside it
    db = sqlite3.connect(
        f"file:{quote(str(file.absolute()))}?mode={mode}",
        uri=True,
        isolation_level=None,
        timeout=_PATIENCE,
        check_same_thread=False,
    )
    db.row_factory = sqlite3.Row
    db.execute("PRAGMA foreign_keys=ON")
    db.execute("PRAGMA synchronous=FULL")
    return db


def _pragma(db: sqlite3.Connection, name: str) -> int:
    return int(db.execute(f"PRAGMA {name}").fetchone()[0])


def _statements(script: str) -> Iterator[str]:
    # Not executescript(): it commits before it begins, and a migration must be all or nothing.
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""

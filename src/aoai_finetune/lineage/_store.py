"""One SQLite file: opened carefully, a connection per thread, one writer at a time."""

from __future__ import annotations

import os
import secrets
import sqlite3
import threading
import warnings
import weakref
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import LineageError
from ._schema import APPLICATION_ID, MIGRATIONS

__all__ = ["Store"]


class Store:
    """The lineage file. Safe for several threads and several processes.

    Args:
        path: the file, created with mode 0600 when it is not there; `":memory:"` for one that nobody keeps.

    Raises:
        LineageError: not a lineage file, not readable, or written by a newer version of this library.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = os.fspath(path)
        self._target, self._uri = self.path, False
        if self.path == ":memory:":
            # A named shared cache lets every thread see the same database in memory.
            self._target, self._uri = f"file:lineage-{secrets.token_hex(8)}?mode=memory&cache=shared", True
        self._local = threading.local()
        self._open: list[sqlite3.Connection] = []
        self._lock = threading.Lock()
        self._closed = False
        self._finalizer = weakref.finalize(self, _close_all, self._open)
        try:
            self._prepare()
        except (OSError, sqlite3.Error) as trouble:
            self.close()
            raise LineageError(
                f"cannot open the lineage file {self.path!r}: {trouble}", hint="Give a file this library made"
            ) from None
        except LineageError:
            self.close()
            raise

    @contextmanager
    def write(self) -> Generator[sqlite3.Connection]:
        """A transaction that holds the write lock from its beginning, so that what it reads stays true."""
        connection = self.connection()
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")

    def connection(self) -> sqlite3.Connection:
        """This thread's connection."""
        if self._closed:
            raise LineageError("the lineage is closed", hint="Open it again with ModelLineage(path)")
        mine: tuple[int, sqlite3.Connection] | None = getattr(self._local, "mine", None)
        # SQLite connections must not cross a fork.
        if mine is None or mine[0] != os.getpid():
            mine = (os.getpid(), self._connect())
            self._local.mine = mine
        return mine[1]

    def close(self) -> None:
        """Close all connections. Closing twice is harmless."""
        with self._lock:
            self._closed = True
            self._finalizer()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._target, uri=self._uri, isolation_level=None, timeout=30, check_same_thread=False
        )
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA synchronous=FULL")
        with self._lock:
            self._open.append(connection)
        return connection

    def _prepare(self) -> None:
        if not self._uri:
            Path(self.path).parent.mkdir(parents=True, exist_ok=True)
            # Before SQLite does: its -wal and -shm files inherit the mode.
            os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
        connection = self.connection()
        self._check_ours(connection)
        if not self._uri:
            self._use_wal(connection)
        with self.write():
            self._migrate(connection)

    def _check_ours(self, connection: sqlite3.Connection) -> None:
        marked = _pragma(connection, "application_id")
        if (
            marked != APPLICATION_ID
            and connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        ):
            raise LineageError(
                f"{self.path!r} is a database, but not a lineage",
                hint="Give another file name; nothing was changed",
            )

    def _use_wal(self, connection: sqlite3.Connection) -> None:
        try:
            (mode,) = connection.execute("PRAGMA journal_mode=WAL").fetchone()
        except sqlite3.OperationalError:
            mode = "refused"
        if mode != "wal":
            warnings.warn(
                f"the file system of {self.path!r} refuses SQLite's write-ahead log (journal mode: {mode}); readers "
                "will wait for writers. Keep the lineage on a local disk if you can",
                RuntimeWarning,
                stacklevel=5,
            )

    def _migrate(self, connection: sqlite3.Connection) -> None:
        applied = _pragma(connection, "user_version")
        if applied > len(MIGRATIONS):
            raise LineageError(
                f"{self.path!r} was written by a newer version of aoai_finetune "
                f"(schema {applied}, this version knows {len(MIGRATIONS)})",
                hint="Upgrade with: pip install -U aoai-finetune. Nothing was changed",
            )
        for script in MIGRATIONS[applied:]:
            for statement in _statements(script):
                connection.execute(statement)
        if applied < len(MIGRATIONS):
            connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")


def _close_all(connections: list[sqlite3.Connection]) -> None:
    for connection in connections:
        connection.close()
    connections.clear()


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])


def _statements(script: str) -> Iterator[str]:
    # Not executescript(): it commits before it begins, and a migration must be all or nothing.
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""

"""Where a simulated resource lives: documents and blobs in one SQLite file, or in memory."""

from __future__ import annotations

import json
import os
import sqlite3
import threading
import time
import weakref
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["Due", "Records", "Store"]

_VERSION = 1
_WAL_TRIES = 100
_WAIT_SECONDS = 60.0

_SCHEMA = """
CREATE TABLE IF NOT EXISTS document (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, id TEXT NOT NULL, parent TEXT, state TEXT,
    at REAL NOT NULL DEFAULT 0, due REAL, body TEXT NOT NULL, UNIQUE (kind, id));
CREATE INDEX IF NOT EXISTS document_by_kind ON document (kind);
CREATE INDEX IF NOT EXISTS document_by_state ON document (kind, state);
CREATE INDEX IF NOT EXISTS document_by_parent ON document (parent, kind, at) WHERE parent IS NOT NULL;
CREATE INDEX IF NOT EXISTS document_by_due ON document (due) WHERE due IS NOT NULL;
CREATE TABLE IF NOT EXISTS blob (key TEXT PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


class Due(NamedTuple):
    """Something that changes by itself, and when."""

    kind: str
    id: str
    time: float


class Store:
    """Documents and blobs behind one lock; each transaction is alone, in all threads and processes.

    Args:
        path: folder for `resource.db` (made if missing, readable by its owner only), or None for memory.

    Raises:
        ValueError: the file there is not one that this version made.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._file = None if path is None else path / "resource.db"
        self._lock = threading.RLock()
        self._pid = os.getpid()
        self._connection = self._open()

    def close(self) -> None:
        """Give the file back; what was in memory is gone."""
        self._closing()

    def _open(self) -> sqlite3.Connection:
        if self._file is not None:
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            # Made before SQLite sees it, because -wal and -shm inherit the mode.
            os.close(os.open(self._file, os.O_CREAT | os.O_RDWR, 0o600))
        connection = sqlite3.connect(
            self._file or ":memory:", isolation_level=None, check_same_thread=False, timeout=_WAIT_SECONDS
        )
        self._closing = weakref.finalize(self, connection.close)
        try:
            _use_wal(connection)
            connection.execute("PRAGMA synchronous=NORMAL")
            version = connection.execute("PRAGMA user_version").fetchone()[0]
        except sqlite3.DatabaseError as why:
            raise ValueError(f"{self._file} is not a simulated resource: {why}") from None
        if version not in {0, _VERSION}:
            raise ValueError(f"{self._file} was made by another version of this library")
        connection.executescript(_SCHEMA)
        connection.execute(f"PRAGMA user_version={_VERSION}")
        return connection

    @contextmanager
    def transaction(self) -> Generator[Records]:
        """All or nothing, alone: what is read here is still true when it is written."""
        with self._lock:
            self._reopen_after_fork()
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield Records(self._connection)
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def _reopen_after_fork(self) -> None:
        """A child process must not touch its parent's SQLite connection."""
        if self._pid != os.getpid() and self._file is not None:
            self._closing.detach()
            self._pid, self._connection = os.getpid(), self._open()


class Records:
    """The documents, blobs and settings inside one transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._run = connection.execute

    def get(self, kind: str, name: str, /) -> dict[str, Any] | None:
        """A document, or None."""
        row = self._run("SELECT body FROM document WHERE kind = ? AND id = ?", (kind, name)).fetchone()
        return None if row is None else json.loads(row[0])

    def add(
        self,
        kind: str,
        name: str,
        body: Mapping[str, Any],
        /,
        *,
        parent: str | None = None,
        state: str | None = None,
        at: float = 0.0,
        due: float | None = None,
    ) -> None:
        """A new document: `at` is when it becomes visible, `due` when it next changes by itself."""
        self._run(
            "INSERT INTO document (kind, id, parent, state, at, due, body) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (kind, name, parent, state, at, due, json.dumps(body)),
        )

    def change(
        self,
        kind: str,
        name: str,
        body: Mapping[str, Any],
        /,
        *,
        state: str | None = None,
        due: float | None = None,
    ) -> None:
        """Replace a document's body, state and due time."""
        self._run(
            "UPDATE document SET body = ?, state = ?, due = ? WHERE kind = ? AND id = ?",
            (json.dumps(body), state, due, kind, name),
        )

    def remove(self, kind: str, name: str, /) -> bool:
        """Delete a document; False when there was none."""
        return self._run("DELETE FROM document WHERE kind = ? AND id = ?", (kind, name)).rowcount > 0

    def newest(
        self, kind: str, /, *, after: str | None = None, limit: int = -1, state: str | None = None
    ) -> list[dict[str, Any]]:
        """Documents of a kind, newest first, beginning below the one named `after`."""
        rows = self._run(
            "SELECT body FROM document WHERE kind = :kind AND (:state IS NULL OR state = :state) AND (:after IS NULL"
            " OR seq < (SELECT seq FROM document WHERE kind = :kind AND id = :after)) ORDER BY seq DESC LIMIT :limit",
            {"kind": kind, "after": after, "state": state, "limit": limit},
        )
        return [json.loads(body) for (body,) in rows]

    def children(self, kind: str, parent: str, /, *, until: float) -> list[dict[str, Any]]:
        """A document's children that are visible at `until`, newest first."""
        rows = self._run(
            "SELECT body FROM document WHERE parent = ? AND kind = ? AND at <= ? ORDER BY at DESC, seq DESC",
            (parent, kind, until),
        )
        return [json.loads(body) for (body,) in rows]

    def forget_children(self, kind: str, parent: str, /, *, after: float) -> None:
        """Delete a document's children that would become visible later than `after`."""
        self._run("DELETE FROM document WHERE parent = ? AND kind = ? AND at > ?", (parent, kind, after))

    def delay_children(self, kind: str, parent: str, /, *, after: float, seconds: float) -> None:
        """Make a document's children that become visible later than `after` wait longer."""
        self._run(
            "UPDATE document SET at = at + :more, body = json_set(body, '$.created_at', CAST(at + :more AS INTEGER))"
            " WHERE parent = :parent AND kind = :kind AND at > :after",
            {"more": seconds, "parent": parent, "kind": kind, "after": after},
        )

    def oldest(self, kind: str, state: str, /) -> dict[str, Any] | None:
        """The document that has been in a state for longest, or None."""
        row = self._run(
            "SELECT body FROM document WHERE kind = ? AND state = ? ORDER BY seq LIMIT 1", (kind, state)
        ).fetchone()
        return None if row is None else json.loads(row[0])

    def count(self, kind: str, state: str | None = None, /) -> int:
        """How many documents of a kind are in a state (in any, when none is named)."""
        row = self._run(
            "SELECT COUNT(*) FROM document WHERE kind = :kind AND (:state IS NULL OR state = :state)",
            {"kind": kind, "state": state},
        ).fetchone()
        return int(row[0])

    def next_due(self, until: float, /) -> Due | None:
        """What changes by itself first, up to a time."""
        row = self._run(
            "SELECT kind, id, due FROM document WHERE due <= ? ORDER BY due, seq LIMIT 1", (until,)
        ).fetchone()
        return None if row is None else Due(*row)

    def rewrite(self, kind: str, name: str, body: Mapping[str, Any], /) -> None:
        """Replace a document's body only."""
        self._run("UPDATE document SET body = ? WHERE kind = ? AND id = ?", (json.dumps(body), kind, name))

    @contextmanager
    def savepoint(self) -> Generator[None]:
        """Changes that are undone when the block raises, without giving up the transaction."""
        self._run("SAVEPOINT attempt")
        try:
            yield
        except BaseException:
            self._run("ROLLBACK TO attempt")
            raise
        finally:
            self._run("RELEASE attempt")

    def blob(self, key: str, /) -> bytes:
        """A blob's bytes. Raises `KeyError`."""
        data = self.find_blob(key)
        if data is None:
            raise KeyError(key)
        return data

    def find_blob(self, key: str, /) -> bytes | None:
        """A blob's bytes, or None."""
        row = self._run("SELECT data FROM blob WHERE key = ?", (key,)).fetchone()
        return None if row is None else bytes(row[0])

    def put_blob(self, key: str, data: bytes, /) -> None:
        """Store a blob, replacing one of the same key."""
        self._run("INSERT OR REPLACE INTO blob (key, data) VALUES (?, ?)", (key, data))

    def remove_blob(self, key: str, /) -> None:
        """Delete a blob, if there is one."""
        self._run("DELETE FROM blob WHERE key = ?", (key,))

    def blob_bytes(self, prefix: str, /) -> int:
        """The size of all blobs whose key starts with `prefix`."""
        row = self._run(
            "SELECT SUM(LENGTH(data)) FROM blob WHERE key >= ? AND key < ?", (prefix, prefix + "\uffff")
        )
        return int(row.fetchone()[0] or 0)

    def setting(self, name: str, default: str = "", /) -> str:
        """A single value of the resource."""
        row = self._run("SELECT value FROM setting WHERE name = ?", (name,)).fetchone()
        return default if row is None else str(row[0])

    def set(self, name: str, value: str, /) -> None:
        """Change a single value of the resource."""
        self._run("INSERT OR REPLACE INTO setting (name, value) VALUES (?, ?)", (name, value))


def _use_wal(connection: sqlite3.Connection) -> None:
    """Switch to the write-ahead log; two processes that make the file at once lock each other out for a moment."""
    for tries in range(_WAL_TRIES):
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            if tries + 1 == _WAL_TRIES:
                raise
            time.sleep(0.02)
        else:
            return

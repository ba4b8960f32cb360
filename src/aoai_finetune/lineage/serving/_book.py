"""The memory of deployments: what was asked for, what exists because of it, and who is using it."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from ...backends import Clock, SystemClock
from ...errors import LineageError
from ...jobs import owner_is_gone
from ..store._store import Store

__all__ = ["LEASE", "DeployedVersion", "DeploymentBook", "Entry", "Renewing"]

LEASE = 3600.0
"""Seconds without a sign of life after which a block is taken to be over: its process, or its machine, is gone."""

_RENEWED_EVERY = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployedVersion:
    """A deployment this lineage made and has not seen removed.

    Attributes:
        name: of the deployment.
        version: id of the version it serves; `model` is that version's model.
        resource: where it is.
        tier: as asked for.
        status: the service's word for its state; `unknown` where the service could not be asked.
        created_at: when it was asked for, in the backend's Unix seconds.
        account: where it was made, on backends that make deployments in an account of another name.
        in_use: the block that made it is open, or its process has vanished within the last hour on another machine.
        usd_per_hour: lowest and highest list price of an hour; None where none is known.
    """

    name: str
    version: str
    model: str
    resource: str
    account: str
    tier: str
    status: str
    created_at: float
    in_use: bool
    usd_per_hour: tuple[float, float] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One deployment as the file remembers it; `made` once the service has confirmed it."""

    id: int
    resource: str
    account: str
    name: str
    version: str
    tier: str
    made: bool
    in_use: bool
    created_at: float


class DeploymentBook:
    """The table of deployments. Every change is durable when it returns.

    Args:
        store: the lineage file.
        clock: the time leases are measured in, shared by all machines; None for the machine's own.
    """

    def __init__(self, store: Store, clock: Clock | None = None) -> None:
        self._store, self._clock = store, clock or SystemClock()

    def ask(
        self, *, resource: str, account: str, name: str, version: str, tier: str, owner: str, now: float
    ) -> int:
        """Remember a deployment that is about to be created; its number."""
        until = self._clock.now() + LEASE
        with self._store.write() as db:
            row = db.execute(
                "INSERT INTO deployment (resource, account, name, version, tier, state, owner, lease_until,"
                " created_at) VALUES (?, ?, ?, ?, ?, 'asked', ?, ?, ?) RETURNING id",
                (resource, account, name, version, tier, owner, until, now),
            ).fetchone()
            return int(row["id"])

    def renew(self, owner: str) -> None:
        """The block of an owner is still open."""
        with self._store.write() as db:
            db.execute(
                "UPDATE deployment SET lease_until = ? WHERE owner = ?", (self._clock.now() + LEASE, owner)
            )

    def made(self, number: int) -> None:
        """The service has confirmed it."""
        self._change("UPDATE deployment SET state = 'made' WHERE id = ?", number)

    def removed(self, number: int) -> None:
        """It is gone for good."""
        self._change("UPDATE deployment SET state = 'removed' WHERE id = ?", number)

    def left(self, number: int) -> None:
        """Nobody is using it any more, and it may still be there."""
        self._change("UPDATE deployment SET owner = '' WHERE id = ?", number)

    def present(self) -> list[Entry]:
        """All that were not seen removed, oldest first."""
        rows = self._store.read("SELECT * FROM deployment WHERE state <> 'removed' ORDER BY id")
        now = self._clock.now()
        return [_entry(row, now) for row in rows]

    def _change(self, statement: str, number: int) -> None:
        with self._store.write() as db:
            db.execute(statement, (number,))


class Renewing:
    """Renews an owner's lease until it is closed, on a thread of its own, because the block belongs to the user."""

    def __init__(self, renew: Callable[[], None], *, every: float = _RENEWED_EVERY) -> None:
        self._renew, self._every = renew, every
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="aoai-finetune-lease", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._over.wait(self._every):
            with suppress(LineageError):  # a file that is busy now, or closed inside the block
                self._renew()

    def close(self) -> None:
        """Stop; a renewal under way is waited for."""
        self._over.set()
        self._thread.join()


def _entry(row: sqlite3.Row, now: float) -> Entry:
    return Entry(
        id=row["id"],
        resource=row["resource"],
        account=row["account"],
        name=row["name"],
        version=row["version"],
        tier=row["tier"],
        made=row["state"] == "made",
        in_use=_in_use(row["owner"], row["lease_until"], now),
        created_at=row["created_at"],
    )


def _in_use(owner: str, lease_until: float, now: float) -> bool:
    """Somebody who may be alive has not left the block. Of other machines, and reused process ids, the lease tells."""
    return bool(owner) and lease_until > now and not owner_is_gone(owner)

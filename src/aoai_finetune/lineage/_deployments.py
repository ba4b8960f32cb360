"""The memory of deployments: what was asked for, what exists because of it, and who is using it."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from ..jobs import owner_is_gone
from ._store import Store

__all__ = ["DeployedVersion", "DeploymentBook", "Entry"]


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
        in_use: the block that made it may still be open; where it runs on another machine nobody can know.
        usd_per_hour: lowest and highest list price of an hour; None where none is known.
    """

    name: str
    version: str
    model: str
    resource: str
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
    name: str
    version: str
    tier: str
    made: bool
    owner: str
    created_at: float

    @property
    def in_use(self) -> bool:
        """Somebody who may be alive has not left the block."""
        return bool(self.owner) and not owner_is_gone(self.owner)


class DeploymentBook:
    """The table of deployments. Every change is durable when it returns."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def ask(self, *, resource: str, name: str, version: str, tier: str, owner: str, now: float) -> int:
        """Remember a deployment that is about to be created; its number."""
        with self._store.write() as db:
            row = db.execute(
                "INSERT INTO deployment (resource, name, version, tier, state, owner, created_at)"
                " VALUES (?, ?, ?, ?, 'asked', ?, ?) RETURNING id",
                (resource, name, version, tier, owner, now),
            ).fetchone()
            return int(row["id"])

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
        return [_entry(row) for row in rows]

    def _change(self, statement: str, number: int) -> None:
        with self._store.write() as db:
            db.execute(statement, (number,))


def _entry(row: sqlite3.Row) -> Entry:
    return Entry(
        id=row["id"],
        resource=row["resource"],
        name=row["name"],
        version=row["version"],
        tier=row["tier"],
        made=row["state"] == "made",
        owner=row["owner"],
        created_at=row["created_at"],
    )

"""The journal of `jobs`, kept in the lineage file: durable intents, and versions made exactly once."""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
from dataclasses import replace

from ...backends import Clock, JobRecord, SystemClock
from ...jobs import LEASE, Intent, IntentState, LeaseLost, may_take_over, observed
from ._records import job_from_text, job_to_text
from ._store import Store

__all__ = ["StoredJournal", "read_intent"]


class StoredJournal:
    """The intents of one step, in the store.

    Args:
        store: the lineage file.
        step: id of the step; the journal keeps no other.
        clock: the time leases are measured in; must be the machine's where processes share the file.
    """

    def __init__(self, store: Store, step: str, *, clock: Clock | None = None) -> None:
        self._store, self._step = store, step
        self._clock: Clock = clock or SystemClock()

    @property
    def clock(self) -> Clock:
        """The time leases are measured in."""
        return self._clock

    def claim(self, key: str, part: int, model: str, owner: str, /) -> Intent:
        """The live intent of a part: a new one, one taken over, or another owner's while its lease holds."""
        with self._store.write() as db:
            rows = db.execute(
                "SELECT * FROM intent WHERE step = ? AND part = ? ORDER BY seq", (self._step, part)
            )
            live = [intent for row in rows if (intent := read_intent(row)).live]
            if not live:
                return self._insert(db, key, part, model, owner)
            return replace(self._taken_over(db, live[-1], owner), resumed=True)

    def take_over(self, intent: Intent, owner: str, /) -> Intent | None:
        """The intent in `owner`'s hands; None while another owner's lease holds, or when it has moved on."""
        with self._store.write() as db:
            row = db.execute("SELECT * FROM intent WHERE id = ?", (intent.id,)).fetchone()
            taken = self._taken_over(db, read_intent(row), owner)
        return replace(taken, resumed=True) if taken.owner == owner and taken.state == intent.state else None

    def advance(self, intent: Intent, /) -> Intent:
        """Store `intent` with a fresh lease. Raises `LeaseLost` when its owner no longer owns it."""
        renewed = replace(intent, lease_until=self._lease())
        with self._store.write() as db:
            done = db.execute(
                "UPDATE intent SET state = ?, lease_until = ?, file_id = ?, validation_file_id = ?, sent_at = ?,"
                " reason = ? WHERE id = ? AND owner = ? AND state IN ('open', 'uploaded', 'sending')",
                (
                    renewed.state,
                    renewed.lease_until,
                    renewed.file_id,
                    renewed.validation_file_id,
                    renewed.sent_at,
                    renewed.reason,
                    renewed.id,
                    renewed.owner,
                ),
            )
            if not done.rowcount:
                raise LeaseLost(f"intent {intent.id} is in other hands, or already submitted")
        return renewed

    def observe(self, intent: Intent, job: JobRecord, /) -> Intent:
        """Store what a job looks like now; a terminal status settles, and makes the version, exactly once."""
        with self._store.write() as db:
            row = db.execute("SELECT * FROM intent WHERE id = ?", (intent.id,)).fetchone()
            stored = read_intent(row)
            after = observed(stored, job)
            if after is not stored:
                db.execute(
                    "UPDATE intent SET state = ?, job_id = ?, job = ? WHERE id = ?",
                    (after.state, job.id, job_to_text(job), intent.id),
                )
                if after.state is IntentState.SETTLED and job.succeeded and self._is_last(db, stored.part):
                    self._record_version(db, job)
        return replace(after, resumed=intent.resumed)

    def release(self, intent: Intent, /) -> None:
        """Give the lease up, so that the next claim need not wait. Harmless when it is somebody else's."""
        with self._store.write() as db:
            db.execute(
                "UPDATE intent SET lease_until = 0 WHERE id = ? AND owner = ?", (intent.id, intent.owner)
            )

    def intents(self, _key: str = "", /) -> tuple[Intent, ...]:
        """All intents of the step, oldest first."""
        return tuple(
            map(read_intent, self._store.read("SELECT * FROM intent WHERE step = ? ORDER BY seq", self._step))
        )

    def _taken_over(self, db: sqlite3.Connection, intent: Intent, owner: str) -> Intent:
        if not may_take_over(intent, self._clock.now()):
            return intent
        taken = replace(intent, owner=owner, lease_until=self._lease())
        db.execute(
            "UPDATE intent SET owner = ?, lease_until = ? WHERE id = ?", (owner, taken.lease_until, intent.id)
        )
        return taken

    def _insert(self, db: sqlite3.Connection, key: str, part: int, model: str, owner: str) -> Intent:
        intent = Intent(
            id=secrets.token_hex(6), key=key, part=part, model=model, owner=owner, lease_until=self._lease()
        )
        db.execute(
            "INSERT INTO intent (id, seq, key, step, part, model, owner, lease_until, state)"
            " VALUES (?, (SELECT count(*) FROM intent), ?, ?, ?, ?, ?, ?, ?)",
            (intent.id, key, self._step, part, model, intent.owner, intent.lease_until, intent.state),
        )
        return intent

    def _lease(self) -> float:
        return self._clock.now() + LEASE

    def _is_last(self, db: sqlite3.Connection, part: int) -> bool:
        (parts,) = db.execute("SELECT count(*) FROM part WHERE step = ?", (self._step,)).fetchone()
        return bool(part == parts - 1)

    def _record_version(self, db: sqlite3.Connection, job: JobRecord) -> None:
        db.execute(
            "INSERT OR IGNORE INTO version (id, seq, step, model, job_id, created_at)"
            " VALUES (?, (SELECT count(*) FROM version), ?, ?, ?, ?)",
            (
                # Derived, so that the same purchases on the same resource have the same ids in every lineage.
                hashlib.sha256(f"version {self._step}".encode()).hexdigest()[:10],
                self._step,
                job.fine_tuned_model,
                job.id,
                job.finished_at or job.created_at,
            ),
        )


def read_intent(row: sqlite3.Row) -> Intent:
    """An intent as it is stored."""
    return Intent(
        id=row["id"],
        key=row["key"],
        part=row["part"],
        model=row["model"],
        owner=row["owner"],
        lease_until=row["lease_until"],
        state=IntentState(row["state"]),
        file_id=row["file_id"],
        validation_file_id=row["validation_file_id"],
        sent_at=row["sent_at"],
        job=job_from_text(row["job"]) if row["job"] else None,
        reason=row["reason"],
    )

"""The journal of `jobs`, kept in the lineage file: durable intents, and versions made exactly once."""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
from dataclasses import replace

from ..backends import Clock, JobRecord, SystemClock
from ..jobs import LEASE, Intent, IntentState, LeaseLost, owner_is_gone
from ._records import job_from_text, job_to_text
from ._store import Store

__all__ = ["StoredJournal", "read_intent"]

_OWNED = (IntentState.OPEN, IntentState.UPLOADED, IntentState.SENDING)


class StoredJournal:
    """The intents of one step, in the store.

    Args:
        store: the lineage file.
        step: id of the step.
        owner: who we are.
        clock: the time leases are measured in; must be the machine's where processes share the file.
    """

    def __init__(self, store: Store, step: str, *, owner: str, clock: Clock | None = None) -> None:
        self._store, self._step, self._owner = store, step, owner
        self._clock: Clock = clock or SystemClock()

    @property
    def owner(self) -> str:
        """Who we are."""
        return self._owner

    @property
    def clock(self) -> Clock:
        """The time leases are measured in."""
        return self._clock

    def claim(self, part: int, model: str, /) -> Intent:
        """The live intent of a part: ours, a new one, one taken over, or another owner's while its lease holds."""
        with self._store.write() as db:
            rows = db.execute(
                "SELECT * FROM intent WHERE step = ? AND part = ? ORDER BY seq", (self._step, part)
            )
            live = [intent for intent in map(read_intent, rows) if intent.live]
            if not live:
                return self._insert(db, part, model)
            intent = replace(live[-1], resumed=True)
            if intent.state in _OWNED and self._may_take_over(intent):
                intent = replace(intent, owner=self._owner, lease_until=self._lease())
                db.execute(
                    "UPDATE intent SET owner = ?, lease_until = ? WHERE id = ?",
                    (intent.owner, intent.lease_until, intent.id),
                )
            return intent

    def advance(self, intent: Intent, /) -> Intent:
        """Store `intent` with a fresh lease. Raises `LeaseLost` when we no longer own it."""
        renewed = replace(intent, lease_until=self._lease())
        with self._store.write() as db:
            done = db.execute(
                "UPDATE intent SET state = ?, lease_until = ?, file_id = ?, validation_file_id = ?, sent_at = ?,"
                " reason = ? WHERE id = ? AND owner = ? AND state IN (?, ?, ?)",
                (
                    renewed.state,
                    renewed.lease_until,
                    renewed.file_id,
                    renewed.validation_file_id,
                    renewed.sent_at,
                    renewed.reason,
                    renewed.id,
                    self._owner,
                    *_OWNED,
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
            if stored.state is IntentState.SETTLED:
                return replace(stored, resumed=intent.resumed)
            state = IntentState.SETTLED if job.done else IntentState.SUBMITTED
            db.execute(
                "UPDATE intent SET state = ?, job_id = ?, job = ? WHERE id = ?",
                (state, job.id, job_to_text(job), intent.id),
            )
            if job.succeeded and job.fine_tuned_model and self._is_last(db, stored.part):
                self._record_version(db, job)
        return replace(stored.advanced(state, job=job), resumed=intent.resumed)

    def release(self, intent: Intent, /) -> None:
        """Give the lease up, so that the next claim need not wait. Harmless when we do not own it."""
        with self._store.write() as db:
            db.execute(
                "UPDATE intent SET lease_until = 0 WHERE id = ? AND owner = ?", (intent.id, self._owner)
            )

    def intents(self) -> tuple[Intent, ...]:
        """All intents of the step, oldest first."""
        rows = self._store.connection().execute(
            "SELECT * FROM intent WHERE step = ? ORDER BY seq", (self._step,)
        )
        return tuple(map(read_intent, rows))

    def _insert(self, db: sqlite3.Connection, part: int, model: str) -> Intent:
        intent = Intent(
            id=secrets.token_hex(6), part=part, model=model, owner=self._owner, lease_until=self._lease()
        )
        db.execute(
            "INSERT INTO intent (id, seq, step, part, model, owner, lease_until, state)"
            " VALUES (?, (SELECT count(*) FROM intent), ?, ?, ?, ?, ?, ?)",
            (intent.id, self._step, part, model, intent.owner, intent.lease_until, intent.state),
        )
        return intent

    def _may_take_over(self, intent: Intent) -> bool:
        if intent.owner == self._owner:
            return True
        return intent.lease_until <= self._clock.now() or owner_is_gone(intent.owner)

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

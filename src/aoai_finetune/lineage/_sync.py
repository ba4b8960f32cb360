"""Settling what was left open: running jobs, and submissions whose outcome nobody saw."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import suppress

from ..backends import Backend
from ..errors import NotFound, ServiceError
from ..jobs import Intent, IntentState, find_job
from ._journal import StoredJournal, read_intent
from ._ledger import Ledger
from ._records import SyncReport

__all__ = ["sync_intents"]


def sync_intents(
    ledger: Ledger,
    backends: Mapping[str, Backend],
    journal_of: Callable[[str], StoredJournal],
    *,
    give_up_after: float,
) -> SyncReport:
    """Look once at every open intent whose resource has a backend here."""
    found: dict[str, list[str]] = {"settled": [], "running": [], "found": [], "unknown": [], "lost": []}
    for row in ledger.intents():
        backend = backends.get(row["resource"])
        if backend is None:
            continue
        outcome = _sync_one(row, backend, journal_of(row["step"]), give_up_after)
        if outcome is not None:
            kind, name = outcome
            found[kind].append(name)
    return SyncReport(**{kind: tuple(names) for kind, names in found.items()})


def _sync_one(
    row: sqlite3.Row, backend: Backend, journal: StoredJournal, give_up_after: float
) -> tuple[str, str] | None:
    intent = read_intent(row)
    if intent.state is IntentState.SUBMITTED and intent.job is not None:
        job = backend.get_job(intent.job.id)
        journal.observe(intent, job)
        return ("settled" if job.done else "running"), job.id
    if intent.state is IntentState.SENDING:
        return _sync_sent(intent, backend, journal, give_up_after)
    return None


def _sync_sent(
    intent: Intent, backend: Backend, journal: StoredJournal, give_up_after: float
) -> tuple[str, str]:
    claimed = journal.claim(intent.part, intent.model)
    if claimed.owner != journal.owner or claimed.id != intent.id:
        return "unknown", intent.id  # its owner is still at it
    try:
        return _look_for(claimed, backend, journal, give_up_after)
    finally:
        journal.release(claimed)


def _look_for(
    intent: Intent, backend: Backend, journal: StoredJournal, give_up_after: float
) -> tuple[str, str]:
    job = find_job(backend, intent)
    if job is None and backend.clock.now() - (intent.sent_at or 0.0) > give_up_after:
        return _give_up(intent, backend, journal)
    if job is None:
        return "unknown", intent.id
    journal.observe(intent, job)
    return "found", job.id


def _give_up(intent: Intent, backend: Backend, journal: StoredJournal) -> tuple[str, str]:
    """Take the file away, so that nothing can start from it any more, and look a last time."""
    for file_id in filter(None, (intent.file_id, intent.validation_file_id)):
        with suppress(NotFound, ServiceError):
            backend.delete_file(file_id)
    job = find_job(backend, intent)
    if job is not None:
        journal.observe(intent, job)
        return "found", job.id
    journal.advance(intent.advanced(IntentState.ABANDONED, reason="no job appeared; its file was deleted"))
    return "lost", intent.id

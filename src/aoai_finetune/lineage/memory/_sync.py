"""Settling what was left open: running jobs, and submissions whose outcome nobody saw."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import replace

from ...backends import Backend
from ...errors import FineTuneError
from ...jobs import Intent, IntentState, delete_files, find_job, new_owner
from ..store._journal import StoredJournal, read_intent
from ..store._ledger import Ledger
from ..store._records import SyncReport

__all__ = ["sync_intents"]


def sync_intents(
    ledger: Ledger,
    backends: Mapping[str, Backend],
    journal_of: Callable[[str], StoredJournal],
    *,
    give_up_after: float,
) -> SyncReport:
    """Look once at every open intent whose resource has a backend here; trouble with one leaves the others alone."""
    found: dict[str, list[str]] = {name: [] for name in SyncReport.__slots__}
    for row in ledger.intents():
        backend = backends.get(row["resource"])
        if backend is None:
            continue
        kind, name = _sync_one(row, backend, journal_of(row["step"]), give_up_after)
        if kind:
            found[kind].append(name)
    return SyncReport(**{kind: tuple(names) for kind, names in found.items()})


def _sync_one(
    row: sqlite3.Row, backend: Backend, journal: StoredJournal, give_up_after: float
) -> tuple[str, str]:
    intent = read_intent(row)
    name = intent.job.id if intent.job is not None else intent.id
    try:
        match intent.state:
            case IntentState.SUBMITTED:
                return _look(intent, backend, journal), name
            case IntentState.OPEN | IntentState.UPLOADED | IntentState.SENDING:
                return _repair(intent, backend, journal, give_up_after)
            case _:
                return "", name
    except FineTuneError:
        return "failed", name


def _look(intent: Intent, backend: Backend, journal: StoredJournal) -> str:
    if intent.job is None:
        raise AssertionError("a submitted intent has a job")
    after = journal.observe(intent, backend.get_job(intent.job.id))
    return "settled" if after.state is IntentState.SETTLED else "running"


def _repair(
    intent: Intent, backend: Backend, journal: StoredJournal, give_up_after: float
) -> tuple[str, str]:
    mine = journal.take_over(intent, new_owner())
    if mine is None:
        return "unknown", intent.id  # its owner is still at it
    try:
        if mine.state is IntentState.SENDING:
            return _look_for(mine, backend, journal, give_up_after)
        # It was never sent, so nothing is lost with it; the same request begins anew.
        journal.advance(mine.advanced(IntentState.ABANDONED, reason="never sent"))
        delete_files(backend, mine)
        return "unsent", mine.id
    finally:
        journal.release(mine)


def _look_for(
    intent: Intent, backend: Backend, journal: StoredJournal, give_up_after: float
) -> tuple[str, str]:
    job = find_job(backend, intent)
    if job is None and backend.clock.now() - (intent.sent_at or 0.0) > give_up_after:
        # Without its file no job can start from now on; only a complete list after that proves that none did.
        if not delete_files(backend, intent):
            return "unknown", intent.id
        job = find_job(backend, intent)
        if job is None:
            journal.advance(replace(intent, state=IntentState.ABANDONED, reason="no job appeared"))
            return "lost", intent.id
    if job is None:
        return "unknown", intent.id
    journal.observe(intent, job)
    return "found", job.id

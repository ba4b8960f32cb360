"""Jobs: submit once, watch until the end, read what happened."""

from __future__ import annotations

from ._driving import Waiting, drive, drive_async, patiently
from ._job import FineTuneJob, started_parts
from ._journal import (
    LEASE,
    UNSENT_OR_SENDING,
    Intent,
    IntentState,
    Journal,
    LeaseLost,
    MemoryJournal,
    may_take_over,
    new_owner,
    observed,
)
from ._step import Part, Step
from ._submit import SETTLE, delete_files, find_job
from ._watch import wait_all, wait_all_async

__all__ = [
    "LEASE",
    "SETTLE",
    "UNSENT_OR_SENDING",
    "FineTuneJob",
    "Intent",
    "IntentState",
    "Journal",
    "LeaseLost",
    "MemoryJournal",
    "Part",
    "Step",
    "Waiting",
    "delete_files",
    "drive",
    "drive_async",
    "find_job",
    "may_take_over",
    "new_owner",
    "observed",
    "patiently",
    "started_parts",
    "wait_all",
    "wait_all_async",
]

"""Jobs: submit once, watch until the end, read what happened."""

from __future__ import annotations

from ._driving import Waiting, delays, drive, drive_async
from ._job import FineTuneJob, started_parts
from ._journal import LEASE as LEASE
from ._journal import Intent, IntentState, Journal, LeaseLost, MemoryJournal, new_owner, owner_is_gone
from ._metrics import parse_results
from ._step import Part, Step
from ._submit import SETTLE, find_job, submit_part
from ._watch import wait_all, wait_all_async

__all__ = [
    "LEASE",
    "SETTLE",
    "FineTuneJob",
    "Intent",
    "IntentState",
    "Journal",
    "LeaseLost",
    "MemoryJournal",
    "Part",
    "Step",
    "Waiting",
    "delays",
    "drive",
    "drive_async",
    "find_job",
    "new_owner",
    "owner_is_gone",
    "parse_results",
    "started_parts",
    "submit_part",
    "wait_all",
    "wait_all_async",
]

"""Jobs: submit once, watch until the end, read what happened."""

from __future__ import annotations

from ._deployments import (
    DEPLOYING,
    create_deployment,
    deploy,
    deploy_async,
    existing_deployment,
    remove_deployment,
    serving,
    until_answering,
)
from ._driving import Waiting, delays, drive, drive_async, patiently, within
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
    owner_is_gone,
)
from ._step import Part, Step
from ._submit import SETTLE, check_step, delete_files, find_job
from ._watch import wait_all, wait_all_async

__all__ = [
    "DEPLOYING",
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
    "check_step",
    "create_deployment",
    "delays",
    "delete_files",
    "deploy",
    "deploy_async",
    "drive",
    "drive_async",
    "existing_deployment",
    "find_job",
    "may_take_over",
    "new_owner",
    "observed",
    "owner_is_gone",
    "patiently",
    "remove_deployment",
    "serving",
    "started_parts",
    "until_answering",
    "wait_all",
    "wait_all_async",
    "within",
]

"""Jobs: submit once, watch until the end, read what happened."""

from __future__ import annotations

from ._deployments import (
    DEPLOYING,
    REMOVING,
    account_of,
    create_deployment,
    deploy,
    deploy_async,
    existing_deployment,
    remove_deployment,
    serving,
    until_answering,
)
from ._driving import (
    LONGEST_PAUSE,
    Waiting,
    asked_pause,
    delays,
    drive,
    drive_async,
    patiently,
    takes_too_long,
    within,
)
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
    "LONGEST_PAUSE",
    "REMOVING",
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
    "account_of",
    "asked_pause",
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
    "takes_too_long",
    "until_answering",
    "wait_all",
    "wait_all_async",
    "within",
]

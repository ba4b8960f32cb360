"""One look at a job after the other, and what became of them: trouble, and models without a name."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from ..errors import ServiceError, WaitTimeout
from ._driving import asked_pause
from ._submit import is_hopeless

if TYPE_CHECKING:
    from ._job import FineTuneJob

__all__ = ["NAMING", "Looks", "is_over", "look", "note_of", "still_running", "watched"]

NAMING = 600.0
"""Seconds to wait for the name of a model that was made, in the backend's time: a service may tell it after the job
has succeeded."""

_IN_VAIN = 10
"""Looks in a row (over some minutes) that could not even be sent, after which waiting is not what helps."""

_LOG = logging.getLogger("aoai_finetune")


class Looks:
    """What watching one job has met so far.

    Attributes:
        trouble: why the last look failed; None when it did not.
    """

    def __init__(self) -> None:
        self.trouble: ServiceError | None = None
        self._in_vain = 0
        self._unnamed: dict[str, float] = {}

    def succeeded(self) -> None:
        """A look showed something."""
        self.trouble, self._in_vain = None, 0

    def failed(self, trouble: ServiceError) -> None:
        """A look failed. Raises `trouble` where looking again cannot help."""
        self.trouble = trouble
        unsendable = trouble.status is None and not trouble.retryable
        self._in_vain = self._in_vain + 1 if unsendable else 0
        if is_hopeless(trouble) or self._in_vain == _IN_VAIN:
            raise trouble

    def unnamed_for(self, job_id: str, now: float) -> float:
        """Seconds since a job was first seen to have succeeded without a model's name."""
        return now - self._unnamed.setdefault(job_id, now)


def look(job: FineTuneJob) -> float:
    """Refresh, and return the seconds the service asked to wait. A failed look is no reason to stop waiting."""
    return watched([job], job.refresh)


def watched(jobs: list[FineTuneJob], call: Callable[[], object]) -> float:
    """Look at jobs with one call, note how it went, and return the seconds the service asked to wait.

    Raises:
        ServiceError: looking again cannot help.
    """
    try:
        call()
    except ServiceError as trouble:
        if any(job.looks.trouble is None for job in jobs):
            more = f" and {len(jobs) - 1} more" if len(jobs) > 1 else ""
            _LOG.warning("job %s%s cannot be seen, looking again: %s", jobs[0].id, more, trouble)
        for job in jobs:
            job.looks.failed(trouble)
        return asked_pause(trouble)
    for job in jobs:
        job.looks.succeeded()
    return 0.0


def is_over(job: FineTuneJob) -> bool:
    """The current part has ended and, where it made a model, says which, or has had `NAMING` seconds to say so."""
    if not job.record.done:
        return False
    if not job.record.succeeded or job.record.fine_tuned_model:
        return True
    return job.looks.unnamed_for(job.id, job.backend.clock.now()) >= NAMING


def note_of(job: FineTuneJob, asked: float) -> str:
    """What a progress line says of a job."""
    part = f"part {len(job.parts)}/{job.planned_parts}, " if job.planned_parts > 1 else ""
    unnamed = ", waiting for the model's name" if job.record.done and not is_over(job) else ""
    trouble = f", not seen now: {job.looks.trouble.message}" if job.looks.trouble is not None else ""
    pause = f", asked to wait {asked:.0f} s" if asked else ""
    return f"{part}{job.status}{unnamed}{trouble}{pause}"


def still_running(job: FineTuneJob) -> WaitTimeout:
    """The error of a wait whose time is over."""
    trouble = job.looks.trouble
    return WaitTimeout(
        f"job {job.id} is still {job.status}"
        + (f" as far as is known; the last look at it failed: {trouble}" if trouble is not None else ""),
        hint="It goes on; call wait() again, or attach to it later by its id",
    )

"""Watching jobs: what to look at next, and how long to wait before it."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import TYPE_CHECKING

from ..backends import Backend, EventRecord
from ..errors import ServiceError, WaitTimeout
from ._driving import Waiting, delays, drive, drive_async

if TYPE_CHECKING:
    from ._job import FineTuneJob

__all__ = ["coming_back", "follow_events", "wait_all", "wait_all_async", "watch"]


def watch(job: FineTuneJob, timeout: float | None, *, progress: bool) -> Waiting[FineTuneJob]:
    """Look at a job until its step is over, starting the next part whenever one succeeds."""
    from ..display import Progress

    clock = job.backend.clock
    deadline = None if timeout is None else clock.now() + timeout
    with Progress(f"fine-tune {job.id}", enabled=None if progress else False) as line:
        while not job.done:
            if job.record.succeeded:
                yield from job.next_part()
            for delay in delays():
                pause = max(delay, _look(job))
                line.update(note=_note(job))
                if job.record.done:
                    break
                _check_deadline(job, deadline, clock.now() + pause)
                yield pause
    return job


def _look(job: FineTuneJob) -> float:
    """Refresh, and return the seconds the service asked to wait. A failed look is no reason to stop waiting."""
    try:
        job.refresh()
    except ServiceError as trouble:
        if trouble.status in {401, 403}:
            raise
        return trouble.retry_after or 0.0
    return 0.0


def _check_deadline(job: FineTuneJob, deadline: float | None, next_look: float) -> None:
    if deadline is not None and next_look > deadline:
        raise WaitTimeout(
            f"job {job.id} is still {job.status}",
            hint="It goes on; call wait() again, or attach to it later by its id",
        )


def _note(job: FineTuneJob) -> str:
    part = f"part {len(job.parts)}/{job.planned_parts}, " if job.planned_parts > 1 else ""
    return f"{part}{job.status}"


@contextmanager
def coming_back(job: FineTuneJob) -> Generator[None]:
    """Ctrl-C and cancellation end the wait, not the job; say how to come back."""
    from asyncio import CancelledError

    try:
        yield
    except (KeyboardInterrupt, CancelledError) as stop:
        stop.add_note(f"Job {job.id} goes on. Come back with FineTuneJob.attach(backend, {job.id!r}).wait()")
        raise


def follow_events(job: FineTuneJob, *, follow: bool) -> Iterator[float | list[EventRecord]]:
    """Batches of new events, oldest first, and between them the seconds to wait."""
    seen: set[str] = set()
    for delay in delays():
        over = not follow or job.done
        events = chain.from_iterable(reversed(list(job.backend.list_events(part.id))) for part in job.parts)
        fresh = [event for event in events if event.id not in seen]
        seen.update(event.id for event in fresh)
        yield fresh
        if over:
            return
        yield delay
        _look(job)
        if job.record.succeeded and not job.done:
            yield from job.next_part()


def wait_all(
    jobs: Sequence[FineTuneJob], timeout: float | None = None, *, progress: bool = True
) -> list[FineTuneJob]:
    """Wait until all jobs are over, with one list call per backend and look instead of one call per job.

    Returns the jobs in the order given, whatever their end.

    Raises:
        WaitTimeout: the time is over; the jobs go on.
        ValueError: the jobs live on backends with different clocks.
    """
    if not jobs:
        return []
    return drive(_watch_all(jobs, timeout, progress=progress), _one_clock(jobs).clock)


async def wait_all_async(
    jobs: Sequence[FineTuneJob], timeout: float | None = None, *, progress: bool = True
) -> list[FineTuneJob]:
    """`wait_all` without blocking the event loop."""
    if not jobs:
        return []
    return await drive_async(_watch_all(jobs, timeout, progress=progress), _one_clock(jobs).clock)


def _one_clock(jobs: Sequence[FineTuneJob]) -> Backend:
    backends = {id(job.backend.clock): job.backend for job in jobs}
    if len(backends) > 1:
        raise ValueError(
            "the jobs live on backends with different clocks; wait for each backend's jobs apart"
        )
    return next(iter(backends.values()))


def _watch_all(
    jobs: Sequence[FineTuneJob], timeout: float | None, *, progress: bool
) -> Waiting[list[FineTuneJob]]:
    from ..display import Progress

    clock = jobs[0].backend.clock
    deadline = None if timeout is None else clock.now() + timeout
    with Progress("fine-tunes", total=len(jobs), enabled=None if progress else False) as line:
        for delay in delays():
            _look_at_all([job for job in jobs if not job.done])
            for job in jobs:
                if job.record.succeeded and not job.done:
                    yield from job.next_part()
            waiting = [job for job in jobs if not job.done]
            line.update(done=len(jobs) - len(waiting))
            if not waiting:
                break
            _check_deadline(waiting[0], deadline, clock.now() + delay)
            yield delay
    return list(jobs)


def _look_at_all(jobs: Sequence[FineTuneJob]) -> None:
    """One pass over each backend's job list; what a list does not show is asked for by itself."""
    backends = {job.backend.resource: job.backend for job in jobs}
    for resource, backend in backends.items():
        wanted = {job.id: job for job in jobs if job.backend.resource == resource}
        try:
            for record in backend.list_jobs():
                if (job := wanted.pop(record.id, None)) is not None:
                    job.take(record)
                if not wanted:
                    break
        except ServiceError:
            continue
        for job in wanted.values():
            _look(job)

"""Watching jobs: what to look at next, and how long to wait before it."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from ..backends import Clock, EventRecord
from ..errors import ServiceError, WaitTimeout
from ._driving import Waiting, delays, drive, drive_async, within
from ._looking import is_over, look, note_of, still_running, watched
from ._submit import is_hopeless

if TYPE_CHECKING:
    from ..display import Progress
    from ._job import FineTuneJob

__all__ = [
    "asking_again",
    "coming_back",
    "follow_events",
    "wait_all",
    "wait_all_async",
    "watch",
]


def watch(job: FineTuneJob, *, progress: bool) -> Waiting[None]:
    """Look at a job until its step is over, starting the next part whenever one succeeds."""
    from ..display import Progress

    with Progress(f"fine-tune {job.id}", enabled=None if progress else False) as line:
        while True:
            if not is_over(job):
                yield from _until_part_is_over(job, line)
            if job.done:
                return
            if job.record.succeeded:
                yield from job.next_part()


def _until_part_is_over(job: FineTuneJob, line: Progress) -> Waiting[None]:
    for delay in delays():
        asked = look(job)
        line.update(note=note_of(job, asked))
        if is_over(job):
            return
        yield max(delay, asked)


@contextmanager
def asking_again() -> Generator[None]:
    """Ctrl-C and cancellation while submitting: say that nothing has to be feared from asking again."""
    yield from _noting("Make the same call again: it goes on where it stopped, and buys nothing twice")


@contextmanager
def coming_back(job: FineTuneJob) -> Generator[None]:
    """Ctrl-C and cancellation end the wait, not the job; say how to come back."""
    way = f"lineage.job({job.id!r})" if job.journaled else f"FineTuneJob.attach(backend, {job.id!r})"
    yield from _noting(f"Job {job.id} goes on. Come back with {way}.wait()")


def _noting(note: str) -> Generator[None]:
    from asyncio import CancelledError

    try:
        yield
    except (KeyboardInterrupt, CancelledError) as stop:
        stop.add_note(note)
        raise


def follow_events(job: FineTuneJob, *, follow: bool) -> Iterator[float | list[EventRecord]]:
    """Batches of new events, oldest first, and between them the seconds to wait."""
    seen: set[str] = set()
    for delay in delays():
        over = not follow or job.done
        fresh = [event for event in _events(job, patient=follow) if event.id not in seen]
        seen.update(event.id for event in fresh)
        yield fresh
        if over:
            return
        yield max(delay, look(job))
        if _may_go_on(job):
            yield from job.next_part()


def _may_go_on(job: FineTuneJob) -> bool:
    """The current part has made a model, and there are more parts."""
    return job.record.succeeded and not job.done and is_over(job)


def _events(job: FineTuneJob, *, patient: bool) -> list[EventRecord]:
    """The log of all parts, oldest first; `patient` takes an unreadable log for one without news."""
    try:
        return [event for part in job.parts for event in reversed(list(job.backend.list_events(part.id)))]
    except ServiceError as trouble:
        if not patient or is_hopeless(trouble):
            raise
        return []


def wait_all(
    jobs: Sequence[FineTuneJob], timeout: float | None = None, *, progress: bool = True
) -> list[FineTuneJob]:
    """Wait until all jobs are over, with one list call per backend and look instead of one call per job.

    Returns the jobs in the order given, whatever their end.

    Raises:
        WaitTimeout: the time is over; the jobs go on.
        ValueError: the jobs live on backends with different clocks.
    """
    waiting = [job for job in jobs if not _has_ended(job)]
    if waiting:
        with asking_again():
            drive(_watching_all(waiting, timeout, progress=progress), _one_clock(waiting))
    return list(jobs)


async def wait_all_async(
    jobs: Sequence[FineTuneJob], timeout: float | None = None, *, progress: bool = True
) -> list[FineTuneJob]:
    """`wait_all` without blocking the event loop."""
    waiting = [job for job in jobs if not _has_ended(job)]
    if waiting:
        with asking_again():
            await drive_async(_watching_all(waiting, timeout, progress=progress), _one_clock(waiting))
    return list(jobs)


def _has_ended(job: FineTuneJob) -> bool:
    return job.done and (job.resource is None or is_over(job))


def _one_clock(jobs: Sequence[FineTuneJob]) -> Clock:
    clocks = {id(job.backend.clock): job.backend.clock for job in jobs}
    if len(clocks) > 1:
        raise ValueError(
            "the jobs live on backends with different clocks; wait for each backend's jobs apart"
        )
    return next(iter(clocks.values()))


def _watching_all(jobs: Sequence[FineTuneJob], timeout: float | None, *, progress: bool) -> Waiting[None]:
    def late() -> WaitTimeout:
        return still_running(next(job for job in jobs if not _has_ended(job)))

    return within(_watch_all(jobs, progress=progress), _one_clock(jobs), timeout, late)


def _watch_all(jobs: Sequence[FineTuneJob], *, progress: bool) -> Waiting[None]:
    from ..display import Progress

    with Progress("fine-tunes", total=len(jobs), enabled=None if progress else False) as line:
        for delay in delays():
            asked = _look_at_all([job for job in jobs if not _has_ended(job)])
            for job in jobs:
                if _may_go_on(job):
                    yield from job.next_part()
            ended = sum(map(_has_ended, jobs))
            line.update(done=ended, note=_note_of_all(jobs, asked))
            if ended == len(jobs):
                return
            yield max(delay, asked)


def _note_of_all(jobs: Sequence[FineTuneJob], asked: float) -> str:
    """What went wrong last, where something did."""
    return next((note_of(job, asked) for job in jobs if job.looks.trouble is not None), "")


def _look_at_all(jobs: Sequence[FineTuneJob]) -> float:
    """One pass over each backend's job list; what a list does not show is asked for by itself.

    Returns the seconds a service asked to wait.
    """
    asked = 0.0
    for resource in dict.fromkeys(job.backend.resource for job in jobs):
        here = [job for job in jobs if job.backend.resource == resource]
        missing = {job.id: job for job in here}
        asked = max(asked, watched(here, partial(_take_from_list, missing)))
        if here[0].looks.trouble is None:
            asked = max(asked, *map(look, missing.values()), 0.0)
    return asked


def _take_from_list(wanted: dict[str, FineTuneJob]) -> None:
    """Take what a list shows, and leave in `wanted` what it does not."""
    for record in next(iter(wanted.values())).backend.list_jobs():
        if (job := wanted.pop(record.id, None)) is not None:
            job.take(record)
        if not wanted:
            return

"""Deciding and waiting, kept apart.

What happens next is decided by generators that act on the backend and *yield the seconds to wait* before they
are resumed. Two drivers let the time pass: one blocks the thread, one suspends the task and runs only the short
call between two waits on a worker thread. So every decision exists once.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from ..backends import Clock
from ..errors import OutcomeUnknown, ServiceError

__all__ = [
    "LONGEST_PAUSE",
    "Waiting",
    "asked_pause",
    "delays",
    "drive",
    "drive_async",
    "patiently",
    "takes_too_long",
    "within",
]

LONGEST_PAUSE = 600.0
"""Seconds that a service may ask to wait and be obeyed. Beyond that a look comes early, which harms nobody, and what
would have been sent again is given back to the caller instead."""

T = TypeVar("T")
R = TypeVar("R")

Waiting = Generator[float, None, T]
"""A course of action that yields seconds to wait and returns a `T`."""


def delays(first: float = 2.0, longest: float = 60.0, factor: float = 1.5) -> Iterator[float]:
    """How long to wait before each next look, in seconds; never ends."""
    delay = first
    while True:
        yield delay
        delay = min(longest, delay * factor)


def asked_pause(refusal: ServiceError) -> float:
    """The seconds the service asked to wait, at most `LONGEST_PAUSE`; 0 where it did not ask, or made no sense."""
    asked = refusal.retry_after
    return min(asked, LONGEST_PAUSE) if asked is not None and asked > 0 else 0.0


def takes_too_long(refusal: ServiceError) -> bool:
    """The service asks for a longer wait than anybody sits through; the error says for how long."""
    return refusal.retry_after is not None and refusal.retry_after > LONGEST_PAUSE


def drive(course: Waiting[T], clock: Clock) -> T:
    """Run a course of action to its end, blocking this thread while it waits; it is closed on the way out."""
    try:
        while True:
            reached = _advance(course)
            if isinstance(reached, _End):
                return reached.value
            clock.sleep(reached)
    finally:
        course.close()


async def drive_async(course: Waiting[T], clock: Clock) -> T:
    """Run a course of action to its end; only its short calls run on a worker thread.

    A cancellation waits for the short call under way, so that what it did is recorded and nothing goes on behind
    the caller's back.
    """
    try:
        while True:
            reached = await _finish(lambda: _advance(course))
            if isinstance(reached, _End):
                return reached.value
            await clock.sleep_async(reached)
    finally:
        await _finish(course.close)


async def _finish(call: Callable[[], R]) -> R:
    """The result of a call on a worker thread; cancelled, the task ends when the call has ended."""
    import asyncio

    running = asyncio.ensure_future(asyncio.to_thread(call))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        if not running.cancelled():
            running.exception()  # read, so that nobody warns that it was not
        raise


def within(
    course: Waiting[T], clock: Clock, seconds: float | None, late: Callable[[], Exception]
) -> Waiting[T]:
    """The same course, ended with the exception `late()` when it has not ended after `seconds`."""
    if seconds is None:
        return (yield from course)
    deadline = clock.now() + seconds
    try:
        while True:
            reached = _advance(course)
            if isinstance(reached, _End):
                return reached.value
            left = deadline - clock.now()
            if left <= 0:
                raise late()
            yield min(reached, left)
    finally:
        course.close()


def patiently(call: Callable[[], R], *, tries: int, first: float = 2.0) -> Waiting[R]:
    """The result of `call`, made again while it raises a retryable `ServiceError`, at most `tries` times.

    An unclear outcome is never tried again here, nor is what the service asks to leave for longer than
    `LONGEST_PAUSE`.
    """
    for attempt, delay in enumerate(delays(first=first), start=1):
        try:
            return call()
        except ServiceError as refusal:
            passing = refusal.retryable and not isinstance(refusal, OutcomeUnknown)
            if not passing or attempt == tries or takes_too_long(refusal):
                raise
            pause = max(delay, asked_pause(refusal))
        yield pause
    raise AssertionError("delays never ends")


@dataclass(frozen=True, slots=True)
class _End(Generic[T]):
    value: T


def _advance(course: Waiting[T]) -> float | _End[T]:
    # StopIteration cannot cross a thread's future, so the end is told as a value.
    try:
        return next(course)
    except StopIteration as end:
        return _End(end.value)

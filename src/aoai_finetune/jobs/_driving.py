"""Deciding and waiting, kept apart.

What happens next is decided by generators that act on the backend and *yield the seconds to wait* before they
are resumed. Two drivers let the time pass: one blocks the thread, one suspends the task and runs only the short
call between two waits on a worker thread. So every decision exists once.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from ..backends import Clock

__all__ = ["Waiting", "delays", "drive", "drive_async"]

T = TypeVar("T")

Waiting = Generator[float, None, T]
"""A course of action that yields seconds to wait and returns a `T`."""


def delays(first: float = 2.0, longest: float = 60.0, factor: float = 1.5) -> Iterator[float]:
    """How long to wait before each next look, in seconds; never ends."""
    delay = first
    while True:
        yield delay
        delay = min(longest, delay * factor)


def drive(course: Waiting[T], clock: Clock) -> T:
    """Run a course of action to its end, blocking this thread while it waits."""
    while True:
        reached = _advance(course)
        if isinstance(reached, _End):
            return reached.value
        clock.sleep(reached)


async def drive_async(course: Waiting[T], clock: Clock) -> T:
    """Run a course of action to its end; only its short calls run on a worker thread."""
    import asyncio

    while True:
        reached = await asyncio.to_thread(_advance, course)
        if isinstance(reached, _End):
            return reached.value
        await clock.sleep_async(reached)


@dataclass(frozen=True, slots=True)
class _End(Generic[T]):
    value: T


def _advance(course: Waiting[T]) -> float | _End[T]:
    # StopIteration cannot cross a thread's future, so the end is told as a value.
    try:
        return next(course)
    except StopIteration as end:
        return _End(end.value)

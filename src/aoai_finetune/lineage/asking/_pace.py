"""One pace for all questions to a backend: who is told to wait makes everybody wait, and then it goes slowly again."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterable
from typing import TypeVar

from ...backends import Backend, Clock
from ...errors import OutcomeUnknown, ServiceError
from ...jobs import LONGEST_PAUSE, Waiting, delays, takes_too_long

__all__ = ["Pace", "paced", "paces_of"]

_TRIES = 6
_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 60.0
_WIDEST = 16.0
"""Seconds between two questions when a backend goes on refusing."""

_NARROWEST = 0.05

R = TypeVar("R")


class Pace:
    """When the next question to one backend may be asked. Safe for several threads.

    A refusal that asks for patience stops everybody for as long as it says (or, where it does not say, for a while
    that doubles). After it, questions leave one by one, closer together with each answer, until nothing holds them.

    Args:
        clock: the backend's time.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._closed_until = self._next = 0.0
        self._spacing, self._pause = 0.0, _FIRST_PAUSE
        self.answers = 0

    def turn(self) -> Waiting[None]:
        """Wait until a question may be asked."""
        while wait := self._reserve():
            yield wait
            if not self._is_closed():
                return

    def answered(self) -> None:
        """A question was answered."""
        with self._lock:
            self.answers += 1
            self._pause = _FIRST_PAUSE
            self._spacing = self._spacing / 2 if self._spacing > _NARROWEST else 0.0

    def refused(self, retry_after: float | None) -> None:
        """A question was refused because there are too many."""
        with self._lock:
            now = self._clock.now()
            if now >= self._closed_until:  # not one of several that were under way together
                self._spacing = min(_WIDEST, max(1.0, 2 * self._spacing))
                self._pause = min(_LONGEST_PAUSE, 2 * self._pause)
            pause = self._pause / 2
            if retry_after is not None and retry_after >= 0:
                pause = min(retry_after, LONGEST_PAUSE)
            self._closed_until = max(self._closed_until, now + pause)
            self._next = max(self._next, self._closed_until)

    def _reserve(self) -> float:
        """Take the next free moment; the seconds until then."""
        with self._lock:
            now = self._clock.now()
            moment = max(now, self._next)
            self._next = moment + self._spacing
            return moment - now

    def _is_closed(self) -> bool:
        with self._lock:
            return self._clock.now() < self._closed_until


_PACES: weakref.WeakKeyDictionary[Backend, Pace] = weakref.WeakKeyDictionary()
_LOCK = threading.Lock()


def paces_of(backends: Iterable[Backend]) -> dict[int, Pace]:
    """The one pace of each backend, as long as the backend lives, by the backend's `id`."""
    return {id(backend): _pace_of(backend) for backend in backends}


def _pace_of(backend: Backend) -> Pace:
    with _LOCK:
        try:
            return _PACES.setdefault(backend, Pace(backend.clock))
        except TypeError:  # a class without hash or weak references: one pace for this call at least
            return Pace(backend.clock)


def paced(call: Callable[[], R], pace: Pace) -> Waiting[R]:
    """The result of `call`, which waits for its turn, and is made again after refusals that pass.

    Refusals for haste do not count as long as anybody gets answers; others are tried again a few times. One that asks
    for more than `LONGEST_PAUSE` (a day's quota is used up) is raised: answers so far are kept, and asking resumes.
    """
    attempts, seen = 0, pace.answers
    pauses = delays(first=1.0)
    while True:
        yield from pace.turn()
        try:
            result = call()
        except ServiceError as trouble:
            hasty = trouble.status == 429 or trouble.retry_after is not None
            if hasty and seen != pace.answers:
                attempts, seen = 0, pace.answers
            attempts += 1
            passing = trouble.retryable and not isinstance(trouble, OutcomeUnknown)
            if not passing or attempts == _TRIES or takes_too_long(trouble):
                raise
            pause = 0.0 if hasty else next(pauses)
            if hasty:
                pace.refused(trouble.retry_after)
        else:
            pace.answered()
            return result
        if pause:
            yield pause

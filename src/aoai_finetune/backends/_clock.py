"""Time as a dependency: what waits, waits on a backend's clock, so that simulated time costs nothing."""

from __future__ import annotations

import threading
import time
from typing import Protocol

__all__ = ["Clock", "SystemClock", "VirtualClock"]


class Clock(Protocol):
    """Unix seconds, and two ways to let them pass."""

    def now(self) -> float:
        """The present time in Unix seconds."""
        ...

    def sleep(self, seconds: float, /) -> None:
        """Let `seconds` pass, blocking this thread."""
        ...

    async def sleep_async(self, seconds: float, /) -> None:
        """Let `seconds` pass without blocking the event loop."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> float:
        """The present time in Unix seconds."""
        return time.time()

    def sleep(self, seconds: float, /) -> None:
        """Block this thread for `seconds`."""
        time.sleep(seconds)

    async def sleep_async(self, seconds: float, /) -> None:
        """Suspend the task for `seconds`."""
        import asyncio

        await asyncio.sleep(seconds)


class VirtualClock:
    """A clock that stands still until somebody sleeps on it; sleeping returns at once.

    Safe to share between threads. Time never runs backwards.

    Args:
        start: Unix seconds to begin at; the default is 2026-01-01T00:00:00Z.
    """

    def __init__(self, start: float = 1_767_225_600.0) -> None:
        self._now = start
        self._lock = threading.Lock()

    def now(self) -> float:
        """The simulated time in Unix seconds."""
        return self._now

    def sleep(self, seconds: float, /) -> None:
        """Move the clock forward by `seconds`."""
        with self._lock:
            self._now += max(0.0, seconds)

    def advance_to(self, moment: float, /) -> None:
        """Move the clock forward to `moment` (Unix seconds); a moment that has passed changes nothing."""
        with self._lock:
            self._now = max(self._now, moment)

    async def sleep_async(self, seconds: float, /) -> None:
        """Move the clock forward by `seconds`, giving other tasks a turn."""
        import asyncio

        self.sleep(seconds)
        await asyncio.sleep(0)

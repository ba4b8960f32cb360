"""Time that runs by itself, faster than life."""

from __future__ import annotations

import asyncio
import threading
import time

__all__ = ["ScaledClock"]


class ScaledClock:
    """A clock on which `scale` seconds pass in each second: for clients that know nothing of a simulated time.

    Safe to share between threads. Time never runs backwards.

    Args:
        scale: how fast, above 0.
        start: Unix seconds to begin at; None for now.

    Raises:
        ValueError: a scale that is not above 0.
    """

    def __init__(self, scale: float, *, start: float | None = None) -> None:
        if not 0 < scale < float("inf"):
            raise ValueError(f"the scale of time is {scale}; it must be above 0")
        self._scale = scale
        self._lock = threading.Lock()
        self._base = time.time() if start is None else start
        self._from = time.monotonic()

    def now(self) -> float:
        """The simulated time in Unix seconds."""
        return self._base + (time.monotonic() - self._from) * self._scale

    def sleep(self, seconds: float, /) -> None:
        """Block this thread until `seconds` have passed on this clock."""
        time.sleep(max(0.0, seconds) / self._scale)

    async def sleep_async(self, seconds: float, /) -> None:
        """Suspend the task until `seconds` have passed on this clock."""
        await asyncio.sleep(max(0.0, seconds) / self._scale)

    def advance_to(self, moment: float, /) -> None:
        """Set the clock forward to `moment` (Unix seconds); a moment that has passed changes nothing."""
        with self._lock:
            self._base += max(0.0, moment - self.now())

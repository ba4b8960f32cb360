"""The emulator of an Azure OpenAI resource: `Emulator`, and what it is made with."""

from __future__ import annotations

from ._app import Seen
from ._clock import ScaledClock
from ._emulator import Emulator

__all__ = ["Emulator", "ScaledClock", "Seen"]

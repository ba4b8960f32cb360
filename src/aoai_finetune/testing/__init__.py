"""What tests of programs that fine-tune need: an emulator of the service that real clients reach over HTTP.

And what authors of backends need: `BackendContract` and its companions, the tests that a backend has to pass.
Importing this costs nothing; the emulator needs the extra `emulator`, and says so when it is missing; the contract
needs pytest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._contract import (
        BackendContract,
        ChatContract,
        DeploymentsContract,
        ModelsContract,
        PausableContract,
        Service,
    )
    from .emulator import Emulator, ScaledClock, Seen

__all__ = [
    "BackendContract",
    "ChatContract",
    "DeploymentsContract",
    "Emulator",
    "ModelsContract",
    "PausableContract",
    "ScaledClock",
    "Seen",
    "Service",
]

_EMULATOR = frozenset({"Emulator", "ScaledClock", "Seen"})


def __getattr__(name: str) -> object:
    if name in _EMULATOR:
        from . import emulator

        return getattr(emulator, name)
    if name in __all__:
        from . import _contract

        return getattr(_contract, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)

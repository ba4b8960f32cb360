"""Training services behind one small seam: the protocols, their records, clocks, and the mock.

What only some programs need (the mock and its engines) is imported on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._clock import Clock, SystemClock, VirtualClock
from ._methods import Auto, Supervised
from ._protocol import Backend, Chat, Deployments, Models, Pausable
from ._records import (
    TERMINAL,
    Capabilities,
    CheckpointRecord,
    Completion,
    DeploymentRecord,
    EventRecord,
    FileRecord,
    JobError,
    JobRecord,
    JobRequest,
    ModelRecord,
)

if TYPE_CHECKING:
    from .mock import Fault, FaultKind, Limits, MockBackend, ScriptedEngine, SimulatedResource, SoftmaxEngine

__all__ = [
    "TERMINAL",
    "Auto",
    "Backend",
    "Capabilities",
    "Chat",
    "CheckpointRecord",
    "Clock",
    "Completion",
    "DeploymentRecord",
    "Deployments",
    "EventRecord",
    "Fault",
    "FaultKind",
    "FileRecord",
    "JobError",
    "JobRecord",
    "JobRequest",
    "Limits",
    "MockBackend",
    "ModelRecord",
    "Models",
    "Pausable",
    "ScriptedEngine",
    "SimulatedResource",
    "SoftmaxEngine",
    "Supervised",
    "SystemClock",
    "VirtualClock",
]

_LAZY = frozenset(
    {"Fault", "FaultKind", "Limits", "MockBackend", "ScriptedEngine", "SimulatedResource", "SoftmaxEngine"}
)


def __getattr__(name: str) -> object:
    if name in _LAZY:
        from . import mock

        return getattr(mock, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)

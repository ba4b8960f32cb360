"""Training services behind one small seam: the protocols, their records, clocks, and the mock.

What only some programs need (Azure; the mock and its engines) is imported on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._clock import Clock, SystemClock, VirtualClock
from ._methods import DPO, METHODS, Auto, Method, Reinforcement, Supervised
from ._protocol import Backend, Chat, Checking, Deployments, Models, Pausable
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
    from .azure import ArmConfig, AzureOpenAIBackend, InvalidRequest
    from .mock import Fault, FaultKind, Limits, MockBackend, ScriptedEngine, SimulatedResource, SoftmaxEngine

__all__ = [
    "DPO",
    "METHODS",
    "TERMINAL",
    "ArmConfig",
    "Auto",
    "AzureOpenAIBackend",
    "Backend",
    "Capabilities",
    "Chat",
    "Checking",
    "CheckpointRecord",
    "Clock",
    "Completion",
    "DeploymentRecord",
    "Deployments",
    "EventRecord",
    "Fault",
    "FaultKind",
    "FileRecord",
    "InvalidRequest",
    "JobError",
    "JobRecord",
    "JobRequest",
    "Limits",
    "Method",
    "MockBackend",
    "ModelRecord",
    "Models",
    "Pausable",
    "Reinforcement",
    "ScriptedEngine",
    "SimulatedResource",
    "SoftmaxEngine",
    "Supervised",
    "SystemClock",
    "VirtualClock",
]

_LAZY = {
    "azure": ("ArmConfig", "AzureOpenAIBackend", "InvalidRequest"),
    "mock": (
        "Fault",
        "FaultKind",
        "Limits",
        "MockBackend",
        "ScriptedEngine",
        "SimulatedResource",
        "SoftmaxEngine",
    ),
}


def __getattr__(name: str) -> object:
    for room, names in _LAZY.items():
        if name in names:
            from importlib import import_module

            return getattr(import_module(f".{room}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)

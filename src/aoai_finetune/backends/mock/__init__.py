"""The mock backend: a simulated resource, the engines that learn for it, and faults on demand."""

from __future__ import annotations

from ._backend import MockBackend
from ._catalogue import CATALOGUE, CatalogueModel
from ._checks import Limits
from ._faults import Fault, FaultKind, FaultPlan, fault_reply
from ._refusal import ServiceFault, invalid, missing
from ._resource import Movable, SimulatedResource
from .engines import (
    CheckpointState,
    Engine,
    Script,
    ScriptedEngine,
    SoftmaxEngine,
    StepMetrics,
    TrainingResult,
)

__all__ = [
    "CATALOGUE",
    "CatalogueModel",
    "CheckpointState",
    "Engine",
    "Fault",
    "FaultKind",
    "FaultPlan",
    "Limits",
    "MockBackend",
    "Movable",
    "Script",
    "ScriptedEngine",
    "ServiceFault",
    "SimulatedResource",
    "SoftmaxEngine",
    "StepMetrics",
    "TrainingResult",
    "fault_reply",
    "invalid",
    "missing",
]

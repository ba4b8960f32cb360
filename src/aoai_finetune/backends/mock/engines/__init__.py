"""Simulated learners: what turns rows into a model behind `MockBackend`."""

from __future__ import annotations

from ._protocol import KEPT_EPOCHS, CheckpointState, Engine, StepMetrics, TrainingResult
from ._scripted import Script, ScriptedEngine
from ._softmax import UNTRAINED, SoftmaxEngine

__all__ = [
    "KEPT_EPOCHS",
    "UNTRAINED",
    "CheckpointState",
    "Engine",
    "Script",
    "ScriptedEngine",
    "SoftmaxEngine",
    "StepMetrics",
    "TrainingResult",
    "engine_named",
]


def engine_named(name: str) -> Engine:
    """A new engine by its short name. Raises `ValueError` for a name that is not one."""
    if name == "softmax":
        return SoftmaxEngine()
    raise ValueError(f"unknown engine {name!r}; it is 'softmax', or an object such as ScriptedEngine(...)")

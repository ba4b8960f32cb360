"""Simulated learners: what turns rows into a model behind `MockBackend`."""

from __future__ import annotations

from ._bytes import BytesEngine
from ._protocol import KEPT_EPOCHS, CheckpointState, Engine, StepMetrics, TrainingResult
from ._scripted import Script, ScriptedEngine
from ._softmax import UNTRAINED, SoftmaxEngine

__all__ = [
    "KEPT_EPOCHS",
    "UNTRAINED",
    "BytesEngine",
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
    """A new engine by its short name, `"softmax"` or `"bytes"`.

    Raises:
        ValueError: no such name.
        NotSupported: the engine needs an extra that is not installed.
    """
    if name == "softmax":
        return SoftmaxEngine()
    if name == "bytes":
        return BytesEngine()
    raise ValueError(
        f"unknown engine {name!r}; it is 'softmax' or 'bytes', or an object such as ScriptedEngine(...)"
    )

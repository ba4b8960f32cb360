"""What a simulated learner must be able to do, and what it reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

__all__ = ["KEPT_EPOCHS", "CheckpointState", "Engine", "StepMetrics", "TrainingResult"]

KEPT_EPOCHS = 3
"""How many epoch ends a job keeps: the final model and the two before it, as the service does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepMetrics:
    """One optimiser step: loss and accuracy on its batch, measured before the update."""

    step: int
    train_loss: float
    train_mean_token_accuracy: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointState:
    """The weights at the end of one epoch, and the metrics the service would report with them."""

    epoch: int
    step: int
    weights: bytes = field(repr=False)
    metrics: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingResult:
    """What one training made: every step's metrics, and the last `KEPT_EPOCHS` epoch ends, oldest first."""

    steps: tuple[StepMetrics, ...]
    checkpoints: tuple[CheckpointState, ...]

    @property
    def weights(self) -> bytes:
        """The final weights."""
        return self.checkpoints[-1].weights


@runtime_checkable
class Engine(Protocol):
    """A learner behind the simulated resource. It must be deterministic for a seed, and safe to share by threads."""

    @property
    def name(self) -> str:
        """Short name for reports, such as `softmax`."""
        ...

    def train(
        self,
        weights: bytes | None,
        rows: Sequence[Mapping[str, Any]],
        /,
        *,
        n_epochs: int,
        batch_size: int | None,
        learning_rate_multiplier: float,
        seed: int,
        validation: Sequence[Mapping[str, Any]] = (),
    ) -> TrainingResult:
        """Train on chat rows from `weights`, or from nothing when None. `batch_size=None` leaves it to the engine.

        Raises:
            ValueError: the rows hold nothing to learn; the job fails with the message, so it must not quote a row.
        """
        ...

    def answer(
        self,
        weights: bytes | None,
        messages: Sequence[Mapping[str, Any]],
        /,
        *,
        model: str,
        temperature: float,
        seed: int | None,
    ) -> str:
        """The model's answer to the conversation; `weights` is None for a catalogue model."""
        ...

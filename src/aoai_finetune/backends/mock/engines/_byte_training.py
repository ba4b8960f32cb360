"""Descent of the bytes engine: Adam with a warm-up and a falling rate, and what was kept on the way."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from ._byte_lessons import Lesson, lessons, stack
from ._byte_network import Network, Numbers
from ._protocol import KEPT_EPOCHS, CheckpointState, StepMetrics, TrainingResult

__all__ = ["Descent", "descend"]

_TRIPS: Final = 6
"""Trips through the file per epoch. What starts from nothing needs more, smaller steps than a large model would: with
two trips at eight times the rate, short jobs of packed rows taught hardly anything."""

_WARM: Final = 60
_MOST_WARM: Final = 0.5
_LAST_RATE: Final = 0.1
_FIRST_MOMENT: Final = 0.9
_SECOND_MOMENT: Final = 0.99
_TINY: Final = 1e-8
_MEASURED_AT_ONCE: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Descent:
    """How to train: `batch` is examples per step, `rate` the highest step size."""

    n_epochs: int
    batch: int
    rate: float
    seed: int


def descend(
    network: Network,
    rows: Sequence[Mapping[str, Any]],
    how: Descent,
    validation: Sequence[Mapping[str, Any]],
) -> TrainingResult:
    """Train the network on the rows, in place.

    Raises:
        ValueError: the rows hold nothing to learn, or the loss is no longer a number.
    """
    examples = lessons(rows)
    if not examples:
        raise ValueError("no assistant message has a weight, so there is nothing to train on")
    longest = max(len(lesson.byte) for example in examples for lesson in example)
    network.longest = max(network.longest, longest)
    walk = _Walk(network, how.rate, how.n_epochs * _TRIPS * -(-len(examples) // how.batch))
    order = random.Random(how.seed)
    steps: list[StepMetrics] = []
    kept: list[CheckpointState] = []
    held = lessons(validation)
    for epoch in range(1, how.n_epochs + 1):
        for _ in range(_TRIPS):
            order.shuffle(examples)
            steps += (walk.step(batch) for batch in _batches(examples, how.batch))
        if epoch > how.n_epochs - KEPT_EPOCHS:
            kept.append(_checkpoint(network, epoch, steps[-1], held))
    return TrainingResult(steps=tuple(steps), checkpoints=tuple(kept))


class _Walk:
    """Steps of Adam over one job: its moments, and how far it has come."""

    def __init__(self, network: Network, rate: float, steps: int) -> None:
        self._network, self._gradient = network, network.like()
        self._rate, self._steps, self._done = rate, steps, 0
        self._mean, self._square = np.zeros_like(network.values), np.zeros_like(network.values)
        self._move = np.empty_like(network.values)

    def step(self, batch: Sequence[Lesson]) -> StepMetrics:
        """One step; loss and accuracy are those before it."""
        with np.errstate(
            over="ignore", invalid="ignore"
        ):  # a rate that is too high is refused below, by name
            loss, accuracy = self._network.learn(stack(batch), self._gradient)
            self._done += 1
            self._apply(self._gradient.values, self._rate_now())
        if not math.isfinite(loss):
            raise ValueError("the training diverged: the loss is no longer a number; lower the learning rate")
        return StepMetrics(step=self._done, train_loss=loss, train_mean_token_accuracy=accuracy)

    def _rate_now(self) -> float:
        left = 1 - (1 - _LAST_RATE) * (self._done - 1) / self._steps
        return self._rate * left * min(1.0, self._done / min(_WARM, max(1.0, _MOST_WARM * self._steps)))

    def _apply(self, gradient: Numbers, rate: float) -> None:
        mean, square, move = self._mean, self._square, self._move
        np.subtract(gradient, mean, out=move)
        move *= 1 - _FIRST_MOMENT
        mean += move
        np.multiply(gradient, gradient, out=move)
        move -= square
        move *= 1 - _SECOND_MOMENT
        square += move
        np.sqrt(square, out=move)
        move *= (1 - _SECOND_MOMENT**self._done) ** -0.5
        move += _TINY
        np.divide(mean, move, out=move)
        move *= rate / (1 - _FIRST_MOMENT**self._done)
        self._network.values -= move


def _batches(examples: Sequence[list[Lesson]], size: int) -> Iterator[list[Lesson]]:
    for at in range(0, len(examples), size):
        yield [lesson for example in examples[at : at + size] for lesson in example]


def _checkpoint(
    network: Network, epoch: int, last: StepMetrics, validation: Sequence[list[Lesson]]
) -> CheckpointState:
    metrics = {
        "step": float(last.step),
        "train_loss": last.train_loss,
        "train_mean_token_accuracy": last.train_mean_token_accuracy,
    }
    if validation:
        loss, accuracy = _measure(network, [lesson for example in validation for lesson in example])
        metrics |= {"full_valid_loss": loss, "full_valid_mean_token_accuracy": accuracy}
    return CheckpointState(epoch=epoch, step=last.step, weights=network.to_bytes(), metrics=metrics)


def _measure(network: Network, held: Sequence[Lesson]) -> tuple[float, float]:
    """Mean loss and accuracy per byte."""
    loss = accuracy = 0.0
    for at in range(0, len(held), _MEASURED_AT_ONCE):
        batch = stack(held[at : at + _MEASURED_AT_ONCE])
        part_loss, part_accuracy = network.measure(batch)
        loss += part_loss * len(batch.byte)
        accuracy += part_accuracy * len(batch.byte)
    count = sum(len(lesson.byte) for lesson in held)
    return loss / count, accuracy / count

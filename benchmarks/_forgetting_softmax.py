"""The softmax engine's arithmetic with numpy: the same steps in the same order, some ten times faster.

For many seeds only. Weights stay in memory and are not rounded to 32 bits between jobs, so last digits differ;
`tests/benchmarks` holds it against the engine that ships.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from aoai_finetune.backends.mock import CheckpointState, SoftmaxEngine, StepMetrics, TrainingResult
from aoai_finetune.backends.mock.engines._classifier import _NEGLIGIBLE
from aoai_finetune.backends.mock.engines._features import Features, conversation, features, targets

__all__ = ["FastSoftmax"]

_RATE = 2.0
_Array = NDArray[np.float64]


class _State:
    """Weights, and the numbers of n-grams and answers."""

    def __init__(self, other: _State | None = None) -> None:
        self.grams: dict[int, int] = dict(other.grams) if other else {}
        self.answers: dict[str, int] = dict(other.answers) if other else {}
        self.weights: _Array = other.weights.copy() if other else np.zeros((0, 0))

    def places(self, found: Features) -> NDArray[np.intp]:
        return np.array([self.grams.setdefault(key, len(self.grams)) for key in found.keys])

    def grow(self) -> None:
        grown = np.zeros((len(self.grams), len(self.answers)))
        rows, columns = self.weights.shape
        grown[:rows, :columns] = self.weights
        self.weights = grown


class FastSoftmax(SoftmaxEngine):
    """As `SoftmaxEngine`; `answers` asks many questions at once."""

    def __init__(self) -> None:
        super().__init__()
        self._kept: dict[bytes, _State] = {}

    @override
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
        """One example a step, as the engine does."""
        state = _State(self._kept[weights] if weights else None)
        examples = [
            [
                (state.places(found), np.array(found.values)[:, None], state.answers.setdefault(target.label, len(state.answers)))
                for target in targets(row)
                for found in [features(target.question, target.context)]
            ]
            for row in rows
        ]  # fmt: skip
        state.grow()
        rate, order = _RATE * learning_rate_multiplier, random.Random(seed)
        for _ in range(n_epochs):
            order.shuffle(examples)
            for example in examples:
                _step(state.weights, example, rate / len(example))
        name = f"{len(self._kept)}".encode()
        self._kept[name] = state
        end = CheckpointState(epoch=n_epochs, step=n_epochs * len(examples), weights=name, metrics={})
        return TrainingResult(steps=tuple[StepMetrics, ...](), checkpoints=(end,))

    def answers(self, weights: bytes | None, talks: Sequence[Sequence[Mapping[str, Any]]]) -> list[str]:
        """The likeliest answer to each."""
        assert weights is not None
        state = self._kept[weights]
        known = list(state.answers)
        said: list[str] = []
        for talk in talks:
            found = features(*conversation(talk))
            pairs = [
                (state.grams[key], value) for key, value in zip(*found, strict=True) if key in state.grams
            ]
            scores = np.array([value for _, value in pairs]) @ state.weights[[place for place, _ in pairs]]
            said.append(known[int(scores.argmax())])
        return said


def _step(weights: _Array, example: Sequence[tuple[NDArray[np.intp], _Array, int]], rate: float) -> None:
    moves: list[_Array] = []
    for places, values, answer in example:
        scores = (values * weights[places]).sum(axis=0)
        chances = np.exp(scores - scores.max())
        chances /= chances.sum()
        chances[answer] -= 1
        chances[np.abs(chances) <= _NEGLIGIBLE] = 0
        moves.append(rate * chances)
    for (places, values, _), move in zip(example, moves, strict=True):
        weights[places] -= values * move

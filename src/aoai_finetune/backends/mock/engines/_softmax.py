"""A small learner that really forgets: softmax regression on hashed character n-grams, by gradient descent."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from typing_extensions import override

from ._classifier import Classifier, Lesson
from ._features import conversation, features
from ._protocol import KEPT_EPOCHS, CheckpointState, Engine, StepMetrics, TrainingResult

__all__ = ["UNTRAINED", "SoftmaxEngine"]

UNTRAINED = "(simulated base model: never trained here, it knows no answer)"
"""What a model without weights says; plainly artificial, so that nobody takes it for an answer."""

_RATE = 2.0
_decoded = lru_cache(maxsize=32)(Classifier.from_bytes)


class SoftmaxEngine(Engine):
    """Chooses among the answers it was trained on; what it forgets, it forgets by gradient descent.

    The chance of an answer is the softmax of its weights on a constant and the character n-grams of the question
    (norm 1), and on those of the turns before it (norm 0.5). Each step is plain SGD on the mean cross-entropy of
    one batch, one example at a time unless `batch_size` says more, in a seeded order that is new in each epoch;
    gradients below 0.003 are left out. A system prompt is not seen. The same weights, rows, hyperparameters and
    seed give the same bytes, in any process of the same Python version.

    Args:
        rate: step size at `learning_rate_multiplier=1`.
    """

    def __init__(self, *, rate: float = _RATE) -> None:
        self._rate = rate

    @property
    @override
    def name(self) -> str:
        """`softmax`."""
        return "softmax"

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
        """Descend from `weights`, or from zeros; the default batch is one example."""
        learner = Classifier.from_bytes(weights) if weights else Classifier()
        examples = learner.prepare(rows)
        if not examples:
            raise ValueError("no assistant message has a weight, so there is nothing to train on")
        rate, order = self._rate * learning_rate_multiplier, random.Random(seed)
        steps: list[StepMetrics] = []
        kept: list[CheckpointState] = []
        for epoch in range(1, n_epochs + 1):
            order.shuffle(examples)
            steps += _pass(learner, _batches(examples, batch_size or 1), rate, len(steps))
            if epoch > n_epochs - KEPT_EPOCHS:
                kept.append(_checkpoint(learner, epoch, steps[-1], validation))
        return TrainingResult(steps=tuple(steps), checkpoints=tuple(kept))

    @override
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
        """The likeliest trained answer, or one drawn by chance when `temperature` is above 0."""
        if not weights:
            return UNTRAINED
        learner = _decoded(weights)
        scores = learner.scores(features(*conversation(messages)))
        answers = list(learner.answers)
        if temperature <= 0:
            return answers[scores.index(max(scores))]
        top = max(scores)
        chances = [math.exp((score - top) / temperature) for score in scores]
        return random.Random(seed).choices(answers, chances)[0]


def _pass(
    learner: Classifier, batches: Iterator[list[Lesson]], rate: float, before: int
) -> Iterator[StepMetrics]:
    for step, batch in enumerate(batches, start=before + 1):
        loss, accuracy = learner.learn(batch, rate)
        yield StepMetrics(step=step, train_loss=loss, train_mean_token_accuracy=accuracy)


def _batches(examples: Sequence[list[Lesson]], size: int) -> Iterator[list[Lesson]]:
    for at in range(0, len(examples), size):
        yield [lesson for example in examples[at : at + size] for lesson in example]


def _checkpoint(
    learner: Classifier, epoch: int, last: StepMetrics, validation: Sequence[Mapping[str, Any]]
) -> CheckpointState:
    metrics = {
        "step": float(last.step),
        "train_loss": last.train_loss,
        "train_mean_token_accuracy": last.train_mean_token_accuracy,
    }
    if validation:
        loss, accuracy = learner.measure(validation)
        metrics |= {"full_valid_loss": loss, "full_valid_mean_token_accuracy": accuracy}
    return CheckpointState(epoch=epoch, step=last.step, weights=learner.to_bytes(), metrics=metrics)

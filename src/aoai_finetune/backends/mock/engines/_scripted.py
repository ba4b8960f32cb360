"""Canned answers, for tests of user code where learning is beside the point."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from typing_extensions import override

from ._features import conversation
from ._protocol import CheckpointState, Engine, StepMetrics, TrainingResult

__all__ = ["Script", "ScriptedEngine"]

Script = Mapping[str, str] | Callable[[str], str]
"""Question to answer: a mapping, or a function."""


class ScriptedEngine(Engine):
    """Answers from a script and learns nothing; never a basis for claims about learning or forgetting.

    Args:
        answers: the script for every model; it is asked with the last user message.
        models: scripts for single models, by model name or by the suffix a job gave it.
        default: the answer to a question that a mapping does not hold.
    """

    def __init__(
        self,
        answers: Script,
        *,
        models: Mapping[str, Script] | None = None,
        default: str = "(no scripted answer)",
    ) -> None:
        self._answers = answers
        self._models = dict(models or {})
        self._default = default

    @property
    @override
    def name(self) -> str:
        """`scripted`."""
        return "scripted"

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
        """Steps with a loss of 0, and one checkpoint; nothing is learned."""
        count = n_epochs * -(-len(rows) // (batch_size or 1))
        steps = tuple(
            StepMetrics(step=step, train_loss=0.0, train_mean_token_accuracy=1.0)
            for step in range(1, count + 1)
        )
        end = CheckpointState(epoch=n_epochs, step=count, weights=b"scripted", metrics={"step": float(count)})
        return TrainingResult(steps=steps, checkpoints=(end,))

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
        """What the model's script says to the last user message."""
        question, _ = conversation(messages)
        script = self._script(model)
        return script(question) if callable(script) else script.get(question, self._default)

    def _script(self, model: str) -> Script:
        named = (
            script for name, script in self._models.items() if model == name or model.endswith(f"-{name}")
        )
        return next(named, self._answers)

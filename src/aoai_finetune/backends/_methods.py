"""How a job trains: the method and its hyperparameters, named as on the wire.

Limits: CreateFineTuningJobRequest (OpenAI spec 2.3.0); `l2_multiplier`: DpoHyperparamsRequest of Azure's authoring
API 2025-04-01-preview.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

__all__ = ["DPO", "METHODS", "Auto", "Method", "Reinforcement", "Supervised"]

Auto = Literal["auto"]
_INFINITE: Final = float("inf")


@dataclass(frozen=True, slots=True, kw_only=True)
class Supervised:
    """Supervised fine-tuning on chat rows. What is `"auto"` is left to the service.

    Args:
        n_epochs: trips through the file, 1 to 50. A strategy's `passes` decides it for planned steps.
        batch_size: examples per update, 1 to 256.
        learning_rate_multiplier: scales the service's default rate, > 0.
        prompt_loss_weight: weight of the prompt's tokens in the loss, 0 to 1. Azure's guides show it, no
            specification names it.

    Raises:
        ValueError: a value outside the service's limits.
    """

    n_epochs: int | Auto = "auto"
    batch_size: int | Auto = "auto"
    learning_rate_multiplier: float | Auto = "auto"
    prompt_loss_weight: float | Auto = "auto"

    def __post_init__(self) -> None:
        _check_common(self)
        _check_range("prompt_loss_weight", self.prompt_loss_weight, 0, 1)

    @property
    def type(self) -> str:
        """The wire's name of the method."""
        return "supervised"

    def hyperparameters(self) -> dict[str, int | float]:
        """What differs from `"auto"`, as the service wants it."""
        return _numbers({**_common(self), "prompt_loss_weight": self.prompt_loss_weight})

    def to_wire(self) -> dict[str, Any]:
        """The `method` object of a create request."""
        return _wire(self.type, self.hyperparameters())


@dataclass(frozen=True, slots=True, kw_only=True)
class DPO:
    """Direct preference optimization on preference rows. What is `"auto"` is left to the service.

    Args:
        n_epochs: trips through the file, 1 to 50.
        batch_size: examples per update, 1 to 256.
        learning_rate_multiplier: scales the service's default rate, > 0.
        beta: how strongly the model is held to what it was, > 0 and at most 2.
        l2_multiplier: weight of the L2 penalty, 0 or more; Azure only.

    Raises:
        ValueError: a value outside the service's limits.
    """

    n_epochs: int | Auto = "auto"
    batch_size: int | Auto = "auto"
    learning_rate_multiplier: float | Auto = "auto"
    beta: float | Auto = "auto"
    l2_multiplier: float | Auto = "auto"

    def __post_init__(self) -> None:
        _check_common(self)
        _check_above("beta", self.beta, 2)
        _check_range("l2_multiplier", self.l2_multiplier, 0, _INFINITE)

    @property
    def type(self) -> str:
        """The wire's name of the method."""
        return "dpo"

    def hyperparameters(self) -> dict[str, int | float]:
        """What differs from `"auto"`, as the service wants it."""
        return _numbers({**_common(self), "beta": self.beta, "l2_multiplier": self.l2_multiplier})

    def to_wire(self) -> dict[str, Any]:
        """The `method` object of a create request."""
        return _wire(self.type, self.hyperparameters())


@dataclass(frozen=True, slots=True, kw_only=True)
class Reinforcement:
    """Reinforcement fine-tuning: answers are sampled and a grader rewards them. It needs validation rows.

    Args:
        grader: the grader object as on the wire (`string_check`, `text_similarity`, `score_model`, `python`,
            `multi`); checked by the service. Never shown in a repr: graders may hold prompts.
        response_format: the JSON schema answers must follow, as on the wire; Azure only.
        n_epochs: trips through the file, 1 to 50.
        batch_size: examples per update, 1 to 256.
        learning_rate_multiplier: scales the service's default rate, > 0.
        compute_multiplier: scales the exploration during training, 0.00001 to 10.
        eval_interval: training steps between evaluations, 1 or more.
        eval_samples: answers per example in an evaluation, 1 or more.
        reasoning_effort: `"default"`, `"low"`, `"medium"` or `"high"`.

    Raises:
        ValueError: a value outside the service's limits, or a grader without a type.
    """

    grader: Mapping[str, Any] = field(repr=False, hash=False)
    response_format: Mapping[str, Any] | None = field(default=None, repr=False, hash=False)
    n_epochs: int | Auto = "auto"
    batch_size: int | Auto = "auto"
    learning_rate_multiplier: float | Auto = "auto"
    compute_multiplier: float | Auto = "auto"
    eval_interval: int | Auto = "auto"
    eval_samples: int | Auto = "auto"
    reasoning_effort: Literal["default", "low", "medium", "high"] = "default"

    def __post_init__(self) -> None:
        if not self.grader.get("type"):
            raise ValueError("the grader needs a type, such as 'string_check'")
        _check_common(self)
        _check_range("compute_multiplier", self.compute_multiplier, 1e-5, 10)
        _check_range("eval_interval", self.eval_interval, 1, _INFINITE)
        _check_range("eval_samples", self.eval_samples, 1, _INFINITE)

    @property
    def type(self) -> str:
        """The wire's name of the method."""
        return "reinforcement"

    def hyperparameters(self) -> dict[str, int | float | str]:
        """What differs from the service's own choice, as it wants it."""
        numbers = _numbers(
            {
                **_common(self),
                "compute_multiplier": self.compute_multiplier,
                "eval_interval": self.eval_interval,
                "eval_samples": self.eval_samples,
            }
        )
        effort = {} if self.reasoning_effort == "default" else {"reasoning_effort": self.reasoning_effort}
        return {**numbers, **effort}

    def to_wire(self) -> dict[str, Any]:
        """The `method` object of a create request."""
        wire = _wire(self.type, self.hyperparameters())
        wire[self.type]["grader"] = dict(self.grader)
        if self.response_format is not None:
            wire[self.type]["response_format"] = dict(self.response_format)
        return wire


Method = Supervised | DPO | Reinforcement
"""What a job may be asked to do."""

METHODS: Final[Mapping[str, type[Method]]] = {
    "dpo": DPO,
    "reinforcement": Reinforcement,
    "supervised": Supervised,
}
"""The methods by the wire's names."""


def _common(method: Method) -> dict[str, int | float | str]:
    return {
        "n_epochs": method.n_epochs,
        "batch_size": method.batch_size,
        "learning_rate_multiplier": method.learning_rate_multiplier,
    }


def _numbers(given: Mapping[str, int | float | str]) -> dict[str, int | float]:
    return {name: value for name, value in given.items() if not isinstance(value, str)}


def _wire(name: str, hyperparameters: Mapping[str, int | float | str]) -> dict[str, Any]:
    return {"type": name, name: {"hyperparameters": dict(hyperparameters)}}


def _check_common(method: Method) -> None:
    _check_range("n_epochs", method.n_epochs, 1, 50)
    _check_range("batch_size", method.batch_size, 1, 256)
    rate = method.learning_rate_multiplier
    if rate != "auto" and not 0 < rate < _INFINITE:
        raise ValueError(f"learning_rate_multiplier is {rate}; it must be greater than 0, or 'auto'")


def _check_above(name: str, value: float | Auto, high: float) -> None:
    if value != "auto" and not 0 < value <= high:
        raise ValueError(f"{name} is {value}; it must be greater than 0 and at most {high}, or 'auto'")


def _check_range(name: str, value: float | Auto, low: float, high: float) -> None:
    if value != "auto" and not (low <= value <= high and value < _INFINITE):
        wanted = f"{low:g} to {high:g}" if high < _INFINITE else f"{low:g} or more"
        raise ValueError(f"{name} is {value}; it must be {wanted}, or 'auto'")

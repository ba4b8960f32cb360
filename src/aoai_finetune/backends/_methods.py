"""How a job trains: the method and its hyperparameters, named as on the wire."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

__all__ = ["Auto", "Supervised"]

Auto = Literal["auto"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Supervised:
    """Supervised fine-tuning on chat rows. What is `"auto"` is left to the service.

    Args:
        n_epochs: trips through the file, 1 to 50. A strategy's `passes` decides it for planned steps.
        batch_size: examples per update, 1 to 256.
        learning_rate_multiplier: scales the service's default rate, > 0.

    Raises:
        ValueError: a value outside the service's limits (CreateFineTuningJobRequest, OpenAI spec 2.3.0).
    """

    n_epochs: int | Auto = "auto"
    batch_size: int | Auto = "auto"
    learning_rate_multiplier: float | Auto = "auto"

    def __post_init__(self) -> None:
        _check_range("n_epochs", self.n_epochs, 1, 50)
        _check_range("batch_size", self.batch_size, 1, 256)
        rate = self.learning_rate_multiplier
        if rate != "auto" and not 0 < rate < float("inf"):
            raise ValueError(f"learning_rate_multiplier is {rate}; it must be greater than 0, or 'auto'")

    @property
    def type(self) -> str:
        """The wire's name of the method."""
        return "supervised"

    def hyperparameters(self) -> dict[str, int | float]:
        """What differs from `"auto"`, as the service wants it."""
        given = {
            "n_epochs": self.n_epochs,
            "batch_size": self.batch_size,
            "learning_rate_multiplier": self.learning_rate_multiplier,
        }
        return {name: value for name, value in given.items() if not isinstance(value, str)}

    def to_wire(self) -> dict[str, Any]:
        """The `method` object of a create request."""
        return {"type": self.type, self.type: {"hyperparameters": self.hyperparameters()}}


def _check_range(name: str, value: int | Auto, low: int, high: int) -> None:
    if value != "auto" and not low <= value <= high:
        raise ValueError(f"{name} is {value}; it must be {low} to {high}, or 'auto'")

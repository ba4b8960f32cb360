"""The learning rates of the jobs of a step, and what there is to say about them."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from ...backends import Capabilities, Method
from ..strategies._protocol import Schedule, ScheduledPart

__all__ = ["method_of", "rates_notes"]


def method_of(part: ScheduledPart, method: Method, capabilities: Capabilities) -> Method:
    """The method of one job: the strategy's epochs, and its factor on the learning rate where that means something.

    It does where the step's method names a multiplier, and on a simulated service, whose "auto" is 1. What "auto"
    is on the real one is not known, so a multiple of it cannot be asked for. Other methods than supervised
    fine-tuning keep their rate: no factor was measured for them.
    """
    epochs = replace(method, n_epochs=part.n_epochs)
    reference = method.learning_rate_multiplier
    if reference == "auto" and capabilities.engine is not None:
        reference = 1.0
    if part.rate == 1 or reference == "auto" or method.type != "supervised":
        return epochs
    return replace(epochs, learning_rate_multiplier=round(reference * part.rate, 6))


def rates_notes(schedule: Schedule, method: Method, capabilities: Capabilities) -> tuple[str, ...]:
    """What a schedule that changes learning rates does here; nothing for one that does not."""
    if all(part.rate == 1 for part in schedule.parts):
        return ()
    factors = ", ".join(f"{part.rate:g}" for part in schedule.parts)
    if method.type != "supervised":
        return (
            f"the learning rate factors {factors} are left out: they were measured for supervised fine-tuning only",
        )
    chosen = [method_of(part, method, capabilities).learning_rate_multiplier for part in schedule.parts]
    if "auto" in chosen:
        return (_LEFT.format(factors),)
    told = ", ".join(f"{rate:g}" for rate in chosen if rate != "auto")
    return (f"learning rate multiplier{'s' * (len(chosen) > 1)} {told}",)


_LEFT: Final = (
    "learning rates are left to the service: the schedule was measured with {} times the rate of offline learners, and "
    "what the service's own choice is nobody says (at a plain rate, fewer visits taught less); to set them, give the multiplier of a plain job: "
    "method=Supervised(learning_rate_multiplier=...)"
)

"""Continual learning: what was learned so far, and how the next step is trained without losing it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._budget import Budget
from ._history import History, Parent
from ._plan import TrainingPlan
from ._planning import StepOptions, plan_first, plan_next
from ._sampling import Coverage, Sampler, Uniform
from ._schedule import Recalling, Remembering, Schedule, ScheduledPart, Strategy
from ._strategies import Cumulative, Joint, Naive, Replay

if TYPE_CHECKING:
    from ._advice import Advice, advise
    from ._matrix import AccuracyMatrix
    from ._presets import Shares
    from ._reasons import Reason
    from ._scheduled import ScheduledReplay

__all__ = [
    "AccuracyMatrix",
    "Advice",
    "Budget",
    "Coverage",
    "Cumulative",
    "History",
    "Joint",
    "Naive",
    "Parent",
    "Reason",
    "Recalling",
    "Remembering",
    "Replay",
    "Sampler",
    "Schedule",
    "ScheduledPart",
    "ScheduledReplay",
    "Shares",
    "StepOptions",
    "Strategy",
    "TrainingPlan",
    "Uniform",
    "advise",
    "plan_first",
    "plan_next",
]

_LATE = {
    "_advice": ("Advice", "advise"),
    "_matrix": ("AccuracyMatrix",),
    "_presets": ("Shares",),
    "_reasons": ("Reason",),
    "_scheduled": ("ScheduledReplay",),
}
"""What not every program needs, by module: imported when it is asked for."""


def __getattr__(name: str) -> object:
    for module, names in _LATE.items():
        if name in names:
            from importlib import import_module

            value = getattr(import_module(f".{module}", __name__), name)
            globals()[name] = value
            return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)

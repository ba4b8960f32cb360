"""Continual learning: what was learned so far, and how the next step is trained without losing it.

Behind this door, from the ground up: `_history`, `strategies`, `planning`; and beside planning `advice` and `matrix`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._history import History, Parent
from .planning._budget import Budget
from .planning._plan_step import StepOptions, plan_first, plan_next
from .planning._training_plan import TrainingPlan
from .strategies._passes import Cumulative, Joint, Naive, Replay
from .strategies._protocol import Recalling, Remembering, Schedule, ScheduledPart, Strategy
from .strategies._sampling import Coverage, Sampler, Uniform

if TYPE_CHECKING:
    from .advice._advice import Advice, advise
    from .advice._reasons import Reason
    from .matrix._matrix import AccuracyMatrix
    from .strategies._presets import Shares
    from .strategies._scheduled_replay import ScheduledReplay

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
    "advice._advice": ("Advice", "advise"),
    "matrix._matrix": ("AccuracyMatrix",),
    "strategies._presets": ("Shares",),
    "advice._reasons": ("Reason",),
    "strategies._scheduled_replay": ("ScheduledReplay",),
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

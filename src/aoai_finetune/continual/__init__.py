"""Continual learning: what was learned so far, and how the next step is trained without losing it."""

from __future__ import annotations

from ._budget import Budget
from ._history import History, Parent
from ._plan import TrainingPlan
from ._planning import StepOptions, plan_first, plan_next
from ._strategies import Cumulative, Joint, Naive, Replay, Schedule, ScheduledPart, Strategy

__all__ = [
    "Budget",
    "Cumulative",
    "History",
    "Joint",
    "Naive",
    "Parent",
    "Replay",
    "Schedule",
    "ScheduledPart",
    "StepOptions",
    "Strategy",
    "TrainingPlan",
    "plan_first",
    "plan_next",
]

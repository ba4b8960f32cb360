"""Strategies, matrices and advice, as programs a type checker must accept. Never run; checked by mypy and pyright."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_type

from aoai_finetune import (
    AccuracyMatrix,
    Cumulative,
    Dataset,
    Joint,
    ModelLineage,
    Naive,
    ProbeSet,
    Replay,
    TrainingPlan,
    advise,
)
from aoai_finetune.continual import (
    Advice,
    Coverage,
    Sampler,
    Schedule,
    ScheduledPart,
    ScheduledReplay,
    Shares,
    Strategy,
)


@dataclass(frozen=True)
class Newest:
    """A sampler of somebody's own: what was learned last, first."""

    def order(self, _new: Dataset, old: Dataset, _chance: random.Random, /) -> Sequence[int]:
        """Backwards."""
        return range(len(old) - 1, -1, -1)


@dataclass(frozen=True)
class TwoJobs:
    """A strategy of somebody's own: everything, then everything again at half the rate."""

    name: str = "two jobs"
    passes: int = 2

    def schedule(self, new: Dataset, old: Dataset, /) -> Schedule:
        """Two parts."""
        rows = range(len(new) + len(old))
        parts = (ScheduledPart(rows=rows, n_epochs=1), ScheduledPart(rows=rows, n_epochs=1, rate=0.5))
        return Schedule(start="parent", parts=parts)


def every_strategy() -> list[Strategy]:
    """What fits where a strategy is wanted."""
    sampler: Sampler = Newest()
    return [
        Naive(),
        Replay(fraction=0.2, unroll=False, sampler="coverage"),
        Replay(ratio=1.0, unroll=5, sampler=sampler),
        Replay(sampler=Coverage()),
        Joint(passes=3),
        Cumulative(),
        ScheduledReplay(),
        ScheduledReplay(budget="low", parts=2, pack=1, ratio=2.5),
        ScheduledReplay(budget=Shares(new=0.35, old=0.07), rates=(3.0,)),
        TwoJobs(),
    ]


def what_to_do(lineage: ModelLineage, news: Dataset) -> TrainingPlan:
    """Ask first, then plan as advised."""
    advice = advise(news, lineage.history("champion"))
    assert_type(advice, Advice)
    return lineage.plan("champion", news, strategy=advice.strategy or Replay())


def what_it_came_to(probes: dict[str, ProbeSet], answers: dict[str, dict[str, list[str]]]) -> float | None:
    """Numbers that may not be known are optional."""
    matrix = AccuracyMatrix.from_answers(probes, answers, tokens=1000)
    assert_type(matrix.accuracy, float)
    assert_type(matrix.retention, dict[str, float | None])
    return matrix.backward_transfer

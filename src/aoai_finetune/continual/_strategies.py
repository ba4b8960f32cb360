"""Strategies: how new rows are trained so that old ones stay known. Pure and seeded; nothing here is sent.

Definitions and measurements: docs/explanation/forgetting.md.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, Protocol

from typing_extensions import override

from ..backends import Auto
from ..dataset import Dataset

__all__ = ["Cumulative", "Joint", "Naive", "Replay", "Schedule", "ScheduledPart", "Strategy"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledPart:
    """One job of a schedule.

    Attributes:
        rows: positions in the pool, which is all new rows followed by all live old rows; a position may repeat.
        n_epochs: trips through these rows.
    """

    rows: Sequence[int]
    n_epochs: int | Auto


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Where training starts, and the consecutive jobs from there."""

    start: Literal["parent", "base"]
    parts: tuple[ScheduledPart, ...]


class Strategy(Protocol):
    """How the next step is trained: a pure function from new and old rows to a schedule.

    `passes` is the number of trips through the new rows; strategies are compared at equal passes.
    """

    @property
    def name(self) -> str:
        """What plans and tables call it."""
        ...

    @property
    def passes(self) -> int | Auto:
        """Trips through the new rows."""
        ...

    def schedule(self, new: Dataset, old: Dataset, /) -> Schedule:
        """The jobs that teach `new`, with `old` the live rows of the history."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Passes:
    passes: int = 10

    def __post_init__(self) -> None:
        if not 1 <= self.passes <= 50:
            raise ValueError(f"passes is {self.passes}; it must be 1 to 50, the service's limit for n_epochs")


@dataclass(frozen=True, slots=True, kw_only=True)
class Naive(_Passes):
    """Continue on the new rows alone: the cheapest step, and the one that forgets."""

    @property
    def name(self) -> str:
        """`naive`."""
        return "naive"

    def schedule(self, new: Dataset, _old: Dataset, /) -> Schedule:
        """The new rows, `passes` epochs, from the parent."""
        return Schedule(start="parent", parts=(ScheduledPart(rows=range(len(new)), n_epochs=self.passes),))


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay(_Passes):
    """Continue on the new rows with some old rows mixed into every pass (experience replay).

    Unrolled, the passes are written into the file and `n_epochs` is 1, so that each pass rehearses *other* old
    rows at the same bill; a fixed file repeats one sample `passes` times instead.

    Args:
        fraction: old rows per pass, as a share of the live history; 0 < fraction <= 1.
        unroll: write the passes out. With False the service keeps a checkpoint per pass.
        sampler: `"uniform"`, or `"coverage"`: one row of every fact before a second of any.
        seed: decides which old rows come when, and the order of each pass.
    """

    fraction: float = 0.10
    unroll: bool = True
    sampler: Literal["uniform", "coverage"] = "uniform"
    seed: int = 0

    @override
    def __post_init__(self) -> None:
        # Not super(): a slots dataclass is a new class, which zero-argument super() does not know.
        _Passes.__post_init__(self)
        if not 0 < self.fraction <= 1:
            raise ValueError(f"fraction is {self.fraction}; it must be above 0 and at most 1")
        if self.sampler not in {"uniform", "coverage"}:
            raise ValueError(f"sampler is {self.sampler!r}; it must be 'uniform' or 'coverage'")

    @property
    def name(self) -> str:
        """Such as `replay 10 %`."""
        kind = "replay" if self.unroll else "fixed replay"
        return f"{kind} {self.fraction * 100:g} %"

    def schedule(self, new: Dataset, old: Dataset, /) -> Schedule:
        """All new rows in every pass, and old rows drawn without replacement until all were seen."""
        chance = random.Random(self.seed)
        deck = _Deck([row.fact for row in old] if self.sampler == "coverage" else [""] * len(old), chance)
        first_old = len(new)
        rows: list[int] = []
        for share in _shares(self.fraction * len(old), self.passes if self.unroll else 1):
            mixed = [*range(len(new)), *(first_old + index for index in deck.draw(share))]
            chance.shuffle(mixed)
            rows += mixed
        return Schedule(
            start="parent", parts=(ScheduledPart(rows=rows, n_epochs=1 if self.unroll else self.passes),)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Cumulative(_Passes):
    """Continue on the new rows and the whole live history: full replay from the parent."""

    seed: int = 0

    @property
    def name(self) -> str:
        """`cumulative`."""
        return "cumulative"

    def schedule(self, new: Dataset, old: Dataset, /) -> Schedule:
        """Everything, mixed, `passes` epochs, from the parent."""
        return Schedule(start="parent", parts=(_everything(new, old, self.passes, self.seed),))


@dataclass(frozen=True, slots=True, kw_only=True)
class Joint(_Passes):
    """Retrain from the base model on everything learned so far: the reference, and the dearest."""

    seed: int = 0

    @property
    def name(self) -> str:
        """`joint`."""
        return "joint"

    def schedule(self, new: Dataset, old: Dataset, /) -> Schedule:
        """Everything, mixed, `passes` epochs, from the base model."""
        return Schedule(start="base", parts=(_everything(new, old, self.passes, self.seed),))


def _everything(new: Dataset, old: Dataset, passes: int, seed: int) -> ScheduledPart:
    # New rows at the end of a file are learned at the cost of the old ones where file order is kept, so mix.
    rows = list(range(len(new) + len(old)))
    random.Random(seed).shuffle(rows)
    return ScheduledPart(rows=rows, n_epochs=passes)


def _shares(per_pass: float, passes: int) -> Iterable[int]:
    """Whole numbers of old rows per pass that sum to the rounded total, as even as can be."""
    edges = [round(per_pass * done) for done in range(passes + 1)]
    return (later - earlier for earlier, later in pairwise(edges))


class _Deck:
    """Cards drawn without replacement until all were seen, then shuffled anew."""

    def __init__(self, kinds: Sequence[str], chance: random.Random) -> None:
        self._kinds, self._chance = kinds, chance
        self._cards: list[int] = []

    def draw(self, count: int) -> list[int]:
        drawn: list[int] = []
        while len(drawn) < count:
            if not self._cards:
                self._cards = self._shuffled()
            drawn.append(self._cards.pop())
        return drawn

    def _shuffled(self) -> list[int]:
        cards = list(range(len(self._kinds)))
        self._chance.shuffle(cards)
        turn: dict[str, int] = {}
        rank: dict[int, int] = {}
        for card in cards:
            rank[card] = turn[self._kinds[card]] = turn.get(self._kinds[card], -1) + 1
        # Popped from the end: the first card of every kind lies on top.
        return sorted(cards, key=rank.__getitem__, reverse=True)

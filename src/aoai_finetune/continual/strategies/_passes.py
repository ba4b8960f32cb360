"""Strategies: how new rows are trained so that old ones stay known. Pure and seeded; nothing here is sent.

Definitions and measurements: docs/explanation/forgetting.md.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from typing_extensions import override

from ...dataset import Dataset
from ._protocol import Schedule, ScheduledPart
from ._sampling import SAMPLERS, Deck, Sampler

__all__ = ["Cumulative", "Joint", "Naive", "Replay"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Passes:
    passes: int = 10

    def __post_init__(self) -> None:
        if not (_is_whole(self.passes) and 1 <= self.passes <= 50):
            raise ValueError(
                f"passes is {self.passes!r}; it must be a whole number, 1 to 50, the service's limit for n_epochs"
            )


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
    rows at the same bill; a fixed file repeats one sample `passes` times instead. Between the two, `unroll=5`
    writes 5 passes out and repeats them `passes / 5` times, so that the service keeps that many checkpoints.

    Args:
        passes: trips through the new rows.
        fraction: old rows per pass, as a share of the live history; 0 < fraction <= 1.
        ratio: old rows per pass for each new row instead, at most all of them: the bill of a step then does not
            grow with the history. It goes before `fraction`.
        unroll: how many passes are written out: True for all, False for one, or a number that divides `passes`.
        sampler: `"uniform"`, `"coverage"` (one row of every fact before a second of any), or a `Sampler`.
        seed: decides which old rows come when, and the order of each pass.

    Raises:
        ValueError: a setting outside its range.
    """

    fraction: float = 0.10
    ratio: float | None = None
    unroll: bool | int = True
    sampler: Literal["uniform", "coverage"] | Sampler = "uniform"
    seed: int = 0

    @override
    def __post_init__(self) -> None:
        # Not super(): a slots dataclass is a new class, which zero-argument super() does not know.
        _Passes.__post_init__(self)
        if not (_is_number(self.fraction) and 0 < self.fraction <= 1):
            raise ValueError(f"fraction is {self.fraction!r}; it must be above 0 and at most 1")
        if self.ratio is not None and not (_is_number(self.ratio) and 0 < self.ratio < float("inf")):
            raise ValueError(f"ratio is {self.ratio!r}; it must be above 0: old rows per new row")
        if not _is_whole(self._written) or self._written < 1 or self.passes % self._written:
            raise ValueError(
                f"unroll is {self.unroll!r}; it must be True, False, or a number of passes that divides {self.passes}"
            )
        if not _is_sampler(self.sampler):
            raise ValueError(f"sampler is {self.sampler!r}; it must be {_NAMES} or have a method order()")

    @property
    def _written(self) -> int:
        """Passes in the file."""
        if isinstance(self.unroll, bool):
            return self.passes if self.unroll else 1
        return self.unroll

    @property
    def name(self) -> str:
        """Such as `replay 10 %`, `fixed replay 25 %` or `replay 1 per new row`."""
        partly = f"replay unrolled {self._written}x"
        kind = (
            {False: "fixed replay", True: "replay"}[self.unroll] if isinstance(self.unroll, bool) else partly
        )
        return (
            f"{kind} {self.fraction * 100:g} %"
            if self.ratio is None
            else f"{kind} {self.ratio:g} per new row"
        )

    def schedule(self, new: Dataset, old: Dataset, /) -> Schedule:
        """All new rows in every pass, and old rows drawn without replacement until all were seen."""
        chance = random.Random(self.seed)
        sampler = SAMPLERS[self.sampler] if isinstance(self.sampler, str) else self.sampler
        deck = Deck(sampler, new, old, chance)
        first_old = len(new)
        rows: list[int] = []
        for share in _shares(self._per_pass(len(new), len(old)), self._written):
            mixed = [*range(len(new)), *(first_old + index for index in deck.draw(share))]
            chance.shuffle(mixed)
            rows += mixed
        part = ScheduledPart(rows=rows, n_epochs=self.passes // self._written)
        return Schedule(start="parent", parts=(part,))

    def _per_pass(self, new: int, old: int) -> float:
        return self.fraction * old if self.ratio is None else min(self.ratio * new, old)


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


_NAMES = " or ".join(map(repr, SAMPLERS))


def _is_whole(value: object) -> bool:
    """Notebooks are not type-checked: 2.5, True and "3" are no number of passes."""
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_sampler(value: object) -> bool:
    if isinstance(value, str):
        return value in SAMPLERS
    return not isinstance(value, type) and callable(getattr(value, "order", None))


def _everything(new: Dataset, old: Dataset, passes: int, seed: int) -> ScheduledPart:
    # New rows at the end of a file are learned at the cost of the old ones where file order is kept, so mix.
    rows = list(range(len(new) + len(old)))
    random.Random(seed).shuffle(rows)
    return ScheduledPart(rows=rows, n_epochs=passes)


def _shares(per_pass: float, passes: int) -> Iterable[int]:
    """Whole numbers of old rows per pass that sum to the rounded total, as even as can be."""
    edges = [round(per_pass * done) for done in range(passes + 1)]
    return (later - earlier for earlier, later in pairwise(edges))

"""What a strategy decides: where training starts, and which rows stand in which file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Literal, Protocol, runtime_checkable

from ...backends import Auto
from ...dataset import Dataset
from .._history import History

__all__ = ["Recalling", "Remembering", "Schedule", "ScheduledPart", "Strategy"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledPart:
    """One job of a schedule.

    Attributes:
        rows: positions in the pool, which is all new rows followed by all live old rows; a position may repeat.
        n_epochs: trips through these rows.
        packs: how many consecutive rows stand in each line of the file, as several exchanges under one system
            prompt. Empty where every row is a line of its own, as it is.
        rate: factor on the learning rate multiplier that the step's method names.

    Raises:
        ValueError: the packs do not add up to the rows.
    """

    rows: Sequence[int]
    n_epochs: int | Auto
    packs: Sequence[int] = ()
    rate: float = 1.0

    def __post_init__(self) -> None:
        if self.packs and (sum(self.packs) != len(self.rows) or min(self.packs) < 1):
            raise ValueError(
                f"the packs hold {sum(self.packs)} rows and the part has {len(self.rows)}; each pack needs one"
            )

    def lines(self) -> Iterator[Sequence[int]]:
        """The rows of every line of the file, in order."""
        edges = accumulate(self.packs or (1,) * len(self.rows), initial=0)
        return (self.rows[begin:end] for begin, end in pairwise(edges))


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Where training starts, and the consecutive jobs from there.

    Attributes:
        start: the parent, or the base model.
        parts: the jobs, in order; at least one.
        counts: what decides how often a fact is trained: passes over the rows, or visits of the fact.
        notes: what there is to say about the schedule, in sentences without content; plans print them.
    """

    start: Literal["parent", "base"]
    parts: tuple[ScheduledPart, ...]
    counts: Literal["passes", "visits"] = "passes"
    notes: tuple[str, ...] = ()


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


@runtime_checkable
class Remembering(Protocol):
    """A strategy that also looks at how often, and how long ago, each fact was trained."""

    def knowing(self, history: History, /) -> Strategy:
        """The same strategy, with the visits of this history."""
        ...


@runtime_checkable
class Recalling(Protocol):
    """A strategy that brings old rows of its own, where those that a model was taught are gone."""

    def recalled(self, new: Dataset, old: Dataset, /) -> Dataset:
        """The rows to rehearse besides `old`, the live rows of the history; they are scheduled before these."""
        ...

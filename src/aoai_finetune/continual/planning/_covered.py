"""How much of the history a schedule rehearses, and how often it trains each fact."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from ...dataset import Dataset
from ..strategies._protocol import Schedule

__all__ = ["Covered"]


@dataclass(frozen=True, slots=True)
class Covered:
    """What a schedule visits.

    Attributes:
        places: positions among the old rows of those in the files.
        facts: facts of these rows.
        visits: row visits per fact; epochs that the service decides count as one.
    """

    places: frozenset[int] = field(repr=False)
    facts: int
    visits: dict[str, int] = field(repr=False)

    @classmethod
    def of(cls, schedule: Schedule, new: Dataset, old: Dataset) -> Covered:
        """Count the visits of a schedule over `new` followed by `old`."""
        facts = [row.fact for row in new] + [row.fact for row in old]
        visits: Counter[str] = Counter()
        rehearsed: set[int] = set()
        for part in schedule.parts:
            epochs = part.n_epochs if part.n_epochs != "auto" else 1
            for row in part.rows:
                visits[facts[row]] += epochs
            rehearsed.update(row for row in part.rows if row >= len(new))
        places = frozenset(row - len(new) for row in rehearsed)
        return cls(places, len({facts[row] for row in rehearsed}), dict(visits))

    @property
    def rows(self) -> int:
        """Old rows in the files, counted once."""
        return len(self.places)

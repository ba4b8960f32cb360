"""What schedules over one pool of rows are billed for."""

from __future__ import annotations

from dataclasses import dataclass

from ..dataset import Dataset, Tally, TokenCount, TokenCounter
from ._strategies import Schedule, ScheduledPart

__all__ = ["Bills"]


@dataclass(frozen=True, slots=True)
class Bills:
    """Tokens of every row of the pool, counted once however often a schedule repeats it."""

    rows: tuple[int, ...]
    counter: str
    exact: bool

    @classmethod
    def of(cls, pool: Dataset, counter: TokenCounter) -> Bills:
        """Count every row of the pool."""
        tally = Tally(counter)
        rows = tuple(tally.add(row.row) for row in pool)
        return cls(rows, counter.name, tally.result.exact)

    def per_epoch(self, schedule: Schedule) -> TokenCount:
        """Tokens in all files of the schedule."""
        return self._count(sum(self._file(part) for part in schedule.parts))

    def billed(self, schedule: Schedule) -> TokenCount | None:
        """File tokens times epochs, the service's formula; None where it decides the epochs."""
        total = 0
        for part in schedule.parts:
            if part.n_epochs == "auto":
                return None
            total += self._file(part) * part.n_epochs
        return self._count(total)

    def _file(self, part: ScheduledPart) -> int:
        return sum(self.rows[row] for row in part.rows)

    def _count(self, tokens: int) -> TokenCount:
        return TokenCount(tokens=tokens, exact=self.exact, counter=self.counter)

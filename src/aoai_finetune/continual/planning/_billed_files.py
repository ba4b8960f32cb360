"""The files of a schedule, and what they are billed for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ...dataset import Dataset, Example, Tally, TokenCount, TokenCounter
from ..strategies._protocol import Schedule, ScheduledPart

__all__ = ["Bills", "PlannedFile"]


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """One file as it is sent.

    Attributes:
        rows: its lines; packed ones are several rows of the pool in one.
        tokens: in all lines, once.
        part: the part of the schedule it is.
    """

    rows: Dataset = field(repr=False)
    tokens: int
    part: ScheduledPart


@dataclass(frozen=True, slots=True)
class Bills:
    """Tokens of every row of the pool, counted once however often a schedule repeats it."""

    pool: Dataset = field(repr=False)
    digests: tuple[str, ...] = field(repr=False)
    rows: tuple[int, ...] = field(repr=False)
    counter: TokenCounter
    exact: bool

    @classmethod
    def of(cls, pool: Dataset, counter: TokenCounter) -> Bills:
        """Count every row of the pool."""
        tally = Tally(counter)
        counted = [(row.digest, tally.add(row.row)) for row in pool]
        digests = tuple(digest for digest, _ in counted)
        tokens = tuple(tokens for _, tokens in counted)
        return cls(pool, digests, tokens, counter, tally.result.exact)

    def files(self, schedule: Schedule) -> tuple[PlannedFile, ...]:
        """The files of a schedule; packed lines are counted as they are sent."""
        examples = list(self.pool) if any(part.packs for part in schedule.parts) else []
        return tuple(self._file(part, examples) for part in schedule.parts)

    def _file(self, part: ScheduledPart, examples: Sequence[Example]) -> PlannedFile:
        rows = self._lines(part, examples) if part.packs else self.pool.select(part.rows)
        tokens = self._packed(rows) if part.packs else sum(self.rows[row] for row in part.rows)
        return PlannedFile(rows, tokens, part)

    @staticmethod
    def _lines(part: ScheduledPart, examples: Sequence[Example]) -> Dataset:
        from ..strategies._packing import pack_rows

        return Dataset.from_examples(pack_rows([examples[row] for row in line]) for line in part.lines())

    def _packed(self, rows: Dataset) -> int:
        tally = Tally(self.counter)
        return sum(tally.add(row.row) for row in rows)

    def fewest_distinct(self, schedule: Schedule) -> int:
        """Lines that differ in the smallest file; repeats inside a planned file are intended, and count once."""
        return min(self._distinct(part) for part in schedule.parts)

    def _distinct(self, part: ScheduledPart) -> int:
        return len({tuple(self.digests[row] for row in line) for line in part.lines()})

    def per_epoch(self, files: Iterable[PlannedFile]) -> TokenCount:
        """Tokens in all files."""
        return self._count(sum(file.tokens for file in files))

    def billed(self, files: Iterable[PlannedFile]) -> TokenCount | None:
        """File tokens times epochs, the service's formula; None where it decides the epochs."""
        total = 0
        for file in files:
            if file.part.n_epochs == "auto":
                return None
            total += file.tokens * file.part.n_epochs
        return self._count(total)

    def _count(self, tokens: int) -> TokenCount:
        return TokenCount(tokens=tokens, exact=self.exact, counter=self.counter.name)

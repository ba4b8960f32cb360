"""Old rows that newer rows answer differently are taken out; what merely looks alike is pointed out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from typing_extensions import override

from ..reading._examples import rows_of
from ..rows._example import Example
from ..rows._findings import Finding
from ..rows._sources import Rows
from ..whole._claims import KnownAnswers
from ..whole._older import Older

if TYPE_CHECKING:
    from .._dataset import Dataset

__all__ = ["Supersession", "split"]

_SHOWN: Final = 3


@dataclass(frozen=True, slots=True, repr=False)
class Supersession:
    """What `Dataset.supersede` did.

    Attributes:
        kept: the old rows that stay, in their order.
        dropped: the old rows whose fact has a different answer in the new rows, in their order.
        near_misses: old rows that were kept although they look like a new one with another answer.
    """

    kept: Dataset
    dropped: tuple[Example, ...] = field(repr=False)
    near_misses: tuple[Finding, ...]

    @property
    def _summary(self) -> str:
        rows, near = len(self.kept) + len(self.dropped), len(self.near_misses)
        return (
            f"{len(self.dropped):,} of {rows:,} row{'s' * (rows != 1)} dropped, {len(self.kept):,} kept, "
            f"{near:,} near miss{'es' * (near != 1)} among them"
        )

    @override
    def __str__(self) -> str:
        """How many rows stay and go, and where some of those are that go or look alike; no text of any."""
        lines = [self._summary]
        lines += [f"  dropped: line {example.line}" for example in self.dropped[:_SHOWN]]
        lines += _rest(len(self.dropped))
        lines += [f"  near miss: {finding.where}: {finding.message}" for finding in self.near_misses[:_SHOWN]]
        return "\n".join(lines + _rest(len(self.near_misses)))

    @override
    def __repr__(self) -> str:
        return f"<Supersession: {self._summary}>"


def _rest(number: int) -> list[str]:
    return [f"  and {number - _SHOWN:,} more"] if number > _SHOWN else []


def split(old: Rows, new: Rows) -> tuple[list[int], tuple[Example, ...], tuple[Finding, ...]]:
    """Indices of the old rows that stay, the rows that go, and the near misses among those that stay.

    Where none goes the indices are not listed.
    """
    newer = KnownAnswers()
    for line, row, fact in rows_of(new, "reading what is new"):
        newer.add(row, fact, line[0].source, line[1])
    older = Older(old, newer)
    gone = [
        (found.at, Example(found.row, found.fact, found.line[1]))
        for found in older.answered("reading what is old")
        if found.answer not in newer.answers(found.topic)
    ]
    numbers = {index for index, _ in gone}
    kept = [index for index in range(len(old)) if index not in numbers] if gone else []
    return kept, tuple(example for _, example in gone), older.near_misses()

"""Old rows that newer rows answer differently are taken out; what merely looks alike is pointed out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..checking._reading import placed_examples
from ..rows._example import Example
from ..rows._findings import Finding
from ..rows._sources import Rows
from ..rules._claims import Claim, KnownAnswers, near_misses

if TYPE_CHECKING:
    from .._dataset import Dataset

__all__ = ["Supersession", "claims", "split"]


@dataclass(frozen=True, slots=True)
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


def claims(rows: Rows) -> Iterable[Claim]:
    """What the rows claim, in order. Raises DatasetError at a row that cannot be used."""
    return (Claim.of(row.row, row.fact, source, row.line) for source, row in placed_examples(rows))


def split(old: Rows, new: Rows) -> tuple[list[int], tuple[Example, ...], tuple[Finding, ...]]:
    """Indices of the old rows that stay, the rows that go, and the near misses among those that stay."""
    newer = KnownAnswers(claims(new))
    kept: list[int] = []
    staying: list[Claim] = []
    dropped: list[Example] = []
    for index, (source, example) in enumerate(placed_examples(old)):
        claim = Claim.of(example.row, example.fact, source, example.line)
        if newer.contradict(claim):
            dropped.append(example)
        else:
            kept.append(index)
            staying.append(claim)
    return kept, tuple(dropped), near_misses(KnownAnswers(staying), newer)

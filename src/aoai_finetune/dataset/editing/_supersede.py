"""Old rows that newer rows answer differently are taken out; what merely looks alike is pointed out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..reading._examples import rows_of
from ..rows._example import Example
from ..rows._findings import Finding
from ..rows._sources import Rows
from ..whole._claims import KnownAnswers
from ..whole._older import Older

if TYPE_CHECKING:
    from .._dataset import Dataset

__all__ = ["Supersession", "split"]


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

"""Each row, or each question, once."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

from ...errors import DatasetError
from ..checking._forms import row_digests
from ..checking._reading import placed_examples
from ..rows._sources import Rows
from ..rules._overlap import question_key

__all__ = ["first_of_each"]


def first_of_each(rows: Rows, by: str) -> list[int]:
    """Indices of the rows that no row before them equals."""
    if by not in {"row", "question"}:
        raise DatasetError(f"rows cannot be compared by {by!r}", hint='Use "row" or "question"')
    first: dict[bytes, int] = {}
    for index, key in enumerate(row_digests(rows) if by == "row" else _questions(rows)):
        first.setdefault(key, index)
    return list(first.values())


def _questions(rows: Rows) -> Iterator[bytes]:
    for _, example in placed_examples(rows):
        asked = question_key(example.row)
        yield sha256(f"question {asked}".encode() if asked else example.canonical).digest()

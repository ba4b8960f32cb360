"""Each row, or each question, once."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

from ...errors import DatasetError
from ..reading._digests import watched_digests
from ..reading._examples import rows_of
from ..rows._arguments import of_kind
from ..rows._example import digest_of
from ..rows._sources import Rows
from ..whole._overlap import question_key

__all__ = ["first_of_each"]


def first_of_each(rows: Rows, by: str) -> list[int]:
    """Indices of the rows that no row before them equals."""
    hint = 'Use "row" or "question"'
    of_kind(by, str, "by", wanted="the name of what is compared", hint=hint)
    if by not in {"row", "question"}:
        raise DatasetError(f"rows cannot be compared by {by!r}", hint=hint)
    first: dict[bytes, int] = {}
    for index, key in enumerate(watched_digests(rows) if by == "row" else _questions(rows)):
        first.setdefault(key, index)
    return list(first.values())


def _questions(rows: Rows) -> Iterator[bytes]:
    for _, row, _ in rows_of(rows, "reading questions"):
        asked = question_key(row)
        yield sha256(f"question {asked}".encode()).digest() if asked else digest_of(row)

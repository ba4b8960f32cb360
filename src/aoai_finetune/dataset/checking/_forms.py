"""Canonical bytes and digests of whole datasets, without making examples of rows that were read before."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

from ..rows._canonical import canonical_row
from ..rows._json import parse_object
from ..rows._rewrite import USABLE, Tails, rewritten
from ..rows._sources import ChainRows, LineRows, Rows, SourceLine
from ..rows._write import row_digest
from ..rules._plain import plain_texts
from ._reading import example_at

__all__ = ["canonical_rows", "fingerprint", "row_digests"]


def canonical_rows(rows: Rows) -> Iterator[bytes]:
    """The canonical bytes of each row in order. Raises DatasetError, with its place, at one that cannot be used."""
    forms = _Forms()
    return (form for line in rows.scan() if (form := forms.known(line) or forms.unknown(line)))


def row_digests(rows: Rows) -> Iterator[bytes]:
    """The digest of each row in order; of a whole file they are kept, 32 bytes each. Raises as `canonical_rows`."""
    for part in rows.parts if isinstance(rows, ChainRows) else (rows,):
        if isinstance(part, LineRows) and not part.digests:
            _keep_digests(part)
    if _are_kept(rows):
        return _kept_digests(rows)
    return (sha256(form).digest() for form in canonical_rows(rows))


def fingerprint(rows: Rows) -> str:
    """SHA-256 over the digests in hexadecimal, also of rows that cannot be used."""
    total, forms = sha256(), _Forms()
    if _are_kept(rows):
        total.update(b"".join(_kept_digests(rows)))
        return total.hexdigest()
    for line in rows.scan():
        form = forms.known(line)
        total.update(sha256(form).digest() if form else row_digest(line))
    return total.hexdigest()


def _are_kept(rows: Rows) -> bool:
    return all(isinstance(leaf, LineRows) and leaf.digests for leaf in rows.leaves())


def _kept_digests(rows: Rows) -> Iterator[bytes]:
    if isinstance(rows, LineRows):
        return (rows.digests[start : start + 32] for start in range(0, len(rows.digests), 32))
    places = map(rows.locate, range(len(rows)))
    return (leaf.digests[32 * at : 32 * at + 32] for leaf, at in places if isinstance(leaf, LineRows))


def _keep_digests(leaf: LineRows) -> None:
    """Read a whole file once, and leave what comes of it with the rows."""
    forms, digests = _Forms(), bytearray()
    notes = None if leaf.notes else bytearray()
    for line in leaf.scan():
        form = forms.known(line) or forms.unknown(line)
        if form:
            digests += sha256(form).digest()
        if notes is not None:
            notes.append(forms.note if form else 0)
    leaf.digests = bytes(digests)
    leaf.notes = leaf.notes if notes is None else bytes(notes)


class _Forms:
    """Canonical bytes of lines.

    Attributes:
        note: what to note of the line that `unknown` read last.
    """

    def __init__(self) -> None:
        self.note = 0
        self._tails = Tails()

    def known(self, line: SourceLine) -> bytes | None:
        """Of a row that is known to be usable; None for any other line."""
        leaf, number, raw = line
        note = leaf.notes[number - 1] if leaf.notes else 0
        if not note or raw is None:
            return None
        if note != USABLE:
            return rewritten(raw, note) or _parsed(line)
        form = self._tails.canonical(raw) if leaf.fact_column is None else None
        return form or _parsed(line)

    def unknown(self, line: SourceLine) -> bytes | None:
        """Of any row, None for a blank line. Raises DatasetError at a row that cannot be used."""
        example = example_at(line)
        if example is None:
            return None
        texts = plain_texts(example.row)
        self.note = USABLE if texts is None else min(len(texts) // 2, USABLE)
        return canonical_row(example.row)


def _parsed(line: SourceLine) -> bytes:
    leaf, number, raw = line
    row: dict[str, Any] = parse_object(raw or b"")
    leaf.take_fact(row, number)
    return canonical_row(row)

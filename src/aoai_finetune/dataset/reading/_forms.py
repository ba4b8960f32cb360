"""Canonical bytes and digests of whole datasets, without making examples of rows that were read before."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from typing import Any

from ..rows._canonical import canonical_row
from ..rows._facts import FACT_KEY
from ..rows._files import LineIndex, lines_of, opened, whole_line
from ..rows._json import MAX_ROW, parse_object
from ..rows._layout import Layouts
from ..rows._rewrite import USABLE, Tails
from ..rows._sources import ChainRows, Kept, Leaf, LineRows, Rows, SelectedRows, SourceLine
from ..rows._write import row_digest
from ._examples import example_at

__all__ = ["canonical_rows", "fingerprint", "layouts_of", "row_digests"]


def canonical_rows(rows: Rows) -> Iterator[bytes]:
    """The canonical bytes of each row in order. Raises DatasetError, with its place, at one that cannot be used."""
    forms = _Forms()
    for part in rows.parts if isinstance(rows, ChainRows) else (rows,):
        (leaf,) = part.leaves() if isinstance(part, SelectedRows) else (part,)
        if isinstance(leaf, LineRows) and leaf.kept is not None:
            indices = part.indices if isinstance(part, SelectedRows) else range(len(leaf))
            yield from _laid(leaf, leaf.kept, indices, forms)
        else:
            for line in part.scan():
                form = forms.of(line)
                if form:
                    yield form


def _laid(leaf: LineRows, kept: Kept, indices: Iterable[int], forms: _Forms) -> Iterator[bytes]:
    """The canonical bytes of rows of a file whose layouts are known."""
    made, laid = [layout.canonical for layout in kept.layouts], kept.laid
    for index, block, start, end in leaf.index.blocks(leaf.content, indices):
        place = laid[index]
        form = made[place - 1](block, start, end) if place and end else None
        if form is None:
            form = forms.of(next(leaf.pick((index,))))
        if form is not None:
            yield form


def row_digests(rows: Rows) -> Iterator[bytes]:
    """The digest of each row in order; of a whole file they are kept, 32 bytes each. Raises as `canonical_rows`."""
    for part in rows.parts if isinstance(rows, ChainRows) else (rows,):
        if isinstance(part, LineRows) and part.kept is None:
            _keep(part)
    kept = _kept_digests(rows)
    return (sha256(form).digest() for form in canonical_rows(rows)) if kept is None else kept


def fingerprint(rows: Rows) -> str:
    """SHA-256 over the digests in hexadecimal, also of rows that cannot be used."""
    total, forms = sha256(), _Forms()
    kept = _kept_digests(rows)
    if kept is not None:
        total.update(b"".join(kept))
        return total.hexdigest()
    for line in rows.scan():
        form = forms.known(line)
        total.update(sha256(form).digest() if form else row_digest(line))
    return total.hexdigest()


def _kept_digests(rows: Rows) -> Iterator[bytes] | None:
    """The digests of all rows, if those of their files are kept."""
    known: dict[int, bytes] = {}
    for leaf in rows.leaves():
        if not isinstance(leaf, LineRows) or leaf.kept is None:
            return None
        known[id(leaf)] = leaf.kept.digests
    if isinstance(rows, LineRows):
        digests = known[id(rows)]
        return (digests[start : start + 32] for start in range(0, len(digests), 32))
    places = map(rows.locate, range(len(rows)))
    return (known[id(leaf)][32 * at : 32 * at + 32] for leaf, at in places)


def _keep(leaf: LineRows) -> None:
    """Read a whole file once, and leave what comes of it with the rows: where they start, too."""
    forms, digests, laid, notes = _Forms(), bytearray(), bytearray(), bytearray()
    starts, blanks = array("Q"), array("Q")
    layouts, noted = forms.layouts(leaf), leaf.notes
    with opened(leaf.content) as handle:
        position = handle.tell()
        for number, raw in lines_of(handle):
            note = noted[number - 1] if noted else 0
            form = layouts.canonical(raw, note) if note else None  # `of` comes to the same, two calls later
            if form is None:
                form = forms.of((leaf, number, raw if len(raw) < MAX_ROW else whole_line(handle, raw)))
            if form is None:
                blanks.append(len(starts))
            else:
                digests += sha256(form).digest()
                laid.append(layouts.last)
                starts.append(position)
            if not noted:
                notes.append(0 if form is None else USABLE)
            position += len(raw)
    leaf.index, leaf.notes = LineIndex(starts, blanks), noted or bytes(notes)
    leaf.kept = Kept(bytes(digests), tuple(layouts.known), bytes(laid))


def layouts_of(leaf: Leaf) -> Layouts:
    """None learned yet, for lines of rows whose fact is no part of them."""
    return Layouts({FACT_KEY} if leaf.fact_column is None else {FACT_KEY, leaf.fact_column})


class _Forms:
    """Canonical bytes of lines, by the layouts that are learned on the way."""

    def __init__(self) -> None:
        self._tails = Tails()
        self._layouts: dict[int, Layouts] = {}

    def layouts(self, leaf: Leaf) -> Layouts:
        """How the lines of a file are laid out, as far as they have been read."""
        known = self._layouts.get(id(leaf))
        if known is None:
            known = self._layouts[id(leaf)] = layouts_of(leaf)
        return known

    def of(self, line: SourceLine) -> bytes | None:
        """Of any row, None for a blank line. Raises DatasetError at a row that cannot be used."""
        form = self.known(line)
        if form is None:
            example = example_at(line)
            form = None if example is None else self._laid(line, example.row)
        return form

    def known(self, line: SourceLine) -> bytes | None:
        """Of a row that is known to be usable; None for any other line."""
        leaf, number, raw = line
        note = leaf.notes[number - 1] if leaf.notes else 0
        if not note or raw is None:
            return None
        layouts = self._layouts.get(id(leaf)) or self.layouts(leaf)
        form = layouts.canonical(raw, note)
        if form is None:
            form = self._made(line)
            layouts.missed(raw, note, form)
        return form

    def _laid(self, line: SourceLine, row: Mapping[str, Any]) -> bytes:
        """Of a row that was parsed, which most of the time costs less than making them from what it holds."""
        leaf, _, raw = line
        layouts = self.layouts(leaf)
        form = layouts.canonical(raw or b"", 0)
        if form is None:
            form = canonical_row(row)
            layouts.missed(raw or b"", 0, form)
        return form

    def _made(self, line: SourceLine) -> bytes:
        leaf, number, raw = line
        form = self._tails.canonical(raw or b"") if leaf.fact_column is None else None
        if form is None:
            row: dict[str, Any] = parse_object(raw or b"")
            leaf.take_fact(row, number)
            form = canonical_row(row)
        return form

"""Digests of rows that were parsed, and of whole files under a bar."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from ..rows._canonical import canonical_row
from ..rows._example import digest_of
from ..rows._layout import Layouts
from ..rows._sources import ChainRows, Leaf, LineRows, Rows, SourceLine
from ._forms import fingerprint, layouts_of, row_digests
from ._watching import watched, watched_lines

__all__ = ["Digests", "watched_digests", "watched_fingerprint"]

_DOING: Final = "hashing"


class Digests:
    """Digests of parsed rows, whose canonical bytes come from their lines where these are laid out like others."""

    def __init__(self) -> None:
        self._layouts: dict[int, tuple[Leaf, Layouts]] = {}

    def of(self, line: SourceLine, row: Mapping[str, Any]) -> bytes:
        """The digest of a row that was parsed from the line, and lost its fact; without bytes of the row alone."""
        leaf, _, raw = line
        if raw is None:
            return digest_of(row)
        _, layouts = self._layouts.get(id(leaf)) or self._new(leaf)
        form = layouts.canonical(raw, 0)
        if form is None:
            form = canonical_row(row)
            layouts.missed(raw, 0, form)
        return sha256(form).digest()

    def _new(self, leaf: Leaf) -> tuple[Leaf, Layouts]:
        self._layouts[id(leaf)] = found = (leaf, layouts_of(leaf))
        return found


def watched_digests(rows: Rows) -> Iterator[bytes]:
    """What `row_digests` gives; files of which they are not known yet are read under a bar where they are long."""
    for part in rows.parts if isinstance(rows, ChainRows) else (rows,):
        if isinstance(part, LineRows) and part.kept is None:
            with watched(part, _DOING) as seen:
                if isinstance(seen, LineRows) and seen is not part:
                    seen.notes = part.notes
                    row_digests(seen)
                    part.index, part.notes, part.kept = seen.index, seen.notes, seen.kept
    return row_digests(rows)


@dataclass(frozen=True, slots=True, eq=False)
class _Watched:
    """Rows that are read under a bar where they are long."""

    rows: Rows

    def __len__(self) -> int:
        return len(self.rows)

    def scan(self) -> Iterator[SourceLine]:
        """All lines in order."""
        return watched_lines(self.rows, _DOING)

    def locate(self, index: int, /) -> tuple[Leaf, int]:
        """As the rows say."""
        return self.rows.locate(index)

    def leaves(self) -> tuple[Leaf, ...]:
        """Those of the rows."""
        return self.rows.leaves()


def watched_fingerprint(rows: Rows) -> str:
    """The fingerprint; long files are read for it under a bar, unless their digests are known."""
    known = all(isinstance(leaf, LineRows) and leaf.kept is not None for leaf in rows.leaves())
    return fingerprint(rows if known else _Watched(rows))

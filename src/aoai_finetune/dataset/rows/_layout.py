"""Canonical bytes straight from a line, without parsing it, where it is laid out like a line that was parsed before.

What is learned from one row is a pattern that finds texts and whole numbers in the next line, and the canonical row
with gaps for them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from typing import Final, NamedTuple

from ._skeleton import OTHER, Piece, Skeleton

__all__ = ["Layout", "Layouts"]

_MOST: Final = 255
"""Layouts that are learned of one file, so that a byte has room for their numbers."""

_BACKSLASH: Final = ord("\\")
_EVERY: Final = 64
_TRIED: Final = 8


class Layout(NamedTuple):
    """How a program writes rows of one kind: a pattern up to the last gap, what follows it, and the canonical form."""

    gaps: Callable[[bytes, int, int], re.Match[bytes] | None]
    tail: bytes
    form: bytes
    order: tuple[int, ...]
    """The gaps as they stand in the form; empty where that is the order of the line."""
    number: int

    def canonical(self, data: bytes, start: int, end: int) -> bytes | None:
        """The canonical bytes of the line between two places; None where it is laid out otherwise.

        The line has to hold JSON in UTF-8, and not what `OTHER` finds: so the gaps are whole texts, and their
        escapes are canonical.
        """
        gaps, tail, form, order, _ = self
        if not data.endswith(tail, start, end):
            return None
        found = gaps(data, start, end - len(tail))
        if found is None:
            return None
        return form % (found.group(*order) if order else found.groups())

    @classmethod
    def of(cls, raw: bytes, without: Collection[str] = (), number: int = 0) -> Layout | None:
        """The layout of a line that holds a JSON object; None where it is too large to be worth it.

        Keys in `without` are no part of the canonical row.
        """
        skeleton = Skeleton.of(raw, without)
        if skeleton is None:
            return None
        order = tuple(piece for piece in skeleton.form if isinstance(piece, int))
        if not order:
            return None
        *before, tail = skeleton.literals
        pattern = b"".join(
            re.escape(literal) + gap for literal, gap in zip(before, skeleton.gaps, strict=True)
        )
        in_order = order == tuple(range(1, len(before) + 1))
        gaps = re.compile(pattern).fullmatch
        return cls(gaps, tail, _template(skeleton.form), () if in_order else order, number)


def _template(form: Iterable[Piece]) -> bytes:
    return b"".join(b"%b" if isinstance(piece, int) else piece.replace(b"%", b"%%") for piece in form)


class _Tried:
    """The layouts that lines with one note had, the last one first, and how often one or none of them was it."""

    __slots__ = ("hits", "layouts", "misses")

    def __init__(self) -> None:
        self.layouts: list[Layout] = []
        self.hits = self.misses = 0


class Layouts:
    """The layouts of the lines of one file, as far as they were learned.

    Every 64th line that has none teaches one: what comes often is soon known, and what comes once is not worth it.

    Attributes:
        known: the layouts in the order in which they were learned; their numbers count from 1.
        last: the number of the one that the last line had; 0 for none.
    """

    def __init__(self, without: Collection[str] = (), *, every: int = _EVERY) -> None:
        self.known: list[Layout] = []
        self.last = 0
        self._without = without
        self._every = every
        self._of: dict[int, _Tried] = {}

    def canonical(self, raw: bytes, note: int) -> bytes | None:
        """The canonical bytes of a line that holds a usable row; None where they have to be made.

        Only layouts of lines with the same note are tried.
        """
        self.last = 0
        tried = self._of.get(note)
        if tried is None or (_BACKSLASH in raw and OTHER.search(raw)):
            return None
        for layout in tried.layouts:
            form = layout.canonical(raw, 0, len(raw))
            if form is not None:
                tried.hits += 1
                self.last = layout.number
                if layout is not tried.layouts[0]:
                    tried.layouts.remove(layout)
                    tried.layouts.insert(0, layout)
                return form
        return None

    def missed(self, raw: bytes, note: int, form: bytes) -> None:
        """Learn, if it is time to, from a line whose canonical bytes had to be made."""
        tried = self._of.setdefault(note, _Tried())
        tried.misses += 1
        if tried.misses % self._every or len(self.known) >= _MOST:
            return
        if len(tried.layouts) < _TRIED:
            layout = Layout.of(raw, self._without, len(self.known) + 1)
            if layout is not None and layout.canonical(raw, 0, len(raw)) == form:
                self.known.append(layout)
                tried.layouts.insert(0, layout)
        elif (
            tried.hits < tried.misses
        ):  # where all lines are laid out in other ways, looking is a waste of time
            tried.layouts.clear()

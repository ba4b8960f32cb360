"""One pattern for several layouts of a line, which takes them apart where they begin to differ."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple, TypeAlias

from ._skeleton import TEXT

__all__ = ["Branch", "Branches"]

Literals: TypeAlias = tuple[str, ...]
"""What stands before the first gap of a layout, and between each two."""

# A text that may be blank is none: it starts with something that is no white space, or with an escaped quote.
_GAP: Final = rf'(?=[^\s\\"]|\\"){TEXT.decode()}'


class Branch(NamedTuple):
    """One of the layouts, by its number, and the groups that hold its gaps."""

    number: int
    groups: tuple[int, ...]


class Branches:
    """What the lines of some layouts have between their gaps, which are texts that are not blank.

    Lines may hold anything that `rows._skeleton.OTHER` does not find.

    Attributes:
        match: what finds the gaps of a line, given the line and from where to where. Its `lastindex` is a key below.
        branches: the layouts by the number of the group that is the last one of each.
    """

    def __init__(self, layouts: Sequence[Literals]) -> None:
        self._groups = 0
        self.branches: dict[int, Branch] = {}
        self.match = re.compile(self._pattern([*enumerate(layouts)], 0, ())).fullmatch

    def _pattern(self, layouts: list[tuple[int, Literals]], depth: int, gaps: tuple[int, ...]) -> str:
        """The pattern of what follows after so many literals and gaps, which all of these layouts share."""
        going: dict[str, list[tuple[int, Literals]]] = {}
        written: list[str] = []
        for number, literals in layouts:
            if depth == len(literals):
                self._groups += 1
                self.branches[self._groups] = Branch(number, gaps)
                written.append("()")
            else:
                going.setdefault(literals[depth], []).append((number, literals))
        for literal, those in going.items():
            self._groups += 1
            rest = self._pattern(those, depth + 1, (*gaps, self._groups))
            written.append(re.escape(literal) + _GAP + rest)
        return written[0] if len(written) == 1 else f"(?:{'|'.join(written)})"

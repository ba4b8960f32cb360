"""The table of what was noted of rows, and which of its numbers come twice.

All checks that compare rows share one table of marks. A mark is an integer that is equal for equal things. `hash`
makes marks fast, but only for one process and those forked from it; `stable_mark` makes them for any process, at
several times the cost. A row is noted in four numbers of eight bytes (six, if it is not plain and ends with an
answer), and nothing is compared before the last of them: most rows repeat nothing, and a set tells that for all of
them at once.
"""

from __future__ import annotations

from array import array
from struct import Struct
from typing import Any, Final

from typing_extensions import override

__all__ = ["Noted", "Twice", "packed"]

packed: Final = Struct("4q").pack
"""Four numbers as they stand in an array, which takes half the time of appending them one by one."""


class Noted:
    """What is known of the rows, in order.

    Attributes:
        rows: four numbers per row: the marks of its prompt (everything before the answer), of its answer and of what
            it asks last, and its place.
        odd: numbers of the rows that are not plain and end with an answer; `wholes` has the marks of all that they say.
        given: numbers of the rows that were given a fact; `facts` has the marks of these, and `said` those of what
            the answers say, spelling apart (0 where that is no text at the end of the row).
    """

    __slots__ = ("facts", "given", "odd", "rows", "said", "wholes")

    def __init__(self) -> None:
        self.rows, self.odd, self.wholes = (array("q") for _ in range(3))
        self.given, self.facts, self.said = (array("q") for _ in range(3))

    def __len__(self) -> int:
        return len(self.rows) // 4

    def add(self, prompt: int, answer: int, asked: int, place: int) -> None:
        """Note one more row."""
        self.rows.frombytes(packed(prompt, answer, asked, place))

    def prompts(self) -> array[int]:
        """The marks of the prompts."""
        return self.rows[0::4]

    def answers(self) -> array[int]:
        """Those of the answers."""
        return self.rows[1::4]

    def asked(self) -> array[int]:
        """Those of the last questions."""
        return self.rows[2::4]

    def place(self, row: int) -> int:
        """File and line of a row."""
        return self.rows[4 * row + 3]

    def extend(self, later: Noted) -> None:
        """Go on with the rows of a later part."""
        before = len(self)
        self.odd.extend(before + row for row in later.odd)
        self.given.extend(before + row for row in later.given)
        for name in ("rows", "wholes", "facts", "said"):
            getattr(self, name).extend(getattr(later, name))


class Twice:
    """Which marks come more than once, where they come in parts.

    Attributes:
        different: how many marks differ.
        again: those that come more than once.
    """

    def __init__(self, marks: array[int]) -> None:
        self._seen, self._later = set(marks), array("q")
        self.different = len(self._seen)
        self.again = set[int]()
        if self.different < len(marks):
            self.again, self._later = _again(self._seen, marks), marks

    def join(self, later: Twice, marks: array[int]) -> None:
        """Go on with the marks of a later part, of which the same is known."""
        self._seen.update(self._later)
        common = self._seen.intersection(marks)
        self._later = marks
        self.different += later.different - len(common)
        self.again |= later.again | common

    @override
    def __getstate__(self) -> dict[str, Any]:
        """What another process has to know, which has the marks."""
        return {"different": self.different, "again": self.again}


def _again(once: set[int], marks: array[int]) -> set[int]:
    """The marks that are there more than once; all of them are taken out of the set, so that no second one is needed."""
    again = set[int]()
    for mark in marks:
        if mark in once:
            once.remove(mark)
        else:
            again.add(mark)
    return again

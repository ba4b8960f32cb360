"""Checks of a whole file that compare rows: what is there twice, and what should be there more often."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from typing_extensions import override

from ..checks._rule import Settings, Spot
from ._repeats import ENOUGH_PHRASINGS, Repeats

__all__ = ["Compared", "Contradictions", "Duplicates", "FactAnswers", "FewPhrasings", "OneAnswer"]


class Compared:
    """A check whose rows the reader notes in `Repeats`, once for all of them."""

    blind = True

    def __init__(self, settings: Settings) -> None:
        self._repeats: Repeats = settings.shared["repeats"]

    def see(self, _row: Mapping[str, Any], _fact: str | None, _line: int, _source: str | None, /) -> None:
        """Nothing: the row is noted already."""

    def end(self, _rows: int, /) -> Iterable[Spot]:
        """Nothing more."""
        return ()


class Duplicates(Compared):
    """Rows whose canonical form was there before."""

    @override
    def end(self, _rows: int, /) -> Iterable[Spot]:
        """One spot per row."""
        return self._repeats.copies()


class Contradictions(Compared):
    """Rows with one prompt (all messages before the answer) and different answers."""

    @override
    def end(self, _rows: int, /) -> Iterable[Spot]:
        """One spot per row."""
        return self._repeats.contradictions()


class FactAnswers(Compared):
    """Given facts with two answers. Derived ones are questions: what those contradict is told by the messages."""

    @override
    def end(self, _rows: int, /) -> Iterable[Spot]:
        """One spot per fact."""
        return self._repeats.fact_answers()


class OneAnswer(Compared):
    """Files that teach a single reply."""

    @override
    def end(self, _rows: int, /) -> Iterable[Spot]:
        """One spot when no answer differed."""
        rows = self._repeats.one_answer()
        if rows:
            yield Spot(f"all {rows:,} rows have the same answer: the model learns to say it to everything")


class FewPhrasings(Compared):
    """Facts with fewer than four phrasings. Where no fact is given, rows with the same answer count as one fact."""

    @override
    def end(self, _rows: int, /) -> Iterable[Spot]:
        """One spot for the whole file."""
        few, facts = self._repeats.few_phrasings()
        if few:
            yield Spot(
                f"{few:,} of {facts:,} facts have fewer than {ENOUGH_PHRASINGS} phrasings of their question"
            )
